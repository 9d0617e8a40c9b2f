/* prompt.c: figures of a call's prompt, for conditions and for choosing */
#include "llmgw/embed.h"
#include "llmgw/estimate.h"
#include "call.h"
#include "op.h"
#include "prompt.h"

/* Texts to be embedded are no messages, and have no tools or images. */
static int is_embed(const llmgw_call_t *call)
{
    return call->surface.op == LLMGW_OP_EMBED;
}

static int may_decode(const llmgw_call_t *call)
{
    return call->body && call->undecodable.status == APR_SUCCESS;
}

/* The decoded request, NULL if there is none to be had. */
static const llmgw_request_t *get_request(llmgw_call_t *call)
{
    if (!call->request && !is_embed(call) && may_decode(call)) {
        llmgw_call_decode(call, &call->undecodable);
    }
    return call->request;
}

static const llmgw_embed_request_t *get_texts(llmgw_call_t *call)
{
    if (!call->embed && is_embed(call) && may_decode(call)) {
        llmgw_op_decode_embed(call, &call->undecodable);
    }
    return call->embed;
}

apr_int64_t llmgw_prompt_tokens(llmgw_call_t *call)
{
    if (!call->prompt_tokens && call->body) {
        const llmgw_request_t *req = get_request(call);
        const llmgw_embed_request_t *texts = get_texts(call);

        call->prompt_tokens = req ? llmgw_estimate_tokens(req)
                              : texts ? llmgw_embed_estimate(texts)
                              : (apr_int64_t)(call->body->len + 3) / 4;
    }
    return call->prompt_tokens;
}

/* The request, for what can be told of a decoded one only. */
static const llmgw_request_t *need_request(llmgw_call_t *call)
{
    const llmgw_request_t *req = get_request(call);

    call->needs_request |= call->body && !req && !is_embed(call);
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
