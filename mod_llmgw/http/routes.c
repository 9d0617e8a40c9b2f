/* routes.c: LLMRoute and LLMTarget; which targets may serve a call */
#include <apr_strings.h>
#include <httpd.h>
#include <ap_expr.h>
#include <http_core.h>
#include "balancer.h"
#include "chance.h"
#include "log.h"
#include "override.h"
#include "routes.h"

/* ---- targets ----------------------------------------------------------- */

/* A number among the options of LLMTarget. */
typedef struct number_option_t {
    const char *name;
    double min;
    double max;
    void (*set)(llmgw_target_t *t, double n);
} number_option_t;

static void set_weight(llmgw_target_t *t, double n)
{
    t->weight = n;
}

static void set_tier(llmgw_target_t *t, double n)
{
    t->tier = (int)n;
}

static void set_context(llmgw_target_t *t, double n)
{
    t->context_max = (apr_int64_t)n;
}

static void set_price_in(llmgw_target_t *t, double n)
{
    t->price_in = n;
}

static void set_price_out(llmgw_target_t *t, double n)
{
    t->price_out = n;
}

static const number_option_t number_options[] = {
    { "weight", 0, 1e6, set_weight },
    { "tier", 0, 1000, set_tier },
    { "max-context", 1, 1e9, set_context },
    { "price-in", 0, 1e6, set_price_in },
    { "price-out", 0, 1e6, set_price_out },
};

static const char *parse_number(llmgw_target_t *t, cmd_parms *cmd,
                                const number_option_t *option,
                                const char *value)
{
    const char *name = apr_pstrcat(cmd->pool, cmd->cmd->name, " ",
                                   option->name, "=", NULL);
    double n;
    const char *err = llmgw_config_parse_number(cmd->pool, name, value,
                                                option->min, option->max, &n);

    if (!err) {
        option->set(t, n);
    }
    return err;
}

static const char *parse_when(llmgw_target_t *t, cmd_parms *cmd,
                              const char *value)
{
    const char *err = NULL;

    t->when = ap_expr_parse_cmd(cmd, value, 0, &err, NULL);
    return err ? apr_psprintf(cmd->pool, "%s when= \"%s\": %s",
                              cmd->cmd->name, value, err) : NULL;
}

static const char *parse_on(llmgw_target_t *t, cmd_parms *cmd,
                            const char *value)
{
    const char *err = llmgw_target_parse_on(&t->on, value, cmd->pool);

    return err ? apr_pstrcat(cmd->pool, cmd->cmd->name, " ", err, NULL) : NULL;
}

static const char *parse_option(llmgw_target_t *t, cmd_parms *cmd,
                                const char *word)
{
    const char *eq = strchr(word, '=');
    const char *name, *err;
    unsigned int i;
    int known;

    if (!eq) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not of the form "
                            "key=value", cmd->cmd->name, word);
    }
    name = apr_pstrmemdup(cmd->pool, word, eq - word);
    if (!strcmp(name, "when")) {
        return parse_when(t, cmd, eq + 1);
    }
    if (!strcmp(name, "on")) {
        return parse_on(t, cmd, eq + 1);
    }
    for (i = 0; i < sizeof(number_options) / sizeof(number_options[0]); i++) {
        if (!strcmp(number_options[i].name, name)) {
            return parse_number(t, cmd, &number_options[i], eq + 1);
        }
    }
    err = llmgw_override_parse(t, cmd, name, eq + 1, &known);
    return known ? err
           : apr_psprintf(cmd->pool, "%s: \"%s=\" is no option: there are "
                          "weight=, tier=, when=, on=, max-context=, "
                          "price-in=, price-out=, connect=, first=, idle=, "
                          "total=, breaker=, header=, drop= and set.MEMBER=",
                          cmd->cmd->name, name);
}

/* PROVIDER[/MODEL] */
static const char *parse_name(llmgw_target_t *t, cmd_parms *cmd,
                              const char *word)
{
    const char *slash = strchr(word, '/');

    t->provider = slash ? apr_pstrmemdup(cmd->pool, word, slash - word) : word;
    t->model = slash ? slash + 1 : NULL;
    if (!*t->provider || (slash && !slash[1])) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is not of the form "
                            "PROVIDER or PROVIDER/MODEL", cmd->cmd->name,
                            word);
    }
    t->where = apr_psprintf(cmd->pool, "%s:%d", cmd->directive->filename,
                            cmd->directive->line_num);
    return NULL;
}

