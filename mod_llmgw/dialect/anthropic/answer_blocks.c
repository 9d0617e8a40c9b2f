/* answer_blocks.c: reading the content blocks of an answer */
#include <string.h>
#include "anthropic.h"

/* The most a signature, or the input of a provider's tool, may have. */
#define GATHERED_BYTES_MAX (16 * 1024 * 1024)

static llmgw_buf_t *get_buf(llmgw_decode_t *d, llmgw_buf_t **b)
{
    if (!*b) {
        *b = llmgw_buf_create(d->pool, GATHERED_BYTES_MAX);
    }
    return *b;
}

static llmgw_str_t get_text(llmgw_decode_t *d, const llmgw_json_t *obj,
                            const char *name)
{
    return llmgw_json_string_buf(llmgw_json_lookup_type(obj, name,
                                                        LLMGW_JSON_STRING),
                                 d->scratch);
}

static apr_status_t gather(llmgw_decode_t *d, llmgw_buf_t **b,
                           llmgw_str_t text)
{
    return llmgw_buf_put(get_buf(d, b), text) == APR_SUCCESS
        ? APR_SUCCESS : LLMGW_EUPTOOBIG;
}

/* ---- text --------------------------------------------------------------- */

static apr_status_t emit_citation(llmgw_decode_t *d,
                                  const llmgw_json_t *citation)
{
    llmgw_event_t ev;

    if (!llmgw_json_is(citation, LLMGW_JSON_OBJECT)) {
        return APR_SUCCESS;
    }
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ANNOTATION;
    ev.text = llmgw_json_raw(citation);
    ev.id = get_text(d, citation, "url");
    ev.name = get_text(d, citation, "title");
    ev.dialect = &llmgw_dialect_anthropic;
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t start_text(llmgw_decode_t *d, const llmgw_json_t *block)
{
    anthropic_decode_t *st = d->state;
    const llmgw_json_t *list = llmgw_json_lookup(block, "citations"), *v;
    apr_status_t rv;

    st->open = ANTHROPIC_BLOCK_TEXT;
    rv = llmgw_emit_text(d, LLMGW_EV_TEXT, 0, get_text(d, block, "text"));
    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        rv = emit_citation(d, v);
    }
    return rv;
}

/* ---- thinking ----------------------------------------------------------- */

static apr_status_t start_thinking(llmgw_decode_t *d,
                                   const llmgw_json_t *block)
{
    anthropic_decode_t *st = d->state;
    apr_status_t rv;

    st->open = ANTHROPIC_BLOCK_THINKING;
    llmgw_buf_clear(get_buf(d, &st->gathered));
    rv = gather(d, &st->gathered, get_text(d, block, "signature"));
    return rv == APR_SUCCESS
        ? llmgw_emit_text(d, LLMGW_EV_REASONING, 0,
                          get_text(d, block, "thinking")) : rv;
}

/* ---- tools of the client's ---------------------------------------------- */

/* Keep a raw text for the block's end. */
static apr_status_t keep(llmgw_decode_t *d, llmgw_str_t raw)
{
    anthropic_decode_t *st = d->state;

    llmgw_buf_clear(get_buf(d, &st->kept));
    return gather(d, &st->kept, raw);
}

