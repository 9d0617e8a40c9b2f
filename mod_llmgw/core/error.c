/* error.c: the table of what can go wrong, and errors made from it */
#include <string.h>
#include <apr_strings.h>
#include "llmgw/error.h"

/* Indexed by offset; an offset that is not used has no code. */
#define STATUS_ROW(sym, off, code_, http, kind_, breaker_) \
    [off] = { sym, code_, http, LLMGW_ERRKIND_##kind_, \
              LLMGW_BREAKER_##breaker_ },
static const llmgw_status_t rows[] = { LLMGW_STATUS_TABLE(STATUS_ROW) };
#undef STATUS_ROW

#define ROWS_COUNT ((apr_status_t)(sizeof(rows) / sizeof(rows[0])))

const llmgw_status_t *llmgw_status_get(apr_status_t status)
{
    apr_status_t off = status - LLMGW_STATUS_START;

    if (status < LLMGW_STATUS_START || off >= ROWS_COUNT || !rows[off].code) {
        off = LLMGW_EINTERNAL - LLMGW_STATUS_START;
    }
    return &rows[off];
}

apr_status_t llmgw_err_set(llmgw_err_t *err, apr_pool_t *p,
                           apr_status_t status, const char *param,
                           const char *fmt, ...)
{
    va_list ap;

    if (err) {
        memset(err, 0, sizeof(*err));
        err->status = status;
        err->kind = llmgw_status_get(status)->kind;
        err->param = param ? apr_pstrdup(p, param) : NULL;
        va_start(ap, fmt);
        err->message = apr_pvsprintf(p, fmt, ap);
        va_end(ap);
    }
    return status;
}

int llmgw_err_http_status(const llmgw_err_t *err)
{
    if (err->http_status >= 400 && err->http_status <= 599) {
        return err->http_status;
    }
    return llmgw_status_get(err->status)->http_status;
}

const char *llmgw_err_code(const llmgw_err_t *err)
{
    return err->code ? err->code : llmgw_status_get(err->status)->code;
}

/* What a provider's HTTP status means; the client gets client_http (0: the
 * table's status, as the provider's own would mislead it). */
typedef struct meaning_t {
    int http;
    int client_http;
    apr_status_t status;
    llmgw_errkind_e kind;
} meaning_t;

static const meaning_t meanings[] = {
    /* The provider refuses the gateway's key, not the client's. */
    { 401, 0, LLMGW_ECREDENTIALS, LLMGW_ERRKIND_UPSTREAM },
    { 402, 0, LLMGW_ECREDENTIALS, LLMGW_ERRKIND_UPSTREAM },
    { 403, 0, LLMGW_ECREDENTIALS, LLMGW_ERRKIND_UPSTREAM },
    { 404, 404, LLMGW_EREJECTED, LLMGW_ERRKIND_NOT_FOUND },
    { 408, 408, LLMGW_EUPSTREAM, LLMGW_ERRKIND_TIMEOUT },
    { 409, 409, LLMGW_EUPSTREAM, LLMGW_ERRKIND_UPSTREAM },
    { 410, 410, LLMGW_EREJECTED, LLMGW_ERRKIND_NOT_FOUND },
    { 413, 413, LLMGW_EREJECTED, LLMGW_ERRKIND_TOO_LARGE },
    { 429, 429, LLMGW_ERATELIMIT, LLMGW_ERRKIND_RATE_LIMIT },
    { 503, 503, LLMGW_EOVERLOADED, LLMGW_ERRKIND_OVERLOADED },
    { 504, 504, LLMGW_EUPSTREAM, LLMGW_ERRKIND_TIMEOUT },
    { 529, 529, LLMGW_EOVERLOADED, LLMGW_ERRKIND_OVERLOADED }
};

static meaning_t find_meaning(int http)
{
    meaning_t other = { http, http, LLMGW_EUPSTREAM, LLMGW_ERRKIND_UPSTREAM };
    apr_size_t i;

    for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if (meanings[i].http == http) {
            return meanings[i];
        }
    }
    if (http >= 400 && http <= 499) {
        other.status = LLMGW_EREJECTED;
        other.kind = LLMGW_ERRKIND_INVALID_REQUEST;
    }
    else if (http < 400 || http > 599) {
        other.client_http = 0;
    }
    return other;
}

void llmgw_err_from_http(llmgw_err_t *err, int http_status)
{
    meaning_t m = find_meaning(http_status);

    err->status = m.status;
    err->kind = m.kind;
    err->http_status = m.client_http;
}

static const char *copy_text(apr_pool_t *p, const char *text)
{
    return text ? apr_pstrdup(p, text) : NULL;
}

void llmgw_err_copy(llmgw_err_t *out, const llmgw_err_t *err, apr_pool_t *p)
{
    *out = *err;
    out->code = copy_text(p, err->code);
    out->message = copy_text(p, err->message);
    out->detail = copy_text(p, err->detail);
    out->param = copy_text(p, err->param);
}
