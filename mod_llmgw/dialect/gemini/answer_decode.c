/* answer_decode.c: reading generateContent's answers, whole and streamed */
#include <string.h>
#include <apr_time.h>
#include "gemini.h"

#define CANDIDATES_MAX 128

/* What of a response's id goes into those of its calls: OpenAI takes 40. */
#define ID_BYTES_MAX 26

/* ---- start and usage ---------------------------------------------------- */

/* Two digits of a time. */
static int digits(const char *at)
{
    return (at[0] - '0') * 10 + at[1] - '0';
}

/* "2026-05-19T14:59:42.780296Z" as seconds since 1970; 0 for anything else. */
static apr_int64_t read_time(const llmgw_json_t *v)
{
    static const char form[] = "0000-00-00T00:00:00";
    const char *at = v ? v->text + 1 : "";
    apr_time_exp_t t;
    apr_time_t time;
    int i;

    if (!llmgw_json_is(v, LLMGW_JSON_STRING) || v->len < sizeof(form)) {
        return 0;
    }
    for (i = 0; form[i]; i++) {
        if (form[i] == '0' ? at[i] < '0' || at[i] > '9' : at[i] != form[i]) {
            return 0;
        }
    }
    memset(&t, 0, sizeof(t));
    t.tm_year = digits(at) * 100 + digits(at + 2) - 1900;
    t.tm_mon = digits(at + 5) - 1;
    t.tm_mday = digits(at + 8);
    t.tm_hour = digits(at + 11);
    t.tm_min = digits(at + 14);
    t.tm_sec = digits(at + 17);
    if (t.tm_mon < 0 || t.tm_mon > 11 || t.tm_year < 70
        || apr_time_exp_gmt_get(&time, &t) != APR_SUCCESS) {
        return 0;
    }
    return time > 0 ? apr_time_sec(time) : 0;
}

static void keep_id(llmgw_decode_t *d, llmgw_str_t id)
{
    gemini_decode_t *st = d->state;

    if (id.len) {
        st->id = llmgw_str_dup(d->pool, llmgw_name_legal(
            id, ID_BYTES_MAX, d->pool));
    }
}

static apr_status_t emit_start(llmgw_decode_t *d, const llmgw_json_t *body)
{
    gemini_decode_t *st = d->state;
    llmgw_event_t ev;

    if (st->is_started) {
        return APR_SUCCESS;
    }
    st->is_started = 1;
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_START;
    ev.id = llmgw_json_string_buf(llmgw_json_lookup(body, "responseId"),
                                  d->scratch);
    ev.model = llmgw_json_string_buf(llmgw_json_lookup(body, "modelVersion"),
                                     d->scratch);
    ev.created_sec = read_time(llmgw_json_lookup(body, "createTime"));
    keep_id(d, ev.id);
    return d->emit(d->emit_ctx, &ev);
}

/* Sum of what is known; -1 when nothing is. */
static apr_int64_t add(apr_int64_t a, apr_int64_t b)
{
    return a < 0 ? b : b < 0 ? a : a + b;
}

/* The tokens of a modality. */
static apr_int64_t get_modality(const llmgw_json_t *usage, const char *name,
                                const char *modality)
{
    const llmgw_json_t *list = llmgw_json_lookup(usage, name), *v;

    for (v = llmgw_json_each(list, NULL); v; v = llmgw_json_each(list, v)) {
        if (llmgw_json_string_is(llmgw_json_lookup(v, "modality"),
                                 modality)) {
            return llmgw_json_tokens(v, "tokenCount");
        }
    }
    return -1;
}

/*
 * Each chunk may report, the last counts. Thoughts, and what tools of the
 * provider's put into the prompt, are counted apart; ours have them in.
 */
static apr_status_t emit_usage(llmgw_decode_t *d, const llmgw_json_t *body)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(body, "usageMetadata",
                                                   LLMGW_JSON_OBJECT);
    llmgw_usage_t u = LLMGW_USAGE_INIT;

    u.reasoning = llmgw_json_tokens(v, "thoughtsTokenCount");
    u.prompt = add(llmgw_json_tokens(v, "promptTokenCount"),
                   llmgw_json_tokens(v, "toolUsePromptTokenCount"));
    u.completion = add(llmgw_json_tokens(v, "candidatesTokenCount"),
                       u.reasoning);
    u.total = llmgw_json_tokens(v, "totalTokenCount");
    u.cache_read = llmgw_json_tokens(v, "cachedContentTokenCount");
    u.audio_prompt = get_modality(v, "promptTokensDetails", "AUDIO");
    u.audio_completion = get_modality(v, "candidatesTokensDetails", "AUDIO");
    if (u.prompt < 0 && u.completion < 0 && u.total < 0) {
        return APR_SUCCESS;
    }
    return llmgw_emit_usage(d, &u);
}

