/* pick.c: which target a call goes to, and what is told of it after */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "llmgw/hash.h"
#include "call.h"
#include "chance.h"
#include "log.h"
#include "measure.h"
#include "prompt.h"
#include "routes.h"
#include "standing.h"

/* How much of a conversation's beginning keeps it at one target. */
#define PREFIX_BYTES 4096

/* ---- what the call needs ------------------------------------------------- */

static apr_uint64_t add_part(apr_uint64_t digest, llmgw_str_t text,
                             apr_size_t *left)
{
    apr_size_t n = text.len < *left ? text.len : *left;

    *left -= n;
    return n ? llmgw_hash_add(digest, llmgw_str_make(text.p, n)) : digest;
}

/* Digest of the tenant and of what a conversation's turns have in common: all
 * up to the user's first message. */
static apr_uint64_t digest_prefix(llmgw_call_t *call)
{
    llmgw_err_t ignored = LLMGW_ERR_INIT;
    apr_uint64_t digest = llmgw_hash_add(0, llmgw_str_of(call->r->user));
    apr_size_t left = PREFIX_BYTES;
    int i, j;

    if (call->surface.op == LLMGW_OP_EMBED
        || llmgw_call_decode(call, &ignored) != APR_SUCCESS) {
        return add_part(digest, llmgw_buf_str(call->body), &left);
    }
    for (i = 0; i < call->request->messages->nelts; i++) {
        const llmgw_message_t *m = &APR_ARRAY_IDX(call->request->messages, i,
                                                  llmgw_message_t);

        for (j = 0; j < m->parts->nelts; j++) {
            digest = add_part(digest, APR_ARRAY_IDX(m->parts, j,
                                                    llmgw_part_t).text, &left);
        }
        if (m->role == LLMGW_ROLE_USER) {
            break;
        }
    }
    return digest;
}

/* May this target serve this call, by what only the glue knows? */
static unsigned int ask(void *ctx, int index)
{
    llmgw_call_t *call = ctx;
    const llmgw_pick_t *pick = &call->pick;
    const llmgw_target_t *t = pick->view->targets[index];

    if (t->on ? !(t->on & pick->failed_on) : pick->only_typed) {
        return LLMGW_OUT_OTHER;
    }
    return llmgw_routes_when(t, call->r) ? 0 : LLMGW_OUT_WHEN;
}

static int is_planned(const llmgw_plan_t *plan, const llmgw_target_t *t)
{
    int i;

    for (i = 0; i < plan->targets->nelts; i++) {
        if (APR_ARRAY_IDX(plan->targets, i, const llmgw_target_t *) == t) {
            return 1;
        }
    }
    return 0;
}

/* All of the plan's targets may be tried. Of the route's, a plan may hold but
 * those that can do what is wanted. */
void llmgw_pick_restart(llmgw_call_t *call)
{
    llmgw_pick_t *pick = &call->pick;
    const llmgw_plan_t *plan = &call->plan;
    int i;

    pick->choice = llmgw_choice_create(call->pool, &pick->view->balance);
    if (!plan->route || plan->targets == plan->route->targets) {
        return;
    }
    for (i = 0; i < pick->view->balance.n; i++) {
        if (!is_planned(plan, pick->view->targets[i])) {
            llmgw_choice_exclude(pick->choice, i);
        }
    }
}

/* What the call needs, as far as its route's choice depends on it. */
static void set_need(llmgw_call_t *call)
{
    llmgw_pick_t *pick = &call->pick;

    pick->need.ask = ask;
    pick->need.ask_ctx = call;
    if (call->raw) {
        return;                 /* nobody knows what it holds */
    }
    if (pick->view->reads & LLMGW_VIEW_TOKENS) {
        pick->need.prompt_tokens = llmgw_prompt_tokens(call);
    }
    if (pick->view->reads & LLMGW_VIEW_PREFIX) {
        pick->need.prefix = digest_prefix(call);
    }
    if (call->request && call->request->max_tokens.p) {
        pick->need.completion_max
            = apr_atoi64(llmgw_str_dupz(call->pool,
                                        call->request->max_tokens));
    }
}

static int begin(llmgw_call_t *call)
{
    llmgw_pick_t *pick = &call->pick;

    pick->index = -1;
    pick->view = llmgw_view_get(&call->plan, call->conf, call->r);
    if (!pick->view) {
        return 0;
    }
    set_need(call);
    llmgw_pick_restart(call);
    return 1;
}

