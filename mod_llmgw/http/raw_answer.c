/* raw_answer.c: an answer that passes to the client as it is */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include "attempt.h"
#include "raw.h"
#include "relay.h"
#include "reply.h"

/* The largest answer whose usage is looked for: those that tell it are lists of
 * texts; images and sound are larger. */
#define COPY_BYTES_MAX (256 * 1024)

int llmgw_raw_succeeded(int status)
{
    return (status >= 200 && status < 300) || status == HTTP_NOT_MODIFIED;
}

/* ---- the head ----------------------------------------------------------- */

/* What describes the body, or lets it be asked for again. */
static const char *const content_headers[] = {
    "Content-Disposition", "Content-Encoding", "Content-Language",
    "Content-Range", "Accept-Ranges", "ETag", "Last-Modified",
    "Cache-Control", "Expires",
};

static int is_type(const llmgw_raw_t *raw, const char *type)
{
    const char *value = apr_table_get(raw->headers, "Content-Type");

    return value && !ap_cstr_casecmpn(value, type, strlen(type));
}

static void put_headers(llmgw_call_t *call, const apr_table_t *headers)
{
    unsigned int i;

    llmgw_reply_provider_headers(call, headers);
    llmgw_reply_call_headers(call);
    for (i = 0; i < sizeof(content_headers) / sizeof(content_headers[0]);
         i++) {
        const char *value = apr_table_get(headers, content_headers[i]);

        if (value) {
            apr_table_set(call->r->headers_out, content_headers[i], value);
        }
    }
}

void llmgw_raw_end_upload(const llmgw_call_t *call)
{
    const llmgw_source_t *source = call->raw ? call->raw->source : NULL;

    if (source && !source->complete) {
        call->r->connection->keepalive = AP_CONN_CLOSE;
    }
}

/* The answer goes to the client from here on. */
static void commit(llmgw_call_t *call)
{
    llmgw_raw_t *raw = call->raw;
    request_rec *r = call->r;
    const char *length = apr_table_get(raw->headers, "Content-Length");
    apr_off_t len;

    r->status = raw->status;
    r->status_line = ap_get_status_line_ex(r->pool, raw->status);
    ap_set_content_type(r, apr_pstrdup(r->pool,
                                       apr_table_get(raw->headers,
                                                     "Content-Type")));
    if (length && ap_parse_strict_length(&len, length)) {
        ap_set_content_length(r, len);
    }
    put_headers(call, raw->headers);
    if (is_type(raw, "text/event-stream")) {
        call->stream = 1;
        apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
    }
    llmgw_raw_end_upload(call);
}

void llmgw_raw_begin(llmgw_call_t *call, int status,
                     const apr_table_t *headers)
{
    llmgw_raw_t *raw = call->raw;

    raw->status = status;
    raw->headers = headers;
    raw->copy = raw->kind == LLMGW_RAWPATH_MODEL
                    && !strcmp(call->r->method, "POST")
                    && is_type(raw, "application/json")
                    && !apr_table_get(headers, "Content-Encoding")
                ? llmgw_buf_create(call->attempt->pool, COPY_BYTES_MAX) : NULL;
    llmgw_meter_init(&call->meter);
}

/* ---- the body ----------------------------------------------------------- */

static apr_status_t pass(llmgw_call_t *call, apr_bucket *b)
{
    APR_BRIGADE_INSERT_TAIL(call->raw->down, b);
    return llmgw_relay_pass(call->relay, call->raw->down);
}

apr_status_t llmgw_raw_feed(llmgw_call_t *call, const char *data,
                            apr_size_t len)
{
    llmgw_raw_t *raw = call->raw;
    apr_bucket_alloc_t *alloc = call->r->connection->bucket_alloc;

    if (!llmgw_relay_committed(call->relay)) {
        commit(call);
        call->meter.first_content = apr_time_now();
    }
    if (raw->copy) {
        llmgw_buf_append(raw->copy, data, len);
    }
    APR_BRIGADE_INSERT_TAIL(raw->down,
                            apr_bucket_transient_create(data, len, alloc));
    return pass(call, apr_bucket_flush_create(alloc));
}

/* OpenAI's APIs have either of two names for a figure. */
static apr_int64_t read_tokens(const llmgw_json_t *usage, const char *name,
                               const char *other)
{
    apr_int64_t n;

    if (llmgw_json_int(llmgw_json_lookup(usage, name), &n) != APR_SUCCESS
        && llmgw_json_int(llmgw_json_lookup(usage, other), &n)
           != APR_SUCCESS) {
        return -1;
    }
    return n >= 0 ? n : -1;
}

