/* answer_events.c: writing a block of an answer as the events of a stream */
#include <string.h>
#include "openai_responses.h"

#define PUT(b, text) llmgw_buf_append((b), (text), sizeof(text) - 1)

/* ---- events ------------------------------------------------------------- */

/* The event's type twice, and its number; the object stays open. */
void llmgw_openai_responses_begin_event(llmgw_encoding_t *e, const char *type)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    PUT(e->out, "event: ");
    llmgw_buf_puts(e->out, type);
    PUT(e->out, "\ndata: {\"type\":\"");
    llmgw_buf_puts(e->out, type);
    PUT(e->out, "\",\"sequence_number\":");
    llmgw_json_int_out(&w, st->sequence++);
}

apr_status_t llmgw_openai_responses_end_event(llmgw_encoding_t *e)
{
    return PUT(e->out, "}\n\n");
}

static llmgw_json_writer_t get_writer(llmgw_encoding_t *e)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    return w;
}

static void put_int(llmgw_encoding_t *e, const char *name, int n)
{
    llmgw_json_writer_t w = get_writer(e);

    PUT(e->out, ",\"");
    llmgw_buf_puts(e->out, name);
    PUT(e->out, "\":");
    llmgw_json_int_out(&w, n);
}

static void put_name(llmgw_encoding_t *e, const char *name)
{
    PUT(e->out, ",\"");
    llmgw_buf_puts(e->out, name);
    PUT(e->out, "\":");
}

/* ---- items and parts begin ---------------------------------------------- */

static void put_item(llmgw_encoding_t *e, const char *type, int i,
                     const char *status)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = get_writer(e);
    apr_size_t start;

    llmgw_openai_responses_begin_event(e, type);
    put_int(e, "output_index", st->slots[i].item);
    put_name(e, "item");
    start = e->out->len;
    llmgw_openai_responses_put_item(&w, &st->view, st->slots[i].first,
                                    status);
    llmgw_openai_flatten(e->out, start);
    llmgw_openai_responses_end_event(e);
}

/* Which part of which item an event is about. */
static void put_place(llmgw_encoding_t *e, int i, const char *index)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = get_writer(e);

    put_name(e, "item_id");
    llmgw_openai_responses_put_id(&w, &st->view, st->slots[i].first);
    put_int(e, "output_index", st->slots[i].item);
    if (index) {
        put_int(e, index, st->slots[i].part);
    }
}

/* The words for a block's events. */
typedef struct words_t {
    const char *added;          /* NULL: it has no parts */
    const char *delta;
    const char *text_done;
    const char *done;
    const char *index;
    const char *member;         /* of text_done */
    int has_logprobs;
} words_t;

static const words_t *get_words(const llmgw_encoding_t *e,
                                const llmgw_block_t *b)
{
    static const words_t text = {
        "response.content_part.added", "response.output_text.delta",
        "response.output_text.done", "response.content_part.done",
        "content_index", "text", 1
    }, refusal = {
        "response.content_part.added", "response.refusal.delta",
        "response.refusal.done", "response.content_part.done",
        "content_index", "refusal", 0
    }, reasoning = {
        "response.content_part.added", "response.reasoning_text.delta",
        "response.reasoning_text.done", "response.content_part.done",
        "content_index", "text", 0
    }, summary = {
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done", "summary_index", "text", 0
    }, call = {
        NULL, "response.function_call_arguments.delta",
        "response.function_call_arguments.done", NULL, NULL, "arguments", 0
    }, custom = {
        NULL, "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done", NULL, NULL, "input", 0
    };

    switch (b->type) {
    case LLMGW_EV_TEXT:
        return &text;
    case LLMGW_EV_REFUSAL:
        return &refusal;
    case LLMGW_EV_REASONING:
        return llmgw_openai_responses_is_summary(&e->opts) ? &summary
                                                           : &reasoning;
    case LLMGW_EV_TOOL_START:
        return b->is_custom ? &custom : &call;
    default:
        return NULL;            /* comes and goes as a whole */
    }
}

