/* answer_parts.c: reading the parts of a candidate's content */
#include <string.h>
#include "gemini.h"

static llmgw_str_t get_text(llmgw_decode_t *d, const llmgw_json_t *obj,
                            const char *name)
{
    return llmgw_json_string_buf(llmgw_json_lookup_type(obj, name,
                                                        LLMGW_JSON_STRING),
                                 d->scratch);
}

static llmgw_str_t get_signature(llmgw_decode_t *d, const llmgw_json_t *part)
{
    return get_text(d, part, "thoughtSignature");
}

/* ---- text and media ----------------------------------------------------- */

/* The signature of a text, a thought or an image. */
static apr_status_t emit_signature(llmgw_decode_t *d, int choice,
                                   const llmgw_json_t *part)
{
    llmgw_str_t signature = get_signature(d, part), data;

    if (llmgw_gemini_is_redacted(signature, &data)) {
        return llmgw_emit_text(d, LLMGW_EV_REDACTED, choice, data);
    }
    return llmgw_emit_text(d, LLMGW_EV_SIGNATURE, choice, signature);
}

static apr_status_t read_text(llmgw_decode_t *d, int choice,
                              const llmgw_json_t *part)
{
    int thought = llmgw_json_bool(llmgw_json_lookup(part, "thought"), 0);
    apr_status_t rv;

    rv = llmgw_emit_text(d, thought ? LLMGW_EV_REASONING : LLMGW_EV_TEXT,
                         choice, get_text(d, part, "text"));
    return rv == APR_SUCCESS ? emit_signature(d, choice, part) : rv;
}

static apr_status_t emit_builtin(llmgw_decode_t *d, int choice,
                                 llmgw_str_t raw)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_BUILTIN;
    ev.choice = choice;
    ev.text = raw;
    ev.dialect = &llmgw_dialect_gemini;
    return d->emit(d->emit_ctx, &ev);
}

apr_status_t llmgw_gemini_emit_item(llmgw_decode_t *d, int choice,
                                    const char *name,
                                    const llmgw_json_t *value)
{
    llmgw_str_t raw = llmgw_json_raw(value);
    apr_size_t at = d->scratch->len;

    llmgw_buf_printf(d->scratch, "{\"%s\":", name);
    llmgw_buf_put(d->scratch, raw);
    if (llmgw_buf_putc(d->scratch, '}') != APR_SUCCESS) {
        return LLMGW_EUPTOOBIG;
    }
    return emit_builtin(d, choice, llmgw_str_make(d->scratch->data + at,
                                                  d->scratch->len - at));
}

static int begins_with(llmgw_str_t s, const char *start)
{
    apr_size_t n = strlen(start);

    return s.len >= n && memcmp(s.p, start, n) == 0;
}

/* Pictures and sound; what is thought aloud in them stays as it is. */
static apr_status_t read_data(llmgw_decode_t *d, int choice,
                              const llmgw_json_t *part,
                              const llmgw_json_t *data)
{
    llmgw_event_t ev;
    apr_status_t rv;

    memset(&ev, 0, sizeof(ev));
    ev.choice = choice;
    ev.media_type = get_text(d, data, "mimeType");
    ev.text = get_text(d, data, "data");
    ev.type = begins_with(ev.media_type, "image/") ? LLMGW_EV_IMAGE
        : begins_with(ev.media_type, "audio/") ? LLMGW_EV_AUDIO
        : LLMGW_EV_BUILTIN;
    if (ev.type == LLMGW_EV_BUILTIN || !ev.text.len
        || llmgw_json_bool(llmgw_json_lookup(part, "thought"), 0)) {
        return emit_builtin(d, choice, llmgw_json_raw(part));
    }
    rv = d->emit(d->emit_ctx, &ev);
    return rv == APR_SUCCESS ? emit_signature(d, choice, part) : rv;
}

/* ---- calls -------------------------------------------------------------- */

static apr_status_t emit_tool(llmgw_decode_t *d, int choice,
                              const gemini_candidate_t *c, llmgw_event_e type,
                              llmgw_str_t text)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.choice = choice;
    ev.index = c->ncalls - 1;
    ev.text = text;
    return d->emit(d->emit_ctx, &ev);
}

/* Calls have names but seldom ids, which others cannot do without. */
static llmgw_str_t get_id(llmgw_decode_t *d, int choice, int index,
                          const llmgw_json_t *call)
{
    const gemini_decode_t *st = d->state;
    llmgw_str_t id = get_text(d, call, "id");
    apr_size_t at = d->scratch->len;

    if (id.len || !st->id.len) {
        return id;
    }
    llmgw_buf_printf(d->scratch, "call_%.*s_%d_%d", LLMGW_STR_ARG(st->id),
                     choice, index);
    return d->scratch->failed != APR_SUCCESS ? LLMGW_STR_NULL
        : llmgw_str_make(d->scratch->data + at, d->scratch->len - at);
}

