/* answer_put.c: pieces of generateContent's answers */
#include <string.h>
#include <apr_strings.h>
#include "gemini.h"

/* ---- parts -------------------------------------------------------------- */

void llmgw_gemini_put_text(llmgw_json_writer_t *w, llmgw_str_t text,
                           int is_thought, llmgw_str_t signature)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "text");
    llmgw_json_str(w, text.p ? text : LLMGW_STR_LIT(""));
    if (is_thought) {
        llmgw_json_key(w, "thought");
        llmgw_json_bool_out(w, 1);
    }
    if (signature.len) {
        llmgw_json_opt_str(w, "thoughtSignature", signature);
    }
    llmgw_json_end(w, '}');
}

void llmgw_gemini_put_redacted(llmgw_json_writer_t *w, llmgw_str_t data)
{
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "text", LLMGW_STR_LIT(""));
    llmgw_json_key(w, "thought");
    llmgw_json_bool_out(w, 1);
    llmgw_json_key(w, "thoughtSignature");
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\"" LLMGW_GEMINI_REDACTED));
    llmgw_json_put_escaped(w->out, data);
    llmgw_buf_putc(w->out, '"');
    llmgw_json_end(w, '}');
}

void llmgw_gemini_put_data(llmgw_json_writer_t *w, llmgw_str_t media_type,
                           const char *media_default, llmgw_str_t data)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "inlineData");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "mimeType");
    llmgw_json_str(w, media_type.len ? media_type
                                     : llmgw_str_of(media_default));
    llmgw_json_opt_str(w, "data", data);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

void llmgw_gemini_put_flat(llmgw_json_writer_t *w, llmgw_str_t raw)
{
    apr_size_t at, i;

    llmgw_json_raw_out(w, LLMGW_STR_LIT(""));   /* the comma, if due */
    at = w->out->len;
    if (llmgw_buf_put(w->out, raw) != APR_SUCCESS) {
        return;
    }
    for (i = at; i < w->out->len; i++) {
        if (w->out->data[i] == '\n' || w->out->data[i] == '\r') {
            w->out->data[i] = ' ';
        }
    }
}

static void put_args(llmgw_json_writer_t *w, llmgw_str_t args, int is_custom,
                     int is_flat)
{
    llmgw_json_key(w, "args");
    if (!is_custom && llmgw_raw_is_object(args)) {
        if (is_flat) {
            llmgw_gemini_put_flat(w, args);
        }
        else {
            llmgw_json_raw_out(w, args);
        }
        return;
    }
    llmgw_json_begin(w, '{');
    if (args.len) {
        llmgw_json_opt_str(w, "input", args);
    }
    llmgw_json_end(w, '}');
}

void llmgw_gemini_put_call(llmgw_json_writer_t *w, llmgw_str_t id,
                           llmgw_str_t name, llmgw_str_t args, int is_custom,
                           llmgw_str_t signature, int is_flat)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "functionCall");
    llmgw_json_begin(w, '{');
    if (id.len) {
        llmgw_json_opt_str(w, "id", id);
    }
    llmgw_json_key(w, "name");
    llmgw_json_str(w, name.p ? name : LLMGW_STR_LIT(""));
    put_args(w, args, is_custom, is_flat);
    llmgw_json_end(w, '}');
    if (signature.len) {
        llmgw_json_opt_str(w, "thoughtSignature", signature);
    }
    llmgw_json_end(w, '}');
}

/* ---- beside the parts --------------------------------------------------- */

const char *llmgw_gemini_is_metadata(llmgw_str_t raw, llmgw_str_t *value)
{
    static const char *const names[] = { "groundingMetadata",
                                         "citationMetadata",
                                         "urlContextMetadata" };
    apr_size_t i, n;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        n = strlen(names[i]);
        if (raw.len > n + 5 && memcmp(raw.p, "{\"", 2) == 0
            && memcmp(raw.p + 2, names[i], n) == 0
            && memcmp(raw.p + 2 + n, "\":", 2) == 0) {
            *value = llmgw_str_make(raw.p + n + 4, raw.len - n - 5);
            return names[i];
        }
    }
    return NULL;
}

void llmgw_gemini_put_source(llmgw_json_writer_t *w, llmgw_str_t url,
                             llmgw_str_t title)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "web");
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "uri", url);
    llmgw_json_opt_str(w, "title", title);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

