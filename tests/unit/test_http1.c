/* test_http1.c: reading responses in every split */
#include "unit.h"
#include "llmgw/buf.h"
#include "llmgw/error.h"
#include "llmgw/http1.h"

typedef struct run_t {
    llmgw_http1_limits_t limits;
    int head;                   /* answers HEAD */
    int closed;                 /* the connection ends after the bytes */
    apr_status_t status;        /* expected of the first call that fails */
    int http;                   /* expected, as all below */
    llmgw_http1_framing_e framing;
    const char *body;
    int keep_alive;
    apr_size_t extra;           /* bytes not used */
    const char *error;          /* what the last run said */
} run_t;

static apr_status_t take_body(void *ctx, const char *data, apr_size_t len)
{
    ck_assert_uint_gt(len, 0);
    return llmgw_buf_append(ctx, data, len);
}

/* Feed a piece until it is used up, the message is complete, or it fails. */
static apr_status_t feed_piece(llmgw_http1_t *h, llmgw_str_t piece,
                               llmgw_buf_t *body, apr_size_t *extra)
{
    llmgw_http1_state_e before;
    apr_size_t used, had;
    apr_status_t rv;

    do {
        before = h->state;
        had = body->len;
        rv = llmgw_http1_feed(h, piece.p, piece.len, &used, take_body, body);
        ck_assert_uint_le(used, piece.len);
        if (before == LLMGW_HTTP1_HEAD) {
            ck_assert_uint_eq(body->len, had);
        }
        ck_assert_uint_eq(h->body_bytes, body->len);
        piece.p += used;
        piece.len -= used;
    } while (rv == APR_SUCCESS && piece.len && h->state != before);
    *extra += piece.len;
    return rv;
}

static void run_pieces(void *ctx, const llmgw_str_t *pieces, int npieces)
{
    run_t *run = ctx;
    apr_size_t extra = 0;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *pool;
    llmgw_buf_t *body;
    llmgw_http1_t *h;
    int i;

    apr_pool_create(&pool, unit_pool);
    body = llmgw_buf_create(pool, 1 << 20);
    h = llmgw_http1_create(pool, &run->limits, run->head);
    ck_assert(llmgw_http1_untouched(h));
    for (i = 0; i < npieces && rv == APR_SUCCESS; i++) {
        rv = feed_piece(h, pieces[i], body, &extra);
    }
    if (rv == APR_SUCCESS && run->closed) {
        rv = llmgw_http1_finish(h);
    }
    run->error = h->error;
    ck_assert_msg(rv == run->status, "status %d, not %d: %s", rv,
                  run->status, h->error);
    if (run->status == APR_SUCCESS) {
        ck_assert_int_eq(h->state, LLMGW_HTTP1_DONE);
        ck_assert_int_eq(h->status, run->http);
        ck_assert_int_eq(h->framing, run->framing);
        ck_assert_int_eq(h->keep_alive, run->keep_alive);
        ck_assert_uint_eq(extra, run->extra);
        unit_assert_same(llmgw_buf_str(body), llmgw_str_of(run->body));
    }
    else {
        ck_assert_int_eq(h->state, LLMGW_HTTP1_FAILED);
        ck_assert_int_eq(h->keep_alive, 0);
        ck_assert_ptr_ne(h->error, NULL);
    }
    apr_pool_destroy(pool);
}

/* A 200 that is complete and leaves the connection fit for use. */
static void check_good(const char *in, llmgw_http1_framing_e framing,
                       const char *body)
{
    run_t run = { .http = 200, .framing = framing, .body = body,
                  .keep_alive = 1 };

    unit_each_split(llmgw_str_of(in), run_pieces, &run);
}

