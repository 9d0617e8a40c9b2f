/* answer_decode.c: reading messages, whole and as streams of events */
#include <string.h>
#include "anthropic.h"

/* ---- start, usage, stop ------------------------------------------------- */

static apr_status_t emit_start(llmgw_decode_t *d, const llmgw_json_t *message)
{
    anthropic_decode_t *st = d->state;
    llmgw_event_t ev;

    if (st->is_started) {
        return APR_SUCCESS;
    }
    st->is_started = 1;
    st->input = st->cache_read = st->cache_write = -1;
    st->output = st->thinking = -1;
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_START;
    ev.id = llmgw_json_string_buf(llmgw_json_lookup(message, "id"),
                                  d->scratch);
    ev.model = llmgw_json_string_buf(llmgw_json_lookup(message, "model"),
                                     d->scratch);
    return d->emit(d->emit_ctx, &ev);
}

static void set_tokens(apr_int64_t *to, const llmgw_json_t *usage,
                       const char *name)
{
    apr_int64_t n = llmgw_json_tokens(usage, name);

    if (n >= 0) {
        *to = n;
    }
}

/*
 * Figures are cumulative: each report replaces what it names. input_tokens
 * leaves out what was read from or written to the cache; ours has both in it.
 */
static apr_status_t emit_usage(llmgw_decode_t *d, const llmgw_json_t *usage)
{
    anthropic_decode_t *st = d->state;
    llmgw_usage_t u = LLMGW_USAGE_INIT;

    if (!llmgw_json_is(usage, LLMGW_JSON_OBJECT)) {
        return APR_SUCCESS;
    }
    set_tokens(&st->input, usage, "input_tokens");
    set_tokens(&st->cache_read, usage, "cache_read_input_tokens");
    set_tokens(&st->cache_write, usage, "cache_creation_input_tokens");
    set_tokens(&st->output, usage, "output_tokens");
    set_tokens(&st->thinking, llmgw_json_lookup(usage,
                                                "output_tokens_details"),
               "thinking_tokens");
    u.cache_read = st->cache_read;
    u.cache_write = st->cache_write;
    u.completion = st->output;
    u.reasoning = st->thinking;
    if (st->input >= 0) {
        u.prompt = st->input + (st->cache_read > 0 ? st->cache_read : 0)
            + (st->cache_write > 0 ? st->cache_write : 0);
    }
    return llmgw_emit_usage(d, &u);
}

static llmgw_stop_e get_stop(const llmgw_json_t *reason)
{
    static const struct {
        const char *word;
        llmgw_stop_e stop;
    } reasons[] = {
        { "end_turn", LLMGW_STOP_END },
        { "max_tokens", LLMGW_STOP_LENGTH },
        { "stop_sequence", LLMGW_STOP_SEQUENCE },
        { "tool_use", LLMGW_STOP_TOOL },
        { "pause_turn", LLMGW_STOP_PAUSE },
        { "refusal", LLMGW_STOP_REFUSAL },
        { "model_context_window_exceeded", LLMGW_STOP_CONTEXT }
    };
    apr_size_t i;

    if (!llmgw_json_is(reason, LLMGW_JSON_STRING)) {
        return LLMGW_STOP_NONE;
    }
    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (llmgw_json_string_is(reason, reasons[i].word)) {
            return reasons[i].stop;
        }
    }
    return LLMGW_STOP_END;
}

/* stop_reason, stop_sequence, stop_details of a message or a message_delta.
 * A refusal's explanation is all the client gets to read of it. */
static apr_status_t emit_stop(llmgw_decode_t *d, const llmgw_json_t *obj)
{
    anthropic_decode_t *st = d->state;
    llmgw_stop_e stop = get_stop(llmgw_json_lookup(obj, "stop_reason"));
    const llmgw_json_t *details = llmgw_json_lookup(obj, "stop_details");
    apr_status_t rv;

    if (stop == LLMGW_STOP_NONE || st->is_stopped) {
        return APR_SUCCESS;
    }
    st->is_stopped = 1;
    rv = llmgw_emit_text(d, LLMGW_EV_REFUSAL, 0, llmgw_json_string_buf(
        llmgw_json_lookup(details, "explanation"), d->scratch));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return llmgw_emit_stop(d, 0, stop, llmgw_json_string_buf(
        llmgw_json_lookup(obj, "stop_sequence"), d->scratch));
}

