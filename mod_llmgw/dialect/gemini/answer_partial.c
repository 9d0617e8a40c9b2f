/* answer_partial.c: arguments of a call that come value by value */
#include <stdlib.h>
#include <string.h>
#include <json-c/json_object.h>
#include "gemini.h"

#define BYTES_MAX (16 * 1024 * 1024)
#define PATH_BYTES_MAX 4096
#define STEPS_MAX 64
#define INDEX_MAX 4096

typedef struct json_object node_t;

/* {"jsonPath":"$.items[0].name","stringValue":"app","willContinue":true} */
struct gemini_partial_t {
    int is_open;
    node_t *tree;
    llmgw_buf_t *path;          /* of the string that is not at its end */
    llmgw_buf_t *text;          /* and what it has so far */
    int has_text;
};

int llmgw_gemini_partial_is_open(const gemini_partial_t *partial)
{
    return partial && partial->is_open;
}

static apr_status_t release(void *data)
{
    gemini_partial_t *partial = data;

    json_object_put(partial->tree);
    partial->tree = NULL;
    return APR_SUCCESS;
}

void llmgw_gemini_partial_start(gemini_partial_t **at, apr_pool_t *p)
{
    gemini_partial_t *partial = *at;

    if (!partial) {
        partial = apr_pcalloc(p, sizeof(*partial));
        partial->path = llmgw_buf_create(p, PATH_BYTES_MAX);
        partial->text = llmgw_buf_create(p, BYTES_MAX);
        apr_pool_cleanup_register(p, partial, release, apr_pool_cleanup_null);
        *at = partial;
    }
    release(partial);
    partial->tree = json_object_new_object();
    partial->is_open = 1;
    partial->has_text = 0;
}

/* ---- paths -------------------------------------------------------------- */

/* A step of a path: a member's name, or an element's number. */
typedef struct step_t {
    char name[PATH_BYTES_MAX / 16];
    int number;                 /* -1: it is a name */
} step_t;

static int read_number(const char **path, step_t *step)
{
    char *end;
    long n = strtol(*path + 1, &end, 10);

    if (end == *path + 1 || *end != ']' || n < 0 || n >= INDEX_MAX) {
        return 0;
    }
    step->number = (int)n;
    *path = end + 1;
    return 1;
}

static int take_name(step_t *step, const char *from, apr_size_t len)
{
    if (!len || len >= sizeof(step->name)) {
        return 0;
    }
    memcpy(step->name, from, len);
    step->name[len] = '\0';
    step->number = -1;
    return 1;
}

/* ".name", "[0]" or "['name']". @return 0 when it is none */
static int read_step(const char **path, step_t *step)
{
    const char *from = *path, *end;
    char quote;

    if (*from == '.') {
        from++;
        *path = from + strcspn(from, ".[");
        return take_name(step, from, (apr_size_t)(*path - from));
    }
    if (*from != '[') {
        return 0;
    }
    quote = from[1];
    if (quote != '\'' && quote != '"') {
        return read_number(path, step);
    }
    from += 2;
    end = strchr(from, quote);
    if (!end || end[1] != ']') {
        return 0;
    }
    *path = end + 2;
    return take_name(step, from, (apr_size_t)(end - from));
}

static node_t *get_child(node_t *at, const step_t *step)
{
    node_t *v = NULL;

    if (step->number >= 0) {
        return json_object_is_type(at, json_type_array)
            ? json_object_array_get_idx(at, (size_t)step->number) : NULL;
    }
    return json_object_is_type(at, json_type_object)
        && json_object_object_get_ex(at, step->name, &v) ? v : NULL;
}

/* Takes v over. @return 0 when at is not what the step wants */
static int put_child(node_t *at, const step_t *step, node_t *v)
{
    if (step->number >= 0
        ? json_object_is_type(at, json_type_array)
          && json_object_array_put_idx(at, (size_t)step->number, v) == 0
        : json_object_is_type(at, json_type_object)
          && json_object_object_add(at, step->name, v) == 0) {
        return 1;
    }
    json_object_put(v);
    return 0;
}