static void check_bad(const char *in, const char *error)
{
    run_t run = { .status = LLMGW_EHTTP };

    unit_each_split(llmgw_str_of(in), run_pieces, &run);
    ck_assert_str_eq(run.error, error);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CL(n) "Content-Length: " n "\r\n"
#define TE "Transfer-Encoding: chunked\r\n"

START_TEST(test_length)
{
    check_good(OK CL("5") "\r\nhello", LLMGW_HTTP1_LENGTH, "hello");
    check_good(OK CL("0") "\r\n", LLMGW_HTTP1_LENGTH, "");
    check_good(OK CL("2") CL("2") "\r\nab", LLMGW_HTTP1_LENGTH, "ab");
    check_good(OK CL("2, 2") "\r\nab", LLMGW_HTTP1_LENGTH, "ab");
    check_good(OK CL("0000000000000000000000002") "\r\nab",
               LLMGW_HTTP1_LENGTH, "ab");
    check_good("HTTP/1.1 200\ncontent-length:1\n\nx", LLMGW_HTTP1_LENGTH,
               "x");
}
END_TEST

START_TEST(test_chunked)
{
    check_good(OK TE "\r\n5\r\nhello\r\n0\r\n\r\n", LLMGW_HTTP1_CHUNKED,
               "hello");
    check_good(OK TE "\r\n0\r\n\r\n", LLMGW_HTTP1_CHUNKED, "");
    check_good(OK "transfer-encoding:\tCHUNKED \r\n\r\n"
               "1;a=b;c=\"d\"\r\nx\r\n00A ; x\r\n0123456789\r\n000;y\r\n\r\n",
               LLMGW_HTTP1_CHUNKED, "x0123456789");
    check_good(OK TE "\r\n1 \r\nx\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n",
               LLMGW_HTTP1_CHUNKED, "x");
    check_good(OK TE "\r\na\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n",
               LLMGW_HTTP1_CHUNKED, "0\r\n\r\n0\r\n\r\n");
}
END_TEST

START_TEST(test_until_close)
{
    run_t run = { .http = 200, .framing = LLMGW_HTTP1_UNTIL_CLOSE,
                  .body = "all the rest", .closed = 1 };

    unit_each_split(LLMGW_STR_LIT(OK "\r\nall the rest"), run_pieces, &run);
    run.body = "";
    unit_each_split(LLMGW_STR_LIT("HTTP/1.0 200 OK\r\nConnection: keep-alive"
                                  "\r\n\r\n"), run_pieces, &run);
}
END_TEST

START_TEST(test_no_body)
{
    run_t run = { .http = 200, .framing = LLMGW_HTTP1_NO_BODY, .body = "",
                  .head = 1, .keep_alive = 1 };

    unit_each_split(LLMGW_STR_LIT(OK CL("500") "\r\n"), run_pieces, &run);
    unit_each_split(LLMGW_STR_LIT(OK TE "\r\n"), run_pieces, &run);
    run.head = 0;
    run.http = 304;
    unit_each_split(LLMGW_STR_LIT("HTTP/1.1 304 \r\n" CL("500") "\r\n"),
                    run_pieces, &run);
    run.http = 204;
    unit_each_split(LLMGW_STR_LIT("HTTP/1.1 204 x\r\n\r\n"), run_pieces,
                    &run);
    run.keep_alive = 0;
    unit_each_split(LLMGW_STR_LIT("HTTP/1.1 204 x\r\n" CL("5") "\r\n"),
                    run_pieces, &run);
}
END_TEST

START_TEST(test_interim)
{
    run_t run = { .limits = { .interim_max = 2 }, .status = LLMGW_EUPTOOBIG };

    check_good("HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 103 Early\r\n"
               CL("7") "\r\n" OK CL("2") "\r\nhi", LLMGW_HTTP1_LENGTH, "hi");
    check_bad("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
              "101 without an upgrade having been asked for");
    unit_each_split(LLMGW_STR_LIT("HTTP/1.1 100 a\r\n\r\nHTTP/1.1 100 b\r\n"
                                  "\r\nHTTP/1.1 100 c\r\n\r\n"), run_pieces,
                    &run);
}
END_TEST

START_TEST(test_extra)
{
    run_t run = { .http = 200, .framing = LLMGW_HTTP1_LENGTH, .body = "ab" };
    llmgw_str_t in = LLMGW_STR_LIT(OK CL("2") "\r\nabHTTP/1.1 200 OK\r\n");

    run.extra = 17;
    unit_each_split(in, run_pieces, &run);
    run.framing = LLMGW_HTTP1_CHUNKED;
    run.extra = 1;
    unit_each_split(LLMGW_STR_LIT(OK TE "\r\n2\r\nab\r\n0\r\n\r\n\n"),
                    run_pieces, &run);
    run.framing = LLMGW_HTTP1_NO_BODY;
    run.body = "";
    run.head = 1;
    run.extra = 4;
    unit_each_split(LLMGW_STR_LIT(OK CL("4") "\r\nbody"), run_pieces, &run);
}
END_TEST

START_TEST(test_status_line)
{
    static const char *const bad[] = {
        "HTTP/2 200 OK", "HTTP/2.0 200 OK", "http/1.1 200 OK", "HTTP/1.1",
        "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK", "HTTP/1.x 200 OK", "HTTP/1.1 2x0 OK", "",
        "HTTP/1.1 200OK", "HTTP/1.1 200 O\001K", "HTTP/1.1 200 a\rb",
        "ICY 200 OK", "{\"error\":1}", " HTTP/1.1 200 OK"
    };
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_bad(apr_pstrcat(unit_pool, bad[i], "\r\n", NULL),
                  "malformed status line");
    }
    check_bad("HTTP/1.1 099 x\r\n", "status code out of range");
    check_bad("HTTP/1.1 600 x\r\n", "status code out of range");
    check_bad("HTTP/1.1 000 x\r\n", "status code out of range");
    check_good("HTTP/1.1 200 \xc3\xa9 \tx\r\n" CL("0") "\r\n",
               LLMGW_HTTP1_LENGTH, "");
}
END_TEST

