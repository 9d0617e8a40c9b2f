/* targets.h: routes with targets, for tests of choosing among them */
#ifndef LLMGW_TESTS_TARGETS_H
#define LLMGW_TESTS_TARGETS_H

#include "llmgw/balance.h"
#include "llmgw/hash.h"
#include "unit.h"

#define START APR_TIME_C(1750000000000000)
#define MSEC APR_TIME_C(1000)
#define SEC APR_TIME_C(1000000)
#define TARGETS_MAX 64

static const llmgw_breaker_conf_t breaker = LLMGW_BREAKER_CONF_INIT;

/** A route in plain memory; the slots are all zero. */
typedef struct targets_t {
    llmgw_slot_t slots[TARGETS_MAX];
    llmgw_candidate_t candidates[TARGETS_MAX];
    llmgw_balance_t balance;
    llmgw_need_t need;
    apr_pool_t *pool;           /* of the last choice */
} targets_t;

/** Give one a weight; test_sort aside, candidates stand as they were made. */
static inline UNIT_UNUSED void targets_weigh(targets_t *t, int i,
                                             double weight)
{
    t->candidates[i].weight = weight;
    llmgw_balance_prepare(&t->candidates[i], 1);
}

/** n targets, of weight 1 and tier 0. */
static inline UNIT_UNUSED targets_t *targets_make(int n,
                                                  llmgw_balance_e method)
{
    targets_t *t = apr_pcalloc(unit_pool, sizeof(*t));
    int i;

    for (i = 0; i < n; i++) {
        llmgw_candidate_t *c = &t->candidates[i];

        c->slot = &t->slots[i];
        c->digest = llmgw_hash_mix((apr_uint64_t)i + 1);
        targets_weigh(t, i, 1);
        c->price_in = c->price_out = -1;
    }
    apr_pool_create(&t->pool, unit_pool);
    t->balance.method = method;
    t->balance.candidates = t->candidates;
    t->balance.n = n;
    t->balance.breaker = &breaker;
    t->balance.half_life_usec = LLMGW_SLOT_HALF_LIFE_USEC;
    t->balance.spill = LLMGW_BALANCE_SPILL;
    t->balance.spill_calls = LLMGW_BALANCE_SPILL_CALLS;
    t->need.prompt_tokens = 1000;
    return t;
}

/** The first choice of a call of its own. */
static inline UNIT_UNUSED int targets_pick(targets_t *t, apr_time_t now,
                                           apr_uint64_t random)
{
    apr_pool_clear(t->pool);
    return llmgw_balance_pick(&t->balance,
                              llmgw_choice_create(t->pool, &t->balance),
                              &t->need, now, random);
}

/** A sequence of random numbers: add to seed, and mix. */
static inline UNIT_UNUSED apr_uint64_t targets_random(apr_uint64_t *seed)
{
    return llmgw_hash_mix(*seed += APR_UINT64_C(0x9e3779b97f4a7c15));
}

/** Open its breaker, as of now. */
static inline UNIT_UNUSED void targets_open(targets_t *t, int i,
                                            apr_time_t now)
{
    llmgw_breaker_change_t change;

    llmgw_breaker_set(&t->slots[i].breaker, LLMGW_BREAKER_OPEN, now, &change);
}

#endif /* LLMGW_TESTS_TARGETS_H */
