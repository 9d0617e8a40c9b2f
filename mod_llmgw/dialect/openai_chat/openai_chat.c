/* openai_chat.c: OpenAI's Chat Completions: the vtable and its words */
#include <string.h>
#include "openai_chat.h"

/* What providers call the reasons, and what they mean. */
static const struct {
    const char *word;
    llmgw_stop_e stop;
} reasons[] = {
    { "stop", LLMGW_STOP_END },
    { "length", LLMGW_STOP_LENGTH },
    { "tool_calls", LLMGW_STOP_TOOL },
    { "function_call", LLMGW_STOP_TOOL },
    { "content_filter", LLMGW_STOP_FILTER },
    { "end_turn", LLMGW_STOP_END },
    { "eos", LLMGW_STOP_END },
    { "eos_token", LLMGW_STOP_END },
    { "tool_use", LLMGW_STOP_TOOL },
    { "stop_sequence", LLMGW_STOP_SEQUENCE },
    { "max_tokens", LLMGW_STOP_LENGTH },
    { "model_length", LLMGW_STOP_CONTEXT },
    { "sensitive", LLMGW_STOP_FILTER },
    { "safety", LLMGW_STOP_FILTER },
    { "recitation", LLMGW_STOP_FILTER },
    { "refusal", LLMGW_STOP_REFUSAL },
    { "error", LLMGW_STOP_ERROR },
    { "network_error", LLMGW_STOP_ERROR },
    { "insufficient_system_resource", LLMGW_STOP_ERROR }
};

llmgw_stop_e llmgw_openai_chat_stop(const llmgw_json_t *finish_reason)
{
    apr_size_t i;

    if (!llmgw_json_is(finish_reason, LLMGW_JSON_STRING)
        || finish_reason->len <= 2) {
        return LLMGW_STOP_NONE;
    }
    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (llmgw_json_string_is(finish_reason, reasons[i].word)) {
            return reasons[i].stop;
        }
    }
    return LLMGW_STOP_END;
}

const char *llmgw_openai_chat_finish_reason(llmgw_stop_e stop, int has_tools,
                                            int legacy)
{
    const char *called = legacy ? "function_call" : "tool_calls";

    switch (stop) {
    case LLMGW_STOP_LENGTH:
    case LLMGW_STOP_CONTEXT:
        return "length";
    case LLMGW_STOP_FILTER:
    case LLMGW_STOP_REFUSAL:
        return "content_filter";
    case LLMGW_STOP_TOOL:
        return called;
    case LLMGW_STOP_NONE:
        return has_tools ? called : "stop";
    case LLMGW_STOP_END:
    case LLMGW_STOP_SEQUENCE:
    case LLMGW_STOP_PAUSE:
    case LLMGW_STOP_ERROR:
        break;
    }
    return "stop";
}

void llmgw_openai_chat_put_usage(llmgw_json_writer_t *w,
                                 const llmgw_usage_t *u)
{
    llmgw_json_begin(w, '{');
    llmgw_openai_put_tokens(w, "prompt_tokens", u->prompt);
    llmgw_openai_put_tokens(w, "completion_tokens", u->completion);
    llmgw_openai_put_tokens(w, "total_tokens", llmgw_usage_total(u));
    llmgw_json_key(w, "prompt_tokens_details");
    llmgw_json_begin(w, '{');
    llmgw_openai_put_tokens(w, "cached_tokens", u->cache_read);
    llmgw_openai_put_tokens(w, "audio_tokens", u->audio_prompt);
    if (u->cache_write >= 0) {
        llmgw_openai_put_tokens(w, "cache_write_tokens", u->cache_write);
    }
    llmgw_json_end(w, '}');
    llmgw_json_key(w, "completion_tokens_details");
    llmgw_json_begin(w, '{');
    llmgw_openai_put_tokens(w, "reasoning_tokens", u->reasoning);
    llmgw_openai_put_tokens(w, "audio_tokens", u->audio_completion);
    llmgw_openai_put_tokens(w, "accepted_prediction_tokens", 0);
    llmgw_openai_put_tokens(w, "rejected_prediction_tokens", 0);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

void llmgw_openai_chat_put_annotation(llmgw_json_writer_t *w, llmgw_str_t raw,
                                      llmgw_str_t url, llmgw_str_t title,
                                      const llmgw_dialect_t *dialect)
{
    if (dialect == &llmgw_dialect_openai_chat) {
        llmgw_json_raw_out(w, raw);
        return;
    }
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "url_citation");
    llmgw_json_key(w, "url_citation");
    llmgw_json_begin(w, '{');
    if (dialect != &llmgw_dialect_openai_responses
        || !llmgw_openai_put_citation(w, raw)) {
        llmgw_openai_put_tokens(w, "end_index", 0);
        llmgw_openai_put_tokens(w, "start_index", 0);
        llmgw_json_opt_str(w, "url", url);
        llmgw_json_key(w, "title");
        llmgw_json_str(w, title.p ? title : url);
    }
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

const llmgw_dialect_t llmgw_dialect_openai_chat = {
    .name = "openai_chat",
    .framing = LLMGW_FRAMING_SSE,
    .stream_end = LLMGW_OPENAI_STREAM_END,
    .stream_ping = ": ping\n\n",
    .prompt_member = "messages",
    .usage_member = "stream_options",
    .decode_state_size = sizeof(openai_chat_decode_t),
    .encode_state_size = sizeof(openai_chat_encode_t),
    .request_decode = llmgw_openai_chat_request_decode,
    .request_encode = llmgw_openai_chat_request_encode,
    .decode_whole = llmgw_openai_chat_decode_whole,
    .decode_event = llmgw_openai_chat_decode_event,
    .decode_end = llmgw_openai_chat_decode_end,
    .error_decode = llmgw_openai_error_decode,
    .encode_event = llmgw_openai_chat_encode_event,
    .encode_end = llmgw_openai_chat_encode_end,
    .encode_whole = llmgw_openai_chat_encode_whole,
    .error_encode = llmgw_openai_error_encode,
    .models_encode = llmgw_openai_models_encode,
    .embed = &llmgw_openai_embed
};
