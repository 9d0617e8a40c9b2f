/* gemini.c: Google's generateContent: the vtable and its words */
#include <string.h>
#include "gemini.h"

#define NAME_BYTES_MAX 64

const llmgw_json_t *llmgw_gemini_lookup(const llmgw_json_t *obj,
                                        const char *name)
{
    const llmgw_json_t *v = llmgw_json_lookup(obj, name);
    char snake[NAME_BYTES_MAX + 1];
    apr_size_t n = 0;

    if (v || !llmgw_json_is(obj, LLMGW_JSON_OBJECT)) {
        return v;
    }
    for (; *name && n < NAME_BYTES_MAX - 1; name++) {
        if (*name >= 'A' && *name <= 'Z') {
            snake[n++] = '_';
            snake[n++] = (char)(*name - 'A' + 'a');
        }
        else {
            snake[n++] = *name;
        }
    }
    snake[n] = '\0';
    return llmgw_json_lookup(obj, snake);
}

const llmgw_json_t *llmgw_gemini_lookup_type(const llmgw_json_t *obj,
                                             const char *name,
                                             llmgw_json_type_e type)
{
    const llmgw_json_t *v = llmgw_gemini_lookup(obj, name);

    return llmgw_json_is(v, type) ? v : NULL;
}

/* Some servers write the number instead of the word. */
static const struct {
    const char *word;
    int number;                 /* -1: has none that is known */
    llmgw_stop_e stop;
} reasons[] = {
    { "FINISH_REASON_UNSPECIFIED", 0, LLMGW_STOP_NONE },
    { "STOP", 1, LLMGW_STOP_END },
    { "MAX_TOKENS", 2, LLMGW_STOP_LENGTH },
    { "SAFETY", 3, LLMGW_STOP_FILTER },
    { "RECITATION", 4, LLMGW_STOP_FILTER },
    { "OTHER", 5, LLMGW_STOP_ERROR },
    { "LANGUAGE", 6, LLMGW_STOP_FILTER },
    { "BLOCKLIST", 7, LLMGW_STOP_FILTER },
    { "PROHIBITED_CONTENT", 8, LLMGW_STOP_FILTER },
    { "SPII", 9, LLMGW_STOP_FILTER },
    { "MALFORMED_FUNCTION_CALL", 10, LLMGW_STOP_ERROR },
    { "IMAGE_SAFETY", 11, LLMGW_STOP_FILTER },
    { "MODEL_ARMOR", -1, LLMGW_STOP_FILTER },
    { "IMAGE_PROHIBITED_CONTENT", -1, LLMGW_STOP_FILTER },
    { "IMAGE_RECITATION", -1, LLMGW_STOP_FILTER },
    { "IMAGE_OTHER", -1, LLMGW_STOP_ERROR },
    { "NO_IMAGE", -1, LLMGW_STOP_ERROR },
    { "UNEXPECTED_TOOL_CALL", -1, LLMGW_STOP_ERROR },
    { "TOO_MANY_TOOL_CALLS", -1, LLMGW_STOP_ERROR },
    { "MISSING_THOUGHT_SIGNATURE", -1, LLMGW_STOP_ERROR },
    { "MALFORMED_RESPONSE", -1, LLMGW_STOP_ERROR },
    { "CONTINUATION", -1, LLMGW_STOP_PAUSE }
};

llmgw_stop_e llmgw_gemini_stop(const llmgw_json_t *reason)
{
    apr_int64_t number;
    apr_size_t i;

    if (!llmgw_json_is(reason, LLMGW_JSON_STRING)
        && !llmgw_json_is(reason, LLMGW_JSON_NUMBER)) {
        return LLMGW_STOP_NONE;
    }
    if (llmgw_json_int(reason, &number) != APR_SUCCESS || number < 0) {
        number = -2;
    }
    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].number == number
            || llmgw_json_string_is(reason, reasons[i].word)) {
            return reasons[i].stop;
        }
    }
    return LLMGW_STOP_END;
}

const char *llmgw_gemini_finish_reason(llmgw_stop_e stop)
{
    switch (stop) {
    case LLMGW_STOP_LENGTH:
    case LLMGW_STOP_CONTEXT:
        return "MAX_TOKENS";
    case LLMGW_STOP_FILTER:
    case LLMGW_STOP_REFUSAL:
        return "SAFETY";
    case LLMGW_STOP_ERROR:
        return "OTHER";
    case LLMGW_STOP_NONE:
    case LLMGW_STOP_END:
    case LLMGW_STOP_TOOL:
    case LLMGW_STOP_SEQUENCE:
    case LLMGW_STOP_PAUSE:
        break;
    }
    return "STOP";
}

int llmgw_gemini_is_redacted(llmgw_str_t signature, llmgw_str_t *data)
{
    const apr_size_t n = sizeof(LLMGW_GEMINI_REDACTED) - 1;

    if (signature.len <= n
        || memcmp(signature.p, LLMGW_GEMINI_REDACTED, n) != 0) {
        return 0;
    }
    *data = llmgw_str_make(signature.p + n, signature.len - n);
    return 1;
}

static const char *const client_headers[] = {
    "x-goog-api-key", "x-goog-api-client", NULL
};

const llmgw_dialect_t llmgw_dialect_gemini = {
    .name = "gemini",
    .framing = LLMGW_FRAMING_SSE,
    .stream_ping = NULL,        /* Google's clients fail at a comment */
    .prompt_member = "contents",
    .client_headers = client_headers,
    .stream_end = NULL,         /* the stream just ends */
    .decode_state_size = sizeof(gemini_decode_t),
    .encode_state_size = sizeof(gemini_encode_t),
    .request_decode = llmgw_gemini_request_decode,
    .request_encode = llmgw_gemini_request_encode,
    .decode_whole = llmgw_gemini_decode_whole,
    .decode_event = llmgw_gemini_decode_event,
    .decode_end = llmgw_gemini_decode_end,
    .error_decode = llmgw_gemini_error_decode,
    .encode_event = llmgw_gemini_encode_event,
    .encode_end = llmgw_gemini_encode_end,
    .encode_whole = llmgw_gemini_encode_whole,
    .error_encode = llmgw_gemini_error_encode,
    .models_page = llmgw_gemini_models_page,
    .models_encode = llmgw_gemini_models_encode,
    .count = &llmgw_gemini_count,
    .embed = &llmgw_gemini_embed
};
