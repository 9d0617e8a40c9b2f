/* answer_extras.c: what stands beside a candidate's content */
#include <string.h>
#include "gemini.h"

static llmgw_str_t get_text(llmgw_decode_t *d, const llmgw_json_t *obj,
                            const char *name)
{
    return llmgw_json_string_buf(llmgw_json_lookup_type(obj, name,
                                                        LLMGW_JSON_STRING),
                                 d->scratch);
}

/* ---- sources ------------------------------------------------------------ */

static apr_status_t emit_source(llmgw_decode_t *d, int choice,
                                const llmgw_json_t *raw,
                                const llmgw_json_t *source)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ANNOTATION;
    ev.choice = choice;
    ev.text = llmgw_json_raw(raw);
    ev.id = get_text(d, source, "uri");
    ev.name = get_text(d, source, "title");
    ev.dialect = &llmgw_dialect_gemini;
    return ev.id.len ? d->emit(d->emit_ctx, &ev) : APR_SUCCESS;
}

/* {"web":{"uri","title"}}, "retrievedContext" and "maps" likewise. */
static const llmgw_json_t *get_source(const llmgw_json_t *chunk)
{
    static const char *const kinds[] = { "web", "retrievedContext", "maps",
                                         "image" };
    const llmgw_json_t *v;
    apr_size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        v = llmgw_json_lookup_type(chunk, kinds[i], LLMGW_JSON_OBJECT);
        if (v) {
            return v;
        }
    }
    return chunk;
}

/* A later chunk may say again what one before it said. */
static apr_status_t emit_sources(llmgw_decode_t *d, int choice,
                                 gemini_candidate_t *c,
                                 const llmgw_json_t *list)
{
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;
    int i = 0;

    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v), i++) {
        if (i >= c->ncited) {
            c->ncited = i + 1;
            rv = emit_source(d, choice, v, get_source(v));
        }
    }
    return rv;
}

/* An object with something in it, as an item of its own. */
static apr_status_t emit_metadata(llmgw_decode_t *d, int choice,
                                  const llmgw_json_t *candidate,
                                  const char *name, const llmgw_json_t **v)
{
    *v = llmgw_json_lookup_type(candidate, name, LLMGW_JSON_OBJECT);
    if (!*v || !(*v)->count) {
        return APR_SUCCESS;
    }
    llmgw_buf_clear(d->scratch);
    if (llmgw_buf_reserve(d->scratch, 2 * (apr_size_t)(*v)->len + 64)
        != APR_SUCCESS) {
        return LLMGW_EUPTOOBIG;
    }
    return llmgw_gemini_emit_item(d, choice, name, *v);
}

/* ---- log probabilities, in OpenAI's form -------------------------------- */

static void put_token(llmgw_json_writer_t *w, llmgw_buf_t *scratch,
                      const llmgw_json_t *v)
{
    const llmgw_json_t *n = llmgw_json_lookup_type(v, "logProbability",
                                                   LLMGW_JSON_NUMBER);
    llmgw_str_t token;
    apr_size_t i;

    /* the text is in the source or, unescaped, at the scratch's end */
    token = llmgw_json_string_buf(llmgw_json_lookup(v, "token"), scratch);
    llmgw_json_key(w, "token");
    llmgw_json_str(w, token.p ? token : LLMGW_STR_LIT(""));
    llmgw_json_key(w, "logprob");
    llmgw_json_raw_out(w, n ? llmgw_json_raw(n) : LLMGW_STR_LIT("0"));
    llmgw_json_key(w, "bytes");
    llmgw_json_begin(w, '[');
    for (i = 0; i < token.len; i++) {
        llmgw_json_int_out(w, (unsigned char)token.p[i]);
    }
    llmgw_json_end(w, ']');
}

static void put_chosen(llmgw_json_writer_t *w, llmgw_buf_t *scratch,
                       const llmgw_json_t *chosen, const llmgw_json_t *top)
{
    const llmgw_json_t *list = llmgw_json_lookup(top, "candidates"), *v;

    llmgw_json_begin(w, '{');
    put_token(w, scratch, chosen);
    llmgw_json_key(w, "top_logprobs");
    llmgw_json_begin(w, '[');
    for (v = llmgw_json_each(list, NULL); v; v = llmgw_json_each(list, v)) {
        llmgw_json_begin(w, '{');
        put_token(w, scratch, v);
        llmgw_json_end(w, '}');
    }
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
}

static apr_status_t read_logprobs(llmgw_decode_t *d, int choice,
                                  const llmgw_json_t *candidate)
{
    gemini_decode_t *st = d->state;
    const llmgw_json_t *result = llmgw_json_lookup(candidate,
                                                   "logprobsResult");
    const llmgw_json_t *list = llmgw_json_lookup(result, "chosenCandidates");
    const llmgw_json_t *tops = llmgw_json_lookup(result, "topCandidates");
    const llmgw_json_t *v = llmgw_json_each(list, NULL);
    const llmgw_json_t *top = llmgw_json_each(tops, NULL);
    llmgw_json_writer_t w;

    if (!v) {
        return APR_SUCCESS;
    }
    if (!st->logprobs) {
        st->logprobs = llmgw_buf_create(d->pool, d->scratch->bytes_max);
    }
    llmgw_buf_clear(st->logprobs);
    memset(&w, 0, sizeof(w));
    w.out = st->logprobs;
    llmgw_json_begin(&w, '[');
    for (; v; v = llmgw_json_each(list, v)) {
        llmgw_buf_clear(d->scratch);
        put_chosen(&w, d->scratch, v, top);
        top = top ? llmgw_json_each(tops, top) : NULL;
    }
    llmgw_json_end(&w, ']');
    if (st->logprobs->failed != APR_SUCCESS
        || d->scratch->failed != APR_SUCCESS) {
        return LLMGW_EUPTOOBIG;
    }
    return llmgw_emit_text(d, LLMGW_EV_LOGPROBS, choice,
                           llmgw_buf_str(st->logprobs));
}

apr_status_t llmgw_gemini_read_extras(llmgw_decode_t *d, int choice,
                                      gemini_candidate_t *c,
                                      const llmgw_json_t *candidate)
{
    const llmgw_json_t *v = NULL, *list;
    apr_status_t rv = read_logprobs(d, choice, candidate);

    if (rv == APR_SUCCESS) {
        rv = emit_metadata(d, choice, candidate, "groundingMetadata", &v);
    }
    if (rv == APR_SUCCESS) {
        rv = emit_sources(d, choice, c,
                          llmgw_json_lookup(v, "groundingChunks"));
    }
    if (rv == APR_SUCCESS) {
        rv = emit_metadata(d, choice, candidate, "citationMetadata", &v);
    }
    list = llmgw_json_lookup(v, "citations");
    list = list ? list : llmgw_json_lookup(v, "citationSources");
    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        rv = emit_source(d, choice, v, v);
    }
    if (rv == APR_SUCCESS) {
        rv = emit_metadata(d, choice, candidate, "urlContextMetadata", &v);
    }
    return rv;
}
