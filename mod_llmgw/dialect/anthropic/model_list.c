/* model_list.c: lists of models as Anthropic's clients expect them */
#include <apr_time.h>
#include "anthropic.h"
#include "llmgw/query.h"

/* "2026-11-21T12:00:00Z" */
static void put_time(llmgw_json_writer_t *w, apr_int64_t sec)
{
    apr_time_exp_t t;
    char text[32];
    apr_size_t len;

    apr_time_exp_gmt(&t, apr_time_from_sec(sec));
    apr_strftime(text, &len, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &t);
    llmgw_json_str(w, llmgw_str_make(text, len));
}

static void put_model(llmgw_json_writer_t *w, const llmgw_model_t *m)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "model");
    llmgw_json_key(w, "id");
    llmgw_json_strz(w, m->id);
    llmgw_json_key(w, "display_name");
    llmgw_json_strz(w, m->id);
    llmgw_json_key(w, "created_at");
    put_time(w, m->created_sec);
    llmgw_json_end(w, '}');
}

/* limit, and one of after_id and before_id. Without a limit all are shown: who
 * does not turn pages misses none. */
apr_status_t llmgw_anthropic_models_page(llmgw_model_page_t *page,
                                         const char *query, apr_pool_t *p,
                                         llmgw_err_t *err)
{
    llmgw_str_t after = llmgw_query_lookup(query, "after_id", p);
    llmgw_str_t before = llmgw_query_lookup(query, "before_id", p);
    const char *name = before.p ? "before_id" : "after_id";
    apr_status_t rv;
    int max;

    rv = llmgw_page_size(&max, query, "limit", p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (after.p && before.p) {
        return llmgw_err_set(err, p, LLMGW_EINVAL, name,
                             "'after_id' and 'before_id' exclude each other.");
    }
    rv = before.p ? llmgw_page_before(page, before, max)
                  : llmgw_page_after(page, after, max);
    if (rv != APR_SUCCESS) {
        return llmgw_err_set(err, p, rv, name, "'%s' is no model of this "
                             "list.", name);
    }
    return APR_SUCCESS;
}

static void put_id(llmgw_json_writer_t *w, const char *key,
                   const llmgw_model_t *m)
{
    llmgw_json_key(w, key);
    llmgw_json_str(w, m ? llmgw_str_of(m->id) : LLMGW_STR_NULL);
}

apr_status_t llmgw_anthropic_models_encode(llmgw_buf_t *out,
                                           const llmgw_model_page_t *page,
                                           int single)
{
    const llmgw_model_t *models = page->models;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);
    int n = page->n;

    if (single) {
        put_model(&w, models);
        return out->failed;
    }
    llmgw_json_begin(&w, '{');
    llmgw_page_put(&w, "data", page, put_model);
    llmgw_json_key(&w, "has_more");
    llmgw_json_bool_out(&w, page->has_more);
    put_id(&w, "first_id", n ? &models[0] : NULL);
    put_id(&w, "last_id", n ? &models[n - 1] : NULL);
    llmgw_json_end(&w, '}');
    return out->failed;
}
