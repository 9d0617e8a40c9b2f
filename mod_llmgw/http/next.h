/* next.h: what follows when an attempt has failed */
#ifndef LLMGW_HTTP_NEXT_H
#define LLMGW_HTTP_NEXT_H

#include "llmgw/retry_budget.h"
#include "call.h"

/** How many retries calls with these settings may make. */
llmgw_retry_budget_t llmgw_next_budget(const llmgw_config_t *conf);

/** The call's first attempt begins: the route's retries are a share of these. */
void llmgw_next_count_call(const llmgw_call_t *call);

/**
 * Decide by LLMRetry what follows a failure, before anything went to the
 * client: another key, another target, the same ones again after a while
 * (call->backoff_until), or the end.
 * @param err why the attempt failed; call->attempt is still there
 */
llmgw_state_e llmgw_next_state(llmgw_call_t *call, const llmgw_err_t *err);

/** Would another target be asked after this failure, not counting waits and
 * the budget? What is no failure for itself may be made one for that. */
int llmgw_next_wants(llmgw_call_t *call, const llmgw_err_t *err);

#endif /* LLMGW_HTTP_NEXT_H */