static llmgw_target_t *add_target(llmgw_route_t *route, apr_pool_t *p)
{
    llmgw_target_t *t = llmgw_target_create(p);

    APR_ARRAY_PUSH(route->targets, llmgw_target_t *) = t;
    return t;
}

const char *llmgw_routes_parse_target(cmd_parms *cmd,
                                      void *dummy LLMGW_UNUSED, int argc,
                                      char *const argv[])
{
    llmgw_route_t *route = llmgw_config_get(cmd->server)->open_route;
    llmgw_target_t *t;
    const char *err;
    int i;

    if (!route) {
        return "LLMTarget stands within <LLMRoute GLOB> only";
    }
    if (argc < 1) {
        return "LLMTarget takes PROVIDER[/MODEL] [key=value ...]";
    }
    t = add_target(route, cmd->pool);
    err = parse_name(t, cmd, argv[0]);
    for (i = 1; i < argc && !err; i++) {
        err = parse_option(t, cmd, argv[i]);
    }
    return err;
}

/* ---- routes ------------------------------------------------------------ */

static llmgw_route_t *add_route(cmd_parms *cmd, const char *pattern,
                                const char **err)
{
    llmgw_config_t *conf = llmgw_config_get(cmd->server);
    llmgw_route_t *route = llmgw_route_create(cmd->pool, pattern);
    int i;

    *err = *pattern ? NULL : "LLMRoute: the pattern is empty";
    for (i = 0; i < conf->routes->nelts; i++) {
        if (!strcmp(APR_ARRAY_IDX(conf->routes, i, llmgw_route_t *)->pattern,
                    pattern)) {
            *err = apr_psprintf(cmd->pool, "LLMRoute \"%s\": there is a route "
                                "for this pattern already", pattern);
        }
    }
    route->config = llmgw_config_create(cmd->pool);
    APR_ARRAY_PUSH(conf->routes, llmgw_route_t *) = route;
    return route;
}

/* A word with '=' before any '/' is an option of the target before it. */
static int is_option(const char *word)
{
    apr_size_t n = strcspn(word, "/=");

    return word[n] == '=';
}

const char *llmgw_routes_parse_line(cmd_parms *cmd, int argc,
                                    char *const argv[])
{
    const char *err;
    llmgw_route_t *route;
    llmgw_target_t *t = NULL;
    int i, tier = 0;

    if (argc < 2) {
        return "LLMRoute takes GLOB PROVIDER[/MODEL] ...; or write "
               "<LLMRoute GLOB> with LLMTarget lines";
    }
    route = add_route(cmd, argv[0], &err);
    for (i = 1; i < argc && !err; i++) {
        if (is_option(argv[i]) && t) {
            err = parse_option(t, cmd, argv[i]);
        }
        else {
            t = add_target(route, cmd->pool);
            t->tier = tier++;
            err = parse_name(t, cmd, argv[i]);
        }
    }
    return err ? err : llmgw_balancer_define(route, cmd);
}

const char *llmgw_routes_open(cmd_parms *cmd, void *dummy LLMGW_UNUSED,
                              const char *arg)
{
    llmgw_config_t *conf = llmgw_config_get(cmd->server);
    const char *end = ap_strrchr_c(arg, '>');
    const char *err = ap_check_cmd_context(cmd, NOT_IN_DIR_LOC_FILE);
    const char *pattern;
    llmgw_route_t *route;

    if (err) {
        return err;
    }
    if (!end || end[1]) {
        return "<LLMRoute GLOB> is not closed by '>'";
    }
    arg = apr_pstrmemdup(cmd->pool, arg, end - arg);
    pattern = ap_getword_conf(cmd->pool, &arg);
    if (*arg) {
        return "<LLMRoute GLOB> takes one pattern; targets go into LLMTarget "
               "lines within";
    }
    if (conf->open_route) {
        return "<LLMRoute> may not stand within another";
    }
    route = add_route(cmd, pattern, &err);
    if (err) {
        return err;
    }
    conf->open_route = route;
    err = ap_walk_config(cmd->directive->first_child, cmd, cmd->context);
    conf->open_route = NULL;
    if (!err && route->targets->nelts == 0) {
        err = apr_psprintf(cmd->pool, "<LLMRoute \"%s\"> has no LLMTarget",
                           pattern);
    }
    return err ? err : llmgw_balancer_define(route, cmd);
}

