/* balance.h: which of a route's targets gets a call */
#ifndef LLMGW_BALANCE_H
#define LLMGW_BALANCE_H

#include <apr.h>
#include <apr_pools.h>
#include <apr_time.h>
#include "llmgw/breaker.h"
#include "llmgw/slot.h"

/*
 * Candidates are grouped: the tiers in order, then those of weight 0, which
 * are for when all else failed. The first group with an eligible candidate
 * serves the call; within it the method decides. Candidates and balance are
 * made with the configuration and are only read after; what changes is in the
 * slots, so that all processes take turns together. Nothing here waits.
 */

typedef enum llmgw_balance_e {
    /** Smooth weighted round robin: of weights 5, 1, 1 come a a b a c a a. One
     * that comes back begins beside the others, not with all it has missed. */
    LLMGW_BALANCE_WEIGHTED,
    /** Of two at random, the one that is expected to answer first: its time
     * to the first token, times its calls in flight and one, by weight. One
     * that nothing is known of comes first while it is idle. */
    LLMGW_BALANCE_LATENCY,
    /** The fewest tokens in flight with this call's, by weight. */
    LLMGW_BALANCE_BUSY,
    /** The cheapest for this prompt and a completion as long as is usual here;
     * those without both prices last. */
    LLMGW_BALANCE_COST,
    /** The same prefix to the same target, while that has no more than its
     * share of the calls in flight: weighted rendezvous hashing, with bounded
     * loads. Without a prefix, WEIGHTED. */
    LLMGW_BALANCE_PREFIX
} llmgw_balance_e;

/** The method of a name ("weighted"); -1 if there is none. */
int llmgw_balance_lookup(const char *name);

/** "weighted", "latency", "busy", "cost", "prefix" */
const char *llmgw_balance_name(llmgw_balance_e method);

/** A target of a route; read only. */
typedef struct llmgw_candidate_t {
    llmgw_slot_t *slot;         /* its own: no other route's target shares it */
    apr_uint64_t digest;        /* the slot's owner's; for PREFIX */
    double weight;              /* 0 .. 1000000 */
    double price_in;            /* per million tokens; negative: not known */
    double price_out;
    apr_int64_t context_max;    /* tokens; 0: not known */
    int tier;                   /* lower first */
    int whose;                  /* the caller's number for it */
    int drained;                /* or disabled: it gets no calls */
    int ask;                    /* llmgw_need_t.ask is to be asked about it */
    const llmgw_breaker_conf_t *breaker;    /* its own; NULL: the balance's */
    double stride;              /* set by llmgw_balance_prepare() */
} llmgw_candidate_t;

/** A route's candidates and how to choose among them; read only. */
typedef struct llmgw_balance_t {
    llmgw_balance_e method;
    const llmgw_candidate_t *candidates;    /* after
                                             * llmgw_balance_prepare() */
    int n;
    const llmgw_breaker_conf_t *breaker;
    apr_interval_time_t half_life_usec;     /* LLMGW_SLOT_HALF_LIFE_USEC */
    double spill;               /* PREFIX: a target has its share of calls in
                                 * flight times this, > 1: 1.25 */
    unsigned int spill_calls;   /* PREFIX: so many never spill over: 4 */
} llmgw_balance_t;

#define LLMGW_BALANCE_SPILL 1.25
#define LLMGW_BALANCE_SPILL_CALLS 4

/** The settings of a candidate's breaker. */
static inline const llmgw_breaker_conf_t *llmgw_balance_breaker(
    const llmgw_balance_t *balance, const llmgw_candidate_t *c)
{
    return c->breaker ? c->breaker : balance->breaker;
}

/**
 * Put candidates in the order in which groups are tried, and compute what
 * choosing needs of their weights. Those of one group keep their order.
 */
void llmgw_balance_prepare(llmgw_candidate_t *candidates, int n);

/* ---- eligibility --------------------------------------------------------- */

