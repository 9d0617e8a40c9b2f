/* answer_decode.c: reading chat completions, whole and in chunks */
#include <string.h>
#include "openai_chat.h"

#define CHOICES_MAX 128
#define CHOICES_FIRST 4         /* room for these; most answers have one */

/* Have room for the choice of this number. */
static void make_room(llmgw_decode_t *d, int number)
{
    openai_chat_decode_t *st = d->state;
    int room = st->choices_room ? st->choices_room : CHOICES_FIRST;
    openai_chat_choice_t **choices;

    if (number < st->choices_room) {
        return;
    }
    while (room <= number) {
        room *= 2;
    }
    choices = apr_pcalloc(d->pool, (apr_size_t)room * sizeof(*choices));
    if (st->choices) {
        memcpy(choices, st->choices,
               (apr_size_t)st->choices_room * sizeof(*choices));
    }
    st->choices = choices;
    st->choices_room = room;
}

/* The state of a choice, made when it is first seen; NULL: too many. */
static openai_chat_choice_t *get_choice(llmgw_decode_t *d, apr_int64_t number)
{
    openai_chat_decode_t *st = d->state;

    if (number < 0 || number >= CHOICES_MAX) {
        return NULL;
    }
    make_room(d, (int)number);
    if (!st->choices[number]) {
        st->choices[number] = apr_pcalloc(d->pool,
                                          sizeof(openai_chat_choice_t));
    }
    if (number >= st->nchoices) {
        st->nchoices = (int)number + 1;
    }
    return st->choices[number];
}

static apr_status_t emit_start(llmgw_decode_t *d, const llmgw_json_t *body)
{
    openai_chat_decode_t *st = d->state;
    llmgw_event_t ev;

    if (st->is_started) {
        return APR_SUCCESS;
    }
    st->is_started = 1;
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_START;
    ev.id = llmgw_json_string_buf(llmgw_json_lookup(body, "id"), d->scratch);
    ev.model = llmgw_json_string_buf(llmgw_json_lookup(body, "model"),
                                     d->scratch);
    if (llmgw_json_int(llmgw_json_lookup(body, "created"), &ev.created_sec)
        != APR_SUCCESS || ev.created_sec < 0) {
        ev.created_sec = 0;
    }
    return d->emit(d->emit_ctx, &ev);
}

/* ---- usage -------------------------------------------------------------- */

static apr_int64_t first_known(apr_int64_t a, apr_int64_t b)
{
    return a >= 0 ? a : b;
}

static void read_figures(llmgw_usage_t *u, const llmgw_json_t *v)
{
    const llmgw_json_t *in = llmgw_json_lookup(v, "prompt_tokens_details");
    const llmgw_json_t *out = llmgw_json_lookup(v,
                                                "completion_tokens_details");

    u->prompt = llmgw_json_tokens(v, "prompt_tokens");
    u->completion = llmgw_json_tokens(v, "completion_tokens");
    u->total = llmgw_json_tokens(v, "total_tokens");
    u->cache_read = first_known(llmgw_json_tokens(in, "cached_tokens"),
                                first_known(
        llmgw_json_tokens(v, "prompt_cache_hit_tokens"),
        llmgw_json_tokens(v, "cached_tokens")));
    u->cache_write = llmgw_json_tokens(in, "cache_write_tokens");
    u->audio_prompt = llmgw_json_tokens(in, "audio_tokens");
    u->reasoning = first_known(llmgw_json_tokens(out, "reasoning_tokens"),
                               llmgw_json_tokens(v, "reasoning_tokens"));
    u->audio_completion = llmgw_json_tokens(out, "audio_tokens");
}

/* The usage of a body; some servers put it elsewhere. */
static const llmgw_json_t *find_usage(const llmgw_json_t *body)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(body, "usage",
                                                   LLMGW_JSON_OBJECT);

    return v ? v : llmgw_json_lookup_type(llmgw_json_lookup(body, "x_groq"),
                                          "usage", LLMGW_JSON_OBJECT);
}

static apr_status_t emit_usage(llmgw_decode_t *d, const llmgw_json_t *body)
{
    const llmgw_json_t *v = find_usage(body);
    llmgw_usage_t u = LLMGW_USAGE_INIT;

    if (!v) {
        return APR_SUCCESS;
    }
    read_figures(&u, v);
    /* xAI counts reasoning beside the completion; the total tells. */
    if (u.reasoning > 0 && u.prompt >= 0 && u.completion >= 0
        && u.total - u.prompt - u.completion == u.reasoning) {
        u.completion += u.reasoning;
    }
    return llmgw_emit_usage(d, &u);
}

/* ---- stop --------------------------------------------------------------- */

