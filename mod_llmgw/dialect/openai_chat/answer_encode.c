/* answer_encode.c: writing a stream of chat completion chunks */
#include <string.h>
#include "openai_chat.h"

#define CHOICES_MAX 128
#define HEAD_BYTES_MAX (64 * 1024)

#define PUT(b, text) llmgw_buf_append((b), (text), sizeof(text) - 1)

static int is_legacy(const llmgw_encoding_t *e)
{
    return e->opts.request && e->opts.request->legacy_functions;
}

/* ---- chunks ------------------------------------------------------------- */

/* What all chunks begin with is written once. */
static void put_head(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    openai_chat_encode_t *st = e->state;
    llmgw_json_writer_t w;

    if (st->head) {
        return;
    }
    st->head = llmgw_buf_create(e->pool, HEAD_BYTES_MAX);
    PUT(st->head, "data: ");
    memset(&w, 0, sizeof(w));
    w.out = st->head;
    llmgw_openai_chat_put_top(&w, "chat.completion.chunk", ev->id,
                              ev->created_sec, ev->model, &e->opts);
    PUT(st->head, ",\"choices\":[");
}

static void begin_chunk(llmgw_encoding_t *e)
{
    openai_chat_encode_t *st = e->state;
    llmgw_event_t none;

    if (!st->head) {
        memset(&none, 0, sizeof(none));
        put_head(e, &none);
    }
    llmgw_buf_put(e->out, llmgw_buf_str(st->head));
}

static void begin_delta(llmgw_encoding_t *e, int choice)
{
    begin_chunk(e);
    llmgw_buf_printf(e->out, "{\"index\":%d,\"delta\":{", choice);
}

/* The rest of a chunk after its choice. */
static apr_status_t end_chunk(llmgw_encoding_t *e)
{
    PUT(e->out, "]");
    if (e->opts.include_usage) {
        PUT(e->out, ",\"usage\":null");
    }
    return PUT(e->out, "}\n\n");
}

static apr_status_t end_delta(llmgw_encoding_t *e)
{
    PUT(e->out, "},\"logprobs\":null,\"finish_reason\":null}");
    return end_chunk(e);
}

/* ---- choices ------------------------------------------------------------ */

static openai_chat_outlet_t *get_outlet(llmgw_encoding_t *e, int choice)
{
    openai_chat_encode_t *st = e->state;

    if (choice < 0 || choice >= CHOICES_MAX) {
        return NULL;
    }
    if (!st->outlets) {
        st->outlets = apr_pcalloc(e->pool,
                                  CHOICES_MAX * sizeof(*st->outlets));
    }
    if (!st->outlets[choice]) {
        st->outlets[choice] = apr_pcalloc(e->pool,
                                          sizeof(openai_chat_outlet_t));
    }
    if (choice >= st->noutlets) {
        st->noutlets = choice + 1;
    }
    return st->outlets[choice];
}

/* The first delta of a choice, once, says whose it is. */
static void put_role(llmgw_encoding_t *e, openai_chat_outlet_t *o, int choice,
                     int has_content)
{
    if (o->has_role) {
        return;
    }
    o->has_role = 1;
    begin_delta(e, choice);
    PUT(e->out, "\"role\":\"assistant\",\"content\":");
    llmgw_buf_puts(e->out, has_content ? "\"\"" : "null");
    PUT(e->out, ",\"refusal\":null");
    end_delta(e);
}

/* A delta with one string member. */
static apr_status_t put_text(llmgw_encoding_t *e, openai_chat_outlet_t *o,
                             int choice, const char *name, llmgw_str_t text)
{
    if (text.len == 0) {
        return APR_SUCCESS;
    }
    o->detail += o->has_detail;     /* a signature after it is another's */
    o->has_detail = 0;
    put_role(e, o, choice, 1);
    begin_delta(e, choice);
    PUT(e->out, "\"");
    llmgw_buf_puts(e->out, name);
    PUT(e->out, "\":");
    llmgw_json_put_string(e->out, text);
    return end_delta(e);
}

/* ---- reasoning ---------------------------------------------------------- */

