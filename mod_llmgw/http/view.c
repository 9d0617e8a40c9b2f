/* view.c: a route's targets as the operator has them now */
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <httpd.h>
#include "llmgw/hash.h"
#include "balancer.h"
#include "config.h"
#include "override.h"
#include "standing.h"
#include "view.h"

/* Routes of so many targets are looked at for each call. */
#define LOOK_ALWAYS 32
#define LOOK_USEC apr_time_from_msec(100)

/* This child's views, by route. A view is never changed once it is shown, nor
 * destroyed: operators do not change settings often enough for that to count. */
static struct {
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex;
    apr_hash_t *views;          /* of llmgw_view_t, by route; not changed but
                                 * for the values */
} child;

/* ---- making -------------------------------------------------------------- */

/* What of a member an operator may change. */
static apr_uint64_t digest_of(const proxy_balancer *balancer)
{
    apr_uint64_t digest = llmgw_hash_add(0, llmgw_str_of(balancer->s->lbpname));
    int i;

    for (i = 0; i < balancer->workers->nelts; i++) {
        const proxy_worker *member = APR_ARRAY_IDX(balancer->workers, i,
                                                   proxy_worker *);

        digest = llmgw_hash_mix(digest + (apr_uint64_t)member->s->lbset);
        digest = llmgw_hash_mix(digest + (apr_uint64_t)member->s->lbfactor);
        digest = llmgw_hash_mix(digest + member->s->status);
    }
    return digest;
}

static void set_candidate(llmgw_candidate_t *c, const llmgw_target_t *t,
                          const llmgw_config_t *conf, apr_pool_t *p)
{
    const proxy_worker *member = t->member;

    c->breaker = llmgw_override_breaker(t, &conf->breaker, p);
    c->slot = llmgw_standing_slot(t);
    c->digest = llmgw_word_get(&c->slot->owner.digest);
    c->weight = t->weight;
    c->tier = t->tier;
    c->price_in = t->price_in;
    c->price_out = t->price_out;
    c->context_max = t->context_max;
    c->ask = t->when != NULL || t->on != 0;
    if (member) {
        c->weight = PROXY_WORKER_IS_STANDBY(member)
                    ? 0 : member->s->lbfactor / 100.0;
        c->tier = member->s->lbset;
        c->drained = !llmgw_member_takes_calls(member);
    }
}

/* Candidates are sorted; in their order, whose each is. */
static const llmgw_target_t **sort_targets(const llmgw_balance_t *balance,
                                           const apr_array_header_t *list,
                                           apr_pool_t *p)
{
    const llmgw_target_t **targets = apr_palloc(p, (balance->n + 1)
                                                * sizeof(*targets));
    int i;

    for (i = 0; i < balance->n; i++) {
        targets[i] = APR_ARRAY_IDX(list, balance->candidates[i].whose,
                                   const llmgw_target_t *);
    }
    return targets;
}

static void set_reads(llmgw_view_t *view)
{
    int i;

    if (view->balance.method == LLMGW_BALANCE_PREFIX) {
        view->reads |= LLMGW_VIEW_PREFIX;
    }
    if (view->balance.method == LLMGW_BALANCE_BUSY
        || view->balance.method == LLMGW_BALANCE_COST) {
        view->reads |= LLMGW_VIEW_TOKENS;
    }
    for (i = 0; i < view->balance.n; i++) {
        if (view->balance.candidates[i].context_max) {
            view->reads |= LLMGW_VIEW_TOKENS;
        }
    }
}

/* @param list of const llmgw_target_t *, all enabled */
static llmgw_view_t *make_view(const apr_array_header_t *list, int method,
                               const llmgw_config_t *conf, apr_pool_t *p)
{
    llmgw_view_t *view = apr_pcalloc(p, sizeof(*view));
    llmgw_candidate_t *candidates = apr_pcalloc(p, (list->nelts + 1)
                                                * sizeof(*candidates));
    int i;

    for (i = 0; i < list->nelts; i++) {
        set_candidate(&candidates[i], APR_ARRAY_IDX(list, i,
                                                    const llmgw_target_t *),
                      conf, p);
        candidates[i].whose = i;
    }
    llmgw_balance_prepare(candidates, list->nelts);
    view->balance.method = method;
    view->balance.candidates = candidates;
    view->balance.n = list->nelts;
    view->balance.breaker = &conf->breaker;
    view->balance.half_life_usec = LLMGW_SLOT_HALF_LIFE_USEC;
    view->balance.spill = LLMGW_BALANCE_SPILL;
    view->balance.spill_calls = LLMGW_BALANCE_SPILL_CALLS;
    view->targets = sort_targets(&view->balance, list, p);
    set_reads(view);
    return view;
}

