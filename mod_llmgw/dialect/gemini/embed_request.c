/* embed_request.c: requests for Gemini's embeddings, read and written */
#include <string.h>
#include <apr_strings.h>
#include "gemini.h"

/* ---- read --------------------------------------------------------------- */

typedef struct reading_t {
    llmgw_embed_request_t *req;
    apr_pool_t *p;
    llmgw_err_t *err;
    int i;                      /* which of the requests; -1: there is one */
    llmgw_str_t dimensions;     /* of this one: raw */
} reading_t;

/* Where we are, as in "requests[2].content.parts[0]"; part -1: none. */
static const char *get_place(const reading_t *r, const char *field, int part)
{
    const char *place = r->i < 0 ? "" : apr_psprintf(r->p, "requests[%d].",
                                                     r->i);

    return part < 0 ? apr_pstrcat(r->p, place, field, NULL)
                    : apr_psprintf(r->p, "%s%s[%d]", place, field, part);
}

static apr_status_t invalid(reading_t *r, const char *field, int part,
                            const char *expected)
{
    const char *place = get_place(r, field, part);

    return llmgw_err_set(r->err, r->p, LLMGW_EINVAL, place,
                         "Invalid value for '%s': expected %s.", place,
                         expected);
}

static apr_status_t missing(reading_t *r, const char *place)
{
    return llmgw_err_set(r->err, r->p, LLMGW_EMISSING, place,
                         "Missing required parameter: '%s'.", place);
}

static apr_status_t read_part(reading_t *r, const llmgw_json_t *part, int j,
                              llmgw_str_t *text)
{
    const llmgw_json_t *v = llmgw_json_lookup(part, "text");
    const char *place;

    if (!llmgw_json_is(part, LLMGW_JSON_OBJECT)) {
        return invalid(r, "content.parts", j, "an object");
    }
    if (!v) {
        place = get_place(r, "content.parts", j);
        return llmgw_err_set(r->err, r->p, LLMGW_EUNSUPPORTED, place,
                             "The model this request goes to takes texts "
                             "only; \"%s\" is none.", place);
    }
    if (v->type != LLMGW_JSON_STRING) {
        return invalid(r, "content.parts", j, "a text");
    }
    *text = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

/* Several parts are one text, a line each. */
static apr_status_t read_parts(reading_t *r, const llmgw_json_t *parts,
                               llmgw_str_t *text)
{
    llmgw_buf_t *all = parts->count > 1
        ? llmgw_buf_create(r->p, parts->len) : NULL;
    llmgw_str_t one = LLMGW_STR_NULL;
    const llmgw_json_t *part;
    apr_status_t rv = APR_SUCCESS;
    int j = 0;

    for (part = llmgw_json_each(parts, NULL); part && rv == APR_SUCCESS;
         part = llmgw_json_each(parts, part), j++) {
        rv = read_part(r, part, j, &one);
        if (all && rv == APR_SUCCESS) {
            llmgw_buf_puts(all, j ? "\n" : "");
            llmgw_buf_put(all, one);
        }
    }
    *text = all ? llmgw_buf_str(all) : one;
    return rv;
}

static apr_status_t read_content(reading_t *r, const llmgw_json_t *content)
{
    const llmgw_json_t *parts = llmgw_json_lookup_type(content, "parts",
                                                       LLMGW_JSON_ARRAY);
    llmgw_embed_input_t *input;

    if (!parts || !parts->count) {
        return invalid(r, "content.parts", -1, "an array of parts");
    }
    input = apr_array_push(r->req->inputs);
    input->tokens = LLMGW_STR_NULL;
    return read_parts(r, parts, &input->text);
}

static apr_status_t read_dimensions(reading_t *r, const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 1) {
        return invalid(r, "outputDimensionality", -1,
                       "a whole number above zero");
    }
    r->dimensions = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t read_members(reading_t *r, const llmgw_json_t *obj);

/* The newer place of everything but the content. */
static apr_status_t read_config(reading_t *r, const llmgw_json_t *v)
{
    return v->type == LLMGW_JSON_OBJECT ? read_members(r, v)
        : invalid(r, "embedContentConfig", -1, "an object");
}

static apr_status_t read_member(reading_t *r, llmgw_str_t name,
                                const llmgw_json_t *v)
{
    llmgw_str_t camel = llmgw_gemini_camel(name, r->p);

    if (v->type == LLMGW_JSON_NULL || llmgw_str_is(camel, "model")
        || llmgw_str_is(camel, "content")) {
        return APR_SUCCESS;     /* the URL names the model */
    }
    if (llmgw_str_is(camel, "outputDimensionality")) {
        return read_dimensions(r, v);
    }
    if (llmgw_str_is(camel, "embedContentConfig")) {
        return read_config(r, v);
    }
    llmgw_embed_add_hint(r->req, camel, r->p);
    return APR_SUCCESS;
}

static apr_status_t read_members(reading_t *r, const llmgw_json_t *obj)
{
    const llmgw_json_t *name, *value;
    apr_status_t rv = APR_SUCCESS;

    for (name = llmgw_json_member(obj, NULL, &value);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(obj, value, &value)) {
        rv = read_member(r, llmgw_json_string(name, r->p), value);
    }
    return rv;
}

/* Others take one number for all. */
static apr_status_t check_dimensions(reading_t *r)
{
    const char *place;

    if (r->i <= 0) {
        r->req->dimensions = r->dimensions;
    }
    else if (llmgw_raw_int(r->dimensions, 0)
             != llmgw_raw_int(r->req->dimensions, 0)) {
        place = get_place(r, "outputDimensionality", -1);
        return llmgw_err_set(r->err, r->p, LLMGW_EUNSUPPORTED, place,
                             "The model this request goes to takes one "
                             "outputDimensionality for all requests.");
    }
    r->dimensions = LLMGW_STR_NULL;
    return APR_SUCCESS;
}

/* One request for one vector. */
static apr_status_t read_one(reading_t *r, const llmgw_json_t *obj)
{
    const llmgw_json_t *content = llmgw_json_lookup(obj, "content");
    apr_status_t rv;

    if (!content || content->type == LLMGW_JSON_NULL) {
        return missing(r, get_place(r, "content", -1));
    }
    rv = read_content(r, content);
    if (rv == APR_SUCCESS) {
        rv = read_members(r, obj);
    }
    return rv == APR_SUCCESS ? check_dimensions(r) : rv;
}

/* Members beside the requests say nothing that is known. */
static apr_status_t read_batch(reading_t *r, const llmgw_json_t *body)
{
    const llmgw_json_t *v, *list = llmgw_json_lookup(body, "requests");
    apr_status_t rv = APR_SUCCESS;

    if (!list || list->type == LLMGW_JSON_NULL) {
        return missing(r, "requests");
    }
    if (list->type != LLMGW_JSON_ARRAY || !list->count) {
        r->i = -1;
        return invalid(r, "requests", -1, "an array of requests");
    }
    r->req->is_batch = 1;
    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v), r->i++) {
        rv = read_one(r, v);
    }
    return rv;
}

