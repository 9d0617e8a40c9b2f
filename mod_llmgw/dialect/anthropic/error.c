/* error.c: errors in Anthropic's form */
#include "anthropic.h"

static const char *const types[] = {
    [LLMGW_ERRKIND_INVALID_REQUEST] = "invalid_request_error",
    [LLMGW_ERRKIND_AUTHENTICATION] = "authentication_error",
    [LLMGW_ERRKIND_BILLING] = "billing_error",
    [LLMGW_ERRKIND_PERMISSION] = "permission_error",
    [LLMGW_ERRKIND_NOT_FOUND] = "not_found_error",
    [LLMGW_ERRKIND_TOO_LARGE] = "request_too_large",
    [LLMGW_ERRKIND_RATE_LIMIT] = "rate_limit_error",
    [LLMGW_ERRKIND_INTERNAL] = "api_error",
    [LLMGW_ERRKIND_UPSTREAM] = "api_error",
    [LLMGW_ERRKIND_OVERLOADED] = "overloaded_error",
    [LLMGW_ERRKIND_TIMEOUT] = "timeout_error",
    [LLMGW_ERRKIND_CANCELLED] = "api_error"
};

void llmgw_anthropic_error_decode(llmgw_err_t *err, const llmgw_json_t *body,
                                  apr_pool_t *p)
{
    llmgw_error_body_decode(err, body, p);
}

apr_status_t llmgw_anthropic_error_encode(llmgw_buf_t *out,
                                          const llmgw_err_t *err,
                                          const char *request_id)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "type");
    llmgw_json_strz(&w, "error");
    llmgw_json_key(&w, "error");
    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "type");
    llmgw_json_strz(&w, types[err->kind]);
    llmgw_json_key(&w, "message");
    llmgw_json_strz(&w, llmgw_error_text(err));
    llmgw_json_end(&w, '}');
    llmgw_json_key(&w, "request_id");
    llmgw_json_strz(&w, request_id);
    llmgw_json_end(&w, '}');
    return out->failed;
}