/* The stop sequence that was hit, as vLLM and SGLang tell it beside "stop";
 * numbers there are tokens. */
static llmgw_str_t read_sequence(llmgw_decode_t *d, const llmgw_json_t *choice)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(choice, "stop_reason",
                                                   LLMGW_JSON_STRING);

    if (!v) {
        v = llmgw_json_lookup_type(choice, "matched_stop", LLMGW_JSON_STRING);
    }
    return v ? llmgw_json_string_buf(v, d->scratch) : LLMGW_STR_NULL;
}

static apr_status_t stop_choice(llmgw_decode_t *d, int number,
                                openai_chat_choice_t *c, llmgw_stop_e stop,
                                llmgw_str_t sequence)
{
    llmgw_event_t ev;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < c->nslots && rv == APR_SUCCESS; i++) {
        memset(&ev, 0, sizeof(ev));
        ev.type = LLMGW_EV_TOOL_END;
        ev.choice = number;
        ev.index = i;
        rv = d->emit(d->emit_ctx, &ev);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    c->is_stopped = 1;
    if (c->nslots && stop == LLMGW_STOP_END) {
        stop = LLMGW_STOP_TOOL;     /* a forced call ends with "stop" */
    }
    if (stop == LLMGW_STOP_END && sequence.len) {
        stop = LLMGW_STOP_SEQUENCE;
    }
    return llmgw_emit_stop(d, number, stop, sequence);
}

/* The stream ended in order: choices without a reason just ended. */
static apr_status_t stop_all(llmgw_decode_t *d)
{
    openai_chat_decode_t *st = d->state;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < st->nchoices && rv == APR_SUCCESS; i++) {
        if (st->choices[i] && !st->choices[i]->is_stopped) {
            rv = stop_choice(d, i, st->choices[i], LLMGW_STOP_END,
                             LLMGW_STR_NULL);
        }
    }
    return rv;
}

/* ---- choices ------------------------------------------------------------ */

static apr_status_t read_logprobs(llmgw_decode_t *d, int number,
                                  const llmgw_json_t *choice)
{
    const llmgw_json_t *v = llmgw_json_lookup(choice, "logprobs");

    v = llmgw_json_lookup_type(v, "content", LLMGW_JSON_ARRAY);
    return v && v->count ? llmgw_emit_text(d, LLMGW_EV_LOGPROBS, number,
                                           llmgw_json_raw(v))
                         : APR_SUCCESS;
}

static apr_status_t emit_error(llmgw_decode_t *d, const llmgw_json_t *body)
{
    openai_chat_decode_t *st = d->state;

    st->has_failed = 1;
    return llmgw_emit_error(d, body);
}

/* A member that says something is wrong: neither null nor false nor "". */
static int has_error(const llmgw_json_t *obj)
{
    const llmgw_json_t *v = llmgw_json_lookup(obj, "error");

    return llmgw_json_is(v, LLMGW_JSON_OBJECT)
        || (llmgw_json_is(v, LLMGW_JSON_STRING) && v->len > 2);
}

static apr_status_t read_choice(llmgw_decode_t *d, const llmgw_json_t *choice,
                                apr_int64_t number)
{
    openai_chat_decode_t *st = d->state;
    openai_chat_choice_t *c = get_choice(d, number);
    const char *name = st->is_whole ? "message" : "delta";
    llmgw_stop_e stop;
    apr_status_t rv;

    if (!c) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "The provider's answer has too many choices.");
    }
    if (c->is_stopped) {
        return APR_SUCCESS;
    }
    rv = llmgw_openai_chat_read_delta(d, (int)number, llmgw_json_lookup_type(
        choice, name, LLMGW_JSON_OBJECT));
    if (rv == APR_SUCCESS) {
        rv = read_logprobs(d, (int)number, choice);
    }
    if (rv == APR_SUCCESS && has_error(choice)) {
        return emit_error(d, choice);
    }
    stop = llmgw_openai_chat_stop(llmgw_json_lookup(choice, "finish_reason"));
    if (rv == APR_SUCCESS && stop != LLMGW_STOP_NONE) {
        rv = stop_choice(d, (int)number, c, stop, read_sequence(d, choice));
    }
    return rv;
}

/* All choices; the number is the place where none is given. */
static apr_status_t read_choices(llmgw_decode_t *d,
                                 const llmgw_json_t *choices)
{
    openai_chat_decode_t *st = d->state;
    const llmgw_json_t *v;
    apr_int64_t number, place = 0;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(choices, NULL); v && rv == APR_SUCCESS
         && !st->has_failed; v = llmgw_json_each(choices, v), place++) {
        if (!llmgw_json_is(v, LLMGW_JSON_OBJECT)) {
            return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                                 "A choice of the provider's answer is not "
                                 "an object.");
        }
        if (llmgw_json_int(llmgw_json_lookup(v, "index"), &number)
            != APR_SUCCESS) {
            number = place;
        }
        rv = read_choice(d, v, number);
    }
    return rv;
}

