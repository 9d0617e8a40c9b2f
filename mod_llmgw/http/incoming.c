/* incoming.c: what becomes of a provider's answer, by status and type */
#include <apr_lib.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "llmgw/inflate.h"
#include "llmgw/retry.h"
#include "attempt.h"
#include "incoming.h"
#include "log.h"
#include "raw.h"
#include "relay.h"

#define ERROR_BYTES_MAX (64 * 1024)
#define RAW_ERROR_BYTES_MAX (1024 * 1024)   /* of one that is passed on */

struct llmgw_incoming_t {
    llmgw_call_t *call;
    int status;
    const apr_table_t *headers;
    int succeeded;              /* status 2xx: the relay gets the body */
    llmgw_inflate_t *inflate;   /* NULL: the body is not compressed */
    llmgw_buf_t *error_body;
    apr_interval_time_t retry_after_usec;
    llmgw_err_t err;
};

/* ---- the head ---------------------------------------------------------- */

/* The media type of a Content-Type, without parameters, matches. */
static int is_type(const char *content_type, const char *type)
{
    apr_size_t n = strlen(type);

    return content_type && !ap_cstr_casecmpn(content_type, type, n)
           && (!content_type[n] || content_type[n] == ';'
               || apr_isspace(content_type[n]));
}

static apr_size_t error_bytes_max(const llmgw_incoming_t *in)
{
    return in->call->raw ? RAW_ERROR_BYTES_MAX : ERROR_BYTES_MAX;
}

static apr_status_t begin_inflate(llmgw_incoming_t *in, const char *coding)
{
    apr_pool_t *p = in->call->attempt->pool;
    llmgw_str_t name = llmgw_str_of(coding);

    if (!coding || !*coding || !ap_cstr_casecmp(coding, "identity")) {
        return APR_SUCCESS;
    }
    if (!llmgw_inflate_knows(name)) {
        return llmgw_err_set(&in->err, p, LLMGW_EUPBODY, NULL,
                             "The provider's answer has an unknown "
                             "Content-Encoding.");
    }
    return llmgw_inflate_create(&in->inflate, name,
                                in->succeeded ? (apr_uint64_t)in->call->conf
                                                ->response_body
                                : error_bytes_max(in), p);
}

static apr_status_t begin_success(llmgw_incoming_t *in,
                                  const apr_table_t *headers)
{
    const char *type = apr_table_get(headers, "Content-Type");
    int streamed = type ? is_type(type, "text/event-stream")
                        : in->call->stream;
    int expected = !type || is_type(type, "application/json")
                   || (streamed && in->call->surface.op == LLMGW_OP_CHAT);

    if (!expected) {
        llmgw_err_set(&in->err, in->call->attempt->pool, LLMGW_EUPBODY, NULL,
                      "The provider's answer is of an unexpected type.");
        in->err.detail = apr_pstrcat(in->call->attempt->pool, "Content-Type ",
                                     type, NULL);
        return LLMGW_EUPBODY;
    }
    llmgw_relay_begin(in->call->relay, streamed, headers);
    return APR_SUCCESS;
}

static apr_status_t on_head(void *ctx, int status, const apr_table_t *headers)
{
    llmgw_incoming_t *in = ctx;
    apr_status_t rv;

    in->status = in->call->attempt->status = status;
    in->headers = headers;
    in->succeeded = status >= 200 && status < 300;
    in->call->attempt->last_byte = apr_time_now();
    if (in->call->raw && llmgw_raw_succeeded(status)) {
        in->succeeded = 1;
        llmgw_raw_begin(in->call, status, headers);
        return APR_SUCCESS;
    }
    rv = begin_inflate(in, apr_table_get(headers, "Content-Encoding"));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (in->succeeded) {
        return begin_success(in, headers);
    }
    in->retry_after_usec
        = llmgw_retry_after(apr_table_get(headers, "retry-after-ms"),
                            apr_table_get(headers, "Retry-After"),
                            apr_time_now());
    in->error_body = llmgw_buf_create(in->call->attempt->pool,
                                      error_bytes_max(in));
    return APR_SUCCESS;
}

/* ---- the body ---------------------------------------------------------- */

static apr_status_t take_plain(void *ctx, const char *data, apr_size_t len)
{
    llmgw_incoming_t *in = ctx;

    if (in->succeeded) {
        return in->call->raw ? llmgw_raw_feed(in->call, data, len)
               : llmgw_relay_feed(in->call->relay, data, len);
    }
    llmgw_buf_append(in->error_body, data, len);    /* more is of no use */
    return APR_SUCCESS;
}