static apr_status_t start_call(llmgw_decode_t *d, int choice,
                               gemini_candidate_t *c,
                               const llmgw_json_t *part,
                               const llmgw_json_t *call)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_TOOL_START;
    ev.choice = choice;
    ev.index = c->ncalls++;
    ev.id = get_id(d, choice, ev.index, call);
    ev.name = get_text(d, call, "name");
    ev.text = get_signature(d, part);
    return d->emit(d->emit_ctx, &ev);
}

static apr_status_t end_call(llmgw_decode_t *d, int choice,
                             gemini_candidate_t *c, llmgw_str_t args)
{
    apr_status_t rv = emit_tool(d, choice, c, LLMGW_EV_TOOL_ARGS, args);

    return rv == APR_SUCCESS
        ? emit_tool(d, choice, c, LLMGW_EV_TOOL_END, LLMGW_STR_NULL) : rv;
}

/* End the call whose arguments came in pieces, if one is open. */
static apr_status_t end_partial(llmgw_decode_t *d, int choice,
                                gemini_candidate_t *c)
{
    llmgw_str_t args;
    apr_status_t rv;

    if (!llmgw_gemini_partial_is_open(c->partial)) {
        return APR_SUCCESS;
    }
    rv = llmgw_gemini_partial_finish(c->partial, &args);
    return rv == APR_SUCCESS ? end_call(d, choice, c, args) : rv;
}

/*
 * A call comes whole, or, where that was asked for, in pieces: the first has
 * the name, the last says no longer that there will be more.
 */
static apr_status_t read_call(llmgw_decode_t *d, int choice,
                              gemini_candidate_t *c, const llmgw_json_t *part,
                              const llmgw_json_t *call)
{
    const llmgw_json_t *args = llmgw_json_lookup_type(call, "args",
                                                      LLMGW_JSON_OBJECT);
    const llmgw_json_t *pieces = llmgw_json_lookup(call, "partialArgs");
    int more = llmgw_json_bool(llmgw_json_lookup(call, "willContinue"), 0);
    int named = llmgw_json_lookup_type(call, "name", LLMGW_JSON_STRING)
        != NULL;
    apr_status_t rv = APR_SUCCESS;

    if (named || args) {
        rv = end_partial(d, choice, c);
    }
    if (rv == APR_SUCCESS && (named || args)) {
        rv = start_call(d, choice, c, part, call);
        if (rv == APR_SUCCESS && (args || (!more && !pieces))) {
            return end_call(d, choice, c, args ? llmgw_json_raw(args)
                                               : LLMGW_STR_LIT("{}"));
        }
        llmgw_gemini_partial_start(&c->partial, d->pool);
    }
    if (rv != APR_SUCCESS || !llmgw_gemini_partial_is_open(c->partial)) {
        return rv;
    }
    rv = llmgw_gemini_partial_take(c->partial, pieces, d->scratch);
    return rv == APR_SUCCESS && !more ? end_partial(d, choice, c) : rv;
}

/* ---- parts -------------------------------------------------------------- */

/* Is there more to it than a text, a signature and the like? */
static int is_item(const llmgw_json_t *part)
{
    const llmgw_json_t *v = NULL;

    while (llmgw_json_member(part, v, &v)) {
        if (v->type == LLMGW_JSON_OBJECT) {
            return 1;
        }
    }
    return 0;
}

/* What strings unescape to, and an id, so that nothing moves. */
static apr_status_t reserve(llmgw_decode_t *d, const llmgw_json_t *part)
{
    llmgw_buf_clear(d->scratch);
    return llmgw_buf_reserve(d->scratch, (part ? part->len : 0) + 128)
        == APR_SUCCESS ? APR_SUCCESS : LLMGW_EUPTOOBIG;
}

apr_status_t llmgw_gemini_read_part(llmgw_decode_t *d, int choice,
                                    gemini_candidate_t *c,
                                    const llmgw_json_t *part)
{
    const llmgw_json_t *v;
    apr_status_t rv = reserve(d, part);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    v = llmgw_json_lookup_type(part, "functionCall", LLMGW_JSON_OBJECT);
    if (v) {
        return read_call(d, choice, c, part, v);
    }
    if (!is_item(part)) {
        return read_text(d, choice, part);
    }
    rv = end_partial(d, choice, c);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    v = llmgw_json_lookup_type(part, "inlineData", LLMGW_JSON_OBJECT);
    if (v) {
        return read_data(d, choice, part, v);
    }
    return emit_builtin(d, choice, llmgw_json_raw(part));
}

apr_status_t llmgw_gemini_end_parts(llmgw_decode_t *d, int choice,
                                    gemini_candidate_t *c)
{
    return end_partial(d, choice, c);
}
