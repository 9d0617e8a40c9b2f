/* answer_stream.c: writing the content blocks of a stream */
#include <string.h>
#include "anthropic.h"

#define CITATIONS_BYTES_MAX (16 * 1024 * 1024)

#define PUT(b, text) llmgw_buf_append((b), (text), sizeof(text) - 1)

/* ---- frames ------------------------------------------------------------- */

static void begin_start(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;

    PUT(e->out, "event: content_block_start\n"
                "data: {\"type\":\"content_block_start\",\"index\":");
    llmgw_buf_printf(e->out, "%d,\"content_block\":", st->nblocks);
}

static apr_status_t end_frame(llmgw_encoding_t *e)
{
    return PUT(e->out, "}\n\n");
}

static void begin_delta(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;

    PUT(e->out, "event: content_block_delta\n"
                "data: {\"type\":\"content_block_delta\",\"index\":");
    llmgw_buf_printf(e->out, "%d,\"delta\":{\"type\":\"", st->nblocks);
}

/* A delta with one string member; head ends with the member's colon. */
static apr_status_t put_delta(llmgw_encoding_t *e, const char *head,
                              llmgw_str_t text)
{
    begin_delta(e);
    llmgw_buf_puts(e->out, head);
    llmgw_json_put_string(e->out, text);
    PUT(e->out, "}");
    return end_frame(e);
}

/* ---- blocks ------------------------------------------------------------- */

static apr_status_t put_json(llmgw_encoding_t *e, llmgw_str_t text)
{
    return put_delta(e, "input_json_delta\",\"partial_json\":", text);
}

/* A free-form tool's input is a text within an object; a function that was
 * given no arguments gets one delta of nothing, as Anthropic sends it. */
static void end_args(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;

    if (!st->call.has_args) {
        put_json(e, LLMGW_STR_LIT(""));
    }
    else if (st->call.is_custom) {
        put_json(e, LLMGW_STR_LIT("\"}"));
    }
}

void llmgw_anthropic_close(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;

    if (st->open == ANTHROPIC_BLOCK_NONE) {
        return;
    }
    if (st->open == ANTHROPIC_BLOCK_TOOL) {
        end_args(e);
    }
    PUT(e->out, "event: content_block_stop\n"
                "data: {\"type\":\"content_block_stop\",\"index\":");
    llmgw_buf_printf(e->out, "%d", st->nblocks);
    end_frame(e);
    st->open = ANTHROPIC_BLOCK_NONE;
    st->nblocks++;
}

/* Citations that came before their text. */
static void put_waiting_citations(llmgw_encoding_t *e)
{
    anthropic_encode_t *st = e->state;
    const char *line, *end;

    if (!st->citations) {
        return;
    }
    line = st->citations->data;
    while (st->citations->len && (end = strchr(line, '\n')) != NULL) {
        begin_delta(e);
        PUT(e->out, "citations_delta\",\"citation\":");
        llmgw_buf_append(e->out, line, (apr_size_t)(end - line));
        PUT(e->out, "}");
        end_frame(e);
        line = end + 1;
    }
    llmgw_buf_clear(st->citations);
}

/* Make this kind of block the open one. */
static void open_block(llmgw_encoding_t *e, anthropic_block_e kind)
{
    anthropic_encode_t *st = e->state;

    if (st->open == kind) {
        return;
    }
    llmgw_anthropic_close(e);
    st->open = kind;
    begin_start(e);
    if (kind == ANTHROPIC_BLOCK_TEXT) {
        PUT(e->out, "{\"type\":\"text\",\"text\":\"\",\"citations\":[]}");
        end_frame(e);
        put_waiting_citations(e);
        return;
    }
    PUT(e->out, "{\"type\":\"thinking\",\"thinking\":\"\","
                "\"signature\":\"\"}");
    end_frame(e);
    if (st->citations) {
        llmgw_buf_clear(st->citations);
    }
}

/* ---- calls -------------------------------------------------------------- */

void llmgw_anthropic_open_call(llmgw_encoding_t *e,
                               const anthropic_waiting_t *call)
{
    anthropic_encode_t *st = e->state;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(e->out);

    llmgw_anthropic_close(e);
    st->open = ANTHROPIC_BLOCK_TOOL;
    st->call = call->call;
    begin_start(e);
    llmgw_anthropic_put_call(&w, call->call.index, call->id, call->name,
                             call->signature, &e->opts);
    llmgw_json_opt_raw(&w, "input", LLMGW_STR_LIT("{}"));
    llmgw_json_end(&w, '}');
    end_frame(e);
}

