/* raw.c: taking a request that passes to a provider as it is */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include "llmgw/multipart.h"
#include "accept.h"
#include "allow.h"
#include "body.h"
#include "log.h"
#include "passthrough.h"
#include "raw.h"
#include "relay.h"
#include "upload.h"

/* ---- may it pass? ------------------------------------------------------- */

static int begins_with(llmgw_str_t s, const char *start)
{
    apr_size_t n = strlen(start);

    return s.len >= n && memcmp(s.p, start, n) == 0;
}

/* Only Google's API has a version that is not finished. */
static const llmgw_dialect_t *find_dialect(const request_rec *r,
                                           const llmgw_rawpath_t *path,
                                           const llmgw_dialect_t *by_header)
{
    if (path->version.len
        && (memchr(path->version.p, 'a', path->version.len)
            || apr_table_get(r->headers_in, "x-goog-api-key"))) {
        return &llmgw_dialect_gemini;
    }
    return by_header;
}

static apr_status_t refuse_path(const request_rec *r, llmgw_err_t *err)
{
    return llmgw_err_set(err, r->pool, LLMGW_EPATH, NULL,
                         "Unknown request URL: %s %s.", r->method, r->uri);
}

static apr_status_t check_path(llmgw_raw_t *raw, request_rec *r,
                               apr_status_t parsed, const char *why,
                               llmgw_err_t *err)
{
    if (parsed == LLMGW_EINVAL) {
        return llmgw_err_set(err, r->pool, LLMGW_EINVAL, NULL,
                             "The path of the URL %s.", why);
    }
    if (parsed != APR_SUCCESS) {
        return refuse_path(r, err);
    }
    if (ap_find_token(r->pool, apr_table_get(r->headers_in, "Upgrade"),
                      "websocket")) {
        return llmgw_err_set(err, r->pool, LLMGW_EUPGRADE, NULL, "WebSocket "
                             "connections are not supported by this gateway.");
    }
    if (!llmgw_passthrough_allows(r, raw->dialect, raw->path.rest)) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, LLMGW_ID("LLMGW0320")
                      "%s %s is not passed on: LLMPassThrough does not name "
                      "\"%s\" here", r->method, r->uri,
                      llmgw_str_dupz(r->pool, raw->path.rest));
        return refuse_path(r, err);
    }
    if (raw->path.is_upload && raw->dialect == &llmgw_dialect_gemini) {
        return llmgw_err_set(err, r->pool, LLMGW_EPATH, NULL, "Files cannot "
                             "be uploaded to this API through the gateway.");
    }
    return APR_SUCCESS;
}

static apr_status_t check_method(request_rec *r, llmgw_err_t *err)
{
    static const char *const methods[] = {
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"
    };
    unsigned int i;

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (!strcmp(r->method, methods[i])) {
            return APR_SUCCESS;
        }
    }
    apr_table_setn(r->headers_out, "Allow",
                   "GET, HEAD, POST, PUT, PATCH, DELETE");
    return llmgw_err_set(err, r->pool, LLMGW_EMETHOD, NULL,
                         "This URL does not take %s.", r->method);
}

/* Google's API names a model in the path: models/{model}:verb. */
static void split_model(llmgw_raw_t *raw, const request_rec *r)
{
    llmgw_str_t id = raw->path.rest;
    apr_size_t n;

    if (raw->dialect != &llmgw_dialect_gemini || strcmp(r->method, "POST")
        || !begins_with(id, "models/")) {
        return;
    }
    id = llmgw_str_make(id.p + 7, id.len - 7);
    for (n = id.len; n > 0 && id.p[n - 1] != ':'; n--) {
    }
    if (n > 1) {
        raw->surface.id = llmgw_str_make(id.p, n - 1);
        raw->verb = llmgw_rawpath_escape(
            llmgw_str_make(id.p + n - 1, id.len - n + 1), r->pool);
    }
}

apr_status_t llmgw_raw_create(llmgw_raw_t **out, request_rec *r,
                              const llmgw_dialect_t *dialect,
                              llmgw_err_t *err)
{
    llmgw_raw_t *raw = *out = apr_pcalloc(r->pool, sizeof(*raw));
    const char *why = NULL;
    apr_status_t rv = llmgw_rawpath_parse(&raw->path, r->uri, &why);

    raw->dialect = find_dialect(r, &raw->path, dialect);
    raw->surface.dialect = raw->dialect->name;
    raw->surface.op = LLMGW_OP_RAW;
    raw->model_prefix = "";
    rv = check_path(raw, r, rv, why, err);
    if (rv == APR_SUCCESS) {
        rv = check_method(r, err);
    }
    if (rv == APR_SUCCESS) {
        raw->kind = llmgw_rawpath_kind(raw->path.rest);
        split_model(raw, r);
    }
    return rv;
}

/* ---- its body ----------------------------------------------------------- */

static int is_json(const char *content_type)
{
    return content_type
           && !ap_cstr_casecmpn(content_type, "application/json", 16)
           && (!content_type[16] || strchr("; \t", content_type[16]));
}

static llmgw_raw_body_e choose_body(const llmgw_raw_t *raw, request_rec *r)
{
    const char *type = apr_table_get(r->headers_in, "Content-Type");

    if (!strcmp(r->method, "GET") || r->header_only
        || !ap_request_has_body(r)) {
        return LLMGW_RAW_NONE;
    }
    if (strcmp(r->method, "POST") || raw->kind == LLMGW_RAWPATH_UPLOAD) {
        return LLMGW_RAW_STREAM;
    }
    if (llmgw_multipart_is(type)) {
        return LLMGW_RAW_FORM;
    }
    return is_json(type) || raw->kind == LLMGW_RAWPATH_MODEL
           ? LLMGW_RAW_JSON : LLMGW_RAW_STREAM;
}

