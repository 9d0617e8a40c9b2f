/* outlet.c: writing to a client without ever waiting for it */
#include <apr_strings.h>
#include <httpd.h>
#include <util_filter.h>
#include "outlet.h"

#define OUTLET_FILTER "LLMGW_OUTLET"

/* What the core filter is given at a time: well below the size from which on
 * it waits for the client (FlushMaxThreshold, 64 KiB). */
#define PIECE_BYTES 32768

struct llmgw_outlet_t {
    conn_rec *c;
    ap_filter_t *filter;
    apr_bucket_brigade *held;   /* lasts longer than what it came with */
    apr_bucket_brigade *piece;
    int is_open;
    apr_time_t moved;
};

int llmgw_outlet_holds(const llmgw_outlet_t *outlet)
{
    return outlet->c->data_in_output_filters
           || !APR_BRIGADE_EMPTY(outlet->held);
}

apr_time_t llmgw_outlet_moved(const llmgw_outlet_t *outlet)
{
    return outlet->moved;
}

/* The core filter, called without a brigade, writes what the socket takes. */
static apr_status_t write_pending(const llmgw_outlet_t *outlet)
{
    ap_filter_t *f = outlet->filter;

    while (f->next) {
        f = f->next;
    }
    return f->frec->filter_func.out_func(f, NULL);
}

/* Move the first piece of what is held into a brigade of its own. */
static void cut_piece(llmgw_outlet_t *outlet)
{
    apr_bucket *after, *first = APR_BRIGADE_FIRST(outlet->held);

    apr_brigade_partition(outlet->held, PIECE_BYTES, &after);
    if (after == APR_BRIGADE_SENTINEL(outlet->held)) {
        APR_BRIGADE_CONCAT(outlet->piece, outlet->held);
        return;
    }
    while (first != after) {
        APR_BUCKET_REMOVE(first);
        APR_BRIGADE_INSERT_TAIL(outlet->piece, first);
        first = APR_BRIGADE_FIRST(outlet->held);
    }
}

/* Give the core filter some, and have it written as far as it goes. */
static apr_status_t pass_some(llmgw_outlet_t *outlet, apr_bucket_brigade *bb)
{
    apr_status_t rv = ap_pass_brigade(outlet->filter->next, bb);

    apr_brigade_cleanup(bb);
    return rv == APR_SUCCESS ? write_pending(outlet) : rv;
}

apr_status_t llmgw_outlet_drain(llmgw_outlet_t *outlet)
{
    apr_status_t rv = APR_SUCCESS;

    if (outlet->c->data_in_output_filters) {
        rv = write_pending(outlet);
    }
    while (rv == APR_SUCCESS && !outlet->c->data_in_output_filters) {
        outlet->moved = apr_time_now();
        if (APR_BRIGADE_EMPTY(outlet->held)) {
            break;
        }
        cut_piece(outlet);
        rv = pass_some(outlet, outlet->piece);
    }
    return rv;
}

apr_status_t llmgw_outlet_drain_more(llmgw_outlet_t *outlet)
{
    outlet->moved = apr_time_now();
    return llmgw_outlet_drain(outlet);
}

/* Take flushes out. @return how many bytes there are, -1 if nobody knows */
static apr_off_t strip(apr_bucket_brigade *bb)
{
    apr_bucket *b, *next;
    apr_off_t len = 0;

    for (b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = next) {
        next = APR_BUCKET_NEXT(b);
        if (APR_BUCKET_IS_FLUSH(b)) {
            apr_bucket_delete(b);
        }
        else if (b->length == (apr_size_t)-1) {
            return -1;
        }
        else {
            len += (apr_off_t)b->length;
        }
    }
    return len;
}

static apr_status_t hold(llmgw_outlet_t *outlet, apr_bucket_brigade *bb)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && !APR_BRIGADE_EMPTY(bb)) {
        apr_bucket *b = APR_BRIGADE_FIRST(bb);

        rv = apr_bucket_setaside(b, outlet->c->pool);
        if (rv == APR_SUCCESS || rv == APR_ENOTIMPL) {
            rv = APR_SUCCESS;
            APR_BUCKET_REMOVE(b);
            APR_BRIGADE_INSERT_TAIL(outlet->held, b);
        }
    }
    apr_brigade_cleanup(bb);
    return rv == APR_SUCCESS ? llmgw_outlet_drain(outlet) : rv;
}

static apr_status_t outlet_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    llmgw_outlet_t *outlet = f->ctx;
    apr_off_t len;

    if (!outlet->is_open) {
        return ap_pass_brigade(f->next, bb);
    }
    len = strip(bb);
    if (APR_BRIGADE_EMPTY(bb)) {
        return llmgw_outlet_drain(outlet);
    }
    if (llmgw_outlet_holds(outlet) || len < 0 || len > PIECE_BYTES) {
        return hold(outlet, bb);
    }
    outlet->moved = apr_time_now();
    return pass_some(outlet, bb);
}

void llmgw_outlet_register(void)
{
    ap_register_output_filter(OUTLET_FILTER, outlet_filter, NULL,
                              AP_FTYPE_NETWORK - 1);
}

llmgw_outlet_t *llmgw_outlet_create(conn_rec *c)
{
    llmgw_outlet_t *outlet = apr_pcalloc(c->pool, sizeof(*outlet));

    outlet->c = c;
    outlet->held = apr_brigade_create(c->pool, c->bucket_alloc);
    outlet->piece = apr_brigade_create(c->pool, c->bucket_alloc);
    outlet->filter = ap_add_output_filter(OUTLET_FILTER, outlet, NULL, c);
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
