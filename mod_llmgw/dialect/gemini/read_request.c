/* read_request.c: reading a request for generateContent */
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include "gemini.h"

/* ---- errors that say where ---------------------------------------------- */

static const char *get_place(const gemini_reading_t *r, const char *field)
{
    const char *place = "";

    if (r->list) {
        place = r->i < 0 ? r->list
                         : apr_psprintf(r->p, "%s[%d]", r->list, r->i);
    }
    if (r->sub) {
        place = apr_psprintf(r->p, "%s.%s[%d]", place, r->sub, r->j);
    }
    if (!field) {
        return place;
    }
    return apr_pstrcat(r->p, place, *place ? "." : "", field, NULL);
}

apr_status_t llmgw_gemini_invalid(gemini_reading_t *r, const char *field,
                                  const char *expected)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EINVAL, place,
                         "Invalid value for '%s': expected %s.", place,
                         expected);
}

apr_status_t llmgw_gemini_missing(gemini_reading_t *r, const char *field)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EMISSING, place,
                         "Missing required parameter: '%s'.", place);
}

apr_status_t llmgw_gemini_read_string(gemini_reading_t *r,
                                      const llmgw_json_t *obj,
                                      const char *name, llmgw_str_t *out)
{
    const llmgw_json_t *v = llmgw_gemini_lookup(obj, name);

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_gemini_invalid(r, name, "a string");
    }
    *out = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

/* ---- names -------------------------------------------------------------- */

llmgw_str_t llmgw_gemini_camel(llmgw_str_t name, apr_pool_t *p)
{
    char *out, *to;
    apr_size_t i;

    if (name.len < 2 || !memchr(name.p, '_', name.len)) {
        return name;
    }
    to = out = apr_palloc(p, name.len + 1);
    *to++ = name.p[0];
    for (i = 1; i < name.len; i++) {
        if (name.p[i] == '_' && i + 1 < name.len && name.p[i + 1] >= 'a'
            && name.p[i + 1] <= 'z') {
            *to++ = (char)(name.p[++i] - 'a' + 'A');
        }
        else {
            *to++ = name.p[i];
        }
    }
    *to = '\0';
    return llmgw_str_make(out, (apr_size_t)(to - out));
}

void llmgw_gemini_add_extra(gemini_reading_t *r, const char *inside,
                            llmgw_str_t name, const llmgw_json_t *value,
                            int is_meaning)
{
    llmgw_extra_t *extra = apr_array_push(r->req->extras);

    extra->name = name;
    if (inside) {
        extra->name = llmgw_str_of(apr_psprintf(r->p, "%s.%.*s", inside,
                                                LLMGW_STR_ARG(name)));
    }
    extra->value = llmgw_json_raw(value);
    extra->is_meaning = is_meaning;
}

/* ---- members ------------------------------------------------------------ */

static apr_status_t read_safety(gemini_reading_t *r, const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_ARRAY) {
        return llmgw_gemini_invalid(r, "safetySettings", "an array");
    }
    r->req->safety_settings = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t read_tier(gemini_reading_t *r, const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_gemini_invalid(r, "serviceTier", "a string");
    }
    r->req->service_tier = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

/* The URL has named the model; a body that does so is of no matter. */
static apr_status_t read_model(gemini_reading_t *r, const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_gemini_invalid(r, "model", "a string");
    }
    r->req->model = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

static const struct {
    const char *name;
    apr_status_t (*read)(gemini_reading_t *r, const llmgw_json_t *v);
} members[] = {
    { "systemInstruction", NULL },  /* was read first */
    { "contents", llmgw_gemini_read_contents },
    { "tools", llmgw_gemini_read_tools },
    { "toolConfig", llmgw_gemini_read_tool_config },
    { "generationConfig", llmgw_gemini_read_config },
    { "safetySettings", read_safety },
    { "serviceTier", read_tier },
    { "model", read_model }
};

static apr_status_t read_member(gemini_reading_t *r, llmgw_str_t name,
                                const llmgw_json_t *v)
{
    llmgw_str_t camel = llmgw_gemini_camel(name, r->p);
    apr_size_t i;

    if (v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (llmgw_str_is(camel, members[i].name)) {
            return members[i].read ? members[i].read(r, v) : APR_SUCCESS;
        }
    }
    /* what was cached is part of the prompt */
    llmgw_gemini_add_extra(r, NULL, name, v,
                           llmgw_str_is(camel, "cachedContent"));
    return APR_SUCCESS;
}

/* ---- the whole ---------------------------------------------------------- */

static int has_functions(const llmgw_request_t *req)
{
    int i;

    for (i = 0; i < req->tools->nelts; i++) {
        if (APR_ARRAY_IDX(req->tools, i, llmgw_tool_t).type
            == LLMGW_TOOL_FUNCTION) {
            return 1;
        }
    }
    return 0;
}

static llmgw_str_t strip_model(llmgw_str_t name)
{
    return name.len > 7 && memcmp(name.p, "models/", 7) == 0
        ? llmgw_str_make(name.p + 7, name.len - 7) : name;
}

/* What follows from the URL and from several members together. */
static apr_status_t settle(gemini_reading_t *r,
                           const llmgw_address_t *address)
{
    llmgw_request_t *req = r->req;

    if (address && address->model.len) {
        req->model = address->model;
    }
    req->model = strip_model(req->model);
    if (!req->model.len) {
        return llmgw_gemini_missing(r, "model");
    }
    req->stream = address && address->stream;
    req->include_usage = req->stream;
    if (!has_functions(req)) {
        req->choice = LLMGW_CHOICE_UNSET;
        req->choice_name = LLMGW_STR_NULL;
        req->allowed_tools = NULL;
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_gemini_request_decode(llmgw_request_t **out,
                                         const llmgw_json_t *body,
                                         const llmgw_address_t *address,
                                         apr_pool_t *p, llmgw_err_t *err)
{
    gemini_reading_t r;
    const llmgw_json_t *name, *value;
    apr_status_t rv;

    memset(&r, 0, sizeof(r));
    r.req = llmgw_request_create(p);
    r.req->dialect = &llmgw_dialect_gemini;
    r.p = p;
    r.err = err;
    r.ids = apr_hash_make(p);
    r.names = apr_hash_make(p);
    if (!llmgw_json_is(body, LLMGW_JSON_OBJECT)) {
        return llmgw_err_set(err, p, LLMGW_EINVAL, NULL,
                             "The body must be a JSON object.");
    }
    rv = llmgw_gemini_read_system(&r, llmgw_gemini_lookup(
        body, "systemInstruction"));
    for (name = llmgw_json_member(body, NULL, &value);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(body, value, &value)) {
        rv = read_member(&r, llmgw_json_string(name, p), value);
    }
    if (rv == APR_SUCCESS && !llmgw_json_lookup(body, "contents")) {
        rv = llmgw_gemini_missing(&r, "contents");
    }
    if (rv == APR_SUCCESS) {
        rv = settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}
