/* request_content.c: reading the content of a message, a string or parts */
#include <string.h>
#include <apr_strings.h>
#include "openai_chat.h"

/* {"url": "...", "detail": "..."}, or just the URL. */
static apr_status_t read_url(openai_reading_t *r,
                             const llmgw_json_t *part, const char *field,
                             llmgw_part_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup(part, field);
    const char *name = field;
    apr_status_t rv = APR_SUCCESS;

    if (llmgw_json_is(v, LLMGW_JSON_OBJECT)) {
        rv = llmgw_openai_read_string(r, v, "detail", &out->detail);
        v = llmgw_json_lookup(v, "url");
        name = apr_pstrcat(r->p, field, ".url", NULL);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!v) {
        return llmgw_openai_missing(r, name);
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_openai_invalid(r, name, "a string");
    }
    return llmgw_openai_set_url(r, out, llmgw_json_string(v, r->p), name);
}

static apr_status_t read_file(openai_reading_t *r, const llmgw_json_t *part,
                              llmgw_part_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(part, "file",
                                                   LLMGW_JSON_OBJECT);
    apr_status_t rv = llmgw_openai_read_file(r, v, out, "file.file_data");

    return rv == APR_SUCCESS && !out->data.p && !out->url.p
        && !out->file_id.len ? llmgw_openai_missing(r, "file") : rv;
}

/* The parts this dialect knows, and what reads them. */
static const struct {
    const char *type;
    llmgw_part_e part;
    const char *member;         /* of text; NULL: read by a function */
} known[] = {
    { "text", LLMGW_PART_TEXT, "text" },
    { "input_text", LLMGW_PART_TEXT, "text" },
    { "output_text", LLMGW_PART_TEXT, "text" },
    { "refusal", LLMGW_PART_REFUSAL, "refusal" },
    { "image_url", LLMGW_PART_IMAGE, NULL },
    { "input_audio", LLMGW_PART_AUDIO, NULL },
    { "file", LLMGW_PART_DOCUMENT, NULL },
    { "video_url", LLMGW_PART_VIDEO, NULL }
};

static apr_status_t read_body(openai_reading_t *r,
                              const llmgw_json_t *part, llmgw_part_t *out,
                              const char *member)
{
    apr_status_t rv;

    switch (out->type) {
    case LLMGW_PART_IMAGE:
        return read_url(r, part, "image_url", out);
    case LLMGW_PART_VIDEO:
        return read_url(r, part, "video_url", out);
    case LLMGW_PART_AUDIO:
        return llmgw_openai_read_audio(r, part, out);
    case LLMGW_PART_DOCUMENT:
        return read_file(r, part, out);
    default:
        rv = llmgw_openai_read_string(r, part, member, &out->text);
        return rv == APR_SUCCESS && !out->text.p
            ? llmgw_openai_missing(r, member) : rv;
    }
}

static apr_status_t read_part(openai_reading_t *r,
                              const llmgw_json_t *part,
                              apr_array_header_t *parts)
{
    const llmgw_json_t *type = llmgw_json_lookup(part, "type");
    llmgw_part_t *out;
    apr_size_t i;

    if (part->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_invalid(r, NULL, "an object");
    }
    if (!type) {
        return llmgw_openai_missing(r, "type");
    }
    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (llmgw_json_string_is(type, known[i].type)) {
            out = llmgw_parts_add(parts, known[i].part);
            out->cache_control = llmgw_json_raw(llmgw_json_lookup_type(
                part, "cache_control", LLMGW_JSON_OBJECT));
            return read_body(r, part, out, known[i].member);
        }
    }
    return llmgw_openai_invalid(r, "type", "\"text\", \"image_url\", "
                                "\"input_audio\", \"file\" or "
                                "\"refusal\"");
}

apr_status_t llmgw_openai_chat_read_content(openai_reading_t *r,
                                            const llmgw_json_t *content,
                                            apr_array_header_t *parts)
{
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    if (content->type == LLMGW_JSON_STRING) {
        llmgw_parts_add(parts, LLMGW_PART_TEXT)->text =
            llmgw_json_string(content, r->p);
        return APR_SUCCESS;
    }
    if (content->type != LLMGW_JSON_ARRAY) {
        return llmgw_openai_invalid(r, "content",
                                    "a string or an array of parts");
    }
    r->sub = "content";
    r->j = 0;
    for (v = llmgw_json_each(content, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(content, v)) {
        rv = read_part(r, v, parts);
        r->j++;
    }
    r->sub = NULL;
    r->j = -1;
    return rv;
}
