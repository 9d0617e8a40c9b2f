/* attempt.h: making the request for one target */
#ifndef LLMGW_HTTP_ATTEMPT_H
#define LLMGW_HTTP_ATTEMPT_H

#include "call.h"

/**
 * Begin an attempt at a target: writes the request in the provider's dialect
 * from the client's own body, and creates the exchange. The attempt before it
 * is gone after this.
 * @return APR_SUCCESS; else the failure, with err filled in
 */
apr_status_t llmgw_attempt_begin(llmgw_call_t *call,
                                 const llmgw_target_t *target,
                                 llmgw_err_t *err);

/** A provider may repeat what it was sent: cut our keys out of an error. */
void llmgw_attempt_hide_keys(const llmgw_attempt_t *attempt,
                             llmgw_err_t *err);

/** As llmgw_attempt_hide_keys(), for any text. */
llmgw_str_t llmgw_attempt_cut_keys(const llmgw_attempt_t *attempt,
                                   llmgw_str_t text, apr_pool_t *p);

/** Let go of its connection. Its other memory stays for the call's notes. */
void llmgw_attempt_end(llmgw_call_t *call);

#endif /* LLMGW_HTTP_ATTEMPT_H */
