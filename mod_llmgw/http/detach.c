/* detach.c: calls that wait without a thread, and their connections */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <apr_portable.h>
#include <apr_strings.h>
#include <httpd.h>
#include <ap_mpm.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>
#include "detach.h"
#include "detach_limits.h"
#include "jobs.h"
#include "log.h"
#include "loop.h"
#include "mark.h"
#include "outlet.h"
#include "seat.h"
#include "standing.h"

/* As httpd lingers: so long after each byte, and in all. */
#define LINGER_USEC apr_time_from_sec(2)
#define LINGER_MAX_USEC apr_time_from_sec(30)

/* The MPM's thread that suspended a connection writes to it once more after
 * its last hook has run: no connection is destroyed sooner after that. */
#define GRACE_USEC apr_time_from_msec(500)

/* How many steps a call may take before others have their turn. */
#define STEPS_MAX 8

/* What a connection waits for. */
typedef enum state_e {
    STATE_CALL,                 /* its call's provider, or time */
    STATE_ANSWER,               /* the client has to take the rest */
    STATE_REST,                 /* the same, of requests that are no calls */
    STATE_KEPT,                 /* the next request */
    STATE_ENDING,               /* nothing: it is to be closed */
    STATE_LINGER,               /* the client has to close its side */
    STATE_GONE                  /* closed; to be destroyed */
} state_e;

typedef struct detached_t {
    llmgw_waiter_t waiter;
    llmgw_job_t job;
    conn_rec *c;
    ap_sb_handle_t *seat;       /* see seat.h */
    llmgw_outlet_t *outlet;
    llmgw_call_t *call;         /* NULL between two */
    state_e state;
    int parked;                 /* to be handed over when the MPM has let go */
    int client_gone;
    apr_time_t suspended;       /* when the MPM let go */
    apr_time_t linger_until;
    apr_interval_time_t keep_usec;      /* KeepAliveTimeout */
    apr_interval_time_t timeout_usec;   /* Timeout */
} detached_t;

static detached_t *lookup(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &llmgw_module);
}

/* ---- handing over --------------------------------------------------------- */

/* From here on a relay thread has it. */
static void wait_in(detached_t *d, state_e state, int client_events,
                    apr_time_t until)
{
    d->state = state;
    d->waiter.client_events = client_events;
    d->waiter.fd = -1;
    d->waiter.until = until;
    d->c->cs->state = CONN_STATE_SUSPENDED;
    llmgw_seat_leave(d->c);
    llmgw_loop_watch(&d->waiter);
}

static void watch_call(detached_t *d)
{
    const llmgw_wait_t *wait = &d->call->wait;

    d->waiter.fd = wait->fd;
    d->waiter.events = wait->events;
    d->waiter.until = wait->until;
    d->waiter.client_events = wait->client_takes ? POLLOUT : 0;
}

static void wait_for_call(detached_t *d)
{
    d->state = STATE_CALL;
    watch_call(d);
    d->c->cs->state = CONN_STATE_SUSPENDED;
    llmgw_seat_leave(d->c);
    llmgw_loop_watch(&d->waiter);
}

static void close_now(detached_t *d)
{
    wait_in(d, STATE_GONE, 0, apr_time_now());
}

/* ---- on a worker: connections --------------------------------------------- */

static void start_lingering(detached_t *d)
{
    if (ap_start_lingering_close(d->c)) {
        close_now(d);
        return;
    }
    d->linger_until = apr_time_now() + LINGER_MAX_USEC;
    wait_in(d, STATE_LINGER, POLLIN, apr_time_now() + LINGER_USEC);
}

/* All that was answered is on its way: what next? As the MPM does it.
 * @return non-zero when the next request is there already */
