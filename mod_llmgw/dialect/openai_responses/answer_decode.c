/* answer_decode.c: reading Responses answers, whole and as streams of events */
#include <string.h>
#include "openai_responses.h"

/* ---- start, usage, stop ------------------------------------------------- */

static apr_status_t emit_start(llmgw_decode_t *d, const llmgw_json_t *response)
{
    openai_responses_decode_t *st = d->state;
    llmgw_event_t ev;

    if (st->is_started) {
        return APR_SUCCESS;
    }
    st->is_started = 1;
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_START;
    ev.id = llmgw_json_string_buf(llmgw_json_lookup(response, "id"),
                                  d->scratch);
    ev.model = llmgw_json_string_buf(llmgw_json_lookup(response, "model"),
                                     d->scratch);
    if (llmgw_json_int(llmgw_json_lookup(response, "created_at"),
                       &ev.created_sec) != APR_SUCCESS
        || ev.created_sec < 0) {
        ev.created_sec = 0;
    }
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t emit_usage(llmgw_decode_t *d, const llmgw_json_t *response)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(response, "usage",
                                                   LLMGW_JSON_OBJECT);
    const llmgw_json_t *in = llmgw_json_lookup(v, "input_tokens_details");
    const llmgw_json_t *out = llmgw_json_lookup(v, "output_tokens_details");
    llmgw_usage_t u = LLMGW_USAGE_INIT;

    if (!v) {
        return APR_SUCCESS;
    }
    u.prompt = llmgw_json_tokens(v, "input_tokens");
    u.completion = llmgw_json_tokens(v, "output_tokens");
    u.total = llmgw_json_tokens(v, "total_tokens");
    u.cache_read = llmgw_json_tokens(in, "cached_tokens");
    u.cache_write = llmgw_json_tokens(in, "cache_write_tokens");
    u.audio_prompt = llmgw_json_tokens(in, "audio_tokens");
    u.reasoning = llmgw_json_tokens(out, "reasoning_tokens");
    u.audio_completion = llmgw_json_tokens(out, "audio_tokens");
    return llmgw_emit_usage(d, &u);
}

static apr_status_t emit_error(llmgw_decode_t *d, const llmgw_json_t *body)
{
    openai_responses_decode_t *st = d->state;

    st->has_failed = 1;
    return llmgw_emit_error(d, body);
}

/* Calls that were not ended are, then the answer is. */
static apr_status_t stop(llmgw_decode_t *d, llmgw_stop_e reason)
{
    openai_responses_decode_t *st = d->state;
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (st->is_stopped) {
        return APR_SUCCESS;
    }
    for (i = 0; i < st->ninlets && rv == APR_SUCCESS; i++) {
        rv = llmgw_openai_responses_end_call(d, &st->inlets[i]);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    st->is_stopped = 1;
    if (reason == LLMGW_STOP_END && st->ntools) {
        reason = LLMGW_STOP_TOOL;
    }
    return llmgw_emit_stop(d, 0, reason, LLMGW_STR_NULL);
}

static llmgw_stop_e get_stop(const llmgw_json_t *response)
{
    const llmgw_json_t *details = llmgw_json_lookup(response,
                                                    "incomplete_details");
    const llmgw_json_t *reason = llmgw_json_lookup(details, "reason");

    if (llmgw_json_string_is(reason, "content_filter")) {
        return LLMGW_STOP_FILTER;
    }
    return llmgw_json_string_is(reason, "max_output_tokens")
        || llmgw_json_string_is(llmgw_json_lookup(response, "status"),
                                "incomplete") ? LLMGW_STOP_LENGTH
                                              : LLMGW_STOP_END;
}

static int is_failed(const llmgw_json_t *response)
{
    const llmgw_json_t *status = llmgw_json_lookup(response, "status");
    const llmgw_json_t *error = llmgw_json_lookup(response, "error");

    return llmgw_json_is(error, LLMGW_JSON_OBJECT)
        || llmgw_json_is(error, LLMGW_JSON_STRING)
        || llmgw_json_string_is(status, "failed")
        || llmgw_json_string_is(status, "cancelled");
}

/* ---- a response object -------------------------------------------------- */

/* Items as a whole: of a whole answer, or of a stream that gave no more. */
static apr_status_t read_output(llmgw_decode_t *d,
                                const llmgw_json_t *response)
{
    openai_responses_decode_t *st = d->state;
    const llmgw_json_t *output = llmgw_json_lookup(response, "output"), *v;
    openai_responses_inlet_t *in;
    apr_status_t rv = APR_SUCCESS;

    if (st->ninlets) {
        return APR_SUCCESS;
    }
    for (v = llmgw_json_each(output, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(output, v)) {
        in = llmgw_openai_responses_inlet(d, st->ninlets);
        if (!in) {
            return LLMGW_EUPBODY;
        }
        rv = llmgw_openai_responses_item_done(d, in, v);
    }
    return rv;
}

/* An answer that has come to its end, good or bad. What was generated before
 * an error is accounted for. */
static apr_status_t read_response(llmgw_decode_t *d,
                                  const llmgw_json_t *response)
{
    apr_status_t rv = emit_start(d, response);

    if (rv == APR_SUCCESS) {
        rv = read_output(d, response);
    }
    if (rv == APR_SUCCESS) {
        rv = emit_usage(d, response);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return is_failed(response) ? emit_error(d, response)
                               : stop(d, get_stop(response));
}

static int has_status(const llmgw_json_t *body)
{
    const llmgw_json_t *status = llmgw_json_lookup(body, "status");

    return llmgw_json_string_is(status, "completed")
        || llmgw_json_string_is(status, "incomplete");
}

apr_status_t llmgw_openai_responses_decode_whole(llmgw_decode_t *d,
                                                 const llmgw_json_t *body)
{
    const llmgw_json_t *output = llmgw_json_lookup_type(body, "output",
                                                        LLMGW_JSON_ARRAY);
    apr_status_t rv = llmgw_openai_reserve(d, body->len);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!output && is_failed(body)) {
        return emit_error(d, body);
    }
    if (!output) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "The provider's answer has no output.");
    }
    if (!output->count && !has_status(body) && !is_failed(body)) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EEMPTY, NULL,
                             "The provider's answer is empty.");
    }
    return read_response(d, body);
}

