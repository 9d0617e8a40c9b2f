/* slot.h: what all processes know of one target */
#ifndef LLMGW_SLOT_H
#define LLMGW_SLOT_H

#include <stddef.h>
#include <apr_time.h>
#include "llmgw/bench.h"
#include "llmgw/breaker.h"
#include "llmgw/word.h"

/*
 * A slot lives in shared memory: of fixed size, without pointers, all zero a
 * valid beginning. Any thread of any process may call these functions at the
 * same time; none waits. `now` is microseconds of one clock for all callers.
 */

/** Whom a piece of shared memory belongs to; see board.h. */
typedef struct llmgw_owner_t {
    llmgw_word_t digest;        /* of its definition; 0: free */
    llmgw_word_t seen;          /* the last start of the server that had it */
} llmgw_owner_t;

/** Counters that only grow. */
typedef enum llmgw_slot_count_e {
    LLMGW_SLOT_CALLS,           /* begun */
    LLMGW_SLOT_SUCCEEDED,       /* each call is reported as one of these */
    LLMGW_SLOT_FAILED,
    LLMGW_SLOT_NEUTRAL,
    LLMGW_SLOT_ABANDONED,       /* in flight in a process that died */
    LLMGW_SLOT_PROMPT_TOKENS,
    LLMGW_SLOT_COMPLETION_TOKENS,
    LLMGW_SLOT_OPENED,          /* how often its breaker opened */
    LLMGW_SLOT__COUNT
} llmgw_slot_count_e;

/** Flags. */
#define LLMGW_SLOT_UNHEALTHY 1  /* its health check fails */

/**
 * A target. The first 64 bytes, which end with the breaker's state, are all
 * that choosing among targets reads.
 */
typedef struct llmgw_slot_t {
    llmgw_word_t load;          /* calls and tokens in flight: llmgw_load_... */
    llmgw_word_t bench;         /* bench.h */
    llmgw_word_t flags;         /* LLMGW_SLOT_... */
    llmgw_word_t turn;          /* balance.c: how far it has been served */
    llmgw_word_t first_token;   /* peak-EWMA of the time to the first token */
    llmgw_word_t completion;    /* EWMA of the completions' tokens */
    llmgw_word_t last_error;
    llmgw_breaker_t breaker;
    llmgw_owner_t owner;
    llmgw_word_t counts[LLMGW_SLOT__COUNT];
    llmgw_word_t spare[4];
} llmgw_slot_t;

_Static_assert(offsetof(llmgw_slot_t, breaker) == 56
               && offsetof(llmgw_breaker_t, state) == 0,
               "the breaker's state ends the first cache line");
_Static_assert(sizeof(llmgw_slot_t) == 256, "a slot is four cache lines");

/* ---- calls and tokens in flight, in one word ----------------------------- */

#define LLMGW_LOAD_CALLS_AT 44
#define LLMGW_LOAD_TOKENS_MAX ((1 << 24) - 1)

/** Calls in flight. */
static inline unsigned int llmgw_load_calls(apr_uint64_t load)
{
    return (unsigned int)(load >> LLMGW_LOAD_CALLS_AT);
}

/** Their tokens: prompts, and what is expected of the completions. */
static inline apr_uint64_t llmgw_load_tokens(apr_uint64_t load)
{
    return llmgw_word_bits(load, 0, LLMGW_LOAD_CALLS_AT);
}

/** A call more. @param tokens 0 .. LLMGW_LOAD_TOKENS_MAX */
void llmgw_load_add(llmgw_word_t *load, apr_uint32_t tokens);

/**
 * Calls and tokens less; never below zero, and without calls there are no
 * tokens.
 */
void llmgw_load_drop(llmgw_word_t *load, unsigned int calls,
                     apr_uint64_t tokens);

/* ---- one call ------------------------------------------------------------ */

/**
 * What one process holds of one target, so that it can be given back for it
 * when it dies: llmgw_cell_reclaim(). In shared memory.
 *
 * A process counts here before it counts in the slot, and uncounts here after.
 * Whenever it dies, its cell holds all it holds of the slot, or a little more;
 * what is given back too much ends when the target is next idle. The other
 * order would leave calls in flight that never end.
 */
typedef struct llmgw_cell_t {
    llmgw_word_t load;
    llmgw_word_t probes;        /* of the breaker */
} llmgw_cell_t;

/** A call in flight; plain memory of the call, of one thread at a time. */
typedef struct llmgw_hold_t {
    llmgw_slot_t *slot;
    llmgw_cell_t *cell;
    const llmgw_breaker_conf_t *breaker;
    llmgw_permit_t permit;
    apr_uint32_t tokens;
    int is_held;
    int is_reported;
} llmgw_hold_t;

