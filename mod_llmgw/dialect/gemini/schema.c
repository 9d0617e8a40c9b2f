/* schema.c: a JSON Schema in the words that Gemini takes */
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include <json-c/json_object.h>
#include <json-c/linkhash.h>
#include "llmgw/json_tree.h"
#include "gemini.h"

/* References within references can grow without end; this is where it is. */
#define NODES_MAX 20000
#define DEPTH_MAX 48

typedef struct json_object node_t;

/* Schemas that are being written, so that a cycle is seen. */
typedef struct frame_t {
    const struct frame_t *up;
    const node_t *schema;
    int depth;
} frame_t;

typedef struct rewriting_t {
    node_t *root;
    int nodes;
    apr_pool_t *p;
} rewriting_t;

static node_t *rewrite(rewriting_t *rw, node_t *in, const frame_t *up);

/* ---- json-c in short ---------------------------------------------------- */

static node_t *get(node_t *obj, const char *name)
{
    node_t *v = NULL;

    return json_object_is_type(obj, json_type_object)
        && json_object_object_get_ex(obj, name, &v) ? v : NULL;
}

static node_t *get_type(node_t *obj, const char *name, enum json_type type)
{
    node_t *v = get(obj, name);

    return json_object_is_type(v, type) ? v : NULL;
}

static void set(node_t *obj, const char *name, node_t *v)
{
    json_object_object_add(obj, name, v);
}

static void set_string(node_t *obj, const char *name, const char *text)
{
    set(obj, name, json_object_new_string(text));
}

static int is_string(node_t *v, const char *text)
{
    return json_object_is_type(v, json_type_string)
        && strcmp(json_object_get_string(v), text) == 0;
}

static node_t *make_type(const char *type)
{
    node_t *out = json_object_new_object();

    set_string(out, "type", type);
    return out;
}

static void copy(node_t *out, node_t *in, const char *name,
                 enum json_type type)
{
    node_t *v = get(in, name);

    if (v && (json_object_is_type(v, type)
              || (type == json_type_double
                  && json_object_is_type(v, json_type_int)))) {
        set(out, name, json_object_get(v));
    }
}

static node_t *copy_all(node_t *in, const char *but)
{
    node_t *out = json_object_new_object();

    json_object_object_foreach(in, name, v) {
        if (strcmp(name, but) != 0) {
            set(out, name, json_object_get(v));
        }
    }
    return out;
}

/* ---- references --------------------------------------------------------- */

/* One step of a JSON pointer (RFC 6901), of which a URL may escape more. */
static node_t *step(rewriting_t *rw, node_t *at, const char *from,
                    apr_size_t len)
{
    char *name = apr_pstrmemdup(rw->p, from, len), *to = name;
    const char *c;

    if (json_object_is_type(at, json_type_array)) {
        return json_object_array_get_idx(at, (size_t)strtoul(name, NULL, 10));
    }
    for (c = name; *c; c++) {
        if (*c == '~' && (c[1] == '0' || c[1] == '1')) {
            *to++ = *++c == '0' ? '~' : '/';
        }
        else {
            *to++ = *c;
        }
    }
    *to = '\0';
    return get(at, name);
}

static node_t *find_target(rewriting_t *rw, node_t *ref)
{
    const char *path = json_object_get_string(ref), *end;
    node_t *at = rw->root;

    if (*path++ != '#') {
        return NULL;                /* elsewhere: never fetched */
    }
    while (at && *path == '/') {
        end = strchr(++path, '/');
        end = end ? end : path + strlen(path);
        at = step(rw, at, path, (apr_size_t)(end - path));
        path = end;
    }
    return at;
}

static int is_active(const frame_t *frame, const node_t *schema)
{
    for (; frame; frame = frame->up) {
        if (frame->schema == schema) {
            return 1;
        }
    }
    return 0;
}

static node_t *rewrite_ref(rewriting_t *rw, node_t *in, node_t *ref,
                           const frame_t *frame)
{
    node_t *target = find_target(rw, ref), *out;

    if (!target || is_active(frame, target)) {
        out = make_type("OBJECT");
    }
    else {
        out = rewrite(rw, target, frame);
    }
    copy(out, in, "description", json_type_string);
    return out;
}

