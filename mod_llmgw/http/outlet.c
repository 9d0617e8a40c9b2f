/* outlet.c: writing to a client without ever waiting for it */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <util_filter.h>
#include "outlet.h"
#include "socket_write.h"

#define OUTLET_FILTER "LLMGW_OUTLET"

/* What is not to be flushed is kept up to this many bytes. */
#define GATHER_MAX 8192

struct llmgw_outlet_t {
    conn_rec *c;
    ap_filter_t *filter;
    int fd;
    apr_bucket_brigade *held;   /* lasts longer than what it came with */
    int is_open;
    int is_full;                /* it took not all of what was written */
    apr_time_t moved;
};

/* mod_logio counts what httpd's core writes; this is written past it. */
static APR_OPTIONAL_FN_TYPE(ap_logio_add_bytes_out) *count_bytes;

int llmgw_outlet_holds(const llmgw_outlet_t *outlet)
{
    return outlet->c->data_in_output_filters
           || !APR_BRIGADE_EMPTY(outlet->held);
}

apr_time_t llmgw_outlet_moved(const llmgw_outlet_t *outlet)
{
    return outlet->moved;
}

/* What httpd's core filter holds of answers before: called without a brigade,
 * it writes what the socket takes. */
static apr_status_t drain_core(const llmgw_outlet_t *outlet)
{
    ap_filter_t *f = outlet->filter;

    while (f->next) {
        f = f->next;
    }
    return f->frec->filter_func.out_func(f, NULL);
}

/* @return as llmgw_socket_write() */
static apr_status_t write_some(llmgw_outlet_t *outlet, apr_bucket_brigade *bb)
{
    apr_off_t written = 0;
    apr_status_t rv = llmgw_socket_write(outlet->fd, bb, &written);

    if (written > 0) {
        outlet->moved = apr_time_now();
        if (count_bytes) {
            count_bytes(outlet->c, written);
        }
    }
    outlet->is_full = APR_STATUS_IS_EAGAIN(rv);
    if (rv != APR_SUCCESS && !outlet->is_full) {
        outlet->c->aborted = 1;
        apr_brigade_cleanup(bb);
    }
    return rv;
}

apr_status_t llmgw_outlet_drain(llmgw_outlet_t *outlet)
{
    apr_status_t rv = APR_SUCCESS;

    if (outlet->c->aborted) {
        return APR_ECONNABORTED;
    }
    if (outlet->c->data_in_output_filters) {
        rv = drain_core(outlet);
        outlet->moved = apr_time_now();
        if (rv != APR_SUCCESS || outlet->c->data_in_output_filters) {
            return rv;
        }
    }
    if (!APR_BRIGADE_EMPTY(outlet->held)) {
        rv = write_some(outlet, outlet->held);
    }
    return APR_STATUS_IS_EAGAIN(rv) ? APR_SUCCESS : rv;
}

/* The head of an answer comes by itself, and what follows it at once: both are
 * written together. */
static int may_wait(apr_bucket_brigade *bb)
{
    const apr_bucket *b;
    apr_size_t len = 0;

    for (b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        if (APR_BUCKET_IS_METADATA(b) || b->length > GATHER_MAX - len) {
            return 0;
        }
        len += b->length;
    }
    return 1;
}

static apr_status_t keep(llmgw_outlet_t *outlet, apr_bucket_brigade *bb)
{
    apr_status_t rv = llmgw_socket_keep(bb, outlet->c->pool);

    if (APR_BRIGADE_EMPTY(outlet->held)) {
        outlet->moved = apr_time_now();     /* the client's time begins */
    }
    if (rv == APR_SUCCESS) {
        APR_BRIGADE_CONCAT(outlet->held, bb);
    }
    apr_brigade_cleanup(bb);
    return rv;
}

static apr_status_t outlet_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    llmgw_outlet_t *outlet = f->ctx;
    apr_status_t rv;

    if (!outlet->is_open) {
        return ap_pass_brigade(f->next, bb);
    }
    if (outlet->c->aborted) {
        apr_brigade_cleanup(bb);
        return APR_ECONNABORTED;
    }
    if (outlet->is_full || outlet->c->data_in_output_filters || may_wait(bb)) {
        return keep(outlet, bb);
    }
    APR_BRIGADE_PREPEND(bb, outlet->held);
    rv = write_some(outlet, bb);
    return APR_STATUS_IS_EAGAIN(rv) ? keep(outlet, bb) : rv;
}

void llmgw_outlet_register(void)
{
    ap_register_output_filter(OUTLET_FILTER, outlet_filter, NULL,
                              AP_FTYPE_NETWORK - 1);
}

void llmgw_outlet_child_init(void)
{
    count_bytes = APR_RETRIEVE_OPTIONAL_FN(ap_logio_add_bytes_out);
}

llmgw_outlet_t *llmgw_outlet_create(request_rec *r, int fd)
{
    conn_rec *c = r->connection;
    llmgw_outlet_t *outlet = apr_pcalloc(c->pool, sizeof(*outlet));

    outlet->c = c;
    outlet->fd = fd;
    outlet->held = apr_brigade_create(c->pool, c->bucket_alloc);
    /* With the request, whose chain of filters ends in the connection's. */
    outlet->filter = ap_add_output_filter(OUTLET_FILTER, outlet, r, c);
    return outlet;
}

void llmgw_outlet_open(llmgw_outlet_t *outlet)
{
    outlet->is_open = 1;
}

void llmgw_outlet_close(llmgw_outlet_t *outlet)
{
    outlet->is_open = 0;
}
