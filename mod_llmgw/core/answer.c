/* answer.c: gathering an answer from its events, and replaying it */
#include <string.h>
#include <apr_strings.h>
#include "llmgw/answer.h"

#define CHOICES_MAX 128

llmgw_answer_t *llmgw_answer_create(apr_pool_t *p, apr_size_t bytes_max)
{
    static const llmgw_usage_t unknown = LLMGW_USAGE_INIT;
    llmgw_answer_t *a = apr_pcalloc(p, sizeof(*a));

    a->pool = p;
    a->bytes_max = bytes_max;
    a->choices = apr_array_make(p, 1, sizeof(llmgw_choice_t *));
    a->usage = unknown;
    return a;
}

static llmgw_choice_t *get_choice(llmgw_answer_t *a, int number)
{
    llmgw_choice_t *c;

    while (a->choices->nelts <= number) {
        c = apr_pcalloc(a->pool, sizeof(*c));
        c->blocks = apr_array_make(a->pool, 4, sizeof(llmgw_block_t *));
        APR_ARRAY_PUSH(a->choices, llmgw_choice_t *) = c;
    }
    return APR_ARRAY_IDX(a->choices, number, llmgw_choice_t *);
}

static llmgw_block_t *get_last(const llmgw_choice_t *c)
{
    return c->blocks->nelts
        ? APR_ARRAY_IDX(c->blocks, c->blocks->nelts - 1, llmgw_block_t *)
        : NULL;
}

static llmgw_block_t *add_block(llmgw_answer_t *a, llmgw_choice_t *c,
                                llmgw_event_e type)
{
    llmgw_block_t *b = apr_pcalloc(a->pool, sizeof(*b));

    b->type = type;
    b->text = llmgw_buf_create(a->pool, a->bytes_max);
    APR_ARRAY_PUSH(c->blocks, llmgw_block_t *) = b;
    return b;
}

/* The block that another piece of this kind continues, or a new one. */
static llmgw_block_t *join_block(llmgw_answer_t *a, llmgw_choice_t *c,
                                 llmgw_event_e type)
{
    llmgw_block_t *last = get_last(c);

    if (last && last->type == type && !last->signature) {
        return last;
    }
    return add_block(a, c, type);
}

static llmgw_block_t *lookup_tool(const llmgw_choice_t *c, int index)
{
    llmgw_block_t *b;
    int i;

    for (i = c->blocks->nelts - 1; i >= 0; i--) {
        b = APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *);
        if (b->type == LLMGW_EV_TOOL_START && b->index == index) {
            return b;
        }
    }
    return NULL;
}

static apr_status_t put_signature(llmgw_answer_t *a, llmgw_block_t *b,
                                  llmgw_str_t signature)
{
    if (signature.len == 0) {
        return APR_SUCCESS;
    }
    b->signature = llmgw_buf_create(a->pool, a->bytes_max);
    return llmgw_buf_put(b->signature, signature);
}

static apr_status_t take_tool(llmgw_answer_t *a, llmgw_choice_t *c,
                              const llmgw_event_t *ev)
{
    llmgw_block_t *b;

    if (ev->type == LLMGW_EV_TOOL_START) {
        b = add_block(a, c, LLMGW_EV_TOOL_START);
        b->index = ev->index;
        b->id = llmgw_str_dup(a->pool, ev->id);
        b->name = llmgw_str_dup(a->pool, ev->name);
        b->is_custom = ev->is_custom;
        return put_signature(a, b, ev->text);
    }
    b = lookup_tool(c, ev->index);
    if (!b) {
        return APR_SUCCESS;
    }
    if (ev->type == LLMGW_EV_TOOL_END) {
        b->is_ended = 1;
        return APR_SUCCESS;
    }
    return llmgw_buf_put(b->text, ev->text);
}

/* The last text block is annotated, or an empty one. */
static apr_status_t take_annotation(llmgw_answer_t *a, llmgw_choice_t *c,
                                    const llmgw_event_t *ev)
{
    llmgw_block_t *b = join_block(a, c, LLMGW_EV_TEXT);
    llmgw_annotation_t *n;

    if (!b->annotations) {
        b->annotations = apr_array_make(a->pool, 2, sizeof(*n));
    }
    n = apr_array_push(b->annotations);
    n->raw = llmgw_str_dup(a->pool, ev->text);
    n->url = llmgw_str_dup(a->pool, ev->id);
    n->title = llmgw_str_dup(a->pool, ev->name);
    n->dialect = ev->dialect;
    return APR_SUCCESS;
}

/* The elements of a raw array join those before. */
static apr_status_t take_logprobs(llmgw_answer_t *a, llmgw_choice_t *c,
                                  llmgw_str_t raw)
{
    while (raw.len && strchr("[ \t\r\n", *raw.p)) {
        raw.p++;
        raw.len--;
    }
    while (raw.len && strchr("] \t\r\n", raw.p[raw.len - 1])) {
        raw.len--;
    }
    if (!c->logprobs) {
        c->logprobs = llmgw_buf_create(a->pool, a->bytes_max);
    }
    if (raw.len && c->logprobs->len) {
        llmgw_buf_putc(c->logprobs, ',');
    }
    return llmgw_buf_put(c->logprobs, raw);
}

