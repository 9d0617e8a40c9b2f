/* detach_serve.c: what worker threads do for calls that wait without one */
#include <poll.h>
#include <sched.h>
#include <httpd.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include "detached.h"
#include "seat.h"
#include "standing.h"

/* As httpd lingers, in all. */
#define LINGER_MAX_USEC apr_time_from_sec(30)

/* The MPM's thread that suspended a connection writes to it once more after
 * its last hook has run: no connection is destroyed sooner after that. */
#define GRACE_USEC apr_time_from_msec(500)

/* ---- handing over -------------------------------------------------------- */

/* From here on a relay thread has it. */
static void hand_over(llmgw_detached_t *d, llmgw_detached_e state)
{
    d->state = state;
    d->c->cs->state = CONN_STATE_SUSPENDED;
    llmgw_seat_leave(d->c);
    llmgw_loop_watch(&d->waiter);
}

static void wait_in(llmgw_detached_t *d, llmgw_detached_e state,
                    int client_events, apr_time_t until)
{
    d->waiter.client_events = client_events;
    d->waiter.fd = -1;
    d->waiter.until = until;
    hand_over(d, state);
}

void llmgw_detached_watch_call(llmgw_detached_t *d)
{
    const llmgw_wait_t *wait = &d->call->wait;

    d->waiter.fd = wait->fd;
    d->waiter.events = wait->events;
    d->waiter.until = wait->until;
    d->waiter.client_events = wait->client_takes ? POLLOUT : 0;
}

void llmgw_detached_wait_for_call(llmgw_detached_t *d)
{
    llmgw_detached_watch_call(d);
    hand_over(d, LLMGW_DETACHED_CALL);
}

static void close_now(llmgw_detached_t *d)
{
    wait_in(d, LLMGW_DETACHED_GONE, 0, apr_time_now());
}

/* ---- connections --------------------------------------------------------- */

static void start_lingering(llmgw_detached_t *d)
{
    if (ap_start_lingering_close(d->c)) {
        close_now(d);
        return;
    }
    d->linger_until = apr_time_now() + LINGER_MAX_USEC;
    wait_in(d, LLMGW_DETACHED_LINGER, POLLIN,
            apr_time_now() + LLMGW_DETACHED_LINGER_USEC);
}

/* All that was answered is on its way: what next? As the MPM does it.
 * @return non-zero when the next request is there already */
static int after_write(llmgw_detached_t *d)
{
    conn_rec *c = d->c;
    apr_status_t rv = llmgw_outlet_drain(d->outlet);

    if (rv == APR_SUCCESS && llmgw_outlet_holds(d->outlet)) {
        wait_in(d, LLMGW_DETACHED_REST, POLLOUT,
                llmgw_outlet_moved(d->outlet) + d->timeout_usec);
        return 0;
    }
    if (rv != APR_SUCCESS || c->aborted || c->keepalive != AP_CONN_KEEPALIVE) {
        start_lingering(d);
        return 0;
    }
    if (c->data_in_input_filters) {
        return 1;
    }
    if (llmgw_loops_stopping()) {
        start_lingering(d);
        return 0;
    }
    wait_in(d, LLMGW_DETACHED_KEPT, POLLIN, apr_time_now() + d->keep_usec);
    return 0;
}

/* @return non-zero when the next request is there already */
static int follow_state(llmgw_detached_t *d)
{
    conn_state_t *cs = d->c->cs;

    switch (cs->state) {
    case CONN_STATE_KEEPALIVE:
    case CONN_STATE_WRITE_COMPLETION:
        return after_write(d);
    case CONN_STATE_ASYNC_WAITIO:
        wait_in(d, LLMGW_DETACHED_KEPT,
                cs->sense == CONN_SENSE_WANT_WRITE ? POLLOUT : POLLIN,
                apr_time_now() + d->timeout_usec);
        return 0;
    case CONN_STATE_SUSPENDED:
        if (d->parked) {
            d->parked = 0;
            llmgw_detached_wait_for_call(d);
        }                       /* else another module has it now */
        return 0;
    default:
        start_lingering(d);
        return 0;
    }
}

/* Serve what the client sent, as the MPM would. */
static void serve_next(llmgw_detached_t *d)
{
    conn_rec *c = d->c;

    do {
        c->cs->state = CONN_STATE_PROCESSING;
        if (ap_run_process_connection(c) > 0 || c->aborted) {
            c->cs->state = CONN_STATE_LINGER;
        }
    } while (follow_state(d));
}

/* ---- calls --------------------------------------------------------------- */

