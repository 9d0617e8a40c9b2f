/* exchange_echo.c: the built-in echo provider as an exchange */
#include <apr_strings.h>
#include "llmgw/buf.h"
#include "llmgw/echo.h"
#include "exchange.h"

#define BODY_MAX (128 * 1024 * 1024)

typedef struct echo_exchange_t {
    llmgw_exchange_t x;
    llmgw_echo_t *echo;
    llmgw_buf_t *out;
} echo_exchange_t;

/* The request's body in one piece. */
static llmgw_str_t join_body(const llmgw_send_t *send, apr_pool_t *p)
{
    llmgw_buf_t *body;
    int i;

    if (send->npieces == 1) {
        return send->pieces[0];
    }
    body = llmgw_buf_create(p, send->body_len + 1);
    for (i = 0; i < send->npieces; i++) {
        llmgw_buf_put(body, send->pieces[i]);
    }
    return llmgw_buf_str(body);
}

static void wait_for(llmgw_exchange_t *x, apr_interval_time_t delay_usec)
{
    x->wait.until = delay_usec ? apr_time_now() + delay_usec : 0;
}

static int is_due(const llmgw_exchange_t *x)
{
    return x->wait.until == 0 || apr_time_now() >= x->wait.until;
}

static apr_status_t open_echo(echo_exchange_t *e)
{
    llmgw_exchange_t *x = &e->x;
    llmgw_str_t body = join_body(x->send, x->pool);
    const char *id = apr_psprintf(x->pool, "echo%" APR_UINT64_T_HEX_FMT,
                                  (apr_uint64_t)apr_time_now());
    apr_status_t rv = llmgw_echo_create(&e->echo, body.p, body.len, id,
                                        apr_time_sec(apr_time_now()),
                                        x->pool, &x->err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    e->out = llmgw_buf_create(x->pool, BODY_MAX);
    x->phase = LLMGW_PHASE_HEAD;
    wait_for(x, x->provider->echo_delay_usec);
    return APR_SUCCESS;
}

static apr_status_t send_head(echo_exchange_t *e)
{
    llmgw_exchange_t *x = &e->x;
    apr_table_t *headers;

    if (!is_due(x)) {
        return APR_EAGAIN;
    }
    headers = apr_table_make(x->pool, 1);
    apr_table_setn(headers, "Content-Type", llmgw_echo_streams(e->echo)
                                            ? "text/event-stream"
                                            : "application/json");
    x->untouched = 0;
    x->phase = LLMGW_PHASE_BODY;
    x->wait.until = 0;
    return x->receive.head(x->receive.ctx, 200, headers);
}

static apr_status_t send_body(echo_exchange_t *e)
{
    llmgw_exchange_t *x = &e->x;
    apr_status_t rv, more;

    if (!is_due(x)) {
        return APR_EAGAIN;
    }
    llmgw_buf_clear(e->out);
    more = llmgw_echo_next(e->echo, e->out);
    if (more != APR_SUCCESS && more != APR_EOF) {
        return more;
    }
    rv = e->out->len ? x->receive.body(x->receive.ctx, e->out->data,
                                       e->out->len) : APR_SUCCESS;
    if (rv == APR_SUCCESS && more == APR_EOF) {
        x->phase = LLMGW_PHASE_DONE;
        return APR_EOF;
    }
    wait_for(x, x->provider->echo_interval_usec);
    return rv;
}

static apr_status_t echo_step(llmgw_exchange_t *x)
{
    echo_exchange_t *e = (echo_exchange_t *)x;

    switch (x->phase) {
    case LLMGW_PHASE_OPEN:
        return open_echo(e);
    case LLMGW_PHASE_HEAD:
        return send_head(e);
    case LLMGW_PHASE_BODY:
        return send_body(e);
    default:
        return APR_EOF;
    }
}

static void echo_finish(llmgw_exchange_t *x)
{
    echo_exchange_t *e = (echo_exchange_t *)x;

    if (e->out) {
        llmgw_buf_free(e->out);
    }
}

static const llmgw_exchange_class_t echo_class = { echo_step, echo_finish };

llmgw_exchange_t *llmgw_exchange_echo_create(apr_pool_t *p, request_rec *r,
                                             const llmgw_provider_t *provider)
{
    echo_exchange_t *e = apr_pcalloc(p, sizeof(*e));

    llmgw_exchange_init(&e->x, &echo_class, p, r, provider);
    return &e->x;
}