static void begin_detail(llmgw_encoding_t *e, const char *type,
                         const char *name)
{
    PUT(e->out, "\"reasoning_details\":[{\"type\":\"");
    llmgw_buf_puts(e->out, type);
    PUT(e->out, "\",\"");
    llmgw_buf_puts(e->out, name);
    PUT(e->out, "\":");
}

static apr_status_t end_detail(llmgw_encoding_t *e,
                               const openai_chat_outlet_t *o)
{
    llmgw_buf_printf(e->out, ",\"index\":%d}]", o->detail);
    return end_delta(e);
}

static apr_status_t put_reasoning(llmgw_encoding_t *e,
                                  openai_chat_outlet_t *o,
                                  const llmgw_event_t *ev)
{
    llmgw_str_t quoted;

    if (ev->text.len == 0) {
        return APR_SUCCESS;
    }
    o->has_detail = 1;
    put_role(e, o, ev->choice, 1);
    llmgw_json_put_string(e->scratch, ev->text);
    quoted = llmgw_buf_str(e->scratch);
    begin_delta(e, ev->choice);
    PUT(e->out, "\"reasoning_content\":");
    llmgw_buf_put(e->out, quoted);
    PUT(e->out, ",");
    begin_detail(e, "reasoning.text", "text");
    llmgw_buf_put(e->out, quoted);
    end_detail(e, o);
    return e->scratch->failed;
}

/* A signature ends its entry; redacted data are one by themselves. */
static apr_status_t put_opaque(llmgw_encoding_t *e, openai_chat_outlet_t *o,
                               const llmgw_event_t *ev)
{
    int redacted = ev->type == LLMGW_EV_REDACTED;
    apr_status_t rv;

    if (ev->text.len == 0) {
        return APR_SUCCESS;
    }
    if (redacted && o->has_detail) {
        o->detail++;
    }
    put_role(e, o, ev->choice, 1);
    begin_delta(e, ev->choice);
    begin_detail(e, redacted ? "reasoning.encrypted" : "reasoning.text",
                 redacted ? "data" : "signature");
    llmgw_json_put_string(e->out, ev->text);
    rv = end_detail(e, o);
    o->detail++;
    o->has_detail = 0;
    return rv;
}

/* ---- tool calls --------------------------------------------------------- */

static int get_has_args(const openai_chat_outlet_t *o, int index)
{
    return index >= 0 && index < o->ntools && o->has_args[index];
}

/* Remember a call; its arguments are still to come. */
static void add_tool(llmgw_encoding_t *e, openai_chat_outlet_t *o, int index)
{
    unsigned char *more;
    int cap = o->cap ? o->cap : 8;

    if (index < 0 || index > LLMGW_OPENAI_CHAT_TOOLS_MAX) {
        return;
    }
    while (cap <= index) {
        cap *= 2;
    }
    if (cap > o->cap) {
        more = apr_pcalloc(e->pool, (apr_size_t)cap);
        if (o->ntools) {
            memcpy(more, o->has_args, (apr_size_t)o->ntools);
        }
        o->has_args = more;
        o->cap = cap;
    }
    if (index >= o->ntools) {
        o->ntools = index + 1;
    }
}

static apr_status_t put_tool_start(llmgw_encoding_t *e,
                                   openai_chat_outlet_t *o,
                                   const llmgw_event_t *ev)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    add_tool(e, o, ev->index);
    put_role(e, o, ev->choice, 0);
    begin_delta(e, ev->choice);
    if (is_legacy(e)) {
        PUT(e->out, "\"function_call\":{\"name\":");
        llmgw_json_put_string(e->out, ev->name);
        PUT(e->out, ",\"arguments\":\"\"}");
        return end_delta(e);
    }
    PUT(e->out, "\"tool_calls\":[");
    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "index");
    llmgw_json_int_out(&w, ev->index);
    llmgw_openai_chat_put_call(&w, ev->choice, ev->index, ev->id, ev->name,
                               LLMGW_STR_LIT(""), ev->is_custom, ev->text,
                               &e->opts);
    llmgw_json_end(&w, '}');
    PUT(e->out, "]");
    return end_delta(e);
}

