/* answer_encode.c: writing a stream of responses */
#include <string.h>
#include "gemini.h"

#define CANDIDATES_MAX 128
#define SLOTS_MAX 4096
#define TAIL_BYTES_MAX (64 * 1024)
#define CALL_BYTES_MAX (64 * 1024 * 1024)

#define PUT(b, text) llmgw_buf_append((b), (text), sizeof(text) - 1)

/* ---- responses ---------------------------------------------------------- */

/* What all responses end with is written once. */
static void put_tail(llmgw_encoding_t *e, llmgw_str_t model, llmgw_str_t id)
{
    gemini_encode_t *st = e->state;
    llmgw_json_writer_t w;

    if (st->tail) {
        return;
    }
    st->tail = llmgw_buf_create(e->pool, TAIL_BYTES_MAX);
    memset(&w, 0, sizeof(w));
    w.out = st->tail;
    llmgw_json_begin(&w, '{');
    llmgw_gemini_put_ids(&w, model, id, &e->opts);
    llmgw_json_end(&w, '}');
    if (st->tail->data) {
        st->tail->data[0] = ',';
    }
}

/* Responses are events, or elements of one array. */
static void begin_response(llmgw_encoding_t *e)
{
    gemini_encode_t *st = e->state;

    put_tail(e, LLMGW_STR_NULL, LLMGW_STR_NULL);
    if (!e->opts.array_framing) {
        PUT(e->out, "data: ");
    }
    else if (st->nwritten == 0) {
        PUT(e->out, "[");
    }
    else {
        PUT(e->out, ",\r\n");
    }
    st->nwritten++;
}

static apr_status_t end_frame(llmgw_encoding_t *e)
{
    return e->opts.array_framing ? e->out->failed : PUT(e->out, "\r\n\r\n");
}

static apr_status_t end_response(llmgw_encoding_t *e)
{
    gemini_encode_t *st = e->state;

    llmgw_buf_put(e->out, llmgw_buf_str(st->tail));
    end_frame(e);
    return st->tail->failed;
}

static void begin_parts(llmgw_encoding_t *e)
{
    begin_response(e);
    PUT(e->out, "{\"candidates\":[{\"content\":{\"parts\":[");
}

static apr_status_t end_parts(llmgw_encoding_t *e, int choice)
{
    llmgw_buf_printf(e->out, "],\"role\":\"model\"},\"index\":%d}]", choice);
    return end_response(e);
}

/* ---- candidates --------------------------------------------------------- */

static gemini_outlet_t *get_outlet(llmgw_encoding_t *e, int choice)
{
    gemini_encode_t *st = e->state;

    if (choice < 0 || choice >= CANDIDATES_MAX) {
        return NULL;
    }
    if (!st->outlets) {
        st->outlets = apr_pcalloc(e->pool,
                                  CANDIDATES_MAX * sizeof(*st->outlets));
    }
    if (!st->outlets[choice]) {
        st->outlets[choice] = apr_pcalloc(e->pool, sizeof(gemini_outlet_t));
    }
    if (choice >= st->noutlets) {
        st->noutlets = choice + 1;
    }
    return st->outlets[choice];
}

static apr_status_t put_text(llmgw_encoding_t *e, gemini_outlet_t *o,
                             const llmgw_event_t *ev)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    if (ev->text.len == 0) {
        return APR_SUCCESS;
    }
    o->is_thinking = ev->type == LLMGW_EV_REASONING;
    begin_parts(e);
    llmgw_gemini_put_text(&w, ev->text, o->is_thinking, LLMGW_STR_NULL);
    return end_parts(e, ev->choice);
}

/* A signature is that of the thought, or else of the text before it. */
static apr_status_t put_opaque(llmgw_encoding_t *e, gemini_outlet_t *o,
                               const llmgw_event_t *ev)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    if (ev->text.len == 0) {
        return APR_SUCCESS;
    }
    begin_parts(e);
    if (ev->type == LLMGW_EV_REDACTED) {
        llmgw_gemini_put_redacted(&w, ev->text);
    }
    else {
        llmgw_gemini_put_text(&w, LLMGW_STR_LIT(""), o->is_thinking,
                              ev->text);
    }
    return end_parts(e, ev->choice);
}

