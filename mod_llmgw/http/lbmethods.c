/* lbmethods.c: our ways to choose, for any balancer of mod_proxy's */
#include <apr_strings.h>
#include <ap_provider.h>
#include <httpd.h>
#include "llmgw/balance.h"
#include "llmgw/hash.h"
#include "balancer.h"
#include "chance.h"
#include "lbmethods.h"
#include "log.h"
#include "proxy_api.h"
#include "standing.h"

/*
 * A route's calls never come here: llmgw_pick_next() chooses for them. This is
 * for a <Proxy "balancer://..."> of the administrator's own, of which nothing
 * is known but mod_proxy's figures: members of any kind, whole requests. Its
 * members have slots on the board like targets, found by their names.
 */

/* A request in flight at a member, until its pool goes. */
typedef struct flight_t {
    llmgw_hold_t hold;
    request_rec *r;
} flight_t;

static const llmgw_breaker_conf_t no_breaker = { .off = 1 };

static apr_status_t land(void *data)
{
    flight_t *flight = data;
    apr_time_t now = apr_time_now();
    int failed = ap_is_HTTP_SERVER_ERROR(flight->r->status);
    llmgw_breaker_change_t change;
    llmgw_outcome_t outcome;

    memset(&outcome, 0, sizeof(outcome));
    outcome.effect = failed ? LLMGW_BREAKER_FAILURE : LLMGW_BREAKER_SUCCESS;
    outcome.http_status = flight->r->status;
    outcome.took_usec = now - flight->r->request_time;
    outcome.first_token_usec = failed ? 0 : outcome.took_usec;
    llmgw_hold_report(&flight->hold, &outcome, LLMGW_SLOT_HALF_LIFE_USEC, now,
                      &change);
    llmgw_hold_release(&flight->hold, now, &change);
    return APR_SUCCESS;
}

static void take_off(llmgw_slot_t *slot, llmgw_cell_t *cell, request_rec *r)
{
    flight_t *flight = apr_pcalloc(r->pool, sizeof(*flight));
    llmgw_breaker_change_t change;

    flight->r = r;
    if (llmgw_hold_acquire(&flight->hold, slot, cell, &no_breaker, 1,
                           apr_time_now(), &change)) {
        apr_pool_cleanup_register(r->pool, flight, land,
                                  apr_pool_cleanup_null);
    }
}

static void set_candidate(llmgw_candidate_t *c, const proxy_worker *member,
                          llmgw_slot_t *slot)
{
    memset(c, 0, sizeof(*c));
    c->slot = slot;
    c->digest = llmgw_word_get(&slot->owner.digest);
    c->weight = PROXY_WORKER_IS_STANDBY(member) ? 0
                : member->s->lbfactor / 100.0;
    c->tier = member->s->lbset;
    c->price_in = c->price_out = -1;
}

/* @return how many members may take calls; theirs are in candidates */
static int gather(proxy_balancer *balancer, llmgw_candidate_t *candidates)
{
    int i, n = 0;

    for (i = 0; i < balancer->workers->nelts; i++) {
        const proxy_worker *member = APR_ARRAY_IDX(balancer->workers, i,
                                                   proxy_worker *);
        llmgw_slot_t *slot = llmgw_standing_member(balancer, member, NULL);

        if (slot && llmgw_member_takes_calls(member)) {
            set_candidate(&candidates[n++], member, slot);
        }
    }
    return n;
}

static proxy_worker *find_member(proxy_balancer *balancer,
                                 const llmgw_slot_t *slot,
                                 llmgw_cell_t **cell)
{
    int i;

    for (i = 0; i < balancer->workers->nelts; i++) {
        proxy_worker *member = APR_ARRAY_IDX(balancer->workers, i,
                                             proxy_worker *);

        if (llmgw_standing_member(balancer, member, cell) == slot) {
            return member;
        }
    }
    return NULL;
}

static proxy_worker *finder(proxy_balancer *balancer, request_rec *r)
{
    llmgw_candidate_t *candidates
        = apr_palloc(r->pool, (balancer->workers->nelts + 1)
                              * sizeof(*candidates));
    llmgw_balance_t balance;
    llmgw_need_t need;
    llmgw_cell_t *cell;
    proxy_worker *member;
    int i;

    memset(&balance, 0, sizeof(balance));
    memset(&need, 0, sizeof(need));
    balance.method = llmgw_balance_lookup(balancer->lbmethod->name + 4);
    balance.candidates = candidates;
    balance.n = gather(balancer, candidates);
    balance.breaker = &no_breaker;
    balance.half_life_usec = LLMGW_SLOT_HALF_LIFE_USEC;
    balance.spill = LLMGW_BALANCE_SPILL;
    balance.spill_calls = LLMGW_BALANCE_SPILL_CALLS;
    need.prefix = llmgw_hash_add(llmgw_hash_add(0, llmgw_str_of(r->user)),
                                 llmgw_str_of(r->uri));
    llmgw_balance_prepare(candidates, balance.n);
    i = llmgw_balance_pick(&balance, llmgw_choice_create(r->pool, &balance),
                           &need, apr_time_now(), llmgw_chance_bits());
    member = i < 0 ? NULL : find_member(balancer, candidates[i].slot, &cell);
    if (member) {
        take_off(candidates[i].slot, cell, r);
    }
    return member;
}

/* What has been counted is the board's: nothing of the balancer's to reset. */
static apr_status_t do_nothing(proxy_balancer *balancer LLMGW_UNUSED,
                               server_rec *s LLMGW_UNUSED)
{
    return APR_SUCCESS;
}

void llmgw_lbmethods_register(apr_pool_t *p)
{
    static proxy_balancer_method methods[] = {
        { "llm_weighted", finder, NULL, do_nothing, do_nothing, NULL },
        { "llm_latency", finder, NULL, do_nothing, do_nothing, NULL },
        { "llm_busy", finder, NULL, do_nothing, do_nothing, NULL },
        { "llm_cost", finder, NULL, do_nothing, do_nothing, NULL },
        { "llm_prefix", finder, NULL, do_nothing, do_nothing, NULL },
    };
    unsigned int i;

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        ap_register_provider(p, PROXY_LBMETHOD, methods[i].name, "0",
                             &methods[i]);
    }
}