static apr_array_header_t *enabled_targets(const llmgw_route_t *route,
                                           apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, route->targets->nelts,
                                              sizeof(llmgw_target_t *));
    int i;

    for (i = 0; i < route->targets->nelts; i++) {
        llmgw_target_t *t = APR_ARRAY_IDX(route->targets, i, llmgw_target_t *);
        const llmgw_provider_t *provider = t->provider_data;

        if (!provider->disabled) {
            APR_ARRAY_PUSH(list, llmgw_target_t *) = t;
        }
    }
    return list;
}

/* ---- keeping ------------------------------------------------------------- */

void llmgw_view_child_init(apr_pool_t *pchild, server_rec *servers)
{
    const server_rec *s;
    int i;

    apr_pool_create(&child.pool, pchild);
    apr_pool_tag(child.pool, "llmgw_views");
    apr_thread_mutex_create(&child.mutex, APR_THREAD_MUTEX_DEFAULT, pchild);
    child.views = apr_hash_make(child.pool);
    for (s = servers; s; s = s->next) {
        const llmgw_config_t *conf = llmgw_config_get(s)->effective;

        for (i = 0; i < conf->routes->nelts; i++) {
            const llmgw_route_t *route = APR_ARRAY_IDX(conf->routes, i,
                                                       llmgw_route_t *);
            const llmgw_config_t **key
                = apr_palloc(child.pool, sizeof(*key));

            *key = llmgw_config_effective(s, route);
            apr_hash_set(child.views, key, sizeof(*key),
                         apr_pcalloc(child.pool, sizeof(llmgw_view_t *)));
        }
    }
}

/* Does what is shown still hold? */
static int is_current(const llmgw_view_t *view,
                      const proxy_balancer *balancer)
{
    return view && ((view->balance.n > LOOK_ALWAYS
                     && apr_time_now() < LOOK_USEC
                        + __atomic_load_n(&view->seen, __ATOMIC_RELAXED))
                    || view->digest == digest_of(balancer));
}

/* By the operator's choice of method, if it is one of ours. */
static int current_method(const proxy_balancer *balancer,
                          const llmgw_config_t *conf)
{
    const char *name = balancer->s->lbpname;
    int method = strncmp(name, "llm_", 4) ? -1
                 : llmgw_balance_lookup(name + 4);

    return method < 0 ? conf->method : method;
}

static const llmgw_view_t *renew(const llmgw_view_t **shown,
                                 const llmgw_route_t *route,
                                 const proxy_balancer *balancer,
                                 const llmgw_config_t *conf)
{
    llmgw_view_t *view = NULL;
    apr_uint64_t digest;

    apr_thread_mutex_lock(child.mutex);
    digest = digest_of(balancer);       /* first: what changes while the view
                                         * is made is in the next one */
    if (*shown && (*shown)->digest == digest) {
        view = (llmgw_view_t *)*shown;
    }
    else {
        view = make_view(enabled_targets(route, child.pool),
                         current_method(balancer, conf), conf, child.pool);
        view->digest = digest;
    }
    __atomic_store_n(&view->seen, apr_time_now(), __ATOMIC_RELAXED);
    __atomic_store_n(shown, view, __ATOMIC_RELEASE);
    apr_thread_mutex_unlock(child.mutex);
    return view;
}

static const llmgw_view_t *view_route(const llmgw_plan_t *plan,
                                      const llmgw_config_t *conf,
                                      const request_rec *r)
{
    const llmgw_view_t **shown = apr_hash_get(child.views, &conf,
                                              sizeof(conf));
    const llmgw_view_t *view = __atomic_load_n(shown, __ATOMIC_ACQUIRE);
    const proxy_balancer *balancer = llmgw_balancer_of(plan->route, r);

    return is_current(view, balancer)
           ? view : renew(shown, plan->route, balancer, conf);
}

const llmgw_view_t *llmgw_view_get(const llmgw_plan_t *plan,
                                   const llmgw_config_t *conf,
                                   const request_rec *r)
{
    const llmgw_view_t *view = plan->route ? view_route(plan, conf, r)
                               : make_view(plan->targets, conf->method, conf,
                                           r->pool);

    return view->balance.n ? view : NULL;
}
