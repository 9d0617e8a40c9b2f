/* fuzz_inflate.c: the same output in any split, and what was packed unpacks */
#include <zlib.h>
#include "fuzz.h"
#include "llmgw/error.h"
#include "llmgw/inflate.h"

#define BYTES_MAX 40000

static apr_status_t take(void *ctx, const char *data, apr_size_t len)
{
    FUZZ_CHECK(len > 0);
    return llmgw_buf_append(ctx, data, len);
}

static apr_status_t run(const char *coding, const uint8_t *data, size_t size,
                        int way, llmgw_buf_t **out, apr_pool_t *p)
{
    fuzz_cutter_t cutter = fuzz_cut(data, size, way);
    apr_status_t rv = APR_SUCCESS;
    llmgw_inflate_t *z;
    llmgw_str_t piece;

    *out = llmgw_buf_create(p, BYTES_MAX);
    FUZZ_CHECK(llmgw_inflate_create(&z, llmgw_str_of(coding), BYTES_MAX, p)
               == APR_SUCCESS);
    while (fuzz_next(&cutter, &piece)) {
        if (rv == APR_SUCCESS) {
            rv = llmgw_inflate_feed(z, piece.p, piece.len, take, *out);
        }
    }
    FUZZ_CHECK((*out)->failed == APR_SUCCESS);
    FUZZ_CHECK(rv == APR_SUCCESS || rv == LLMGW_EBODY
               || rv == LLMGW_ETOOBIG);
    FUZZ_CHECK(rv != LLMGW_ETOOBIG || (*out)->len == BYTES_MAX);
    return rv == APR_SUCCESS ? llmgw_inflate_finish(z) : rv;
}

static void check_splits(const char *coding, const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    llmgw_buf_t *whole, *cut;
    apr_status_t rv = run(coding, data, size, 0, &whole, p);
    int way;

    for (way = 1; way < FUZZ_WAYS; way++) {
        FUZZ_CHECK(run(coding, data, size, way, &cut, p) == rv);
        FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(whole), llmgw_buf_str(cut)));
    }
    apr_pool_destroy(p);
}

static void check_round_trip(const char *coding, int window,
                             const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    uLong room = (uLong)size + 1000;
    uint8_t *packed = apr_palloc(p, room);
    llmgw_buf_t *out;
    z_stream zs;

    memset(&zs, 0, sizeof(zs));
    FUZZ_CHECK(deflateInit2(&zs, 1, Z_DEFLATED, window, 8,
                            Z_DEFAULT_STRATEGY) == Z_OK);
    zs.next_in = (z_const Bytef *)data;
    zs.avail_in = (uInt)size;
    zs.next_out = packed;
    zs.avail_out = (uInt)room;
    FUZZ_CHECK(deflate(&zs, Z_FINISH) == Z_STREAM_END);
    FUZZ_CHECK(run(coding, packed, room - zs.avail_out, 3, &out, p)
               == APR_SUCCESS);
    FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(out),
                            llmgw_str_make((const char *)data, size)));
    deflateEnd(&zs);
    apr_pool_destroy(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_splits("gzip", data, size);
    check_splits("deflate", data, size);
    if (size <= BYTES_MAX) {
        check_round_trip("gzip", 15 + 16, data, size);
        check_round_trip("deflate", 15, data, size);
        check_round_trip("deflate", -15, data, size);
    }
    return 0;
}
