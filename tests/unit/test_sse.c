/* test_sse.c: server-sent events in every split, and writing them */
#include "unit.h"
#include "llmgw/buf.h"
#include "llmgw/error.h"
#include "llmgw/json.h"
#include "llmgw/sse.h"

/* What a run saw, as text: "[type|data|id]" for each event or block. */
typedef struct run_t {
    llmgw_buf_t *log;
    int blocks;                 /* also log blocks without data */
    int finish;                 /* say that the stream ended */
    apr_status_t stop;          /* what the callback returns */
    apr_size_t bytes_max;
    apr_size_t fed;             /* before the chunk now being fed */
    apr_size_t last;            /* end of the last event */
    int pending;
    apr_status_t rv;
    apr_status_t stop_rv;       /* what rv should be at the end of feeding */
    const char *expected;
} run_t;

static void put_field(llmgw_buf_t *log, llmgw_str_t s)
{
    if (s.p) {
        llmgw_json_put_string(log, s);
    }
    else {
        llmgw_buf_putc(log, '-');
    }
}

static apr_status_t note_event(void *ctx, const llmgw_sse_event_t *ev)
{
    run_t *run = ctx;

    if (ev->consumed) {
        ck_assert_uint_gt(run->fed + ev->consumed, run->last);
        run->last = run->fed + ev->consumed;
    }
    if (run->blocks || ev->data.p) {
        llmgw_buf_putc(run->log, '[');
        put_field(run->log, ev->type);
        put_field(run->log, ev->data);
        put_field(run->log, ev->id);
        llmgw_buf_putc(run->log, ']');
    }
    return run->stop;
}

static void run_pieces(void *ctx, const llmgw_str_t *pieces, int npieces)
{
    run_t *run = ctx;
    apr_size_t max = run->bytes_max ? run->bytes_max : 1 << 20;
    apr_pool_t *pool;
    llmgw_sse_t *sse;
    int i;

    apr_pool_create(&pool, unit_pool);
    run->log = llmgw_buf_create(pool, 1 << 20);
    run->fed = run->last = 0;
    sse = llmgw_sse_create(pool, max, note_event, run);
    run->rv = APR_SUCCESS;
    for (i = 0; i < npieces && run->rv == APR_SUCCESS; i++) {
        run->rv = llmgw_sse_feed(sse, pieces[i].p, pieces[i].len);
        run->fed += pieces[i].len;
    }
    run->pending = llmgw_sse_pending(sse);
    if (run->finish) {
        run->rv = llmgw_sse_finish(sse);
    }
    if (run->expected) {
        ck_assert_str_eq(run->log->data ? run->log->data : "",
                         run->expected);
        apr_pool_destroy(pool);
    }
}

static void check_stream(const char *in, const char *expected)
{
    run_t run = { .blocks = 1, .expected = expected };

    unit_each_split(llmgw_str_of(in), run_pieces, &run);
}

START_TEST(test_lines)
{
    check_stream("data: a\n\n", "[-\"a\"-]");
    check_stream("data:a\r\n\r\n", "[-\"a\"-]");
    check_stream("data:a\r\r", "[-\"a\"-]");
    check_stream("data: a\ndata: b\r\ndata:  c\rdata\n\n",
                 "[-\"a\\nb\\n c\\n\"-]");
    check_stream("\n\r\n\rdata:x\n\n\n\n\ndata:y\r\n\r\n\r\n",
                 "[-\"x\"-][-\"y\"-]");
    check_stream("\xef\xbb\xbf""data:a\n\n\xef\xbb\xbf""data:b\n\n",
                 "[-\"a\"-][---]");
    check_stream("\xef\xbb\xbf\n\ndata:a\n\n", "[-\"a\"-]");
    check_stream("data:a\n\ndata:b\n", "[-\"a\"-]");
    check_stream("data: \xe2\x82\xac\n\n", "[-\"\xe2\x82\xac\"-]");
}
END_TEST

START_TEST(test_fields)
{
    check_stream("event: ping\ndata: {}\n\ndata:x\n\n",
                 "[\"ping\"\"{}\"-][-\"x\"-]");
    check_stream("event:\ndata\n\n", "[\"\"\"\"-]");
    check_stream("event:a\nevent:bb\ndata:1\n\n", "[\"bb\"\"1\"-]");
    check_stream("id: 7\ndata:1\n\ndata:2\n\nid\ndata:3\n\n",
                 "[-\"1\"\"7\"][-\"2\"\"7\"][-\"3\"\"\"]");
    check_stream("Data:x\ndatax:y\n data:z\nretry:5\ndata:1\n\n",
                 "[-\"1\"-]");
    check_stream("data: a:b: c\n\n", "[-\"a:b: c\"-]");
    check_stream("data:\tx\n\n", "[-\"\\tx\"-]");
}
END_TEST