START_TEST(test_fields)
{
    check_bad(OK "A: 1\r\n folded\r\n\r\n", "folded field line");
    check_bad(OK "\tfolded\r\n\r\n", "folded field line");
    check_bad(OK "Name : 1\r\n", "malformed field name");
    check_bad(OK ": 1\r\n", "malformed field name");
    check_bad(OK "N\xc3\xa9: 1\r\n", "malformed field name");
    check_bad(OK "N(x): 1\r\n", "malformed field name");
    check_bad(OK "Nothing\r\n", "field line without a colon");
    check_bad(OK "A: a\rb\r\n", "control character in a field");
    check_bad(OK "A: b\r\r\n", "control character in a field");
    check_bad(OK "A: a\x7f\r\n", "control character in a field");
    check_bad(OK "\r\r\n", "field line without a colon");
}
END_TEST

START_TEST(test_ambiguous)
{
    check_bad(OK CL("1") CL("2") "\r\n",
              "malformed or differing Content-Length");
    check_bad(OK CL("1, 2") "\r\n", "malformed or differing Content-Length");
    check_bad(OK CL("+1") "\r\n", "malformed or differing Content-Length");
    check_bad(OK CL("") "\r\n", "malformed or differing Content-Length");
    check_bad(OK CL("0x1") "\r\n", "malformed or differing Content-Length");
    check_bad(OK CL("99999999999999999999") "\r\n",
              "malformed or differing Content-Length");
    check_bad(OK CL("1") TE "\r\n",
              "Content-Length beside Transfer-Encoding");
    check_bad("HTTP/1.0 200 OK\r\n" TE "\r\n",
              "Transfer-Encoding in HTTP/1.0");
    check_bad(OK TE TE "\r\n", "unknown transfer coding");
    check_bad(OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
              "unknown transfer coding");
    check_bad(OK "Transfer-Encoding: identity\r\n\r\n",
              "unknown transfer coding");
    check_bad(OK "Transfer-Encoding: chunked;q=1\r\n\r\n",
              "unknown transfer coding");
}
END_TEST