/* Input that stands in the start already counts only if no delta comes. */
static apr_status_t start_tool(llmgw_decode_t *d, const llmgw_json_t *block)
{
    anthropic_decode_t *st = d->state;
    const llmgw_json_t *input = llmgw_json_lookup_type(block, "input",
                                                       LLMGW_JSON_OBJECT);
    llmgw_event_t ev;
    apr_status_t rv;

    st->open = ANTHROPIC_BLOCK_TOOL;
    st->has_args = 0;
    rv = keep(d, input ? llmgw_json_raw(input) : LLMGW_STR_LIT("{}"));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_TOOL_START;
    ev.index = st->ntools++;
    ev.id = get_text(d, block, "id");
    ev.name = get_text(d, block, "name");
    if (llmgw_anthropic_has_signature(ev.id)) {
        llmgw_buf_clear(get_buf(d, &st->gathered));
        ev.text = llmgw_anthropic_split_id(&ev.id, st->gathered);
    }
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t emit_tool(llmgw_decode_t *d, llmgw_event_e type,
                              llmgw_str_t text)
{
    anthropic_decode_t *st = d->state;
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.index = st->ntools - 1;
    ev.text = text;
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t stop_tool(llmgw_decode_t *d)
{
    anthropic_decode_t *st = d->state;
    apr_status_t rv = APR_SUCCESS;

    if (!st->has_args) {
        rv = emit_tool(d, LLMGW_EV_TOOL_ARGS, llmgw_buf_str(st->kept));
    }
    return rv == APR_SUCCESS
        ? emit_tool(d, LLMGW_EV_TOOL_END, LLMGW_STR_NULL) : rv;
}

/* ---- tools of the provider's -------------------------------------------- */

/* The block as it stands, and where its input does: that comes in deltas. */
static apr_status_t start_server(llmgw_decode_t *d, const llmgw_json_t *block)
{
    anthropic_decode_t *st = d->state;
    const llmgw_json_t *input = llmgw_json_lookup_type(block, "input",
                                                       LLMGW_JSON_OBJECT);

    st->open = ANTHROPIC_BLOCK_SERVER;
    st->input_len = input ? input->len : 0;
    st->input_at = input ? (apr_size_t)(input->text - block->text) : 0;
    llmgw_buf_clear(get_buf(d, &st->gathered));
    return keep(d, llmgw_json_raw(block));
}

static apr_status_t emit_builtin(llmgw_decode_t *d, llmgw_str_t raw)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_BUILTIN;
    ev.text = raw;
    ev.dialect = &llmgw_dialect_anthropic;
    return d->emit(d->emit_ctx, &ev);
}

/* Put the gathered input into the block's place for it. */
static apr_status_t stop_server(llmgw_decode_t *d)
{
    anthropic_decode_t *st = d->state;
    llmgw_str_t block = llmgw_buf_str(st->kept);
    llmgw_str_t input = llmgw_buf_str(st->gathered);
    apr_size_t after = st->input_at + st->input_len;
    apr_status_t rv;

    if (!input.len || !st->input_len || !llmgw_raw_is_object(input)) {
        return emit_builtin(d, block);
    }
    llmgw_buf_clear(d->scratch);
    llmgw_buf_append(d->scratch, block.p, st->input_at);
    llmgw_buf_put(d->scratch, input);
    if (llmgw_buf_append(d->scratch, block.p + after, block.len - after)
        != APR_SUCCESS) {
        return LLMGW_EUPTOOBIG;
    }
    rv = emit_builtin(d, llmgw_buf_str(d->scratch));
    llmgw_buf_clear(d->scratch);
    return rv;
}

/* ---- blocks ------------------------------------------------------------- */

apr_status_t llmgw_anthropic_block_start(llmgw_decode_t *d,
                                         const llmgw_json_t *block)
{
    const llmgw_json_t *type = llmgw_json_lookup(block, "type");
    apr_status_t rv = llmgw_anthropic_block_stop(d);

    if (rv != APR_SUCCESS || !llmgw_json_is(block, LLMGW_JSON_OBJECT)) {
        return rv;
    }
    if (llmgw_json_string_is(type, "text")) {
        return start_text(d, block);
    }
    if (llmgw_json_string_is(type, "thinking")) {
        return start_thinking(d, block);
    }
    if (llmgw_json_string_is(type, "redacted_thinking")) {
        return llmgw_emit_text(d, LLMGW_EV_REDACTED, 0,
                               get_text(d, block, "data"));
    }
    if (llmgw_json_string_is(type, "tool_use")) {
        return start_tool(d, block);
    }
    return start_server(d, block);
}

static apr_status_t take_json(llmgw_decode_t *d, llmgw_str_t text)
{
    anthropic_decode_t *st = d->state;

    if (st->open == ANTHROPIC_BLOCK_SERVER) {
        return gather(d, &st->gathered, text);
    }
    if (st->open != ANTHROPIC_BLOCK_TOOL || !text.len) {
        return APR_SUCCESS;
    }
    st->has_args = 1;
    return emit_tool(d, LLMGW_EV_TOOL_ARGS, text);
}

apr_status_t llmgw_anthropic_block_delta(llmgw_decode_t *d,
                                         const llmgw_json_t *delta)
{
    anthropic_decode_t *st = d->state;
    const llmgw_json_t *type = llmgw_json_lookup(delta, "type");

    if (llmgw_json_string_is(type, "text_delta")) {
        return llmgw_emit_text(d, LLMGW_EV_TEXT, 0,
                               get_text(d, delta, "text"));
    }
    if (llmgw_json_string_is(type, "input_json_delta")) {
        return take_json(d, get_text(d, delta, "partial_json"));
    }
    if (llmgw_json_string_is(type, "thinking_delta")) {
        return llmgw_emit_text(d, LLMGW_EV_REASONING, 0,
                               get_text(d, delta, "thinking"));
    }
    if (llmgw_json_string_is(type, "signature_delta")) {
        return st->open == ANTHROPIC_BLOCK_THINKING
            ? gather(d, &st->gathered, get_text(d, delta, "signature"))
            : APR_SUCCESS;
    }
    if (llmgw_json_string_is(type, "citations_delta")) {
        return emit_citation(d, llmgw_json_lookup(delta, "citation"));
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_anthropic_block_stop(llmgw_decode_t *d)
{
    anthropic_decode_t *st = d->state;
    anthropic_block_e open = st->open;

    st->open = ANTHROPIC_BLOCK_NONE;
    switch (open) {
    case ANTHROPIC_BLOCK_THINKING:
        return llmgw_emit_text(d, LLMGW_EV_SIGNATURE, 0,
                               llmgw_buf_str(st->gathered));
    case ANTHROPIC_BLOCK_TOOL:
        return stop_tool(d);
    case ANTHROPIC_BLOCK_SERVER:
        return stop_server(d);
    case ANTHROPIC_BLOCK_TEXT:
    case ANTHROPIC_BLOCK_NONE:
        break;
    }
    return APR_SUCCESS;
}