/* ---- allOf -------------------------------------------------------------- */

static void merge_object(node_t *out, const char *name, node_t *in)
{
    node_t *to = get(out, name), *both;

    both = to ? copy_all(to, "") : json_object_new_object();
    json_object_object_foreach(in, key, v) {
        set(both, key, json_object_get(v));
    }
    set(out, name, both);
}

static void merge_array(node_t *out, const char *name, node_t *in)
{
    node_t *to = get_type(out, name, json_type_array);
    node_t *both = json_object_new_array();
    size_t i;

    for (i = 0; to && i < json_object_array_length(to); i++) {
        json_object_array_add(both, json_object_get(
            json_object_array_get_idx(to, i)));
    }
    for (i = 0; i < json_object_array_length(in); i++) {
        json_object_array_add(both, json_object_get(
            json_object_array_get_idx(in, i)));
    }
    set(out, name, both);
}

static void merge(rewriting_t *rw, node_t *out, node_t *in, int depth)
{
    node_t *ref = get_type(in, "$ref", json_type_string);
    node_t *all = get_type(in, "allOf", json_type_array);
    size_t i;

    if (depth > DEPTH_MAX || ++rw->nodes > NODES_MAX
        || !json_object_is_type(in, json_type_object)) {
        return;
    }
    if (ref) {
        merge(rw, out, find_target(rw, ref), depth + 1);
    }
    for (i = 0; all && i < json_object_array_length(all); i++) {
        merge(rw, out, json_object_array_get_idx(all, i), depth + 1);
    }
    json_object_object_foreach(in, name, v) {
        if (strcmp(name, "properties") == 0
            && json_object_is_type(v, json_type_object)) {
            merge_object(out, name, v);
        }
        else if (strcmp(name, "required") == 0
                 && json_object_is_type(v, json_type_array)) {
            merge_array(out, name, v);
        }
        else if (strcmp(name, "allOf") != 0 && strcmp(name, "$ref") != 0) {
            set(out, name, json_object_get(v));
        }
    }
}

static node_t *rewrite_all(rewriting_t *rw, node_t *in, const frame_t *frame)
{
    node_t *merged = json_object_new_object(), *out;

    merge(rw, merged, in, 0);
    out = rewrite(rw, merged, frame);
    json_object_put(merged);
    return out;
}

/* ---- anyOf, oneOf, several types ---------------------------------------- */

static int is_null(node_t *schema)
{
    return is_string(get(schema, "type"), "null");
}

/* Nothing may stand beside anyOf, so each branch says it. */
static void tell_branch(node_t *branch, node_t *in, int nullable)
{
    if (!get(branch, "description")) {
        copy(branch, in, "description", json_type_string);
    }
    if (nullable) {
        set(branch, "nullable", json_object_new_boolean(1));
    }
}

/* Make one of the branches, which are put. */
static node_t *join_branches(node_t *branches, node_t *in, int nullable)
{
    size_t i, n = json_object_array_length(branches);
    node_t *out;

    for (i = 0; i < n; i++) {
        tell_branch(json_object_array_get_idx(branches, i), in, nullable);
    }
    if (n == 0) {
        out = make_type("STRING");
        tell_branch(out, in, nullable);
    }
    else if (n == 1) {
        out = json_object_get(json_object_array_get_idx(branches, 0));
    }
    else {
        out = json_object_new_object();
        set(out, "anyOf", json_object_get(branches));
    }
    json_object_put(branches);
    return out;
}

static node_t *rewrite_any(rewriting_t *rw, node_t *in, node_t *any,
                           const frame_t *frame)
{
    node_t *branches = json_object_new_array(), *branch;
    int nullable = json_object_get_boolean(get(in, "nullable"));
    size_t i;

    for (i = 0; i < json_object_array_length(any); i++) {
        branch = json_object_array_get_idx(any, i);
        if (is_null(branch)) {
            nullable = 1;
        }
        else {
            json_object_array_add(branches, rewrite(rw, branch, frame));
        }
    }
    return join_branches(branches, in, nullable);
}

