/* call_step.c: the call's states, and what leads from one to the next */
#include <httpd.h>
#include <http_core.h>
#include <http_log.h>
#include "llmgw/retry.h"
#include "attempt.h"
#include "call.h"
#include "deadline.h"
#include "incoming.h"
#include "keys.h"
#include "log.h"
#include "measure.h"
#include "next.h"
#include "outlet.h"
#include "raw.h"
#include "relay.h"
#include "reply.h"

/* ---- failures ---------------------------------------------------------- */

static int rank(const llmgw_err_t *err)
{
    if (err->status == APR_SUCCESS) {
        return 0;
    }
    return err->from_provider ? 2 : 1;
}

/* Remember a failure if it tells more than the one before; its strings may
 * live in the attempt's pool. */
static void remember(llmgw_call_t *call, const llmgw_err_t *err)
{
    if (rank(err) < rank(&call->err)) {
        return;
    }
    llmgw_err_copy(&call->err, err, call->pool);
}

static void log_failure(llmgw_call_t *call, const llmgw_err_t *err)
{
    const llmgw_attempt_t *attempt = call->attempt;
    int level = llmgw_err_http_status(err) < 500 ? APLOG_INFO : APLOG_WARNING;

    ap_log_rerror(APLOG_MARK, level, 0, call->r, LLMGW_ID("LLMGW0201")
                  "call %s: attempt %d at provider %s%s%s failed: %s%s%s",
                  call->request_id, call->attempts, attempt->provider->name,
                  *attempt->model ? ", model " : "", attempt->model,
                  llmgw_err_code(err), err->detail ? ": " : "",
                  err->detail ? err->detail : "");
}

/* An attempt is over. What follows may block. */
static llmgw_turn_e conclude(llmgw_call_t *call, const llmgw_err_t *err)
{
    call->attempt->outcome = *err;
    call->state = LLMGW_STATE_CONCLUDE;
    return LLMGW_TURN_AGAIN;
}

static llmgw_turn_e conclude_gone(llmgw_call_t *call)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    err.status = LLMGW_ECLIENTGONE;
    return conclude(call, &err);
}

/* An attempt failed: on to the next key or target, or to the end. */
static llmgw_turn_e fail_attempt(llmgw_call_t *call, const llmgw_err_t *err)
{
    if (llmgw_relay_committed(call->relay)) {
        memset(&call->err, 0, sizeof(call->err));   /* of attempts before */
    }
    remember(call, err);
    log_failure(call, err);
    call->failure = llmgw_retry_word(err);
    llmgw_pick_report(call, err);
    llmgw_attempt_end(call);
    if (llmgw_relay_committed(call->relay)) {
        llmgw_relay_fail(call->relay, &call->err);
        call->state = LLMGW_STATE_SETTLE;
    }
    else {
        llmgw_relay_reset(call->relay);
        call->state = llmgw_next_state(call, err);
    }
    return LLMGW_TURN_AGAIN;
}

/* Nothing more is written to it. */
static void note_gone(llmgw_call_t *call)
{
    memset(&call->err, 0, sizeof(call->err));
    llmgw_err_set(&call->err, call->pool, LLMGW_ECLIENTGONE, NULL,
                  "The client closed the request.");
    call->r->connection->aborted = 1;
}

static llmgw_turn_e end_cancelled(llmgw_call_t *call)
{
    note_gone(call);
    llmgw_pick_report(call, &call->err);
    llmgw_attempt_end(call);
    llmgw_relay_reset(call->relay);
    call->state = LLMGW_STATE_SETTLE;
    return LLMGW_TURN_AGAIN;
}

/* ---- states ------------------------------------------------------------ */

static const llmgw_target_t *take_target(llmgw_call_t *call, llmgw_err_t *err)
{
    const llmgw_target_t *target = call->again ? llmgw_pick_again(call) : NULL;

    call->again = 0;
    return target ? target : llmgw_pick_next(call, err);
}

/* Nobody is there to be asked. That tells less than what others answered. */
static llmgw_turn_e end_unserved(llmgw_call_t *call, const llmgw_err_t *err)
{
    if (call->err.status == APR_SUCCESS) {
        remember(call, err);
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, call->r,
                      LLMGW_ID("LLMGW0204") "call %s: route %s: no target: "
                      "%s%s%s", call->request_id, call->plan.route_name,
                      llmgw_err_code(err), err->detail ? ": " : "",
                      err->detail ? err->detail : "");
    }
    call->state = LLMGW_STATE_SETTLE;
    return LLMGW_TURN_AGAIN;
}