/* ---- choosing ------------------------------------------------------------ */

static void log_change(const llmgw_call_t *call, const llmgw_target_t *t,
                       const llmgw_breaker_change_t *change)
{
    if (change->reason != LLMGW_BREAKER_UNCHANGED) {
        ap_log_rerror(APLOG_MARK, APLOG_NOTICE, 0, call->r,
                      LLMGW_ID("LLMGW0502") "route %s: target %s%s%s: breaker "
                      "%s", call->plan.route_name, t->provider,
                      t->model ? "/" : "", t->model ? t->model : "",
                      llmgw_breaker_describe(change, call->pool));
    }
}

static const llmgw_breaker_conf_t *breaker_of(const llmgw_view_t *view,
                                              int index)
{
    return llmgw_balance_breaker(&view->balance,
                                 &view->balance.candidates[index]);
}

static int acquire(llmgw_call_t *call, int index, apr_time_t now)
{
    llmgw_pick_t *pick = &call->pick;
    const llmgw_target_t *t = pick->view->targets[index];
    llmgw_slot_t *slot = llmgw_standing_slot(t);
    llmgw_breaker_change_t change;
    int granted = llmgw_hold_acquire(&pick->hold, slot,
                                     llmgw_standing_cell(t),
                                     breaker_of(pick->view, index),
                                     llmgw_need_tokens(&pick->need, slot),
                                     now, &change);

    log_change(call, t, &change);
    if (granted) {
        pick->index = index;
    }
    return granted;
}

/* What speaks against any of them. */
static unsigned int gather(const llmgw_call_t *call, apr_time_t now)
{
    const llmgw_pick_t *pick = &call->pick;
    unsigned int any = 0;
    int i;

    for (i = 0; i < pick->view->balance.n; i++) {
        any |= llmgw_balance_test(&pick->view->balance, pick->choice,
                                  &pick->need, i, now);
    }
    return any;
}

static void say_why(llmgw_call_t *call, apr_time_t now, llmgw_err_t *err)
{
    llmgw_pick_t *pick = &call->pick;
    const llmgw_balance_t *balance = &pick->view->balance;
    unsigned int any = gather(call, now);

    if ((any & ~(LLMGW_OUT_WHEN | LLMGW_OUT_OTHER)) == 0) {
        llmgw_routes_no_such_model(err, call->model, call->pool);
        return;
    }
    if ((any & ~(LLMGW_OUT_WHEN | LLMGW_OUT_OTHER | LLMGW_OUT_CONTEXT)) == 0) {
        llmgw_err_set(err, call->pool, LLMGW_ECONTEXT,
                      call->dialect->prompt_member, "The prompt, of about %"
                      APR_INT64_T_FMT " tokens, is too long for this model.",
                      pick->need.prompt_tokens);
        return;
    }
    llmgw_err_set(err, call->pool,
                  any & LLMGW_OUT_BENCHED && !(any & LLMGW_OUT_BREAKER)
                  ? LLMGW_ERATELIMIT : LLMGW_ENOTARGET, NULL,
                  "No provider of this model takes requests at the moment.");
    err->detail = llmgw_balance_explain(balance, pick->choice, &pick->need,
                                        now, call->pool);
    err->retry_after_usec = llmgw_balance_wait(balance, pick->choice,
                                               &pick->need, now);
}

const llmgw_target_t *llmgw_pick_next(llmgw_call_t *call, llmgw_err_t *err)
{
    llmgw_pick_t *pick = &call->pick;
    apr_time_t now = apr_time_now();
    int i;

    if (!pick->view && !begin(call)) {
        llmgw_routes_no_such_model(err, call->model, call->pool);
        return NULL;
    }
    while ((i = llmgw_balance_pick(&pick->view->balance, pick->choice,
                                   &pick->need, now, llmgw_chance_bits()))
           >= 0) {
        int granted = acquire(call, i, now);

        llmgw_choice_exclude(pick->choice, i);
        if (granted) {
            break;
        }
    }
    if (llmgw_prompt_check(call, err) != APR_SUCCESS) {
        llmgw_pick_release(call);   /* what was chosen by is not known */
        return NULL;
    }
    if (i < 0) {
        say_why(call, now, err);
        return NULL;
    }
    return pick->view->targets[i];
}

