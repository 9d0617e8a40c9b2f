/* openai_embed_request.c: requests for OpenAI's embeddings, read and written */
#include <apr_strings.h>
#include "openai.h"

/* ---- read --------------------------------------------------------------- */

typedef struct reading_t {
    llmgw_embed_request_t *req;
    apr_pool_t *p;
    llmgw_err_t *err;
} reading_t;

typedef apr_status_t (*read_fn)(reading_t *r, const llmgw_json_t *v);

static apr_status_t invalid(reading_t *r, const char *field,
                            const char *expected)
{
    return llmgw_err_set(r->err, r->p, LLMGW_EINVAL, field,
                         "Invalid value for '%s': expected %s.", field,
                         expected);
}

static apr_status_t invalid_input(reading_t *r, int i)
{
    return invalid(r, apr_psprintf(r->p, "input[%d]", i),
                   "all texts, all numbers of tokens, or all arrays of such");
}

static void add_input(reading_t *r, llmgw_str_t text, llmgw_str_t tokens)
{
    llmgw_embed_input_t *input = apr_array_push(r->req->inputs);

    input->text = text;
    input->tokens = tokens;
}

static int is_token(const llmgw_json_t *v)
{
    apr_int64_t n;

    return llmgw_json_int(v, &n) == APR_SUCCESS && n >= 0;
}

static int is_tokens(const llmgw_json_t *v)
{
    const llmgw_json_t *e;

    for (e = llmgw_json_each(v, NULL); e; e = llmgw_json_each(v, e)) {
        if (!is_token(e)) {
            return 0;
        }
    }
    return llmgw_json_is(v, LLMGW_JSON_ARRAY) && v->count > 0;
}

/* Texts, or arrays of tokens: as the first one is, so are all. */
static apr_status_t read_inputs(reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *e, *first = llmgw_json_each(v, NULL);
    int i = 0;

    if (!first) {
        return invalid(r, "input", "at least one text");
    }
    if (is_tokens(v)) {
        add_input(r, LLMGW_STR_NULL, llmgw_json_raw(v));
        return APR_SUCCESS;
    }
    for (e = first; e; e = llmgw_json_each(v, e), i++) {
        if (e->type != first->type) {
            return invalid_input(r, i);
        }
        if (e->type == LLMGW_JSON_STRING) {
            add_input(r, llmgw_json_string(e, r->p), LLMGW_STR_NULL);
        }
        else if (is_tokens(e)) {
            add_input(r, LLMGW_STR_NULL, llmgw_json_raw(e));
        }
        else {
            return invalid_input(r, i);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t read_input(reading_t *r, const llmgw_json_t *v)
{
    if (v->type == LLMGW_JSON_STRING) {
        add_input(r, llmgw_json_string(v, r->p), LLMGW_STR_NULL);
        return APR_SUCCESS;
    }
    return v->type == LLMGW_JSON_ARRAY
        ? read_inputs(r, v) : invalid(r, "input", "a text or an array");
}

static apr_status_t read_dimensions(reading_t *r, const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 1) {
        return invalid(r, "dimensions", "a whole number above zero");
    }
    r->req->dimensions = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t read_format(reading_t *r, const llmgw_json_t *v)
{
    r->req->is_base64 = llmgw_json_string_is(v, "base64");
    return r->req->is_base64 || llmgw_json_string_is(v, "float")
        ? APR_SUCCESS
        : invalid(r, "encoding_format", "\"float\" or \"base64\"");
}

static const struct {
    const char *name;
    read_fn read;               /* NULL: was read before */
} members[] = {
    { "model", NULL },
    { "input", read_input },
    { "dimensions", read_dimensions },
    { "encoding_format", read_format }
};

static apr_status_t read_member(reading_t *r, const llmgw_json_t *name,
                                const llmgw_json_t *v)
{
    apr_size_t i;

    if (v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (llmgw_json_string_is(name, members[i].name)) {
            return members[i].read ? members[i].read(r, v) : APR_SUCCESS;
        }
    }
    llmgw_embed_add_hint(r->req, llmgw_json_string(name, r->p), r->p);
    return APR_SUCCESS;
}

static apr_status_t decode(llmgw_embed_request_t **out,
                           const llmgw_json_t *body, int batch, apr_pool_t *p,
                           llmgw_err_t *err)
{
    reading_t r = { llmgw_embed_request_create(p), p, err };
    const llmgw_json_t *name, *value;
    apr_status_t rv = APR_SUCCESS;

    (void)batch;                /* there is one form for both */
    for (name = llmgw_json_member(body, NULL, &value);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(body, value, &value)) {
        rv = read_member(&r, name, value);
    }
    if (rv == APR_SUCCESS && !r.req->inputs->nelts) {
        rv = llmgw_err_set(err, p, LLMGW_EMISSING, "input",
                           "Missing required parameter: 'input'.");
    }
    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}

/* ---- written ------------------------------------------------------------ */

static void put_input(llmgw_json_writer_t *w, const llmgw_embed_input_t *input)
{
    if (input->text.p) {
        llmgw_json_str(w, input->text);
    }
    else {
        llmgw_json_raw_out(w, input->tokens);
    }
}

static apr_status_t encode(llmgw_buf_t *out, const llmgw_embed_request_t *req,
                           llmgw_encode_t *how, apr_pool_t *p,
                           llmgw_err_t *err)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);
    int i;

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "model");
    llmgw_json_str(&w, how->model);
    llmgw_json_key(&w, "input");
    llmgw_json_begin(&w, '[');
    for (i = 0; i < req->inputs->nelts; i++) {
        put_input(&w, &APR_ARRAY_IDX(req->inputs, i, llmgw_embed_input_t));
    }
    llmgw_json_end(&w, ']');
    llmgw_json_opt_raw(&w, "dimensions", req->dimensions);
    llmgw_json_key(&w, "encoding_format");
    llmgw_json_strz(&w, "float");
    llmgw_json_end(&w, '}');
    if (out->failed != APR_SUCCESS) {
        return llmgw_err_set(err, p, out->failed, NULL,
                             "The request is too large.");
    }
    return llmgw_embed_check_hints(req, how, p, err);
}

const llmgw_embed_t llmgw_openai_embed = {
    .request_decode = decode,
    .request_encode = encode,
    .usage_decode = llmgw_openai_embed_usage,
    .answer_decode = llmgw_openai_embed_decode,
    .answer_encode = llmgw_openai_embed_encode
};
