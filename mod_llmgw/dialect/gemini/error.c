/* error.c: errors in Google's form */
#include <string.h>
#include <stdlib.h>
#include "gemini.h"

static const char *const states[] = {
    [LLMGW_ERRKIND_INVALID_REQUEST] = "INVALID_ARGUMENT",
    [LLMGW_ERRKIND_AUTHENTICATION] = "UNAUTHENTICATED",
    [LLMGW_ERRKIND_BILLING] = "RESOURCE_EXHAUSTED",
    [LLMGW_ERRKIND_PERMISSION] = "PERMISSION_DENIED",
    [LLMGW_ERRKIND_NOT_FOUND] = "NOT_FOUND",
    [LLMGW_ERRKIND_TOO_LARGE] = "INVALID_ARGUMENT",
    [LLMGW_ERRKIND_RATE_LIMIT] = "RESOURCE_EXHAUSTED",
    [LLMGW_ERRKIND_INTERNAL] = "INTERNAL",
    [LLMGW_ERRKIND_UPSTREAM] = "INTERNAL",
    [LLMGW_ERRKIND_OVERLOADED] = "UNAVAILABLE",
    [LLMGW_ERRKIND_TIMEOUT] = "DEADLINE_EXCEEDED",
    [LLMGW_ERRKIND_CANCELLED] = "CANCELLED"
};

/* ---- read --------------------------------------------------------------- */

#define RETRY_SEC_MAX 86400

/* A duration as protobuf writes it: "34.4s". */
static void take_delay(llmgw_err_t *err, const llmgw_json_t *v)
{
    char digits[24];
    double sec;

    if (!llmgw_json_is(v, LLMGW_JSON_STRING) || v->len < 4
        || v->len - 3 >= sizeof(digits) || v->text[v->len - 2] != 's') {
        return;
    }
    memcpy(digits, v->text + 1, v->len - 3);
    digits[v->len - 3] = '\0';
    if (strspn(digits, "0123456789.") != strlen(digits)) {
        return;
    }
    sec = strtod(digits, NULL);
    if (sec > 0 && sec <= RETRY_SEC_MAX && err->retry_after_usec <= 0) {
        err->retry_after_usec = (apr_interval_time_t)(sec * APR_USEC_PER_SEC);
    }
}

/* A wrong key is reported with status 400. */
static void take_reason(llmgw_err_t *err, const llmgw_json_t *v)
{
    if (llmgw_json_string_is(v, "API_KEY_INVALID")
        || llmgw_json_string_is(v, "API_KEY_SERVICE_BLOCKED")) {
        llmgw_err_from_http(err, 401);
    }
}

void llmgw_gemini_error_decode(llmgw_err_t *err, const llmgw_json_t *body,
                               apr_pool_t *p)
{
    const llmgw_json_t *details, *v;

    llmgw_error_body_decode(err, body, p);
    if (llmgw_json_is(body, LLMGW_JSON_ARRAY)) {
        body = llmgw_json_each(body, NULL);
    }
    details = llmgw_json_lookup(llmgw_json_lookup(body, "error"), "details");
    for (v = llmgw_json_each(details, NULL); v;
         v = llmgw_json_each(details, v)) {
        take_delay(err, llmgw_json_lookup(v, "retryDelay"));
        take_reason(err, llmgw_json_lookup(v, "reason"));
    }
}

/* ---- written ------------------------------------------------------------ */

static void begin_detail(llmgw_json_writer_t *w, const char *type)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "@type");
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\"type.googleapis.com/google.rpc."));
    llmgw_buf_puts(w->out, type);
    llmgw_buf_putc(w->out, '"');
}

static void put_field(llmgw_json_writer_t *w, const llmgw_err_t *err)
{
    begin_detail(w, "BadRequest");
    llmgw_json_key(w, "fieldViolations");
    llmgw_json_begin(w, '[');
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "field", llmgw_str_of(err->param));
    llmgw_json_opt_str(w, "description", llmgw_str_of(llmgw_error_text(err)));
    llmgw_json_end(w, '}');
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
}

static void put_details(llmgw_json_writer_t *w, const llmgw_err_t *err,
                        const char *request_id)
{
    apr_int64_t msec = err->retry_after_usec / 1000;

    begin_detail(w, "ErrorInfo");
    llmgw_json_opt_str(w, "reason", llmgw_str_of(llmgw_err_code(err)));
    llmgw_json_end(w, '}');
    if (err->param) {
        put_field(w, err);
    }
    if (msec > 0) {
        begin_detail(w, "RetryInfo");
        llmgw_json_key(w, "retryDelay");
        llmgw_json_raw_out(w, LLMGW_STR_LIT("\""));
        llmgw_buf_printf(w->out, "%" APR_INT64_T_FMT ".%03ds\"", msec / 1000,
                         (int)(msec % 1000));
        llmgw_json_end(w, '}');
    }
    if (request_id) {
        begin_detail(w, "RequestInfo");
        llmgw_json_opt_str(w, "requestId", llmgw_str_of(request_id));
        llmgw_json_end(w, '}');
    }
}

apr_status_t llmgw_gemini_error_encode(llmgw_buf_t *out,
                                       const llmgw_err_t *err,
                                       const char *request_id)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "error");
    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "code");
    llmgw_json_int_out(&w, llmgw_err_http_status(err));
    llmgw_json_key(&w, "message");
    llmgw_json_strz(&w, llmgw_error_text(err));
    llmgw_json_key(&w, "status");
    llmgw_json_strz(&w, states[err->kind]);
    llmgw_json_key(&w, "details");
    llmgw_json_begin(&w, '[');
    put_details(&w, err, request_id);
    llmgw_json_end(&w, ']');
    llmgw_json_end(&w, '}');
    llmgw_json_end(&w, '}');
    return out->failed;
}
