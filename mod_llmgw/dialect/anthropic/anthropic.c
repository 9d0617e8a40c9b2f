/* anthropic.c: Anthropic's Messages: the vtable */
#include "anthropic.h"

static const char *const client_headers[] = { "anthropic-version", NULL };

const llmgw_dialect_t llmgw_dialect_anthropic = {
    .name = "anthropic",
    .framing = LLMGW_FRAMING_SSE,
    .stream_end = NULL,         /* message_stop */
    .stream_ping = LLMGW_ANTHROPIC_PING,
    .prompt_member = "messages",
    .client_headers = client_headers,
    .request_id_header = "request-id",
    .usage_member = NULL,
    .decode_state_size = sizeof(anthropic_decode_t),
    .encode_state_size = sizeof(anthropic_encode_t),
    .request_decode = llmgw_anthropic_request_decode,
    .request_encode = llmgw_anthropic_request_encode,
    .decode_whole = llmgw_anthropic_decode_whole,
    .decode_event = llmgw_anthropic_decode_event,
    .decode_end = llmgw_anthropic_decode_end,
    .error_decode = llmgw_anthropic_error_decode,
    .encode_event = llmgw_anthropic_encode_event,
    .encode_end = llmgw_anthropic_encode_end,
    .encode_whole = llmgw_anthropic_encode_whole,
    .error_encode = llmgw_anthropic_error_encode,
    .models_page = llmgw_anthropic_models_page,
    .models_encode = llmgw_anthropic_models_encode,
    .count = &llmgw_anthropic_count
};
