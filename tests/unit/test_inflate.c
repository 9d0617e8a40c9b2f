/* test_inflate.c: gzip and deflate in every split */
#include "unit.h"
#include <zlib.h>
#include "llmgw/buf.h"
#include "llmgw/error.h"
#include "llmgw/inflate.h"

#define GZIP (15 + 16)
#define RAW (-15)

static llmgw_str_t compress_with(int window, llmgw_str_t in)
{
    char *out = apr_palloc(unit_pool, in.len + 1000);
    z_stream zs;

    memset(&zs, 0, sizeof(zs));
    ck_assert_int_eq(deflateInit2(&zs, 6, Z_DEFLATED, window, 8,
                                  Z_DEFAULT_STRATEGY), Z_OK);
    zs.next_in = (z_const Bytef *)in.p;
    zs.avail_in = (uInt)in.len;
    zs.next_out = (Bytef *)out;
    zs.avail_out = (uInt)in.len + 1000;
    ck_assert_int_eq(deflate(&zs, Z_FINISH), Z_STREAM_END);
    deflateEnd(&zs);
    return llmgw_str_make(out, in.len + 1000 - zs.avail_out);
}

static llmgw_str_t join(llmgw_str_t a, llmgw_str_t b)
{
    char *both = apr_palloc(unit_pool, a.len + b.len + 1);

    memcpy(both, a.p, a.len);
    memcpy(both + a.len, b.p, b.len);
    return llmgw_str_make(both, a.len + b.len);
}

typedef struct run_t {
    const char *coding;
    apr_uint64_t bytes_max;
    llmgw_str_t expected;
    apr_status_t status;        /* at the end of it all */
    llmgw_buf_t *out;
} run_t;

static apr_status_t take(void *ctx, const char *data, apr_size_t len)
{
    ck_assert_uint_gt(len, 0);
    return llmgw_buf_append(ctx, data, len);
}

static void run_pieces(void *ctx, const llmgw_str_t *pieces, int npieces)
{
    run_t *run = ctx;
    llmgw_inflate_t *z = NULL;
    apr_status_t rv = APR_SUCCESS;
    apr_pool_t *pool;
    llmgw_buf_t *b;
    int i;

    apr_pool_create(&pool, unit_pool);
    b = llmgw_buf_create(pool, 1 << 24);
    unit_assert_ok(llmgw_inflate_create(&z, llmgw_str_of(run->coding),
                                        run->bytes_max ? run->bytes_max
                                                       : 1 << 24, pool));
    for (i = 0; i < npieces && rv == APR_SUCCESS; i++) {
        rv = llmgw_inflate_feed(z, pieces[i].p, pieces[i].len, take, b);
    }
    ck_assert_int_eq(rv == APR_SUCCESS ? llmgw_inflate_finish(z) : rv,
                     run->status);
    unit_assert_same(llmgw_buf_str(b), run->expected);
    apr_pool_destroy(pool);
}

static void check(const char *coding, llmgw_str_t in, llmgw_str_t expected,
                  apr_status_t status)
{
    run_t run = { .coding = coding, .expected = expected, .status = status };

    unit_each_split(in, run_pieces, &run);
}

#define TEXT LLMGW_STR_LIT("{\"error\":{\"message\":\"no no no no no\"}}")

START_TEST(test_knows)
{
    ck_assert(llmgw_inflate_knows(LLMGW_STR_LIT("gzip")));
    ck_assert(llmgw_inflate_knows(LLMGW_STR_LIT("X-GZip")));
    ck_assert(llmgw_inflate_knows(LLMGW_STR_LIT("DEFLATE")));
    ck_assert(!llmgw_inflate_knows(LLMGW_STR_LIT("br")));
    ck_assert(!llmgw_inflate_knows(LLMGW_STR_LIT("gzip, gzip")));
    ck_assert(!llmgw_inflate_knows(LLMGW_STR_LIT("gzi")));
    ck_assert(!llmgw_inflate_knows(LLMGW_STR_NULL));
}
END_TEST

START_TEST(test_unknown)
{
    llmgw_inflate_t *z = NULL;

    unit_assert_status(llmgw_inflate_create(&z, LLMGW_STR_LIT("zstd"), 10,
                                            unit_pool), LLMGW_EENCODING);
    ck_assert_ptr_eq(z, NULL);
}
END_TEST

