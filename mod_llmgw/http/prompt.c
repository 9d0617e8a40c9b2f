/* prompt.c: figures of a call's prompt, for conditions and for choosing */
#include "llmgw/estimate.h"
#include "call.h"
#include "prompt.h"

/* The decoded request, NULL if there is none to be had. */
static const llmgw_request_t *get_request(llmgw_call_t *call)
{
    if (!call->request && call->body
        && call->undecodable.status == APR_SUCCESS) {
        llmgw_call_decode(call, &call->undecodable);
    }
    return call->request;
}

apr_int64_t llmgw_prompt_tokens(llmgw_call_t *call)
{
    if (!call->prompt_tokens && call->body) {
        const llmgw_request_t *req = get_request(call);

        call->prompt_tokens = req ? llmgw_estimate_tokens(req)
                              : (apr_int64_t)(call->body->len + 3) / 4;
    }
    return call->prompt_tokens;
}

/* The request, for what can be told of a decoded one only. */
static const llmgw_request_t *need_request(llmgw_call_t *call)
{
    const llmgw_request_t *req = get_request(call);

    call->needs_request |= call->body && !req;
    return req;
}

int llmgw_prompt_tools(llmgw_call_t *call)
{
    const llmgw_request_t *req = need_request(call);

    return req ? req->tools->nelts : 0;
}

int llmgw_prompt_images(llmgw_call_t *call)
{
    const llmgw_request_t *req = need_request(call);

    return req ? llmgw_request_images(req) : 0;
}

apr_status_t llmgw_prompt_check(const llmgw_call_t *call, llmgw_err_t *err)
{
    if (!call->needs_request) {
        return APR_SUCCESS;
    }
    *err = call->undecodable;
    return err->status;
}
