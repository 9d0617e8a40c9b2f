/* error.h: what can go wrong, in one table, and the object that carries it */
#ifndef LLMGW_ERROR_H
#define LLMGW_ERROR_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>
#include "llmgw/str.h"

/**
 * The kind of an error: what each dialect has a word of its own for. A dialect
 * maps a kind to its error type (OpenAI "invalid_request_error", Gemini
 * "INVALID_ARGUMENT", ...).
 */
typedef enum llmgw_errkind_e {
    LLMGW_ERRKIND_INVALID_REQUEST,
    LLMGW_ERRKIND_AUTHENTICATION,
    LLMGW_ERRKIND_BILLING,
    LLMGW_ERRKIND_PERMISSION,
    LLMGW_ERRKIND_NOT_FOUND,
    LLMGW_ERRKIND_TOO_LARGE,
    LLMGW_ERRKIND_RATE_LIMIT,
    LLMGW_ERRKIND_INTERNAL,        /* the gateway's own fault */
    LLMGW_ERRKIND_UPSTREAM,        /* the provider's fault */
    LLMGW_ERRKIND_OVERLOADED,
    LLMGW_ERRKIND_TIMEOUT,
    LLMGW_ERRKIND_CANCELLED,       /* the client left */
    LLMGW_ERRKIND__COUNT
} llmgw_errkind_e;

/** What an outcome means to a target's circuit breaker. */
typedef enum llmgw_breaker_e {
    LLMGW_BREAKER_NEUTRAL,
    LLMGW_BREAKER_FAILURE,
    LLMGW_BREAKER_SUCCESS
} llmgw_breaker_e;

/**
 * The table. Columns: symbol, offset, machine-readable code as clients see it,
 * HTTP status, kind, effect on the breaker. Offsets are stable: they appear in
 * logs.
 */
#define LLMGW_STATUS_TABLE(X) \
    X(LLMGW_EINTERNAL,        0, "internal_error",             500, INTERNAL,        NEUTRAL) \
    X(LLMGW_EJSON,            1, "invalid_json",               400, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_EINVAL,           2, "invalid_value",              400, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_EMISSING,         3, "missing_required_parameter", 400, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_EUNSUPPORTED,     4, "unsupported_parameter",      400, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_ETOOBIG,          5, "request_too_large",          413, TOO_LARGE,       NEUTRAL) \
    X(LLMGW_EBODY,            6, "unreadable_body",            400, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_EENCODING,        7, "unsupported_content_encoding", 415, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_EMODEL,           8, "model_not_found",            404, NOT_FOUND,       NEUTRAL) \
    X(LLMGW_EPATH,            9, "unknown_url",                404, NOT_FOUND,       NEUTRAL) \
    X(LLMGW_EMETHOD,         10, "method_not_allowed",         405, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_EKEY,            11, "provider_key_missing",       500, INTERNAL,        NEUTRAL) \
    X(LLMGW_EFORBIDDEN,      12, "model_not_allowed",          403, PERMISSION,      NEUTRAL) \
    X(LLMGW_EBODYTIMEOUT,    13, "request_body_timeout",       408, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_ENORESPONSE,     14, "response_not_found",         404, NOT_FOUND,       NEUTRAL) \
    X(LLMGW_EUPGRADE,        16, "upgrade_not_supported",      501, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_ECLIENTGONE,     20, "client_closed_request",      499, CANCELLED,       NEUTRAL) \
    X(LLMGW_ECONNECT,        30, "upstream_unreachable",       502, UPSTREAM,        FAILURE) \
    X(LLMGW_ETLS,            31, "upstream_tls_failed",        502, UPSTREAM,        FAILURE) \
    X(LLMGW_ERESET,          32, "upstream_closed",            502, UPSTREAM,        FAILURE) \
    X(LLMGW_EHTTP,           33, "upstream_bad_response",      502, UPSTREAM,        FAILURE) \
    X(LLMGW_EUPBODY,         34, "upstream_bad_body",          502, UPSTREAM,        FAILURE) \
    X(LLMGW_EUPTOOBIG,       35, "upstream_too_large",         502, UPSTREAM,        FAILURE) \
    X(LLMGW_EEMPTY,          36, "upstream_empty_answer",      502, UPSTREAM,        FAILURE) \
    X(LLMGW_ETRUNCATED,      37, "upstream_truncated",         502, UPSTREAM,        FAILURE) \
    X(LLMGW_ECREDENTIALS,    38, "upstream_credentials_exhausted", 502, UPSTREAM,    NEUTRAL) \
    X(LLMGW_EUPSTREAM,       39, "upstream_error",             502, UPSTREAM,        FAILURE) \
    X(LLMGW_ERATELIMIT,      40, "rate_limit_exceeded",        429, RATE_LIMIT,      NEUTRAL) \
    X(LLMGW_EOVERLOADED,     41, "upstream_overloaded",        503, OVERLOADED,      FAILURE) \
    X(LLMGW_EREJECTED,       42, "upstream_rejected",          400, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_ENOTARGET,       43, "no_target_available",        503, OVERLOADED,      NEUTRAL) \
    X(LLMGW_ECONTEXT,        44, "context_length_exceeded",    400, INVALID_REQUEST, NEUTRAL) \
    X(LLMGW_EFULL,           45, "gateway_overloaded",         503, OVERLOADED,      NEUTRAL) \
    X(LLMGW_ECONNECTTIMEOUT, 50, "upstream_connect_timeout",   504, TIMEOUT,         FAILURE) \
    X(LLMGW_EFIRSTTIMEOUT,   51, "upstream_first_timeout",     504, TIMEOUT,         FAILURE) \
    X(LLMGW_EIDLETIMEOUT,    52, "upstream_idle_timeout",      504, TIMEOUT,         FAILURE) \
    X(LLMGW_ETOTALTIMEOUT,   53, "request_timeout",            504, TIMEOUT,         NEUTRAL) \
    X(LLMGW_EATTEMPTTIMEOUT, 54, "upstream_total_timeout",     504, TIMEOUT,         FAILURE)