START_TEST(test_forms)
{
    check("gzip", compress_with(GZIP, TEXT), TEXT, APR_SUCCESS);
    check("x-gzip", compress_with(GZIP, TEXT), TEXT, APR_SUCCESS);
    check("deflate", compress_with(15, TEXT), TEXT, APR_SUCCESS);
    check("deflate", compress_with(RAW, TEXT), TEXT, APR_SUCCESS);
    check("deflate", compress_with(9, TEXT), TEXT, APR_SUCCESS);
    check("gzip", compress_with(GZIP, LLMGW_STR_LIT("")), LLMGW_STR_LIT(""),
          APR_SUCCESS);
    check("deflate", compress_with(RAW, LLMGW_STR_LIT("")),
          LLMGW_STR_LIT(""), APR_SUCCESS);
    check("gzip", LLMGW_STR_LIT(""), LLMGW_STR_LIT(""), APR_SUCCESS);
    check("deflate", LLMGW_STR_LIT(""), LLMGW_STR_LIT(""), APR_SUCCESS);
}
END_TEST

START_TEST(test_members)
{
    llmgw_str_t one = compress_with(GZIP, TEXT);

    check("gzip", join(one, one), join(TEXT, TEXT), APR_SUCCESS);
    check("gzip", join(one, LLMGW_STR_LIT("x")), TEXT, LLMGW_EBODY);
    check("gzip", join(one, llmgw_str_make(one.p, 5)), TEXT, LLMGW_EBODY);
    check("deflate", join(compress_with(15, TEXT), LLMGW_STR_LIT("x")), TEXT,
          LLMGW_EBODY);
}
END_TEST

START_TEST(test_cut_short)
{
    llmgw_str_t gz = compress_with(GZIP, TEXT);

    check("gzip", llmgw_str_make(gz.p, gz.len - 1), TEXT, LLMGW_EBODY);
    check("gzip", llmgw_str_make(gz.p, 5), LLMGW_STR_LIT(""), LLMGW_EBODY);
    check("deflate", llmgw_str_make("x", 1), LLMGW_STR_LIT(""), LLMGW_EBODY);
}
END_TEST

START_TEST(test_damaged)
{
    llmgw_str_t gz = compress_with(GZIP, TEXT);
    char *bad = apr_pmemdup(unit_pool, gz.p, gz.len);

    bad[gz.len - 6] ^= 1;       /* the CRC */
    check("gzip", llmgw_str_make(bad, gz.len), TEXT, LLMGW_EBODY);
    check("gzip", LLMGW_STR_LIT("<html>"), LLMGW_STR_LIT(""), LLMGW_EBODY);
    check("deflate", LLMGW_STR_LIT("\xff\xff\xff\xff"), LLMGW_STR_LIT(""),
          LLMGW_EBODY);
}
END_TEST

START_TEST(test_bound)
{
    char *zeros = apr_pcalloc(unit_pool, 5000000);
    llmgw_str_t all = llmgw_str_make(zeros, 5000000);
    llmgw_str_t gz = compress_with(GZIP, all);
    run_t run = { .coding = "gzip", .expected = all };

    run_pieces(&run, &gz, 1);
    run.bytes_max = 5000000;
    run_pieces(&run, &gz, 1);
    run.bytes_max = 4999999;
    run.expected.len = 4999999;
    run.status = LLMGW_ETOOBIG;
    run_pieces(&run, &gz, 1);
    run.bytes_max = 100;
    run.expected.len = 100;
    unit_each_split(llmgw_str_make(gz.p, 200), run_pieces, &run);
}
END_TEST

static apr_status_t refuse(void *ctx, const char *data, apr_size_t len)
{
    (void)data;
    (void)len;
    ++*(int *)ctx;
    return LLMGW_ECLIENTGONE;
}

START_TEST(test_stop)
{
    llmgw_str_t gz = compress_with(GZIP, TEXT);
    llmgw_inflate_t *z = NULL;
    int calls = 0;

    unit_assert_ok(llmgw_inflate_create(&z, LLMGW_STR_LIT("gzip"), 1000,
                                        unit_pool));
    unit_assert_status(llmgw_inflate_feed(z, gz.p, gz.len, refuse, &calls),
                       LLMGW_ECLIENTGONE);
    unit_assert_status(llmgw_inflate_feed(z, gz.p, gz.len, refuse, &calls),
                       LLMGW_ECLIENTGONE);
    unit_assert_status(llmgw_inflate_finish(z), LLMGW_ECLIENTGONE);
    ck_assert_int_eq(calls, 1);
}
END_TEST

UNIT_MAIN("inflate", test_knows, test_unknown, test_forms, test_members,
          test_cut_short, test_damaged, test_bound, test_stop)
