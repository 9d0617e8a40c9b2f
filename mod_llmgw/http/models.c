/* models.c: GET .../models: the names a caller may use */
#include <apr_hash.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <scoreboard.h>
#include "call.h"
#include "handler.h"
#include "log.h"
#include "provider.h"
#include "reply.h"

#define LIST_BYTES_MAX (16 * 1024 * 1024)

typedef struct model_list_t {
    apr_pool_t *pool;
    llmgw_call_t *call;         /* asks for each model in turn, without body */
    apr_array_header_t *models; /* of llmgw_model_t, as configured */
    apr_hash_t *seen;
} model_list_t;

/* No provider was asked: the models are as old as this server's start. */
static apr_int64_t started(void)
{
    return apr_time_sec(ap_get_scoreboard_global()->restart_time);
}

/* Would a call for this model be let through? */
static apr_status_t ask_for(llmgw_call_t *call, const char *id)
{
    call->model = llmgw_str_of(id);
    return llmgw_call_route(call, &call->err);
}

static int may_use(const model_list_t *list, const char *id)
{
    const llmgw_config_t *conf = list->call->conf;

    return (!conf->allow && conf->guarded->nelts == 0)
           || ask_for(list->call, id) == APR_SUCCESS;
}

static void add_model(model_list_t *list, const char *id, const char *owner,
                      int embeds)
{
    if (!apr_hash_get(list->seen, id, APR_HASH_KEY_STRING)
        && may_use(list, id)) {
        llmgw_model_t *m = apr_array_push(list->models);

        m->id = id;
        m->owner = owner;
        m->created_sec = started();
        m->embeds = embeds;
        apr_hash_set(list->seen, id, APR_HASH_KEY_STRING, m->id);
    }
}

static int has_wildcard(const char *pattern)
{
    return pattern[llmgw_str_glob_prefix(pattern)] != '\0';
}

static int has_embeddings(const llmgw_provider_t *provider)
{
    return !provider->disabled && provider->kind->dialect->embed;
}

static int any_has_embeddings(const apr_array_header_t *targets)
{
    int i;

    for (i = 0; i < targets->nelts; i++) {
        if (has_embeddings(APR_ARRAY_IDX(targets, i, llmgw_target_t *)
                           ->provider_data)) {
            return 1;
        }
    }
    return 0;
}

/* Routes that are a name; of the others, targets that have a name of their own
 * can be pinned. */
static void add_routes(model_list_t *list, const llmgw_config_t *conf)
{
    int i, j;

    for (i = 0; i < conf->routes->nelts; i++) {
        const llmgw_route_t *route = APR_ARRAY_IDX(conf->routes, i,
                                                   llmgw_route_t *);

        if (route->exact) {
            add_model(list, route->pattern, "llmgw",
                      any_has_embeddings(route->targets));
        }
        for (j = 0; j < route->targets->nelts && conf->auto_route; j++) {
            const llmgw_target_t *t = APR_ARRAY_IDX(route->targets, j,
                                                    llmgw_target_t *);
            const llmgw_provider_t *provider = t->provider_data;

            if (t->model && !provider->disabled) {
                add_model(list, apr_pstrcat(list->pool, t->provider, "/",
                                            t->model, NULL), t->provider,
                          has_embeddings(provider));
            }
        }
    }
}

static void add_providers(model_list_t *list, const llmgw_config_t *conf)
{
    int i, j;

    for (i = 0; i < conf->providers->nelts && conf->auto_route; i++) {
        const llmgw_provider_t *provider = APR_ARRAY_IDX(conf->providers, i,
                                                         llmgw_provider_t *);

        for (j = 0; j < provider->models->nelts && !provider->disabled; j++) {
            const char *model = APR_ARRAY_IDX(provider->models, j, char *);

            if (!has_wildcard(model)) {
                add_model(list, model, provider->name,
                          has_embeddings(provider));
            }
        }
    }
}

static int reply_page(request_rec *r, const llmgw_dialect_t *dialect,
                      const llmgw_model_page_t *page, int single)
{
    llmgw_buf_t *body = llmgw_buf_create(r->pool, LIST_BYTES_MAX);
    llmgw_err_t err = LLMGW_ERR_INIT;

    if (dialect->models_encode(body, page, single) != APR_SUCCESS) {
        llmgw_err_set(&err, r->pool, LLMGW_EINTERNAL, NULL,
                      "The list of models is too long.");
        return llmgw_reply_error(r, dialect, &err);
    }
    return llmgw_reply_json(r, HTTP_OK, body);
}

static int reply_list(request_rec *r, const model_list_t *list,
                      const llmgw_dialect_t *dialect)
{
    llmgw_model_page_t page = { (llmgw_model_t *)list->models->elts,
                                list->models->nelts, 0 };
    llmgw_err_t err = LLMGW_ERR_INIT;

    if (dialect->models_page
        && dialect->models_page(&page, r->args, r->pool, &err)
           != APR_SUCCESS) {
        return llmgw_reply_error(r, dialect, &err);
    }
    return reply_page(r, dialect, &page, 0);
}

static const llmgw_model_t *find_model(const model_list_t *list,
                                       const char *id)
{
    int i;

    for (i = 0; i < list->models->nelts; i++) {
        const llmgw_model_t *m = &APR_ARRAY_IDX(list->models, i,
                                                llmgw_model_t);

        if (!strcmp(m->id, id)) {
            return m;
        }
    }
    return NULL;
}

/* One model: listed, or at least routable. Some clients name it as its whole
 * resource, below .../models/ once more. */
static int reply_model(request_rec *r, const model_list_t *list,
                       llmgw_str_t id, const llmgw_dialect_t *dialect)
{
    const char *name = llmgw_str_dupz(r->pool, id);
    llmgw_model_t routed = { 0 };
    llmgw_model_page_t page = { &routed, 1, 0 };
    llmgw_call_t *call = list->call;
    const llmgw_model_t *known;

    if (!strncmp(name, "models/", 7) && name[7]) {
        name += 7;
    }
    known = find_model(list, name);
    if (known) {
        page.models = known;
        return reply_page(r, dialect, &page, 1);
    }
    if (ask_for(call, name) != APR_SUCCESS
        || llmgw_routes_check(&call->plan, r, call->model, &call->err)
           != APR_SUCCESS) {
        return llmgw_reply_error(r, dialect, &call->err);
    }
    routed.id = name;
    routed.owner = "llmgw";
    routed.created_sec = started();
    routed.embeds = any_has_embeddings(call->plan.targets);
    return reply_page(r, dialect, &page, 1);
}

int llmgw_models_run(request_rec *r, const llmgw_surface_t *surface,
                     const llmgw_dialect_t *dialect)
{
    model_list_t list;

    list.pool = r->pool;
    list.call = llmgw_call_create(r, surface, dialect);
    list.models = apr_array_make(r->pool, 16, sizeof(llmgw_model_t));
    list.seen = apr_hash_make(r->pool);
    add_routes(&list, list.call->conf);
    add_providers(&list, list.call->conf);
    list.call->model = surface->id;
    memset(&list.call->plan, 0, sizeof(list.call->plan));
    return surface->surface == LLMGW_SURFACE_MODEL
           ? reply_model(r, &list, surface->id, dialect)
           : reply_list(r, &list, dialect);
}