/* ---- candidates --------------------------------------------------------- */

static gemini_candidate_t *get_candidate(llmgw_decode_t *d,
                                         apr_int64_t number)
{
    gemini_decode_t *st = d->state;

    if (number < 0 || number >= CANDIDATES_MAX) {
        return NULL;
    }
    if (!st->candidates) {
        st->candidates = apr_pcalloc(d->pool, CANDIDATES_MAX
                                     * sizeof(*st->candidates));
    }
    if (!st->candidates[number]) {
        st->candidates[number] = apr_pcalloc(d->pool,
                                             sizeof(gemini_candidate_t));
    }
    if (number >= st->ncandidates) {
        st->ncandidates = (int)number + 1;
    }
    return st->candidates[number];
}

static apr_status_t read_parts(llmgw_decode_t *d, int number,
                               gemini_candidate_t *c,
                               const llmgw_json_t *content)
{
    const llmgw_json_t *parts = llmgw_json_lookup(content, "parts"), *v;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(parts, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(parts, v)) {
        rv = llmgw_gemini_read_part(d, number, c, v);
    }
    return rv;
}

static apr_status_t read_candidate(llmgw_decode_t *d, const llmgw_json_t *v,
                                   apr_int64_t number)
{
    gemini_candidate_t *c = get_candidate(d, number);
    llmgw_stop_e stop;
    apr_status_t rv;

    if (!c) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "The provider's answer has too many choices.");
    }
    rv = read_parts(d, (int)number, c, llmgw_json_lookup(v, "content"));
    if (rv == APR_SUCCESS) {
        rv = llmgw_gemini_read_extras(d, (int)number, c, v);
    }
    /* some servers say it in each chunk, so it is not the end yet */
    stop = llmgw_gemini_stop(llmgw_json_lookup(v, "finishReason"));
    if (stop != LLMGW_STOP_NONE) {
        c->stop = stop;
    }
    return rv;
}

/* The index is left out where it is 0, or where there is but one. */
static apr_status_t read_candidates(llmgw_decode_t *d,
                                    const llmgw_json_t *list)
{
    const llmgw_json_t *v;
    apr_int64_t number, place = 0;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v), place++) {
        if (!llmgw_json_is(v, LLMGW_JSON_OBJECT)) {
            return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                                 "A candidate of the provider's answer is not "
                                 "an object.");
        }
        if (llmgw_json_int(llmgw_json_lookup(v, "index"), &number)
            != APR_SUCCESS) {
            number = place;
        }
        rv = read_candidate(d, v, number);
    }
    return rv;
}

/* The prompt was refused: there are no candidates. */
static apr_status_t read_feedback(llmgw_decode_t *d, const llmgw_json_t *body)
{
    const llmgw_json_t *v = llmgw_json_lookup(body, "promptFeedback");
    const llmgw_json_t *reason = llmgw_json_lookup(v, "blockReason");
    gemini_candidate_t *c;

    if ((!llmgw_json_is(reason, LLMGW_JSON_STRING)
         && !llmgw_json_is(reason, LLMGW_JSON_NUMBER))
        || llmgw_json_string_is(reason, "BLOCKED_REASON_UNSPECIFIED")) {
        return APR_SUCCESS;
    }
    c = get_candidate(d, 0);
    c->stop = LLMGW_STOP_FILTER;
    return llmgw_emit_text(d, LLMGW_EV_REFUSAL, 0, llmgw_json_string_buf(
        llmgw_json_lookup(v, "blockReasonMessage"), d->scratch));
}

/* ---- a response --------------------------------------------------------- */