/* The end came without a reason. */
static apr_status_t emit_end(llmgw_decode_t *d)
{
    anthropic_decode_t *st = d->state;

    if (st->is_stopped) {
        return APR_SUCCESS;
    }
    st->is_stopped = 1;
    return llmgw_emit_stop(d, 0, st->ntools ? LLMGW_STOP_TOOL : LLMGW_STOP_END,
                           LLMGW_STR_NULL);
}

static apr_status_t emit_error(llmgw_decode_t *d, const llmgw_json_t *body)
{
    anthropic_decode_t *st = d->state;

    st->has_failed = 1;
    return llmgw_emit_error(d, body);
}

/* ---- a whole message ---------------------------------------------------- */

/* Room for all strings of a text, so that unescaping moves nothing. */
static apr_status_t reserve(llmgw_decode_t *d, apr_size_t len)
{
    return llmgw_buf_reserve(d->scratch, len + 1) == APR_SUCCESS
        ? APR_SUCCESS : LLMGW_EUPTOOBIG;
}

static apr_status_t read_content(llmgw_decode_t *d,
                                 const llmgw_json_t *content)
{
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(content, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(content, v)) {
        rv = llmgw_anthropic_block_start(d, v);
        if (rv == APR_SUCCESS) {
            rv = llmgw_anthropic_block_stop(d);
        }
    }
    return rv;
}

apr_status_t llmgw_anthropic_decode_whole(llmgw_decode_t *d,
                                          const llmgw_json_t *body)
{
    const llmgw_json_t *content = llmgw_json_lookup_type(body, "content",
                                                         LLMGW_JSON_ARRAY);
    const llmgw_json_t *reason = llmgw_json_lookup_type(body, "stop_reason",
                                                        LLMGW_JSON_STRING);
    apr_status_t rv = reserve(d, body->len);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (llmgw_json_lookup_type(body, "error", LLMGW_JSON_OBJECT)) {
        return emit_error(d, body);
    }
    if (!content) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "The provider's answer has no content.");
    }
    if (!content->count && !reason) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EEMPTY, NULL,
                             "The provider's answer is empty.");
    }
    rv = emit_start(d, body);
    if (rv == APR_SUCCESS) {
        rv = read_content(d, content);
    }
    if (rv == APR_SUCCESS) {
        rv = emit_usage(d, llmgw_json_lookup(body, "usage"));
    }
    if (rv == APR_SUCCESS) {
        rv = emit_stop(d, body);
    }
    return rv == APR_SUCCESS ? emit_end(d) : rv;
}

/* ---- the events of a stream --------------------------------------------- */

/* A second start without an end between: what was open is over. */
static apr_status_t on_message_start(llmgw_decode_t *d,
                                     const llmgw_json_t *ev)
{
    const llmgw_json_t *message = llmgw_json_lookup(ev, "message");
    apr_status_t rv = llmgw_anthropic_block_stop(d);

    if (rv == APR_SUCCESS) {
        rv = emit_start(d, message);
    }
    if (rv == APR_SUCCESS) {
        rv = emit_usage(d, llmgw_json_lookup(message, "usage"));
    }
    return rv;
}

static apr_status_t on_block_start(llmgw_decode_t *d, const llmgw_json_t *ev)
{
    apr_status_t rv = emit_start(d, NULL);

    return rv == APR_SUCCESS ? llmgw_anthropic_block_start(
        d, llmgw_json_lookup(ev, "content_block")) : rv;
}

static apr_status_t on_block_delta(llmgw_decode_t *d, const llmgw_json_t *ev)
{
    apr_status_t rv = emit_start(d, NULL);

    return rv == APR_SUCCESS ? llmgw_anthropic_block_delta(
        d, llmgw_json_lookup(ev, "delta")) : rv;
}