static llmgw_turn_e step_pick(llmgw_call_t *call)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    const llmgw_target_t *target = take_target(call, &err);

    if (!target) {
        return end_unserved(call, &err);
    }
    if (call->attempts++ == 0) {
        llmgw_next_count_call(call);
    }
    else {
        llmgw_measure_move(call, target);
    }
    if (llmgw_attempt_begin(call, target, &err) != APR_SUCCESS) {
        return fail_attempt(call, &err);
    }
    call->state = LLMGW_STATE_EXCHANGE;
    return LLMGW_TURN_AGAIN;
}

static llmgw_turn_e step_backoff(llmgw_call_t *call)
{
    if (apr_time_now() >= call->backoff_until) {
        call->state = LLMGW_STATE_PICK;
        return LLMGW_TURN_AGAIN;
    }
    call->wait.fd = -1;
    call->wait.events = 0;
    call->wait.until = call->backoff_until;
    return LLMGW_TURN_WAIT;
}

static llmgw_turn_e complete(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;
    llmgw_err_t err = LLMGW_ERR_INIT;
    apr_status_t rv = llmgw_incoming_finish(attempt->incoming, &err);

    if (rv == LLMGW_ECLIENTGONE) {
        return conclude_gone(call);
    }
    if (rv == APR_SUCCESS) {
        attempt->passed_on = err;
        memset(&err, 0, sizeof(err));
    }
    return conclude(call, &err);
}

/* The exchange ended early. Once the stream has said its last word, that is
 * no loss. */
static llmgw_turn_e break_off(llmgw_call_t *call, apr_status_t rv)
{
    llmgw_err_t err = call->attempt->x->err;

    if (rv == LLMGW_ECLIENTGONE) {
        return conclude_gone(call);
    }
    if (llmgw_relay_ended(call->relay)) {
        return complete(call);
    }
    if (err.status == APR_SUCCESS) {
        llmgw_incoming_error(call->attempt->incoming, &err);
    }
    if (err.status == APR_SUCCESS) {
        llmgw_err_set(&err, call->pool, rv, NULL,
                      "The provider's answer could not be read.");
    }
    return conclude(call, &err);
}

static llmgw_turn_e expire(llmgw_call_t *call, const llmgw_deadline_t *d)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    if (d->status == LLMGW_ECLIENTGONE) {
        return conclude_gone(call);
    }
    if (llmgw_relay_ended(call->relay)) {
        return complete(call);
    }
    llmgw_err_set(&err, call->pool, d->status, NULL, "%s", d->message);
    return conclude(call, &err);
}

static llmgw_turn_e step_conclude(llmgw_call_t *call)
{
    const llmgw_err_t outcome = call->attempt->outcome;
    const llmgw_err_t passed_on = call->attempt->passed_on;
    int failed_late = passed_on.status != APR_SUCCESS;

    if (outcome.status == LLMGW_ECLIENTGONE) {
        return end_cancelled(call);
    }
    if (outcome.status != APR_SUCCESS) {
        return fail_attempt(call, &outcome);
    }
    memset(&call->err, 0, sizeof(call->err));   /* attempts before failed */
    if (failed_late) {
        remember(call, &passed_on);
        log_failure(call, &passed_on);
    }
    llmgw_pick_report(call, failed_late ? &passed_on : NULL);
    llmgw_keys_report(call, 0);
    llmgw_attempt_end(call);
    call->state = LLMGW_STATE_SETTLE;
    return LLMGW_TURN_AGAIN;
}

static void wait_no_longer(llmgw_wait_t *wait, apr_time_t until)
{
    if (until && (!wait->until || until < wait->until)) {
        wait->until = until;
    }
}

static llmgw_turn_e wait_until(llmgw_call_t *call, apr_time_t until)
{
    const llmgw_attempt_t *attempt = call->attempt;
    apr_time_t beat;

    if (llmgw_relay_keep_alive(call->relay, attempt->timeout.heartbeat_usec,
                               &beat) != APR_SUCCESS) {
        return conclude_gone(call);
    }
    call->wait = attempt->x->wait;
    wait_no_longer(&call->wait, until);
    wait_no_longer(&call->wait, beat);
    return LLMGW_TURN_WAIT;
}

static llmgw_turn_e wait_or_expire(llmgw_call_t *call)
{
    llmgw_deadline_t d = llmgw_deadline_next(call);

    return apr_time_now() < d.at ? wait_until(call, d.at) : expire(call, &d);
}

/* What flows without a pause meets no wait: the time of the whole holds all
 * the same. */
