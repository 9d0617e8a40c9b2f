/* bench.h: keys and targets that are left out for a while */
#ifndef LLMGW_BENCH_H
#define LLMGW_BENCH_H

#include <apr_time.h>
#include "llmgw/word.h"

/*
 * A bench is one word of shared memory: until when, why, and how often in a
 * row. All zero: not benched. Any thread of any process may call these at the
 * same time. `now` is microseconds of one clock for all callers. No bench is
 * longer than LLMGW_BENCH_USEC_MAX, so one that seems to be is left over from
 * before the clock went back, and does not count.
 */

/** The longest bench: an hour. */
#define LLMGW_BENCH_USEC_MAX APR_TIME_C(3600000000)

/** The first bench of a key that was refused: five minutes. */
#define LLMGW_BENCH_STRIKE_USEC APR_TIME_C(300000000)

/** After a 429 that did not say how long: a second. */
#define LLMGW_BENCH_LIMIT_USEC APR_TIME_C(1000000)

typedef enum llmgw_bench_cause_e {
    LLMGW_BENCH_NONE,           /* not benched */
    LLMGW_BENCH_LIMITED,        /* 429: asked to come back later */
    LLMGW_BENCH_REFUSED         /* 401, 402, 403: the key is no good */
} llmgw_bench_cause_e;

/** Microseconds left; 0: not benched. */
apr_interval_time_t llmgw_bench_left(const llmgw_word_t *bench,
                                     apr_time_t now);

/** Why it is benched now. */
llmgw_bench_cause_e llmgw_bench_cause(const llmgw_word_t *bench,
                                      apr_time_t now);

/** How often in a row it was refused: 0 .. 255. */
unsigned int llmgw_bench_strikes(const llmgw_word_t *bench);

/**
 * A 429: bench it for as long as its Retry-After says. Never shortens a bench.
 * @param usec 0 or less: LLMGW_BENCH_LIMIT_USEC
 */
void llmgw_bench_limit(llmgw_word_t *bench, apr_interval_time_t usec,
                       apr_time_t now);

/**
 * A refusal: bench it for five minutes, for twice as long each further time in
 * a row, up to an hour. Of calls that were under way at the same time, only
 * the first counts.
 * @return how long, for the log; 0 when it was benched for this already
 */
apr_interval_time_t llmgw_bench_strike(llmgw_word_t *bench, apr_time_t now);

/**
 * A success: the strikes are forgotten. While it is benched this does nothing:
 * a call that began before says nothing about now.
 */
void llmgw_bench_succeed(llmgw_word_t *bench, apr_time_t now);

/** What was refused is accepted again: the bench for it ends at once. */
void llmgw_bench_pardon(llmgw_word_t *bench, apr_time_t now);

#endif /* LLMGW_BENCH_H */