/* What httpd does after a handler: among it, the access log. */
static void finish_request(llmgw_detached_t *d)
{
    request_rec *r = d->call->r;

    d->call = NULL;
    llmgw_outlet_close(d->outlet);
    llmgw_standing_detached(-1);
    ap_process_request_after_handler(r);
}

/* The answer is with the client: the request ends as others do. */
static void end_request(llmgw_detached_t *d)
{
    finish_request(d);
    if (follow_state(d)) {
        serve_next(d);
    }
}

/* All of the answer has been passed on; the client may still have to take it.
 * A client that does not is given Timeout, as ever. */
static void finish_answer(llmgw_detached_t *d)
{
    apr_status_t rv = llmgw_outlet_drain(d->outlet);

    if (rv == APR_SUCCESS && !d->c->aborted && !d->client_gone
        && llmgw_outlet_holds(d->outlet)) {
        wait_in(d, LLMGW_DETACHED_ANSWER, POLLOUT,
                llmgw_outlet_moved(d->outlet) + d->timeout_usec);
        return;
    }
    if (rv != APR_SUCCESS || llmgw_outlet_holds(d->outlet)) {
        d->c->aborted = 1;
    }
    end_request(d);
}

static void go_on(llmgw_detached_t *d)
{
    llmgw_call_t *call = d->call;

    if (llmgw_driver_poll_run(call, 0) == LLMGW_TURN_WAIT) {
        llmgw_detached_wait_for_call(d);
        return;
    }
    ap_finalize_request_protocol(call->r);
    finish_answer(d);
}

/* ---- what a relay thread asked for --------------------------------------- */

/* The MPM's thread that suspended the connection has yet to forget it, within
 * a few instructions of our hook. */
static void wait_for_mpm(const llmgw_detached_t *d)
{
    while (__atomic_load_n(&d->c->sbh, __ATOMIC_ACQUIRE)
           && !llmgw_detached_is_safe(d)) {
        sched_yield();
    }
}

static void destroy(llmgw_detached_t *d)
{
    d->c->cs->state = CONN_STATE_SUSPENDED;     /* as the MPM counts it */
    apr_pool_destroy(d->c->pool);
}

apr_time_t llmgw_detached_safe_at(const llmgw_detached_t *d)
{
    return d->suspended + GRACE_USEC;
}

int llmgw_detached_is_safe(const llmgw_detached_t *d)
{
    return apr_time_now() >= llmgw_detached_safe_at(d);
}

/* No loop knows of it any more. */
static void finish_closed(llmgw_detached_t *d)
{
    ap_prep_lingering_close(d->c);
    if (llmgw_detached_is_safe(d)) {
        destroy(d);
    }
    else {
        close_now(d);
    }
}

static llmgw_detached_t *of_job(llmgw_job_t *job)
{
    return (llmgw_detached_t *)((char *)job
                                - offsetof(llmgw_detached_t, job));
}

void llmgw_detached_run(llmgw_job_t *job)
{
    llmgw_detached_t *d = of_job(job);

    wait_for_mpm(d);
    if (d->state == LLMGW_DETACHED_GONE) {
        destroy(d);
        return;
    }
    llmgw_seat_take(d->c, d->seat);
    switch (d->state) {
    case LLMGW_DETACHED_CALL:
        if (d->client_gone) {
            llmgw_call_cancel(d->call);
        }
        go_on(d);
        break;
    case LLMGW_DETACHED_ANSWER:
        finish_answer(d);
        break;
    case LLMGW_DETACHED_KEPT:
        serve_next(d);
        break;
    case LLMGW_DETACHED_ENDING:
        start_lingering(d);
        break;
    case LLMGW_DETACHED_CLOSED:
        finish_closed(d);
        break;
    default:
        if (d->client_gone) {
            d->c->aborted = 1;
        }
        if (after_write(d)) {
            serve_next(d);
        }
        break;
    }
}

/* ---- the child's end ----------------------------------------------------- */

static void end(llmgw_detached_t *d)
{
    llmgw_call_t *call = d->call;

    if (!call) {
        return;
    }
    d->c->aborted = 1;
    if (call->state == LLMGW_STATE_CONCLUDE) {
        llmgw_call_step(call);
    }
    if (call->state < LLMGW_STATE_SETTLE) {
        llmgw_call_cancel(call);
    }
    while (llmgw_call_step(call) != LLMGW_TURN_DONE) {
        continue;
    }
    finish_request(d);
}

void llmgw_detached_left(llmgw_waiter_t *waiter)
{
    end((llmgw_detached_t *)waiter);
}

void llmgw_detached_left_job(llmgw_job_t *job)
{
    end(of_job(job));
}