static apr_status_t emit_error(llmgw_decode_t *d, const llmgw_json_t *body)
{
    gemini_decode_t *st = d->state;
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_event_t ev;

    st->has_failed = 1;
    err.status = LLMGW_EUPSTREAM;
    err.kind = llmgw_status_get(err.status)->kind;
    err.from_provider = 1;
    llmgw_gemini_error_decode(&err, body, d->pool);
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ERROR;
    ev.error = &err;
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t read_response(llmgw_decode_t *d, const llmgw_json_t *body)
{
    const llmgw_json_t *candidates = llmgw_json_lookup_type(
        body, "candidates", LLMGW_JSON_ARRAY);
    apr_status_t rv;

    if (llmgw_json_lookup_type(body, "error", LLMGW_JSON_OBJECT)) {
        return emit_error(d, body);
    }
    if (!candidates && !llmgw_json_lookup(body, "promptFeedback")
        && !llmgw_json_lookup(body, "usageMetadata")) {
        return APR_SUCCESS;         /* whatever else may come some day */
    }
    rv = emit_start(d, body);
    if (rv == APR_SUCCESS) {
        rv = read_feedback(d, body);
    }
    if (rv == APR_SUCCESS && candidates) {
        rv = read_candidates(d, candidates);
    }
    return rv == APR_SUCCESS ? emit_usage(d, body) : rv;
}

/* Room for all strings of a text, so that unescaping moves nothing. */
static apr_status_t reserve(llmgw_decode_t *d, apr_size_t len)
{
    return llmgw_buf_reserve(d->scratch, len + 1) == APR_SUCCESS
        ? APR_SUCCESS : LLMGW_EUPTOOBIG;
}

/* ---- the end ------------------------------------------------------------ */

/* STOP does not tell whether there were calls. */
static apr_status_t stop_candidate(llmgw_decode_t *d, int number,
                                   gemini_candidate_t *c)
{
    llmgw_stop_e stop = c->stop;
    apr_status_t rv = llmgw_gemini_end_parts(d, number, c);

    if (stop == LLMGW_STOP_NONE || stop == LLMGW_STOP_END) {
        stop = c->ncalls ? LLMGW_STOP_TOOL : LLMGW_STOP_END;
    }
    return rv == APR_SUCCESS
        ? llmgw_emit_stop(d, number, stop, LLMGW_STR_NULL) : rv;
}

static apr_status_t stop_all(llmgw_decode_t *d)
{
    gemini_decode_t *st = d->state;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < st->ncandidates && rv == APR_SUCCESS; i++) {
        if (st->candidates[i]) {
            rv = stop_candidate(d, i, st->candidates[i]);
        }
    }
    return rv;
}

/* ---- the dialect's functions -------------------------------------------- */

/* A stream that was asked for without alt=sse is an array of responses. */
static apr_status_t read_responses(llmgw_decode_t *d,
                                   const llmgw_json_t *list)
{
    gemini_decode_t *st = d->state;
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS
         && !st->has_failed; v = llmgw_json_each(list, v)) {
        rv = read_response(d, v);
    }
    return rv;
}

apr_status_t llmgw_gemini_decode_whole(llmgw_decode_t *d,
                                       const llmgw_json_t *body)
{
    gemini_decode_t *st = d->state;
    apr_status_t rv = reserve(d, body->len);

    if (rv == APR_SUCCESS) {
        rv = llmgw_json_is(body, LLMGW_JSON_ARRAY) ? read_responses(d, body)
                                                   : read_response(d, body);
    }
    if (rv != APR_SUCCESS || st->has_failed) {
        return rv;
    }
    if (!st->is_started) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "The provider's answer has no candidates.");
    }
    if (!st->ncandidates) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EEMPTY, NULL,
                             "The provider's answer is empty.");
    }
    return stop_all(d);
}

apr_status_t llmgw_gemini_decode_event(llmgw_decode_t *d,
                                       const llmgw_sse_event_t *ev)
{
    gemini_decode_t *st = d->state;
    const llmgw_json_t *body;
    apr_status_t rv = reserve(d, ev->data.len);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (st->has_failed || llmgw_text_is_blank(ev->data)
        || llmgw_str_is(ev->data, "[DONE]")) {
        return APR_SUCCESS;
    }
    if (llmgw_json_parse(d->doc, ev->data.p, ev->data.len, &body, NULL)
        != APR_SUCCESS) {
        body = NULL;
    }
    if (llmgw_str_is(ev->type, "error")) {
        return emit_error(d, body);
    }
    if (llmgw_json_is(body, LLMGW_JSON_ARRAY)) {
        return read_responses(d, body);
    }
    if (!llmgw_json_is(body, LLMGW_JSON_OBJECT)) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "An event of the provider's stream is not a "
                             "JSON object.");
    }
    return read_response(d, body);
}

/* Nothing ends a stream but its end, which a finish reason foretells. */
apr_status_t llmgw_gemini_decode_end(llmgw_decode_t *d)
{
    gemini_decode_t *st = d->state;
    int i;

    if (st->has_failed) {
        return APR_SUCCESS;
    }
    if (!st->ncandidates) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EEMPTY, NULL,
                             "The provider's stream ended without an answer.");
    }
    for (i = 0; i < st->ncandidates; i++) {
        if (st->candidates[i]
            && st->candidates[i]->stop == LLMGW_STOP_NONE) {
            return llmgw_err_set(d->error, d->pool, LLMGW_ETRUNCATED, NULL,
                                 "The provider's stream ended too early.");
        }
    }
    return stop_all(d);
}
