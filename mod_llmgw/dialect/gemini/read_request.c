/* read_request.c: reading a request for generateContent */
#include <string.h>
#include "gemini.h"

/* ---- spelling ----------------------------------------------------------- */

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

/* A number, or the string of one. */
static int get_number(const llmgw_json_t *v, llmgw_str_t *raw)
{
    llmgw_json_type_e type;

    *raw = llmgw_json_raw(v);
    if (v->type == LLMGW_JSON_STRING && !v->escaped && v->len > 2) {
        *raw = llmgw_str_make(v->text + 1, v->len - 2);
        return llmgw_json_scan(raw->p, raw->len, NULL, NULL, NULL, &type,
                               NULL) == APR_SUCCESS
            && type == LLMGW_JSON_NUMBER;
    }
    return v->type == LLMGW_JSON_NUMBER;
}

const llmgw_spelling_t llmgw_gemini_spelling = {
    llmgw_gemini_lookup, llmgw_gemini_camel, get_number
};

/* ---- members ------------------------------------------------------------ */

/* What was cached is part of the prompt. The URL has named the model; a body
 * that does so is of no matter. */
static const llmgw_member_t members[] = {
    LLMGW_MEMBER_AS(DONE, "systemInstruction"), /* was read first */
    LLMGW_MEMBER_BY("contents", llmgw_gemini_read_contents),
    LLMGW_MEMBER_BY("tools", llmgw_gemini_read_tools),
    LLMGW_MEMBER_BY("toolConfig", llmgw_gemini_read_tool_config),
    LLMGW_MEMBER_BY("generationConfig", llmgw_gemini_read_config),
    LLMGW_MEMBER(ARRAY, "safetySettings", safety_settings),
    LLMGW_MEMBER(STRING, "serviceTier", service_tier),
    LLMGW_MEMBER(STRING, "model", model),
    LLMGW_MEMBER_AS(MEANING, "cachedContent")
};

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
static apr_status_t settle(llmgw_reading_t *r,
                           const llmgw_address_t *address)
{
    llmgw_request_t *req = r->req;

    if (address && address->model.len) {
        req->model = address->model;
    }
    req->model = strip_model(req->model);
    if (!req->model.len) {
        return llmgw_reading_missing(r, "model");
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
    llmgw_reading_t r;
    apr_status_t rv = llmgw_reading_begin(&r, body, &llmgw_dialect_gemini, p,
                                          err);

    r.spelling = &llmgw_gemini_spelling;
    llmgw_gemini_begin_calls(&r);
    if (rv == APR_SUCCESS) {
        rv = llmgw_gemini_read_system(&r, llmgw_gemini_lookup(
            body, "systemInstruction"));
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_members(&r, body, LLMGW_MEMBERS(members));
    }
    if (rv == APR_SUCCESS && !llmgw_json_lookup(body, "contents")) {
        rv = llmgw_reading_missing(&r, "contents");
    }
    if (rv == APR_SUCCESS) {
        rv = settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}