/* Follow the brackets of arguments, to know when they are a whole value. */
static void follow(anthropic_call_t *call, llmgw_str_t text)
{
    apr_size_t i;
    char c;

    for (i = 0; i < text.len && !call->is_whole; i++) {
        c = text.p[i];
        if (call->in_string) {
            call->in_string = call->is_escaped || c != '"';
            call->is_escaped = !call->is_escaped && c == '\\';
        }
        else if (c == '"') {
            call->in_string = 1;
        }
        else if (c == '{' || c == '[') {
            call->depth++;
        }
        else if ((c == '}' || c == ']') && --call->depth <= 0) {
            call->is_whole = 1;
        }
    }
}

void llmgw_anthropic_put_args(llmgw_encoding_t *e, llmgw_str_t text)
{
    anthropic_encode_t *st = e->state;

    if (text.len == 0) {
        return;
    }
    if (st->call.is_custom) {
        llmgw_buf_clear(e->scratch);
        if (!st->call.has_args) {
            PUT(e->scratch, "{\"input\":\"");
        }
        llmgw_json_put_escaped(e->scratch, text);
        text = llmgw_buf_str(e->scratch);
    }
    else {
        follow(&st->call, text);
    }
    st->call.has_args = 1;
    put_json(e, text);
}

/* ---- other content ------------------------------------------------------ */

/* It ends its block, which may hold nothing else. */
static apr_status_t put_signature(llmgw_encoding_t *e, llmgw_str_t text)
{
    open_block(e, ANTHROPIC_BLOCK_THINKING);
    put_delta(e, "signature_delta\",\"signature\":", text);
    llmgw_anthropic_close(e);
    return e->out->failed;
}

/* A block that comes in one piece. */
static apr_status_t put_item(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;

    if (ev->type == LLMGW_EV_BUILTIN
        && ev->dialect != &llmgw_dialect_anthropic) {
        return APR_SUCCESS;
    }
    llmgw_anthropic_close(e);
    st->open = ANTHROPIC_BLOCK_SERVER;
    begin_start(e);
    if (ev->type == LLMGW_EV_REDACTED) {
        PUT(e->out, "{\"type\":\"redacted_thinking\",\"data\":");
        llmgw_json_put_string(e->out, ev->text);
        PUT(e->out, "}");
    }
    else {
        llmgw_anthropic_put_flat(e->out, ev->text);
    }
    end_frame(e);
    llmgw_anthropic_close(e);
    return e->out->failed;
}

/* It belongs to the open text, else to the one that comes next. */
static apr_status_t put_citation(llmgw_encoding_t *e, const llmgw_event_t *ev)
{
    anthropic_encode_t *st = e->state;
    llmgw_json_writer_t w;

    if (!st->citations) {
        st->citations = llmgw_buf_create(e->pool, CITATIONS_BYTES_MAX);
    }
    memset(&w, 0, sizeof(w));
    w.out = st->citations;
    if (llmgw_anthropic_put_citation(&w, ev->text, ev->id, ev->name,
                                     ev->dialect)) {
        llmgw_buf_putc(st->citations, '\n');
        if (st->open == ANTHROPIC_BLOCK_TEXT) {
            put_waiting_citations(e);
        }
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_anthropic_put_plain(llmgw_encoding_t *e,
                                       const llmgw_event_t *ev)
{
    switch (ev->type) {
    case LLMGW_EV_TEXT:
        open_block(e, ANTHROPIC_BLOCK_TEXT);
        return put_delta(e, "text_delta\",\"text\":", ev->text);
    case LLMGW_EV_REASONING:
        open_block(e, ANTHROPIC_BLOCK_THINKING);
        return put_delta(e, "thinking_delta\",\"thinking\":", ev->text);
    case LLMGW_EV_SIGNATURE:
        return put_signature(e, ev->text);
    case LLMGW_EV_REDACTED:
    case LLMGW_EV_BUILTIN:
        return put_item(e, ev);
    case LLMGW_EV_ANNOTATION:
        return put_citation(e, ev);
    default:
        return APR_SUCCESS;
    }
}