static apr_status_t put_args(llmgw_encoding_t *e, openai_chat_outlet_t *o,
                             const llmgw_event_t *ev, llmgw_str_t text)
{
    int custom = ev->is_custom;

    if (text.len == 0) {
        return APR_SUCCESS;
    }
    if (ev->index >= 0 && ev->index < o->ntools) {
        custom = o->has_args[ev->index] & 2;
        o->has_args[ev->index] |= 1;
    }
    begin_delta(e, ev->choice);
    if (is_legacy(e)) {
        PUT(e->out, "\"function_call\":{\"arguments\":");
        llmgw_json_put_string(e->out, text);
        PUT(e->out, "}");
        return end_delta(e);
    }
    llmgw_buf_printf(e->out, "\"tool_calls\":[{\"index\":%d,\"%s\":", ev->index,
                     custom ? "custom" : "function");
    llmgw_buf_puts(e->out, custom ? "{\"input\":" : "{\"arguments\":");
    llmgw_json_put_string(e->out, text);
    PUT(e->out, "}}]");
    return end_delta(e);
}

static apr_status_t put_tool(llmgw_encoding_t *e, openai_chat_outlet_t *o,
                             const llmgw_event_t *ev)
{
    apr_status_t rv;

    if (ev->type == LLMGW_EV_TOOL_START) {
        if (is_legacy(e) && o->ntools) {
            return APR_SUCCESS;     /* there was only ever one */
        }
        rv = put_tool_start(e, o, ev);
        if (ev->is_custom && ev->index >= 0 && ev->index < o->ntools) {
            o->has_args[ev->index] |= 2;
        }
        return rv;
    }
    if (is_legacy(e) && ev->index > 0) {
        return APR_SUCCESS;
    }
    if (ev->type == LLMGW_EV_TOOL_ARGS) {
        return put_args(e, o, ev, ev->text);
    }
    return get_has_args(o, ev->index)
        ? APR_SUCCESS : put_args(e, o, ev, LLMGW_STR_LIT("{}"));
}

/* ---- the rest ----------------------------------------------------------- */

/* A raw text as one line. */
static llmgw_str_t flatten(llmgw_encoding_t *e, llmgw_str_t raw)
{
    apr_size_t start = e->scratch->len;

    llmgw_buf_put(e->scratch, raw);
    llmgw_openai_flatten(e->scratch, start);
    return llmgw_buf_str(e->scratch);
}

static apr_status_t put_annotation(llmgw_encoding_t *e,
                                   openai_chat_outlet_t *o,
                                   const llmgw_event_t *ev)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    if (ev->dialect != &llmgw_dialect_openai_chat && !ev->id.len) {
        return APR_SUCCESS;         /* nothing OpenAI has a form for */
    }
    put_role(e, o, ev->choice, 1);
    begin_delta(e, ev->choice);
    PUT(e->out, "\"annotations\":[");
    llmgw_openai_chat_put_annotation(&w, flatten(e, ev->text), ev->id,
                                     ev->name, ev->dialect);
    PUT(e->out, "]");
    return end_delta(e);
}

static apr_status_t put_media(llmgw_encoding_t *e, openai_chat_outlet_t *o,
                              const llmgw_event_t *ev)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    if (ev->text.len == 0) {
        return APR_SUCCESS;
    }
    put_role(e, o, ev->choice, 1);
    begin_delta(e, ev->choice);
    if (ev->type == LLMGW_EV_AUDIO) {
        PUT(e->out, "\"audio\":{\"data\":");
        llmgw_json_put_string(e->out, ev->text);
        PUT(e->out, "}");
    }
    else {
        PUT(e->out, "\"images\":[{\"type\":\"image_url\",\"image_url\":"
                    "{\"url\":");
        llmgw_openai_put_data_url(&w, ev->media_type, ev->text);
        PUT(e->out, "}}]");
    }
    return end_delta(e);
}

static apr_status_t put_logprobs(llmgw_encoding_t *e, openai_chat_outlet_t *o,
                                 const llmgw_event_t *ev)
{
    if (ev->text.len == 0) {
        return APR_SUCCESS;
    }
    put_role(e, o, ev->choice, 1);
    begin_delta(e, ev->choice);
    PUT(e->out, "},\"logprobs\":{\"content\":");
    llmgw_buf_put(e->out, flatten(e, ev->text));
    PUT(e->out, ",\"refusal\":null},\"finish_reason\":null}");
    return end_chunk(e);
}

