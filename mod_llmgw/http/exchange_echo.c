/* exchange_echo.c: the built-in echo provider as an exchange */
#include <apr_strings.h>
#include "llmgw/buf.h"
#include "llmgw/echo.h"
#include "llmgw/splice.h"
#include "exchange.h"

#define BODY_MAX (128 * 1024 * 1024)

typedef struct echo_exchange_t {
    llmgw_exchange_t x;
    llmgw_echo_t *echo;         /* NULL: all of the answer is in out */
    llmgw_buf_t *out;
} echo_exchange_t;

static void wait_for(llmgw_exchange_t *x, apr_interval_time_t delay_usec)
{
    x->wait.until = delay_usec ? apr_time_now() + delay_usec : 0;
}

static int is_due(const llmgw_exchange_t *x)
{
    return x->wait.until == 0 || apr_time_now() >= x->wait.until;
}

static apr_status_t read_request(echo_exchange_t *e)
{
    llmgw_exchange_t *x = &e->x;
    llmgw_str_t body = llmgw_splice_join(x->send->pieces, x->send->npieces,
                                         x->pool);
    apr_time_t now = apr_time_now();

    if (x->send->op == LLMGW_OP_EMBED) {
        return llmgw_echo_embed(e->out, body.p, body.len, x->pool, &x->err);
    }
    return llmgw_echo_create(&e->echo, body.p, body.len,
                             apr_psprintf(x->pool,
                                          "echo%" APR_UINT64_T_HEX_FMT,
                                          (apr_uint64_t)now),
                             apr_time_sec(now), x->pool, &x->err);
}

static apr_status_t open_echo(echo_exchange_t *e)
{
    llmgw_exchange_t *x = &e->x;
    apr_status_t rv;

    e->out = llmgw_buf_create(x->pool, BODY_MAX);
    rv = read_request(e);
    if (rv != APR_SUCCESS) {
        return rv;
    }
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
    apr_table_setn(headers, "Content-Type",
                   e->echo && llmgw_echo_streams(e->echo)
                   ? "text/event-stream" : "application/json");
    x->untouched = 0;
    x->phase = LLMGW_PHASE_BODY;
    x->wait.until = 0;
    return x->receive.head(x->receive.ctx, 200, headers);
}

static apr_status_t next_piece(echo_exchange_t *e)
{
    if (!e->echo) {
        return APR_EOF;
    }
    llmgw_buf_clear(e->out);
    return llmgw_echo_next(e->echo, e->out);
}

static apr_status_t send_body(echo_exchange_t *e)
{
    llmgw_exchange_t *x = &e->x;
    apr_status_t rv, more;

    if (!is_due(x)) {
        return APR_EAGAIN;
    }
    more = next_piece(e);
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
    return llmgw_exchange_pause(x, rv);
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
