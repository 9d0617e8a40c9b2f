/* next.c: what follows when an attempt has failed */
#include <httpd.h>
#include <http_core.h>
#include "llmgw/retry.h"
#include "chance.h"
#include "keys.h"
#include "log.h"
#include "next.h"
#include "raw.h"
#include "standing.h"

/* Failures that the same target will answer with again. */
#define LASTING (LLMGW_RETRY_CONTENT_FILTER | LLMGW_RETRY_CONTEXT_LENGTH \
                 | LLMGW_RETRY_CREDENTIALS)

llmgw_retry_budget_t llmgw_next_budget(const llmgw_config_t *conf)
{
    llmgw_retry_budget_t budget = LLMGW_RETRY_BUDGET_INIT;

    budget.percent = (unsigned int)conf->retry.budget_percent;
    return budget;
}

void llmgw_next_count_call(const llmgw_call_t *call)
{
    llmgw_route_slot_t *slot = llmgw_standing_route(&call->plan);
    llmgw_retry_budget_t budget = llmgw_next_budget(call->conf);

    llmgw_word_add(&slot->calls, 1);
    llmgw_retry_budget_deposit(&slot->budget, &budget, apr_time_now());
}

/* May the route have one more retry? */
static int withdraw(const llmgw_call_t *call)
{
    llmgw_route_slot_t *slot = llmgw_standing_route(&call->plan);
    llmgw_retry_budget_t budget = llmgw_next_budget(call->conf);
    int granted = llmgw_retry_budget_withdraw(&slot->budget, &budget,
                                              apr_time_now());

    llmgw_word_add(granted ? &slot->retries : &slot->refused, 1);
    if (!granted) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, call->r,
                      LLMGW_ID("LLMGW0203") "call %s: not tried again: route "
                      "%s has used up its share of retries",
                      call->request_id, call->plan.route_name);
    }
    return granted;
}

/* When no attempt may begin any more. */
static apr_time_t last_start(const llmgw_call_t *call)
{
    const llmgw_config_t *conf = call->conf;
    apr_interval_time_t total = conf->timeout.total_usec;

    return call->began + (conf->retry.total_usec < total
                          ? conf->retry.total_usec : total);
}

/* The kinds of targets that are there for this failure. */
static unsigned int typed_for(const llmgw_retry_class_t *class)
{
    unsigned int on = 0;

    if (class->classes & LLMGW_RETRY_CONTEXT_LENGTH) {
        on |= LLMGW_TARGET_ON_CONTEXT_LENGTH;
    }
    if (class->classes & LLMGW_RETRY_CONTENT_FILTER) {
        on |= LLMGW_TARGET_ON_CONTENT_FILTER;
    }
    return on;
}

/* No attempt may follow, whatever the failure. */
static int is_over(const llmgw_call_t *call)
{
    return call->attempts >= call->conf->retry.attempts
           || apr_time_now() >= last_start(call);
}

int llmgw_next_wants(llmgw_call_t *call, const llmgw_err_t *err)
{
    llmgw_retry_class_t class = llmgw_retry_classify(err);

    return !is_over(call)
           && (llmgw_pick_has_typed(call, typed_for(&class))
               || (llmgw_retry_matches(&call->conf->retry.on_set, err)
                   && llmgw_pick_has_more(call)));
}

static llmgw_word_t *get_bench(const llmgw_call_t *call)
{
    return &llmgw_standing_slot(call->attempt->target)->bench;
}

/* All have been tried: once more, when they have had time to recover. */
static llmgw_state_e try_again(llmgw_call_t *call, const llmgw_err_t *err)
{
    const llmgw_retry_t *retry = &call->conf->retry;
    apr_time_t now = apr_time_now();
    apr_interval_time_t wait;

    llmgw_pick_restart(call);
    wait = llmgw_pick_wait(call, now);
    if (wait == 0 && !llmgw_bench_left(get_bench(call), now)) {
        wait = err->retry_after_usec;   /* no bench sees to that */
    }
    if (wait < 0 || wait > retry->backoff_max_usec) {
        return LLMGW_STATE_SETTLE;
    }
    if (wait == 0) {
        wait = llmgw_retry_delay(retry->backoff_usec, retry->backoff_max_usec,
                                 ++call->rounds, llmgw_chance_bits());
    }
    if (now + wait >= last_start(call) || !withdraw(call)) {
        return LLMGW_STATE_SETTLE;
    }
    call->backoff_until = now + wait;
    call->waited_usec += wait;
    return LLMGW_STATE_BACKOFF;
}

/* The key is to blame, and the provider has another one. */
static int has_other_key(const llmgw_call_t *call, const llmgw_err_t *err,
                         const llmgw_retry_class_t *class)
{
    int benched = (class->classes & LLMGW_RETRY_CREDENTIALS)
                  || (err->status == LLMGW_ERATELIMIT
                      && err->retry_after_usec > 0);

    return benched && llmgw_keys_left(call);
}

/* A target that said when to come back is left alone until then: its key is,
 * where it has any. */
static void bench(llmgw_call_t *call, const llmgw_err_t *err)
{
    apr_interval_time_t wait;

    if (err->status != LLMGW_EREJECTED) {   /* a 403 may be about a file */
        llmgw_keys_report(call, err->retry_after_usec);
    }
    wait = llmgw_keys_wait(call);
    if (call->attempt->provider->keys->nelts == 0
        && err->status == LLMGW_ERATELIMIT) {
        wait = err->retry_after_usec;
    }
    if (wait > 0) {
        llmgw_bench_limit(get_bench(call), wait, apr_time_now());
    }
}

llmgw_state_e llmgw_next_state(llmgw_call_t *call, const llmgw_err_t *err)
{
    llmgw_retry_class_t class = llmgw_retry_classify(err);
    int matches = llmgw_retry_matches(&call->conf->retry.on_set, err);
    unsigned int typed = typed_for(&class);

    bench(call, err);
    if (is_over(call) || !llmgw_raw_can_repeat(call->raw)) {
        return LLMGW_STATE_SETTLE;
    }
    if (llmgw_pick_has_typed(call, typed)) {
        llmgw_pick_narrow(call, typed, !matches);
        matches = 1;
    }
    if (!matches) {
        return LLMGW_STATE_SETTLE;
    }
    if (has_other_key(call, err, &class)) {
        call->again = 1;
        return LLMGW_STATE_PICK;
    }
    if (llmgw_pick_has_more(call)) {
        return withdraw(call) ? LLMGW_STATE_PICK : LLMGW_STATE_SETTLE;
    }
    return class.classes & LASTING ? LLMGW_STATE_SETTLE
           : try_again(call, err);
}