static void begin_part(llmgw_encoding_t *e, int i, const words_t *words)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = get_writer(e);

    llmgw_openai_responses_begin_event(e, words->added);
    put_place(e, i, words->index);
    put_name(e, "part");
    llmgw_openai_responses_put_part(&w, &st->view, i, 1);
    llmgw_openai_responses_end_event(e);
}

/* A place to remember a block in. */
static openai_responses_slot_t *add_slot(llmgw_encoding_t *e)
{
    openai_responses_encode_t *st = e->state;
    openai_responses_slot_t *more;
    int cap = st->cap ? st->cap * 2 : 16;

    if (st->nslots == st->cap) {
        more = apr_pcalloc(e->pool, (apr_size_t)cap * sizeof(*more));
        if (st->nslots) {
            memcpy(more, st->slots, (apr_size_t)st->nslots * sizeof(*more));
        }
        st->slots = more;
        st->cap = cap;
    }
    return &st->slots[st->nslots++];
}

/* ---- deltas ------------------------------------------------------------- */

/* What the deltas of a block have in common is written once. */
static void make_head(llmgw_encoding_t *e, int i, const words_t *words)
{
    openai_responses_encode_t *st = e->state;
    llmgw_buf_t *out = e->out;

    llmgw_buf_clear(st->head);
    e->out = st->head;
    put_place(e, i, words->index);
    put_name(e, "delta");
    e->out = out;
    st->head_block = i;
}

apr_status_t llmgw_openai_responses_put_delta(llmgw_encoding_t *e, int i,
                                              llmgw_str_t text)
{
    openai_responses_encode_t *st = e->state;
    const words_t *words = get_words(
        e, llmgw_openai_responses_block(&st->view, i));

    if (!text.len) {
        return APR_SUCCESS;
    }
    if (st->head_block != i) {
        make_head(e, i, words);
    }
    llmgw_openai_responses_begin_event(e, words->delta);
    llmgw_buf_put(e->out, llmgw_buf_str(st->head));
    llmgw_json_put_string(e->out, text);
    if (words->has_logprobs) {
        PUT(e->out, ",\"logprobs\":[]");
    }
    return llmgw_openai_responses_end_event(e);
}

/* ---- parts and items end ------------------------------------------------ */

/* The text's end, with all of it. */
static void end_text(llmgw_encoding_t *e, int i, const words_t *words)
{
    openai_responses_encode_t *st = e->state;
    const llmgw_block_t *b = llmgw_openai_responses_block(&st->view, i);
    llmgw_json_writer_t named = llmgw_openai_responses_inner(e->out);
    llmgw_json_writer_t w = get_writer(e);
    apr_size_t start;

    llmgw_openai_responses_begin_event(e, words->text_done);
    put_place(e, i, words->index);
    if (b->type == LLMGW_EV_TOOL_START && !b->is_custom) {
        PUT(e->out, ",");
        llmgw_openai_responses_put_name(&named, &st->view, b);
    }
    put_name(e, words->member);
    llmgw_json_str(&w, llmgw_buf_str(b->text));
    if (words->has_logprobs) {
        put_name(e, "logprobs");
        start = e->out->len;
        llmgw_openai_responses_put_logprobs(&w, &st->view, i);
        llmgw_openai_flatten(e->out, start);
    }
    llmgw_openai_responses_end_event(e);
}

static void end_part(llmgw_encoding_t *e, int i, const words_t *words)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = get_writer(e);
    apr_size_t start;

    llmgw_openai_responses_begin_event(e, words->done);
    put_place(e, i, words->index);
    put_name(e, "part");
    start = e->out->len;
    llmgw_openai_responses_put_part(&w, &st->view, i, 0);
    llmgw_openai_flatten(e->out, start);
    llmgw_openai_responses_end_event(e);
}

/* Log probabilities that come after their text has ended have no place. */
static void fix_logprobs(openai_responses_encode_t *st, int i)
{
    const llmgw_choice_t *c = APR_ARRAY_IDX(st->answer->choices, 0,
                                            llmgw_choice_t *);

    if (i == st->text_block) {
        st->view.logprobs_max = c->logprobs ? c->logprobs->len : 0;
    }
}

