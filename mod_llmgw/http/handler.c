/* handler.c: the handler llmgw: which surface, and who serves it */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include "call.h"
#include "detach.h"
#include "handler.h"
#include "log.h"
#include "mark.h"
#include "measure.h"
#include "mod_llmgw.h"
#include "raw.h"
#include "relay.h"
#include "reply.h"

int llmgw_handler_translate(request_rec *r)
{
    const core_dir_config *conf = ap_get_core_module_config(r->per_dir_config);
    const char *handler = conf->handler, *err = NULL;

    if (conf->expr_handler) {           /* as SetHandler keeps its argument */
        handler = ap_expr_str_exec(r, conf->expr_handler, &err);
    }
    if (handler && !err && !ap_cstr_casecmpn(handler, "llmgw", 5)) {
        /* map_to_storage runs without the location's settings. */
        llmgw_mark_get(r)->is_location = 1;
    }
    return DECLINED;
}

int llmgw_handler_map(request_rec *r)
{
    const llmgw_mark_t *mark = llmgw_mark_lookup(r);

    return mark && mark->is_location ? OK : DECLINED;
}

/* The body was not read, or not to its end: the connection cannot go on. */
static void tell_refused(llmgw_call_t *call)
{
    request_rec *r = call->r;

    llmgw_reply_notes(call);
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, LLMGW_ID("LLMGW0301")
                  "call %s: refused: %s%s%s", call->request_id,
                  llmgw_err_code(&call->err), call->err.param ? ": " : "",
                  call->err.param ? call->err.param : "");
    if (call->err.status == LLMGW_ECLIENTGONE) {
        llmgw_reply_note_error(r, &call->err);
        r->connection->aborted = 1;
        r->status = 499;
        return;
    }
    llmgw_reply_error(r, call->dialect, &call->err);
}

static int run_call(llmgw_call_t *call)
{
    apr_status_t rv = llmgw_detach_admit(call, &call->err);

    if (rv == APR_SUCCESS) {
        rv = call->raw ? llmgw_raw_accept(call) : llmgw_call_accept(call);
    }

    if (rv != APR_SUCCESS) {
        tell_refused(call);
        llmgw_measure_call(call);
        return OK;
    }
    return llmgw_detach_run(call);
}

static int refuse(request_rec *r, const llmgw_dialect_t *dialect,
                  apr_status_t status, const char *message)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    llmgw_err_set(&err, r->pool, status, NULL, "%s", message);
    return llmgw_reply_error(r, dialect, &err);
}

/* HEAD is as good as GET. */
static int takes_method(const request_rec *r, const llmgw_surface_t *surface)
{
    return r->method_number != M_INVALID
           && ap_find_token(r->pool, surface->methods,
                            r->header_only ? "GET" : r->method);
}

/* Has a request any of these headers? */
static int has_header(const request_rec *r, const char *const *names)
{
    for (; names && *names; names++) {
        if (apr_table_get(r->headers_in, *names)) {
            return 1;
        }
    }
    return 0;
}

/* Callers of all dialects ask for models at the same path: headers tell. */
static const llmgw_dialect_t *find_by_header(const request_rec *r,
                                             const llmgw_dialect_t *otherwise)
{
    const llmgw_dialect_t *dialect;
    unsigned int i;

    for (i = 0; (dialect = llmgw_dialect_get(i)) != NULL; i++) {
        if (dialect->models_encode
            && has_header(r, dialect->client_headers)) {
            return dialect;
        }
    }
    return otherwise;
}

/* A slash in a name comes as %2F where AllowEncodedSlashes is NoDecode: httpd
 * has decoded everything else. */
static llmgw_str_t decode_id(apr_pool_t *p, llmgw_str_t id)
{
    char *name = llmgw_str_dupz(p, id), *at = name;

    while (at && (at = strchr(at, '%')) != NULL) {
        if (at[1] == '2' && (at[2] == 'F' || at[2] == 'f')) {
            *at = '/';
            memmove(at + 1, at + 3, strlen(at + 3) + 1);
        }
        at++;
    }
    return llmgw_str_of(name);
}

