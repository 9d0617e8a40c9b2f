/* requests.h: for fuzz targets of dialects: what holds for any request */
#ifndef LLMGW_TESTS_FUZZ_REQUESTS_H
#define LLMGW_TESTS_FUZZ_REQUESTS_H

#include <apr_strings.h>
#include "fuzz.h"
#include "llmgw/dialect.h"

#define FUZZ_BODY_MAX (1 << 26)

static inline llmgw_request_t *fuzz_read_request(
    const llmgw_dialect_t *dialect, llmgw_str_t body, apr_pool_t *p)
{
    const llmgw_address_t address = { LLMGW_STR_LIT("gemini-3-pro"), 1 };
    llmgw_json_doc_t *doc = llmgw_json_doc_create(p, NULL);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = NULL;
    const llmgw_json_t *root;
    apr_status_t rv;

    if (llmgw_json_parse(doc, body.p, body.len, &root, NULL) != APR_SUCCESS) {
        return NULL;
    }
    rv = dialect->request_decode(&req, root, &address, p, &err);
    FUZZ_CHECK(rv == err.status);
    FUZZ_CHECK(rv == APR_SUCCESS || err.message);
    FUZZ_CHECK((rv == APR_SUCCESS) == (req != NULL));
    return req;
}

static inline llmgw_str_t fuzz_write_request(const llmgw_dialect_t *dialect,
                                             const llmgw_request_t *req,
                                             llmgw_unsupported_e unsupported,
                                             apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, FUZZ_BODY_MAX);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_encode_t how;
    llmgw_json_type_e type;
    apr_status_t rv;

    memset(&how, 0, sizeof(how));
    how.model = req->model;
    how.stream = req->stream;
    how.unsupported = unsupported;
    how.quirks = LLMGW_QUIRK_REASONING;
    how.dropped = apr_array_make(p, 4, sizeof(char *));
    rv = dialect->request_encode(out, req, &how, p, &err);
    if (unsupported == LLMGW_UNSUPPORTED_REJECT
        && rv == LLMGW_EUNSUPPORTED) {
        FUZZ_CHECK(err.param != NULL);
        return LLMGW_STR_NULL;
    }
    FUZZ_CHECK(rv == APR_SUCCESS);
    FUZZ_CHECK(llmgw_json_scan(out->data, out->len, NULL, NULL, NULL, &type,
                               NULL) == APR_SUCCESS);
    FUZZ_CHECK(type == LLMGW_JSON_OBJECT);
    return llmgw_buf_str(out);
}

/* What is left of a request after the way out and in again; NULL when nothing
 * is, for turns that are empty are left out. */
static inline llmgw_request_t *fuzz_pass_on(const llmgw_dialect_t *dialect,
                                            const llmgw_request_t *req,
                                            llmgw_str_t *body, apr_pool_t *p)
{
    const char *empty;
    llmgw_request_t *next;

    if (!req || !req->messages->nelts) {
        return NULL;
    }
    *body = fuzz_write_request(dialect, req, LLMGW_UNSUPPORTED_DROP, p);
    empty = apr_psprintf(p, "\"%s\":[]", dialect->prompt_member);
    if (strstr(body->p, empty)) {
        return NULL;
    }
    next = fuzz_read_request(dialect, *body, p);
    FUZZ_CHECK(next != NULL);
    return next;
}

/** Any request of a dialect's clients is refused, or written for each provider
 * as JSON; what was written in its own dialect and read again is soon written
 * the same. */
static inline FUZZ_UNUSED int fuzz_request(const llmgw_dialect_t *dialect,
                                           const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    const llmgw_dialect_t *to;
    llmgw_request_t *req;
    llmgw_str_t before = LLMGW_STR_NULL, body = LLMGW_STR_NULL;
    unsigned int i;

    req = fuzz_read_request(dialect, llmgw_str_make((const char *)data, size),
                            p);
    for (i = 0; req && (to = llmgw_dialect_get(i)) != NULL; i++) {
        fuzz_write_request(to, req, LLMGW_UNSUPPORTED_DROP, p);
        fuzz_write_request(to, req, LLMGW_UNSUPPORTED_REJECT, p);
    }
    for (i = 0; i < 4; i++) {
        before = body;
        req = fuzz_pass_on(dialect, req, &body, p);
    }
    FUZZ_CHECK(!req || llmgw_str_eq(before, body));
    apr_pool_destroy(p);
    return 0;
}

#endif /* LLMGW_TESTS_FUZZ_REQUESTS_H */
