/* exchange_own.c: an exchange with nobody: the gateway answers itself */
#include "exchange.h"

static apr_status_t send_head(llmgw_exchange_t *x)
{
    apr_table_t *headers = apr_table_make(x->pool, 1);

    apr_table_setn(headers, "Content-Type", "application/json");
    x->untouched = 0;
    x->phase = LLMGW_PHASE_BODY;
    return x->receive.head(x->receive.ctx, 200, headers);
}

static apr_status_t send_body(llmgw_exchange_t *x)
{
    const llmgw_send_t *send = x->send;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < send->npieces && rv == APR_SUCCESS; i++) {
        rv = x->receive.body(x->receive.ctx, send->pieces[i].p,
                             send->pieces[i].len);
    }
    x->phase = LLMGW_PHASE_DONE;
    return rv == APR_SUCCESS ? APR_EOF : rv;
}

static apr_status_t own_step(llmgw_exchange_t *x)
{
    switch (x->phase) {
    case LLMGW_PHASE_OPEN:
        return send_head(x);
    case LLMGW_PHASE_BODY:
        return send_body(x);
    default:
        return APR_EOF;
    }
}

/* It holds nothing. */
static void own_finish(llmgw_exchange_t *x)
{
    x->phase = LLMGW_PHASE_DONE;
}

static const llmgw_exchange_class_t own_class = { own_step, own_finish };

llmgw_exchange_t *llmgw_exchange_own_create(apr_pool_t *p, request_rec *r,
                                            const llmgw_provider_t *provider)
{
    llmgw_exchange_t *x = apr_pcalloc(p, sizeof(*x));

    llmgw_exchange_init(x, &own_class, p, r, provider);
    return x;
}