/* "type": ["string", "null"]: a branch for each. */
static node_t *rewrite_types(rewriting_t *rw, node_t *in, node_t *types,
                             const frame_t *frame)
{
    node_t *branches = json_object_new_array(), *one, *type;
    int nullable = json_object_get_boolean(get(in, "nullable"));
    size_t i;

    for (i = 0; i < json_object_array_length(types); i++) {
        type = json_object_array_get_idx(types, i);
        if (is_string(type, "null")) {
            nullable = 1;
        }
        else if (json_object_is_type(type, json_type_string)) {
            one = copy_all(in, "type");
            set(one, "type", json_object_get(type));
            json_object_array_add(branches, rewrite(rw, one, frame));
            json_object_put(one);
        }
    }
    return join_branches(branches, in, nullable);
}

/* ---- a type ------------------------------------------------------------- */

static const char *find_type(node_t *in)
{
    static const char *const names[] = { "STRING", "NUMBER", "INTEGER",
                                         "BOOLEAN", "ARRAY", "OBJECT" };
    node_t *type = get_type(in, "type", json_type_string);
    size_t i;

    for (i = 0; type && i < sizeof(names) / sizeof(names[0]); i++) {
        if (apr_strnatcasecmp(json_object_get_string(type), names[i]) == 0) {
            return names[i];
        }
    }
    return get(in, "properties") ? "OBJECT" : get(in, "items") ? "ARRAY"
        : "STRING";
}

/* Other formats are refused. */
static void put_format(node_t *out, node_t *in, const char *type)
{
    static const char *const known[][2] = {
        { "STRING", "date-time" }, { "STRING", "enum" },
        { "NUMBER", "float" }, { "NUMBER", "double" },
        { "INTEGER", "int32" }, { "INTEGER", "int64" }
    };
    node_t *format = get(in, "format");
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i][0], type) == 0 && is_string(format, known[i][1])) {
            set(out, "format", json_object_get(format));
        }
    }
}

/* Values that are no strings cannot be listed: the description names them. */
static void describe_values(rewriting_t *rw, node_t *out, node_t *values)
{
    node_t *before = get(out, "description");

    set_string(out, "description", apr_pstrcat(
        rw->p, before ? json_object_get_string(before) : "",
        before ? " (one of " : "One of ",
        json_object_to_json_string_ext(values, JSON_C_TO_STRING_PLAIN),
        before ? ")" : "", NULL));
}

static void put_values(rewriting_t *rw, node_t *out, node_t *values,
                       const char *type)
{
    node_t *list = json_object_new_array(), *v;
    size_t i, n = json_object_array_length(values);
    int fits = strcmp(type, "STRING") == 0;

    for (i = 0; i < n; i++) {
        v = json_object_array_get_idx(values, i);
        if (!v) {
            set(out, "nullable", json_object_new_boolean(1));
        }
        else if (!json_object_is_type(v, json_type_string)) {
            fits = 0;
        }
        else if (json_object_get_string_len(v) > 0) {
            json_object_array_add(list, json_object_get(v));
        }
    }
    if (fits && json_object_array_length(list)) {
        set(out, "enum", json_object_get(list));
    }
    else if (!fits && n) {
        describe_values(rw, out, values);
    }
    json_object_put(list);
}

static void put_enum(rewriting_t *rw, node_t *out, node_t *in,
                     const char *type)
{
    node_t *values = get_type(in, "enum", json_type_array), *only;

    if (values) {
        put_values(rw, out, values, type);
    }
    else if (get(in, "const")) {
        only = json_object_new_array();
        json_object_array_add(only, json_object_get(get(in, "const")));
        put_values(rw, out, only, type);
        json_object_put(only);
    }
}

/* Names that are no property of it are refused. */
static void put_names(node_t *out, node_t *in, const char *name,
                      node_t *properties)
{
    node_t *names = get_type(in, name, json_type_array), *v;
    node_t *list = json_object_new_array();
    size_t i;

    for (i = 0; names && i < json_object_array_length(names); i++) {
        v = json_object_array_get_idx(names, i);
        if (json_object_is_type(v, json_type_string)
            && get(properties, json_object_get_string(v))) {
            json_object_array_add(list, json_object_get(v));
        }
    }
    if (json_object_array_length(list)) {
        set(out, name, json_object_get(list));
    }
    json_object_put(list);
}

