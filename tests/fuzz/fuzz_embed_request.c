/* fuzz_embed_request.c: any request for embeddings is refused, or written in
 * each form as JSON; other models' names change nothing else */
#include "fuzz.h"
#include "llmgw/embed.h"

#define BYTES_MAX (1 << 26)

static void write_request(const llmgw_embed_t *to,
                          const llmgw_embed_request_t *req, apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, BYTES_MAX);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_encode_t how;
    apr_status_t rv;

    memset(&how, 0, sizeof(how));
    how.model = LLMGW_STR_LIT("a\"b");
    how.dropped = apr_array_make(p, 4, sizeof(char *));
    rv = to->request_encode(out, req, &how, p, &err);
    FUZZ_CHECK(rv == err.status);
    if (rv != APR_SUCCESS) {
        FUZZ_CHECK(rv == LLMGW_EUNSUPPORTED && err.param);
        return;
    }
    FUZZ_CHECK(llmgw_json_scan(out->data, out->len, NULL, NULL, NULL, NULL,
                               NULL) == APR_SUCCESS);
}

static void read_request(const llmgw_embed_t *from, const llmgw_json_t *root,
                         int batch, apr_pool_t *p)
{
    llmgw_embed_request_t *req = NULL;
    llmgw_err_t err = LLMGW_ERR_INIT;
    apr_status_t rv = from->request_decode(&req, root, batch, p, &err);

    FUZZ_CHECK(rv == err.status);
    FUZZ_CHECK((rv == APR_SUCCESS) == (req != NULL));
    FUZZ_CHECK(rv == APR_SUCCESS || (err.message && err.param));
    if (req) {
        FUZZ_CHECK(req->inputs->nelts > 0);
        FUZZ_CHECK(llmgw_embed_estimate(req) >= 0);
        write_request(llmgw_dialect_openai_chat.embed, req, p);
        write_request(llmgw_dialect_gemini.embed, req, p);
    }
}

/* Renaming twice is renaming once, and the text stays one. */
static void rename_models(llmgw_str_t body, apr_pool_t *p)
{
    const llmgw_embed_t *gemini = llmgw_dialect_gemini.embed;
    llmgw_str_t once = body, twice;

    FUZZ_CHECK(gemini->rename(&once, LLMGW_STR_LIT("x\"y"), p)
               == APR_SUCCESS);
    FUZZ_CHECK(llmgw_json_scan(once.p, once.len, NULL, NULL, NULL, NULL, NULL)
               == APR_SUCCESS);
    twice = once;
    FUZZ_CHECK(gemini->rename(&twice, LLMGW_STR_LIT("x\"y"), p)
               == APR_SUCCESS);
    FUZZ_CHECK(llmgw_str_eq(once, twice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    llmgw_json_doc_t *doc = llmgw_json_doc_create(p, NULL);
    const char *text = (const char *)data;
    const llmgw_json_t *root;

    if (llmgw_json_parse(doc, text, size, &root, NULL) == APR_SUCCESS
        && root->type == LLMGW_JSON_OBJECT) {
        read_request(llmgw_dialect_openai_chat.embed, root, 0, p);
        read_request(llmgw_dialect_gemini.embed, root, 0, p);
        read_request(llmgw_dialect_gemini.embed, root, 1, p);
        rename_models(llmgw_str_make(text, size), p);
    }
    apr_pool_destroy(p);
    return 0;
}
