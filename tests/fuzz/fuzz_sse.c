/* fuzz_sse.c: the same events in any split, and written events read back */
#include "fuzz.h"
#include "llmgw/error.h"
#include "llmgw/sse.h"

#define BYTES_MAX 1024

typedef struct log_t {
    llmgw_buf_t *events;
    llmgw_buf_t *written;       /* by llmgw_sse_put(); NULL: not wanted */
    apr_size_t fed;             /* before this chunk */
    apr_size_t last;            /* where the last event ended */
    apr_size_t chunk;
} log_t;

static void put(llmgw_buf_t *b, char mark, llmgw_str_t s)
{
    llmgw_buf_printf(b, "%c%d:", mark, s.p ? (int)s.len : -1);
    llmgw_buf_put(b, s);
}

static apr_status_t note_event(void *ctx, const llmgw_sse_event_t *ev)
{
    log_t *log = ctx;
    char *type;

    FUZZ_CHECK(ev->consumed <= log->chunk);
    if (ev->consumed) {
        FUZZ_CHECK(log->fed + ev->consumed > log->last);
        log->last = log->fed + ev->consumed;
    }
    if (ev->data.p) {
        put(log->events, 'd', ev->data);
        put(log->events, 't', ev->type);
        FUZZ_CHECK(!memchr(ev->data.p, '\r', ev->data.len));
    }
    put(log->events, 'i', ev->id);
    if (log->written && ev->data.p
        && !(ev->type.p && memchr(ev->type.p, '\0', ev->type.len))) {
        type = ev->type.p ? strndup(ev->type.p, ev->type.len) : NULL;
        FUZZ_CHECK(llmgw_sse_put(log->written, type, ev->data)
                   == APR_SUCCESS);
        free(type);
    }
    return APR_SUCCESS;
}

static apr_status_t run(const uint8_t *data, size_t size, int way, log_t *log,
                        apr_pool_t *p)
{
    llmgw_sse_t *sse = llmgw_sse_create(p, BYTES_MAX, note_event, log);
    fuzz_cutter_t cutter = fuzz_cut(data, size, way);
    apr_status_t rv = APR_SUCCESS;
    llmgw_str_t piece;

    log->events = llmgw_buf_create(p, 1 << 26);
    log->fed = log->last = 0;
    while (fuzz_next(&cutter, &piece)) {
        log->chunk = piece.len;
        if (rv == APR_SUCCESS) {
            rv = llmgw_sse_feed(sse, piece.p, piece.len);
        }
        log->fed += piece.len;
    }
    if (rv == APR_SUCCESS) {
        llmgw_buf_printf(log->events, "p%d", llmgw_sse_pending(sse));
    }
    log->chunk = 0;
    FUZZ_CHECK(rv == APR_SUCCESS || rv == LLMGW_EUPTOOBIG);
    return llmgw_sse_finish(sse);
}

static apr_status_t note_pair(void *ctx, const llmgw_sse_event_t *ev)
{
    put(ctx, 'd', ev->data);
    put(ctx, 't', ev->type);
    return APR_SUCCESS;
}

/* What was written reads as what was written again from it. */
static void check_written(llmgw_buf_t *written, apr_pool_t *p)
{
    llmgw_buf_t *once = llmgw_buf_create(p, 1 << 26);
    llmgw_buf_t *again = llmgw_buf_create(p, 1 << 26);
    log_t log = { .events = once, .written = again, .chunk = written->len };
    llmgw_sse_t *sse = llmgw_sse_create(p, 1 << 20, note_event, &log);

    FUZZ_CHECK(llmgw_sse_feed(sse, written->data, written->len)
               == APR_SUCCESS);
    FUZZ_CHECK(!llmgw_sse_pending(sse));
    FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(written), llmgw_buf_str(again)));
    sse = llmgw_sse_create(p, 1 << 20, note_pair, once);
    FUZZ_CHECK(llmgw_sse_feed(sse, again->data, again->len) == APR_SUCCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    llmgw_buf_t *written = llmgw_buf_create(p, 1 << 26);
    log_t first = { .written = written }, other = { .written = NULL };
    apr_status_t rv = run(data, size, 0, &first, p);
    int way;

    for (way = 1; way < FUZZ_WAYS; way++) {
        FUZZ_CHECK(run(data, size, way, &other, p) == rv);
        FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(first.events),
                                llmgw_buf_str(other.events)));
    }
    if (written->len) {
        check_written(written, p);
    }
    apr_pool_destroy(p);
    return 0;
}