static apr_status_t on_block_stop(llmgw_decode_t *d, const llmgw_json_t *ev)
{
    (void)ev;
    return llmgw_anthropic_block_stop(d);
}

/* Figures come before the stop they go with. */
static apr_status_t on_message_delta(llmgw_decode_t *d,
                                     const llmgw_json_t *ev)
{
    apr_status_t rv = emit_start(d, NULL);

    if (rv == APR_SUCCESS) {
        rv = llmgw_anthropic_block_stop(d);
    }
    if (rv == APR_SUCCESS) {
        rv = emit_usage(d, llmgw_json_lookup(ev, "usage"));
    }
    return rv == APR_SUCCESS ? emit_stop(d, llmgw_json_lookup(ev, "delta"))
                             : rv;
}

static apr_status_t on_message_stop(llmgw_decode_t *d, const llmgw_json_t *ev)
{
    anthropic_decode_t *st = d->state;
    apr_status_t rv = llmgw_anthropic_block_stop(d);

    (void)ev;
    d->frame |= LLMGW_FRAME_END;
    st->is_ended = 1;
    return rv == APR_SUCCESS && st->is_started ? emit_end(d) : rv;
}

static apr_status_t on_ping(llmgw_decode_t *d, const llmgw_json_t *ev)
{
    llmgw_event_t ping;

    (void)ev;
    memset(&ping, 0, sizeof(ping));
    ping.type = LLMGW_EV_PING;
    return d->emit(d->emit_ctx, &ping);
}

typedef apr_status_t (*event_fn)(llmgw_decode_t *d, const llmgw_json_t *ev);

static const struct {
    const char *type;
    event_fn fn;
    int in_order;               /* means nothing after the stop */
} handlers[] = {
    { "content_block_delta", on_block_delta, 1 },
    { "content_block_start", on_block_start, 1 },
    { "content_block_stop", on_block_stop, 1 },
    { "message_start", on_message_start, 1 },
    { "message_delta", on_message_delta, 0 },
    { "message_stop", on_message_stop, 0 },
    { "ping", on_ping, 0 },
    { "error", emit_error, 0 }
};

static apr_status_t handle(llmgw_decode_t *d, const llmgw_json_t *body)
{
    anthropic_decode_t *st = d->state;
    const llmgw_json_t *type = llmgw_json_lookup(body, "type");
    apr_size_t i;

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (llmgw_json_string_is(type, handlers[i].type)) {
            return handlers[i].in_order && st->is_stopped
                ? APR_SUCCESS : handlers[i].fn(d, body);
        }
    }
    if (llmgw_json_lookup_type(body, "error", LLMGW_JSON_OBJECT)) {
        return emit_error(d, body);
    }
    return APR_SUCCESS;         /* new kinds of events may come any day */
}

apr_status_t llmgw_anthropic_decode_event(llmgw_decode_t *d,
                                          const llmgw_sse_event_t *ev)
{
    anthropic_decode_t *st = d->state;
    const llmgw_json_t *body;
    apr_status_t rv = reserve(d, ev->data.len);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (st->has_failed || llmgw_text_is_blank(ev->data)) {
        return APR_SUCCESS;
    }
    if (llmgw_json_parse(d->doc, ev->data.p, ev->data.len, &body, NULL)
        != APR_SUCCESS) {
        body = NULL;
    }
    if (llmgw_str_is(ev->type, "error")) {
        return emit_error(d, body);
    }
    if (!llmgw_json_is(body, LLMGW_JSON_OBJECT)) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "An event of the provider's stream is not a "
                             "JSON object.");
    }
    return handle(d, body);
}

apr_status_t llmgw_anthropic_decode_end(llmgw_decode_t *d)
{
    anthropic_decode_t *st = d->state;

    if (st->has_failed) {
        return APR_SUCCESS;
    }
    if (!st->is_started) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EEMPTY, NULL,
                             "The provider's stream ended without an answer.");
    }
    if (!st->is_ended && !st->is_stopped) {
        return llmgw_err_set(d->error, d->pool, LLMGW_ETRUNCATED, NULL,
                             "The provider's stream ended too early.");
    }
    return APR_SUCCESS;
}