/** First of the module's own apr_status_t codes. */
#define LLMGW_STATUS_START (APR_OS_START_USERERR + 4200)

#define LLMGW_STATUS_ENUM(sym, off, code, http, kind, breaker) \
    sym = LLMGW_STATUS_START + off,
enum { LLMGW_STATUS_TABLE(LLMGW_STATUS_ENUM) LLMGW_STATUS__END };
#undef LLMGW_STATUS_ENUM

/** A row of the table. */
typedef struct llmgw_status_t {
    apr_status_t status;
    const char *code;           /* "model_not_found" */
    int http_status;
    llmgw_errkind_e kind;
    llmgw_breaker_e breaker;
} llmgw_status_t;

/** The row of a status; for any status not in the table, LLMGW_EINTERNAL's. */
const llmgw_status_t *llmgw_status_get(apr_status_t status);

/**
 * An error on its way to somebody. Strings live in the pool it was set with.
 * All zero (LLMGW_ERR_INIT) means no error.
 */
typedef struct llmgw_err_t {
    apr_status_t status;        /* a code of the table */
    int http_status;            /* what the client gets; 0: the table's */
    llmgw_errkind_e kind;       /* set with status; may be refined */
    const char *code;           /* machine-readable; NULL: the table's */
    const char *message;        /* for the client: a sentence, no secret */
    const char *detail;         /* for the operator's log, may be NULL */
    const char *param;          /* the field at fault ("messages[2].role") */
    apr_interval_time_t retry_after_usec;  /* -1 or 0: unknown */
    int from_provider;          /* message, code and status are the provider's */
} llmgw_err_t;

#define LLMGW_ERR_INIT { APR_SUCCESS, 0, LLMGW_ERRKIND_INTERNAL, NULL, NULL, \
                         NULL, NULL, 0, 0 }

/**
 * Fill in an error: status, the table's kind, the parameter at fault (NULL for
 * none) and the client's message.
 * @param err may be NULL: then only the status is returned
 * @return status, so that one can `return llmgw_err_set(...)`
 */
apr_status_t llmgw_err_set(llmgw_err_t *err, apr_pool_t *p,
                           apr_status_t status, const char *param,
                           const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/** Copy an error, its strings into pool p. */
void llmgw_err_copy(llmgw_err_t *out, const llmgw_err_t *err, apr_pool_t *p);

/** HTTP status the client gets for this error, 400 .. 599. */
int llmgw_err_http_status(const llmgw_err_t *err);

/** Its machine-readable code, never NULL. */
const char *llmgw_err_code(const llmgw_err_t *err);

/**
 * Kind and own status code for an HTTP status a provider answered with
 * (RFC 9110; 402, 408, 409, 413, 429, 529 as the providers use them).
 * Sets status, kind and http_status: the provider's own, but 504 for its 408,
 * and none (so the table's 502) where it would mislead the client: for what the
 * provider says about the gateway's key, and below 400. The rest stays.
 * @param http_status 100 .. 599; success codes give LLMGW_EUPSTREAM
 */
void llmgw_err_from_http(llmgw_err_t *err, int http_status);

#endif /* LLMGW_ERROR_H */
