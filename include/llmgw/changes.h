/* changes.h: what a target changes in the body it is sent */
#ifndef LLMGW_CHANGES_H
#define LLMGW_CHANGES_H

#include <apr_pools.h>
#include <apr_tables.h>
#include "llmgw/splice.h"

/*
 * The options set.MEMBER=VALUE and drop=MEMBER[,MEMBER] of LLMTarget, read into
 * the changes (an array of llmgw_splice_t) that llmgw_splice_make() makes in a
 * body. All functions return NULL, or a phrase that says what is wrong with the
 * value, in pool p.
 */

/**
 * Read one set.MEMBER=VALUE.
 * @param member name of a top-level member; kept, not copied
 * @param value a JSON text, which is kept as it is; anything else is the
 *              member's value as a string. What begins as a JSON string, array
 *              or object does, and is none, is refused, and so is no value.
 */
const char *llmgw_changes_set(apr_array_header_t *changes, const char *member,
                              const char *value, apr_pool_t *p);

/** Read one drop=: the names of members, comma between. */
const char *llmgw_changes_drop(apr_array_header_t *changes,
                               const char *members, apr_pool_t *p);

/** The change of that member; NULL if there is none. */
const llmgw_splice_t *llmgw_changes_lookup(const apr_array_header_t *changes,
                                           const char *member);

#endif /* LLMGW_CHANGES_H */
