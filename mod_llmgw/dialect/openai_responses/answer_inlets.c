/* answer_inlets.c: reading the items of an answer, in pieces and whole */
#include <string.h>
#include "openai_responses.h"

/* More items than any answer has. */
#define ITEMS_MAX 4096

static llmgw_str_t get_text(llmgw_decode_t *d, const llmgw_json_t *obj,
                            const char *name)
{
    return llmgw_json_string_buf(llmgw_json_lookup_type(obj, name,
                                                        LLMGW_JSON_STRING),
                                 d->scratch);
}

openai_responses_inlet_t *llmgw_openai_responses_inlet(llmgw_decode_t *d,
                                                       apr_int64_t n)
{
    openai_responses_decode_t *st = d->state;
    openai_responses_inlet_t *more;
    int cap = st->cap ? st->cap : 16;

    if (n < 0 || n >= ITEMS_MAX) {
        llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                      "The provider's answer has too many items.");
        return NULL;
    }
    while (cap <= n) {
        cap *= 2;
    }
    if (cap > st->cap) {
        more = apr_pcalloc(d->pool, (apr_size_t)cap * sizeof(*more));
        if (st->ninlets) {
            memcpy(more, st->inlets, (apr_size_t)st->ninlets * sizeof(*more));
        }
        st->inlets = more;
        st->cap = cap;
    }
    if (n >= st->ninlets) {
        st->ninlets = (int)n + 1;
    }
    return &st->inlets[n];
}

/* ---- calls -------------------------------------------------------------- */

static apr_status_t emit_call(llmgw_decode_t *d,
                              const openai_responses_inlet_t *in,
                              llmgw_event_e type, llmgw_str_t text)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.index = in->tool - 1;
    ev.text = text;
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t start_call(llmgw_decode_t *d, openai_responses_inlet_t *in,
                               const llmgw_json_t *item, int is_custom)
{
    openai_responses_decode_t *st = d->state;
    llmgw_event_t ev;

    if (in->tool) {
        return APR_SUCCESS;
    }
    in->tool = ++st->ntools;
    st->reasoner = 0;
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_TOOL_START;
    ev.index = in->tool - 1;
    ev.id = get_text(d, item, "call_id");
    ev.name = llmgw_openai_join(get_text(d, item, "namespace"),
                                get_text(d, item, "name"), d->pool);
    ev.text = llmgw_json_string_buf(llmgw_openai_signature(item), d->scratch);
    ev.is_custom = is_custom;
    return d->emit(d->emit_ctx, &ev);
}

apr_status_t llmgw_openai_responses_item_args(llmgw_decode_t *d,
                                              openai_responses_inlet_t *in,
                                              const llmgw_json_t *text)
{
    llmgw_str_t args = llmgw_json_string_buf(text, d->scratch);

    if (!args.len || !in->tool || in->is_ended) {
        return APR_SUCCESS;
    }
    in->has_args = 1;
    return emit_call(d, in, LLMGW_EV_TOOL_ARGS, args);
}

apr_status_t llmgw_openai_responses_end_call(llmgw_decode_t *d,
                                             openai_responses_inlet_t *in)
{
    if (!in->tool || in->is_ended) {
        return APR_SUCCESS;
    }
    in->is_ended = 1;
    return emit_call(d, in, LLMGW_EV_TOOL_END, LLMGW_STR_NULL);
}

static apr_status_t finish_call(llmgw_decode_t *d,
                                openai_responses_inlet_t *in,
                                const llmgw_json_t *item, int is_custom)
{
    apr_status_t rv = start_call(d, in, item, is_custom);

    if (rv == APR_SUCCESS && !in->has_args) {
        rv = llmgw_openai_responses_item_args(d, in, llmgw_json_lookup(
            item, is_custom ? "input" : "arguments"));
    }
    return rv == APR_SUCCESS ? llmgw_openai_responses_end_call(d, in) : rv;
}

/* ---- texts -------------------------------------------------------------- */

