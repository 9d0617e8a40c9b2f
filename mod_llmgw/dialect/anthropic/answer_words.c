/* answer_words.c: the members that messages and the events of streams share */
#include <string.h>
#include "anthropic.h"

const char *llmgw_anthropic_stop_reason(llmgw_stop_e stop, int has_calls,
                                        int has_refusal)
{
    switch (stop) {
    case LLMGW_STOP_LENGTH:
        return "max_tokens";
    case LLMGW_STOP_SEQUENCE:
        return "stop_sequence";
    case LLMGW_STOP_TOOL:
        return "tool_use";
    case LLMGW_STOP_FILTER:
    case LLMGW_STOP_REFUSAL:
        return "refusal";
    case LLMGW_STOP_PAUSE:
        return "pause_turn";
    case LLMGW_STOP_CONTEXT:
        return "model_context_window_exceeded";
    case LLMGW_STOP_NONE:
    case LLMGW_STOP_END:
    case LLMGW_STOP_ERROR:
        break;
    }
    /* clients run tools on this word only */
    return has_calls ? "tool_use" : has_refusal ? "refusal" : "end_turn";
}

void llmgw_anthropic_put_top(llmgw_json_writer_t *w, llmgw_str_t id,
                             llmgw_str_t model,
                             const llmgw_answer_opts_t *opts)
{
    llmgw_json_key(w, "id");
    if (id.len) {
        llmgw_json_str(w, id);
    }
    else {
        llmgw_json_raw_out(w, LLMGW_STR_LIT("\"msg_"));
        llmgw_json_put_escaped(w->out, opts->id);
        llmgw_buf_putc(w->out, '"');
    }
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "message");
    llmgw_json_key(w, "role");
    llmgw_json_strz(w, "assistant");
    llmgw_json_key(w, "model");
    llmgw_json_str(w, model.len ? model
                      : opts->model.p ? opts->model : LLMGW_STR_LIT(""));
}

void llmgw_anthropic_put_stop(llmgw_json_writer_t *w, const char *reason,
                              llmgw_str_t sequence, llmgw_str_t refusal)
{
    llmgw_json_key(w, "stop_reason");
    llmgw_json_strz(w, reason);
    llmgw_json_key(w, "stop_sequence");
    llmgw_json_str(w, sequence.len ? sequence : LLMGW_STR_NULL);
    llmgw_json_key(w, "stop_details");
    if (refusal.len) {
        llmgw_json_begin(w, '{');
        llmgw_json_key(w, "type");
        llmgw_json_strz(w, "refusal");
        llmgw_json_key(w, "category");
        llmgw_json_null(w);
        llmgw_json_opt_str(w, "explanation", refusal);
        llmgw_json_end(w, '}');
    }
    else {
        llmgw_json_null(w);
    }
    llmgw_json_key(w, "container");
    llmgw_json_null(w);
}

/* ---- usage -------------------------------------------------------------- */

static apr_int64_t known(apr_int64_t n)
{
    return n > 0 ? n : 0;
}

/* Without what was read from or written to the cache, unlike ours. */
static apr_int64_t get_input(const llmgw_usage_t *u)
{
    return known(u->prompt - known(u->cache_read) - known(u->cache_write));
}

static void put_tokens(llmgw_json_writer_t *w, const char *name,
                       apr_int64_t n)
{
    llmgw_json_key(w, name);
    if (n < 0) {
        llmgw_json_null(w);
    }
    else {
        llmgw_json_int_out(w, n);
    }
}

static void put_details(llmgw_json_writer_t *w, const llmgw_usage_t *u)
{
    llmgw_json_key(w, "output_tokens_details");
    if (u->reasoning < 0) {
        llmgw_json_null(w);
        return;
    }
    llmgw_json_begin(w, '{');
    put_tokens(w, "thinking_tokens", u->reasoning);
    llmgw_json_end(w, '}');
}

static void put_nulls(llmgw_json_writer_t *w, const char *const *names)
{
    for (; *names; names++) {
        llmgw_json_key(w, *names);
        llmgw_json_null(w);
    }
}