static void read_usage(llmgw_call_t *call)
{
    const llmgw_buf_t *copy = call->raw->copy;
    llmgw_usage_t usage = LLMGW_USAGE_INIT;
    llmgw_json_doc_t *doc;
    const llmgw_json_t *root;

    if (!copy || copy->failed) {
        return;
    }
    doc = llmgw_json_doc_create(call->attempt->pool, NULL);
    if (llmgw_json_parse(doc, copy->data, copy->len, &root, NULL)
        == APR_SUCCESS) {
        root = llmgw_json_lookup(root, "usage");
        usage.prompt = read_tokens(root, "prompt_tokens", "input_tokens");
        usage.completion = read_tokens(root, "completion_tokens",
                                       "output_tokens");
        llmgw_usage_set(&call->meter.usage, &usage);
    }
}

apr_status_t llmgw_raw_finish(llmgw_call_t *call)
{
    if (!llmgw_relay_committed(call->relay)) {
        commit(call);
    }
    read_usage(call);
    return pass(call,
                apr_bucket_eos_create(call->r->connection->bucket_alloc));
}

void llmgw_raw_break(llmgw_call_t *call)
{
    request_rec *r = call->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    /* For httpd this says that the backend broke: no last chunk is sent, and
     * the connection is closed. */
    APR_BRIGADE_INSERT_TAIL(call->raw->down,
                            ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL,
                                                   r->pool, alloc));
    r->connection->keepalive = AP_CONN_CLOSE;
    pass(call, apr_bucket_eos_create(alloc));
}

/* ---- errors ------------------------------------------------------------- */

int llmgw_raw_names_object(const llmgw_call_t *call)
{
    const llmgw_raw_t *raw = call->raw;

    return raw->kind != LLMGW_RAWPATH_MODEL && strcmp(call->r->method, "POST")
           && memchr(raw->path.rest.p, '/', raw->path.rest.len) != NULL;
}

void llmgw_raw_keep_refusal(llmgw_call_t *call, int status,
                            const apr_table_t *headers,
                            const llmgw_buf_t *body, llmgw_err_t *err)
{
    llmgw_refusal_t *refusal;

    if (err->status == LLMGW_ECREDENTIALS) {
        err->status = LLMGW_EREJECTED;  /* a 403 about the object */
        err->http_status = status;
        err->kind = LLMGW_ERRKIND_PERMISSION;
    }
    call->raw->refusal = NULL;
    if (body->failed) {
        return;                 /* longer than any error is */
    }
    refusal = apr_pcalloc(call->pool, sizeof(*refusal));
    refusal->status = status;
    refusal->headers = apr_table_clone(call->pool, headers);
    refusal->body = llmgw_attempt_cut_keys(call->attempt,
                                           llmgw_str_dup(call->pool,
                                                         llmgw_buf_str(body)),
                                           call->pool);
    call->raw->refusal = refusal;
}

int llmgw_raw_catch_error(llmgw_call_t *call, apr_bucket_brigade *bb)
{
    llmgw_source_t *source = call->raw ? call->raw->source : NULL;
    const apr_bucket *b = APR_BRIGADE_FIRST(bb);

    if (!source || source->complete || llmgw_relay_committed(call->relay)
        || call->state != LLMGW_STATE_EXCHANGE
        || b == APR_BRIGADE_SENTINEL(bb) || !AP_BUCKET_IS_ERROR(b)) {
        return 0;
    }
    source->http_status = ((const ap_bucket_error *)b->data)->status;
    apr_brigade_cleanup(bb);
    call->r->eos_sent = 0;      /* an EOS was behind it */
    return 1;
}

int llmgw_raw_reply(llmgw_call_t *call)
{
    const llmgw_refusal_t *refusal = call->raw ? call->raw->refusal : NULL;

    if (!refusal || !call->err.from_provider) {
        return 0;
    }
    llmgw_reply_note_error(call->r, &call->err);
    put_headers(call, refusal->headers);
    apr_table_unset(call->r->headers_out, "Content-Encoding");  /* undone */
    llmgw_reply_body(call->r, refusal->status,
                     apr_table_get(refusal->headers, "Content-Type"),
                     refusal->body);
    return 1;
}
