/* answer_calls.c: reading tool calls, as the many servers send them */
#include <string.h>
#include "openai_chat.h"

/*
 * OpenAI numbers the calls of an answer and sends id and name once. Others
 * leave the number out, start at 1, repeat id and name in each piece, send an
 * empty id in later pieces, or number every call 0. So a piece belongs to
 *   - a new call, if it has an id that differs from that of its number's call;
 *   - else the call of its number, if it has one, else of its id;
 *   - else a new call if it has a name, else the latest.
 */

#define SLOTS_MAX 1024

/* FNV-1a; never 0. */
static apr_uint64_t hash_id(llmgw_str_t id)
{
    apr_uint64_t h = APR_UINT64_C(14695981039346656037);
    apr_size_t i;

    for (i = 0; i < id.len; i++) {
        h = (h ^ (unsigned char)id.p[i]) * APR_UINT64_C(1099511628211);
    }
    return h ? h : 1;
}

/* A piece of a call, as it came. */
typedef struct piece_t {
    apr_int64_t number;         /* -1: none */
    apr_uint64_t id_hash;       /* 0: none */
    llmgw_str_t id;
    llmgw_str_t name;
    llmgw_str_t signature;
    llmgw_str_t args;
    int is_custom;
} piece_t;

static int lookup_slot(const openai_chat_choice_t *c, const piece_t *piece)
{
    const openai_chat_slot_t *s;
    int i;

    for (i = c->nslots - 1; i >= 0; i--) {
        s = &c->slots[i];
        if (piece->number >= 0) {
            if (s->number == piece->number
                && (!piece->id_hash || !s->id_hash
                    || s->id_hash == piece->id_hash)) {
                return i;
            }
        }
        else if (piece->id_hash && s->id_hash == piece->id_hash) {
            return i;
        }
    }
    if (piece->number < 0 && !piece->id_hash && !piece->name.len) {
        return c->nslots - 1;
    }
    return -1;
}

static apr_status_t grow(llmgw_decode_t *d, openai_chat_choice_t *c)
{
    openai_chat_slot_t *more;
    int cap = c->cap ? c->cap * 2 : 8;

    if (c->nslots < c->cap) {
        return APR_SUCCESS;
    }
    if (cap > SLOTS_MAX) {
        return llmgw_err_set(d->error, d->pool, LLMGW_EUPBODY, NULL,
                             "The provider's answer has too many tool calls.");
    }
    more = apr_pcalloc(d->pool, (apr_size_t)cap * sizeof(*more));
    if (c->nslots) {
        memcpy(more, c->slots, (apr_size_t)c->nslots * sizeof(*more));
    }
    c->slots = more;
    c->cap = cap;
    return APR_SUCCESS;
}

static apr_status_t start_call(llmgw_decode_t *d, int choice,
                               openai_chat_choice_t *c, const piece_t *piece)
{
    llmgw_event_t ev;
    apr_status_t rv = grow(d, c);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    c->slots[c->nslots].number = piece->number;
    c->slots[c->nslots].id_hash = piece->id_hash;
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_TOOL_START;
    ev.choice = choice;
    ev.index = c->nslots++;
    ev.id = piece->id;
    ev.name = piece->name;
    ev.text = piece->signature;
    ev.is_custom = piece->is_custom;
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t take_piece(llmgw_decode_t *d, int choice,
                               const piece_t *piece)
{
    openai_chat_decode_t *st = d->state;
    openai_chat_choice_t *c = st->choices[choice];
    int slot = st->is_whole ? -1 : lookup_slot(c, piece);
    llmgw_event_t ev;
    apr_status_t rv = APR_SUCCESS;

    if (slot < 0) {
        if (!piece->id.len && !piece->name.len && !piece->args.len) {
            return APR_SUCCESS;
        }
        rv = start_call(d, choice, c, piece);
        slot = c->nslots - 1;
    }
    else if (!c->slots[slot].id_hash) {
        c->slots[slot].id_hash = piece->id_hash;
    }
    if (rv != APR_SUCCESS || piece->args.len == 0) {
        return rv;
    }
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_TOOL_ARGS;
    ev.choice = choice;
    ev.index = slot;
    ev.text = piece->args;
    return d->emit(d->emit_ctx, &ev);
}

/* A string that is given and not empty. */
static llmgw_str_t get_text(llmgw_decode_t *d, const llmgw_json_t *v)
{
    return llmgw_json_is(v, LLMGW_JSON_STRING) && v->len > 2
        ? llmgw_json_string_buf(v, d->scratch) : LLMGW_STR_NULL;
}

/* Arguments are a text; some servers send the object itself. */
static llmgw_str_t get_args(llmgw_decode_t *d, const llmgw_json_t *v)
{
    return llmgw_json_is(v, LLMGW_JSON_OBJECT) ? llmgw_json_raw(v)
                                               : get_text(d, v);
}

static apr_status_t read_call(llmgw_decode_t *d, int choice,
                              const llmgw_json_t *call)
{
    const llmgw_json_t *custom = llmgw_json_lookup_type(call, "custom",
                                                        LLMGW_JSON_OBJECT);
    const llmgw_json_t *f = custom ? custom
                                   : llmgw_json_lookup(call, "function");
    piece_t piece;

    memset(&piece, 0, sizeof(piece));
    if (llmgw_json_int(llmgw_json_lookup(call, "index"), &piece.number)
        != APR_SUCCESS) {
        piece.number = -1;
    }
    piece.is_custom = custom != NULL;
    piece.id = get_text(d, llmgw_json_lookup(call, "id"));
    piece.id_hash = piece.id.len ? hash_id(piece.id) : 0;
    piece.name = get_text(d, llmgw_json_lookup(f, "name"));
    piece.signature = get_text(d, llmgw_openai_signature(call));
    piece.args = get_args(d, llmgw_json_lookup(f, custom ? "input"
                                                         : "arguments"));
    return take_piece(d, choice, &piece);
}

/* The one call of the time before tools. */
static apr_status_t read_function_call(llmgw_decode_t *d, int choice,
                                       const llmgw_json_t *f)
{
    openai_chat_decode_t *st = d->state;
    piece_t piece;

    memset(&piece, 0, sizeof(piece));
    piece.number = 0;
    piece.name = get_text(d, llmgw_json_lookup(f, "name"));
    piece.args = get_args(d, llmgw_json_lookup(f, "arguments"));
    if (st->choices[choice]->nslots && st->is_whole) {
        return APR_SUCCESS;
    }
    return take_piece(d, choice, &piece);
}

apr_status_t llmgw_openai_chat_read_calls(llmgw_decode_t *d, int choice,
                                          const llmgw_json_t *delta)
{
    const llmgw_json_t *calls = llmgw_json_lookup(delta, "tool_calls");
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    for (v = llmgw_json_each(calls, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(calls, v)) {
        rv = read_call(d, choice, v);
    }
    v = llmgw_json_lookup_type(delta, "function_call", LLMGW_JSON_OBJECT);
    return v && rv == APR_SUCCESS ? read_function_call(d, choice, v) : rv;
}