static apr_status_t place(gemini_partial_t *partial, node_t *v)
{
    const char *path = partial->path->data;
    node_t *at = partial->tree, *next;
    step_t step;
    int n = 0, is_fit;

    is_fit = path && *path++ == '$' && read_step(&path, &step);
    while (is_fit && *path && ++n < STEPS_MAX) {
        next = get_child(at, &step);
        if (!next) {
            next = *path == '[' && path[1] >= '0' && path[1] <= '9'
                ? json_object_new_array() : json_object_new_object();
            is_fit = put_child(at, &step, next);
        }
        at = next;
        is_fit = is_fit && read_step(&path, &step);
    }
    if (!is_fit || *path) {
        json_object_put(v);
        return LLMGW_EUPBODY;
    }
    return put_child(at, &step, v) ? APR_SUCCESS : LLMGW_EUPBODY;
}

/* ---- values ------------------------------------------------------------- */

static apr_status_t flush_text(gemini_partial_t *partial)
{
    llmgw_str_t text = llmgw_buf_str(partial->text);

    if (!partial->has_text) {
        return APR_SUCCESS;
    }
    partial->has_text = 0;
    return place(partial, json_object_new_string_len(text.p, (int)text.len));
}

static apr_status_t set_path(gemini_partial_t *partial, llmgw_str_t path)
{
    apr_status_t rv;

    if (partial->has_text && llmgw_str_eq(llmgw_buf_str(partial->path),
                                          path)) {
        return APR_SUCCESS;
    }
    rv = flush_text(partial);
    llmgw_buf_clear(partial->path);
    return rv == APR_SUCCESS && path.len && !memchr(path.p, '\0', path.len)
        && llmgw_buf_put(partial->path, path) == APR_SUCCESS
        ? APR_SUCCESS : LLMGW_EUPBODY;
}

static apr_status_t take_text(gemini_partial_t *partial, llmgw_str_t text,
                              int more)
{
    if (!partial->has_text) {
        llmgw_buf_clear(partial->text);
        partial->has_text = 1;
    }
    if (llmgw_buf_put(partial->text, text) != APR_SUCCESS) {
        return LLMGW_EUPTOOBIG;
    }
    return more ? APR_SUCCESS : flush_text(partial);
}

/* A number keeps its digits. */
static node_t *make_number(const llmgw_json_t *v)
{
    char digits[64];
    double d = 0;

    if (v->len >= sizeof(digits) || llmgw_json_double(v, &d) != APR_SUCCESS) {
        return json_object_new_double(d);
    }
    memcpy(digits, v->text, v->len);
    digits[v->len] = '\0';
    return json_object_new_double_s(d, digits);
}

static apr_status_t take_value(gemini_partial_t *partial,
                               const llmgw_json_t *arg, llmgw_buf_t *scratch)
{
    int more = llmgw_json_bool(llmgw_json_lookup(arg, "willContinue"), 0);
    const llmgw_json_t *v;
    apr_status_t rv;

    rv = set_path(partial, llmgw_json_string_buf(
        llmgw_json_lookup(arg, "jsonPath"), scratch));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    v = llmgw_json_lookup_type(arg, "stringValue", LLMGW_JSON_STRING);
    if (v) {
        return take_text(partial, llmgw_json_string_buf(v, scratch), more);
    }
    v = llmgw_json_lookup_type(arg, "numberValue", LLMGW_JSON_NUMBER);
    if (v) {
        return place(partial, make_number(v));
    }
    v = llmgw_json_lookup(arg, "boolValue");
    if (v) {
        return place(partial, json_object_new_boolean(llmgw_json_bool(v, 0)));
    }
    return llmgw_json_lookup(arg, "nullValue") ? place(partial, NULL)
                                               : APR_SUCCESS;
}

apr_status_t llmgw_gemini_partial_take(gemini_partial_t *partial,
                                       const llmgw_json_t *args,
                                       llmgw_buf_t *scratch)
{
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(args, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(args, v)) {
        rv = take_value(partial, v, scratch);
    }
    return rv;
}

apr_status_t llmgw_gemini_partial_finish(gemini_partial_t *partial,
                                         llmgw_str_t *out)
{
    apr_status_t rv = flush_text(partial);
    const char *text;
    size_t len;

    partial->is_open = 0;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    text = json_object_to_json_string_length(
        partial->tree,
        JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &len);
    *out = llmgw_str_make(text, text ? len : 0);
    return text ? APR_SUCCESS : APR_ENOMEM;
}