START_TEST(test_bad_chunks)
{
    static const char *const lines[] = {
        "\r\n", ";x\r\n", "x\r\n", "-1\r\n", "0x5\r\n", " 5\r\n", "5 5\r\n",
        "5;a\001\r\n", "5\r;\r\n", "+5\r\n", "5,\r\n"
    };
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        check_bad(apr_pstrcat(unit_pool, OK TE "\r\n", lines[i], NULL),
                  "malformed chunk line");
    }
    check_bad(OK TE "\r\n5\nhello", "chunk line without CRLF");
    check_bad(OK TE "\r\n5\r\nhelloX\n", "chunk longer than its size");
    check_bad(OK TE "\r\n5\r\nhello\n0\r\n", "chunk longer than its size");
    check_bad(OK TE "\r\n5\r\nhello\rX", "chunk longer than its size");
    check_bad(OK TE "\r\n10000000000000000\r\n", "chunk size out of range");
    check_bad(OK TE "\r\n0\r\nbad trailer\r\n", "field line without a colon");
    check_bad(OK TE "\r\n0\r\n a: 1\r\n", "folded field line");
}
END_TEST

START_TEST(test_truncated)
{
    static const char *const cut[] = {
        "H", OK, OK CL("5"), OK CL("5") "\r\n", OK CL("5") "\r\nhell",
        OK TE "\r\n", OK TE "\r\n5\r\nhello", OK TE "\r\n5\r\nhello\r\n0\r\n",
        OK TE "\r\n5\r\nhello\r\n0\r\nX: 1\r\n", "HTTP/1.1 100 x\r\n\r\n"
    };
    run_t run = { .closed = 1, .status = LLMGW_ETRUNCATED };
    size_t i;

    for (i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        unit_each_split(llmgw_str_of(cut[i]), run_pieces, &run);
    }
    run.status = LLMGW_ERESET;
    run_pieces(&run, NULL, 0);
}
END_TEST

START_TEST(test_finish_done)
{
    run_t run = { .closed = 1, .http = 200, .body = "a",
                  .framing = LLMGW_HTTP1_LENGTH };

    unit_each_split(LLMGW_STR_LIT(OK CL("1") "\r\na"), run_pieces, &run);
}
END_TEST

START_TEST(test_head_bounds)
{
    run_t run = { .limits = { .head_bytes_max = 64, .fields_max = 2 },
                  .status = LLMGW_EUPTOOBIG };

    unit_each_split(LLMGW_STR_LIT(OK "A: 0123456789012345678901234567890123"
                                  "456789012345678901234567890\r\n\r\n"),
                    run_pieces, &run);
    ck_assert_str_eq(run.error, "head too long");
    unit_each_split(LLMGW_STR_LIT(OK "A:1\r\nB:2\r\nC:3\r\n\r\n"), run_pieces,
                    &run);
    ck_assert_str_eq(run.error, "too many fields");
    unit_each_split(LLMGW_STR_LIT(OK TE "\r\n0\r\nA:1\r\nB:2\r\nC:3\r\n\r\n"),
                    run_pieces, &run);
    ck_assert_str_eq(run.error, "too many fields");
}
END_TEST