/* An item that stands by itself. */
static apr_status_t take_item(llmgw_answer_t *a, llmgw_choice_t *c,
                              const llmgw_event_t *ev)
{
    llmgw_block_t *b = ev->type == LLMGW_EV_AUDIO
        ? join_block(a, c, ev->type) : add_block(a, c, ev->type);

    if (!b->media_type.p) {
        b->media_type = llmgw_str_dup(a->pool, ev->media_type);
    }
    if (!b->id.p) {
        b->id = llmgw_str_dup(a->pool, ev->id);
    }
    b->dialect = ev->dialect;
    return llmgw_buf_put(b->text, ev->text);
}

static apr_status_t take_signature(llmgw_answer_t *a, llmgw_choice_t *c,
                                   const llmgw_event_t *ev)
{
    if (ev->text.len == 0) {
        return APR_SUCCESS;
    }
    return put_signature(a, join_block(a, c, LLMGW_EV_REASONING), ev->text);
}

static apr_status_t take_content(llmgw_answer_t *a, llmgw_choice_t *c,
                                 const llmgw_event_t *ev)
{
    switch (ev->type) {
    case LLMGW_EV_TEXT:
    case LLMGW_EV_REASONING:
    case LLMGW_EV_REFUSAL:
        return ev->text.len
            ? llmgw_buf_put(join_block(a, c, ev->type)->text, ev->text)
            : APR_SUCCESS;
    case LLMGW_EV_SIGNATURE:
        return take_signature(a, c, ev);
    case LLMGW_EV_REDACTED:
    case LLMGW_EV_IMAGE:
    case LLMGW_EV_AUDIO:
    case LLMGW_EV_BUILTIN:
        return ev->text.len ? take_item(a, c, ev) : APR_SUCCESS;
    case LLMGW_EV_TOOL_START:
    case LLMGW_EV_TOOL_ARGS:
    case LLMGW_EV_TOOL_END:
        return take_tool(a, c, ev);
    case LLMGW_EV_ANNOTATION:
        return take_annotation(a, c, ev);
    case LLMGW_EV_LOGPROBS:
        return take_logprobs(a, c, ev->text);
    case LLMGW_EV_STOP:
        c->stop = ev->stop;
        c->stop_sequence = llmgw_str_dup(a->pool, ev->text);
        return APR_SUCCESS;
    default:
        return APR_SUCCESS;
    }
}

static const char *dupz(apr_pool_t *p, const char *z)
{
    return z ? apr_pstrdup(p, z) : NULL;
}

static void take_error(llmgw_answer_t *a, const llmgw_err_t *err)
{
    a->has_error = 1;
    a->error = *err;
    a->error.code = dupz(a->pool, err->code);
    a->error.message = dupz(a->pool, err->message);
    a->error.detail = dupz(a->pool, err->detail);
    a->error.param = dupz(a->pool, err->param);
}

static void take_start(llmgw_answer_t *a, const llmgw_event_t *ev)
{
    a->started = 1;
    a->id = llmgw_str_dup(a->pool, ev->id);
    a->model = llmgw_str_dup(a->pool, ev->model);
    a->created_sec = ev->created_sec;
}

apr_status_t llmgw_answer_event(void *answer, const llmgw_event_t *ev)
{
    llmgw_answer_t *a = answer;
    apr_status_t rv;

    switch (ev->type) {
    case LLMGW_EV_START:
        take_start(a, ev);
        return APR_SUCCESS;
    case LLMGW_EV_USAGE:
        llmgw_usage_set(&a->usage, ev->usage);
        return APR_SUCCESS;
    case LLMGW_EV_ERROR:
        take_error(a, ev->error);
        return APR_SUCCESS;
    case LLMGW_EV_PING:
        return APR_SUCCESS;
    default:
        break;
    }
    if (ev->choice < 0 || ev->choice >= CHOICES_MAX) {
        return LLMGW_EUPBODY;
    }
    rv = take_content(a, get_choice(a, ev->choice), ev);
    return rv == LLMGW_ETOOBIG ? LLMGW_EUPTOOBIG : rv;
}

/* ---- replay ------------------------------------------------------------- */

typedef struct replay_t {
    llmgw_event_fn fn;
    void *ctx;
    llmgw_event_t ev;           /* choice, index and id of the block are set */
} replay_t;

static apr_status_t replay(replay_t *r, llmgw_event_e type, llmgw_str_t text)
{
    r->ev.type = type;
    r->ev.text = text;
    return r->fn(r->ctx, &r->ev);
}