static apr_status_t put_media(llmgw_encoding_t *e, gemini_outlet_t *o,
                              const llmgw_event_t *ev)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    if (ev->text.len == 0) {
        return APR_SUCCESS;
    }
    o->is_thinking = 0;
    begin_parts(e);
    llmgw_gemini_put_data(&w, ev->media_type, ev->type == LLMGW_EV_AUDIO
                          ? "audio/wav" : "image/png", ev->text);
    return end_parts(e, ev->choice);
}

/* ---- calls -------------------------------------------------------------- */

static gemini_slot_t *make_slot(llmgw_encoding_t *e)
{
    gemini_slot_t *slot = apr_pcalloc(e->pool, sizeof(*slot));

    slot->id = llmgw_buf_create(e->pool, CALL_BYTES_MAX);
    slot->name = llmgw_buf_create(e->pool, CALL_BYTES_MAX);
    slot->signature = llmgw_buf_create(e->pool, CALL_BYTES_MAX);
    slot->args = llmgw_buf_create(e->pool, CALL_BYTES_MAX);
    return slot;
}

/* A slot that is free; calls are seldom open side by side. */
static gemini_slot_t *add_slot(llmgw_encoding_t *e, gemini_outlet_t *o)
{
    gemini_slot_t **more;
    int i, cap = o->cap ? o->cap * 2 : 4;

    for (i = 0; i < o->nslots; i++) {
        if (!o->slots[i]->is_open) {
            return o->slots[i];
        }
    }
    if (o->nslots >= SLOTS_MAX) {
        return NULL;
    }
    if (o->nslots == o->cap) {
        more = apr_pcalloc(e->pool, (apr_size_t)cap * sizeof(*more));
        if (o->nslots) {
            memcpy(more, o->slots, (apr_size_t)o->nslots * sizeof(*more));
        }
        o->slots = more;
        o->cap = cap;
    }
    o->slots[o->nslots] = make_slot(e);
    return o->slots[o->nslots++];
}

static gemini_slot_t *lookup_slot(const gemini_outlet_t *o, int index)
{
    int i;

    for (i = 0; i < o->nslots; i++) {
        if (o->slots[i]->is_open && o->slots[i]->index == index) {
            return o->slots[i];
        }
    }
    return NULL;
}

static apr_status_t fill(llmgw_buf_t *b, llmgw_str_t text)
{
    llmgw_buf_clear(b);
    return llmgw_buf_put(b, text);
}

static apr_status_t start_call(llmgw_encoding_t *e, gemini_outlet_t *o,
                               const llmgw_event_t *ev)
{
    gemini_slot_t *slot = add_slot(e, o);

    if (!slot) {
        return LLMGW_EUPTOOBIG;
    }
    slot->is_open = 1;
    slot->index = ev->index;
    slot->is_custom = ev->is_custom;
    llmgw_buf_clear(slot->args);
    if (fill(slot->id, ev->id) != APR_SUCCESS
        || fill(slot->name, ev->name) != APR_SUCCESS
        || fill(slot->signature, ev->text) != APR_SUCCESS) {
        return LLMGW_EUPTOOBIG;
    }
    return APR_SUCCESS;
}

/* The call is whole: a part is always that. */
static apr_status_t put_call(llmgw_encoding_t *e, gemini_outlet_t *o,
                             gemini_slot_t *slot, int choice)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    slot->is_open = 0;
    o->is_thinking = 0;
    begin_parts(e);
    llmgw_gemini_put_call(&w, llmgw_buf_str(slot->id),
                          llmgw_buf_str(slot->name),
                          llmgw_buf_str(slot->args), slot->is_custom,
                          llmgw_buf_str(slot->signature), 1);
    return end_parts(e, choice);
}

