/* key_slot.h: what all processes know of one key of a provider */
#ifndef LLMGW_KEY_SLOT_H
#define LLMGW_KEY_SLOT_H

#include <apr_time.h>
#include "llmgw/bench.h"
#include "llmgw/slot.h"

/**
 * A key, in shared memory; all zero: a key nobody has tried. The key itself is
 * not in it: the owner's digest must not be one that tells it (a digest of the
 * provider's name and the key's place in its pool will do).
 */
typedef struct llmgw_key_slot_t {
    llmgw_word_t bench;         /* bench.h */
    llmgw_word_t used;          /* counters: attempts made with it, */
    llmgw_word_t refused;       /* 401, 402, 403, */
    llmgw_word_t limited;       /* 429 */
    llmgw_owner_t owner;
    llmgw_word_t spare[2];
} llmgw_key_slot_t;

_Static_assert(sizeof(llmgw_key_slot_t) == 64, "a key is one cache line");

/** What came of a search for a key. */
typedef struct llmgw_key_choice_t {
    int index;                  /* of the key to use; -1: all are benched */
    llmgw_bench_cause_e cause;  /* without one: LIMITED if any is only that,
                                 * else REFUSED; NONE: there are no keys */
    apr_interval_time_t wait_usec;  /* without one: until the first is free */
} llmgw_key_choice_t;

/**
 * The next key that is not benched, in turn.
 * @param keys of one provider; they need not lie side by side
 * @param turn a number that differs from call to call: where to begin
 */
void llmgw_key_slot_choose(llmgw_key_slot_t *const *keys, int n,
                           unsigned int turn, apr_time_t now,
                           llmgw_key_choice_t *choice);

/**
 * Tell of an attempt made with a key.
 * @param http_status what the provider answered: 401, 402 and 403 are refusals,
 *     429 a limit, 200 .. 399 a success; others say nothing of the key
 * @param retry_after_usec of a 429; 0 or less: it did not say
 * @return how long the key is now benched for, for the log; 0: it is not, or
 *     was already
 */
apr_interval_time_t llmgw_key_slot_report(llmgw_key_slot_t *key,
                                          int http_status,
                                          apr_interval_time_t retry_after_usec,
                                          apr_time_t now);

#endif /* LLMGW_KEY_SLOT_H */