static void put_properties(rewriting_t *rw, node_t *out, node_t *in,
                           const frame_t *frame)
{
    node_t *properties = get_type(in, "properties", json_type_object);
    node_t *list;

    if (!properties || !json_object_object_length(properties)) {
        return;
    }
    list = json_object_new_object();
    json_object_object_foreach(properties, name, v) {
        set(list, name, rewrite(rw, v, frame));
    }
    set(out, "properties", list);
    put_names(out, in, "required", list);
    put_names(out, in, "propertyOrdering", list);
}

/* A tuple's elements are any of its kinds; an array says of what it is. */
static void put_items(rewriting_t *rw, node_t *out, node_t *in,
                      const frame_t *frame)
{
    node_t *items = get(in, "items");

    if (!json_object_is_type(items, json_type_object)
        && get_type(in, "prefixItems", json_type_array)) {
        items = get(in, "prefixItems");
    }
    set(out, "items", json_object_is_type(items, json_type_array)
        ? rewrite_any(rw, NULL, items, frame)
        : items ? rewrite(rw, items, frame) : make_type("STRING"));
}

static node_t *rewrite_type(rewriting_t *rw, node_t *in, const frame_t *frame)
{
    static const char *const bounds[] = {
        "minimum", "maximum", "minLength", "maxLength", "minItems",
        "maxItems", "minProperties", "maxProperties"
    };
    const char *type = find_type(in);
    node_t *out = make_type(type);
    size_t i;

    put_format(out, in, type);
    copy(out, in, "title", json_type_string);
    copy(out, in, "description", json_type_string);
    copy(out, in, "nullable", json_type_boolean);
    if (is_null(in)) {
        set(out, "nullable", json_object_new_boolean(1));
    }
    put_enum(rw, out, in, type);
    copy(out, in, "pattern", json_type_string);
    for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        copy(out, in, bounds[i], json_type_double);
    }
    if (get(in, "default")) {
        set(out, "default", json_object_get(get(in, "default")));
    }
    if (*type == 'O') {
        put_properties(rw, out, in, frame);
    }
    else if (*type == 'A') {
        put_items(rw, out, in, frame);
    }
    return out;
}

/* ---- all ---------------------------------------------------------------- */

static node_t *rewrite(rewriting_t *rw, node_t *in, const frame_t *up)
{
    frame_t frame = { up, in, up ? up->depth + 1 : 0 };
    node_t *v;

    if (frame.depth > DEPTH_MAX || ++rw->nodes > NODES_MAX) {
        return make_type("OBJECT");
    }
    if ((v = get_type(in, "allOf", json_type_array))) {
        return rewrite_all(rw, in, &frame);
    }
    if ((v = get_type(in, "$ref", json_type_string))) {
        return rewrite_ref(rw, in, v, &frame);
    }
    v = get_type(in, "anyOf", json_type_array);
    v = v ? v : get_type(in, "oneOf", json_type_array);
    if (v && !get(in, "properties")) {
        return rewrite_any(rw, in, v, &frame);
    }
    if ((v = get_type(in, "type", json_type_array))) {
        return rewrite_types(rw, in, v, &frame);
    }
    return rewrite_type(rw, in, &frame);
}

apr_status_t llmgw_gemini_schema_write(llmgw_str_t *out, llmgw_str_t raw,
                                       apr_pool_t *p)
{
    rewriting_t rw = { NULL, 0, p };
    node_t *tree;
    apr_status_t rv;

    *out = LLMGW_STR_NULL;
    if (!raw.p || llmgw_json_tree_parse(&rw.root, raw.p, raw.len, NULL, p,
                                        NULL) != APR_SUCCESS
        || !json_object_is_type(rw.root, json_type_object)) {
        return APR_SUCCESS;
    }
    tree = rewrite(&rw, rw.root, NULL);
    if (is_string(get(tree, "type"), "OBJECT") && !get(tree, "properties")) {
        json_object_put(tree);
        return APR_SUCCESS;
    }
    rv = llmgw_gemini_print(out, tree, p);
    json_object_put(tree);
    return rv;
}