/* ---- resolving --------------------------------------------------------- */

static const char *provider_names(const llmgw_config_t *conf, apr_pool_t *p)
{
    const char *names = "none";
    int i;

    for (i = 0; i < conf->providers->nelts; i++) {
        const char *name = APR_ARRAY_IDX(conf->providers, i,
                                         llmgw_provider_t *)->name;

        names = i ? apr_pstrcat(p, names, ", ", name, NULL) : name;
    }
    return names;
}

const char *llmgw_routes_resolve(const llmgw_config_t *conf, apr_pool_t *p)
{
    int i, j;

    for (i = 0; i < conf->routes->nelts; i++) {
        const llmgw_route_t *route = APR_ARRAY_IDX(conf->routes, i,
                                                   llmgw_route_t *);

        for (j = 0; j < route->targets->nelts; j++) {
            llmgw_target_t *t = APR_ARRAY_IDX(route->targets, j,
                                              llmgw_target_t *);

            /* A virtual host has the server's own routes, bound before. */
            if (!t->provider_data) {
                t->provider_data = llmgw_config_provider(conf, t->provider,
                                                         strlen(t->provider));
            }
            if (!t->provider_data) {
                return apr_psprintf(p, "LLMRoute \"%s\" (%s): there is no "
                                    "LLMProvider named \"%s\"; there are: %s",
                                    route->pattern, t->where, t->provider,
                                    provider_names(conf, p));
            }
        }
    }
    return NULL;
}

/* ---- planning a call --------------------------------------------------- */

int llmgw_routes_when(const llmgw_target_t *t, request_rec *r)
{
    const char *err = NULL;
    int truth;

    if (!t->when) {
        return 1;
    }
    truth = ap_expr_exec(r, t->when, &err);
    if (truth < 0) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, LLMGW_ID("LLMGW0004")
                      "when= of LLMTarget %s (%s) cannot be evaluated: %s",
                      t->provider, t->where, err);
    }
    return truth > 0;
}

static void plan_route(llmgw_plan_t *plan, const llmgw_route_t *route)
{
    plan->route = route;
    plan->route_name = route->pattern;
    plan->targets = route->targets;
}

/* One target that no route names. model: never given for the client's own. */
static void plan_provider(llmgw_plan_t *plan, llmgw_provider_t *provider,
                          const char *name, llmgw_str_t model, apr_pool_t *p)
{
    llmgw_target_t *t = llmgw_target_create(p);

    t->provider = provider->name;
    t->provider_data = provider;
    t->model = llmgw_str_dupz(p, model);
    t->slot = provider->self->slot;
    plan->route = NULL;
    plan->route_name = name;
    plan->targets = apr_array_make(p, 1, sizeof(llmgw_target_t *));
    APR_ARRAY_PUSH(plan->targets, llmgw_target_t *) = t;
}

/* "provider/model", where there is such a provider. */
static int plan_pinned(llmgw_plan_t *plan, const llmgw_config_t *conf,
                       llmgw_str_t model, apr_pool_t *p)
{
    const char *slash = memchr(model.p, '/', model.len);
    llmgw_provider_t *provider;
    apr_size_t n;

    if (!slash || slash + 1 == model.p + model.len) {
        return 0;
    }
    n = slash - model.p;
    provider = llmgw_config_provider(conf, model.p, n);
    if (!provider || provider->disabled) {
        return 0;
    }
    plan_provider(plan, provider, "pin",
                  llmgw_str_make(slash + 1, model.len - n - 1), p);
    return 1;
}

static int fits(const llmgw_provider_t *provider, llmgw_str_t model)
{
    int i;

    for (i = 0; i < provider->models->nelts; i++) {
        if (llmgw_str_glob(APR_ARRAY_IDX(provider->models, i, char *),
                           model)) {
            return 1;
        }
    }
    return 0;
}

/* Higher is better: azure, then what speaks the client's own API. */
static int rank(const llmgw_provider_t *provider,
                const llmgw_dialect_t *dialect)
{
    return 2 * provider->kind->auto_first
           + (provider->kind->dialect == dialect);
}

