/* health.c: SetHandler llmgw-health: can every route be served? */
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include "llmgw/json.h"
#include "handler.h"
#include "provider.h"
#include "reply.h"
#include "mod_llmgw.h"

#define HEALTH_BYTES_MAX (16 * 1024 * 1024)

static int can_serve(const llmgw_route_t *route)
{
    int i;

    for (i = 0; i < route->targets->nelts; i++) {
        const llmgw_provider_t *provider
            = APR_ARRAY_IDX(route->targets, i, llmgw_target_t *)
              ->provider_data;

        if (!provider->disabled) {
            return 1;
        }
    }
    return 0;
}

static void put_status(llmgw_json_writer_t *w, int good)
{
    llmgw_json_key(w, "status");
    llmgw_json_strz(w, good ? "ok" : "unavailable");
}

static void put_providers(llmgw_json_writer_t *w, const llmgw_config_t *conf)
{
    int i;

    llmgw_json_key(w, "providers");
    llmgw_json_begin(w, '[');
    for (i = 0; i < conf->providers->nelts; i++) {
        const llmgw_provider_t *provider = APR_ARRAY_IDX(conf->providers, i,
                                                         llmgw_provider_t *);

        llmgw_json_begin(w, '{');
        llmgw_json_key(w, "name");
        llmgw_json_strz(w, provider->name);
        llmgw_json_key(w, "kind");
        llmgw_json_strz(w, provider->kind->name);
        llmgw_json_key(w, "keys");
        llmgw_json_int_out(w, provider->keys->nelts);
        put_status(w, !provider->disabled);
        llmgw_json_end(w, '}');
    }
    llmgw_json_end(w, ']');
}

/* @return non-zero when all can be served */
static int put_routes(llmgw_json_writer_t *w, const llmgw_config_t *conf)
{
    int i, all = 1;

    llmgw_json_key(w, "routes");
    llmgw_json_begin(w, '[');
    for (i = 0; i < conf->routes->nelts; i++) {
        const llmgw_route_t *route = APR_ARRAY_IDX(conf->routes, i,
                                                   llmgw_route_t *);
        int good = can_serve(route);

        all &= good;
        llmgw_json_begin(w, '{');
        llmgw_json_key(w, "pattern");
        llmgw_json_strz(w, route->pattern);
        llmgw_json_key(w, "targets");
        llmgw_json_int_out(w, route->targets->nelts);
        put_status(w, good);
        llmgw_json_end(w, '}');
    }
    llmgw_json_end(w, ']');
    return all;
}

int llmgw_handler_health(request_rec *r)
{
    const llmgw_config_t *conf;
    llmgw_buf_t *body;
    int good;

    if (!r->handler || strcmp(r->handler, "llmgw-health")) {
        return DECLINED;
    }
    if (r->method_number != M_GET) {
        apr_table_setn(r->headers_out, "Allow", "GET");
        return HTTP_METHOD_NOT_ALLOWED;
    }
    conf = llmgw_config_get(r->server)->effective;
    body = llmgw_buf_create(r->pool, HEALTH_BYTES_MAX);
    {
        llmgw_json_writer_t w = LLMGW_JSON_WRITER(body);

        llmgw_json_begin(&w, '{');
        llmgw_json_key(&w, "version");
        llmgw_json_strz(&w, LLMGW_VERSION);
        put_providers(&w, conf);
        good = put_routes(&w, conf) && conf->providers->nelts > 0;
        put_status(&w, good);
        llmgw_json_end(&w, '}');
    }
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    return llmgw_reply_json(r, good ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE,
                            body);
}