static apr_status_t put_tool(llmgw_encoding_t *e, gemini_outlet_t *o,
                             const llmgw_event_t *ev)
{
    gemini_slot_t *slot;

    if (ev->type == LLMGW_EV_TOOL_START) {
        return start_call(e, o, ev);
    }
    slot = lookup_slot(o, ev->index);
    if (!slot) {
        return APR_SUCCESS;
    }
    if (ev->type == LLMGW_EV_TOOL_ARGS) {
        return llmgw_buf_put(slot->args, ev->text) == APR_SUCCESS
            ? APR_SUCCESS : LLMGW_EUPTOOBIG;
    }
    return put_call(e, o, slot, ev->choice);
}

/* Calls that never came to their end, cut by a limit say. */
static apr_status_t put_open_calls(llmgw_encoding_t *e, gemini_outlet_t *o,
                                   int choice)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < o->nslots && rv == APR_SUCCESS; i++) {
        if (o->slots[i]->is_open) {
            rv = put_call(e, o, o->slots[i], choice);
        }
    }
    return rv;
}

/* ---- the rest ----------------------------------------------------------- */

static apr_status_t put_item(llmgw_encoding_t *e, gemini_outlet_t *o,
                             const llmgw_event_t *ev)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);
    const char *name;
    llmgw_str_t value;

    if (ev->dialect != &llmgw_dialect_gemini || !ev->text.len) {
        return APR_SUCCESS;         /* another's tools: no form for them */
    }
    name = llmgw_gemini_is_metadata(ev->text, &value);
    begin_parts(e);
    if (!name) {
        o->is_thinking = 0;
        llmgw_gemini_put_flat(&w, ev->text);
        return end_parts(e, ev->choice);
    }
    o->has_grounding |= name[0] == 'g';
    llmgw_buf_printf(e->out, "],\"role\":\"model\"},\"index\":%d,\"%s\":",
                     ev->choice, name);
    llmgw_gemini_put_flat(&w, value);
    PUT(e->out, "}]");
    return end_response(e);
}

/* Sources of other makes are told at the end. */
static apr_status_t keep_source(llmgw_encoding_t *e, gemini_outlet_t *o,
                                const llmgw_event_t *ev)
{
    llmgw_json_writer_t w;

    if (ev->dialect == &llmgw_dialect_gemini || !ev->id.len) {
        return APR_SUCCESS;
    }
    if (!o->sources) {
        o->sources = llmgw_buf_create(e->pool, CALL_BYTES_MAX);
    }
    if (o->sources->len) {
        PUT(o->sources, ",");
    }
    memset(&w, 0, sizeof(w));
    w.out = o->sources;
    llmgw_gemini_put_source(&w, ev->id, ev->name);
    return o->sources->failed == APR_SUCCESS ? APR_SUCCESS : LLMGW_EUPTOOBIG;
}

/* An array without its brackets. */
static llmgw_str_t strip(llmgw_str_t raw)
{
    while (raw.len && strchr("[ \t\r\n", *raw.p)) {
        raw.p++;
        raw.len--;
    }
    while (raw.len && strchr("] \t\r\n", raw.p[raw.len - 1])) {
        raw.len--;
    }
    return raw;
}

static apr_status_t put_logprobs(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);
    llmgw_str_t elements = strip(ev->text);

    if (!elements.len) {
        return APR_SUCCESS;
    }
    begin_parts(e);
    llmgw_buf_printf(e->out, "],\"role\":\"model\"},\"index\":%d,",
                     ev->choice);
    llmgw_gemini_put_logprobs(&w, elements, e->pool);
    PUT(e->out, "}]");
    return end_response(e);
}

static apr_status_t put_error(llmgw_encoding_t *e, const llmgw_err_t *err)
{
    gemini_encode_t *st = e->state;

    st->has_failed = 1;
    begin_response(e);
    llmgw_gemini_error_encode(e->out, err, NULL);
    return end_frame(e);
}