static void put_candidate(llmgw_json_writer_t *w, const llmgw_json_t *v,
                          apr_pool_t *p)
{
    const llmgw_json_t *n = llmgw_json_lookup_type(v, "logprob",
                                                   LLMGW_JSON_NUMBER);
    llmgw_str_t token = llmgw_json_string(llmgw_json_lookup(v, "token"), p);

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "token");
    llmgw_json_str(w, token.p ? token : LLMGW_STR_LIT(""));
    llmgw_json_key(w, "logProbability");
    llmgw_json_raw_out(w, n ? llmgw_json_raw(n) : LLMGW_STR_LIT("0"));
    llmgw_json_end(w, '}');
}

static void put_top(llmgw_json_writer_t *w, const llmgw_json_t *list,
                    apr_pool_t *p)
{
    const llmgw_json_t *v;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "candidates");
    llmgw_json_begin(w, '[');
    for (v = llmgw_json_each(list, NULL); v; v = llmgw_json_each(list, v)) {
        put_candidate(w, v, p);
    }
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
}

static void put_result(llmgw_json_writer_t *w, const llmgw_json_t *list,
                       apr_pool_t *p)
{
    const llmgw_json_t *v;

    llmgw_json_key(w, "logprobsResult");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "topCandidates");
    llmgw_json_begin(w, '[');
    for (v = llmgw_json_each(list, NULL); v; v = llmgw_json_each(list, v)) {
        put_top(w, llmgw_json_lookup(v, "top_logprobs"), p);
    }
    llmgw_json_end(w, ']');
    llmgw_json_key(w, "chosenCandidates");
    llmgw_json_begin(w, '[');
    for (v = llmgw_json_each(list, NULL); v; v = llmgw_json_each(list, v)) {
        put_candidate(w, v, p);
    }
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
}

/* They are asked for seldom, so a pool of its own is no matter. */
void llmgw_gemini_put_logprobs(llmgw_json_writer_t *w, llmgw_str_t elements,
                               apr_pool_t *p)
{
    const llmgw_json_t *list;
    llmgw_json_doc_t *doc;
    apr_pool_t *pool;
    char *text;

    if (apr_pool_create(&pool, p) != APR_SUCCESS) {
        return;
    }
    text = apr_palloc(pool, elements.len + 2);
    text[0] = '[';
    if (elements.len) {
        memcpy(text + 1, elements.p, elements.len);
    }
    text[elements.len + 1] = ']';
    doc = llmgw_json_doc_create(pool, NULL);
    if (llmgw_json_parse(doc, text, elements.len + 2, &list, NULL)
        == APR_SUCCESS) {
        put_result(w, list, pool);
    }
    apr_pool_destroy(pool);
}

/* ---- the response ------------------------------------------------------- */

static void opt_tokens(llmgw_json_writer_t *w, const char *name,
                       apr_int64_t n, apr_int64_t least)
{
    if (n >= least) {
        llmgw_json_key(w, name);
        llmgw_json_int_out(w, n);
    }
}

static void opt_audio(llmgw_json_writer_t *w, const char *name, apr_int64_t n)
{
    if (n <= 0) {
        return;
    }
    llmgw_json_key(w, name);
    llmgw_json_begin(w, '[');
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "modality", LLMGW_STR_LIT("AUDIO"));
    llmgw_json_key(w, "tokenCount");
    llmgw_json_int_out(w, n);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, ']');
}

void llmgw_gemini_put_usage(llmgw_json_writer_t *w, const llmgw_usage_t *u)
{
    apr_int64_t thoughts = u->reasoning > 0 ? u->reasoning : 0;

    if (u->prompt < 0 && u->completion < 0 && u->total < 0) {
        return;
    }
    llmgw_json_key(w, "usageMetadata");
    llmgw_json_begin(w, '{');
    opt_tokens(w, "promptTokenCount", u->prompt, 0);
    opt_tokens(w, "candidatesTokenCount", u->completion > thoughts
               ? u->completion - thoughts : u->completion < 0 ? -1 : 0, 0);
    opt_tokens(w, "totalTokenCount", llmgw_usage_total(u), 0);
    opt_tokens(w, "cachedContentTokenCount", u->cache_read, 1);
    opt_tokens(w, "thoughtsTokenCount", thoughts, 1);
    opt_audio(w, "promptTokensDetails", u->audio_prompt);
    opt_audio(w, "candidatesTokensDetails", u->audio_completion);
    llmgw_json_end(w, '}');
}

void llmgw_gemini_put_ids(llmgw_json_writer_t *w, llmgw_str_t model,
                          llmgw_str_t id, const llmgw_answer_opts_t *opts)
{
    llmgw_json_key(w, "modelVersion");
    llmgw_json_str(w, model.len ? model
                      : opts->model.p ? opts->model : LLMGW_STR_LIT(""));
    llmgw_json_key(w, "responseId");
    llmgw_json_str(w, id.len ? id
                      : opts->id.p ? opts->id : LLMGW_STR_LIT(""));
}
