/* inflate.c: gzip and deflate, undone within a bound (zlib) */
#include <string.h>
#include <zlib.h>
#include "llmgw/error.h"
#include "llmgw/inflate.h"

#define WINDOW_ZLIB 15
#define WINDOW_GZIP (15 + 16)
#define WINDOW_RAW (-15)

struct llmgw_inflate_t {
    z_stream zs;
    int gzip;                   /* else deflate, in one of its two forms */
    int open;                   /* zlib holds memory */
    int at_end;                 /* of the stream, or of a gzip member */
    unsigned char first;        /* deflate: a first byte held back */
    int fed;                    /* bytes seen: 0, 1, or 2 for more */
    apr_status_t failed;
    apr_uint64_t left;          /* bytes that may still be handed out */
    char out[16384];
};

static int is_gzip(llmgw_str_t coding)
{
    return llmgw_str_is_nocase(coding, "gzip")
        || llmgw_str_is_nocase(coding, "x-gzip");
}

int llmgw_inflate_knows(llmgw_str_t coding)
{
    return is_gzip(coding) || llmgw_str_is_nocase(coding, "deflate");
}

static apr_status_t release_zlib(void *data)
{
    llmgw_inflate_t *z = data;

    if (z->open) {
        inflateEnd(&z->zs);
        z->open = 0;
    }
    return APR_SUCCESS;
}

static apr_status_t open_zlib(llmgw_inflate_t *z, int window)
{
    int rc = inflateInit2(&z->zs, window);

    if (rc != Z_OK) {
        return rc == Z_MEM_ERROR ? APR_ENOMEM : LLMGW_EINTERNAL;
    }
    z->open = 1;
    return APR_SUCCESS;
}

apr_status_t llmgw_inflate_create(llmgw_inflate_t **out, llmgw_str_t coding,
                                  apr_uint64_t bytes_max, apr_pool_t *p)
{
    llmgw_inflate_t *z;
    apr_status_t rv = APR_SUCCESS;

    if (!llmgw_inflate_knows(coding)) {
        return LLMGW_EENCODING;
    }
    z = apr_pcalloc(p, sizeof(*z));
    z->gzip = is_gzip(coding);
    z->left = bytes_max;
    apr_pool_cleanup_register(p, z, release_zlib, apr_pool_cleanup_null);
    if (z->gzip) {
        rv = open_zlib(z, WINDOW_GZIP);
    }
    if (rv == APR_SUCCESS) {
        *out = z;
    }
    return rv;
}

/* Hand out what zlib has put into out. */
static apr_status_t give(llmgw_inflate_t *z, llmgw_inflate_fn fn, void *ctx)
{
    apr_size_t len = sizeof(z->out) - z->zs.avail_out;
    apr_size_t allowed = len > z->left ? (apr_size_t)z->left : len;
    apr_status_t rv = APR_SUCCESS;

    z->left -= allowed;
    if (allowed) {
        rv = fn(ctx, z->out, allowed);
    }
    return rv == APR_SUCCESS && allowed < len ? LLMGW_ETOOBIG : rv;
}

static apr_status_t explain(int rc)
{
    switch (rc) {
    case Z_OK:
    case Z_STREAM_END:
    case Z_BUF_ERROR:           /* wants more input or more room */
        return APR_SUCCESS;
    case Z_MEM_ERROR:
        return APR_ENOMEM;
    default:
        return LLMGW_EBODY;
    }
}

/* Bytes come after an end: another gzip member, or garbage. */
static apr_status_t start_again(llmgw_inflate_t *z)
{
    if (!z->gzip || inflateReset(&z->zs) != Z_OK) {
        return LLMGW_EBODY;
    }
    z->at_end = 0;
    return APR_SUCCESS;
}

static apr_status_t inflate_bytes(llmgw_inflate_t *z, const char *data,
                                  apr_size_t len, llmgw_inflate_fn fn,
                                  void *ctx)
{
    apr_status_t rv, given;
    int rc;

    z->zs.next_in = (z_const Bytef *)data;
    z->zs.avail_in = (uInt)len;
    do {
        if (z->at_end && (rv = start_again(z)) != APR_SUCCESS) {
            return rv;
        }
        z->zs.next_out = (Bytef *)z->out;
        z->zs.avail_out = sizeof(z->out);
        rc = inflate(&z->zs, Z_NO_FLUSH);
        z->at_end = rc == Z_STREAM_END;
        rv = explain(rc);
        given = give(z, fn, ctx);
        if (given != APR_SUCCESS || rv != APR_SUCCESS) {
            return given != APR_SUCCESS ? given : rv;
        }
    } while (z->zs.avail_in || (!z->at_end && !z->zs.avail_out));
    return APR_SUCCESS;
}

/* A zlib header (RFC 1950, 2.2); servers also send deflate without one. */
static int is_zlib_header(unsigned char a, unsigned char b)
{
    return (a & 0x0f) == 8 && (a >> 4) <= 7 && ((a << 8) | b) % 31 == 0;
}

/* Hold the first byte of deflate back until the second tells its form. */
static apr_status_t choose_form(llmgw_inflate_t *z, const char *data,
                                llmgw_inflate_fn fn, void *ctx)
{
    char held;
    apr_status_t rv;

    if (z->fed == 0) {
        z->first = (unsigned char)*data;
        z->fed = 1;
        return APR_SUCCESS;
    }
    z->fed = 2;
    rv = open_zlib(z, is_zlib_header(z->first, (unsigned char)*data)
                      ? WINDOW_ZLIB : WINDOW_RAW);
    held = (char)z->first;
    return rv == APR_SUCCESS ? inflate_bytes(z, &held, 1, fn, ctx) : rv;
}

static apr_status_t feed(llmgw_inflate_t *z, const char *data, apr_size_t len,
                         llmgw_inflate_fn fn, void *ctx)
{
    apr_size_t n;
    apr_status_t rv = APR_SUCCESS;

    if (!z->gzip && z->fed == 0 && len) {
        choose_form(z, data, fn, ctx);
        data++;
        len--;
    }
    if (!z->gzip && z->fed == 1 && len) {
        rv = choose_form(z, data, fn, ctx);
    }
    for (; rv == APR_SUCCESS && len; data += n, len -= n) {
        n = len > 0x40000000 ? 0x40000000 : len;
        z->fed = 2;
        rv = inflate_bytes(z, data, n, fn, ctx);
    }
    return rv;
}

apr_status_t llmgw_inflate_feed(llmgw_inflate_t *z, const char *data,
                                apr_size_t len, llmgw_inflate_fn fn,
                                void *ctx)
{
    if (z->failed == APR_SUCCESS) {
        z->failed = feed(z, data, len, fn, ctx);
    }
    return z->failed;
}

apr_status_t llmgw_inflate_finish(llmgw_inflate_t *z)
{
    if (z->failed) {
        return z->failed;
    }
    /* Servers name a coding for an empty body too. */
    return z->at_end || z->fed == 0 ? APR_SUCCESS : LLMGW_EBODY;
}
