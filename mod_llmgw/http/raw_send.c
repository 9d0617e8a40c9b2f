/* raw_send.c: what a provider is sent of a request that passes as it is */
#include <apr_strings.h>
#include <httpd.h>
#include "raw.h"

/* ---- path and query ----------------------------------------------------- */

static void fill_op(llmgw_op_t *op, const llmgw_call_t *call)
{
    const llmgw_raw_t *raw = call->raw;
    const llmgw_attempt_t *attempt = call->attempt;

    memset(op, 0, sizeof(*op));
    op->op = LLMGW_OP_RAW;
    if (raw->kind == LLMGW_RAWPATH_MODEL) {
        op->model = llmgw_str_of(attempt->model);
    }
    op->rest = raw->verb ? raw->verb
               : llmgw_rawpath_escape(raw->path.rest, attempt->pool);
    op->deployment = attempt->provider->deployment;
    op->api_version = attempt->provider->api_version;
}

void llmgw_raw_put_path(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;
    const char *path, *own, *query;
    llmgw_op_t op;

    fill_op(&op, call);
    path = llmgw_provider_path(attempt->provider->kind, &op,
                               attempt->provider->base_path, attempt->pool);
    own = strchr(path, '?');
    query = llmgw_rawpath_query(call->r->args, own ? own + 1 : NULL,
                                attempt->pool);
    attempt->send.method = call->r->method;
    attempt->send.path = *query ? apr_pstrcat(attempt->pool, path,
                                              own ? "&" : "?", query, NULL)
                         : path;
}

/* ---- headers ------------------------------------------------------------ */

/* What speaks of the body and of the answer, never of who asks. */
static const char *const content_headers[] = {
    "Accept", "Range", "If-Range", "If-Match", "If-None-Match",
    "If-Modified-Since", "If-Unmodified-Since", "Idempotency-Key",
};

static void copy_header(const llmgw_call_t *call, apr_table_t *out,
                        const char *name)
{
    const char *value = apr_table_get(call->r->headers_in, name);

    if (value && *value) {
        apr_table_setn(out, name, value);
    }
}

void llmgw_raw_put_headers(const llmgw_call_t *call, apr_table_t *out)
{
    const llmgw_raw_t *raw = call->raw;
    unsigned int i;

    apr_table_setn(out, "Accept", "*/*");
    for (i = 0; i < sizeof(content_headers) / sizeof(content_headers[0]);
         i++) {
        copy_header(call, out, content_headers[i]);
    }
    if (raw->body == LLMGW_RAW_JSON) {
        return;                 /* what it was read as, it is called */
    }
    apr_table_unset(out, "Content-Type");
    if (raw->body != LLMGW_RAW_NONE) {
        copy_header(call, out, "Content-Type");
    }
    if (raw->body == LLMGW_RAW_STREAM) {
        copy_header(call, out, "Content-Encoding");
    }
}

/* ---- the body ----------------------------------------------------------- */

llmgw_str_t llmgw_raw_model(const llmgw_call_t *call)
{
    const llmgw_attempt_t *attempt = call->attempt;

    return llmgw_str_of(apr_pstrcat(attempt->pool, call->raw->model_prefix,
                                    attempt->model, NULL));
}

/* A form with the provider's name for the model in place of the client's. */
static void put_form(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;
    llmgw_str_t body = llmgw_buf_str(call->body);
    llmgw_str_t old = call->raw->model_value;
    llmgw_str_t *pieces = apr_palloc(attempt->pool, 3 * sizeof(*pieces));

    attempt->send.pieces = pieces;
    attempt->send.npieces = 1;
    pieces[0] = body;
    if (old.p && !llmgw_str_is(call->model, attempt->model)) {
        attempt->send.npieces = 3;
        pieces[0].len = (apr_size_t)(old.p - body.p);
        pieces[1] = llmgw_raw_model(call);
        pieces[2] = llmgw_str_make(old.p + old.len,
                                   body.len - pieces[0].len - old.len);
    }
}

void llmgw_raw_put_body(llmgw_call_t *call)
{
    if (call->raw->body == LLMGW_RAW_FORM) {
        put_form(call);
    }
    else {
        call->attempt->send.source = call->raw->source;
    }
}

/* ---- once more ---------------------------------------------------------- */

int llmgw_raw_keeps_key(const llmgw_raw_t *raw)
{
    return raw && raw->kind != LLMGW_RAWPATH_MODEL;
}

int llmgw_raw_can_repeat(const llmgw_raw_t *raw)
{
    return !raw || !raw->source || !raw->source->begun;
}