static apr_status_t put_stop(llmgw_encoding_t *e, openai_chat_outlet_t *o,
                             int choice, llmgw_stop_e stop)
{
    put_role(e, o, choice, 1);
    o->is_stopped = 1;
    begin_delta(e, choice);
    PUT(e->out, "},\"logprobs\":null,\"finish_reason\":\"");
    llmgw_buf_puts(e->out, llmgw_openai_chat_finish_reason(stop, o->ntools > 0,
                                                           is_legacy(e)));
    PUT(e->out, "\"}");
    return end_chunk(e);
}

static apr_status_t put_error(llmgw_encoding_t *e, const llmgw_err_t *err)
{
    openai_chat_encode_t *st = e->state;

    st->has_failed = 1;
    PUT(e->out, "data: ");
    llmgw_openai_error_encode(e->out, err, NULL);
    return PUT(e->out, "\n\n");
}

static apr_status_t put_content(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    openai_chat_outlet_t *o = get_outlet(e, ev->choice);

    if (!o || o->is_stopped) {
        return APR_SUCCESS;
    }
    switch (ev->type) {
    case LLMGW_EV_TEXT:
        return put_text(e, o, ev->choice, "content", ev->text);
    case LLMGW_EV_REFUSAL:
        return put_text(e, o, ev->choice, "refusal", ev->text);
    case LLMGW_EV_REASONING:
        return put_reasoning(e, o, ev);
    case LLMGW_EV_SIGNATURE:
    case LLMGW_EV_REDACTED:
        return put_opaque(e, o, ev);
    case LLMGW_EV_TOOL_START:
    case LLMGW_EV_TOOL_ARGS:
    case LLMGW_EV_TOOL_END:
        return put_tool(e, o, ev);
    case LLMGW_EV_ANNOTATION:
        return put_annotation(e, o, ev);
    case LLMGW_EV_IMAGE:
    case LLMGW_EV_AUDIO:
        return put_media(e, o, ev);
    case LLMGW_EV_LOGPROBS:
        return put_logprobs(e, o, ev);
    case LLMGW_EV_STOP:
        return put_stop(e, o, ev->choice, ev->stop);
    default:
        return APR_SUCCESS;         /* BUILTIN: clients have no place for it */
    }
}

apr_status_t llmgw_openai_chat_encode_event(llmgw_encoding_t *e,
                                            const llmgw_event_t *ev)
{
    openai_chat_encode_t *st = e->state;

    switch (ev->type) {
    case LLMGW_EV_START:
        put_head(e, ev);
        return st->head->failed;
    case LLMGW_EV_USAGE:
        if (!st->has_usage) {
            st->usage = (llmgw_usage_t)LLMGW_USAGE_INIT;
        }
        st->has_usage = 1;
        llmgw_usage_set(&st->usage, ev->usage);
        return APR_SUCCESS;
    case LLMGW_EV_PING:
        return llmgw_sse_put_comment(e->out, "ping");
    case LLMGW_EV_ERROR:
        return put_error(e, ev->error);
    default:
        return put_content(e, ev);
    }
}

static void put_usage_chunk(llmgw_encoding_t *e)
{
    openai_chat_encode_t *st = e->state;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    begin_chunk(e);
    PUT(e->out, "],\"usage\":");
    llmgw_openai_chat_put_usage(&w, &st->usage);
    PUT(e->out, "}\n\n");
}

apr_status_t llmgw_openai_chat_encode_end(llmgw_encoding_t *e)
{
    openai_chat_encode_t *st = e->state;
    int i;

    if (!st->has_failed) {
        get_outlet(e, 0);           /* an answer has at least one choice */
        for (i = 0; i < st->noutlets; i++) {
            if (st->outlets[i] && !st->outlets[i]->is_stopped) {
                put_stop(e, st->outlets[i], i, LLMGW_STOP_NONE);
            }
        }
        if (e->opts.include_usage && st->has_usage) {
            put_usage_chunk(e);
        }
    }
    return PUT(e->out, LLMGW_OPENAI_STREAM_END);
}
