/* schema_read.c: Gemini's words for a schema as a JSON Schema */
#include <string.h>
#include <ctype.h>
#include <apr_strings.h>
#include <json-c/json_object.h>
#include <json-c/linkhash.h>
#include "llmgw/json_tree.h"
#include "gemini.h"

#define DEPTH_MAX 200

typedef struct json_object node_t;

static node_t *read_schema(node_t *in, int depth, apr_pool_t *p);

/* The types by their numbers, which some clients write. */
static const char *get_type_name(node_t *v, apr_pool_t *p)
{
    static const char *const names[] = { "string", "number", "integer",
                                         "boolean", "array", "object",
                                         "null" };
    char *text;
    int i;

    if (json_object_is_type(v, json_type_int)) {
        i = json_object_get_int(v);
        return i >= 1 && i <= 7 ? names[i - 1] : NULL;
    }
    if (!json_object_is_type(v, json_type_string)) {
        return NULL;
    }
    text = apr_pstrdup(p, json_object_get_string(v));
    for (i = 0; text[i]; i++) {
        text[i] = (char)tolower((unsigned char)text[i]);
    }
    return strcmp(text, "type_unspecified") == 0 ? NULL : text;
}

static node_t *read_type(node_t *v, int nullable, apr_pool_t *p)
{
    const char *name = get_type_name(v, p);
    node_t *list;

    if (!name) {
        return json_object_is_type(v, json_type_array) ? json_object_get(v)
                                                       : NULL;
    }
    if (!nullable) {
        return json_object_new_string(name);
    }
    list = json_object_new_array();
    json_object_array_add(list, json_object_new_string(name));
    json_object_array_add(list, json_object_new_string("null"));
    return list;
}

static node_t *read_properties(node_t *in, int depth, apr_pool_t *p)
{
    node_t *out = json_object_new_object();

    json_object_object_foreach(in, name, v) {
        json_object_object_add(out, name, read_schema(v, depth, p));
    }
    return out;
}

static node_t *read_branches(node_t *in, int depth, apr_pool_t *p)
{
    node_t *out = json_object_new_array();
    size_t i;

    for (i = 0; i < json_object_array_length(in); i++) {
        json_object_array_add(out, read_schema(
            json_object_array_get_idx(in, i), depth, p));
    }
    return out;
}

/* Bounds are 64 bit numbers, which protobuf writes as strings. */
static node_t *read_bound(node_t *v)
{
    const char *text;

    if (json_object_is_type(v, json_type_string)) {
        text = json_object_get_string(v);
        if (*text && strspn(text, "0123456789") == strlen(text)
            && strlen(text) < 18) {
            return json_object_new_int64(apr_atoi64(text));
        }
    }
    return json_object_get(v);
}

static int is_one_of(const char *name, const char *const *names)
{
    for (; *names && strcmp(*names, name) != 0; names++) {
    }
    return *names != NULL;
}

/* A member in JSON Schema; NULL: it has none. *as is its name there. */
static node_t *read_member(const char *name, node_t *v, int depth,
                           apr_pool_t *p, const char **as)
{
    static const char *const bounds[][2] = {
        { "minItems", "min_items" }, { "maxItems", "max_items" },
        { "minLength", "min_length" }, { "maxLength", "max_length" },
        { "minProperties", "min_properties" },
        { "maxProperties", "max_properties" }
    };
    static const char *const gone[] = { "nullable", "type",
                                        "propertyOrdering",
                                        "property_ordering", NULL };
    size_t i;

    *as = name;
    if (is_one_of(name, gone)
        || (strcmp(name, "format") == 0
            && json_object_is_type(v, json_type_string)
            && strcmp(json_object_get_string(v), "enum") == 0)) {
        return NULL;
    }
    for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        if (strcmp(name, bounds[i][0]) == 0
            || strcmp(name, bounds[i][1]) == 0) {
            *as = bounds[i][0];
            return read_bound(v);
        }
    }
    if (strcmp(name, "properties") == 0
        && json_object_is_type(v, json_type_object)) {
        return read_properties(v, depth, p);
    }
    if (strcmp(name, "items") == 0) {
        return read_schema(v, depth, p);
    }
    if ((strcmp(name, "anyOf") == 0 || strcmp(name, "any_of") == 0)
        && json_object_is_type(v, json_type_array)) {
        *as = "anyOf";
        return read_branches(v, depth, p);
    }
    return json_object_get(v);
}

static node_t *read_schema(node_t *in, int depth, apr_pool_t *p)
{
    node_t *out, *type = NULL, *flag = NULL, *member;
    const char *as;

    if (depth > DEPTH_MAX || !json_object_is_type(in, json_type_object)) {
        return json_object_get(in);
    }
    out = json_object_new_object();
    json_object_object_get_ex(in, "type", &type);
    json_object_object_get_ex(in, "nullable", &flag);
    member = type ? read_type(type, json_object_get_boolean(flag), p) : NULL;
    if (member) {
        json_object_object_add(out, "type", member);
    }
    json_object_object_foreach(in, name, v) {
        member = read_member(name, v, depth + 1, p, &as);
        if (member) {
            json_object_object_add(out, as, member);
        }
    }
    return out;
}

apr_status_t llmgw_gemini_print(llmgw_str_t *out, node_t *tree, apr_pool_t *p)
{
    size_t len;
    const char *text = json_object_to_json_string_length(
        tree, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);

    if (!text) {
        return APR_ENOMEM;
    }
    *out = llmgw_str_make(apr_pstrmemdup(p, text, len), len);
    return APR_SUCCESS;
}

apr_status_t llmgw_gemini_schema_read(llmgw_str_t *out, llmgw_str_t raw,
                                      apr_pool_t *p)
{
    node_t *root, *tree;
    apr_status_t rv;

    *out = raw;
    if (llmgw_json_tree_parse(&root, raw.p, raw.len, NULL, p, NULL)
        != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    tree = read_schema(root, 0, p);
    rv = llmgw_gemini_print(out, tree, p);
    json_object_put(tree);
    return rv;
}
