/* bench.c: keys and targets that are left out for a while */
#include "llmgw/bench.h"

/* until, in milliseconds 48 | strikes 8 | cause 8 */
#define CAUSE_BITS 8
#define STRIKES_AT 8
#define STRIKES_BITS 8
#define STRIKES_MAX 255
#define UNTIL_AT 16

static apr_uint64_t pack(apr_time_t until, unsigned int strikes,
                         llmgw_bench_cause_e cause)
{
    return (apr_uint64_t)((until + 999) / 1000) << UNTIL_AT
           | (apr_uint64_t)strikes << STRIKES_AT | (apr_uint64_t)cause;
}

static unsigned int get_strikes(apr_uint64_t w)
{
    return (unsigned int)llmgw_word_bits(w, STRIKES_AT, STRIKES_BITS);
}

static apr_interval_time_t get_left(apr_uint64_t w, apr_time_t now)
{
    apr_interval_time_t left = (apr_time_t)(w >> UNTIL_AT) * 1000 - now;

    /* rounded up when it was packed */
    return left > 0 && left < LLMGW_BENCH_USEC_MAX + 1000 ? left : 0;
}

static llmgw_bench_cause_e get_cause(apr_uint64_t w, apr_time_t now)
{
    return get_left(w, now)
           ? (llmgw_bench_cause_e)llmgw_word_bits(w, 0, CAUSE_BITS)
           : LLMGW_BENCH_NONE;
}

apr_interval_time_t llmgw_bench_left(const llmgw_word_t *bench, apr_time_t now)
{
    return get_left(llmgw_word_get(bench), now);
}

llmgw_bench_cause_e llmgw_bench_cause(const llmgw_word_t *bench,
                                      apr_time_t now)
{
    return get_cause(llmgw_word_get(bench), now);
}

unsigned int llmgw_bench_strikes(const llmgw_word_t *bench)
{
    return get_strikes(llmgw_word_get(bench));
}

void llmgw_bench_limit(llmgw_word_t *bench, apr_interval_time_t usec,
                       apr_time_t now)
{
    apr_uint64_t seen = llmgw_word_get(bench);

    if (usec <= 0) {
        usec = LLMGW_BENCH_LIMIT_USEC;
    }
    if (usec > LLMGW_BENCH_USEC_MAX) {
        usec = LLMGW_BENCH_USEC_MAX;
    }
    do {
        if (get_left(seen, now) >= usec) {
            return;
        }
    } while (!llmgw_word_cas(bench, &seen, pack(now + usec, get_strikes(seen),
                                                LLMGW_BENCH_LIMITED)));
}

static apr_interval_time_t get_sentence(unsigned int strikes)
{
    apr_interval_time_t usec = LLMGW_BENCH_STRIKE_USEC;

    while (strikes-- > 0 && usec < LLMGW_BENCH_USEC_MAX) {
        usec *= 2;
    }
    return usec < LLMGW_BENCH_USEC_MAX ? usec : LLMGW_BENCH_USEC_MAX;
}

apr_interval_time_t llmgw_bench_strike(llmgw_word_t *bench, apr_time_t now)
{
    apr_uint64_t seen = llmgw_word_get(bench);
    apr_interval_time_t usec;
    unsigned int strikes;

    do {
        if (get_cause(seen, now) == LLMGW_BENCH_REFUSED) {
            return 0;
        }
        strikes = get_strikes(seen);
        usec = get_sentence(strikes);
    } while (!llmgw_word_cas(bench, &seen,
                             pack(now + usec, strikes < STRIKES_MAX
                                  ? strikes + 1 : strikes,
                                  LLMGW_BENCH_REFUSED)));
    return usec;
}

void llmgw_bench_succeed(llmgw_word_t *bench, apr_time_t now)
{
    apr_uint64_t seen = llmgw_word_get(bench);

    while (seen && !get_left(seen, now) && !llmgw_word_cas(bench, &seen, 0)) {
    }
}

void llmgw_bench_pardon(llmgw_word_t *bench, apr_time_t now)
{
    apr_uint64_t seen = llmgw_word_get(bench);

    while (get_cause(seen, now) == LLMGW_BENCH_REFUSED
           && !llmgw_word_cas(bench, &seen, 0)) {
    }
}
