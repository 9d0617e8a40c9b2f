/* op_util.c: what several dialects need beside inference */
#include <string.h>
#include <apr_strings.h>
#include "common.h"
#include "llmgw/estimate.h"
#include "llmgw/query.h"
#include "llmgw/vector.h"

/* ---- members of an answer ----------------------------------------------- */

/* Whoever received the text has bounded it. */
static const llmgw_json_limits_t widest = { 0x7fffffff, 0, 0 };

typedef struct search_t {
    llmgw_wanted_t *wanted;
    int n;
    int has_error;
} search_t;

static apr_status_t take_member(void *ctx, const llmgw_json_member_t *m)
{
    search_t *search = ctx;
    llmgw_wanted_t *w;
    int i;

    if (m->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    search->has_error |= llmgw_json_member_is(m, "error");
    for (i = 0; i < search->n; i++) {
        w = &search->wanted[i];
        if (!w->raw.p && llmgw_json_member_is(m, w->name)) {
            w->raw = m->value;
            w->type = m->type;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t find_members(llmgw_str_t raw, search_t *search,
                                 llmgw_json_error_t *why)
{
    llmgw_json_type_e type;
    apr_status_t rv = llmgw_json_scan(raw.p, raw.len, &widest, take_member,
                                      search, &type, why);

    return rv == APR_SUCCESS && type == LLMGW_JSON_OBJECT ? APR_SUCCESS
                                                          : LLMGW_EUPBODY;
}

apr_status_t llmgw_raw_members(llmgw_str_t raw, llmgw_wanted_t *wanted, int n)
{
    search_t search = { wanted, n, 0 };

    return find_members(raw, &search, NULL);
}

apr_status_t llmgw_raw_elements(llmgw_str_t raw, llmgw_json_member_fn fn,
                                void *ctx)
{
    return llmgw_json_scan_array(raw.p, raw.len, &widest, fn, ctx, NULL, NULL);
}

llmgw_str_t llmgw_raw_string(llmgw_str_t raw, apr_pool_t *p)
{
    const llmgw_json_t *v;

    if (!memchr(raw.p, '\\', raw.len)) {
        return llmgw_str_make(raw.p + 1, raw.len - 2);
    }
    return llmgw_json_parse(llmgw_json_doc_create(p, &widest), raw.p, raw.len,
                            &v, NULL) == APR_SUCCESS
        ? llmgw_json_string(v, p) : LLMGW_STR_NULL;
}

/* An error where an answer should be. */
static apr_status_t read_error(llmgw_str_t body, apr_pool_t *p,
                               llmgw_err_t *err)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(p, NULL);
    const llmgw_json_t *root;

    err->status = LLMGW_EUPSTREAM;
    err->kind = llmgw_status_get(err->status)->kind;
    err->from_provider = 1;
    if (llmgw_json_parse(doc, body.p, body.len, &root, NULL) == APR_SUCCESS) {
        llmgw_error_body_decode(err, root, p);
    }
    return err->status;
}

apr_status_t llmgw_answer_members(llmgw_str_t body, llmgw_wanted_t *wanted,
                                  int n, apr_pool_t *p, llmgw_err_t *err)
{
    search_t search = { wanted, n, 0 };
    llmgw_json_error_t why = { 0, NULL };

    if (find_members(body, &search, &why) != APR_SUCCESS) {
        return llmgw_answer_refuse(p, err, !why.reason
            ? "no JSON object"
            : apr_psprintf(p, "%s at byte %" APR_SIZE_T_FMT " of %"
                           APR_SIZE_T_FMT, why.reason, why.offset, body.len));
    }
    return search.has_error ? read_error(body, p, err) : APR_SUCCESS;
}

apr_int64_t llmgw_wanted_number(const llmgw_wanted_t *w)
{
    apr_int64_t n = llmgw_wanted_is(w, LLMGW_JSON_NUMBER)
        ? llmgw_raw_int(w->raw, -1) : -1;

    return n >= 0 && n <= LLMGW_TOKENS_MAX ? n : -1;
}

apr_status_t llmgw_answer_refuse(apr_pool_t *p, llmgw_err_t *err,
                                 const char *detail)
{
    llmgw_err_set(err, p, LLMGW_EUPBODY, NULL,
                  "The provider's answer cannot be understood.");
    err->detail = detail;
    return err->status;
}

/* ---- counting tokens ---------------------------------------------------- */

apr_status_t llmgw_count_decode(apr_int64_t *tokens, llmgw_str_t body,
                                const char *name, apr_pool_t *p,
                                llmgw_err_t *err)
{
    llmgw_wanted_t wanted = { .name = name };
    apr_status_t rv = llmgw_answer_members(body, &wanted, 1, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *tokens = llmgw_wanted_number(&wanted);
    return *tokens >= 0 ? APR_SUCCESS
        : llmgw_answer_refuse(p, err, apr_psprintf(p, "no \"%s\"", name));
}

apr_status_t llmgw_count_encode(llmgw_buf_t *out, const char *name,
                                apr_int64_t tokens)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, name);
    llmgw_json_int_out(&w, tokens);
    llmgw_json_end(&w, '}');
    return out->failed;
}

/* ---- embeddings --------------------------------------------------------- */

llmgw_embed_request_t *llmgw_embed_request_create(apr_pool_t *p)
{
    llmgw_embed_request_t *req = apr_pcalloc(p, sizeof(*req));

    req->inputs = apr_array_make(p, 4, sizeof(llmgw_embed_input_t));
    req->hints = apr_array_make(p, 4, sizeof(char *));
    return req;
}

void llmgw_embed_add_hint(llmgw_embed_request_t *req, llmgw_str_t name,
                          apr_pool_t *p)
{
    int i;

    if (req->hints->nelts == LLMGW_DROPPED_MAX) {
        return;
    }
    for (i = 0; i < req->hints->nelts; i++) {
        if (llmgw_str_is(name, APR_ARRAY_IDX(req->hints, i, char *))) {
            return;
        }
    }
    APR_ARRAY_PUSH(req->hints, char *) = llmgw_str_dupz(p, name);
}

apr_status_t llmgw_embed_check_hints(const llmgw_embed_request_t *req,
                                     llmgw_encode_t *how, apr_pool_t *p,
                                     llmgw_err_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < req->hints->nelts && rv == APR_SUCCESS; i++) {
        rv = llmgw_encode_unsupported(how, NULL, 1,
                                      APR_ARRAY_IDX(req->hints, i, char *), p,
                                      err);
    }
    return rv;
}

apr_status_t llmgw_embed_put_vector(llmgw_json_writer_t *w,
                                    const llmgw_embed_vector_t *vector,
                                    int is_base64)
{
    apr_status_t rv = APR_SUCCESS;

    if (!is_base64 && vector->numbers.p) {
        llmgw_json_raw_out(w, vector->numbers);
        return rv;
    }
    if (!is_base64) {
        llmgw_json_raw_out(w, LLMGW_STR_LIT(""));   /* its comma */
        return llmgw_vector_decode(w->out, vector->base64);
    }
    if (vector->base64.p) {
        llmgw_json_str(w, vector->base64);
        return rv;
    }
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\""));
    rv = llmgw_vector_encode(w->out, vector->numbers);
    llmgw_buf_putc(w->out, '"');
    return rv;
}