static apr_status_t decode(llmgw_embed_request_t **out,
                           const llmgw_json_t *body, int batch, apr_pool_t *p,
                           llmgw_err_t *err)
{
    reading_t r = { .req = llmgw_embed_request_create(p), .p = p, .err = err,
                    .i = batch ? 0 : -1 };
    apr_status_t rv = batch ? read_batch(&r, body) : read_one(&r, body);

    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}

/* ---- written ------------------------------------------------------------ */

static void put_request(llmgw_json_writer_t *w, llmgw_str_t model,
                        llmgw_str_t text, llmgw_str_t dimensions)
{
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "model", model);
    llmgw_json_key(w, "content");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "parts");
    llmgw_json_begin(w, '[');
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "text", text);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
    llmgw_json_opt_raw(w, "outputDimensionality", dimensions);
    llmgw_json_end(w, '}');
}

static apr_status_t encode(llmgw_buf_t *out, const llmgw_embed_request_t *req,
                           llmgw_encode_t *how, apr_pool_t *p,
                           llmgw_err_t *err)
{
    llmgw_str_t model = llmgw_gemini_resource(how->model, p);
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);
    const llmgw_embed_input_t *input;
    int i;

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "requests");
    llmgw_json_begin(&w, '[');
    for (i = 0; i < req->inputs->nelts; i++) {
        input = &APR_ARRAY_IDX(req->inputs, i, llmgw_embed_input_t);
        if (!input->text.p) {
            return llmgw_err_set(err, p, LLMGW_EUNSUPPORTED, "input",
                                 "The model this request goes to takes texts "
                                 "only, no arrays of tokens.");
        }
        put_request(&w, model, input->text, req->dimensions);
    }
    llmgw_json_end(&w, ']');
    llmgw_json_end(&w, '}');
    if (out->failed != APR_SUCCESS) {
        return llmgw_err_set(err, p, out->failed, NULL,
                             "The request is too large.");
    }
    return llmgw_embed_check_hints(req, how, p, err);
}

const llmgw_embed_t llmgw_gemini_embed = {
    .request_decode = decode,
    .request_encode = encode,
    .rename = llmgw_gemini_rename,
    .usage_decode = llmgw_gemini_embed_usage,
    .answer_decode = llmgw_gemini_embed_decode,
    .answer_encode = llmgw_gemini_embed_encode
};
