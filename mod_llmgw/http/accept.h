/* accept.h: the parts of taking a request that pass-through shares */
#ifndef LLMGW_HTTP_ACCEPT_H
#define LLMGW_HTTP_ACCEPT_H

#include "call.h"

/**
 * Find out what the call needs to know of its body, a JSON text: the model, the
 * pin and the like. Of a body that only passes through, no more than those two.
 * @return APR_SUCCESS, or the failure, which is in call->err
 */
apr_status_t llmgw_accept_scan(llmgw_call_t *call);

/** Names go into headers and logs. @return APR_SUCCESS, LLMGW_EINVAL */
apr_status_t llmgw_accept_check_name(llmgw_call_t *call, const char *param,
                                     llmgw_str_t name);

/** The provider the caller wants: the body's "provider", or X-LLMGW-Provider;
 * never given for neither. */
llmgw_str_t llmgw_accept_pin(const llmgw_call_t *call);

/** Find the targets for the call's model; from now on the settings of its route
 * hold. Status as llmgw_accept_scan(). */
apr_status_t llmgw_accept_route(llmgw_call_t *call);

#endif /* LLMGW_HTTP_ACCEPT_H */
