/* schema.h: rewriting schemas, within its two files */
#ifndef LLMGW_GEMINI_SCHEMA_H
#define LLMGW_GEMINI_SCHEMA_H

#include <string.h>
#include <json-c/json_object.h>
#include <json-c/linkhash.h>
#include "gemini.h"

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
    apr_size_t bytes;           /* of texts that were copied */
    apr_size_t bytes_max;
    apr_pool_t *p;
} rewriting_t;

/** Any schema, schema.c. @param up those it is within; a new node is owned by
 * the caller */
node_t *llmgw_gemini_rewrite(rewriting_t *rw, node_t *in, const frame_t *up);

/** The branches of an anyOf; in: what stands beside it, may be NULL. */
node_t *llmgw_gemini_rewrite_any(rewriting_t *rw, node_t *in, node_t *any,
                                 const frame_t *frame);

/** A schema of one type, schema_type.c. */
node_t *llmgw_gemini_rewrite_type(rewriting_t *rw, node_t *in,
                                  const frame_t *frame);

/* ---- json-c in short ---------------------------------------------------- */

static inline node_t *get(node_t *obj, const char *name)
{
    node_t *v = NULL;

    return json_object_is_type(obj, json_type_object)
        && json_object_object_get_ex(obj, name, &v) ? v : NULL;
}

static inline node_t *get_type(node_t *obj, const char *name,
                               enum json_type type)
{
    node_t *v = get(obj, name);

    return json_object_is_type(v, type) ? v : NULL;
}

static inline void set(node_t *obj, const char *name, node_t *v)
{
    json_object_object_add(obj, name, v);
}

static inline void set_string(node_t *obj, const char *name, const char *text)
{
    set(obj, name, json_object_new_string(text));
}

static inline int is_string(node_t *v, const char *text)
{
    return json_object_is_type(v, json_type_string)
        && strcmp(json_object_get_string(v), text) == 0;
}

static inline node_t *make_type(const char *type)
{
    node_t *out = json_object_new_object();

    set_string(out, "type", type);
    return out;
}

/** Count the bytes of a value that is to be written (again). @return 0 when
 * it would be too much */
static inline int spend(rewriting_t *rw, node_t *v)
{
    size_t len = 0;

    if (json_object_is_type(v, json_type_string)) {
        len = (size_t)json_object_get_string_len(v);
    }
    else if (json_object_is_type(v, json_type_object)
             || json_object_is_type(v, json_type_array)) {
        json_object_to_json_string_length(v, JSON_C_TO_STRING_PLAIN, &len);
    }
    rw->bytes += len;
    return rw->bytes <= rw->bytes_max;
}

static inline void copy(rewriting_t *rw, node_t *out, node_t *in,
                        const char *name, enum json_type type)
{
    node_t *v = get(in, name);

    if (v && (json_object_is_type(v, type)
              || (type == json_type_double
                  && json_object_is_type(v, json_type_int))) && spend(rw, v)) {
        set(out, name, json_object_get(v));
    }
}

static inline int is_null(node_t *schema)
{
    return is_string(get(schema, "type"), "null");
}

#endif /* LLMGW_GEMINI_SCHEMA_H */