apr_status_t llmgw_embed_take_vector(llmgw_embed_vector_t *out,
                                     const llmgw_wanted_t *w, apr_pool_t *p)
{
    memset(out, 0, sizeof(*out));
    if (llmgw_wanted_is(w, LLMGW_JSON_ARRAY)) {
        out->numbers = w->raw;
        return llmgw_vector_check(w->raw);
    }
    if (!llmgw_wanted_is(w, LLMGW_JSON_STRING)) {
        return LLMGW_EINVAL;
    }
    out->base64 = llmgw_raw_string(w->raw, p);   /* some escape the slash */
    return out->base64.p ? APR_SUCCESS : LLMGW_EINVAL;
}

static apr_int64_t count_elements(llmgw_str_t raw)
{
    apr_int64_t n = 1;
    apr_size_t i;

    for (i = 0; i < raw.len; i++) {
        n += raw.p[i] == ',';
    }
    return n;
}

apr_int64_t llmgw_embed_estimate(const llmgw_embed_request_t *req)
{
    const llmgw_embed_input_t *input;
    apr_int64_t n = 0;
    int i;

    for (i = 0; i < req->inputs->nelts; i++) {
        input = &APR_ARRAY_IDX(req->inputs, i, llmgw_embed_input_t);
        n += input->text.p ? llmgw_estimate_text(input->text)
                           : count_elements(input->tokens);
    }
    return n;
}

/* ---- pages of a list of models ------------------------------------------ */

/* Where this id stands; -1 if nowhere. */
static int find_model(const llmgw_model_page_t *page, llmgw_str_t id)
{
    int i;

    for (i = 0; i < page->n; i++) {
        if (llmgw_str_is(id, page->models[i].id)) {
            return i;
        }
    }
    return -1;
}

apr_status_t llmgw_page_after(llmgw_model_page_t *page, llmgw_str_t id,
                              int max)
{
    int from = 0;

    if (id.p) {
        from = find_model(page, id) + 1;
        if (from == 0) {
            return LLMGW_EINVAL;
        }
    }
    page->models += from;
    page->n -= from;
    page->has_more = max && page->n > max;
    page->n = page->has_more ? max : page->n;
    return APR_SUCCESS;
}

apr_status_t llmgw_page_before(llmgw_model_page_t *page, llmgw_str_t id,
                               int max)
{
    int to = find_model(page, id);

    if (to < 0) {
        return LLMGW_EINVAL;
    }
    page->has_more = max && to > max;
    page->models += page->has_more ? to - max : 0;
    page->n = page->has_more ? max : to;
    return APR_SUCCESS;
}

apr_status_t llmgw_page_size(int *out, const char *query, const char *name,
                             apr_pool_t *p, llmgw_err_t *err)
{
    llmgw_str_t text = llmgw_query_lookup(query, name, p);
    apr_int64_t n = 0;
    apr_size_t i;

    for (i = 0; i < text.len && n <= LLMGW_PAGE_MAX; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') {
            n = -1;
            break;
        }
        n = 10 * n + (text.p[i] - '0');
    }
    if (n < 0 || (text.p && !text.len)) {
        return llmgw_err_set(err, p, LLMGW_EINVAL, name,
                             "'%s' must be a whole number, not negative.",
                             name);
    }
    *out = (int)(n > LLMGW_PAGE_MAX ? LLMGW_PAGE_MAX : n);
    return APR_SUCCESS;
}

void llmgw_page_put(llmgw_json_writer_t *w, const char *name,
                    const llmgw_model_page_t *page,
                    void (*put)(llmgw_json_writer_t *w,
                                const llmgw_model_t *m))
{
    int i;

    llmgw_json_key(w, name);
    llmgw_json_begin(w, '[');
    for (i = 0; i < page->n; i++) {
        put(w, &page->models[i]);
    }
    llmgw_json_end(w, ']');
}
