/* detach.c: calls that wait without a thread: which do, and the child's part */
#include <apr_portable.h>
#include <httpd.h>
#include <ap_mpm.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_log.h>
#include <mpm_common.h>
#include "detach.h"
#include "detach_limits.h"
#include "detached.h"
#include "log.h"
#include "standing.h"
#include "tidy.h"

static llmgw_detached_t *lookup(const conn_rec *c)
{
    return ap_get_module_config(c->conn_config, &llmgw_module);
}

/* ---- detaching ----------------------------------------------------------- */

static llmgw_detached_t *create(request_rec *r)
{
    conn_rec *c = r->connection;
    llmgw_detached_t *d = apr_pcalloc(c->pool, sizeof(*d));
    apr_os_sock_t fd = -1;

    apr_os_sock_get(&fd, ap_get_conn_socket(c));
    d->c = c;
    d->job.run = llmgw_detached_run;
    d->job.left = llmgw_detached_left_job;
    d->outlet = llmgw_outlet_create(r, fd);
    llmgw_waiter_init(&d->waiter, fd, llmgw_detached_wake);
    d->waiter.left = llmgw_detached_left;
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
static int may_be_overlooked(const llmgw_detached_t *d)
{
    return !d && llmgw_loops_stopping();
}

static int detach(llmgw_call_t *call)
{
    conn_rec *c = call->r->connection;
    llmgw_detached_t *d = lookup(c);

    if (may_be_overlooked(d) || !enter(call)) {
        return 0;
    }
    if (!d) {
        d = create(call->r);
        llmgw_tidy_begin();
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

/* ---- the child ----------------------------------------------------------- */

/* The MPM has let go of a connection, but for a last store or two. */
static void on_suspend(conn_rec *c, request_rec *r LLMGW_UNUSED)
{
    llmgw_detached_t *d = c->master ? NULL : lookup(c);

    if (d && d->parked) {
        d->parked = 0;
        d->suspended = apr_time_now();
        d->state = LLMGW_DETACHED_CALL;
        llmgw_detached_watch_call(d);
        llmgw_loop_watch(&d->waiter);
    }
}

static void on_stopping(apr_pool_t *pchild LLMGW_UNUSED,
                        int graceful LLMGW_UNUSED)
{
    llmgw_loops_tell_stopping();
}

/* When the workers have ended. */
static apr_status_t stop_loops(void *data LLMGW_UNUSED)
{
    llmgw_loops_stop();
    llmgw_jobs_end();
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
    llmgw_outlet_child_init();
    llmgw_tidy_child_init(servers);
    rv = llmgw_jobs_child_init(threads, pchild);
    if (rv == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(pchild, NULL, stop_loops);
        rv = llmgw_loops_start(llmgw_config_effective(servers, NULL)
                               ->detach.threads, pchild);
    }
    if (rv != APR_SUCCESS) {
        llmgw_loops_stop();
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