/* ---- the events of a stream --------------------------------------------- */

static apr_status_t on_begin(llmgw_decode_t *d, openai_responses_inlet_t *in,
                             const llmgw_json_t *ev)
{
    (void)in;
    return emit_start(d, llmgw_json_lookup(ev, "response"));
}

static apr_status_t on_end(llmgw_decode_t *d, openai_responses_inlet_t *in,
                           const llmgw_json_t *ev)
{
    (void)in;
    d->frame |= LLMGW_FRAME_END;    /* OpenAI itself sends no [DONE] */
    return read_response(d, llmgw_json_lookup(ev, "response"));
}

static apr_status_t on_error(llmgw_decode_t *d, openai_responses_inlet_t *in,
                             const llmgw_json_t *ev)
{
    (void)in;
    return emit_error(d, ev);
}

static apr_status_t on_item_added(llmgw_decode_t *d,
                                  openai_responses_inlet_t *in,
                                  const llmgw_json_t *ev)
{
    return llmgw_openai_responses_item_added(d, in,
                                             llmgw_json_lookup(ev, "item"));
}

static apr_status_t on_item_done(llmgw_decode_t *d,
                                 openai_responses_inlet_t *in,
                                 const llmgw_json_t *ev)
{
    return llmgw_openai_responses_item_done(d, in,
                                            llmgw_json_lookup(ev, "item"));
}

/* The index of a part, 0 where it is not said. */
static int get_part(const llmgw_json_t *ev, const char *name)
{
    apr_int64_t n;

    return llmgw_json_int(llmgw_json_lookup(ev, name), &n) == APR_SUCCESS
        && n >= 0 && n < 1000000 ? (int)n : 0;
}

static apr_status_t on_text(llmgw_decode_t *d, openai_responses_inlet_t *in,
                            const llmgw_json_t *ev)
{
    apr_status_t rv;

    rv = llmgw_openai_responses_item_text(d, in, LLMGW_EV_TEXT,
                                          get_part(ev, "content_index"),
                                          llmgw_json_lookup(ev, "delta"));
    return rv == APR_SUCCESS ? llmgw_openai_responses_item_logprobs(
        d, in, llmgw_json_lookup(ev, "logprobs")) : rv;
}

static apr_status_t on_refusal(llmgw_decode_t *d, openai_responses_inlet_t *in,
                               const llmgw_json_t *ev)
{
    return llmgw_openai_responses_item_text(d, in, LLMGW_EV_REFUSAL,
                                            get_part(ev, "content_index"),
                                            llmgw_json_lookup(ev, "delta"));
}

static apr_status_t on_annotation(llmgw_decode_t *d,
                                  openai_responses_inlet_t *in,
                                  const llmgw_json_t *ev)
{
    return llmgw_openai_responses_item_annotation(
        d, in, llmgw_json_lookup(ev, "annotation"));
}

/* Where there are both, the model's own words or a summary of them, what
 * came first is taken. */
static apr_status_t on_reasoning(llmgw_decode_t *d,
                                 openai_responses_inlet_t *in,
                                 const llmgw_json_t *ev)
{
    in->is_content |= !in->is_summary;
    return !in->is_content ? APR_SUCCESS : llmgw_openai_responses_item_text(
        d, in, LLMGW_EV_REASONING, get_part(ev, "content_index"),
        llmgw_json_lookup(ev, "delta"));
}