/* httpd would say the same, but only after the provider has been connected. */
static apr_status_t check_length(llmgw_call_t *call)
{
    apr_off_t limit = ap_get_limit_req_body(call->r);

    if (limit > 0 && call->raw->source->has_length
        && call->raw->source->length > (apr_uint64_t)limit) {
        return llmgw_body_too_large(call->pool, limit, &call->err);
    }
    return APR_SUCCESS;
}

static apr_status_t take_part(void *ctx, const llmgw_multipart_part_t *part)
{
    llmgw_call_t *call = ctx;

    if (!llmgw_str_is(part->name, "model")) {
        return APR_SUCCESS;
    }
    if (call->raw->model_value.p) {
        return llmgw_err_set(&call->err, call->pool, LLMGW_EINVAL, "model",
                             "'model' stands twice in the request.");
    }
    if (part->filename.p || !part->value.len) {
        return llmgw_err_set(&call->err, call->pool, LLMGW_EINVAL, "model",
                             "'model' must be a field with a name in it.");
    }
    call->model = call->raw->model_value = part->value;
    return llmgw_accept_check_name(call, "model", part->value);
}

/* Which model a form names, if any: stays never given without. */
static apr_status_t scan_form(llmgw_call_t *call)
{
    const char *type = apr_table_get(call->r->headers_in, "Content-Type");
    const char *why = "its boundary";
    llmgw_str_t boundary;
    apr_status_t rv = llmgw_multipart_boundary(type, &boundary);

    if (rv == APR_SUCCESS) {
        rv = llmgw_multipart_scan(llmgw_buf_str(call->body), boundary, NULL,
                                  take_part, call, &why);
    }
    if (rv != APR_SUCCESS && call->err.status == APR_SUCCESS) {
        llmgw_err_set(&call->err, call->pool, LLMGW_EBODY, NULL,
                      "The form in the request body cannot be read: %s.", why);
    }
    return rv;
}

/* Google's API writes "models/" before a model's name. */
static void cut_prefix(llmgw_call_t *call)
{
    if (call->dialect == &llmgw_dialect_gemini
        && begins_with(call->model, "models/")) {
        call->raw->model_prefix = "models/";
        call->model = llmgw_str_make(call->model.p + 7, call->model.len - 7);
    }
}

static apr_status_t read_body(llmgw_call_t *call)
{
    llmgw_raw_t *raw = call->raw;
    apr_status_t rv = llmgw_body_read(call->r, &call->body,
                                      call->conf->request_body, &call->err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (call->body->len == 0) {
        raw->body = LLMGW_RAW_NONE;
        return APR_SUCCESS;
    }
    rv = raw->body == LLMGW_RAW_FORM ? scan_form(call)
         : llmgw_accept_scan(call);
    if (rv == APR_SUCCESS) {
        cut_prefix(call);
    }
    return rv;
}

static apr_status_t take_body(llmgw_call_t *call)
{
    llmgw_raw_t *raw = call->raw;

    raw->body = choose_body(raw, call->r);
    switch (raw->body) {
    case LLMGW_RAW_NONE:
        return APR_SUCCESS;
    case LLMGW_RAW_STREAM:
        raw->source = llmgw_upload_create(call->r);
        return check_length(call);
    default:
        return read_body(call);
    }
}

/* ---- its targets -------------------------------------------------------- */

/* Of a route's targets, those that have such a path at all. */
static apr_status_t keep_able_targets(llmgw_call_t *call)
{
    const apr_array_header_t *all = call->plan.targets;
    apr_array_header_t *able = apr_array_make(call->pool, all->nelts,
                                              sizeof(llmgw_target_t *));
    int i;

    for (i = 0; i < all->nelts; i++) {
        llmgw_target_t *t = APR_ARRAY_IDX(all, i, llmgw_target_t *);
        const llmgw_provider_t *provider = t->provider_data;

        if (provider->worker && provider->kind->dialect == call->dialect) {
            APR_ARRAY_PUSH(able, llmgw_target_t *) = t;
        }
    }
    if (able->nelts == 0) {
        return llmgw_err_set(&call->err, call->pool, LLMGW_EPATH, "model",
                             "No provider of the model '%s' has the URL %s.",
                             llmgw_str_dupz(call->pool, call->model),
                             call->r->uri);
    }
    call->plan.targets = able;
    return APR_SUCCESS;
}

static apr_status_t find_targets(llmgw_call_t *call)
{
    apr_status_t rv;

    if (!call->model.len) {
        rv = llmgw_routes_plan_provider(&call->plan, call->r, call->dialect,
                                        llmgw_accept_pin(call), &call->err);
        return rv == APR_SUCCESS ? llmgw_allow_check(call, &call->err) : rv;
    }
    rv = llmgw_accept_route(call);
    return rv == APR_SUCCESS ? keep_able_targets(call) : rv;
}

apr_status_t llmgw_raw_accept(llmgw_call_t *call)
{
    apr_status_t rv = take_body(call);

    if (rv == APR_SUCCESS) {
        rv = find_targets(call);
    }
    if (rv != APR_SUCCESS) {
        llmgw_raw_end_upload(call);
        return rv;
    }
    call->raw->down = apr_brigade_create(call->pool,
                                         call->r->connection->bucket_alloc);
    call->relay = llmgw_relay_create(call);
    return APR_SUCCESS;
}
