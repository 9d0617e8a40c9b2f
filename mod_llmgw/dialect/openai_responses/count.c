/* count.c: OpenAI's counter: .../responses/input_tokens */
#include "openai_responses.h"

static apr_status_t request_encode(llmgw_buf_t *out,
                                   const llmgw_request_t *req,
                                   llmgw_encode_t *how, apr_pool_t *p,
                                   llmgw_err_t *err)
{
    llmgw_encode_t counting = *how;

    counting.counting = 1;
    counting.stream = 0;
    return llmgw_openai_responses_request_encode(out, req, &counting, p, err);
}

static apr_status_t answer_decode(apr_int64_t *tokens, llmgw_str_t body,
                                  apr_pool_t *p, llmgw_err_t *err)
{
    return llmgw_count_decode(tokens, body, "input_tokens", p, err);
}

static apr_status_t answer_encode(llmgw_buf_t *out, apr_int64_t tokens)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "object");
    llmgw_json_strz(&w, "response.input_tokens");
    llmgw_json_key(&w, "input_tokens");
    llmgw_json_int_out(&w, tokens);
    llmgw_json_end(&w, '}');
    return out->failed;
}

const llmgw_count_t llmgw_openai_responses_count = {
    .request_decode = llmgw_openai_responses_request_decode,
    .request_encode = request_encode,
    .answer_decode = answer_decode,
    .answer_encode = answer_encode
};