/* The provider whose models= fit: the best, else as they stand. */
static int plan_auto(llmgw_plan_t *plan, const llmgw_config_t *conf,
                     llmgw_str_t model, const llmgw_dialect_t *dialect,
                     apr_pool_t *p)
{
    llmgw_provider_t *best = NULL;
    int i;

    for (i = 0; i < conf->providers->nelts; i++) {
        llmgw_provider_t *provider = APR_ARRAY_IDX(conf->providers, i,
                                                   llmgw_provider_t *);

        if (provider->disabled || !fits(provider, model)) {
            continue;
        }
        if (!best || rank(provider, dialect) > rank(best, dialect)) {
            best = provider;
        }
    }
    if (best) {
        plan_provider(plan, best, "auto", LLMGW_STR_NULL, p);
    }
    return best != NULL;
}

apr_status_t llmgw_routes_no_such_model(llmgw_err_t *err, llmgw_str_t model,
                                        apr_pool_t *p)
{
    return llmgw_err_set(err, p, LLMGW_EMODEL, "model",
                         "The model '%s' does not exist or you do not have "
                         "access to it.", llmgw_str_dupz(p, model));
}

static apr_status_t refuse_provider(llmgw_err_t *err, llmgw_str_t name,
                                    apr_pool_t *p)
{
    return llmgw_err_set(err, p, LLMGW_EMODEL, "provider",
                         "There is no provider named '%s'.",
                         llmgw_str_dupz(p, name));
}

static llmgw_provider_t *first_provider(const llmgw_config_t *conf,
                                        const llmgw_dialect_t *dialect)
{
    llmgw_provider_t *best = NULL;
    int i;

    for (i = 0; i < conf->providers->nelts; i++) {
        llmgw_provider_t *provider = APR_ARRAY_IDX(conf->providers, i,
                                                   llmgw_provider_t *);

        if (provider->worker && !provider->disabled
            && provider->kind->dialect == dialect
            && (!best
                || provider->kind->auto_first < best->kind->auto_first)) {
            best = provider;
        }
    }
    return best;
}

apr_status_t llmgw_routes_plan_provider(llmgw_plan_t *plan, request_rec *r,
                                        const llmgw_dialect_t *dialect,
                                        llmgw_str_t name, llmgw_err_t *err)
{
    const llmgw_config_t *conf = llmgw_config_get(r->server)->effective;
    llmgw_provider_t *provider
        = name.p ? llmgw_config_provider(conf, name.p, name.len)
          : first_provider(conf, dialect);

    if (name.p && (!provider || !provider->worker || provider->disabled)) {
        return refuse_provider(err, name, r->pool);
    }
    if (!provider) {
        return llmgw_err_set(err, r->pool, LLMGW_EMODEL, "provider",
                             "There is no provider for this URL.");
    }
    plan_provider(plan, provider, name.p ? "pin" : "auto", LLMGW_STR_NULL,
                  r->pool);
    return APR_SUCCESS;
}

apr_status_t llmgw_routes_find(llmgw_plan_t *plan, request_rec *r,
                               llmgw_str_t model, llmgw_str_t pin,
                               const llmgw_dialect_t *dialect,
                               llmgw_err_t *err)
{
    apr_pool_t *p = r->pool;
    const llmgw_config_t *conf = llmgw_config_get(r->server)->effective;
    const llmgw_route_t *route = llmgw_route_lookup(conf->routes, model);

    if (pin.p && conf->auto_route) {
        llmgw_provider_t *provider = llmgw_config_provider(conf, pin.p,
                                                           pin.len);

        if (!provider || provider->disabled) {
            return refuse_provider(err, pin, p);
        }
        plan_provider(plan, provider, "pin", LLMGW_STR_NULL, p);
        return APR_SUCCESS;
    }
    if (!(route && route->exact) && conf->auto_route
        && plan_pinned(plan, conf, model, p)) {
        return APR_SUCCESS;
    }
    if (route) {
        plan_route(plan, route);
        return APR_SUCCESS;
    }
    return conf->auto_route && plan_auto(plan, conf, model, dialect, p)
           ? APR_SUCCESS : llmgw_routes_no_such_model(err, model, p);
}

apr_status_t llmgw_routes_check(const llmgw_plan_t *plan, request_rec *r,
                                llmgw_str_t model, llmgw_err_t *err)
{
    int i;

    for (i = 0; i < plan->targets->nelts; i++) {
        const llmgw_target_t *t = APR_ARRAY_IDX(plan->targets, i,
                                                llmgw_target_t *);
        const llmgw_provider_t *provider = t->provider_data;

        if (!provider->disabled && llmgw_routes_when(t, r)) {
            return APR_SUCCESS;
        }
    }
    return llmgw_routes_no_such_model(err, model, r->pool);
}
