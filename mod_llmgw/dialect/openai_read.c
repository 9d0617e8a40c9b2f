/* openai_read.c: reading requests, as OpenAI's dialects have it in common */
#include <string.h>
#include <apr_strings.h>
#include "openai.h"

/* ---- errors that say where ---------------------------------------------- */

static const char *get_place(const openai_reading_t *r, const char *field)
{
    const char *place = "";

    if (r->list) {
        place = apr_psprintf(r->p, "%s[%d]", r->list, r->i);
    }
    if (r->sub) {
        place = apr_psprintf(r->p, "%s%s%s", place, *place ? "." : "", r->sub);
        if (r->j >= 0) {
            place = apr_psprintf(r->p, "%s[%d]", place, r->j);
        }
    }
    if (!field) {
        return place;
    }
    return apr_pstrcat(r->p, place, *place ? "." : "", field, NULL);
}

apr_status_t llmgw_openai_invalid(openai_reading_t *r, const char *field,
                                  const char *expected)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EINVAL, place,
                         "Invalid value for '%s': expected %s.", place,
                         expected);
}

apr_status_t llmgw_openai_missing(openai_reading_t *r, const char *field)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EMISSING, place,
                         "Missing required parameter: '%s'.", place);
}

apr_status_t llmgw_openai_refuse(openai_reading_t *r, const char *field,
                                 const char *message)
{
    return llmgw_err_set(r->err, r->p, LLMGW_EUNSUPPORTED,
                         get_place(r, field), "%s", message);
}

apr_status_t llmgw_openai_read_string(openai_reading_t *r,
                                      const llmgw_json_t *obj,
                                      const char *field, llmgw_str_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup(obj, field);

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_openai_invalid(r, field, "a string");
    }
    *out = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_need_string(openai_reading_t *r,
                                      const llmgw_json_t *obj,
                                      const char *field, llmgw_str_t *out)
{
    apr_status_t rv = llmgw_openai_read_string(r, obj, field, out);

    return rv == APR_SUCCESS && !out->len ? llmgw_openai_missing(r, field)
                                          : rv;
}

/* ---- media -------------------------------------------------------------- */

