/* splice.h: changing a few top-level members of a JSON text, nothing else */
#ifndef LLMGW_SPLICE_H
#define LLMGW_SPLICE_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include "llmgw/str.h"

/** A change: give a top-level member this raw JSON value, or remove it. */
typedef struct llmgw_splice_t {
    const char *name;           /* unescaped name */
    llmgw_str_t value;          /* raw JSON; never given: remove the member */
} llmgw_splice_t;

/**
 * Cut a text that is a JSON object (llmgw_json_scan() said so) into pieces
 * that, put together, are the same text with the changes made: the first
 * member of a name gets the new value where it stands, further ones of that
 * name are removed, an absent one is added at the end. Every other byte stays.
 * No byte of the text is copied: pieces point into it and into the changes.
 * @param pieces set to an array in pool p, npieces >= 1
 * @return APR_SUCCESS; LLMGW_EJSON when the text is not a JSON object
 */
apr_status_t llmgw_splice_make(const char *text, apr_size_t len,
                               const llmgw_splice_t *changes, int nchanges,
                               llmgw_str_t **pieces, int *npieces,
                               apr_pool_t *p);

/** Put pieces together, in pool p; one piece alone comes back as it is. */
llmgw_str_t llmgw_splice_join(const llmgw_str_t *pieces, int npieces,
                              apr_pool_t *p);

#endif /* LLMGW_SPLICE_H */