static apr_status_t replay_tool(replay_t *r, const llmgw_block_t *b)
{
    llmgw_str_t args = llmgw_buf_str(b->text);
    apr_status_t rv;

    rv = replay(r, LLMGW_EV_TOOL_START,
                b->signature ? llmgw_buf_str(b->signature) : LLMGW_STR_NULL);
    if (rv == APR_SUCCESS && args.len) {
        rv = replay(r, LLMGW_EV_TOOL_ARGS, args);
    }
    return rv == APR_SUCCESS ? replay(r, LLMGW_EV_TOOL_END, LLMGW_STR_NULL)
                             : rv;
}

static apr_status_t replay_annotations(replay_t *r, const llmgw_block_t *b)
{
    const llmgw_annotation_t *n;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; b->annotations && i < b->annotations->nelts; i++) {
        n = &APR_ARRAY_IDX(b->annotations, i, llmgw_annotation_t);
        r->ev.id = n->url;
        r->ev.name = n->title;
        r->ev.dialect = n->dialect;
        rv = replay(r, LLMGW_EV_ANNOTATION, n->raw);
        if (rv != APR_SUCCESS) {
            break;
        }
    }
    return rv;
}

static apr_status_t replay_block(replay_t *r, const llmgw_block_t *b)
{
    apr_status_t rv;

    r->ev.index = b->index;
    r->ev.id = b->id;
    r->ev.name = b->name;
    r->ev.media_type = b->media_type;
    r->ev.is_custom = b->is_custom;
    r->ev.dialect = b->dialect;
    if (b->type == LLMGW_EV_TOOL_START) {
        return replay_tool(r, b);
    }
    rv = replay(r, b->type, llmgw_buf_str(b->text));
    if (rv == APR_SUCCESS && b->signature) {
        rv = replay(r, LLMGW_EV_SIGNATURE, llmgw_buf_str(b->signature));
    }
    return rv == APR_SUCCESS ? replay_annotations(r, b) : rv;
}

/* The elements of the log probabilities, as an array again. */
static apr_status_t replay_logprobs(replay_t *r, const llmgw_answer_t *a,
                                    const llmgw_buf_t *logprobs)
{
    const char *raw = apr_pstrcat(a->pool, "[",
                                  logprobs->data ? logprobs->data : "", "]",
                                  NULL);

    return replay(r, LLMGW_EV_LOGPROBS, llmgw_str_of(raw));
}

static apr_status_t replay_choice(replay_t *r, const llmgw_answer_t *a,
                                  int number)
{
    const llmgw_choice_t *c = APR_ARRAY_IDX(a->choices, number,
                                            llmgw_choice_t *);
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < c->blocks->nelts && rv == APR_SUCCESS; i++) {
        memset(&r->ev, 0, sizeof(r->ev));
        r->ev.choice = number;
        rv = replay_block(r, APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *));
    }
    memset(&r->ev, 0, sizeof(r->ev));
    r->ev.choice = number;
    if (rv == APR_SUCCESS && c->logprobs) {
        rv = replay_logprobs(r, a, c->logprobs);
    }
    if (rv == APR_SUCCESS && c->stop != LLMGW_STOP_NONE) {
        r->ev.stop = c->stop;
        rv = replay(r, LLMGW_EV_STOP, c->stop_sequence);
    }
    return rv;
}

static int is_usage_known(const llmgw_usage_t *u)
{
    return u->prompt >= 0 || u->completion >= 0 || u->total >= 0;
}

apr_status_t llmgw_answer_replay(const llmgw_answer_t *answer,
                                 llmgw_event_fn fn, void *ctx)
{
    replay_t r = { fn, ctx, { 0 } };
    apr_status_t rv;
    int i;

    r.ev.id = answer->id;
    r.ev.model = answer->model;
    r.ev.created_sec = answer->created_sec;
    rv = replay(&r, LLMGW_EV_START, LLMGW_STR_NULL);
    for (i = 0; i < answer->choices->nelts && rv == APR_SUCCESS; i++) {
        rv = replay_choice(&r, answer, i);
    }
    memset(&r.ev, 0, sizeof(r.ev));
    if (rv == APR_SUCCESS && is_usage_known(&answer->usage)) {
        r.ev.usage = &answer->usage;
        rv = replay(&r, LLMGW_EV_USAGE, LLMGW_STR_NULL);
    }
    if (rv == APR_SUCCESS && answer->has_error) {
        r.ev.error = &answer->error;
        rv = replay(&r, LLMGW_EV_ERROR, LLMGW_STR_NULL);
    }
    return rv;
}

int llmgw_answer_is_empty(const llmgw_answer_t *answer)
{
    const llmgw_choice_t *c;
    int i;

    for (i = 0; i < answer->choices->nelts; i++) {
        c = APR_ARRAY_IDX(answer->choices, i, llmgw_choice_t *);
        if (c->blocks->nelts || c->stop != LLMGW_STOP_NONE) {
            return 0;
        }
    }
    return 1;
}