START_TEST(test_id_with_nul)
{
    run_t run = { .blocks = 1, .expected = "[-\"1\"\"a\"]" };

    unit_each_split(LLMGW_STR_LIT("id:a\nid:b\0\ndata:1\n\n"), run_pieces,
                    &run);
}
END_TEST

START_TEST(test_blocks_without_data)
{
    check_stream(": OPENROUTER PROCESSING\n\ndata:1\n\n", "[---][-\"1\"-]");
    check_stream("event: ping\n\ndata:1\n\n", "[\"ping\"--][-\"1\"-]");
    check_stream("id:4\n\n:\n\n", "[--\"4\"][--\"4\"]");
}
END_TEST

START_TEST(test_finish)
{
    run_t run = { .blocks = 1, .finish = 1,
                  .expected = "[-\"1\"-][\"e\"\"2\"-]" };

    unit_each_split(LLMGW_STR_LIT("data:1\n\nevent:e\ndata:2"), run_pieces,
                    &run);
    unit_each_split(LLMGW_STR_LIT("data:1\n\nevent:e\ndata:2\r"), run_pieces,
                    &run);
    ck_assert(run.pending);
    run.expected = "[-\"1\"-]";
    unit_each_split(LLMGW_STR_LIT("data:1\n\nevent:e\n"), run_pieces, &run);
    ck_assert(run.pending);
    unit_each_split(LLMGW_STR_LIT("data:1\n\n"), run_pieces, &run);
    ck_assert(!run.pending);
    unit_each_split(LLMGW_STR_LIT("data:1\r\n\r\n"), run_pieces, &run);
    ck_assert(!run.pending);
}
END_TEST

/* With the event's last line end everything before it can be passed on. */
START_TEST(test_consumed)
{
    run_t run = { .blocks = 1, .expected = NULL };
    llmgw_str_t whole = LLMGW_STR_LIT("data:1\r\n\r\n:c\n\nda");
    llmgw_str_t cut[2] = { LLMGW_STR_LIT("data:1\r\n\r"),
                           LLMGW_STR_LIT("\ndata:2\n\nx") };

    run_pieces(&run, &whole, 1);
    ck_assert_uint_eq(run.last, whole.len - 2);
    run_pieces(&run, cut, 1);
    ck_assert_uint_eq(run.last, cut[0].len);
    run_pieces(&run, cut, 2);
    ck_assert_uint_eq(run.last, cut[0].len + cut[1].len - 1);
}
END_TEST

static void run_bounded(void *ctx, const llmgw_str_t *pieces, int npieces)
{
    run_t *run = ctx;

    run_pieces(run, pieces, npieces);
    ck_assert_int_eq(run->rv, run->stop_rv);
}

static void check_bound(const char *in, apr_status_t expected)
{
    run_t run = { .blocks = 1, .bytes_max = 8, .stop_rv = expected };

    unit_each_split(llmgw_str_of(in), run_bounded, &run);
}

START_TEST(test_bounds)
{
    check_bound("data:123\n\n", APR_SUCCESS);
    check_bound("data:1234\n\n", LLMGW_EUPTOOBIG);
    check_bound("data:1234", LLMGW_EUPTOOBIG);
    check_bound(":1234567\n\n", APR_SUCCESS);
    check_bound(":12345678\n", LLMGW_EUPTOOBIG);
    check_bound("data:12\ndata:34\ndata:56\n\n", APR_SUCCESS);
    check_bound("data:123\ndata:45\ndata:67\n\n", LLMGW_EUPTOOBIG);
    check_bound("data:12\n\ndata:34\n\ndata:56\n\ndata:78\n\n", APR_SUCCESS);
}
END_TEST

START_TEST(test_stop)
{
    run_t run = { .blocks = 1, .stop = LLMGW_ETOOBIG, .finish = 1,
                  .expected = "[-\"1\"-]" };

    unit_each_split(LLMGW_STR_LIT("data:1\n\ndata:2\n\n"), run_pieces, &run);
    unit_assert_status(run.rv, LLMGW_ETOOBIG);
}
END_TEST

