/* http1.h: reading an HTTP/1.1 response from any split of the bytes */
#ifndef LLMGW_HTTP1_H
#define LLMGW_HTTP1_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include "llmgw/str.h"

/** Bounds. A zero field means the default beside it. */
typedef struct llmgw_http1_limits_t {
    apr_size_t head_bytes_max;    /* 64 KiB: status line and fields of a head */
    unsigned int fields_max;      /* 256 fields a head; trailers count alike */
    unsigned int interim_max;     /* 16 interim (1xx) responses */
    apr_size_t chunk_line_max;    /* 4 KiB: chunk size and extensions */
    apr_uint64_t body_bytes_max;  /* 64 MiB of body */
} llmgw_http1_limits_t;

typedef enum llmgw_http1_framing_e {
    LLMGW_HTTP1_NO_BODY,          /* HEAD, 204, 304 */
    LLMGW_HTTP1_LENGTH,
    LLMGW_HTTP1_CHUNKED,
    LLMGW_HTTP1_UNTIL_CLOSE
} llmgw_http1_framing_e;

typedef enum llmgw_http1_state_e {
    LLMGW_HTTP1_HEAD,             /* reading the head */
    LLMGW_HTTP1_BODY,             /* head complete, body not */
    LLMGW_HTTP1_DONE,             /* message complete */
    LLMGW_HTTP1_FAILED
} llmgw_http1_state_e;

/** A response being read. Fields are for reading. */
typedef struct llmgw_http1_t {
    llmgw_http1_state_e state;
    int status;                   /* 200 .. 599, valid from state BODY on */
    int minor;                    /* HTTP/1.minor */
    const char *reason;           /* may be empty */
    apr_table_t *headers;         /* in the pool given to create */
    llmgw_http1_framing_e framing;
    apr_uint64_t body_bytes;      /* body bytes handed out so far */
    int keep_alive;               /* the connection may be used again */
    const char *error;            /* constant text, state FAILED */
} llmgw_http1_t;

/** Receives body bytes, framing removed. Status as usual; non-zero ends. */
typedef apr_status_t (*llmgw_http1_body_fn)(void *ctx, const char *data,
                                            apr_size_t len);

/**
 * Create a reader for the answer to one request.
 * @param head non-zero when the request's method was HEAD
 */
llmgw_http1_t *llmgw_http1_create(apr_pool_t *p,
                                  const llmgw_http1_limits_t *limits,
                                  int head);

/**
 * Feed bytes as they come from the connection. Returns when all are used, when
 * the head is complete (once, so that the caller can look at it before it gets
 * the body: call again with the rest), or when the message is complete.
 * @param used set to how many bytes were used
 * @param fn called with body bytes; never during the call that completes the
 *           head
 * @return APR_SUCCESS; LLMGW_EHTTP for what RFC 9112 tells a client to refuse
 *         (also obs-fold, a bare CR, space before the colon, several differing
 *         Content-Length, Content-Length beside Transfer-Encoding, a coding
 *         other than chunked, a status outside 100..599); LLMGW_EUPTOOBIG for a
 *         bound; or what fn returned
 */
apr_status_t llmgw_http1_feed(llmgw_http1_t *h, const char *data,
                              apr_size_t len, apr_size_t *used,
                              llmgw_http1_body_fn fn, void *ctx);

/**
 * The connection ended.
 * @return APR_SUCCESS when the message is complete, also for UNTIL_CLOSE;
 *         LLMGW_ERESET when nothing of the head had come; LLMGW_ETRUNCATED
 */
apr_status_t llmgw_http1_finish(llmgw_http1_t *h);

/** Non-zero when not one byte of the response has been seen. */
int llmgw_http1_untouched(const llmgw_http1_t *h);

#endif /* LLMGW_HTTP1_H */
