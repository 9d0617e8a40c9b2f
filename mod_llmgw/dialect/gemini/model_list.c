/* model_list.c: lists of models as Gemini's clients expect them */
#include "gemini.h"
#include "llmgw/query.h"

/* pageSize and pageToken: the id of the last model that was shown. Without a
 * size all are shown: who does not turn pages misses none. */
apr_status_t llmgw_gemini_models_page(llmgw_model_page_t *page,
                                      const char *query, apr_pool_t *p,
                                      llmgw_err_t *err)
{
    llmgw_str_t token = llmgw_query_lookup(query, "pageToken", p);
    apr_status_t rv;
    int max;

    rv = llmgw_page_size(&max, query, "pageSize", p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = llmgw_page_after(page, token.len ? token : LLMGW_STR_NULL, max);
    if (rv != APR_SUCCESS) {
        return llmgw_err_set(err, p, rv, "pageToken", "'pageToken' is not one "
                             "that this list gave.");
    }
    return APR_SUCCESS;
}

/* What the gateway does with a model; what it is made for is not known. */
static void put_methods(llmgw_json_writer_t *w, const llmgw_model_t *m)
{
    llmgw_json_key(w, "supportedGenerationMethods");
    llmgw_json_begin(w, '[');
    llmgw_json_strz(w, "generateContent");
    llmgw_json_strz(w, "streamGenerateContent");
    llmgw_json_strz(w, "countTokens");
    if (m->embeds) {
        llmgw_json_strz(w, "embedContent");
        llmgw_json_strz(w, "batchEmbedContents");
    }
    llmgw_json_end(w, ']');
}

/* The id's own characters, "models/" before them. */
static void put_model(llmgw_json_writer_t *w, const llmgw_model_t *m)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "name");
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\"models/"));
    llmgw_json_put_escaped(w->out, llmgw_str_of(m->id));
    llmgw_buf_putc(w->out, '"');
    llmgw_json_key(w, "displayName");
    llmgw_json_strz(w, m->id);
    put_methods(w, m);
    llmgw_json_end(w, '}');
}

apr_status_t llmgw_gemini_models_encode(llmgw_buf_t *out,
                                        const llmgw_model_page_t *page,
                                        int single)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    if (single) {
        put_model(&w, page->models);
        return out->failed;
    }
    llmgw_json_begin(&w, '{');
    llmgw_page_put(&w, "models", page, put_model);
    if (page->has_more) {
        llmgw_json_key(&w, "nextPageToken");
        llmgw_json_strz(&w, page->models[page->n - 1].id);
    }
    llmgw_json_end(&w, '}');
    return out->failed;
}