void llmgw_anthropic_put_usage(llmgw_json_writer_t *w,
                               const llmgw_usage_t *u)
{
    static const char *const rest[] = { "server_tool_use", "service_tier",
                                        "inference_geo", "speed", NULL };
    static const char *const ttl[] = { "cache_creation", NULL };

    llmgw_json_begin(w, '{');
    put_tokens(w, "input_tokens", get_input(u));
    put_tokens(w, "cache_creation_input_tokens", known(u->cache_write));
    put_tokens(w, "cache_read_input_tokens", known(u->cache_read));
    put_nulls(w, ttl);
    put_tokens(w, "output_tokens", known(u->completion));
    put_details(w, u);
    put_nulls(w, rest);
    llmgw_json_end(w, '}');
}

void llmgw_anthropic_put_delta_usage(llmgw_json_writer_t *w,
                                     const llmgw_usage_t *u)
{
    static const char *const rest[] = { "server_tool_use", NULL };

    llmgw_json_begin(w, '{');
    put_tokens(w, "input_tokens", u->prompt < 0 ? -1 : get_input(u));
    put_tokens(w, "cache_creation_input_tokens", u->cache_write);
    put_tokens(w, "cache_read_input_tokens", u->cache_read);
    put_tokens(w, "output_tokens", known(u->completion));
    put_details(w, u);
    put_nulls(w, rest);
    llmgw_json_end(w, '}');
}

/* ---- citations and calls ------------------------------------------------ */

void llmgw_anthropic_put_flat(llmgw_buf_t *out, llmgw_str_t raw)
{
    apr_size_t i = out->len;

    llmgw_buf_put(out, raw);
    for (; i < out->len; i++) {
        if (out->data[i] == '\n' || out->data[i] == '\r') {
            out->data[i] = ' ';
        }
    }
}

int llmgw_anthropic_put_citation(llmgw_json_writer_t *w, llmgw_str_t raw,
                                 llmgw_str_t url, llmgw_str_t title,
                                 const llmgw_dialect_t *dialect)
{
    if (dialect == &llmgw_dialect_anthropic) {
        llmgw_json_raw_out(w, LLMGW_STR_LIT(""));
        llmgw_anthropic_put_flat(w->out, raw);
        return 1;
    }
    if (!url.len) {
        return 0;
    }
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "web_search_result_location");
    llmgw_json_opt_str(w, "cited_text", LLMGW_STR_LIT(""));
    llmgw_json_opt_str(w, "encrypted_index", LLMGW_STR_LIT(""));
    llmgw_json_key(w, "title");
    llmgw_json_str(w, title);
    llmgw_json_opt_str(w, "url", url);
    llmgw_json_end(w, '}');
    return 1;
}

static void put_id(llmgw_json_writer_t *w, int index, llmgw_str_t id,
                   llmgw_str_t signature, const llmgw_answer_opts_t *opts)
{
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\""));
    if (id.len) {
        llmgw_json_put_escaped(w->out, id);
    }
    else {
        llmgw_buf_puts(w->out, "toolu_");
        llmgw_json_put_escaped(w->out, opts->id);
        llmgw_buf_printf(w->out, "_%d", index);
    }
    llmgw_anthropic_put_signature(w->out, signature);
    llmgw_buf_putc(w->out, '"');
}

void llmgw_anthropic_put_call(llmgw_json_writer_t *w, int index,
                              llmgw_str_t id, llmgw_str_t name,
                              llmgw_str_t signature,
                              const llmgw_answer_opts_t *opts)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "tool_use");
    llmgw_json_key(w, "id");
    put_id(w, index, id, signature, opts);
    llmgw_json_key(w, "name");
    llmgw_json_str(w, name.p ? name : LLMGW_STR_LIT(""));
    llmgw_json_key(w, "caller");
    llmgw_json_raw_out(w, LLMGW_STR_LIT("{\"type\":\"direct\"}"));
}
