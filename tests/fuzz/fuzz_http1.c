/* fuzz_http1.c: the same response, or the same refusal, in any split */
#include "fuzz.h"
#include "llmgw/error.h"
#include "llmgw/http1.h"

static const llmgw_http1_limits_t limits = { 512, 8, 2, 32, 256 };

typedef struct result_t {
    llmgw_http1_t *h;
    llmgw_buf_t *body;
    apr_status_t rv;            /* of feeding */
    apr_status_t finish;
    apr_size_t extra;
    int keep_alive;             /* before the connection's end */
} result_t;

static apr_status_t take_body(void *ctx, const char *data, apr_size_t len)
{
    FUZZ_CHECK(len > 0);
    return llmgw_buf_append(ctx, data, len);
}

static void feed_piece(result_t *res, llmgw_str_t piece)
{
    llmgw_http1_t *h = res->h;
    llmgw_http1_state_e before;
    apr_size_t used, had;

    do {
        before = h->state;
        had = res->body->len;
        res->rv = llmgw_http1_feed(h, piece.p, piece.len, &used, take_body,
                                   res->body);
        FUZZ_CHECK(used <= piece.len);
        FUZZ_CHECK(before != LLMGW_HTTP1_HEAD || res->body->len == had);
        FUZZ_CHECK(h->body_bytes == res->body->len);
        FUZZ_CHECK((res->rv != APR_SUCCESS)
                   == (h->state == LLMGW_HTTP1_FAILED));
        piece.p += used;
        piece.len -= used;
    } while (res->rv == APR_SUCCESS && piece.len && h->state != before);
    res->extra += piece.len;
    FUZZ_CHECK(!piece.len || h->state == LLMGW_HTTP1_DONE
               || h->state == LLMGW_HTTP1_FAILED);
}

static result_t run(const uint8_t *data, size_t size, int way, int head,
                    apr_pool_t *p)
{
    fuzz_cutter_t cutter = fuzz_cut(data, size, way);
    result_t res = { .extra = 0 };
    llmgw_str_t piece;

    res.h = llmgw_http1_create(p, &limits, head);
    res.body = llmgw_buf_create(p, 1 << 20);
    while (fuzz_next(&cutter, &piece)) {
        if (res.rv == APR_SUCCESS) {
            feed_piece(&res, piece);
        }
    }
    FUZZ_CHECK(llmgw_http1_untouched(res.h) == (size == 0));
    FUZZ_CHECK(res.body->len <= limits.body_bytes_max);
    FUZZ_CHECK(!res.h->keep_alive || res.h->state != LLMGW_HTTP1_DONE
               || res.h->framing != LLMGW_HTTP1_UNTIL_CLOSE);
    res.keep_alive = res.h->keep_alive;
    res.finish = llmgw_http1_finish(res.h);
    FUZZ_CHECK((res.finish == APR_SUCCESS)
               == (res.h->state == LLMGW_HTTP1_DONE));
    return res;
}

static void check_same(const result_t *a, const result_t *b)
{
    FUZZ_CHECK(a->rv == b->rv && a->finish == b->finish);
    FUZZ_CHECK(a->h->error == b->h->error);
    FUZZ_CHECK(a->keep_alive == b->keep_alive);
    FUZZ_CHECK(a->h->status == b->h->status);
    FUZZ_CHECK(a->h->framing == b->h->framing);
    FUZZ_CHECK(strcmp(a->h->reason, b->h->reason) == 0);
    FUZZ_CHECK(apr_table_elts(a->h->headers)->nelts
               == apr_table_elts(b->h->headers)->nelts);
    FUZZ_CHECK(a->rv != APR_SUCCESS || a->extra == b->extra);
    FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(a->body), llmgw_buf_str(b->body)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    result_t whole, cut;
    int head, way;

    for (head = 0; head < 2; head++) {
        whole = run(data, size, 0, head, p);
        for (way = 1; way < FUZZ_WAYS; way++) {
            cut = run(data, size, way, head, p);
            check_same(&whole, &cut);
        }
    }
    apr_pool_destroy(p);
    return 0;
}
