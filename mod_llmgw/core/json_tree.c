/* json_tree.c: a tree that can be changed (the one use of json-c) */
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <json-c/json_object.h>
#include "llmgw/error.h"
#include "llmgw/json_tree.h"

/* What building a tree needs on the way down. */
typedef struct builder_t {
    llmgw_buf_t *scratch;       /* a string's characters */
    apr_pool_t *pool;           /* gone when the tree is built */
} builder_t;

static apr_status_t release_tree(void *data)
{
    json_object_put(data);
    return APR_SUCCESS;
}

static void own_tree(struct json_object *tree, apr_pool_t *p)
{
    if (tree) {
        apr_pool_cleanup_register(p, tree, release_tree,
                                  apr_pool_cleanup_null);
    }
}

/* ---- building ----------------------------------------------------------- */

static apr_status_t build(const builder_t *bd, const llmgw_json_t *node,
                          struct json_object **out);

static apr_status_t build_string(const builder_t *bd,
                                 const llmgw_json_t *node,
                                 struct json_object **out)
{
    llmgw_str_t s;

    llmgw_buf_clear(bd->scratch);
    s = llmgw_json_string_buf(node, bd->scratch);
    if (!s.p) {
        return APR_ENOMEM;
    }
    *out = json_object_new_string_len(s.p, (int)s.len);
    return *out ? APR_SUCCESS : APR_ENOMEM;
}

/* As an integer if that prints the same digits; else the text is kept. */
static apr_status_t build_number(const llmgw_json_t *node,
                                 struct json_object **out)
{
    char digits[32];
    apr_int64_t n;
    double d = 0.0;
    char *text;

    if (llmgw_json_int(node, &n) == APR_SUCCESS) {
        apr_snprintf(digits, sizeof(digits), "%" APR_INT64_T_FMT, n);
        if (llmgw_str_is(llmgw_json_raw(node), digits)) {
            *out = json_object_new_int64(n);
            return *out ? APR_SUCCESS : APR_ENOMEM;
        }
    }
    text = strndup(node->text, node->len);
    if (!text) {
        return APR_ENOMEM;
    }
    llmgw_json_double(node, &d);    /* out of range: the text alone counts */
    *out = json_object_new_double_s(d, text);
    free(text);
    return *out ? APR_SUCCESS : APR_ENOMEM;
}

static apr_status_t build_array(const builder_t *bd, const llmgw_json_t *node,
                                struct json_object **out)
{
    struct json_object *arr = json_object_new_array(), *child;
    const llmgw_json_t *v;
    apr_status_t rv = arr ? APR_SUCCESS : APR_ENOMEM;

    for (v = llmgw_json_each(node, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(node, v)) {
        rv = build(bd, v, &child);
        if (rv == APR_SUCCESS && json_object_array_add(arr, child) != 0) {
            json_object_put(child);
            rv = APR_ENOMEM;
        }
    }
    if (rv != APR_SUCCESS) {
        json_object_put(arr);
        return rv;
    }
    *out = arr;
    return APR_SUCCESS;
}

/* json-c ends names at a NUL; cut short, one could pass for another. */
static apr_status_t read_name(const llmgw_json_t *name, apr_pool_t *p,
                              const char **z)
{
    llmgw_str_t s = llmgw_json_string(name, p);

    if (memchr(s.p, '\0', s.len)) {
        return LLMGW_EJSON;
    }
    *z = name->escaped ? s.p : llmgw_str_dupz(p, s);
    return APR_SUCCESS;
}

static apr_status_t build_member(const builder_t *bd, struct json_object *obj,
                                 const llmgw_json_t *name,
                                 const llmgw_json_t *value, int duplicates)
{
    struct json_object *child;
    const char *z;
    apr_status_t rv = read_name(name, bd->pool, &z);

    if (rv != APR_SUCCESS
        || (duplicates && json_object_object_get_ex(obj, z, NULL))) {
        return rv;
    }
    rv = build(bd, value, &child);
    if (rv == APR_SUCCESS
        && json_object_object_add_ex(obj, z, child,
                                     JSON_C_OBJECT_ADD_KEY_IS_NEW) != 0) {
        json_object_put(child);
        rv = APR_ENOMEM;
    }
    return rv;
}

static apr_status_t build_object(const builder_t *bd,
                                 const llmgw_json_t *node,
                                 struct json_object **out)
{
    struct json_object *obj = json_object_new_object();
    const llmgw_json_t *k, *v = NULL;
    apr_status_t rv = obj ? APR_SUCCESS : APR_ENOMEM;

    while (rv == APR_SUCCESS && (k = llmgw_json_member(node, v, &v))) {
        rv = build_member(bd, obj, k, v, node->duplicate);
    }
    if (rv != APR_SUCCESS) {
        json_object_put(obj);
        return rv;
    }
    *out = obj;
    return APR_SUCCESS;
}

/* As deep as the parser lets a text be. */
static apr_status_t build(const builder_t *bd, const llmgw_json_t *node,
                          struct json_object **out)
{
    switch (node->type) {
    case LLMGW_JSON_STRING:
        return build_string(bd, node, out);
    case LLMGW_JSON_NUMBER:
        return build_number(node, out);
    case LLMGW_JSON_ARRAY:
        return build_array(bd, node, out);
    case LLMGW_JSON_OBJECT:
        return build_object(bd, node, out);
    case LLMGW_JSON_NULL:
        *out = NULL;                /* json-c's null */
        return APR_SUCCESS;
    default:
        *out = json_object_new_boolean(node->type == LLMGW_JSON_TRUE);
        return *out ? APR_SUCCESS : APR_ENOMEM;
    }
}

apr_status_t llmgw_json_tree_create(struct json_object **out,
                                    const llmgw_json_t *node, apr_pool_t *p)
{
    struct json_object *tree;
    builder_t bd;
    apr_status_t rv = apr_pool_create(&bd.pool, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    bd.scratch = llmgw_buf_create(bd.pool, (apr_size_t)node->len + 1);
    rv = build(&bd, node, &tree);
    apr_pool_destroy(bd.pool);
    if (rv == APR_SUCCESS) {
        own_tree(tree, p);
        *out = tree;
    }
    return rv;
}

apr_status_t llmgw_json_tree_parse(struct json_object **out, const char *text,
                                   apr_size_t len,
                                   const llmgw_json_limits_t *limits,
                                   apr_pool_t *p, llmgw_json_error_t *err)
{
    const llmgw_json_t *root;
    llmgw_json_doc_t *doc;
    apr_pool_t *pool;
    apr_status_t rv = apr_pool_create(&pool, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    doc = llmgw_json_doc_create(pool, limits);
    rv = llmgw_json_parse(doc, text, len, &root, err);
    if (rv == APR_SUCCESS) {
        rv = llmgw_json_tree_create(out, root, p);
        if (rv == LLMGW_EJSON && err) {
            err->offset = 0;
            err->reason = "a name with \\u0000 in it";
        }
    }
    apr_pool_destroy(pool);
    return rv;
}

struct json_object *llmgw_json_tree_object(apr_pool_t *p)
{
    struct json_object *tree = json_object_new_object();

    own_tree(tree, p);
    return tree;
}

apr_status_t llmgw_json_tree_print(llmgw_buf_t *out, struct json_object *tree)
{
    size_t len;
    const char *text = json_object_to_json_string_length(
        tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

    return text ? llmgw_buf_append(out, text, len) : APR_ENOMEM;
}
