/* health.c: SetHandler llmgw-health: can every route be served? */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include "handler.h"
#include "mod_llmgw.h"
#include "reply.h"
#include "standing.h"
#include "survey.h"

#define HEALTH_BYTES_MAX (16 * 1024 * 1024)

static void put_provider(llmgw_json_writer_t *w,
                         const llmgw_provider_t *provider, apr_time_t now)
{
    int keys = provider->keys->nelts;
    int usable = llmgw_survey_keys_usable(provider, now);

    llmgw_json_begin(w, '{');
    llmgw_survey_put_text(w, "name", provider->name);
    llmgw_survey_put_text(w, "kind", provider->kind->name);
    llmgw_survey_put_int(w, "keys", keys);
    llmgw_survey_put_int(w, "keys_usable", usable);
    llmgw_survey_put_status(w, !provider->disabled && (!keys || usable));
    llmgw_json_end(w, '}');
}

static void put_providers(llmgw_json_writer_t *w, const llmgw_config_t *conf,
                          apr_time_t now)
{
    int i;

    llmgw_json_key(w, "providers");
    llmgw_json_begin(w, '[');
    for (i = 0; i < conf->providers->nelts; i++) {
        put_provider(w, APR_ARRAY_IDX(conf->providers, i, llmgw_provider_t *),
                     now);
    }
    llmgw_json_end(w, ']');
}

/* @return non-zero when it can be served */
static int put_route(llmgw_json_writer_t *w, const llmgw_route_t *route,
                     const request_rec *r, apr_time_t now)
{
    const apr_array_header_t *places = llmgw_survey_route(r->server, route,
                                                          r->pool);
    int i, good = llmgw_survey_can_serve(places, now);

    llmgw_json_begin(w, '{');
    llmgw_survey_put_text(w, "pattern", route->pattern);
    llmgw_survey_put_status(w, good);
    llmgw_json_key(w, "targets");
    llmgw_json_begin(w, '[');
    for (i = 0; i < places->nelts; i++) {
        llmgw_json_begin(w, '{');
        llmgw_survey_put_target(w, &APR_ARRAY_IDX(places, i, llmgw_place_t),
                                now);
        llmgw_json_end(w, '}');
    }
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
    return good;
}

/* @return non-zero when all can be served */
static int put_routes(llmgw_json_writer_t *w, const llmgw_config_t *conf,
                      const request_rec *r, apr_time_t now)
{
    int i, all = 1;

    llmgw_json_key(w, "routes");
    llmgw_json_begin(w, '[');
    for (i = 0; i < conf->routes->nelts; i++) {
        all &= put_route(w, APR_ARRAY_IDX(conf->routes, i, llmgw_route_t *),
                         r, now);
    }
    llmgw_json_end(w, ']');
    return all;
}

/* Without shared memory the server does not start, nor without mod_watchdog
 * where it is needed; a process may yet be without a row, see
 * llmgw_board_claim(). */
static void put_dependencies(llmgw_json_writer_t *w)
{
    llmgw_json_key(w, "dependencies");
    llmgw_json_begin(w, '{');
    llmgw_survey_put_text(w, "shared_memory", llmgw_standing_has_row()
                          ? "ok" : "no row for this process");
    llmgw_survey_put_text(w, "mod_watchdog", ap_find_linked_module("mod_watchdog.c")
                          ? "ok" : "not loaded");
    llmgw_json_end(w, '}');
}

int llmgw_handler_health(request_rec *r)
{
    const llmgw_config_t *conf;
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(NULL);
    apr_time_t now = apr_time_now();
    int good, rv = llmgw_survey_begin(r, "llmgw-health");

    if (rv != OK) {
        return rv;
    }
    conf = llmgw_config_get(r->server)->effective;
    w.out = llmgw_buf_create(r->pool, HEALTH_BYTES_MAX);
    llmgw_json_begin(&w, '{');
    llmgw_survey_put_text(&w, "version", LLMGW_VERSION);
    put_providers(&w, conf, now);
    good = put_routes(&w, conf, r, now) && conf->providers->nelts > 0;
    put_dependencies(&w);
    llmgw_survey_put_status(&w, good);
    llmgw_json_end(&w, '}');
    return llmgw_reply_json(r, good ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE,
                            w.out);
}
