/* allow.c: LLMAllow: who may use which models */
#include <apr_strings.h>
#include <httpd.h>
#include <ap_expr.h>
#include <http_core.h>
#include "allow.h"
#include "call.h"
#include "log.h"
#include "provider.h"

const char *llmgw_allow_parse(cmd_parms *cmd, const char *expr,
                              llmgw_allow_t *list)
{
    const char *err = NULL;
    const ap_expr_info_t *info = ap_expr_parse_cmd(cmd, expr,
                                                   AP_EXPR_FLAG_DONT_VARY,
                                                   &err, NULL);

    if (err) {
        return apr_psprintf(cmd->pool, "%s \"%s\": %s", cmd->cmd->name, expr,
                            err);
    }
    if (!*list) {
        *list = apr_array_make(cmd->pool, 1, sizeof(ap_expr_info_t *));
    }
    APR_ARRAY_PUSH(*list, const ap_expr_info_t *) = info;
    return NULL;
}

/* A route's own, NULL if it has none. */
static llmgw_allow_t own_list(const llmgw_route_t *route)
{
    return ((const llmgw_config_t *)route->config)->allow;
}

/* Does the nth route's pattern stand before it, in a virtual host? */
static int is_hidden(const apr_array_header_t *routes, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        if (!strcmp(APR_ARRAY_IDX(routes, i, llmgw_route_t *)->pattern,
                    APR_ARRAY_IDX(routes, n, llmgw_route_t *)->pattern)) {
            return 1;
        }
    }
    return 0;
}

apr_array_header_t *llmgw_allow_routes(const llmgw_config_t *conf,
                                       apr_pool_t *p)
{
    apr_array_header_t *guarded = apr_array_make(p, 4, sizeof(void *));
    int i;

    for (i = 0; i < conf->routes->nelts; i++) {
        const llmgw_route_t *route = APR_ARRAY_IDX(conf->routes, i,
                                                   llmgw_route_t *);

        if (own_list(route) && !is_hidden(conf->routes, i)) {
            APR_ARRAY_PUSH(guarded, const llmgw_route_t *) = route;
        }
    }
    return guarded;
}

/* ---- asking ------------------------------------------------------------ */

/* As with lines of Require: the first that holds, or that fails, decides. */
static int holds(llmgw_allow_t list, request_rec *r)
{
    int i, truth = !list;

    for (i = 0; list && i < list->nelts && truth == 0; i++) {
        const ap_expr_info_t *info = APR_ARRAY_IDX(list, i, ap_expr_info_t *);
        const char *err = NULL;

        truth = ap_expr_exec(r, info, &err);
        if (truth < 0) {
            ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, LLMGW_ID("LLMGW0005")
                          "LLMAllow (%s:%d) cannot be evaluated, which "
                          "refuses: %s", info->filename, info->line_number,
                          err);
        }
    }
    return truth > 0;
}

/* Has the route a target that is this model of this provider? Names of models
 * count without case: some providers do so. */
static int leads_to(const llmgw_route_t *route,
                    const llmgw_provider_t *provider, llmgw_str_t model)
{
    int i;

    for (i = 0; i < route->targets->nelts; i++) {
        const llmgw_target_t *t = APR_ARRAY_IDX(route->targets, i,
                                                llmgw_target_t *);

        if (t->provider_data == provider
            && (provider->deployment
                || (t->model && llmgw_str_is_nocase(model, t->model)))) {
            return 1;
        }
    }
    return 0;
}

/* The routes that must agree where none leads: see the header. */
static int routes_hold(llmgw_call_t *call)
{
    const llmgw_config_t *conf = llmgw_config_get(call->r->server)->effective;
    const llmgw_target_t *target = APR_ARRAY_IDX(call->plan.targets, 0,
                                                 llmgw_target_t *);
    llmgw_str_t model = target->model ? llmgw_str_of(target->model)
                        : call->model;
    const llmgw_route_t *named;
    int i;

    if (conf->guarded->nelts == 0) {
        return 1;
    }
    named = llmgw_route_lookup(conf->routes, model);
    for (i = 0; i < conf->guarded->nelts; i++) {
        const llmgw_route_t *route = APR_ARRAY_IDX(conf->guarded, i,
                                                   llmgw_route_t *);

        if ((route == named || leads_to(route, target->provider_data, model))
            && !holds(own_list(route), call->r)) {
            return 0;
        }
    }
    return 1;
}

apr_status_t llmgw_allow_check(llmgw_call_t *call, llmgw_err_t *err)
{
    const llmgw_config_t *conf = llmgw_config_get(call->r->server)->effective;
    const llmgw_route_t *route = call->plan.route;
    llmgw_allow_t list = route && own_list(route) ? own_list(route)
                         : conf->allow;

    if (holds(list, call->r) && (route || routes_hold(call))) {
        return APR_SUCCESS;
    }
    return llmgw_err_set(err, call->pool, LLMGW_EFORBIDDEN, "model",
                         "You may not use the model '%s'.",
                         llmgw_str_dupz(call->pool, call->model));
}
