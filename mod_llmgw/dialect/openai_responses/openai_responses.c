/* openai_responses.c: OpenAI's Responses: the vtable */
#include "openai_responses.h"

const llmgw_dialect_t llmgw_dialect_openai_responses = {
    .name = "openai_responses",
    .framing = LLMGW_FRAMING_SSE,
    .stream_end = LLMGW_OPENAI_STREAM_END,
    .stream_ping = ": ping\n\n",
    .prompt_member = "input",
    .prompt_is_text = 1,
    .decode_state_size = sizeof(openai_responses_decode_t),
    .encode_state_size = sizeof(openai_responses_encode_t),
    .member_check = llmgw_openai_responses_member_check,
    .request_decode = llmgw_openai_responses_request_decode,
    .request_encode = llmgw_openai_responses_request_encode,
    .decode_whole = llmgw_openai_responses_decode_whole,
    .decode_event = llmgw_openai_responses_decode_event,
    .decode_end = llmgw_openai_responses_decode_end,
    .error_decode = llmgw_openai_error_decode,
    .encode_event = llmgw_openai_responses_encode_event,
    .encode_end = llmgw_openai_responses_encode_end,
    .encode_whole = llmgw_openai_responses_encode_whole,
    .error_encode = llmgw_openai_error_encode,
    .models_encode = llmgw_openai_models_encode,
    .count = &llmgw_openai_responses_count,
    .embed = &llmgw_openai_embed
};