/* The path's surface, and the dialect its caller speaks. A dialect that is not
 * for clients makes the path an unknown one. */
static const llmgw_dialect_t *find_surface(llmgw_surface_t *surface,
                                           const request_rec *r)
{
    const llmgw_dialect_t *dialect;

    llmgw_surface_parse(surface, r->uri);
    surface->id = decode_id(r->pool, surface->id);
    dialect = llmgw_dialect_lookup(surface->dialect);
    if (surface->surface == LLMGW_SURFACE_MODELS
        || surface->surface == LLMGW_SURFACE_MODEL) {
        return find_by_header(r, dialect);
    }
    if (!dialect || !dialect->request_decode) {
        surface->surface = LLMGW_SURFACE_UNKNOWN;
        dialect = &llmgw_dialect_openai_chat;
    }
    return dialect;
}

static void put_request_id(request_rec *r, const llmgw_dialect_t *dialect)
{
    const char *id = llmgw_reply_request_id(r);

    if (dialect->request_id_header) {
        apr_table_setn(r->headers_out, dialect->request_id_header, id);
    }
}

static int refuse_method(request_rec *r, const llmgw_surface_t *surface,
                         const llmgw_dialect_t *dialect)
{
    ap_discard_request_body(r);
    apr_table_setn(r->headers_out, "Allow", surface->methods);
    return refuse(r, dialect, LLMGW_EMETHOD,
                  apr_psprintf(r->pool, "This URL takes %s.",
                               surface->methods));
}

/* No path of the gateway's own, or a method it has no use for there: passed
 * through where LLMPassThrough allows it. */
static int run_raw(request_rec *r, const llmgw_surface_t *surface)
{
    const llmgw_dialect_t *dialect
        = find_by_header(r, &llmgw_dialect_openai_chat);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_call_t *call;
    llmgw_raw_t *raw;
    apr_status_t rv = llmgw_raw_create(&raw, r, dialect, &err);

    put_request_id(r, raw->dialect);
    if (rv != APR_SUCCESS) {
        if (rv == LLMGW_EPATH && surface->surface != LLMGW_SURFACE_UNKNOWN) {
            rv = refuse_method(r, surface, raw->dialect);
        }
        else {
            ap_discard_request_body(r);
            rv = llmgw_reply_error(r, raw->dialect, &err);
        }
        llmgw_measure_request(r, surface);
        return rv;
    }
    call = llmgw_call_create(r, &raw->surface, raw->dialect);
    call->raw = raw;
    return run_call(call);
}

/* A request that is no call. */
static int run_other(request_rec *r, const llmgw_surface_t *surface,
                     const llmgw_dialect_t *dialect)
{
    if (!takes_method(r, surface)) {
        return refuse_method(r, surface, dialect);
    }
    if (surface->surface == LLMGW_SURFACE_RESPONSE) {
        ap_discard_request_body(r);
        return refuse(r, dialect, LLMGW_ENORESPONSE, apr_psprintf(r->pool,
                      "Response with id '%.*s' not found: conversations are "
                      "not configured, so no response is stored.",
                      LLMGW_STR_ARG(surface->id)));
    }
    return llmgw_models_run(r, surface, dialect);
}

int llmgw_handler_run(request_rec *r)
{
    llmgw_surface_t surface;
    const llmgw_dialect_t *dialect;
    int rv;

    if (!r->handler || strcmp(r->handler, "llmgw")) {
        return DECLINED;
    }
    dialect = find_surface(&surface, r);
    if (surface.surface == LLMGW_SURFACE_UNKNOWN
        || (surface.surface == LLMGW_SURFACE_MODEL
            && !takes_method(r, &surface))) {
        return run_raw(r, &surface);
    }
    put_request_id(r, dialect);
    if (surface.surface == LLMGW_SURFACE_CHAT && takes_method(r, &surface)) {
        return run_call(llmgw_call_create(r, &surface, dialect));
    }
    rv = run_other(r, &surface, dialect);
    llmgw_measure_request(r, &surface);
    return rv;
}
