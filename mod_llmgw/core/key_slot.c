/* key_slot.c: what all processes know of one key of a provider */
#include <string.h>
#include "llmgw/key_slot.h"

void llmgw_key_slot_choose(llmgw_key_slot_t *const *keys, int n,
                           unsigned int turn, apr_time_t now,
                           llmgw_key_choice_t *choice)
{
    apr_interval_time_t left;
    int i, at;

    memset(choice, 0, sizeof(*choice));
    choice->index = -1;
    for (i = 0; i < n; i++) {
        at = (int)((turn % (unsigned int)n + (unsigned int)i)
                   % (unsigned int)n);
        left = llmgw_bench_left(&keys[at]->bench, now);
        if (left == 0) {
            memset(choice, 0, sizeof(*choice));
            choice->index = at;
            return;
        }
        if (!choice->wait_usec || left < choice->wait_usec) {
            choice->wait_usec = left;
        }
        if (choice->cause != LLMGW_BENCH_LIMITED) {
            choice->cause = llmgw_bench_cause(&keys[at]->bench, now);
        }
    }
}

apr_interval_time_t llmgw_key_slot_report(llmgw_key_slot_t *key,
                                          int http_status,
                                          apr_interval_time_t retry_after_usec,
                                          apr_time_t now)
{
    apr_interval_time_t before = llmgw_bench_left(&key->bench, now), after;

    llmgw_word_add(&key->used, 1);
    switch (http_status) {
    case 401:
    case 402:
    case 403:
        llmgw_word_add(&key->refused, 1);
        return llmgw_bench_strike(&key->bench, now);
    case 429:
        llmgw_word_add(&key->limited, 1);
        llmgw_bench_limit(&key->bench, retry_after_usec, now);
        after = llmgw_bench_left(&key->bench, now);
        return after > before ? after : 0;
    default:
        if (http_status >= 200 && http_status <= 399) {
            llmgw_bench_succeed(&key->bench, now);
        }
        return 0;
    }
}