/* Texts of reasoning that would run into each other are paragraphs. */
static apr_status_t part_texts(llmgw_decode_t *d, openai_responses_inlet_t *in,
                               llmgw_event_e type, int part)
{
    openai_responses_decode_t *st = d->state;
    int number = (int)(in - st->inlets) + 1, before = st->reasoner;

    st->reasoner = type == LLMGW_EV_REASONING ? number : 0;
    if (!st->reasoner || !before
        || (before == number && in->part == part + 1)) {
        return APR_SUCCESS;
    }
    return llmgw_emit_text(d, type, 0,
                           LLMGW_STR_LIT(LLMGW_OPENAI_RESPONSES_PARAGRAPH));
}

apr_status_t llmgw_openai_responses_item_text(llmgw_decode_t *d,
                                              openai_responses_inlet_t *in,
                                              llmgw_event_e type, int part,
                                              const llmgw_json_t *v)
{
    llmgw_str_t text = llmgw_json_string_buf(v, d->scratch);
    apr_status_t rv;

    if (!text.len) {
        return APR_SUCCESS;
    }
    rv = part_texts(d, in, type, part);
    in->has_text = 1;
    in->part = part + 1;
    return rv == APR_SUCCESS ? llmgw_emit_text(d, type, 0, text) : rv;
}

apr_status_t llmgw_openai_responses_item_logprobs(
    llmgw_decode_t *d, openai_responses_inlet_t *in,
    const llmgw_json_t *logprobs)
{
    if (!llmgw_json_is(logprobs, LLMGW_JSON_ARRAY) || !logprobs->count) {
        return APR_SUCCESS;
    }
    in->has_logprobs = 1;
    return llmgw_emit_text(d, LLMGW_EV_LOGPROBS, 0, llmgw_json_raw(logprobs));
}

apr_status_t llmgw_openai_responses_item_annotation(
    llmgw_decode_t *d, openai_responses_inlet_t *in,
    const llmgw_json_t *annotation)
{
    llmgw_event_t ev;

    if (!llmgw_json_is(annotation, LLMGW_JSON_OBJECT)) {
        return APR_SUCCESS;
    }
    in->nannotations++;
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ANNOTATION;
    ev.text = llmgw_json_raw(annotation);
    ev.id = get_text(d, annotation, "url");
    ev.name = get_text(d, annotation, "title");
    ev.dialect = &llmgw_dialect_openai_responses;
    return d->emit(d->emit_ctx, &ev);
}

/* ---- messages ----------------------------------------------------------- */

/* What was emitted before is not emitted again. */
typedef struct had_t {
    int text;
    int logprobs;
    int annotations;
} had_t;

static apr_status_t read_part(llmgw_decode_t *d, openai_responses_inlet_t *in,
                              const llmgw_json_t *part, int i,
                              const had_t *had)
{
    int refusal = llmgw_json_string_is(llmgw_json_lookup(part, "type"),
                                       "refusal");
    const llmgw_json_t *list, *v;
    apr_status_t rv = APR_SUCCESS;

    if (!had->text) {
        rv = llmgw_openai_responses_item_text(
            d, in, refusal ? LLMGW_EV_REFUSAL : LLMGW_EV_TEXT, i,
            llmgw_json_lookup(part, refusal ? "refusal" : "text"));
    }
    if (rv == APR_SUCCESS && !had->logprobs) {
        rv = llmgw_openai_responses_item_logprobs(
            d, in, llmgw_json_lookup(part, "logprobs"));
    }
    list = had->annotations ? NULL : llmgw_json_lookup(part, "annotations");
    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        rv = llmgw_openai_responses_item_annotation(d, in, v);
    }
    return rv;
}

static apr_status_t finish_message(llmgw_decode_t *d,
                                   openai_responses_inlet_t *in,
                                   const llmgw_json_t *item)
{
    const llmgw_json_t *content = llmgw_json_lookup(item, "content"), *v;
    had_t had = { in->has_text, in->has_logprobs, in->nannotations };
    apr_status_t rv = APR_SUCCESS;
    int i = 0;

    for (v = llmgw_json_each(content, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(content, v)) {
        rv = read_part(d, in, v, i++, &had);
    }
    return rv;
}

/* ---- reasoning ---------------------------------------------------------- */

static apr_status_t read_texts(llmgw_decode_t *d, openai_responses_inlet_t *in,
                               const llmgw_json_t *list)
{
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;
    int i = 0;

    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        rv = llmgw_openai_responses_item_text(d, in, LLMGW_EV_REASONING, i++,
                                              llmgw_json_lookup(v, "text"));
    }
    return rv;
}

