/* detach_relay.c: what relay threads do for calls that wait; nothing blocks */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <httpd.h>
#include <http_core.h>
#include "detached.h"

/* How many steps a call may take before others have their turn. */
#define STEPS_MAX 8

static void post(llmgw_detached_t *d)
{
    llmgw_loop_release(&d->waiter);
    llmgw_jobs_post(&d->job);
}

/* Whole answers are a worker's: much may have to be parsed and written at once,
 * while streams wait; and their end is a worker's anyway. */
static int is_for_worker(const llmgw_call_t *call, unsigned int why)
{
    return llmgw_call_may_block(call)
           || ((why & LLMGW_WAKE_FD) && !call->stream && !call->raw);
}

/* Step the call until it waits, or something may block. */
static void relay_call(llmgw_detached_t *d, unsigned int why)
{
    llmgw_call_t *call = d->call;
    int steps;

    if (why & LLMGW_WAKE_CLIENT && llmgw_outlet_holds(d->outlet)
        && llmgw_outlet_drain(d->outlet) != APR_SUCCESS) {
        d->client_gone = 1;
    }
    if (d->client_gone || d->c->aborted) {
        d->client_gone = 1;
        post(d);
        return;
    }
    for (steps = 0; steps < STEPS_MAX; steps++) {
        if (is_for_worker(call, why)) {
            post(d);
            return;
        }
        if (llmgw_call_step(call) == LLMGW_TURN_WAIT) {
            llmgw_detached_watch_call(d);
            llmgw_loop_go_on(&d->waiter);
            return;
        }
    }
    llmgw_loop_call_again(&d->waiter);
}

/* Write on; when all is written, or never will be, a worker goes on. */
static void relay_rest(llmgw_detached_t *d)
{
    apr_status_t rv = llmgw_outlet_drain(d->outlet);

    if (rv == APR_SUCCESS && llmgw_outlet_holds(d->outlet)
        && !d->client_gone) {
        d->waiter.until = llmgw_outlet_moved(d->outlet) + d->timeout_usec;
        if (apr_time_now() < d->waiter.until) {
            llmgw_loop_go_on(&d->waiter);
            return;
        }
        d->client_gone = 1;
    }
    post(d);
}

/* Of recv(), without waiting. */
static apr_status_t status_of(ssize_t n)
{
    if (n > 0) {
        return APR_SUCCESS;
    }
    return n < 0 && (APR_STATUS_IS_EAGAIN(errno) || errno == EINTR)
           ? APR_EAGAIN : APR_EOF;
}

/* @return APR_SUCCESS: the client has sent something, or takes something, if
 * that is what is waited for; APR_EAGAIN: neither; APR_EOF */
static apr_status_t peek(const llmgw_detached_t *d)
{
    char first;

    return d->waiter.client_events & POLLOUT ? APR_SUCCESS
           : status_of(recv(d->waiter.client, &first, 1,
                            MSG_PEEK | MSG_DONTWAIT));
}

/* The next request, or the client's end; else no more comes. */
static void wait_next(llmgw_detached_t *d, unsigned int why)
{
    apr_status_t rv = why & LLMGW_WAKE_CLIENT ? peek(d) : APR_EAGAIN;

    if (rv == APR_SUCCESS) {
        post(d);
    }
    else if (rv == APR_EOF) {
        d->state = LLMGW_DETACHED_CLOSED;
        llmgw_loop_forget(&d->waiter);
        llmgw_jobs_post(&d->job);
    }
    else if (why & (LLMGW_WAKE_TIME | LLMGW_WAKE_STOPPING)) {
        d->state = LLMGW_DETACHED_ENDING;
        post(d);
    }
    else {                      /* what was told has been read meanwhile */
        llmgw_loop_go_on(&d->waiter);
    }
}

/* Read what the client still sends, so that it sees our answer and no reset.
 * @return APR_SUCCESS: there is more; APR_EAGAIN: there may be; APR_EOF */
static apr_status_t discard(const llmgw_detached_t *d)
{
    char data[8192];
    int turns = STEPS_MAX;
    ssize_t n;

    do {
        n = recv(d->waiter.client, data, sizeof(data), MSG_DONTWAIT);
    } while (n > 0 && --turns > 0);
    return status_of(n);
}

static void close_gone(llmgw_detached_t *d)
{
    if (d->waiter.known_client_events >= 0) {
        llmgw_loop_forget(&d->waiter);
        apr_socket_close(ap_get_conn_socket(d->c));
        d->waiter.client = -1;
    }
    else {
        llmgw_loop_release(&d->waiter);
    }
    if (!llmgw_detached_is_safe(d)) {   /* whatever it was woken for */
        d->waiter.until = llmgw_detached_safe_at(d);
        llmgw_loop_watch(&d->waiter);
        return;
    }
    llmgw_jobs_post(&d->job);
}

static void linger(llmgw_detached_t *d, unsigned int why)
{
    apr_time_t now = apr_time_now();
    apr_status_t rv = (why & LLMGW_WAKE_TIME) || now >= d->linger_until
                      ? APR_EOF : discard(d);

    d->waiter.until = now + LLMGW_DETACHED_LINGER_USEC;
    if (rv == APR_SUCCESS) {
        llmgw_loop_call_again(&d->waiter);
    }
    else if (rv == APR_EAGAIN) {
        llmgw_loop_go_on(&d->waiter);
    }
    else {
        d->state = LLMGW_DETACHED_GONE;
        close_gone(d);
    }
}

/* Who will say no more leaves a call, but may still want to read the rest. */
static unsigned int gone_by(const llmgw_detached_t *d)
{
    return d->state == LLMGW_DETACHED_CALL
           && d->call->state < LLMGW_STATE_SETTLE
           ? LLMGW_WAKE_GONE : LLMGW_WAKE_BROKEN;
}

void llmgw_detached_wake(llmgw_waiter_t *waiter, unsigned int why)
{
    llmgw_detached_t *d = (llmgw_detached_t *)waiter;

    if (d->state < LLMGW_DETACHED_KEPT) {
        d->client_gone |= (why & gone_by(d)) != 0;
    }
    switch (d->state) {
    case LLMGW_DETACHED_CALL:
        relay_call(d, why);
        break;
    case LLMGW_DETACHED_ANSWER:
    case LLMGW_DETACHED_REST:
        relay_rest(d);
        break;
    case LLMGW_DETACHED_KEPT:
        wait_next(d, why);
        break;
    case LLMGW_DETACHED_LINGER:
        linger(d, why);
        break;
    default:
        close_gone(d);
        break;
    }
}
