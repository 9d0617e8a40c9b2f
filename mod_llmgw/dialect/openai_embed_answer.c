/* openai_embed_answer.c: answers of OpenAI's embeddings, read and written */
#include <string.h>
#include "openai.h"

/* ---- read --------------------------------------------------------------- */

static void read_usage(llmgw_usage_t *usage, const llmgw_wanted_t *v)
{
    static const llmgw_usage_t unknown = LLMGW_USAGE_INIT;
    llmgw_wanted_t figures[] = { { .name = "prompt_tokens" },
                                 { .name = "total_tokens" } };

    *usage = unknown;
    if (llmgw_wanted_is(v, LLMGW_JSON_OBJECT)) {
        llmgw_raw_members(v->raw, figures, 2);
        usage->prompt = llmgw_wanted_number(&figures[0]);
        usage->total = llmgw_wanted_number(&figures[1]);
    }
}

enum { DATA, USAGE, MODEL, NWANTED };
#define WANTED { { .name = "data" }, { .name = "usage" }, { .name = "model" } }

/* The members of an answer; its list is there. */
static apr_status_t find_members(llmgw_wanted_t *wanted, llmgw_str_t body,
                                 apr_pool_t *p, llmgw_err_t *err)
{
    apr_status_t rv = llmgw_answer_members(body, wanted, NWANTED, p, err);

    if (rv == APR_SUCCESS && !llmgw_wanted_is(&wanted[DATA],
                                              LLMGW_JSON_ARRAY)) {
        return llmgw_answer_refuse(p, err, "no \"data\"");
    }
    return rv;
}

apr_status_t llmgw_openai_embed_usage(llmgw_usage_t *usage,
                                      llmgw_str_t body, apr_pool_t *p,
                                      llmgw_err_t *err)
{
    llmgw_wanted_t wanted[] = WANTED;
    apr_status_t rv = find_members(wanted, body, p, err);

    if (rv == APR_SUCCESS) {
        read_usage(usage, &wanted[USAGE]);
    }
    return rv;
}

/* A vector and the place it wants. */
typedef struct placed_t {
    llmgw_embed_vector_t vector;
    apr_int64_t index;
} placed_t;

static apr_status_t take_element(void *ctx, const llmgw_json_member_t *m)
{
    llmgw_wanted_t wanted[] = { { .name = "embedding" }, { .name = "index" } };
    apr_array_header_t *list = ctx;
    placed_t *placed = apr_array_push(list);

    if (m->type != LLMGW_JSON_OBJECT
        || llmgw_raw_members(m->value, wanted, 2) != APR_SUCCESS) {
        return LLMGW_EINVAL;
    }
    placed->index = wanted[1].raw.p ? llmgw_wanted_number(&wanted[1])
                                    : list->nelts - 1;
    return llmgw_embed_take_vector(&placed->vector, &wanted[0], list->pool);
}

/* Each in its place, and a place for each. */
static apr_status_t put_in_order(llmgw_embed_answer_t *out,
                                 const apr_array_header_t *list)
{
    llmgw_embed_vector_t *vectors;
    const placed_t *placed;
    int i, n = list->nelts;

    out->vectors = apr_array_make(list->pool, n + 1, sizeof(*vectors));
    out->vectors->nelts = n;
    vectors = (llmgw_embed_vector_t *)out->vectors->elts;
    memset(vectors, 0, (apr_size_t)n * sizeof(*vectors));
    for (i = 0; i < n; i++) {
        placed = &APR_ARRAY_IDX(list, i, placed_t);
        if (placed->index < 0 || placed->index >= n
            || vectors[placed->index].numbers.p
            || vectors[placed->index].base64.p) {
            return LLMGW_EINVAL;
        }
        vectors[placed->index] = placed->vector;
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_embed_decode(llmgw_embed_answer_t *out,
                                       llmgw_str_t body, apr_pool_t *p,
                                       llmgw_err_t *err)
{
    apr_array_header_t *list = apr_array_make(p, 16, sizeof(placed_t));
    llmgw_wanted_t wanted[] = WANTED;
    apr_status_t rv = find_members(wanted, body, p, err);
    llmgw_str_t data = wanted[DATA].raw;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (llmgw_raw_elements(data, take_element, list) != APR_SUCCESS) {
        return llmgw_answer_refuse(p, err, "an element of \"data\" holds no "
                                   "vector");
    }
    if (put_in_order(out, list) != APR_SUCCESS) {
        return llmgw_answer_refuse(p, err, "\"index\" is no order");
    }
    read_usage(&out->usage, &wanted[USAGE]);
    out->model = LLMGW_STR_NULL;
    if (llmgw_wanted_is(&wanted[MODEL], LLMGW_JSON_STRING)) {
        out->model = llmgw_raw_string(wanted[MODEL].raw, p);
    }
    return APR_SUCCESS;
}

/* ---- written ------------------------------------------------------------ */

static void put_usage(llmgw_json_writer_t *w, const llmgw_usage_t *usage)
{
    apr_int64_t prompt = usage->prompt > 0 ? usage->prompt : 0;

    llmgw_json_key(w, "usage");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "prompt_tokens");
    llmgw_json_int_out(w, prompt);
    llmgw_json_key(w, "total_tokens");
    llmgw_json_int_out(w, usage->total > prompt ? usage->total : prompt);
    llmgw_json_end(w, '}');
}

apr_status_t llmgw_openai_embed_encode(llmgw_buf_t *out,
                                       const llmgw_embed_answer_t *answer,
                                       const llmgw_embed_request_t *req)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);
    apr_status_t rv = APR_SUCCESS;
    int i;

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "object");
    llmgw_json_strz(&w, "list");
    llmgw_json_key(&w, "data");
    llmgw_json_begin(&w, '[');
    for (i = 0; i < answer->vectors->nelts && rv == APR_SUCCESS; i++) {
        llmgw_json_begin(&w, '{');
        llmgw_json_key(&w, "object");
        llmgw_json_strz(&w, "embedding");
        llmgw_json_key(&w, "index");
        llmgw_json_int_out(&w, i);
        llmgw_json_key(&w, "embedding");
        rv = llmgw_embed_put_vector(&w, &APR_ARRAY_IDX(answer->vectors, i,
                                                       llmgw_embed_vector_t),
                                    req->is_base64);
        llmgw_json_end(&w, '}');
    }
    llmgw_json_end(&w, ']');
    llmgw_json_opt_str(&w, "model", answer->model);
    put_usage(&w, &answer->usage);
    llmgw_json_end(&w, '}');
    return rv == APR_SUCCESS ? out->failed : rv;
}