START_TEST(test_put)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1000);

    llmgw_sse_put(b, NULL, LLMGW_STR_LIT("{}"));
    llmgw_sse_put(b, "ping", LLMGW_STR_LIT("a\nb\r\nc\rd"));
    llmgw_sse_put(b, "lone", LLMGW_STR_NULL);
    llmgw_sse_put(b, NULL, LLMGW_STR_LIT(""));
    llmgw_sse_put(b, NULL, LLMGW_STR_LIT("x\n"));
    unit_assert_ok(llmgw_sse_put_comment(b, "hello"));
    ck_assert_str_eq(b->data,
                     "data: {}\n\n"
                     "event: ping\ndata: a\ndata: b\ndata: c\ndata: d\n\n"
                     "event: lone\n\n"
                     "data: \n\n"
                     "data: x\ndata: \n\n"
                     ": hello\n\n");
    check_stream(b->data, "[-\"{}\"-][\"ping\"\"a\\nb\\nc\\nd\"-]"
                 "[\"lone\"--][-\"\"-][-\"x\\n\"-][---]");
}
END_TEST

/* ---- cases from files --------------------------------------------------- */

/* NAME.sse is a stream; NAME.events has on one line what a run logs of it. */
START_TEST(test_own_cases)
{
    apr_array_header_t *names = unit_list(unit_data("sse"));
    run_t run = { .blocks = 0 };
    const char *name, *dot, *log;
    int i, n = 0;

    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, const char *);
        dot = strrchr(name, '.');
        if (!dot || strcmp(dot, ".sse") != 0) {
            continue;
        }
        log = apr_psprintf(unit_pool, "sse/%.*s.events", (int)(dot - name),
                           name);
        log = unit_read(unit_data(log)).p;
        run.expected = apr_pstrndup(unit_pool, log, strcspn(log, "\n"));
        name = apr_pstrcat(unit_pool, "sse/", name, NULL);
        unit_each_split(unit_read(unit_data(name)), run_pieces, &run);
        n++;
    }
    ck_assert_int_gt(n, 0);
    printf("%d event streams\n", n);
}
END_TEST

/* What the shared case file expects, in the form run_t logs it. */
static const char *expect_events(const llmgw_json_t *events)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1 << 20);
    const llmgw_json_t *ev, *v;
    int i;

    llmgw_buf_puts(b, "");
    for (ev = llmgw_json_each(events, NULL); ev;
         ev = llmgw_json_each(events, ev)) {
        llmgw_buf_putc(b, '[');
        for (v = llmgw_json_each(ev, NULL), i = 0; i < 2; i++) {
            llmgw_json_put_string(b, llmgw_json_string(v, unit_pool));
            v = llmgw_json_each(ev, v);
        }
        llmgw_buf_putc(b, ']');
    }
    return b->data;
}

/* As the cases have it: "message" for no type. */
static apr_status_t note_like_browser(void *ctx, const llmgw_sse_event_t *ev)
{
    run_t *run = ctx;

    if (ev->data.p) {
        llmgw_buf_putc(run->log, '[');
        put_field(run->log, ev->type.len ? ev->type
                                         : LLMGW_STR_LIT("message"));
        put_field(run->log, ev->data);
        llmgw_buf_putc(run->log, ']');
    }
    return APR_SUCCESS;
}

static void run_like_browser(void *ctx, const llmgw_str_t *pieces,
                             int npieces)
{
    run_t *run = ctx;
    apr_pool_t *pool;
    llmgw_sse_t *sse;
    int i;

    apr_pool_create(&pool, unit_pool);
    run->log = llmgw_buf_create(pool, 1 << 20);
    llmgw_buf_puts(run->log, "");
    sse = llmgw_sse_create(pool, 1 << 20, note_like_browser, run);
    for (i = 0; i < npieces; i++) {
        unit_assert_ok(llmgw_sse_feed(sse, pieces[i].p, pieces[i].len));
    }
    ck_assert_str_eq(run->log->data, run->expected);
    apr_pool_destroy(pool);
}

START_TEST(test_shared_cases)
{
    const char *path = unit_shared("data/sse-cases.json");
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    const llmgw_json_t *root, *cases, *c;
    run_t run = { 0 };
    llmgw_str_t text;
    int n = 0;

    if (!path) {
        return;
    }
    text = unit_read(path);
    unit_assert_ok(llmgw_json_parse(doc, text.p, text.len, &root, NULL));
    cases = llmgw_json_lookup(root, "cases");
    for (c = llmgw_json_each(cases, NULL); c; c = llmgw_json_each(cases, c)) {
        run.expected = expect_events(llmgw_json_lookup(c, "events"));
        unit_each_split(llmgw_json_string(llmgw_json_lookup(c, "in"),
                                          unit_pool), run_like_browser, &run);
        n++;
    }
    ck_assert_int_gt(n, 0);
    printf("%d shared cases\n", n);
}
END_TEST

UNIT_MAIN("sse", test_lines, test_fields, test_id_with_nul,
          test_blocks_without_data, test_finish, test_consumed, test_bounds,
          test_stop, test_put, test_own_cases, test_shared_cases)