/* @param is_last no block goes on with its item */
static void close_block(llmgw_encoding_t *e, int i, int is_last)
{
    openai_responses_encode_t *st = e->state;
    llmgw_block_t *b = llmgw_openai_responses_block(&st->view, i);
    const words_t *words = get_words(e, b);

    st->slots[i].is_open = 0;
    if (b->type == LLMGW_EV_TOOL_START && !b->is_custom && !b->text->len) {
        llmgw_openai_responses_put_delta(e, i, LLMGW_STR_LIT("{}"));
        PUT(b->text, "{}");
    }
    fix_logprobs(st, i);
    if (words) {
        end_text(e, i, words);
    }
    if (words && words->done) {
        end_part(e, i, words);
    }
    if (is_last) {
        put_item(e, "response.output_item.done", i,
                 llmgw_openai_responses_item_status(&st->view, i));
    }
}

/* End what has ended now that block n begins: all but calls whose arguments
 * still come. @param all those too */
void llmgw_openai_responses_close_blocks(llmgw_encoding_t *e, int n, int all)
{
    openai_responses_encode_t *st = e->state;
    const llmgw_block_t *b;
    int i, goes_on;

    for (i = st->first_open; i < st->nslots; i++) {
        b = llmgw_openai_responses_block(&st->view, i);
        if (st->slots[i].is_open
            && (all || b->type != LLMGW_EV_TOOL_START || b->is_ended)) {
            goes_on = i + 1 == n && n < llmgw_openai_responses_nblocks(
                &st->view) && llmgw_openai_responses_continues(&st->view, n);
            close_block(e, i, !goes_on);
        }
    }
    while (st->first_open < st->nslots
           && !st->slots[st->first_open].is_open) {
        st->first_open++;
    }
}

/* ---- blocks ------------------------------------------------------------- */

void llmgw_openai_responses_open_block(llmgw_encoding_t *e, int i)
{
    openai_responses_encode_t *st = e->state;
    const llmgw_block_t *b = llmgw_openai_responses_block(&st->view, i);
    const words_t *words = get_words(e, b);
    openai_responses_slot_t *slot;

    llmgw_openai_responses_close_blocks(e, i, 0);
    slot = add_slot(e);
    if (llmgw_openai_responses_kind(b) == OPENAI_RESPONSES_NOTHING) {
        return;
    }
    slot->is_open = 1;
    if (b->type == LLMGW_EV_TEXT && st->text_block < 0) {
        st->text_block = i;
    }
    if (llmgw_openai_responses_continues(&st->view, i)) {
        slot->item = st->slots[i - 1].item;
        slot->first = st->slots[i - 1].first;
        slot->part = st->slots[i - 1].part + 1;
    }
    else {
        slot->item = st->nitems++;
        slot->first = i;
        put_item(e, "response.output_item.added", i, "in_progress");
    }
    if (words && words->added) {
        begin_part(e, i, words);
    }
}

int llmgw_openai_responses_find_call(const openai_responses_encode_t *st,
                                     int index)
{
    const llmgw_block_t *b;
    int i;

    for (i = st->nslots - 1; i >= 0; i--) {
        b = llmgw_openai_responses_block(&st->view, i);
        if (b->type == LLMGW_EV_TOOL_START && b->index == index) {
            return i;
        }
    }
    return -1;
}

/* The annotation that the last block has just got. */
apr_status_t llmgw_openai_responses_put_event_annotation(
    llmgw_encoding_t *e, int i, const llmgw_event_t *ev)
{
    openai_responses_encode_t *st = e->state;
    llmgw_json_writer_t w = get_writer(e);
    apr_size_t start;

    if (!llmgw_openai_responses_is_annotation(ev->id, ev->dialect)) {
        return APR_SUCCESS;
    }
    llmgw_openai_responses_begin_event(
        e, "response.output_text.annotation.added");
    put_place(e, i, "content_index");
    put_int(e, "annotation_index", st->slots[i].nannotations);
    put_name(e, "annotation");
    start = e->out->len;
    llmgw_openai_responses_put_annotation(&w, ev->text, ev->id, ev->name,
                                          ev->dialect);
    st->slots[i].nannotations++;
    llmgw_openai_flatten(e->out, start);
    return llmgw_openai_responses_end_event(e);
}