static apr_status_t on_body(void *ctx, const char *data, apr_size_t len)
{
    llmgw_incoming_t *in = ctx;
    apr_status_t rv;

    in->call->attempt->last_byte = apr_time_now();
    in->call->attempt->has_body = 1;
    if (!in->inflate) {
        return take_plain(in, data, len);
    }
    rv = llmgw_inflate_feed(in->inflate, data, len, take_plain, in);
    if (rv == LLMGW_EBODY || rv == LLMGW_ETOOBIG) {
        rv = rv == LLMGW_EBODY ? LLMGW_EUPBODY : LLMGW_EUPTOOBIG;
        llmgw_err_set(&in->err, in->call->attempt->pool, rv, NULL,
                      rv == LLMGW_EUPBODY
                      ? "The provider's answer cannot be decompressed."
                      : "The provider's answer is too large.");
    }
    return rv;
}

/* What came is passed on. On the call's own thread that may wait for the
 * client, which is not the provider's time. */
static apr_status_t on_pause(void *ctx)
{
    llmgw_incoming_t *in = ctx;
    apr_status_t rv = APR_SUCCESS;

    if (in->succeeded && !in->call->raw) {
        rv = llmgw_relay_flush(in->call->relay);
    }
    if (!in->call->outlet) {
        in->call->attempt->last_byte = apr_time_now();
    }
    return rv;
}

/* ---- the end ----------------------------------------------------------- */

/* A provider that refuses our credentials is our trouble, not the client's. */
static void hide_credentials(llmgw_incoming_t *in, llmgw_err_t *err)
{
    const llmgw_attempt_t *attempt = in->call->attempt;
    apr_pool_t *p = attempt->pool;

    memset(err, 0, sizeof(*err));
    llmgw_err_set(err, p, LLMGW_ECREDENTIALS, NULL,
                  "The gateway's credentials for provider '%s' were refused.",
                  attempt->provider->name);
    err->detail = apr_psprintf(p, "status %d", in->status);
}

static int is_about_credentials(const llmgw_incoming_t *in)
{
    return in->status == HTTP_UNAUTHORIZED
           || in->status == HTTP_PAYMENT_REQUIRED
           || (in->status == HTTP_FORBIDDEN
               && !(in->call->raw && llmgw_raw_names_object(in->call)));
}

static apr_status_t read_error(llmgw_incoming_t *in, llmgw_err_t *err)
{
    const llmgw_attempt_t *attempt = in->call->attempt;

    llmgw_decoder_read_error(attempt->provider->kind->dialect, in->status,
                             in->error_body->data, in->error_body->len, err,
                             attempt->pool);
    err->retry_after_usec = in->retry_after_usec;
    llmgw_attempt_hide_keys(attempt, err);
    if (is_about_credentials(in)) {
        hide_credentials(in, err);
    }
    else if (in->status < 400) {
        memset(err, 0, sizeof(*err));
        llmgw_err_set(err, attempt->pool, LLMGW_EHTTP, NULL, "The provider "
                      "answered with the unexpected status %d.", in->status);
    }
    else if (in->call->raw) {
        llmgw_raw_keep_refusal(in->call, in->status, in->headers,
                               in->error_body, err);
    }
    return err->status;
}

apr_status_t llmgw_incoming_finish(llmgw_incoming_t *in, llmgw_err_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    if (in->inflate && in->succeeded) {
        rv = llmgw_inflate_finish(in->inflate);
        if (rv != APR_SUCCESS) {
            return llmgw_err_set(err, in->call->attempt->pool,
                                 LLMGW_ETRUNCATED, NULL, "The provider's "
                                 "answer ended before it was complete.");
        }
    }
    if (!in->succeeded) {
        return read_error(in, err);
    }
    rv = in->call->raw ? llmgw_raw_finish(in->call)
         : llmgw_relay_finish(in->call->relay);
    llmgw_incoming_error(in, err);
    return rv;
}

void llmgw_incoming_error(const llmgw_incoming_t *in, llmgw_err_t *err)
{
    const llmgw_err_t *why = in->err.status != APR_SUCCESS ? &in->err
                             : llmgw_relay_error(in->call->relay);

    if (why) {
        *err = *why;
        llmgw_attempt_hide_keys(in->call->attempt, err);
    }
}

llmgw_incoming_t *llmgw_incoming_create(llmgw_call_t *call,
                                        llmgw_receive_t *receive)
{
    llmgw_incoming_t *in = apr_pcalloc(call->attempt->pool, sizeof(*in));

    in->call = call;
    receive->head = on_head;
    receive->body = on_body;
    receive->pause = on_pause;
    receive->ctx = in;
    return in;
}
