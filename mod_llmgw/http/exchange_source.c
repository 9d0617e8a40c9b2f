/* exchange_source.c: sending a body that comes while it is sent */
#include <apr_strings.h>
#include <httpd.h>
#include "exchange_http.h"

static void put_bytes(llmgw_exchange_http_t *e, const char *data,
                      apr_size_t len)
{
    apr_bucket *b = apr_bucket_transient_create(data, len,
                                                e->out->bucket_alloc);

    APR_BRIGADE_INSERT_TAIL(e->out, b);
}

/* RFC 9112, 7.1. What the brigade points to stays until it has been passed. */
static void put_chunk(llmgw_exchange_http_t *e, const char *data,
                      apr_size_t len)
{
    int n = apr_snprintf(e->chunk, sizeof(e->chunk), "%" APR_UINT64_T_HEX_FMT
                         CRLF, (apr_uint64_t)len);

    put_bytes(e, e->chunk, (apr_size_t)n);
    put_bytes(e, data, len);
    put_bytes(e, CRLF, 2);
}

apr_status_t llmgw_exchange_put_source(llmgw_exchange_http_t *e, int *last)
{
    llmgw_source_t *source = e->x.send->source;
    const char *data;
    apr_size_t len;
    apr_status_t rv = source->read(source, &data, &len, &e->x.err);

    if (rv == APR_SUCCESS) {
        e->x.moved = apr_time_now();
        if (source->has_length) {
            put_bytes(e, data, len);
        }
        else {
            put_chunk(e, data, len);
        }
    }
    else if (APR_STATUS_IS_EOF(rv)) {
        e->x.moved = apr_time_now();
        if (!source->has_length) {
            put_bytes(e, "0" CRLF CRLF, 5);
        }
        *last = 1;
        rv = APR_SUCCESS;
    }
    return rv;
}