static apr_status_t put_content(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    gemini_outlet_t *o = get_outlet(e, ev->choice);

    if (!o || o->is_stopped) {
        return APR_SUCCESS;
    }
    switch (ev->type) {
    case LLMGW_EV_TEXT:
    case LLMGW_EV_REFUSAL:
    case LLMGW_EV_REASONING:
        return put_text(e, o, ev);
    case LLMGW_EV_SIGNATURE:
    case LLMGW_EV_REDACTED:
        return put_opaque(e, o, ev);
    case LLMGW_EV_TOOL_START:
    case LLMGW_EV_TOOL_ARGS:
    case LLMGW_EV_TOOL_END:
        return put_tool(e, o, ev);
    case LLMGW_EV_IMAGE:
    case LLMGW_EV_AUDIO:
        return put_media(e, o, ev);
    case LLMGW_EV_BUILTIN:
        return put_item(e, o, ev);
    case LLMGW_EV_ANNOTATION:
        return keep_source(e, o, ev);
    case LLMGW_EV_LOGPROBS:
        return put_logprobs(e, ev);
    case LLMGW_EV_STOP:             /* usage may follow: told at the end */
        o->is_stopped = 1;
        o->stop = ev->stop;
        return put_open_calls(e, o, ev->choice);
    default:
        return APR_SUCCESS;
    }
}

apr_status_t llmgw_gemini_encode_event(llmgw_encoding_t *e,
                                       const llmgw_event_t *ev)
{
    gemini_encode_t *st = e->state;

    switch (ev->type) {
    case LLMGW_EV_START:
        put_tail(e, ev->model, ev->id);
        return st->tail->failed;
    case LLMGW_EV_USAGE:
        if (!st->has_usage) {
            st->usage = (llmgw_usage_t)LLMGW_USAGE_INIT;
        }
        st->has_usage = 1;
        llmgw_usage_set(&st->usage, ev->usage);
        return APR_SUCCESS;
    case LLMGW_EV_PING:             /* in an array, a space keeps it alive */
        return e->opts.array_framing ? PUT(e->out, "\n") : APR_SUCCESS;
    case LLMGW_EV_ERROR:
        return put_error(e, ev->error);
    default:
        return put_content(e, ev);
    }
}

/* ---- the end ------------------------------------------------------------ */

static void put_last(llmgw_encoding_t *e, const gemini_outlet_t *o, int choice)
{
    PUT(e->out, "{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":"
                "\"model\"},\"finishReason\":\"");
    llmgw_buf_puts(e->out, llmgw_gemini_finish_reason(o->stop));
    llmgw_buf_printf(e->out, "\",\"index\":%d", choice);
    if (o->sources && !o->has_grounding) {
        PUT(e->out, ",\"groundingMetadata\":{\"groundingChunks\":[");
        llmgw_buf_put(e->out, llmgw_buf_str(o->sources));
        PUT(e->out, "]}");
    }
    PUT(e->out, "}");
}

/* One response tells of every candidate why it ended, and of the usage. */
static void put_end(llmgw_encoding_t *e)
{
    gemini_encode_t *st = e->state;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);
    int i, n = 0;

    begin_response(e);
    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "candidates");
    llmgw_json_begin(&w, '[');
    for (i = 0; i < st->noutlets; i++) {
        if (st->outlets[i]) {
            if (n++) {
                PUT(e->out, ",");
            }
            put_last(e, st->outlets[i], i);
        }
    }
    llmgw_json_end(&w, ']');
    if (st->has_usage) {
        llmgw_gemini_put_usage(&w, &st->usage);
    }
    end_response(e);                /* the tail closes the object */
}

apr_status_t llmgw_gemini_encode_end(llmgw_encoding_t *e)
{
    gemini_encode_t *st = e->state;
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (!st->has_failed) {
        get_outlet(e, 0);           /* an answer has at least one candidate */
        for (i = 0; i < st->noutlets && rv == APR_SUCCESS; i++) {
            if (st->outlets[i]) {
                rv = put_open_calls(e, st->outlets[i], i);
            }
        }
        put_end(e);
    }
    if (e->opts.array_framing) {
        PUT(e->out, "]");
    }
    return rv == APR_SUCCESS ? e->out->failed : rv;
}
