/* handler.c: the handler llmgw: which surface, and who serves it */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include "call.h"
#include "handler.h"
#include "log.h"
#include "mark.h"
#include "measure.h"
#include "mod_llmgw.h"
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
        apr_table_setn(r->notes, LLMGW_NOTE_ERROR,
                       llmgw_err_code(&call->err));
        r->connection->aborted = 1;
        r->status = 499;
        return;
    }
    llmgw_reply_error(r, call->dialect, &call->err);
}

static int run_call(request_rec *r, const llmgw_surface_t *surface,
                    const llmgw_dialect_t *dialect)
{
    llmgw_call_t *call = llmgw_call_create(r, surface, dialect);

    if (llmgw_call_accept(call) != APR_SUCCESS) {
        tell_refused(call);
        llmgw_measure_call(call);
        return OK;
    }
    llmgw_driver_poll_run(call);
    return OK;
}

static int refuse(request_rec *r, const llmgw_dialect_t *dialect,
                  apr_status_t status, const char *message)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    llmgw_err_set(&err, r->pool, status, NULL, "%s", message);
    return llmgw_reply_error(r, dialect, &err);
}

static int takes_method(const request_rec *r, const llmgw_surface_t *surface)
{
    return !strcmp(r->method, surface->methods)
           || (r->header_only && !strcmp(surface->methods, "GET"));
}

/* Callers of all dialects ask for models at the same path: headers tell. */
static const llmgw_dialect_t *find_by_header(const request_rec *r,
                                             const llmgw_dialect_t *otherwise)
{
    const llmgw_dialect_t *dialect;
    unsigned int i;

    for (i = 0; (dialect = llmgw_dialect_get(i)) != NULL; i++) {
        if (dialect->models_encode && dialect->client_header
            && apr_table_get(r->headers_in, dialect->client_header)) {
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

/* A request that is not one for inference. */
static int run_other(request_rec *r, const llmgw_surface_t *surface,
                     const llmgw_dialect_t *dialect)
{
    if (surface->surface == LLMGW_SURFACE_UNKNOWN) {
        ap_discard_request_body(r);
        return refuse(r, dialect, LLMGW_EPATH, apr_psprintf(r->pool,
                      "Unknown request URL: %s %s.", r->method, r->uri));
    }
    if (!takes_method(r, surface)) {
        ap_discard_request_body(r);
        apr_table_setn(r->headers_out, "Allow", surface->methods);
        return refuse(r, dialect, LLMGW_EMETHOD, apr_psprintf(r->pool,
                      "This URL takes %s.", surface->methods));
    }
    return llmgw_models_run(r, surface, dialect);
}

int llmgw_handler_run(request_rec *r)
{
    llmgw_surface_t surface;
    const llmgw_dialect_t *dialect;
    const char *id;
    int rv;

    if (!r->handler || strcmp(r->handler, "llmgw")) {
        return DECLINED;
    }
    dialect = find_surface(&surface, r);
    id = llmgw_reply_request_id(r);
    if (dialect->request_id_header) {
        apr_table_setn(r->headers_out, dialect->request_id_header, id);
    }
    if (surface.surface == LLMGW_SURFACE_CHAT && takes_method(r, &surface)) {
        return run_call(r, &surface, dialect);
    }
    rv = run_other(r, &surface, dialect);
    llmgw_measure_request(r, &surface);
    return rv;
}
