/* fuzz_gemini_request.c: any request is refused, or written for each provider
 * as JSON; what was written for Gemini and read again is written the same */
#include "fuzz.h"
#include "llmgw/dialect.h"

#define BYTES_MAX (1 << 26)

static llmgw_request_t *read_request(llmgw_str_t body, apr_pool_t *p)
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
    rv = llmgw_dialect_gemini.request_decode(&req, root, &address, p, &err);
    FUZZ_CHECK(rv == err.status);
    FUZZ_CHECK(rv == APR_SUCCESS || err.message);
    FUZZ_CHECK((rv == APR_SUCCESS) == (req != NULL));
    return req;
}

static llmgw_str_t write_request(const llmgw_dialect_t *dialect,
                                 const llmgw_request_t *req,
                                 llmgw_unsupported_e unsupported,
                                 apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, BYTES_MAX);
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
 * is, for contents that are empty are left out. */
static llmgw_request_t *pass_on(const llmgw_request_t *req, llmgw_str_t *body,
                                apr_pool_t *p)
{
    if (!req) {
        return NULL;
    }
    *body = write_request(&llmgw_dialect_gemini, req, LLMGW_UNSUPPORTED_DROP,
                          p);
    if (strstr(body->p, "\"contents\":[]")) {
        return NULL;
    }
    return read_request(*body, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    llmgw_request_t *req;
    llmgw_str_t first, second, third, fourth;

    req = read_request(llmgw_str_make((const char *)data, size), p);
    if (req) {
        write_request(&llmgw_dialect_anthropic, req, LLMGW_UNSUPPORTED_DROP,
                      p);
        write_request(&llmgw_dialect_anthropic, req, LLMGW_UNSUPPORTED_REJECT,
                      p);
        write_request(&llmgw_dialect_openai_chat, req, LLMGW_UNSUPPORTED_DROP,
                      p);
        write_request(&llmgw_dialect_openai_chat, req,
                      LLMGW_UNSUPPORTED_REJECT, p);
        write_request(&llmgw_dialect_gemini, req, LLMGW_UNSUPPORTED_REJECT,
                      p);
    }
    req = pass_on(pass_on(pass_on(req, &first, p), &second, p), &third, p);
    if (pass_on(req, &fourth, p)) {
        FUZZ_CHECK(llmgw_str_eq(third, fourth));
    }
    apr_pool_destroy(p);
    return 0;
}