static int after_write(detached_t *d)
{
    conn_rec *c = d->c;
    apr_status_t rv = llmgw_outlet_drain(d->outlet);

    if (rv == APR_SUCCESS && llmgw_outlet_holds(d->outlet)) {
        wait_in(d, STATE_REST, POLLOUT,
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
    wait_in(d, STATE_KEPT, POLLIN, apr_time_now() + d->keep_usec);
    return 0;
}

/* @return non-zero when the next request is there already */
static int follow_state(detached_t *d)
{
    conn_state_t *cs = d->c->cs;

    switch (cs->state) {
    case CONN_STATE_KEEPALIVE:
    case CONN_STATE_WRITE_COMPLETION:
        return after_write(d);
    case CONN_STATE_ASYNC_WAITIO:
        wait_in(d, STATE_KEPT,
                cs->sense == CONN_SENSE_WANT_WRITE ? POLLOUT : POLLIN,
                apr_time_now() + d->timeout_usec);
        return 0;
    case CONN_STATE_SUSPENDED:
        if (d->parked) {
            d->parked = 0;
            wait_for_call(d);
        }                       /* else another module has it now */
        return 0;
    default:
        start_lingering(d);
        return 0;
    }
}

/* Serve what the client sent, as the MPM would. */
static void serve_next(detached_t *d)
{
    conn_rec *c = d->c;

    do {
        c->cs->state = CONN_STATE_PROCESSING;
        if (ap_run_process_connection(c) > 0 || c->aborted) {
            c->cs->state = CONN_STATE_LINGER;
        }
    } while (follow_state(d));
}

/* ---- on a worker: calls --------------------------------------------------- */

/* What httpd does after a handler: among it, the access log. */
static void finish_request(detached_t *d)
{
    request_rec *r = d->call->r;

    d->call = NULL;
    llmgw_outlet_close(d->outlet);
    llmgw_standing_detached(-1);
    ap_process_request_after_handler(r);
}

/* The answer is with the client: the request ends as others do. */
static void end_request(detached_t *d)
{
    finish_request(d);
    if (follow_state(d)) {
        serve_next(d);
    }
}

/* All of the answer has been passed on; the client may still have to take it.
 * A client that does not is given Timeout, as ever. */
static void finish_answer(detached_t *d)
{
    apr_status_t rv = llmgw_outlet_drain(d->outlet);

    if (rv == APR_SUCCESS && !d->c->aborted && !d->client_gone
        && llmgw_outlet_holds(d->outlet)) {
        wait_in(d, STATE_ANSWER, POLLOUT,
                llmgw_outlet_moved(d->outlet) + d->timeout_usec);
        return;
    }
    if (rv != APR_SUCCESS || llmgw_outlet_holds(d->outlet)) {
        d->c->aborted = 1;
    }
    end_request(d);
}

static void go_on(detached_t *d)
{
    llmgw_call_t *call = d->call;

    if (llmgw_driver_poll_run(call, 0) == LLMGW_TURN_WAIT) {
        wait_for_call(d);
        return;
    }
    ap_finalize_request_protocol(call->r);
    finish_answer(d);
}

/* ---- on a worker: what a relay thread asked for --------------------------- */

/* The MPM's thread that suspended the connection has yet to forget it, within
 * a few instructions of our hook. */
static void wait_for_mpm(const detached_t *d)
{
    while (__atomic_load_n(&d->c->sbh, __ATOMIC_ACQUIRE)
           && apr_time_now() < d->suspended + GRACE_USEC) {
        sched_yield();
    }
}

static void destroy(detached_t *d)
{
    d->c->cs->state = CONN_STATE_SUSPENDED;     /* as the MPM counts it */
    apr_pool_destroy(d->c->pool);
}

static detached_t *of_job(llmgw_job_t *job)
{
    return (detached_t *)((char *)job - offsetof(detached_t, job));
}

static void run_job(llmgw_job_t *job)
{
    detached_t *d = of_job(job);

    wait_for_mpm(d);
    if (d->state == STATE_GONE) {
        destroy(d);
        return;
    }
    llmgw_seat_take(d->c, d->seat);
    switch (d->state) {
    case STATE_CALL:
        if (d->client_gone) {
            llmgw_call_cancel(d->call);
        }
        go_on(d);
        break;
    case STATE_ANSWER:
        finish_answer(d);
        break;
    case STATE_KEPT:
        serve_next(d);
        break;
    case STATE_ENDING:
        start_lingering(d);
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

/* ---- on the relay thread -------------------------------------------------- */

static void post(detached_t *d)
{
    llmgw_loop_release(&d->waiter);
    llmgw_jobs_post(&d->job);
}

/* Write on, if the client takes some. */
static apr_status_t drain(const detached_t *d, unsigned int why)
{
    return why & LLMGW_WAKE_CLIENT && !d->client_gone
           ? llmgw_outlet_drain_more(d->outlet)
           : llmgw_outlet_drain(d->outlet);
}

/* Step the call until it waits, or something may block. */
static void relay_call(detached_t *d, unsigned int why)
{
    llmgw_call_t *call = d->call;
    int steps;

    if (why & LLMGW_WAKE_CLIENT && llmgw_outlet_holds(d->outlet)
        && drain(d, why) != APR_SUCCESS) {
        d->client_gone = 1;
    }
    if (d->client_gone || d->c->aborted) {
        d->client_gone = 1;
        post(d);
        return;
    }
    for (steps = 0; steps < STEPS_MAX; steps++) {
        if (llmgw_call_may_block(call)) {
            post(d);
            return;
        }
        if (llmgw_call_step(call) == LLMGW_TURN_WAIT) {
            watch_call(d);
            llmgw_loop_go_on(&d->waiter);
            return;
        }
    }
    llmgw_loop_call_again(&d->waiter);
}

/* Write on; when all is written, or never will be, a worker goes on. */
static void relay_rest(detached_t *d, unsigned int why)
{
    apr_status_t rv = drain(d, why);

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

/* A request, or the client's end, which reading finds; else no more comes. */
static void wait_next(detached_t *d, unsigned int why)
{
    if (!(why & LLMGW_WAKE_CLIENT)) {
        d->state = STATE_ENDING;
    }
    post(d);
}

/* Read what the client still sends, so that it sees our answer and no reset.
 * @return APR_SUCCESS: there is more; APR_EAGAIN: there may be; APR_EOF */
static apr_status_t discard(const detached_t *d)
{
    char data[8192];
    int turns = STEPS_MAX;
    ssize_t n;

    do {
        n = recv(d->waiter.client, data, sizeof(data), MSG_DONTWAIT);
    } while (n > 0 && --turns > 0);
    if (n > 0) {
        return APR_SUCCESS;
    }
    return n < 0 && (APR_STATUS_IS_EAGAIN(errno) || errno == EINTR)
           ? APR_EAGAIN : APR_EOF;
}

static void close_gone(detached_t *d)
{
    apr_time_t safe = d->suspended + GRACE_USEC;

    if (d->waiter.known_client_events >= 0) {
        llmgw_loop_forget(&d->waiter);
        apr_socket_close(ap_get_conn_socket(d->c));
        d->waiter.client = -1;
    }
    else {
        llmgw_loop_release(&d->waiter);
    }
    if (apr_time_now() < safe) {        /* whatever it was woken for */
        d->waiter.until = safe;
        llmgw_loop_watch(&d->waiter);
        return;
    }
    llmgw_jobs_post(&d->job);
}

static void linger(detached_t *d, unsigned int why)
{
    apr_time_t now = apr_time_now();
    apr_status_t rv = (why & LLMGW_WAKE_TIME) || now >= d->linger_until
                      ? APR_EOF : discard(d);

    d->waiter.until = now + LINGER_USEC;
    if (rv == APR_SUCCESS) {
        llmgw_loop_call_again(&d->waiter);
    }
    else if (rv == APR_EAGAIN) {
        llmgw_loop_go_on(&d->waiter);
    }
    else {
        d->state = STATE_GONE;
        close_gone(d);
    }
}

static void wake(llmgw_waiter_t *waiter, unsigned int why)
{
    detached_t *d = (detached_t *)waiter;

    if (d->state < STATE_REST) {
        d->client_gone |= (why & LLMGW_WAKE_GONE) != 0;
    }
    switch (d->state) {
    case STATE_CALL:
        relay_call(d, why);
        break;
    case STATE_ANSWER:
    case STATE_REST:
        relay_rest(d, why);
        break;
    case STATE_KEPT:
        wait_next(d, why);
        break;
    case STATE_LINGER:
        linger(d, why);
        break;
    default:
        close_gone(d);
        break;
    }
}

/* ---- detaching ------------------------------------------------------------ */

static detached_t *create(conn_rec *c)
{
    detached_t *d = apr_pcalloc(c->pool, sizeof(*d));
    apr_os_sock_t fd = -1;

    apr_os_sock_get(&fd, ap_get_conn_socket(c));
    d->c = c;
    d->job.run = run_job;
    d->outlet = llmgw_outlet_create(c);
    llmgw_waiter_init(&d->waiter, fd, wake);
    ap_create_sb_handle(&d->seat, c->pool, 0, 0);
    ap_set_module_config(c->conn_config, &llmgw_module, d);
    return d;
}

/* Not for requests within requests, nor for streams of another connection:
 * who runs those waits for them. */
static int can_detach(const llmgw_call_t *call)
{
    const request_rec *r = call->r;

    return llmgw_loops_run() && call->conf->detach.on && r->connection->cs
           && !r->connection->master && !r->main && !r->prev;
}

/* Count it in, if there is room. */
static int enter(const llmgw_call_t *call)
{
    if (llmgw_standing_detached(1) > llmgw_detach_max(call->conf)) {
        llmgw_standing_detached(-1);
        return 0;
    }
    return 1;
}

/* The MPM counts a connection when a worker has it. A child that was told to
 * end before that may not wait for it, but for its thread. */
static int may_be_overlooked(const detached_t *d)
{
    return !d && llmgw_loops_stopping();
}

static int detach(llmgw_call_t *call)
{
    conn_rec *c = call->r->connection;
    detached_t *d = lookup(c);

    if (may_be_overlooked(d) || !enter(call)) {
        return 0;
    }
    if (!d) {
        d = create(c);
    }
    d->call = call;
    d->parked = 1;
    d->client_gone = 0;
    d->keep_usec = call->r->server->keep_alive_timeout;
    d->timeout_usec = call->r->server->timeout;
    call->outlet = d->outlet;
    llmgw_outlet_open(d->outlet);
    return 1;
}

apr_status_t llmgw_detach_admit(const llmgw_call_t *call, llmgw_err_t *err)
{
    const llmgw_detach_conf_t *conf = &call->conf->detach;

    if (!can_detach(call) || !conf->refuse
        || llmgw_standing_detached(0) < llmgw_detach_max(call->conf)) {
        return APR_SUCCESS;
    }
    llmgw_err_set(err, call->pool, LLMGW_EFULL, NULL, "The gateway has as many "
                  "calls under way as it may have: try again.");
    err->retry_after_usec = apr_time_from_sec(1);
    return err->status;
}

int llmgw_detach_run(llmgw_call_t *call)
{
    apr_interval_time_t patience = can_detach(call)
                                   ? call->conf->detach.spin_usec : -1;

    if (llmgw_driver_poll_run(call, patience) == LLMGW_TURN_DONE) {
        return OK;
    }
    if (detach(call)) {
        return SUSPENDED;
    }
    llmgw_driver_poll_run(call, -1);
    return OK;
}

/* ---- the child ------------------------------------------------------------ */

/* The MPM has let go of a connection, but for a last store or two. */
static void on_suspend(conn_rec *c, request_rec *r LLMGW_UNUSED)
{
    detached_t *d = c->master ? NULL : lookup(c);

    if (d && d->parked) {
        d->parked = 0;
        d->suspended = apr_time_now();
        d->state = STATE_CALL;
        watch_call(d);
        llmgw_loop_watch(&d->waiter);
    }
}

static void on_stopping(apr_pool_t *pchild LLMGW_UNUSED,
                        int graceful LLMGW_UNUSED)
{
    llmgw_loops_tell_stopping();
}

/* The child ends, and its connections with it. What a call has from its
 * provider is given back, and it is logged and counted, as one whose client
 * is gone; one whose answer is complete, as that. */
static void end_call(detached_t *d)
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

static void end_waiter(llmgw_waiter_t *waiter)
{
    end_call((detached_t *)waiter);
}

static void end_job(llmgw_job_t *job)
{
    end_call(of_job(job));
}

/* When the workers have ended. */
static apr_status_t stop_loops(void *data LLMGW_UNUSED)
{
    llmgw_loops_stop(end_waiter);
    llmgw_jobs_end(end_job);
    return APR_SUCCESS;
}

static int is_wanted(server_rec *servers)
{
    const server_rec *s;

    for (s = servers; s; s = s->next) {
        if (llmgw_config_effective(s, NULL)->detach.on) {
            return 1;
        }
    }
    return 0;
}

void llmgw_detach_child_init(server_rec *servers, apr_pool_t *pchild)
{
    int async = 0, threads = 0;
    apr_status_t rv;

    ap_mpm_query(AP_MPMQ_IS_ASYNC, &async);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (!async || !is_wanted(servers)) {
        return;
    }
    rv = llmgw_jobs_child_init(threads, pchild);
    if (rv == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(pchild, NULL, stop_loops);
        rv = llmgw_loops_start(llmgw_config_effective(servers, NULL)
                               ->detach.threads, pchild);
    }
    if (rv != APR_SUCCESS) {
        llmgw_loops_stop(NULL);
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, servers,
                     LLMGW_ID("LLMGW0602") "no relay thread can be started: "
                     "calls keep their threads while they wait");
    }
}

void llmgw_detach_register(void)
{
    llmgw_outlet_register();
    ap_hook_suspend_connection(on_suspend, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_child_stopping(on_stopping, NULL, NULL, APR_HOOK_MIDDLE);
}