/** What became of a call. */
typedef struct llmgw_outcome_t {
    llmgw_breaker_e effect;     /* llmgw_status_get(status)->breaker, or
                                 * LLMGW_BREAKER_SUCCESS */
    apr_status_t status;        /* of the table; APR_SUCCESS: no error, or none
                                 * of the target's */
    int http_status;            /* the target's; 0: none */
    apr_interval_time_t first_token_usec;   /* 0: no content came */
    apr_interval_time_t took_usec;          /* the whole call */
} llmgw_outcome_t;

/**
 * Begin a call: ask the breaker, count it as in flight.
 * @param hold filled in; has to live until llmgw_hold_release()
 * @param cell this process's for this slot; NULL: nobody gives back what this
 *     process holds when it dies
 * @param breaker has to live as long as hold
 * @param tokens the prompt's and those expected of the completion, as
 *     estimated; more than LLMGW_LOAD_TOKENS_MAX count as that
 * @param change of the breaker's state, always filled in
 * @return 0: the breaker refuses, hold holds nothing
 */
int llmgw_hold_acquire(llmgw_hold_t *hold, llmgw_slot_t *slot,
                       llmgw_cell_t *cell, const llmgw_breaker_conf_t *breaker,
                       apr_int64_t tokens, apr_time_t now,
                       llmgw_breaker_change_t *change);

/**
 * Say what became of it: for the breaker, the counters and the time to the
 * first token. Only the first report of a hold counts.
 * Slow is a call by its time to the first token; by all its time where no
 * content came.
 * @param half_life_usec as for llmgw_slot_first_token()
 */
void llmgw_hold_report(llmgw_hold_t *hold, const llmgw_outcome_t *outcome,
                       apr_interval_time_t half_life_usec, apr_time_t now,
                       llmgw_breaker_change_t *change);

/**
 * End a call: it is no longer in flight. One that was not reported counts as
 * neutral. Does nothing the second time, or after acquiring was refused.
 */
void llmgw_hold_release(llmgw_hold_t *hold, apr_time_t now,
                        llmgw_breaker_change_t *change);

/**
 * Give back what a process that is dead held of a slot. May be called again,
 * and by several at once; cell is all zero after.
 */
void llmgw_cell_reclaim(llmgw_cell_t *cell, llmgw_slot_t *slot);

/* ---- figures ------------------------------------------------------------- */

/** The default half-life of what is known of a target's speed: 10 s. */
#define LLMGW_SLOT_HALF_LIFE_USEC APR_TIME_C(10000000)

/**
 * The time to the first token to be expected, in microseconds: an average that
 * follows a slower answer at once and faster ones by and by. It fades while
 * nothing comes, so that a target that was slow is tried again.
 * @return 0: not known, or so long ago that it says nothing
 */
apr_interval_time_t llmgw_slot_first_token(const llmgw_slot_t *slot,
                                           apr_interval_time_t half_life_usec,
                                           apr_time_t now);

/** Tokens of the completion to be expected; 0: not known. */
static inline apr_int64_t llmgw_slot_completion(const llmgw_slot_t *slot)
{
    return (apr_int64_t)(llmgw_word_get(&slot->completion) >> 8);
}

/** Count what a call used; tokens below 0 are not known. */
void llmgw_slot_usage(llmgw_slot_t *slot, apr_int64_t prompt_tokens,
                      apr_int64_t completion_tokens);

static inline apr_uint64_t llmgw_slot_count(const llmgw_slot_t *slot,
                                            llmgw_slot_count_e what)
{
    return llmgw_word_get(&slot->counts[what]);
}

/** Set a flag, or clear it. */
void llmgw_slot_flag(llmgw_slot_t *slot, apr_uint64_t flag, int on);

typedef struct llmgw_slot_error_t {
    apr_status_t status;        /* APR_SUCCESS: there was none */
    int http_status;
    apr_time_t at;              /* whole seconds */
} llmgw_slot_error_t;

/** The last error. */
void llmgw_slot_last_error(const llmgw_slot_t *slot,
                           llmgw_slot_error_t *error);

/**
 * Make it anew for another target: all zero but the owner, what is in flight,
 * and the breaker's generation, so that calls of the old target that are still
 * under way say nothing of the new one.
 */
void llmgw_slot_clear(llmgw_slot_t *slot);

/**
 * Take over all but the owner and what is in flight from a slot of other
 * memory. Nobody else may use `to` yet.
 */
void llmgw_slot_carry(llmgw_slot_t *to, const llmgw_slot_t *from);

#endif /* LLMGW_SLOT_H */
