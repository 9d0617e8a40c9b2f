/* count.c: Gemini's counter: .../models/{model}:countTokens */
#include <apr_strings.h>
#include "gemini.h"

#define WHOLE "generateContentRequest"

/* ---- requests ----------------------------------------------------------- */

/* Contents only, or a whole request; of both the API takes the latter. The
 * other members of the former are those of Vertex. */
static apr_status_t request_decode(llmgw_request_t **out,
                                   const llmgw_json_t *body,
                                   const llmgw_address_t *address,
                                   apr_pool_t *p, llmgw_err_t *err)
{
    const llmgw_json_t *whole = llmgw_gemini_lookup(body, WHOLE);
    apr_status_t rv;

    if (!whole || whole->type == LLMGW_JSON_NULL) {
        return llmgw_gemini_request_decode(out, body, address, p, err);
    }
    if (whole->type != LLMGW_JSON_OBJECT) {
        return llmgw_err_set(err, p, LLMGW_EINVAL, WHOLE, "Invalid value for '"
                             WHOLE "': expected an object.");
    }
    rv = llmgw_gemini_request_decode(out, whole, address, p, err);
    if (rv != APR_SUCCESS && err && err->param) {
        err->param = apr_pstrcat(p, WHOLE ".", err->param, NULL);
    }
    return rv;
}

static apr_status_t request_encode(llmgw_buf_t *out,
                                   const llmgw_request_t *req,
                                   llmgw_encode_t *how, apr_pool_t *p,
                                   llmgw_err_t *err)
{
    llmgw_encode_t counting = *how;
    apr_status_t rv;

    counting.counting = 1;
    llmgw_buf_puts(out, "{\"" WHOLE "\":");
    rv = llmgw_gemini_request_encode(out, req, &counting, p, err);
    llmgw_buf_putc(out, '}');
    return rv;
}

/* ---- answers ------------------------------------------------------------ */

static apr_status_t answer_decode(apr_int64_t *tokens, llmgw_str_t body,
                                  apr_pool_t *p, llmgw_err_t *err)
{
    return llmgw_count_decode(tokens, body, "totalTokens", p, err);
}

static apr_status_t answer_encode(llmgw_buf_t *out, apr_int64_t tokens)
{
    return llmgw_count_encode(out, "totalTokens", tokens);
}

const llmgw_count_t llmgw_gemini_count = {
    .request_decode = request_decode,
    .request_encode = request_encode,
    .rename = llmgw_gemini_rename,
    .answer_decode = answer_decode,
    .answer_encode = answer_encode
};
