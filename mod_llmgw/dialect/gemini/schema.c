/* schema.c: a JSON Schema in the words that Gemini takes */
#include <stdlib.h>
#include <string.h>
#include <apr_strings.h>
#include "llmgw/json_tree.h"
#include "schema.h"

/* References within references can grow without end; this is where it is. */
#define NODES_MAX 20000
#define DEPTH_MAX 48
#define BYTES_MAX (1024 * 1024)

/* All members but one. */
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
        out = llmgw_gemini_rewrite(rw, target, frame);
    }
    copy(rw, out, in, "description", json_type_string);
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
    out = llmgw_gemini_rewrite(rw, merged, frame);
    json_object_put(merged);
    return out;
}

/* ---- anyOf, oneOf, several types ---------------------------------------- */

/* Nothing may stand beside anyOf, so each branch says it. */
static void tell_branch(rewriting_t *rw, node_t *branch, node_t *in,
                        int nullable)
{
    if (!get(branch, "description")) {
        copy(rw, branch, in, "description", json_type_string);
    }
    if (nullable) {
        set(branch, "nullable", json_object_new_boolean(1));
    }
}

/* Make one of the branches, which are put. */
static node_t *join_branches(rewriting_t *rw, node_t *branches, node_t *in,
                             int nullable)
{
    size_t i, n = json_object_array_length(branches);
    node_t *out;

    for (i = 0; i < n; i++) {
        tell_branch(rw, json_object_array_get_idx(branches, i), in, nullable);
    }
    if (n == 0) {
        out = make_type("STRING");
        tell_branch(rw, out, in, nullable);
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

node_t *llmgw_gemini_rewrite_any(rewriting_t *rw, node_t *in, node_t *any,
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
            json_object_array_add(branches, llmgw_gemini_rewrite(
                rw, branch, frame));
        }
    }
    return join_branches(rw, branches, in, nullable);
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
            json_object_array_add(branches, llmgw_gemini_rewrite(
                rw, one, frame));
            json_object_put(one);
        }
    }
    return join_branches(rw, branches, in, nullable);
}

/* ---- all ---------------------------------------------------------------- */

node_t *llmgw_gemini_rewrite(rewriting_t *rw, node_t *in, const frame_t *up)
{
    frame_t frame = { up, in, up ? up->depth + 1 : 0 };
    node_t *v;

    if (frame.depth > DEPTH_MAX || ++rw->nodes > NODES_MAX
        || rw->bytes > rw->bytes_max) {
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
        return llmgw_gemini_rewrite_any(rw, in, v, &frame);
    }
    if ((v = get_type(in, "type", json_type_array))) {
        return rewrite_types(rw, in, v, &frame);
    }
    return llmgw_gemini_rewrite_type(rw, in, &frame);
}

apr_status_t llmgw_gemini_schema_write(llmgw_str_t *out, llmgw_str_t raw,
                                       apr_pool_t *p)
{
    rewriting_t rw = { NULL, 0, 0, BYTES_MAX + 2 * raw.len, p };
    node_t *tree;
    apr_status_t rv;

    *out = LLMGW_STR_NULL;
    if (!raw.p || llmgw_json_tree_parse(&rw.root, raw.p, raw.len, NULL, p,
                                        NULL) != APR_SUCCESS
        || !json_object_is_type(rw.root, json_type_object)
        || json_object_object_length(rw.root) == 0) {
        return APR_SUCCESS;
    }
    tree = llmgw_gemini_rewrite(&rw, rw.root, NULL);
    if (is_string(get(tree, "type"), "OBJECT") && !get(tree, "properties")) {
        json_object_put(tree);
        return APR_SUCCESS;
    }
    rv = llmgw_gemini_print(out, tree, p);
    json_object_put(tree);
    return rv;
}