/* Choices, usage and error of a chunk or a whole answer, in this order: what
 * was generated before an error is accounted for. */
static apr_status_t read_body(llmgw_decode_t *d, const llmgw_json_t *body)
{
    openai_chat_decode_t *st = d->state;
    const llmgw_json_t *choices = llmgw_json_lookup_type(body, "choices",
                                                         LLMGW_JSON_ARRAY);
    int has_choices = choices && choices->count;
    apr_status_t rv = APR_SUCCESS;

    if (has_choices || find_usage(body)) {
        rv = emit_start(d, body);
    }
    if (rv == APR_SUCCESS && has_choices) {
        rv = read_choices(d, choices);
    }
    if (rv == APR_SUCCESS && !st->has_failed) {
        rv = emit_usage(d, body);
    }
    if (rv == APR_SUCCESS && has_error(body) && !st->has_failed) {
        rv = emit_error(d, body);
    }
    if (!has_choices && !has_error(body) && find_usage(body)) {
        d->frame |= LLMGW_FRAME_USAGE_ONLY;
    }
    return rv;
}

/* An error without its object: {"code":429,"message":"..."}, {"detail":...} */
static int is_bare_error(const llmgw_json_t *body)
{
    return !llmgw_json_lookup(body, "choices") && !find_usage(body)
        && !has_error(body)
        && (llmgw_json_lookup_type(body, "message", LLMGW_JSON_STRING)
            || llmgw_json_lookup(body, "detail"));
}

/* ---- the dialect's functions -------------------------------------------- */

/* Is there a choice with a message, or with an error of its own? */
static int has_output(const llmgw_json_t *choices)
{
    const llmgw_json_t *v;

    for (v = llmgw_json_each(choices, NULL); v;
         v = llmgw_json_each(choices, v)) {
        if (has_error(v)
            || llmgw_json_lookup_type(v, "message", LLMGW_JSON_OBJECT)) {
            return 1;
        }
    }
    return 0;
}

apr_status_t llmgw_openai_chat_decode_whole(llmgw_decode_t *d,
                                            const llmgw_json_t *body)
{
    openai_chat_decode_t *st = d->state;
    const llmgw_json_t *choices = llmgw_json_lookup_type(body, "choices",
                                                         LLMGW_JSON_ARRAY);
    apr_status_t rv = llmgw_openai_reserve(d, body->len);

    st->is_whole = 1;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (has_error(body) || is_bare_error(body)) {
        return emit_error(d, body);
    }
    if (!choices) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "The provider's answer has no choices.");
    }
    if (!has_output(choices)) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EEMPTY, NULL,
                             "The provider's answer is empty.");
    }
    rv = read_body(d, body);
    return rv == APR_SUCCESS && !st->has_failed ? stop_all(d) : rv;
}

/* A data text that is no JSON object. */
static apr_status_t refuse_event(llmgw_decode_t *d)
{
    return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                         "An event of the provider's stream is not a JSON "
                         "object.");
}

apr_status_t llmgw_openai_chat_decode_event(llmgw_decode_t *d,
                                            const llmgw_sse_event_t *ev)
{
    openai_chat_decode_t *st = d->state;
    const llmgw_json_t *body;
    apr_status_t rv = llmgw_openai_reserve(d, ev->data.len);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (llmgw_str_is(ev->data, "[DONE]")
        || llmgw_str_is(ev->data, "[DONE] ")) {
        d->frame |= LLMGW_FRAME_END;
        st->is_ended = 1;
        return st->has_failed ? APR_SUCCESS : stop_all(d);
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
        return refuse_event(d);
    }
    return is_bare_error(body) ? emit_error(d, body) : read_body(d, body);
}

apr_status_t llmgw_openai_chat_decode_end(llmgw_decode_t *d)
{
    openai_chat_decode_t *st = d->state;
    int i;

    if (st->has_failed) {
        return APR_SUCCESS;
    }
    if (st->nchoices == 0) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EEMPTY, NULL,
                             "The provider's stream ended without an answer.");
    }
    for (i = 0; i < st->nchoices && !st->is_ended; i++) {
        if (st->choices[i] && !st->choices[i]->is_stopped) {
            break;
        }
    }
    if (!st->is_ended && i < st->nchoices) {
        return llmgw_err_set(d->error, d->pool, LLMGW_ETRUNCATED, NULL,
                             "The provider's stream ended too early.");
    }
    return APR_SUCCESS;
}
