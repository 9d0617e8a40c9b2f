/* anthropic.c: Anthropic's Messages: the vtable */
#include "anthropic.h"

/* As a client's dialect it reads no requests and writes no answers yet. */
const llmgw_dialect_t llmgw_dialect_anthropic = {
    .name = "anthropic",
    .framing = LLMGW_FRAMING_SSE,
    .stream_end = NULL,         /* message_stop */
    .prompt_member = "messages",
    .usage_member = NULL,
    .decode_state_size = sizeof(anthropic_decode_t),
    .request_encode = llmgw_anthropic_request_encode,
    .decode_whole = llmgw_anthropic_decode_whole,
    .decode_event = llmgw_anthropic_decode_event,
    .decode_end = llmgw_anthropic_decode_end,
    .error_decode = llmgw_anthropic_error_decode,
    .error_encode = llmgw_anthropic_error_encode
};
