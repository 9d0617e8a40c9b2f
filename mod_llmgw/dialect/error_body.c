/* error_body.c: error bodies, whoever wrote them */
#include <string.h>
#include <apr_strings.h>
#include "common.h"

/* Words found as type, code or status of an error, and what they mean. */
static const struct {
    const char *word;
    llmgw_errkind_e kind;
} words[] = {
    { "invalid_request_error", LLMGW_ERRKIND_INVALID_REQUEST },
    { "invalid_request", LLMGW_ERRKIND_INVALID_REQUEST },
    { "validation_error", LLMGW_ERRKIND_INVALID_REQUEST },
    { "context_length_exceeded", LLMGW_ERRKIND_INVALID_REQUEST },
    { "INVALID_ARGUMENT", LLMGW_ERRKIND_INVALID_REQUEST },
    { "FAILED_PRECONDITION", LLMGW_ERRKIND_INVALID_REQUEST },
    { "authentication_error", LLMGW_ERRKIND_AUTHENTICATION },
    { "invalid_api_key", LLMGW_ERRKIND_AUTHENTICATION },
    { "UNAUTHENTICATED", LLMGW_ERRKIND_AUTHENTICATION },
    { "insufficient_quota", LLMGW_ERRKIND_BILLING },
    { "billing_error", LLMGW_ERRKIND_BILLING },
    { "billing_hard_limit_reached", LLMGW_ERRKIND_BILLING },
    { "permission_error", LLMGW_ERRKIND_PERMISSION },
    { "PERMISSION_DENIED", LLMGW_ERRKIND_PERMISSION },
    { "not_found_error", LLMGW_ERRKIND_NOT_FOUND },
    { "model_not_found", LLMGW_ERRKIND_NOT_FOUND },
    { "NOT_FOUND", LLMGW_ERRKIND_NOT_FOUND },
    { "request_too_large", LLMGW_ERRKIND_TOO_LARGE },
    { "rate_limit_error", LLMGW_ERRKIND_RATE_LIMIT },
    { "rate_limit_exceeded", LLMGW_ERRKIND_RATE_LIMIT },
    { "too_many_requests", LLMGW_ERRKIND_RATE_LIMIT },
    { "requests", LLMGW_ERRKIND_RATE_LIMIT },
    { "tokens", LLMGW_ERRKIND_RATE_LIMIT },
    { "RESOURCE_EXHAUSTED", LLMGW_ERRKIND_RATE_LIMIT },
    { "overloaded_error", LLMGW_ERRKIND_OVERLOADED },
    { "engine_overloaded_error", LLMGW_ERRKIND_OVERLOADED },
    { "overloaded", LLMGW_ERRKIND_OVERLOADED },
    { "UNAVAILABLE", LLMGW_ERRKIND_OVERLOADED },
    { "timeout_error", LLMGW_ERRKIND_TIMEOUT },
    { "DEADLINE_EXCEEDED", LLMGW_ERRKIND_TIMEOUT },
    { "api_error", LLMGW_ERRKIND_UPSTREAM },
    { "server_error", LLMGW_ERRKIND_UPSTREAM },
    { "internal_server_error", LLMGW_ERRKIND_UPSTREAM },
    { "INTERNAL", LLMGW_ERRKIND_UPSTREAM }
};

/* Own status for a kind, where no HTTP status said anything. */
static apr_status_t get_status(llmgw_errkind_e kind)
{
    switch (kind) {
    case LLMGW_ERRKIND_RATE_LIMIT:
        return LLMGW_ERATELIMIT;
    case LLMGW_ERRKIND_OVERLOADED:
        return LLMGW_EOVERLOADED;
    case LLMGW_ERRKIND_INVALID_REQUEST:
    case LLMGW_ERRKIND_NOT_FOUND:
    case LLMGW_ERRKIND_TOO_LARGE:
        return LLMGW_EREJECTED;
    case LLMGW_ERRKIND_AUTHENTICATION:
    case LLMGW_ERRKIND_BILLING:
    case LLMGW_ERRKIND_PERMISSION:
        return LLMGW_ECREDENTIALS;
    default:
        return LLMGW_EUPSTREAM;
    }
}

/* A 2xx answer held the error: its words are all there is to go by. */
static int is_unclassified(const llmgw_err_t *err)
{
    return err->status == LLMGW_EUPSTREAM && !err->http_status;
}

