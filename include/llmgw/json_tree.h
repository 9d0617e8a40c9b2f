/* json_tree.h: a tree that can be changed (json-c), for what is not streamed */
#ifndef LLMGW_JSON_TREE_H
#define LLMGW_JSON_TREE_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <json-c/json_object.h>
#include "llmgw/buf.h"
#include "llmgw/json.h"

/*
 * The one place where json-c is used. A tree is built from parsed nodes, so
 * the grammar is that of json.h and numbers keep their digits: 1E400,
 * 12345678901234567890 and -0 print as they came.
 */

/**
 * Build a json-c tree of a node and all below it. A name that stands twice
 * keeps its first value, as llmgw_json_lookup() has it.
 * @param out owned by pool p (released by its cleanup); take a reference with
 *            json_object_get() to keep a part longer; NULL for a lone null
 * @return APR_SUCCESS; LLMGW_EJSON for a name with \u0000 in it, which json-c
 *         cannot hold; APR_ENOMEM
 */
apr_status_t llmgw_json_tree_create(struct json_object **out,
                                    const llmgw_json_t *node, apr_pool_t *p);

/** Parse a text into a tree; statuses of llmgw_json_parse(). */
apr_status_t llmgw_json_tree_parse(struct json_object **out, const char *text,
                                   apr_size_t len,
                                   const llmgw_json_limits_t *limits,
                                   apr_pool_t *p, llmgw_json_error_t *err);

/** An empty object owned by pool p. NULL when out of memory. */
struct json_object *llmgw_json_tree_object(apr_pool_t *p);

/** Print a tree, without spaces and without escaping the slash. */
apr_status_t llmgw_json_tree_print(llmgw_buf_t *out, struct json_object *tree);

#endif /* LLMGW_JSON_TREE_H */
