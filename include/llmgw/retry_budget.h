/* retry_budget.h: no more retries than a share of the calls */
#ifndef LLMGW_RETRY_BUDGET_H
#define LLMGW_RETRY_BUDGET_H

#include <apr_time.h>
#include "llmgw/word.h"

/*
 * When a provider is down, all its calls are retried, and the load on what is
 * left doubles. A budget bounds that: each call puts in a share of a retry,
 * each retry takes one out. What is put in fades, within some ten seconds, so
 * that a busy hour does not pay for a storm after it. Below what is put in
 * there is a small reserve, which fills up again in the same time: a quiet
 * route may always retry.
 *
 * A budget is one word of shared memory, all zero at first: nothing put in,
 * the reserve full. Any thread of any process may call these at the same time.
 */

typedef struct llmgw_retry_budget_t {
    unsigned int percent;       /* 0 .. 1000: retries for a hundred calls */
    unsigned int reserve;       /* 0 .. 1000 retries */
    apr_interval_time_t fade_usec;  /* 1 s .. 1 h */
} llmgw_retry_budget_t;

/** Twenty retries for a hundred calls, and ten in ten seconds beside them. */
#define LLMGW_RETRY_BUDGET_INIT { 20, 10, APR_TIME_C(10000000) }

/** A call begins: its first attempt. */
void llmgw_retry_budget_deposit(llmgw_word_t *budget,
                                const llmgw_retry_budget_t *conf,
                                apr_time_t now);

/**
 * A further attempt is to be made.
 * @return 0: the budget does not allow it
 */
int llmgw_retry_budget_withdraw(llmgw_word_t *budget,
                                const llmgw_retry_budget_t *conf,
                                apr_time_t now);

/** What is left, in thousandths of a retry, the reserve included. */
apr_int64_t llmgw_retry_budget_left(const llmgw_word_t *budget,
                                    const llmgw_retry_budget_t *conf,
                                    apr_time_t now);

#endif /* LLMGW_RETRY_BUDGET_H */
