/* fuzz_json.c: scanning, parsing, the tree, and json-c say the same */
#include <json-c/json.h>
#include "fuzz.h"
#include "llmgw/error.h"
#include "llmgw/json.h"
#include "llmgw/json_tree.h"

/* Every node lies within its text, and children add up to their parent. */
static const llmgw_json_t *check_node(const llmgw_json_t *v,
                                      llmgw_str_t within, llmgw_buf_t *b)
{
    const llmgw_json_t *child = v + 1, *end = v + v->span;
    unsigned int children = 0;
    apr_int64_t n;
    double d;

    FUZZ_CHECK(v->text >= within.p && v->len > 0);
    FUZZ_CHECK(v->text + v->len <= within.p + within.len);
    while (child < end) {
        child = check_node(child, llmgw_json_raw(v), b);
        children++;
    }
    FUZZ_CHECK(child == end);
    FUZZ_CHECK(children == v->count * (v->type == LLMGW_JSON_OBJECT ? 2 : 1));
    if (v->type == LLMGW_JSON_STRING) {
        llmgw_str_t s;

        llmgw_buf_clear(b);
        s = llmgw_json_string_buf(v, b);
        FUZZ_CHECK(s.p && s.len <= v->len);
        FUZZ_CHECK(llmgw_str_utf8_check(s.p, s.len) == s.len);
    }
    if (llmgw_json_int(v, &n) == APR_SUCCESS) {
        FUZZ_CHECK(llmgw_json_double(v, &d) == APR_SUCCESS);
        FUZZ_CHECK(d >= (double)n - 2048 && d <= (double)n + 2048);
    }
    return end;
}

/* json-c, strict: accepts all that was accepted here, but for what follows. */
static void check_peer(llmgw_str_t text)
{
    struct json_tokener *tok = json_tokener_new_ex(130);
    struct json_object *peer;
    enum json_tokener_error rc;

    json_tokener_set_flags(tok, JSON_TOKENER_STRICT
                                | JSON_TOKENER_VALIDATE_UTF8);
    /* with the NUL, or it could not know that a lone number has ended */
    peer = json_tokener_parse_ex(tok, text.p, (int)text.len + 1);
    rc = json_tokener_get_error(tok);
    FUZZ_CHECK(rc == json_tokener_success);
    json_object_put(peer);
    json_tokener_free(tok);
}

/* What a tree prints is stable: read again, it prints the same. */
static void check_tree(llmgw_str_t text, apr_pool_t *p)
{
    llmgw_buf_t *once = llmgw_buf_create(p, 1 << 24);
    llmgw_buf_t *twice = llmgw_buf_create(p, 1 << 24);
    struct json_object *tree;
    apr_status_t rv;

    rv = llmgw_json_tree_parse(&tree, text.p, text.len, NULL, p, NULL);
    if (rv != APR_SUCCESS) {
        FUZZ_CHECK(rv == LLMGW_EJSON && strstr(text.p, "\\u0000"));
        return;
    }
    FUZZ_CHECK(llmgw_json_tree_print(once, tree) == APR_SUCCESS);
    FUZZ_CHECK(llmgw_json_tree_parse(&tree, once->data, once->len, NULL, p,
                                     NULL) == APR_SUCCESS);
    FUZZ_CHECK(llmgw_json_tree_print(twice, tree) == APR_SUCCESS);
    FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(once), llmgw_buf_str(twice)));
}

static llmgw_str_t trim(llmgw_str_t s)
{
    while (s.len && strchr(" \t\r\n", *s.p) && *s.p) {
        s.p++;
        s.len--;
    }
    while (s.len && strchr(" \t\r\n", s.p[s.len - 1]) && s.p[s.len - 1]) {
        s.len--;
    }
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    llmgw_str_t text = llmgw_str_dup(p, llmgw_str_make((const char *)data,
                                                       size));
    llmgw_json_doc_t *doc = llmgw_json_doc_create(p, NULL);
    llmgw_json_error_t scan_err = { 0, NULL }, parse_err = { 0, NULL };
    const llmgw_json_t *root;
    llmgw_json_type_e type;
    apr_status_t rv;

    rv = llmgw_json_scan((const char *)data, size, NULL, NULL, NULL, &type,
                         &scan_err);
    FUZZ_CHECK(llmgw_json_parse(doc, text.p, text.len, &root, &parse_err)
               == rv);
    FUZZ_CHECK(scan_err.offset == parse_err.offset);
    FUZZ_CHECK(scan_err.reason == parse_err.reason);
    if (rv == APR_SUCCESS) {
        FUZZ_CHECK(type == (llmgw_json_type_e)root->type);
        FUZZ_CHECK(llmgw_str_eq(llmgw_json_raw(root), trim(text)));
        check_node(root, text, llmgw_buf_create(p, 1 << 24));
        check_peer(text);
        check_tree(text, p);
    }
    else {
        FUZZ_CHECK(scan_err.offset <= size && scan_err.reason);
    }
    apr_pool_destroy(p);
    return 0;
}
