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

const llmgw_json_t *llmgw_openai_chat_signature(const llmgw_json_t *call)
{
    const llmgw_json_t *v = llmgw_json_lookup(call, "extra_content");

    return llmgw_json_lookup(llmgw_json_lookup(v, "google"),
                             "thought_signature");
}

void llmgw_openai_chat_put_signature(llmgw_json_writer_t *w, llmgw_str_t sig)
{
    if (sig.len) {
        llmgw_json_key(w, "extra_content");
        llmgw_json_begin(w, '{');
        llmgw_json_key(w, "google");
        llmgw_json_begin(w, '{');
        llmgw_json_opt_str(w, "thought_signature", sig);
        llmgw_json_end(w, '}');
        llmgw_json_end(w, '}');
    }
}

static void put_tokens(llmgw_json_writer_t *w, const char *name,
                       apr_int64_t n)
{
    llmgw_json_key(w, name);
    llmgw_json_int_out(w, n > 0 ? n : 0);
}

void llmgw_openai_chat_put_usage(llmgw_json_writer_t *w,
                                 const llmgw_usage_t *u)
{
    llmgw_json_begin(w, '{');
    put_tokens(w, "prompt_tokens", u->prompt);
    put_tokens(w, "completion_tokens", u->completion);
    put_tokens(w, "total_tokens", llmgw_usage_total(u));
    llmgw_json_key(w, "prompt_tokens_details");
    llmgw_json_begin(w, '{');
    put_tokens(w, "cached_tokens", u->cache_read);
    put_tokens(w, "audio_tokens", u->audio_prompt);
    if (u->cache_write >= 0) {
        put_tokens(w, "cache_write_tokens", u->cache_write);
    }
    llmgw_json_end(w, '}');
    llmgw_json_key(w, "completion_tokens_details");
    llmgw_json_begin(w, '{');
    put_tokens(w, "reasoning_tokens", u->reasoning);
    put_tokens(w, "audio_tokens", u->audio_completion);
    put_tokens(w, "accepted_prediction_tokens", 0);
    put_tokens(w, "rejected_prediction_tokens", 0);
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
    put_tokens(w, "end_index", 0);
    put_tokens(w, "start_index", 0);
    llmgw_json_opt_str(w, "url", url);
    llmgw_json_key(w, "title");
    llmgw_json_str(w, title.p ? title : url);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

void llmgw_openai_chat_put_data_url(llmgw_json_writer_t *w,
                                    llmgw_str_t media_type, llmgw_str_t data)
{
    apr_size_t len = 0;

    while (len < media_type.len && media_type.p[len] != ','
           && media_type.p[len] != ';') {
        len++;
    }
    media_type.len = len;       /* no parameters: they are of no use here */
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\"data:"));
    llmgw_json_put_escaped(w->out, media_type);
    llmgw_buf_puts(w->out, ";base64,");
    llmgw_json_put_escaped(w->out, data);
    llmgw_buf_putc(w->out, '"');
}

int llmgw_openai_chat_split_data_url(llmgw_str_t url, llmgw_str_t *media_type,
                                     llmgw_str_t *data)
{
    const char *comma, *semicolon;
    apr_size_t len;

    if (url.len < 5 || memcmp(url.p, "data:", 5) != 0) {
        return 0;
    }
    comma = memchr(url.p, ',', url.len);
    if (!comma) {
        return 0;
    }
    len = (apr_size_t)(comma - url.p);
    if (len < 12 || memcmp(comma - 7, ";base64", 7) != 0) {
        return 0;
    }
    semicolon = memchr(url.p + 5, ';', len - 5);
    *media_type = llmgw_str_make(url.p + 5,
                                 (apr_size_t)(semicolon - url.p) - 5);
    *data = llmgw_str_make(comma + 1, url.len - len - 1);
    return 1;
}

const llmgw_dialect_t llmgw_dialect_openai_chat = {
    "openai_chat",
    LLMGW_FRAMING_SSE,
    LLMGW_OPENAI_CHAT_STREAM_END,
    ": ping\n\n",
    "messages",
    NULL,
    NULL,
    "stream_options",
    sizeof(openai_chat_decode_t),
    sizeof(openai_chat_encode_t),
    llmgw_openai_chat_request_decode,
    llmgw_openai_chat_request_encode,
    llmgw_openai_chat_decode_whole,
    llmgw_openai_chat_decode_event,
    llmgw_openai_chat_decode_end,
    llmgw_openai_chat_error_decode,
    llmgw_openai_chat_encode_event,
    llmgw_openai_chat_encode_end,
    llmgw_openai_chat_encode_whole,
    llmgw_openai_chat_error_encode,
    llmgw_openai_chat_models_encode
};