/* An item with texts, be they empty, is signed by its encrypted content; one
 * without is nothing else. */
static apr_status_t finish_reasoning(llmgw_decode_t *d,
                                     openai_responses_inlet_t *in,
                                     const llmgw_json_t *item)
{
    openai_responses_decode_t *st = d->state;
    const llmgw_json_t *content = llmgw_json_lookup(item, "content");
    const llmgw_json_t *summary = llmgw_json_lookup(item, "summary");
    llmgw_str_t data = get_text(d, item, "encrypted_content");
    int had = in->has_text;
    int has_texts = had || llmgw_json_each(content, NULL)
        || llmgw_json_each(summary, NULL);
    apr_status_t rv = APR_SUCCESS;

    if (!had) {
        rv = read_texts(d, in, content);
    }
    if (rv == APR_SUCCESS && !in->has_text) {
        rv = read_texts(d, in, summary);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (data.len) {
        st->reasoner = 0;
    }
    return llmgw_emit_text(d, has_texts ? LLMGW_EV_SIGNATURE
                                        : LLMGW_EV_REDACTED, 0, data);
}

/* ---- the rest ----------------------------------------------------------- */

/* Items name no media type; "output_format" does where it is there. */
static apr_status_t emit_image(llmgw_decode_t *d, const llmgw_json_t *item)
{
    const llmgw_json_t *format = llmgw_json_lookup(item, "output_format");
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_IMAGE;
    ev.text = get_text(d, item, "result");
    ev.media_type = llmgw_json_string_is(format, "jpeg")
        ? LLMGW_STR_LIT("image/jpeg")
        : llmgw_json_string_is(format, "webp")
        ? LLMGW_STR_LIT("image/webp") : LLMGW_STR_LIT("image/png");
    ((openai_responses_decode_t *)d->state)->reasoner = 0;
    return ev.text.len ? d->emit(d->emit_ctx, &ev) : APR_SUCCESS;
}

static apr_status_t emit_builtin(llmgw_decode_t *d, const llmgw_json_t *item)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_BUILTIN;
    ((openai_responses_decode_t *)d->state)->reasoner = 0;
    ev.text = llmgw_json_raw(item);
    ev.dialect = &llmgw_dialect_openai_responses;
    return d->emit(d->emit_ctx, &ev);
}

/* ---- items -------------------------------------------------------------- */

apr_status_t llmgw_openai_responses_item_added(llmgw_decode_t *d,
                                               openai_responses_inlet_t *in,
                                               const llmgw_json_t *item)
{
    const llmgw_json_t *type = llmgw_json_lookup(item, "type");

    if (llmgw_json_string_is(type, "function_call")) {
        return start_call(d, in, item, 0);
    }
    if (llmgw_json_string_is(type, "custom_tool_call")) {
        return start_call(d, in, item, 1);
    }
    return APR_SUCCESS;         /* the others begin with what they say */
}

apr_status_t llmgw_openai_responses_item_done(llmgw_decode_t *d,
                                              openai_responses_inlet_t *in,
                                              const llmgw_json_t *item)
{
    const llmgw_json_t *type = llmgw_json_lookup(item, "type");
    apr_status_t rv;

    if (!llmgw_json_is(item, LLMGW_JSON_OBJECT) || in->is_ended) {
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(type, "function_call")
        || llmgw_json_string_is(type, "custom_tool_call")) {
        return finish_call(d, in, item, llmgw_json_string_is(
            type, "custom_tool_call"));
    }
    if (llmgw_json_string_is(type, "message")) {
        rv = finish_message(d, in, item);
    }
    else if (llmgw_json_string_is(type, "reasoning")) {
        rv = finish_reasoning(d, in, item);
    }
    else if (llmgw_json_string_is(type, "image_generation_call")
             && llmgw_json_lookup_type(item, "result", LLMGW_JSON_STRING)) {
        rv = emit_image(d, item);
    }
    else {
        rv = emit_builtin(d, item);
    }
    in->is_ended = !in->tool;   /* a call is ended by its own event */
    return rv;
}
