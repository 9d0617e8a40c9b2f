/* count.c: Anthropic's counter: .../messages/count_tokens */
#include "anthropic.h"

static apr_status_t request_encode(llmgw_buf_t *out,
                                   const llmgw_request_t *req,
                                   llmgw_encode_t *how, apr_pool_t *p,
                                   llmgw_err_t *err)
{
    llmgw_encode_t counting = *how;

    counting.counting = 1;
    counting.stream = 0;
    return llmgw_anthropic_request_encode(out, req, &counting, p, err);
}

static apr_status_t answer_decode(apr_int64_t *tokens, llmgw_str_t body,
                                  apr_pool_t *p, llmgw_err_t *err)
{
    return llmgw_count_decode(tokens, body, "input_tokens", p, err);
}

static apr_status_t answer_encode(llmgw_buf_t *out, apr_int64_t tokens)
{
    return llmgw_count_encode(out, "input_tokens", tokens);
}

const llmgw_count_t llmgw_anthropic_count = {
    .request_decode = llmgw_anthropic_request_decode,
    .request_encode = request_encode,
    .answer_decode = answer_decode,
    .answer_encode = answer_encode
};
