/* openai_read.c: reading requests, as OpenAI's dialects have it in common */
#include <string.h>
#include <apr_strings.h>
#include "openai.h"

/* ---- content ------------------------------------------------------------ */

apr_status_t llmgw_openai_read_content(llmgw_reading_t *r,
                                       const llmgw_json_t *content,
                                       const char *field,
                                       llmgw_reading_fn read_part,
                                       apr_array_header_t *parts)
{
    if (content->type == LLMGW_JSON_STRING) {
        llmgw_parts_add(parts, LLMGW_PART_TEXT)->text =
            llmgw_json_string(content, r->p);
        return APR_SUCCESS;
    }
    if (content->type != LLMGW_JSON_ARRAY) {
        return llmgw_reading_invalid(r, field,
                                     "a string or an array of parts");
    }
    return llmgw_reading_each(r, field, content, read_part, parts);
}

/* ---- media -------------------------------------------------------------- */

/* Put a URL into a part, or what a data: URL holds. */
apr_status_t llmgw_openai_set_url(llmgw_reading_t *r, llmgw_part_t *part,
                                  llmgw_str_t url, const char *field)
{
    if (url.len >= 5 && memcmp(url.p, "data:", 5) == 0) {
        if (!llmgw_openai_split_data_url(url, &part->media_type,
                                         &part->data)) {
            return llmgw_reading_invalid(r, field,
                                         "a data: URL with base64 in it");
        }
        return APR_SUCCESS;
    }
    part->url = url;
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_read_audio(llmgw_reading_t *r,
                                     const llmgw_json_t *part,
                                     llmgw_part_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(part, "input_audio",
                                                   LLMGW_JSON_OBJECT);
    llmgw_str_t format = llmgw_json_string(llmgw_json_lookup(v, "format"),
                                           r->p);

    if (!llmgw_json_lookup_type(v, "data", LLMGW_JSON_STRING)) {
        return llmgw_reading_missing(r, "input_audio.data");
    }
    if (!format.len) {
        return llmgw_reading_missing(r, "input_audio.format");
    }
    out->data = llmgw_json_string(llmgw_json_lookup(v, "data"), r->p);
    out->media_type = llmgw_str_is(format, "mp3")
        ? LLMGW_STR_LIT("audio/mpeg")
        : llmgw_str_of(apr_psprintf(r->p, "audio/%.*s",
                                    LLMGW_STR_ARG(format)));
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_read_file(llmgw_reading_t *r,
                                    const llmgw_json_t *file, llmgw_part_t *out,
                                    const char *field)
{
    llmgw_str_t data = llmgw_json_string(llmgw_json_lookup(file, "file_data"),
                                         r->p);

    out->file_id = llmgw_json_string(llmgw_json_lookup(file, "file_id"), r->p);
    out->filename = llmgw_json_string(llmgw_json_lookup(file, "filename"),
                                      r->p);
    if (!data.len) {
        return APR_SUCCESS;
    }
    if (data.len > 5 && (memcmp(data.p, "data:", 5) == 0
                         || memcmp(data.p, "http", 4) == 0)) {
        return llmgw_openai_set_url(r, out, data, field);
    }
    out->data = data;
    out->media_type = LLMGW_STR_LIT("application/pdf");
    return APR_SUCCESS;
}

/* ---- calls and tools ---------------------------------------------------- */

/* Arguments "" mean none; those that came as an object are its text. */
llmgw_str_t llmgw_openai_arguments(const llmgw_json_t *v, apr_pool_t *p)
{
    llmgw_str_t args = llmgw_json_is(v, LLMGW_JSON_OBJECT)
        ? llmgw_json_raw(v) : llmgw_json_string(v, p);

    return llmgw_text_is_blank(args) ? LLMGW_STR_LIT("{}") : args;
}

llmgw_str_t llmgw_openai_join(llmgw_str_t space, llmgw_str_t member,
                              apr_pool_t *p)
{
    const char *between = "__";

    if (!space.len || !member.len) {
        return member;
    }
    if (space.p[space.len - 1] == '_' || *member.p == '_') {
        between = "";
    }
    return llmgw_str_of(apr_psprintf(p, "%.*s%s%.*s", LLMGW_STR_ARG(space),
                                     between, LLMGW_STR_ARG(member)));
}

/* Name, description, parameters, strict: of a function in both its forms. */
apr_status_t llmgw_openai_read_function(llmgw_reading_t *r,
                                        const llmgw_json_t *f,
                                        llmgw_tool_t *tool)
{
    const llmgw_json_t *parameters = llmgw_json_lookup(f, "parameters");
    apr_status_t rv;

    rv = llmgw_reading_filled(r, f, "name", &tool->name);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, f, "description", &tool->description);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (parameters && parameters->type != LLMGW_JSON_NULL) {
        if (parameters->type != LLMGW_JSON_OBJECT) {
            return llmgw_reading_invalid(r, "parameters", "an object");
        }
        tool->parameters = llmgw_json_raw(parameters);
    }
    tool->strict = llmgw_json_bool(llmgw_json_lookup(f, "strict"), -1);
    return APR_SUCCESS;
}

void llmgw_openai_read_schema(llmgw_reading_t *r, const llmgw_json_t *v)
{
    llmgw_request_t *req = r->req;

    req->format = LLMGW_FORMAT_JSON_SCHEMA;
    req->schema = llmgw_json_raw(llmgw_json_lookup_type(v, "schema",
                                                        LLMGW_JSON_OBJECT));
    req->schema_name = llmgw_json_string(llmgw_json_lookup(v, "name"), r->p);
    req->schema_description = llmgw_json_string(
        llmgw_json_lookup(v, "description"), r->p);
    req->schema_strict = llmgw_json_bool(llmgw_json_lookup(v, "strict"), -1);
}

/* The newer name of "user". */
apr_status_t llmgw_openai_read_safety_identifier(llmgw_reading_t *r,
                                                 const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_reading_invalid(r, "safety_identifier", "a string");
    }
    if (!r->req->user.p) {
        r->req->user = llmgw_json_string(v, r->p);
    }
    return APR_SUCCESS;
}
