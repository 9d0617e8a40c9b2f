/* error.c: errors in Anthropic's form */
#include <string.h>
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
    const llmgw_json_t *details;
    llmgw_str_t code;

    llmgw_error_body_decode(err, body, p);
    details = llmgw_json_lookup(llmgw_json_lookup(body, "error"), "details");
    code = llmgw_json_string(llmgw_json_lookup(details, "error_code"), p);
    if (code.len && !err->code) {
        err->code = llmgw_str_dupz(p, code);
    }
}

/* What clients of message threads decide by, whether to send all messages anew;
 * codes of other makers would say nothing to them. */
static void put_details(llmgw_json_writer_t *w, const char *code)
{
    if (!code || strncmp(code, "thread_", 7) != 0) {
        return;
    }
    llmgw_json_key(w, "details");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "error_code");
    llmgw_json_strz(w, code);
    llmgw_json_end(w, '}');
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
    put_details(&w, err->code);
    llmgw_json_end(&w, '}');
    llmgw_json_key(&w, "request_id");
    llmgw_json_strz(&w, request_id);
    llmgw_json_end(&w, '}');
    return out->failed;
}
