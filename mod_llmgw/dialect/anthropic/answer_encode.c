/* answer_encode.c: writing a message as a stream of events */
#include <string.h>
#include "anthropic.h"

#define HEAD_BYTES_MAX (64 * 1024)
#define TEXT_BYTES_MAX (16 * 1024 * 1024)

#define PUT(b, text) llmgw_buf_append((b), (text), sizeof(text) - 1)

/* ---- the start ---------------------------------------------------------- */

/* What message_start says before its usage; figures may still come. */
static void put_head(llmgw_encoding_t *e, llmgw_str_t id, llmgw_str_t model)
{
    static const char *const nulls[] = { "stop_reason", "stop_sequence",
                                         "stop_details", "container",
                                         "diagnostics" };
    anthropic_encode_t *st = e->state;
    llmgw_json_writer_t w;
    apr_size_t i;

    if (st->head) {
        return;
    }
    st->head = llmgw_buf_create(e->pool, HEAD_BYTES_MAX);
    PUT(st->head, "event: message_start\n"
                  "data: {\"type\":\"message_start\",\"message\":");
    memset(&w, 0, sizeof(w));
    w.out = st->head;
    llmgw_json_begin(&w, '{');
    llmgw_anthropic_put_top(&w, id, model, &e->opts);
    llmgw_json_opt_raw(&w, "content", LLMGW_STR_LIT("[]"));
    for (i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
        llmgw_json_key(&w, nulls[i]);
        llmgw_json_null(&w);
    }
    PUT(st->head, ",\"usage\":");
}

static const llmgw_usage_t *get_usage(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;

    if (!st->has_usage) {
        st->has_usage = 1;
        st->usage = (llmgw_usage_t)LLMGW_USAGE_INIT;
    }
    return &st->usage;
}

static apr_status_t put_ping(llmgw_encoding_t *e)
{
    return PUT(e->out, LLMGW_ANTHROPIC_PING);
}

static void put_start(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    if (st->is_started) {
        return;
    }
    st->is_started = 1;
    put_head(e, LLMGW_STR_NULL, LLMGW_STR_NULL);
    llmgw_buf_put(e->out, llmgw_buf_str(st->head));
    llmgw_anthropic_put_usage(&w, get_usage(e));
    PUT(e->out, "}}\n\n");
    put_ping(e);
}

/* ---- the end ------------------------------------------------------------ */

static apr_status_t gather(llmgw_encoding_t *e, llmgw_buf_t **b,
                           llmgw_str_t text)
{
    if (!*b) {
        *b = llmgw_buf_create(e->pool, TEXT_BYTES_MAX);
    }
    return llmgw_buf_put(*b, text) == APR_SUCCESS ? APR_SUCCESS
                                                  : LLMGW_EUPTOOBIG;
}

/* Blocks end now; the reason waits, as figures may follow. */
static apr_status_t take_stop(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;
    apr_status_t rv;

    put_start(e);
    rv = llmgw_anthropic_end_calls(e);
    llmgw_anthropic_close(e);
    st->is_stopped = 1;
    st->stop = ev->stop;
    if (rv == APR_SUCCESS && ev->text.len) {
        rv = gather(e, &st->stop_sequence, ev->text);
    }
    return rv;
}

static llmgw_str_t get_gathered(const llmgw_buf_t *b)
{
    return b ? llmgw_buf_str(b) : LLMGW_STR_NULL;
}

static void put_message_delta(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);
    llmgw_str_t refusal = get_gathered(st->refusal);

    PUT(e->out, "event: message_delta\ndata: ");
    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "type");
    llmgw_json_strz(&w, "message_delta");
    llmgw_json_key(&w, "delta");
    llmgw_json_begin(&w, '{');
    llmgw_anthropic_put_stop(&w, llmgw_anthropic_stop_reason(
        st->stop, st->ncalls > 0, refusal.len > 0),
        get_gathered(st->stop_sequence), refusal);
    llmgw_json_end(&w, '}');
    llmgw_json_key(&w, "usage");
    llmgw_anthropic_put_delta_usage(&w, get_usage(e));
    llmgw_json_end(&w, '}');
    PUT(e->out, "\n\n");
}

apr_status_t llmgw_anthropic_encode_end(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;
    llmgw_event_t none;
    apr_status_t rv = APR_SUCCESS;

    if (st->has_failed) {
        return APR_SUCCESS;     /* the error was the last event */
    }
    if (!st->is_stopped) {
        memset(&none, 0, sizeof(none));
        rv = take_stop(e, &none);
    }
    put_message_delta(e);
    PUT(e->out, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
    return rv == APR_SUCCESS ? e->out->failed : rv;
}

/* ---- events ------------------------------------------------------------- */

static apr_status_t put_error(llmgw_encoding_t *e, const llmgw_err_t *err)
{
    anthropic_encode_t *st = e->state;

    st->has_failed = 1;
    PUT(e->out, "event: error\ndata: ");
    llmgw_anthropic_error_encode(e->out, err, NULL);
    return PUT(e->out, "\n\n");
}

static int is_call(const llmgw_event_t *ev)
{
    return ev->type == LLMGW_EV_TOOL_START || ev->type == LLMGW_EV_TOOL_ARGS
        || ev->type == LLMGW_EV_TOOL_END;
}

/* A message has one choice, and what it has no form for is left out. */
static int is_expressible(const llmgw_event_t *ev)
{
    switch (ev->type) {
    case LLMGW_EV_TEXT:
    case LLMGW_EV_REASONING:
    case LLMGW_EV_SIGNATURE:
    case LLMGW_EV_REDACTED:
    case LLMGW_EV_ANNOTATION:
        return ev->text.len > 0;
    case LLMGW_EV_BUILTIN:
        return ev->text.len && ev->dialect == &llmgw_dialect_anthropic;
    default:
        return is_call(ev);
    }
}

static apr_status_t put_content(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;

    if (!is_expressible(ev)) {
        return APR_SUCCESS;
    }
    put_start(e);
    if (is_call(ev)) {
        return llmgw_anthropic_take_call(e, ev);
    }
    return llmgw_anthropic_is_busy(st) ? llmgw_anthropic_wait(e, ev)
                                       : llmgw_anthropic_put_plain(e, ev);
}

apr_status_t llmgw_anthropic_encode_event(llmgw_encoding_t *e,
                                          const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;

    switch (ev->type) {
    case LLMGW_EV_START:
        put_head(e, ev->id, ev->model);
        return st->head->failed;
    case LLMGW_EV_USAGE:
        get_usage(e);
        llmgw_usage_set(&st->usage, ev->usage);
        return APR_SUCCESS;
    case LLMGW_EV_PING:
        return put_ping(e);
    case LLMGW_EV_ERROR:
        return put_error(e, ev->error);
    default:
        break;
    }
    if (ev->choice || st->is_stopped) {
        return APR_SUCCESS;
    }
    if (ev->type == LLMGW_EV_STOP) {
        return take_stop(e, ev);
    }
    if (ev->type == LLMGW_EV_REFUSAL) {
        return gather(e, &st->refusal, ev->text);
    }
    return put_content(e, ev);
}
