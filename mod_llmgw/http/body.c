/* body.c: reading a request's body whole, within a bound */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>
#include "llmgw/inflate.h"
#include "body.h"

typedef struct reader_t {
    request_rec *r;
    llmgw_buf_t *body;
    llmgw_inflate_t *inflate;   /* NULL: the body is not compressed */
    apr_off_t received;
    apr_off_t bytes_max;
    llmgw_err_t *err;
} reader_t;

apr_status_t llmgw_body_too_large(apr_pool_t *p, apr_off_t bytes_max,
                                  llmgw_err_t *err)
{
    return llmgw_err_set(err, p, LLMGW_ETOOBIG, NULL, "The request body is "
                         "larger than %" APR_OFF_T_FMT " bytes.", bytes_max);
}

static apr_status_t append(void *ctx, const char *data, apr_size_t len)
{
    reader_t *reader = ctx;

    return llmgw_buf_append(reader->body, data, len);
}

static apr_status_t take_data(reader_t *reader, const char *data,
                              apr_size_t len)
{
    apr_pool_t *p = reader->r->pool;
    apr_status_t rv;

    reader->received += len;
    if (reader->received > reader->bytes_max) {
        return llmgw_body_too_large(p, reader->bytes_max, reader->err);
    }
    rv = reader->inflate ? llmgw_inflate_feed(reader->inflate, data, len,
                                              append, reader)
         : append(reader, data, len);
    if (rv == LLMGW_EBODY) {
        return llmgw_err_set(reader->err, p, LLMGW_EBODY, NULL,
                             "The request body cannot be decompressed.");
    }
    return rv == LLMGW_ETOOBIG
           ? llmgw_body_too_large(p, reader->bytes_max, reader->err) : rv;
}

apr_status_t llmgw_body_failed(request_rec *r, apr_status_t rv,
                               llmgw_err_t *err)
{
    int http = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);

    r->connection->keepalive = AP_CONN_CLOSE;
    if (APR_STATUS_IS_TIMEUP(rv) || http == HTTP_REQUEST_TIME_OUT) {
        return llmgw_err_set(err, r->pool, LLMGW_EBODYTIMEOUT, NULL,
                             "The request body did not arrive in time.");
    }
    if (http == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        return llmgw_err_set(err, r->pool, LLMGW_ETOOBIG, NULL,
                             "The request body is larger than this server "
                             "allows.");
    }
    if (APR_STATUS_IS_ECONNRESET(rv) || APR_STATUS_IS_ECONNABORTED(rv)) {
        return llmgw_err_set(err, r->pool, LLMGW_ECLIENTGONE, NULL,
                             "The client closed the request.");
    }
    return llmgw_err_set(err, r->pool, LLMGW_EBODY, NULL,
                         "The request body could not be read: it is cut "
                         "short or badly framed.");
}

/* Take the buckets of a brigade; *end is set at the end of the body. */
static apr_status_t take_brigade(reader_t *reader, apr_bucket_brigade *bb,
                                 int *end)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && !*end && !APR_BRIGADE_EMPTY(bb)) {
        apr_bucket *b = APR_BRIGADE_FIRST(bb);
        const char *data;
        apr_size_t len;

        if (APR_BUCKET_IS_EOS(b)) {
            *end = 1;
        }
        else if (!APR_BUCKET_IS_METADATA(b)) {
            rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
            rv = rv != APR_SUCCESS ? llmgw_body_failed(reader->r, rv,
                                                        reader->err)
                 : take_data(reader, data, len);
        }
        apr_bucket_delete(b);
    }
    return rv;
}

static apr_status_t read_all(reader_t *reader)
{
    request_rec *r = reader->r;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool,
                                                r->connection->bucket_alloc);
    apr_status_t rv = APR_SUCCESS;
    int end = 0;

    while (rv == APR_SUCCESS && !end) {
        rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES,
                            APR_BLOCK_READ, HUGE_STRING_LEN * 8);
        if (rv != APR_SUCCESS) {
            rv = llmgw_body_failed(r, rv, reader->err);
        }
        else {
            rv = take_brigade(reader, bb, &end);
        }
        apr_brigade_cleanup(bb);
    }
    apr_brigade_destroy(bb);
    return rv;
}

static apr_status_t begin_inflate(reader_t *reader)
{
    apr_pool_t *p = reader->r->pool;
    const char *coding = apr_table_get(reader->r->headers_in,
                                       "Content-Encoding");
    llmgw_str_t name = llmgw_str_of(coding);

    if (!coding || !*coding || !ap_cstr_casecmp(coding, "identity")) {
        return APR_SUCCESS;
    }
    if (!llmgw_inflate_knows(name)) {
        return llmgw_err_set(reader->err, p, LLMGW_EENCODING, NULL,
                             "The Content-Encoding of the request is not "
                             "supported: send gzip, deflate or none.");
    }
    return llmgw_inflate_create(&reader->inflate, name,
                                (apr_uint64_t)reader->bytes_max, p);
}

/* With the length known: refuse at once, or make room once. */
static apr_status_t use_length(reader_t *reader)
{
    const char *value = apr_table_get(reader->r->headers_in,
                                      "Content-Length");
    apr_off_t len;

    if (!value || !ap_parse_strict_length(&len, value)) {
        return APR_SUCCESS;
    }
    if (len > reader->bytes_max) {
        return llmgw_body_too_large(reader->r->pool, reader->bytes_max,
                                    reader->err);
    }
    /* Pages that are never written cost nothing, should it be a lie. */
    return llmgw_buf_reserve(reader->body, (apr_size_t)len);
}

apr_status_t llmgw_body_read(request_rec *r, llmgw_buf_t **out,
                             apr_off_t bytes_max, llmgw_err_t *err)
{
    reader_t reader;
    apr_status_t rv;

    memset(&reader, 0, sizeof(reader));
    reader.r = r;
    reader.body = llmgw_buf_create(r->pool, (apr_size_t)bytes_max);
    reader.bytes_max = bytes_max;
    reader.err = err;
    *out = reader.body;
    rv = use_length(&reader);
    if (rv == APR_SUCCESS) {
        rv = begin_inflate(&reader);
    }
    if (rv == APR_SUCCESS) {
        rv = read_all(&reader);
    }
    if (rv == APR_SUCCESS && reader.inflate
        && llmgw_inflate_finish(reader.inflate) != APR_SUCCESS) {
        rv = llmgw_err_set(err, r->pool, LLMGW_EBODY, NULL,
                           "The compressed request body is cut short.");
    }
    return rv;
}
