/* sse.h: server-sent events, read from any split of the bytes, and written */
#ifndef LLMGW_SSE_H
#define LLMGW_SSE_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include "llmgw/buf.h"
#include "llmgw/str.h"

/**
 * An event as it was dispatched, or a block of comments only. Valid during the
 * callback.
 */
typedef struct llmgw_sse_event_t {
    llmgw_str_t type;           /* "event" field; never given if there was none */
    llmgw_str_t data;           /* data lines joined by LF; never given if none */
    llmgw_str_t id;             /* last id seen, persists between events */
    /**
     * Bytes of the chunk now being fed up to and including the event's last
     * line end: what was fed before and this many bytes make up everything to
     * the end of this event.
     */
    apr_size_t consumed;
} llmgw_sse_event_t;

/**
 * Called at each blank line that ends a block (WHATWG HTML, 9.2.6), also for
 * blocks without data (data.p == NULL: a comment, a lone event field), which a
 * browser would not dispatch but a relay must pass on.
 * @return APR_SUCCESS to go on; anything else ends feeding with that status
 */
typedef apr_status_t (*llmgw_sse_fn)(void *ctx, const llmgw_sse_event_t *ev);

typedef struct llmgw_sse_t llmgw_sse_t;

/**
 * Create a parser. LF, CRLF and CR end lines; a byte order mark at the start is
 * skipped; with CRLF split over two feeds the LF belongs to the event before.
 * @param event_bytes_max bound on type, data and one line each (LLMGW_EUPTOOBIG)
 */
llmgw_sse_t *llmgw_sse_create(apr_pool_t *p, apr_size_t event_bytes_max,
                              llmgw_sse_fn fn, void *ctx);

/** Feed bytes. @return APR_SUCCESS, LLMGW_EUPTOOBIG, or what fn returned */
apr_status_t llmgw_sse_feed(llmgw_sse_t *sse, const char *data,
                            apr_size_t len);

/**
 * Say that the stream ended. A block without its blank line is dispatched with
 * consumed == 0 if it has data: LLM servers are known to leave the last one off.
 * (By the standard it is dropped; `dropped_tail` callers can tell by
 * llmgw_sse_pending() before finishing.)
 */
apr_status_t llmgw_sse_finish(llmgw_sse_t *sse);

/** Non-zero when part of an event has been read that is not dispatched yet. */
int llmgw_sse_pending(const llmgw_sse_t *sse);

/**
 * Append an event: "event: TYPE\n" if type is given, a "data: " line for each
 * line of data, and a blank line.
 */
apr_status_t llmgw_sse_put(llmgw_buf_t *out, const char *type,
                           llmgw_str_t data);

/** Append a comment line and a blank line; text must not have a line end. */
apr_status_t llmgw_sse_put_comment(llmgw_buf_t *out, const char *text);

#endif /* LLMGW_SSE_H */