static void take_kind(llmgw_err_t *err, llmgw_errkind_e kind)
{
    if (is_unclassified(err)) {
        err->status = get_status(kind);
    }
    /* the gateway's key was refused, not the client's */
    if (err->status == LLMGW_ECREDENTIALS) {
        return;
    }
    /* an HTTP status says more than "invalid_request_error" does */
    if (kind != LLMGW_ERRKIND_INVALID_REQUEST
        || err->kind == LLMGW_ERRKIND_UPSTREAM) {
        err->kind = kind;
    }
}

static void take_word(llmgw_err_t *err, const llmgw_json_t *v)
{
    apr_size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (llmgw_json_string_is(v, words[i].word)) {
            take_kind(err, words[i].kind);
            return;
        }
    }
}

/* An HTTP status given as a number. */
static void take_number(llmgw_err_t *err, const llmgw_json_t *v)
{
    apr_int64_t n;

    if (is_unclassified(err) && llmgw_json_int(v, &n) == APR_SUCCESS
        && n >= 400 && n <= 599) {
        llmgw_err_from_http(err, (int)n);
    }
}

static const char *get_text(const llmgw_json_t *obj, const char *name,
                            apr_pool_t *p)
{
    llmgw_str_t s = llmgw_json_string(llmgw_json_lookup(obj, name), p);

    return s.len ? llmgw_str_dupz(p, s) : NULL;
}

/* "code" as a text, also where it is a number. */
static const char *get_code(const llmgw_json_t *obj, apr_pool_t *p)
{
    const llmgw_json_t *v = llmgw_json_lookup(obj, "code");

    if (llmgw_json_is(v, LLMGW_JSON_NUMBER)) {
        return llmgw_str_dupz(p, llmgw_json_raw(v));
    }
    return get_text(obj, "code", p);
}

static void take_details(llmgw_err_t *err, const llmgw_json_t *obj,
                         apr_pool_t *p)
{
    static const char *const classes[] = { "type", "status", "code" };
    static const char *const numbers[] = { "code", "status_code", "status" };
    apr_size_t i;

    for (i = 0; i < 3; i++) {
        take_number(err, llmgw_json_lookup(obj, numbers[i]));
    }
    for (i = 0; i < 3; i++) {
        take_word(err, llmgw_json_lookup(obj, classes[i]));
    }
    if (!err->code) {
        err->code = get_code(obj, p);
    }
    if (!err->param) {
        err->param = get_text(obj, "param", p);
    }
}

/* The first text among the members that hold messages. */
static const char *find_message(const llmgw_json_t *obj, apr_pool_t *p)
{
    static const char *const names[] = {
        "message", "detail", "msg", "error_description", "title", "reason"
    };
    const char *text = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]) && !text; i++) {
        text = get_text(obj, names[i], p);
    }
    return text;
}

/* What stands within: "error", or lists of them. */
static const llmgw_json_t *get_inner(const llmgw_json_t *obj)
{
    static const char *const names[] = { "error", "detail", "errors",
                                         "message" };
    const llmgw_json_t *v;
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        v = llmgw_json_lookup(obj, names[i]);
        if (llmgw_json_is(v, LLMGW_JSON_ARRAY)) {
            v = llmgw_json_each(v, NULL);
        }
        if (llmgw_json_is(v, LLMGW_JSON_OBJECT)
            || (i == 0 && llmgw_json_is(v, LLMGW_JSON_STRING))) {
            return v;
        }
    }
    return NULL;
}

void llmgw_error_body_decode(llmgw_err_t *err, const llmgw_json_t *body,
                             apr_pool_t *p)
{
    const llmgw_json_t *inner;
    const char *text = NULL;
    int depth;

    if (llmgw_json_is(body, LLMGW_JSON_ARRAY)) {
        body = llmgw_json_each(body, NULL);
    }
    for (depth = 0; depth < 3 && llmgw_json_is(body, LLMGW_JSON_OBJECT);
         depth++) {
        inner = get_inner(body);
        if (llmgw_json_is(inner, LLMGW_JSON_STRING)) {
            text = llmgw_str_dupz(p, llmgw_json_string(inner, p));
            inner = NULL;
        }
        else if (!inner || !text) {
            const char *own = find_message(body, p);

            text = own ? own : text;
        }
        take_details(err, body, p);
        body = inner;
    }
    if (llmgw_json_is(body, LLMGW_JSON_STRING)) {
        text = llmgw_str_dupz(p, llmgw_json_string(body, p));
    }
    if (text && *text) {
        err->message = text;
    }
}

const char *llmgw_error_text(const llmgw_err_t *err)
{
    if (err->message) {
        return err->message;
    }
    if (err->from_provider) {
        return "The provider answered with an error and gave no reason.";
    }
    return llmgw_err_code(err);
}
