/* upload.c: a request's body as it comes from the client, piece by piece */
#include <httpd.h>
#include <http_protocol.h>
#include <util_filter.h>
#include "body.h"
#include "upload.h"

#define PIECE_BYTES 32768

/* A read that ends with EAGAIN may have taken a TLS record that holds no data
 * off the connection, with more behind it in a buffer where poll() does not see
 * it: ask again before waiting. */
#define READS 2

typedef struct upload_t {
    llmgw_source_t source;      /* first */
    request_rec *r;
    apr_bucket_brigade *in;
    apr_bucket *given;          /* the piece in use; NULL: none */
} upload_t;

static void send_continue(request_rec *r)
{
    int status = r->status;
    const char *line = r->status_line;

    r->status = HTTP_CONTINUE;
    r->status_line = NULL;
    ap_send_interim_response(r, 0);
    r->status = status;
    r->status_line = line;
}

/* Get a brigade with something in it. */
static apr_status_t fill(upload_t *upload)
{
    request_rec *r = upload->r;
    apr_read_type_e block = r->connection->master ? APR_BLOCK_READ
                                                  : APR_NONBLOCK_READ;
    int tries = READS;
    apr_status_t rv;

    if (r->expecting_100) {
        send_continue(r);
    }
    do {
        rv = ap_get_brigade(r->input_filters, upload->in, AP_MODE_READBYTES,
                            block, PIECE_BYTES);
        if (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(upload->in)) {
            rv = APR_EAGAIN;
        }
    } while (APR_STATUS_IS_EAGAIN(rv) && --tries > 0);
    return rv;
}

static apr_status_t failed(upload_t *upload, apr_status_t rv,
                           llmgw_err_t *err)
{
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return APR_EAGAIN;
    }
    if (APR_STATUS_IS_EOF(rv) || rv == APR_INCOMPLETE) {
        rv = APR_ECONNABORTED;
    }
    if (upload->source.http_status == HTTP_REQUEST_ENTITY_TOO_LARGE) {
        rv = APR_ENOSPC;
    }
    return llmgw_body_failed(upload->r, rv, err);
}

static void drop_given(upload_t *upload)
{
    if (upload->given) {
        apr_bucket_delete(upload->given);
        upload->given = NULL;
    }
}

/* Look at the first bucket, or get some. *len: of what was found */
static apr_status_t take_bucket(upload_t *upload, const char **data,
                                apr_size_t *len)
{
    apr_bucket *b = APR_BRIGADE_FIRST(upload->in);
    apr_status_t rv = APR_SUCCESS;

    *len = 0;
    if (b == APR_BRIGADE_SENTINEL(upload->in)) {
        return fill(upload);
    }
    if (APR_BUCKET_IS_EOS(b)) {
        upload->source.complete = 1;
    }
    else if (!APR_BUCKET_IS_METADATA(b)) {
        rv = apr_bucket_read(b, data, len, APR_BLOCK_READ);
    }
    upload->given = b;
    return rv;
}

static apr_status_t upload_read(llmgw_source_t *source, const char **data,
                                apr_size_t *len, llmgw_err_t *err)
{
    upload_t *upload = (upload_t *)source;
    apr_status_t rv;

    while (!source->complete) {
        drop_given(upload);
        rv = take_bucket(upload, data, len);
        if (rv != APR_SUCCESS) {
            return failed(upload, rv, err);
        }
        if (*len) {
            source->begun = 1;
            return APR_SUCCESS;
        }
    }
    return APR_EOF;
}

llmgw_source_t *llmgw_upload_create(request_rec *r)
{
    upload_t *upload = apr_pcalloc(r->pool, sizeof(*upload));
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t len;

    upload->source.read = upload_read;
    if (length && !apr_table_get(r->headers_in, "Transfer-Encoding")
        && ap_parse_strict_length(&len, length)) {
        upload->source.has_length = 1;
        upload->source.length = (apr_uint64_t)len;
    }
    upload->r = r;
    upload->in = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    return &upload->source;
}
