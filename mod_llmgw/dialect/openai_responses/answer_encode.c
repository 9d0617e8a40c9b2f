/* answer_encode.c: writing a stream of Responses events */
#include <string.h>
#include "openai_responses.h"

#define HEAD_BYTES_MAX (64 * 1024)

#define PUT(b, text) llmgw_buf_append((b), (text), sizeof(text) - 1)

/* ---- the response ------------------------------------------------------- */

/* What never changes is written once. */
static void make_frame(llmgw_encoding_t *e)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(NULL);

    st->top = llmgw_buf_create(e->pool, e->scratch->bytes_max);
    w.out = st->top;
    llmgw_openai_responses_put_top(&w, st->answer, &e->opts);
    st->settings = llmgw_buf_create(e->pool, e->scratch->bytes_max);
    w = llmgw_openai_responses_inner(st->settings);
    llmgw_openai_responses_put_settings(&w, &e->opts);
    llmgw_openai_flatten(st->settings, 0);
}

static apr_status_t put_response(llmgw_encoding_t *e, const char *type,
                                 const char *status)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = llmgw_openai_responses_inner(e->out);
    apr_size_t start;

    llmgw_openai_responses_begin_event(e, type);
    PUT(e->out, ",\"response\":");
    llmgw_buf_put(e->out, llmgw_buf_str(st->top));
    PUT(e->out, ",");
    start = e->out->len;
    llmgw_openai_responses_put_state(&w, &st->view, status);
    llmgw_openai_flatten(e->out, start);
    PUT(e->out, ",");
    llmgw_buf_put(e->out, llmgw_buf_str(st->settings));
    PUT(e->out, "}");
    return llmgw_openai_responses_end_event(e);
}

static void prepare(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    openai_responses_encode_t *st = e->state;

    st->is_started = 1;
    st->text_block = st->head_block = -1;
    st->answer = llmgw_answer_create(e->pool, e->scratch->bytes_max);
    st->view.answer = st->answer;
    st->view.opts = &e->opts;
    st->view.logprobs_max = APR_SIZE_MAX;
    st->head = llmgw_buf_create(e->pool, HEAD_BYTES_MAX);
    if (ev) {
        llmgw_answer_event(st->answer, ev);
    }
    make_frame(e);
}

static apr_status_t start(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    openai_responses_encode_t *st = e->state;

    if (st->is_started) {
        return APR_SUCCESS;
    }
    prepare(e, ev);
    put_response(e, "response.created", "in_progress");
    return put_response(e, "response.in_progress", "in_progress");
}

/* ---- content ------------------------------------------------------------ */

/* Tell of what the gathered answer has got by an event. */
static apr_status_t put_content(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    openai_responses_encode_t *st = e->state;
    int last, call = -1;

    while (st->nslots < llmgw_openai_responses_nblocks(&st->view)) {
        llmgw_openai_responses_open_block(e, st->nslots);
    }
    last = st->nslots - 1;
    switch (ev->type) {
    case LLMGW_EV_TEXT:
    case LLMGW_EV_REFUSAL:
    case LLMGW_EV_REASONING:
        return last < 0 ? APR_SUCCESS
            : llmgw_openai_responses_put_delta(e, last, ev->text);
    case LLMGW_EV_TOOL_ARGS:
        call = llmgw_openai_responses_find_call(st, ev->index);
        return call < 0 ? APR_SUCCESS
            : llmgw_openai_responses_put_delta(e, call, ev->text);
    case LLMGW_EV_ANNOTATION:
        return llmgw_openai_responses_put_event_annotation(e, last, ev);
    default:
        return e->out->failed;
    }
}

/* ---- the ends ----------------------------------------------------------- */

/* Where nothing was said before, the client may have the provider's own words
 * before it: then there is nothing to begin. */
static apr_status_t put_error(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = llmgw_openai_responses_inner(e->out);

    if (!st->is_started) {
        prepare(e, NULL);
    }
    st->has_failed = 1;
    llmgw_answer_event(st->answer, ev);
    llmgw_openai_responses_begin_event(e, "error");
    PUT(e->out, ",");
    llmgw_json_key(&w, "code");
    llmgw_json_strz(&w, llmgw_err_code(ev->error));
    llmgw_json_key(&w, "message");
    llmgw_json_strz(&w, llmgw_error_text(ev->error));
    llmgw_json_key(&w, "param");
    llmgw_json_strz(&w, ev->error->param);
    llmgw_json_key(&w, "error");
    llmgw_json_begin(&w, '{');
    llmgw_openai_put_error(&w, ev->error);
    llmgw_json_end(&w, '}');
    llmgw_openai_responses_end_event(e);
    return put_response(e, "response.failed", "failed");
}

/* A call that ended, or never began, has nothing more to say. */
static int is_late(const openai_responses_encode_t *st,
                   const llmgw_event_t *ev)
{
    int call;

    if (ev->type != LLMGW_EV_TOOL_ARGS && ev->type != LLMGW_EV_TOOL_END) {
        return 0;
    }
    call = llmgw_openai_responses_find_call(st, ev->index);
    return call < 0 || !st->slots[call].is_open;
}

static apr_status_t take(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    openai_responses_encode_t *st = e->state;
    apr_status_t rv;

    if (ev->choice != 0 || st->is_stopped) {
        return APR_SUCCESS;     /* Responses has one choice */
    }
    if (is_late(st, ev)) {
        return APR_SUCCESS;
    }
    rv = llmgw_answer_event(st->answer, ev);
    if (rv == APR_SUCCESS) {
        rv = put_content(e, ev);
    }
    if (ev->type == LLMGW_EV_STOP) {
        st->is_stopped = 1;
        llmgw_openai_responses_close_blocks(e, st->nslots, 1);
    }
    return rv == APR_SUCCESS ? e->out->failed : rv;
}

apr_status_t llmgw_openai_responses_encode_event(llmgw_encoding_t *e,
                                                 const llmgw_event_t *ev)
{
    openai_responses_encode_t *st = e->state;

    switch (ev->type) {
    case LLMGW_EV_PING:
        return llmgw_sse_put_comment(e->out, "ping");
    case LLMGW_EV_START:
        return start(e, ev);
    case LLMGW_EV_ERROR:
        return put_error(e, ev);
    case LLMGW_EV_USAGE:
        start(e, NULL);
        return llmgw_answer_event(st->answer, ev);
    default:
        start(e, NULL);
        return take(e, ev);
    }
}

apr_status_t llmgw_openai_responses_encode_end(llmgw_encoding_t *e)
{
    openai_responses_encode_t *st = e->state;
    const char *status;

    if (!st->has_failed) {
        start(e, NULL);
        llmgw_openai_responses_close_blocks(e, st->nslots, 1);
        status = llmgw_openai_responses_status(&st->view);
        put_response(e, *status == 'c' ? "response.completed"
                                       : "response.incomplete", status);
    }
    return PUT(e->out, LLMGW_OPENAI_STREAM_END);
}