static apr_status_t on_summary(llmgw_decode_t *d, openai_responses_inlet_t *in,
                               const llmgw_json_t *ev)
{
    in->is_summary |= !in->is_content;
    return !in->is_summary ? APR_SUCCESS : llmgw_openai_responses_item_text(
        d, in, LLMGW_EV_REASONING, get_part(ev, "summary_index"),
        llmgw_json_lookup(ev, "delta"));
}

static apr_status_t on_args(llmgw_decode_t *d, openai_responses_inlet_t *in,
                            const llmgw_json_t *ev)
{
    return llmgw_openai_responses_item_args(d, in,
                                            llmgw_json_lookup(ev, "delta"));
}

typedef apr_status_t (*event_fn)(llmgw_decode_t *d,
                                 openai_responses_inlet_t *in,
                                 const llmgw_json_t *ev);

/* Those that end a text are not needed: its item's end has all of it. */
static const struct {
    const char *type;
    event_fn fn;
    int has_item;
} handlers[] = {
    { "response.output_text.delta", on_text, 1 },
    { "response.function_call_arguments.delta", on_args, 1 },
    { "response.reasoning_summary_text.delta", on_summary, 1 },
    { "response.reasoning_text.delta", on_reasoning, 1 },
    { "response.reasoning.delta", on_reasoning, 1 },
    { "response.custom_tool_call_input.delta", on_args, 1 },
    { "response.output_item.added", on_item_added, 1 },
    { "response.output_item.done", on_item_done, 1 },
    { "response.output_text.annotation.added", on_annotation, 1 },
    { "response.refusal.delta", on_refusal, 1 },
    { "response.created", on_begin, 0 },
    { "response.in_progress", on_begin, 0 },
    { "response.queued", on_begin, 0 },
    { "response.completed", on_end, 0 },
    { "response.incomplete", on_end, 0 },
    { "response.failed", on_end, 0 },
    { "response.cancelled", on_end, 0 },
    { "error", on_error, 0 }
};

/* Some servers leave the index out: then it is the latest item. */
static apr_int64_t get_index(llmgw_decode_t *d, const llmgw_json_t *ev)
{
    openai_responses_decode_t *st = d->state;
    apr_int64_t n;

    if (llmgw_json_int(llmgw_json_lookup(ev, "output_index"), &n)
        == APR_SUCCESS) {
        return n;
    }
    return st->ninlets ? st->ninlets - 1 : 0;
}

static apr_status_t handle(llmgw_decode_t *d, const llmgw_json_t *body,
                           const llmgw_json_t *type)
{
    openai_responses_inlet_t *in = NULL;
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i;

    for (i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if (llmgw_json_string_is(type, handlers[i].type)) {
            break;
        }
    }
    if (i == sizeof(handlers) / sizeof(handlers[0])) {
        return APR_SUCCESS;     /* new kinds of events may come any day */
    }
    if (handlers[i].has_item) {
        rv = emit_start(d, NULL);
        in = llmgw_openai_responses_inlet(d, get_index(d, body));
        if (!in) {
            return LLMGW_EUPBODY;
        }
    }
    return rv == APR_SUCCESS ? handlers[i].fn(d, in, body) : rv;
}

/* ---- the dialect's functions -------------------------------------------- */

static apr_status_t end_stream(llmgw_decode_t *d)
{
    openai_responses_decode_t *st = d->state;

    d->frame |= LLMGW_FRAME_END;
    return st->has_failed || !st->is_started ? APR_SUCCESS
                                             : stop(d, LLMGW_STOP_END);
}

apr_status_t llmgw_openai_responses_decode_event(llmgw_decode_t *d,
                                                 const llmgw_sse_event_t *ev)
{
    openai_responses_decode_t *st = d->state;
    const llmgw_json_t *body, *type;
    apr_status_t rv = llmgw_openai_reserve(d, ev->data.len);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (llmgw_str_is(llmgw_str_trim(ev->data), "[DONE]")) {
        return end_stream(d);
    }
    if (st->has_failed || st->is_stopped || llmgw_text_is_blank(ev->data)) {
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
    type = llmgw_json_lookup_type(body, "type", LLMGW_JSON_STRING);
    if (!type && llmgw_json_lookup(body, "error")) {
        return emit_error(d, body);
    }
    return handle(d, body, type);
}

apr_status_t llmgw_openai_responses_decode_end(llmgw_decode_t *d)
{
    openai_responses_decode_t *st = d->state;

    if (st->has_failed || st->is_stopped) {
        return APR_SUCCESS;
    }
    if (!st->is_started) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EEMPTY, NULL,
                             "The provider's stream ended without an answer.");
    }
    return llmgw_err_set(d->error, d->pool, LLMGW_ETRUNCATED, NULL,
                         "The provider's stream ended too early.");
}
