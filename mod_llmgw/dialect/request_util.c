/* request_util.c: what several dialects need to write a request */
#include <string.h>
#include <apr_strings.h>
#include "llmgw/hash.h"
#include "common.h"

/* A hint that stands in many places is named once. */
static int is_listed(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = names->nelts - 1; i >= 0; i--) {
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* "messages[2].content" in the client's words: "input[2].content". What stood
 * in a member of its own has the number -1. */
static const char *get_name(const char *name, const llmgw_request_t *req,
                            apr_pool_t *p)
{
    if (strncmp(name, "messages[-1]", 12) == 0) {
        return apr_pstrcat(p, "system", name + 12, NULL);
    }
    if (req && req->dialect && strncmp(name, "messages[", 9) == 0) {
        return apr_pstrcat(p, req->dialect->prompt_member, name + 8, NULL);
    }
    return name;
}

apr_status_t llmgw_encode_unsupported(llmgw_encode_t *how,
                                      const llmgw_request_t *req, int is_hint,
                                      const char *name, apr_pool_t *p,
                                      llmgw_err_t *err)
{
    int reject = how->unsupported == LLMGW_UNSUPPORTED_REJECT
        || (how->unsupported == LLMGW_UNSUPPORTED_DEFAULT && !is_hint);

    name = get_name(name, req, p);
    if (reject) {
        return llmgw_err_set(err, p, LLMGW_EUNSUPPORTED, name,
                             "The model this request goes to cannot take "
                             "\"%s\".", name);
    }
    if (how->dropped && how->dropped->nelts < LLMGW_DROPPED_MAX
        && !is_listed(how->dropped, name)) {
        APR_ARRAY_PUSH(how->dropped, const char *) = apr_pstrdup(p, name);
    }
    return APR_SUCCESS;
}

int llmgw_raw_is_object(llmgw_str_t raw)
{
    llmgw_json_type_e type;

    return raw.p
        && llmgw_json_scan(raw.p, raw.len, NULL, NULL, NULL, &type, NULL)
            == APR_SUCCESS
        && type == LLMGW_JSON_OBJECT;
}

int llmgw_text_is_blank(llmgw_str_t text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (!strchr(" \t\r\n\v\f", text.p[i]) || text.p[i] == '\0') {
            return 0;
        }
    }
    return 1;
}

/* A node over a raw number, so that the core's conversions apply. */
static llmgw_json_t number_node(llmgw_str_t raw)
{
    llmgw_json_t v;

    memset(&v, 0, sizeof(v));
    v.text = raw.p;
    v.len = (unsigned int)raw.len;
    v.span = 1;
    v.type = LLMGW_JSON_NUMBER;
    return v;
}

apr_int64_t llmgw_raw_int(llmgw_str_t raw, apr_int64_t fallback)
{
    llmgw_json_t v = number_node(raw);
    apr_int64_t n;

    return raw.len && llmgw_json_int(&v, &n) == APR_SUCCESS ? n : fallback;
}

double llmgw_raw_double(llmgw_str_t raw, double fallback)
{
    llmgw_json_t v = number_node(raw);
    double n;

    return raw.len && llmgw_json_double(&v, &n) == APR_SUCCESS ? n : fallback;
}

static int is_legal(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

llmgw_str_t llmgw_name_legal(llmgw_str_t name, apr_size_t len_max,
                             apr_pool_t *p)
{
    static const char hex[] = "0123456789abcdef";
    apr_uint64_t hash;
    apr_size_t i, kept;
    char *out;

    for (i = 0; i < name.len && is_legal(name.p[i]); i++) {
    }
    if (i == name.len && name.len <= len_max) {
        return name;
    }
    hash = llmgw_hash(name);
    kept = name.len < len_max - 17 ? name.len : len_max - 17;
    out = apr_palloc(p, kept + 18);
    for (i = 0; i < kept; i++) {
        out[i] = is_legal(name.p[i]) ? name.p[i] : '_';
    }
    out[kept] = '_';
    for (i = 0; i < 16; i++) {
        out[kept + 1 + i] = hex[(hash >> (60 - 4 * i)) & 15];
    }
    out[kept + 17] = '\0';
    return llmgw_str_make(out, kept + 17);
}

llmgw_str_t llmgw_tool_name_legal(llmgw_str_t name, apr_pool_t *p)
{
    return llmgw_name_legal(name, LLMGW_TOOL_NAME_MAX, p);
}

int llmgw_tool_is_allowed(const llmgw_request_t *req, llmgw_str_t name)
{
    int i;

    if (!req->allowed_tools) {
        return 1;
    }
    for (i = 0; i < req->allowed_tools->nelts; i++) {
        if (llmgw_str_eq(APR_ARRAY_IDX(req->allowed_tools, i, llmgw_str_t),
                         name)) {
            return 1;
        }
    }
    return 0;
}
