/* embed_answer.c: answers of Gemini's embeddings, read and written */
#include "gemini.h"

/* ---- read --------------------------------------------------------------- */

enum { ONE, SEVERAL, USAGE, NWANTED };
#define WANTED { { .name = "embedding" }, { .name = "embeddings" }, \
                 { .name = "usageMetadata" } }

/* The members of an answer: one of the first two is there. */
static apr_status_t find_members(llmgw_wanted_t *wanted, llmgw_str_t body,
                                 apr_pool_t *p, llmgw_err_t *err)
{
    apr_status_t rv = llmgw_answer_members(body, wanted, NWANTED, p, err);

    if (rv == APR_SUCCESS
        && !llmgw_wanted_is(&wanted[ONE], LLMGW_JSON_OBJECT)
        && !llmgw_wanted_is(&wanted[SEVERAL], LLMGW_JSON_ARRAY)) {
        return llmgw_answer_refuse(p, err, "no \"embeddings\"");
    }
    return rv;
}

/* Older models do not count. */
static void read_usage(llmgw_usage_t *usage, const llmgw_wanted_t *v)
{
    static const llmgw_usage_t unknown = LLMGW_USAGE_INIT;
    llmgw_wanted_t prompt = { .name = "promptTokenCount" };

    *usage = unknown;
    if (llmgw_wanted_is(v, LLMGW_JSON_OBJECT)) {
        llmgw_raw_members(v->raw, &prompt, 1);
        usage->prompt = usage->total = llmgw_wanted_number(&prompt);
    }
}

apr_status_t llmgw_gemini_embed_usage(llmgw_usage_t *usage, llmgw_str_t body,
                                      apr_pool_t *p, llmgw_err_t *err)
{
    llmgw_wanted_t wanted[] = WANTED;
    apr_status_t rv = find_members(wanted, body, p, err);

    if (rv == APR_SUCCESS) {
        read_usage(usage, &wanted[USAGE]);
    }
    return rv;
}

static apr_status_t take_vector(apr_array_header_t *vectors, llmgw_str_t raw)
{
    llmgw_wanted_t values = { .name = "values" };

    if (llmgw_raw_members(raw, &values, 1) != APR_SUCCESS
        || !llmgw_wanted_is(&values, LLMGW_JSON_ARRAY)) {
        return LLMGW_EINVAL;
    }
    return llmgw_embed_take_vector(apr_array_push(vectors), &values,
                                   vectors->pool);
}

static apr_status_t take_element(void *ctx, const llmgw_json_member_t *m)
{
    return take_vector(ctx, m->value);
}

apr_status_t llmgw_gemini_embed_decode(llmgw_embed_answer_t *out,
                                       llmgw_str_t body, apr_pool_t *p,
                                       llmgw_err_t *err)
{
    llmgw_wanted_t wanted[] = WANTED;
    apr_status_t rv = find_members(wanted, body, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    out->vectors = apr_array_make(p, 16, sizeof(llmgw_embed_vector_t));
    out->model = LLMGW_STR_NULL;
    rv = llmgw_wanted_is(&wanted[SEVERAL], LLMGW_JSON_ARRAY)
        ? llmgw_raw_elements(wanted[SEVERAL].raw, take_element, out->vectors)
        : take_vector(out->vectors, wanted[ONE].raw);
    if (rv != APR_SUCCESS) {
        return llmgw_answer_refuse(p, err, "an embedding holds no vector");
    }
    read_usage(&out->usage, &wanted[USAGE]);
    return APR_SUCCESS;
}

/* ---- written ------------------------------------------------------------ */

static apr_status_t put_embedding(llmgw_json_writer_t *w,
                                  const llmgw_embed_vector_t *vector)
{
    apr_status_t rv;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "values");
    rv = llmgw_embed_put_vector(w, vector, 0);
    llmgw_json_end(w, '}');
    return rv;
}

static apr_status_t put_embeddings(llmgw_json_writer_t *w,
                                   const apr_array_header_t *vectors)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    llmgw_json_key(w, "embeddings");
    llmgw_json_begin(w, '[');
    for (i = 0; i < vectors->nelts && rv == APR_SUCCESS; i++) {
        rv = put_embedding(w, &APR_ARRAY_IDX(vectors, i,
                                             llmgw_embed_vector_t));
    }
    llmgw_json_end(w, ']');
    return rv;
}

apr_status_t llmgw_gemini_embed_encode(llmgw_buf_t *out,
                                       const llmgw_embed_answer_t *answer,
                                       const llmgw_embed_request_t *req)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);
    apr_status_t rv;

    llmgw_json_begin(&w, '{');
    if (req->is_batch) {
        rv = put_embeddings(&w, answer->vectors);
    }
    else {
        llmgw_json_key(&w, "embedding");
        rv = put_embedding(&w, &APR_ARRAY_IDX(answer->vectors, 0,
                                              llmgw_embed_vector_t));
    }
    if (answer->usage.prompt >= 0) {
        llmgw_json_key(&w, "usageMetadata");
        llmgw_json_begin(&w, '{');
        llmgw_json_key(&w, "promptTokenCount");
        llmgw_json_int_out(&w, answer->usage.prompt);
        llmgw_json_end(&w, '}');
    }
    llmgw_json_end(&w, '}');
    return rv == APR_SUCCESS ? out->failed : rv;
}