const llmgw_target_t *llmgw_pick_again(llmgw_call_t *call)
{
    llmgw_pick_t *pick = &call->pick;

    llmgw_pick_release(call);
    return acquire(call, pick->index, apr_time_now())
           ? pick->view->targets[pick->index] : NULL;
}

int llmgw_pick_has_more(llmgw_call_t *call)
{
    llmgw_pick_t *pick = &call->pick;
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < pick->view->balance.n; i++) {
        if (llmgw_balance_test(&pick->view->balance, pick->choice, &pick->need,
                               i, now) == 0) {
            return 1;
        }
    }
    return 0;
}

apr_interval_time_t llmgw_pick_wait(llmgw_call_t *call, apr_time_t now)
{
    llmgw_pick_t *pick = &call->pick;
    const llmgw_balance_t *balance = &pick->view->balance;
    apr_interval_time_t least = -1, wait;
    int i;

    for (i = 0; i < balance->n && least != 0; i++) {
        unsigned int out = llmgw_balance_test(balance, pick->choice,
                                              &pick->need, i, now);

        wait = llmgw_bench_left(&balance->candidates[i].slot->bench, now);
        if ((out & ~LLMGW_OUT_BENCHED) == 0 && (least < 0 || wait < least)) {
            least = wait;
        }
    }
    return least;
}

void llmgw_pick_narrow(llmgw_call_t *call, unsigned int failed_on,
                       int only_typed)
{
    llmgw_pick_t *pick = &call->pick;

    pick->failed_on |= failed_on;
    pick->only_typed = only_typed;
    llmgw_choice_ask_again(pick->choice, &pick->view->balance);
}

int llmgw_pick_has_typed(const llmgw_call_t *call, unsigned int failed_on)
{
    const llmgw_pick_t *pick = &call->pick;
    int i;

    for (i = 0; i < pick->view->balance.n; i++) {
        if ((pick->view->targets[i]->on & failed_on)
            && !llmgw_choice_excludes(pick->choice, i)) {
            return 1;
        }
    }
    return 0;
}

/* ---- reporting ----------------------------------------------------------- */

/* A status 4xx says that the provider works, whatever is made of it; but for a
 * 408, which is its own slowness. */
static llmgw_breaker_e effect_of(const llmgw_attempt_t *attempt,
                                 const llmgw_err_t *err)
{
    if (!err) {
        return LLMGW_BREAKER_SUCCESS;
    }
    return attempt->status >= 400 && attempt->status < 500
           && attempt->status != HTTP_REQUEST_TIME_OUT
           ? LLMGW_BREAKER_NEUTRAL : llmgw_status_get(err->status)->breaker;
}

void llmgw_pick_report(llmgw_call_t *call, const llmgw_err_t *err)
{
    llmgw_pick_t *pick = &call->pick;
    const llmgw_attempt_t *attempt = call->attempt;
    apr_time_t now = apr_time_now();
    llmgw_breaker_change_t change;
    llmgw_outcome_t outcome;

    if (!pick->hold.is_held || pick->hold.is_reported || !attempt) {
        return;                 /* the client left before there was one, or
                                 * between two */
    }
    llmgw_measure_attempt(call, err);
    memset(&outcome, 0, sizeof(outcome));
    outcome.effect = effect_of(attempt, err);
    outcome.status = err ? err->status : APR_SUCCESS;
    outcome.http_status = attempt->status;
    outcome.took_usec = now - attempt->began;
    if (call->meter.first_content > attempt->began) {
        outcome.first_token_usec = call->meter.first_content - attempt->began;
    }
    llmgw_hold_report(&pick->hold, &outcome,
                      pick->view->balance.half_life_usec, now, &change);
    log_change(call, attempt->target, &change);
}

void llmgw_pick_release(llmgw_call_t *call)
{
    llmgw_pick_t *pick = &call->pick;
    llmgw_breaker_change_t change;

    if (pick->index >= 0 && pick->hold.is_held) {
        llmgw_hold_release(&pick->hold, apr_time_now(), &change);
        log_change(call, pick->view->targets[pick->index], &change);
    }
}

apr_interval_time_t llmgw_pick_usual_usec(const llmgw_call_t *call)
{
    return call->attempt
           ? llmgw_slot_first_token(llmgw_standing_slot(call->attempt->target),
                                    LLMGW_SLOT_HALF_LIFE_USEC, apr_time_now())
           : 0;
}
