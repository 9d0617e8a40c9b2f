/* buf.h: a growing byte buffer that never grows past its bound */
#ifndef LLMGW_BUF_H
#define LLMGW_BUF_H

#include <stdarg.h>
#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include "llmgw/str.h"

/**
 * Bytes gathered in memory of their own (not the pool's, so that growing leaves
 * nothing behind, and what is large goes back to the system); freed by the
 * pool's cleanup. Read data and len freely; change them through the functions
 * only. data[len] is always NUL once anything was appended.
 *
 * Failure sticks: after an append failed, `failed` holds its status, later
 * appends do nothing and return it, until llmgw_buf_clear(). A writer may
 * therefore append many pieces and look at the status once, at the end.
 */
typedef struct llmgw_buf_t {
    char *data;
    apr_size_t len;
    apr_size_t cap;           /* bytes allocated */
    apr_size_t bytes_max;     /* len never exceeds this */
    apr_status_t failed;      /* APR_SUCCESS, LLMGW_ETOOBIG or APR_ENOMEM */
} llmgw_buf_t;

/**
 * Create an empty buffer whose memory is released with pool p.
 * @param bytes_max the most it may hold; 1 .. APR_SIZE_MAX / 2
 */
llmgw_buf_t *llmgw_buf_create(apr_pool_t *p, apr_size_t bytes_max);

/** Append len bytes. @return APR_SUCCESS, LLMGW_ETOOBIG, APR_ENOMEM */
apr_status_t llmgw_buf_append(llmgw_buf_t *b, const char *data,
                              apr_size_t len);

/** Append a C string. Status as llmgw_buf_append(). */
apr_status_t llmgw_buf_puts(llmgw_buf_t *b, const char *z);

/** Append a string. Status as llmgw_buf_append(). */
apr_status_t llmgw_buf_put(llmgw_buf_t *b, llmgw_str_t s);

/** Append one byte. Status as llmgw_buf_append(). */
apr_status_t llmgw_buf_putc(llmgw_buf_t *b, char c);

/** Append what apr_vformatter makes of the arguments. */
apr_status_t llmgw_buf_printf(llmgw_buf_t *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * Make room for len more bytes, to be written at data + len by the caller and
 * then counted with llmgw_buf_commit(). Status as llmgw_buf_append().
 */
apr_status_t llmgw_buf_reserve(llmgw_buf_t *b, apr_size_t len);

/** Count len bytes that were written after a llmgw_buf_reserve(). */
void llmgw_buf_commit(llmgw_buf_t *b, apr_size_t len);

/** Drop the first len bytes (at most all); the rest moves to the front. */
void llmgw_buf_consume(llmgw_buf_t *b, apr_size_t len);

/** Empty it, keep the memory, forget a failure. */
void llmgw_buf_clear(llmgw_buf_t *b);

/** Empty it and give its memory back now; it can be used again. */
void llmgw_buf_free(llmgw_buf_t *b);

/** What it holds; valid until the buffer next changes. */
static inline llmgw_str_t llmgw_buf_str(const llmgw_buf_t *b)
{
    return llmgw_str_make(b->data ? b->data : "", b->len);
}

#endif /* LLMGW_BUF_H */
