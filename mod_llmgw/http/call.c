/* call.c: a call: its request, read and decoded, and its figures */
#include <httpd.h>
#include "llmgw/count.h"
#include "llmgw/price.h"
#include "llmgw/query.h"
#include "llmgw/splice.h"
#include "call.h"
#include "mark.h"
#include "reply.h"

void llmgw_meter_init(llmgw_meter_t *meter)
{
    static const llmgw_usage_t unknown = LLMGW_USAGE_INIT;

    memset(meter, 0, sizeof(*meter));
    meter->usage = unknown;
}

/* Paths that stream do so as an array, unless the query says alt=sse. */
static int asks_for_events(const request_rec *r)
{
    return llmgw_str_is(llmgw_query_lookup(r->args, "alt", r->pool), "sse");
}

llmgw_call_t *llmgw_call_create(request_rec *r,
                                const llmgw_surface_t *surface,
                                const llmgw_dialect_t *dialect)
{
    llmgw_call_t *call = apr_pcalloc(r->pool, sizeof(*call));
    call->r = r;
    call->pool = r->pool;
    call->conf = llmgw_config_effective(r->server, NULL);
    call->surface = *surface;
    call->model = surface->id;
    call->stream = surface->streams;
    call->array_framing = surface->streams && !asks_for_events(r);
    call->dialect = dialect;
    call->request_id = llmgw_reply_request_id(r);
    llmgw_meter_init(&call->meter);
    call->began = r->request_time;
    call->wait.fd = -1;
    llmgw_mark_get(r)->call = call;
    return call;
}

/* The member that pins a provider is no part of the request. */
static llmgw_str_t body_of_request(const llmgw_call_t *call)
{
    const llmgw_splice_t change = { "provider", LLMGW_STR_NULL };
    llmgw_str_t *pieces, body = llmgw_buf_str(call->body);
    int n;

    if (call->pin.p
        && llmgw_splice_make(body.p, body.len, &change, 1, &pieces, &n,
                             call->pool) == APR_SUCCESS) {
        return llmgw_splice_join(pieces, n, call->pool);
    }
    return body;
}

apr_status_t llmgw_call_parse(llmgw_call_t *call, const llmgw_json_t **root,
                              llmgw_err_t *err)
{
    llmgw_str_t body = body_of_request(call);
    llmgw_json_limits_t limits = { 0 };
    llmgw_json_doc_t *doc;
    apr_status_t rv;

    limits.bytes_max = (apr_size_t)call->conf->request_body;
    doc = llmgw_json_doc_create(call->pool, &limits);
    rv = llmgw_json_parse(doc, body.p, body.len, root, NULL);
    return rv == APR_SUCCESS ? rv
        : llmgw_err_set(err, call->pool, rv, NULL,
                        "The request body has too many values.");
}

apr_status_t llmgw_call_decode(llmgw_call_t *call, llmgw_err_t *err)
{
    const llmgw_address_t address = { call->surface.id, call->stream };
    const llmgw_dialect_t *dialect = call->dialect;
    const llmgw_json_t *root;
    apr_status_t rv;

    if (call->request) {
        return APR_SUCCESS;
    }
    rv = llmgw_call_parse(call, &root, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = call->surface.op == LLMGW_OP_COUNT
         ? dialect->count->request_decode(&call->request, root, &address,
                                          call->pool, err)
         : dialect->request_decode(&call->request, root, &address, call->pool,
                                   err);
    if (rv == APR_SUCCESS) {
        llmgw_request_open(call->request, call->pool);
    }
    return rv;
}

/* ---- figures ----------------------------------------------------------- */

apr_interval_time_t llmgw_call_overhead_usec(const llmgw_call_t *call)
{
    apr_interval_time_t usec = apr_time_now() - call->began
                               - call->upstream_usec - call->waited_usec;

    return usec > 0 ? usec : 0;
}

apr_int64_t llmgw_call_cost_nano(const llmgw_call_t *call)
{
    const llmgw_target_t *t = call->attempt ? call->attempt->target : NULL;

    return t ? llmgw_price_nano(t->price_in, t->price_out,
                                call->meter.usage.prompt,
                                call->meter.usage.completion) : -1;
}
