/* inflate.h: gzip and deflate, undone within a bound (zlib) */
#ifndef LLMGW_INFLATE_H
#define LLMGW_INFLATE_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include "llmgw/str.h"

typedef struct llmgw_inflate_t llmgw_inflate_t;

/** Receives inflated bytes; valid during the call; non-zero status ends. */
typedef apr_status_t (*llmgw_inflate_fn)(void *ctx, const char *data,
                                         apr_size_t len);

/**
 * Non-zero for codings this undoes: gzip, x-gzip, deflate (zlib form, or raw as
 * some send it), case-insensitive, as in Content-Encoding (RFC 9110, 8.4).
 */
int llmgw_inflate_knows(llmgw_str_t coding);

/**
 * Create one for one stream of bytes. Memory of zlib goes with pool p.
 * @param bytes_max the most it hands out; then LLMGW_ETOOBIG
 * @return APR_SUCCESS, LLMGW_EENCODING for a coding it does not know,
 *         APR_ENOMEM
 */
apr_status_t llmgw_inflate_create(llmgw_inflate_t **out, llmgw_str_t coding,
                                  apr_uint64_t bytes_max, apr_pool_t *p);

/**
 * Feed bytes. gzip members that follow each other are one stream (RFC 1952).
 * @return APR_SUCCESS, LLMGW_EBODY (not of that coding, damaged, or bytes after
 *         its end), LLMGW_ETOOBIG, or what fn returned
 */
apr_status_t llmgw_inflate_feed(llmgw_inflate_t *z, const char *data,
                                apr_size_t len, llmgw_inflate_fn fn,
                                void *ctx);

/**
 * The input ended. No byte at all is an empty body, and fine.
 * @return APR_SUCCESS, LLMGW_EBODY when it was cut short
 */
apr_status_t llmgw_inflate_finish(llmgw_inflate_t *z);

#endif /* LLMGW_INFLATE_H */
