/* balancer.c: a route's targets as members of a mod_proxy balancer */
#include <apr_lib.h>
#include <apr_strings.h>
#include <ap_provider.h>
#include <httpd.h>
#include "llmgw/balance.h"
#include "balancer.h"
#include "config.h"
#include "proxy_api.h"

#define URL_PREFIX BALANCER_PREFIX "llm-"

/* What a route knows of its balancer; route->balancer. */
typedef struct home_t {
    server_rec *server;         /* that defined the route */
    int index;                  /* among that server's balancers */
    unsigned int hash;          /* of its name */
} home_t;

/* Of a pattern, what still fits into the name of a balancer. */
#define PATTERN_MAX 48

static proxy_server_conf *proxy_conf(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &proxy_module);
}

/* "balancer://llm-gpt-4o-1f00aa33": mod_proxy folds case and, for the name of
 * its shared memory, drops all but letters and digits, so the pattern's hash
 * keeps names apart; and those of a virtual host from those it inherits. */
static const char *balancer_url(const char *pattern, int is_virtual,
                                apr_pool_t *p)
{
    char *name = apr_pstrndup(p, pattern, PATTERN_MAX), *at;

    for (at = name; *at; at++) {
        if (!apr_isalnum(*at) && !strchr("._", *at)) {
            *at = '-';
        }
    }
    return apr_psprintf(p, URL_PREFIX "%s-%08x", name,
                        ap_proxy_hashfunc(is_virtual
                                          ? apr_pstrcat(p, "//", pattern, NULL)
                                          : pattern, PROXY_HASHFUNC_FNV));
}

int llmgw_balancer_twins(const llmgw_route_t *route, int index)
{
    const llmgw_target_t *t = APR_ARRAY_IDX(route->targets, index,
                                            llmgw_target_t *);
    int i, n = 0;

    for (i = 0; i < index; i++) {
        const llmgw_target_t *other = APR_ARRAY_IDX(route->targets, i,
                                                    llmgw_target_t *);

        n += !strcmp(t->provider, other->provider)
             && !strcmp(t->model ? t->model : "",
                        other->model ? other->model : "");
    }
    return n;
}

static const char *member_url(const llmgw_route_t *route, int index,
                              apr_pool_t *p)
{
    const llmgw_target_t *t = APR_ARRAY_IDX(route->targets, index,
                                            llmgw_target_t *);
    int twins = llmgw_balancer_twins(route, index);
    const char *url = apr_pstrcat(p, "llm://", t->provider,
                                  t->model ? "/" : NULL,
                                  t->model ? ap_escape_uri(p, t->model) : NULL,
                                  NULL);

    return twins ? apr_psprintf(p, "%s;%d", url, twins + 1) : url;
}

static const char *add_member(proxy_balancer *balancer, llmgw_route_t *route,
                              int index, cmd_parms *cmd)
{
    llmgw_target_t *t = APR_ARRAY_IDX(route->targets, index, llmgw_target_t *);
    proxy_worker *member;
    const char *err = ap_proxy_define_worker(cmd->pool, &member, balancer,
                                             proxy_conf(cmd->server),
                                             member_url(route, index,
                                                        cmd->pool), 0);

    if (err) {
        return err;
    }
    member->s->lbset = t->tier;
    member->s->lbfactor = t->weight > 0 ? (int)(t->weight * 100 + 0.5) : 100;
    if (t->weight <= 0) {
        member->s->status |= PROXY_WORKER_HOT_STANDBY;
    }
    member->s->status |= PROXY_WORKER_IGNORE_ERRORS;
    member->s->hmax = 1;                /* no connection is ever made */
    t->member = member;
    return NULL;
}

static home_t *create_home(const proxy_balancer *balancer,
                           const cmd_parms *cmd)
{
    home_t *home = apr_palloc(cmd->pool, sizeof(*home));

    home->server = cmd->server;
    home->index = proxy_conf(cmd->server)->balancers->nelts - 1;
    home->hash = balancer->hash.fnv;
    return home;
}

const char *llmgw_balancer_define(llmgw_route_t *route, cmd_parms *cmd)
{
    proxy_balancer *balancer;
    const char *url = balancer_url(route->pattern,
                                   cmd->server->is_virtual, cmd->pool);
    const char *err;
    int i;

    /* A virtual host has no settings of mod_proxy before its first directive
     * of mod_proxy's. */
    ap_set_config_vectors(cmd->server, cmd->server->lookup_defaults, NULL,
                          &proxy_module, cmd->pool);
    err = ap_proxy_define_balancer(cmd->pool, &balancer,
                                   proxy_conf(cmd->server), url, NULL, 0);
    for (i = 0; i < route->targets->nelts && !err; i++) {
        err = add_member(balancer, route, i, cmd);
    }
    if (err) {
        return apr_psprintf(cmd->pool, "LLMRoute \"%s\": %s", route->pattern,
                            err);
    }
    route->balancer = create_home(balancer, cmd);
    return NULL;
}

int llmgw_balancer_is_route(const proxy_balancer *balancer)
{
    return !strncmp(balancer->s->name, URL_PREFIX, sizeof(URL_PREFIX) - 1);
}

server_rec *llmgw_balancer_home(const llmgw_route_t *route)
{
    const home_t *home = route->balancer;

    return home->server;
}

/* A server's own record of a route's balancer. Virtual hosts inherit records
 * as copies, after the last of which come their own. */
static proxy_balancer *find(const home_t *home, const server_rec *s)
{
    const apr_array_header_t *all = proxy_conf(s)->balancers;
    int i, n = all->nelts;

    for (i = 0; i < n; i++) {
        proxy_balancer *balancer = &APR_ARRAY_IDX(all, (home->index + i) % n,
                                                  proxy_balancer);

        if (balancer->hash.fnv == home->hash) {
            return balancer;
        }
    }
    return NULL;
}

proxy_balancer *llmgw_balancer_of(const llmgw_route_t *route,
                                  const request_rec *r)
{
    proxy_balancer *balancer = find(route->balancer, r->server);

    if (balancer && balancer->s->wupdated > balancer->wupdated) {
        PROXY_THREAD_LOCK(balancer);
        ap_proxy_sync_balancer(balancer, r->server, proxy_conf(r->server));
        PROXY_THREAD_UNLOCK(balancer);
    }
    return balancer;
}

/* ---- methods ----------------------------------------------------------- */

/* Copies of the record for other servers share its name of the method still,
 * but have a pointer of their own. */
static const char *set_method(const llmgw_route_t *route, const server_rec *s,
                              apr_pool_t *p)
{
    const home_t *home = route->balancer;
    int method = llmgw_config_effective(home->server, route)->method;
    const char *name = apr_pstrcat(p, "llm_", llmgw_balance_name(method),
                                   NULL);
    proxy_balancer *balancer = find(home, s);

    balancer->lbmethod = ap_lookup_provider(PROXY_LBMETHOD, name, "0");
    apr_cpystrn(balancer->s->lbpname, name, sizeof(balancer->s->lbpname));
    return balancer->lbmethod ? NULL
           : apr_psprintf(p, "there is no balancing method %s", name);
}

const char *llmgw_balancer_set_methods(server_rec *servers, apr_pool_t *p)
{
    const char *err = NULL;
    server_rec *s;
    int i;

    for (s = servers; s && !err; s = s->next) {
        const apr_array_header_t *routes = llmgw_config_get(s)->routes;

        for (i = 0; i < routes->nelts && !err; i++) {
            err = set_method(APR_ARRAY_IDX(routes, i, llmgw_route_t *), s, p);
        }
    }
    return err;
}