/* Put a URL into a part, or what a data: URL holds. */
apr_status_t llmgw_openai_set_url(openai_reading_t *r, llmgw_part_t *part,
                                  llmgw_str_t url, const char *field)
{
    if (url.len >= 5 && memcmp(url.p, "data:", 5) == 0) {
        if (!llmgw_openai_split_data_url(url, &part->media_type,
                                         &part->data)) {
            return llmgw_openai_invalid(r, field,
                                        "a data: URL with base64 in it");
        }
        return APR_SUCCESS;
    }
    part->url = url;
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_read_audio(openai_reading_t *r,
                                     const llmgw_json_t *part,
                                     llmgw_part_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(part, "input_audio",
                                                   LLMGW_JSON_OBJECT);
    llmgw_str_t format = llmgw_json_string(llmgw_json_lookup(v, "format"),
                                           r->p);

    if (!llmgw_json_lookup_type(v, "data", LLMGW_JSON_STRING)) {
        return llmgw_openai_missing(r, "input_audio.data");
    }
    if (!format.len) {
        return llmgw_openai_missing(r, "input_audio.format");
    }
    out->data = llmgw_json_string(llmgw_json_lookup(v, "data"), r->p);
    out->media_type = llmgw_str_is(format, "mp3")
        ? LLMGW_STR_LIT("audio/mpeg")
        : llmgw_str_of(apr_psprintf(r->p, "audio/%.*s",
                                    LLMGW_STR_ARG(format)));
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_read_file(openai_reading_t *r,
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

void llmgw_openai_add_call(openai_reading_t *r, llmgw_str_t id,
                           llmgw_str_t name)
{
    llmgw_str_t *copy = apr_palloc(r->p, sizeof(*copy));

    *copy = name;
    apr_hash_set(r->calls, id.p, (apr_ssize_t)id.len, copy);
}

/* The name of the tool that a result answers to; some targets want it. */
llmgw_str_t llmgw_openai_find_call(const openai_reading_t *r, llmgw_str_t id)
{
    const llmgw_str_t *name = apr_hash_get(r->calls, id.p,
                                           (apr_ssize_t)id.len);

    return name ? *name : LLMGW_STR_NULL;
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

llmgw_tool_t *llmgw_openai_add_tool(openai_reading_t *r, llmgw_tool_e type,
                                    const llmgw_json_t *raw)
{
    llmgw_tool_t *tool = apr_array_push(r->req->tools);

    memset(tool, 0, sizeof(*tool));
    tool->type = type;
    tool->strict = -1;
    tool->raw = llmgw_json_raw(raw);
    tool->cache_control = llmgw_json_raw(llmgw_json_lookup_type(
        raw, "cache_control", LLMGW_JSON_OBJECT));
    return tool;
}

/* Name, description, parameters, strict: of a function in both its forms. */
apr_status_t llmgw_openai_read_function(openai_reading_t *r,
                                        const llmgw_json_t *f,
                                        llmgw_tool_t *tool)
{
    const llmgw_json_t *parameters = llmgw_json_lookup(f, "parameters");
    apr_status_t rv;

    rv = llmgw_openai_read_string(r, f, "name", &tool->name);
    if (rv == APR_SUCCESS && !tool->name.len) {
        rv = llmgw_openai_missing(r, "name");
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_read_string(r, f, "description",
                                      &tool->description);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (parameters && parameters->type != LLMGW_JSON_NULL) {
        if (parameters->type != LLMGW_JSON_OBJECT) {
            return llmgw_openai_invalid(r, "parameters", "an object");
        }
        tool->parameters = llmgw_json_raw(parameters);
    }
    tool->strict = llmgw_json_bool(llmgw_json_lookup(f, "strict"), -1);
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_read_list(openai_reading_t *r,
                                    const llmgw_json_t *list, const char *name,
                                    openai_read_fn read)
{
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    if (list->type != LLMGW_JSON_ARRAY) {
        return llmgw_openai_invalid(r, name, "an array");
    }
    if (list->count > LLMGW_OPENAI_TOOLS_MAX) {
        return llmgw_openai_invalid(r, name, "at most 4096 tools");
    }
    r->list = name;
    r->i = 0;
    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        rv = read(r, v);
        r->i++;
    }
    r->list = NULL;
    r->i = 0;
    return rv;
}

void llmgw_openai_read_schema(openai_reading_t *r, const llmgw_json_t *v)
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

/* ---- members by table --------------------------------------------------- */

/* The newer name of "user". */
apr_status_t llmgw_openai_read_safety_identifier(openai_reading_t *r,
                                                 const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_openai_invalid(r, "safety_identifier", "a string");
    }
    if (!r->req->user.p) {
        r->req->user = llmgw_json_string(v, r->p);
    }
    return APR_SUCCESS;
}

static apr_status_t store_raw(openai_reading_t *r, const openai_member_t *m,
                              const llmgw_json_t *v, llmgw_json_type_e type,
                              const char *expected)
{
    if (v->type != type) {
        return llmgw_openai_invalid(r, m->name, expected);
    }
    *(llmgw_str_t *)((char *)r->req + m->offset) = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t store_count(openai_reading_t *r, const openai_member_t *m,
                                const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 0) {
        return llmgw_openai_invalid(r, m->name,
                                    "a whole number, not negative");
    }
    *(llmgw_str_t *)((char *)r->req + m->offset) = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t store_flag(openai_reading_t *r, const openai_member_t *m,
                               const llmgw_json_t *v)
{
    int truth = llmgw_json_bool(v, -1);

    if (truth < 0) {
        return llmgw_openai_invalid(r, m->name, "true or false");
    }
    *(int *)((char *)r->req + m->offset) = truth;
    return APR_SUCCESS;
}

static apr_status_t store_member(openai_reading_t *r, const openai_member_t *m,
                                 const llmgw_json_t *v)
{
    switch (m->kind) {
    case OPENAI_NUMBER:
        return store_raw(r, m, v, LLMGW_JSON_NUMBER, "a number");
    case OPENAI_COUNT:
        return store_count(r, m, v);
    case OPENAI_OBJECT:
        return store_raw(r, m, v, LLMGW_JSON_OBJECT, "an object");
    case OPENAI_ARRAY:
        return store_raw(r, m, v, LLMGW_JSON_ARRAY, "an array");
    case OPENAI_FLAG:
        return store_flag(r, m, v);
    case OPENAI_STRING:
        if (v->type != LLMGW_JSON_STRING) {
            return llmgw_openai_invalid(r, m->name, "a string");
        }
        *(llmgw_str_t *)((char *)r->req + m->offset) =
            llmgw_json_string(v, r->p);
        return APR_SUCCESS;
    case OPENAI_READ:
        break;
    }
    return m->read(r, v);
}

static apr_status_t read_member(openai_reading_t *r, const llmgw_json_t *name,
                                const llmgw_json_t *value,
                                const openai_member_t *members, int n)
{
    llmgw_extra_t *extra;
    int i;

    if (value->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    for (i = 0; i < n; i++) {
        if (llmgw_json_string_is(name, members[i].name)) {
            return store_member(r, &members[i], value);
        }
    }
    extra = apr_array_push(r->req->extras);
    extra->name = llmgw_json_string(name, r->p);
    extra->value = llmgw_json_raw(value);
    extra->is_meaning = 0;
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_read_members(openai_reading_t *r,
                                       const llmgw_json_t *body,
                                       const openai_member_t *members, int n)
{
    const llmgw_json_t *name, *value;
    apr_status_t rv = APR_SUCCESS;

    for (name = llmgw_json_member(body, NULL, &value);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(body, value, &value)) {
        rv = read_member(r, name, value, members, n);
    }
    return rv;
}

/* ---- the whole ---------------------------------------------------------- */

/* What follows from several members together. */
apr_status_t llmgw_openai_settle(openai_reading_t *r,
                                 const llmgw_address_t *address)
{
    llmgw_request_t *req = r->req;

    if (!req->model.len && address && address->model.p) {
        req->model = address->model;
    }
    if (!req->model.p) {
        return llmgw_openai_missing(r, "model");
    }
    if (!req->tools->nelts) {
        req->choice = LLMGW_CHOICE_UNSET;
        req->choice_name = LLMGW_STR_NULL;
        req->allowed_tools = NULL;
        req->parallel_tools = -1;
    }
    if (!req->stream) {
        req->include_usage = 0;
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_begin(openai_reading_t *r, const llmgw_json_t *body,
                                const llmgw_dialect_t *dialect, apr_pool_t *p,
                                llmgw_err_t *err)
{
    memset(r, 0, sizeof(*r));
    r->req = llmgw_request_create(p);
    r->req->dialect = dialect;
    r->p = p;
    r->err = err;
    r->j = -1;
    r->calls = apr_hash_make(p);
    return llmgw_json_is(body, LLMGW_JSON_OBJECT) ? APR_SUCCESS
        : llmgw_err_set(err, p, LLMGW_EINVAL, NULL,
                        "The body must be a JSON object.");
}