static llmgw_turn_e go_on_or_expire(llmgw_call_t *call)
{
    llmgw_deadline_t d = llmgw_deadline_total(call);

    return apr_time_now() < d.at ? LLMGW_TURN_AGAIN : expire(call, &d);
}

static void set_client_wait(llmgw_call_t *call, apr_time_t until)
{
    memset(&call->wait, 0, sizeof(call->wait));
    call->wait.fd = -1;
    call->wait.client_takes = 1;
    call->wait.until = until;
}

/* What came before is still on its way: no more is read from the provider. A
 * client that takes nothing is given Timeout, and no time of the provider's. */
static llmgw_turn_e wait_for_client(llmgw_call_t *call)
{
    llmgw_deadline_t d = llmgw_deadline_client(call);

    call->attempt->held_up = 1;
    if (apr_time_now() >= d.at) {
        return expire(call, &d);
    }
    set_client_wait(call, d.at);
    return LLMGW_TURN_WAIT;
}

static llmgw_turn_e step_exchange(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;
    apr_status_t rv;

    if (call->outlet && llmgw_outlet_holds(call->outlet)) {
        return wait_for_client(call);
    }
    if (attempt->held_up) {
        attempt->held_up = 0;
        attempt->last_byte = apr_time_now();
    }
    rv = attempt->x->cls->step(attempt->x);
    if (!attempt->connected && attempt->x->phase > LLMGW_PHASE_CONNECTED) {
        attempt->connected = apr_time_now();
    }
    if (rv == APR_SUCCESS) {
        return go_on_or_expire(call);
    }
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return wait_or_expire(call);
    }
    return APR_STATUS_IS_EOF(rv) ? complete(call) : break_off(call, rv);
}

/* Has the client yet to take what was passed on? */
static int is_untaken(const llmgw_call_t *call)
{
    return call->outlet && llmgw_outlet_holds(call->outlet)
           && !call->r->connection->aborted;
}

/* What became of the call is known when the client has its answer. */
static llmgw_turn_e wait_until_taken(llmgw_call_t *call)
{
    apr_time_t until = llmgw_outlet_moved(call->outlet)
                       + call->r->server->timeout;

    if (apr_time_now() < until) {
        set_client_wait(call, until);
        return LLMGW_TURN_WAIT;
    }
    note_gone(call);
    return LLMGW_TURN_AGAIN;
}

static llmgw_turn_e step_settle(llmgw_call_t *call)
{
    request_rec *r = call->r;

    if (is_untaken(call)) {
        return wait_until_taken(call);
    }
    llmgw_reply_notes(call);
    llmgw_raw_end_upload(call);
    if (call->err.status == LLMGW_ECLIENTGONE) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, LLMGW_ID("LLMGW0202")
                      "call %s: the client left", call->request_id);
        r->connection->aborted = 1;
        r->status = 499;
        r->status_line = "499 Client Closed Request";
        llmgw_reply_note_error(r, &call->err);
    }
    else if (call->err.status != APR_SUCCESS
             && !llmgw_relay_committed(call->relay)) {
        llmgw_reply_call_headers(call);
        if (!llmgw_raw_reply(call)) {
            llmgw_reply_error(r, call->dialect, &call->err);
        }
    }
    else if (call->err.status != APR_SUCCESS) {
        llmgw_reply_note_error(r, &call->err);
    }
    llmgw_measure_call(call);
    call->state = LLMGW_STATE_DONE;
    return LLMGW_TURN_DONE;
}

/* ---- the machine ------------------------------------------------------- */

llmgw_turn_e llmgw_call_step(llmgw_call_t *call)
{
    switch (call->state) {
    case LLMGW_STATE_PICK:
        return step_pick(call);
    case LLMGW_STATE_BACKOFF:
        return step_backoff(call);
    case LLMGW_STATE_EXCHANGE:
        return step_exchange(call);
    case LLMGW_STATE_CONCLUDE:
        return step_conclude(call);
    case LLMGW_STATE_SETTLE:
        return step_settle(call);
    default:
        return LLMGW_TURN_DONE;
    }
}

int llmgw_call_may_block(const llmgw_call_t *call)
{
    switch (call->state) {
    case LLMGW_STATE_BACKOFF:
    case LLMGW_STATE_DONE:
        return 0;
    case LLMGW_STATE_EXCHANGE:
        return call->attempt->x->phase < LLMGW_PHASE_HEAD;
    case LLMGW_STATE_SETTLE:
        return !is_untaken(call);
    default:
        return 1;
    }
}

void llmgw_call_cancel(llmgw_call_t *call)
{
    end_cancelled(call);
}
