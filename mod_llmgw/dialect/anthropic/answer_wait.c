/* answer_wait.c: one block at a time, though calls may come side by side */
#include <string.h>
#include "anthropic.h"

/* The most that may wait: entries, and bytes of one. */
#define WAITING_MAX 8192
#define WAITING_BYTES_MAX (16 * 1024 * 1024)

/* Content between calls waits as its events, each with this before it. */
typedef struct record_t {
    llmgw_event_e type;
    const llmgw_dialect_t *dialect;
    apr_size_t text_len;
    apr_size_t id_len;
    apr_size_t name_len;
} record_t;

static int may_close(const anthropic_call_t *call)
{
    return call->is_ended || call->is_whole;
}

static int has_waiting(const anthropic_encode_t *st)
{
    return st->waiting && st->nwaited < st->waiting->nelts;
}

int llmgw_anthropic_is_busy(const anthropic_encode_t *st)
{
    return has_waiting(st)
        || (st->open == ANTHROPIC_BLOCK_TOOL && !may_close(&st->call));
}

/* ---- what waits --------------------------------------------------------- */

static anthropic_waiting_t *get_waiting(const anthropic_encode_t *st, int i)
{
    return &APR_ARRAY_IDX(st->waiting, i, anthropic_waiting_t);
}

static anthropic_waiting_t *add_waiting(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;
    anthropic_waiting_t *w;

    if (!st->waiting) {
        st->waiting = apr_array_make(e->pool, 8, sizeof(*w));
    }
    if (st->waiting->nelts >= WAITING_MAX) {
        return NULL;
    }
    w = apr_array_push(st->waiting);
    memset(w, 0, sizeof(*w));
    w->call.index = -1;
    w->text = llmgw_buf_create(e->pool, WAITING_BYTES_MAX);
    return w;
}

static anthropic_waiting_t *lookup_waiting(const anthropic_encode_t *st,
                                           int index)
{
    int i;

    for (i = st->waiting ? st->waiting->nelts - 1 : -1; i >= st->nwaited;
         i--) {
        if (get_waiting(st, i)->call.index == index) {
            return get_waiting(st, i);
        }
    }
    return NULL;
}

apr_status_t llmgw_anthropic_wait(llmgw_encoding_t *e,
                                  const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;
    anthropic_waiting_t *w = has_waiting(st)
        ? get_waiting(st, st->waiting->nelts - 1) : NULL;
    record_t r = { ev->type, ev->dialect, ev->text.len, ev->id.len,
                   ev->name.len };

    if (!w || w->call.index >= 0) {
        w = add_waiting(e);
    }
    if (!w) {
        return LLMGW_EUPTOOBIG;
    }
    llmgw_buf_append(w->text, (const char *)&r, sizeof(r));
    llmgw_buf_put(w->text, ev->text);
    llmgw_buf_put(w->text, ev->id);
    return llmgw_buf_put(w->text, ev->name) == APR_SUCCESS
        ? APR_SUCCESS : LLMGW_EUPTOOBIG;
}

static llmgw_str_t take(const char **at, apr_size_t len)
{
    llmgw_str_t s = llmgw_str_make(*at, len);

    *at += len;
    return s;
}

static apr_status_t put_records(llmgw_encoding_t *e, const llmgw_buf_t *text)
{
    const char *at = text->data, *end = text->data + text->len;
    llmgw_event_t ev;
    apr_status_t rv = APR_SUCCESS;
    record_t r;

    while (at < end && rv == APR_SUCCESS) {
        memcpy(&r, at, sizeof(r));
        at += sizeof(r);
        memset(&ev, 0, sizeof(ev));
        ev.type = r.type;
        ev.dialect = r.dialect;
        ev.text = take(&at, r.text_len);
        ev.id = take(&at, r.id_len);
        ev.name = take(&at, r.name_len);
        rv = llmgw_anthropic_put_plain(e, &ev);
    }
    return rv;
}

/* Write what waits, up to a call that is not yet to its end. */
static apr_status_t go_on(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;
    anthropic_waiting_t *w;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && has_waiting(st)) {
        if (st->open == ANTHROPIC_BLOCK_TOOL && !may_close(&st->call)) {
            return APR_SUCCESS;
        }
        w = get_waiting(st, st->nwaited++);
        if (w->call.index < 0) {
            rv = put_records(e, w->text);
        }
        else {
            llmgw_anthropic_open_call(e, w);
            llmgw_anthropic_put_args(e, llmgw_buf_str(w->text));
        }
        llmgw_buf_free(w->text);
    }
    return rv;
}

/* ---- calls -------------------------------------------------------------- */

static apr_status_t start_call(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;
    anthropic_waiting_t now, *w = &now;
    int busy = llmgw_anthropic_is_busy(st);

    st->ncalls++;
    if (busy) {
        w = add_waiting(e);
        if (!w) {
            return LLMGW_EUPTOOBIG;
        }
    }
    else {
        memset(w, 0, sizeof(*w));
    }
    w->call.index = ev->index;
    w->call.is_custom = ev->is_custom;
    w->id = ev->id;
    w->name = ev->name;
    w->signature = ev->text;
    if (busy) {
        w->id = llmgw_str_dup(e->pool, w->id);
        w->name = llmgw_str_dup(e->pool, w->name);
        w->signature = llmgw_str_dup(e->pool, w->signature);
        return APR_SUCCESS;
    }
    llmgw_anthropic_open_call(e, w);
    return e->out->failed;
}

/* A piece of the open call, or its end. */
static apr_status_t go_on_call(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;

    if (ev->type == LLMGW_EV_TOOL_END) {
        st->call.is_ended = 1;
        llmgw_anthropic_close(e);
    }
    else {
        llmgw_anthropic_put_args(e, ev->text);
    }
    return go_on(e);
}

apr_status_t llmgw_anthropic_take_call(llmgw_encoding_t *e,
                                       const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;
    anthropic_waiting_t *w;

    if (ev->type == LLMGW_EV_TOOL_START) {
        return start_call(e, ev);
    }
    if (st->open == ANTHROPIC_BLOCK_TOOL && st->call.index == ev->index) {
        return go_on_call(e, ev);
    }
    w = lookup_waiting(st, ev->index);
    if (!w) {
        return APR_SUCCESS;     /* closed: its arguments were whole */
    }
    if (ev->type == LLMGW_EV_TOOL_END) {
        w->call.is_ended = 1;
        return APR_SUCCESS;
    }
    return llmgw_buf_put(w->text, ev->text) == APR_SUCCESS
        ? APR_SUCCESS : LLMGW_EUPTOOBIG;
}

apr_status_t llmgw_anthropic_end_calls(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;
    int i;

    st->call.is_ended = 1;
    for (i = st->nwaited; st->waiting && i < st->waiting->nelts; i++) {
        get_waiting(st, i)->call.is_ended = 1;
    }
    return go_on(e);
}
