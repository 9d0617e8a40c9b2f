/* incoming.h: what becomes of a provider's answer, by status and type */
#ifndef LLMGW_HTTP_INCOMING_H
#define LLMGW_HTTP_INCOMING_H

#include "call.h"

typedef struct llmgw_incoming_t llmgw_incoming_t;

/** Receive the answer to the call's attempt. */
llmgw_incoming_t *llmgw_incoming_create(llmgw_call_t *call,
                                        llmgw_receive_t *receive);

/**
 * The answer is complete.
 * @return APR_SUCCESS when the client has it; an LLMGW_E... code with err
 *         filled in for an error reply or a body that is not an answer;
 *         LLMGW_ECLIENTGONE
 */
apr_status_t llmgw_incoming_finish(llmgw_incoming_t *in, llmgw_err_t *err);

/** After a receiver ended the exchange: why. May leave err as it is. */
void llmgw_incoming_error(const llmgw_incoming_t *in, llmgw_err_t *err);

#endif /* LLMGW_HTTP_INCOMING_H */