/** Why a candidate is not eligible; bits. */
#define LLMGW_OUT_TRIED     0x01    /* this call has tried it */
#define LLMGW_OUT_DRAINED   0x02    /* drained or disabled */
#define LLMGW_OUT_UNHEALTHY 0x04
#define LLMGW_OUT_CONTEXT   0x08    /* the prompt is estimated not to fit */
#define LLMGW_OUT_WHEN      0x10    /* its when= is false */
#define LLMGW_OUT_OTHER     0x20    /* the caller's own reasons */
#define LLMGW_OUT_BENCHED   0x40    /* told to come back later */
#define LLMGW_OUT_BREAKER   0x80    /* its breaker is open, or full of probes */

/** Completion tokens to reckon with where nothing is known of them. */
#define LLMGW_NEED_COMPLETION 256

/** What a call needs. */
typedef struct llmgw_need_t {
    apr_int64_t prompt_tokens;      /* estimated */
    apr_int64_t completion_max;     /* the client's limit; 0: none */
    apr_uint64_t prefix;            /* PREFIX: digest of what is to stick: the
                                     * prompt's beginning, a user; 0: none */
    /**
     * Asked once a call about each candidate that says so and that nothing
     * else speaks against, in its group's turn.
     * @return LLMGW_OUT_WHEN, LLMGW_OUT_OTHER, LLMGW_OUT_DRAINED; 0: eligible
     */
    unsigned int (*ask)(void *ctx, int index);
    void *ask_ctx;
} llmgw_need_t;

/** What a call remembers of the candidates; of one thread at a time. */
typedef struct llmgw_picks_t llmgw_picks_t;

/** In pool p: 42 bytes for each candidate. */
llmgw_picks_t *llmgw_choice_create(apr_pool_t *p,
                                    const llmgw_balance_t *balance);

/** The call has tried this one, or is not to. */
void llmgw_choice_exclude(llmgw_picks_t *choice, int index);

/** Was it excluded? */
int llmgw_choice_excludes(const llmgw_picks_t *choice, int index);

/** What need->ask() answered does not hold any more. */
void llmgw_choice_ask_again(llmgw_picks_t *choice,
                            const llmgw_balance_t *balance);

/** @return LLMGW_OUT_... bits; 0: it is eligible */
unsigned int llmgw_balance_test(const llmgw_balance_t *balance,
                                llmgw_picks_t *choice,
                                const llmgw_need_t *need, int index,
                                apr_time_t now);

/**
 * Why no candidate is eligible, as a sentence: "Of 4 targets, 1 was tried
 * already, 2 are behind an open breaker, 1 is too small for about 9000 tokens."
 */
const char *llmgw_balance_explain(const llmgw_balance_t *balance,
                                  llmgw_picks_t *choice,
                                  const llmgw_need_t *need, apr_time_t now,
                                  apr_pool_t *p);

/**
 * How long until the first of those that only have to wait (benched, breaker
 * open) may be tried.
 * @return -1: waiting helps none of them; 0: one is eligible
 */
apr_interval_time_t llmgw_balance_wait(const llmgw_balance_t *balance,
                                       llmgw_picks_t *choice,
                                       const llmgw_need_t *need,
                                       apr_time_t now);

/* ---- choosing ------------------------------------------------------------ */

/**
 * Choose. Follow it with llmgw_hold_acquire() on the slot: should another call
 * have taken the last probe, exclude it and choose again.
 * @param random 64 random bits; with the same ones, the same slots and the
 *     same clock the choice is the same
 * @return the candidate's index; -1: none is eligible
 */
int llmgw_balance_pick(const llmgw_balance_t *balance, llmgw_picks_t *choice,
                       const llmgw_need_t *need, apr_time_t now,
                       apr_uint64_t random);

/**
 * The tokens to give llmgw_hold_acquire(): the prompt's, and those to be
 * expected of this target's completion.
 */
apr_int64_t llmgw_need_tokens(const llmgw_need_t *need,
                              const llmgw_slot_t *slot);

#endif /* LLMGW_BALANCE_H */