START_TEST(test_body_bounds)
{
    run_t run = { .limits = { .chunk_line_max = 8, .body_bytes_max = 4 },
                  .status = LLMGW_EUPTOOBIG };

    unit_each_split(LLMGW_STR_LIT(OK CL("5") "\r\nhello"), run_pieces, &run);
    unit_each_split(LLMGW_STR_LIT(OK "\r\nhello"), run_pieces, &run);
    unit_each_split(LLMGW_STR_LIT(OK TE "\r\n2\r\nab\r\n3\r\ncde\r\n"),
                    run_pieces, &run);
    unit_each_split(LLMGW_STR_LIT(OK TE "\r\nffffffffffffffff"), run_pieces,
                    &run);
    ck_assert_str_eq(run.error, "chunk line too long");
    run.status = APR_SUCCESS;
    run.http = 200;
    run.body = "abcd";
    run.keep_alive = 1;
    run.framing = LLMGW_HTTP1_CHUNKED;
    unit_each_split(LLMGW_STR_LIT(OK TE "\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n"),
                    run_pieces, &run);
}
END_TEST

START_TEST(test_headers)
{
    llmgw_str_t in = LLMGW_STR_LIT("HTTP/1.1 100 x\r\nLost: 1\r\n\r\n"
                                   "HTTP/1.1 429 Too Many\r\nRetry-After:  7 "
                                   "\r\nX: \r\nX: 2\r\n" CL("2") "\r\n{}");
    llmgw_http1_t *h = llmgw_http1_create(unit_pool, NULL, 0);
    llmgw_buf_t *body = llmgw_buf_create(unit_pool, 100);
    apr_size_t used;

    unit_assert_ok(llmgw_http1_feed(h, in.p, in.len, &used, take_body, body));
    ck_assert_int_eq(h->state, LLMGW_HTTP1_BODY);
    ck_assert_uint_eq(used, in.len - 2);
    ck_assert(!llmgw_http1_untouched(h));
    ck_assert_int_eq(h->status, 429);
    ck_assert_int_eq(h->minor, 1);
    ck_assert_str_eq(h->reason, "Too Many");
    ck_assert_str_eq(apr_table_get(h->headers, "retry-after"), "7");
    ck_assert_ptr_eq(apr_table_get(h->headers, "Lost"), NULL);
    ck_assert_str_eq(apr_table_get(h->headers, "x"), "");
    ck_assert_int_eq(apr_table_elts(h->headers)->nelts, 4);
    unit_assert_ok(llmgw_http1_feed(h, in.p + used, 2, &used, take_body,
                                    body));
    ck_assert_int_eq(h->state, LLMGW_HTTP1_DONE);
    ck_assert_int_eq(h->keep_alive, 1);
    unit_assert_ok(llmgw_http1_feed(h, "", 0, &used, take_body, body));
    ck_assert_int_eq(h->keep_alive, 1);
    unit_assert_ok(llmgw_http1_feed(h, "x", 1, &used, take_body, body));
    ck_assert_uint_eq(used, 0);
    ck_assert_int_eq(h->keep_alive, 0);
}
END_TEST

static apr_status_t refuse_body(void *ctx, const char *data, apr_size_t len)
{
    (void)ctx;
    (void)data;
    (void)len;
    return LLMGW_ECLIENTGONE;
}

START_TEST(test_stop)
{
    llmgw_str_t in = LLMGW_STR_LIT(OK CL("2") "\r\n");
    llmgw_http1_t *h = llmgw_http1_create(unit_pool, NULL, 0);
    apr_size_t used;

    unit_assert_ok(llmgw_http1_feed(h, in.p, in.len, &used, refuse_body,
                                    NULL));
    unit_assert_status(llmgw_http1_feed(h, "ab", 2, &used, refuse_body, NULL),
                       LLMGW_ECLIENTGONE);
    ck_assert_int_eq(h->state, LLMGW_HTTP1_FAILED);
    ck_assert_int_eq(h->keep_alive, 0);
    unit_assert_status(llmgw_http1_finish(h), LLMGW_ECLIENTGONE);
}
END_TEST

UNIT_MAIN("http1", test_length, test_chunked, test_until_close, test_no_body,
          test_interim, test_extra, test_status_line, test_fields,
          test_ambiguous, test_bad_chunks, test_truncated, test_finish_done,
          test_head_bounds, test_body_bounds, test_headers, test_stop)
