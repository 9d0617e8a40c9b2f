/* config.c: directives: reading, merging, defaults */
#include <math.h>
#include <stddef.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "llmgw/balance.h"
#include "allow.h"
#include "config.h"
#include "log.h"
#include "options.h"
#include "passthrough.h"
#include "provider.h"
#include "routes.h"

#define TIME_MAX apr_time_from_sec(24 * 60 * 60)
#define SIZE_MIN APR_INT64_C(1024)
#define SIZE_MAX_BYTES (APR_INT64_C(1024) * 1024 * 1024)

/* A row's place in llmgw_config_t, and where the directive may stand. */
typedef enum place_e { PLACE_SERVER, PLACE_ROUTE } place_e;

typedef struct row_t {
    apr_size_t offset;
    place_e place;
} row_t;

/* ---- arguments --------------------------------------------------------- */

/* Digits and a unit; httpd's parser looks at the unit's first letters only. */
static int is_time(const char *value)
{
    static const char *const units[] = { "", "ms", "s", "min", "h" };
    apr_size_t n = strspn(value, "0123456789");
    unsigned int i;

    for (i = 0; n && i < sizeof(units) / sizeof(units[0]); i++) {
        if (!strcmp(value + n, units[i])) {
            return 1;
        }
    }
    return 0;
}

const char *llmgw_config_parse_time(apr_pool_t *p, const char *name,
                                    const char *value,
                                    apr_interval_time_t *out)
{
    apr_interval_time_t t;

    if (!is_time(value)
        || ap_timeout_parameter_parse(value, &t, "s") != APR_SUCCESS
        || t < 1000 || t > TIME_MAX) {
        return apr_psprintf(p, "%s: \"%s\" is no time: give a number with "
                            "ms, s, min or h, between 1ms and 24h", name,
                            value);
    }
    *out = t;
    return NULL;
}

const char *llmgw_config_parse_number(apr_pool_t *p, const char *name,
                                      const char *value, double min,
                                      double max, double *out)
{
    char *end;
    double d = strtod(value, &end);

    if (!*value || *end || !isfinite(d) || d < min || d > max) {
        return apr_psprintf(p, "%s: \"%s\" is out of range: give a number "
                            "between %.0f and %.0f", name, value, min, max);
    }
    *out = d;
    return NULL;
}

/* ---- types: set, unset, merge ------------------------------------------ */

static void *member_of(cmd_parms *cmd)
{
    llmgw_config_t *conf = llmgw_config_get(cmd->server);
    const row_t *row = cmd->info;

    if (conf->open_route && row->place == PLACE_ROUTE) {
        conf = conf->open_route->config;
    }
    return (char *)conf + row->offset;
}

/* May the directive stand here? Error text or NULL. */
static const char *check_place(cmd_parms *cmd)
{
    const row_t *row = cmd->info;
    const char *err = ap_check_cmd_context(cmd, NOT_IN_DIR_LOC_FILE);

    if (!err && row->place == PLACE_SERVER
        && llmgw_config_get(cmd->server)->open_route) {
        err = apr_pstrcat(cmd->pool, cmd->cmd->name, " may not stand within "
                          "<LLMRoute>; put it outside, in the server or "
                          "virtual host", NULL);
    }
    return err;
}

static const char *set_flag(cmd_parms *cmd, void *dummy LLMGW_UNUSED,
                            const char *arg)
{
    llmgw_flag_t *flag = member_of(cmd);
    const char *err = check_place(cmd);

    if (err) {
        return err;
    }
    if (ap_cstr_casecmp(arg, "on") && ap_cstr_casecmp(arg, "off")) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is neither on nor off",
                            cmd->cmd->name, arg);
    }
    *flag = !ap_cstr_casecmp(arg, "on");
    return NULL;
}

static void unset_flag(apr_pool_t *p LLMGW_UNUSED, llmgw_flag_t *flag)
{
    *flag = -1;
}

static void merge_flag(apr_pool_t *p LLMGW_UNUSED, llmgw_flag_t *out,
                       const llmgw_flag_t *base, const llmgw_flag_t *add)
{
    *out = *add < 0 ? *base : *add;
}

static const char *set_unsupported(cmd_parms *cmd, void *dummy LLMGW_UNUSED,
                                   const char *arg)
{
    llmgw_unsupported_t *way = member_of(cmd);
    const char *err = check_place(cmd);

    if (err) {
        return err;
    }
    if (!ap_cstr_casecmp(arg, "drop")) {
        *way = LLMGW_UNSUPPORTED_DROP;
    }
    else if (!ap_cstr_casecmp(arg, "reject")) {
        *way = LLMGW_UNSUPPORTED_REJECT;
    }
    else {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is neither drop nor reject",
                            cmd->cmd->name, arg);
    }
    return NULL;
}

#define unset_unsupported unset_flag
#define merge_unsupported merge_flag

static int size_unit(char unit)
{
    switch (apr_toupper(unit)) {
    case '\0': return 0;
    case 'K': return 10;
    case 'M': return 20;
    case 'G': return 30;
    default: return -1;
    }
}

static const char *set_size(cmd_parms *cmd, void *dummy LLMGW_UNUSED,
                            const char *arg)
{
    llmgw_size_t *size = member_of(cmd);
    const char *err = check_place(cmd);
    char *end = NULL;
    apr_int64_t n;
    int shift;

    if (err) {
        return err;
    }
    n = apr_isdigit(*arg) ? apr_strtoi64(arg, &end, 10) : -1;
    shift = end && (!*end || !end[1]) ? size_unit(*end) : -1;
    if (n < 0 || shift < 0 || n > (SIZE_MAX_BYTES >> shift)
        || (n << shift) < SIZE_MIN) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no size: give a number "
                            "with K, M or G, between 1K and 1G",
                            cmd->cmd->name, arg);
    }
    *size = n << shift;
    return NULL;
}

static void unset_size(apr_pool_t *p LLMGW_UNUSED, llmgw_size_t *size)
{
    *size = -1;
}

static void merge_size(apr_pool_t *p LLMGW_UNUSED, llmgw_size_t *out,
                       const llmgw_size_t *base, const llmgw_size_t *add)
{
    *out = *add < 0 ? *base : *add;
}

/* Directives whose arguments are options, by their table in policy.c. */
#define OPTIONS_TYPE(type, check) \
    static const char *set_##type(cmd_parms *cmd, void *dummy LLMGW_UNUSED, \
                                  int argc, char *const argv[]) \
    { \
        llmgw_##type##_t *out = member_of(cmd); \
        const char *err = check_place(cmd); \
        \
        if (!err) { \
            err = llmgw_options_parse_all(llmgw_policy_##type, out, cmd, \
                                          argc, argv); \
        } \
        return err ? err : check; \
    } \
    static void unset_##type(apr_pool_t *p LLMGW_UNUSED, \
                             llmgw_##type##_t *out) \
    { \
        llmgw_options_unset(llmgw_policy_##type, out); \
    } \
    static void merge_##type(apr_pool_t *p LLMGW_UNUSED, \
                             llmgw_##type##_t *out, \
                             const llmgw_##type##_t *base, \
                             const llmgw_##type##_t *add) \
    { \
        llmgw_options_merge(llmgw_policy_##type, out, base, add); \
    }
OPTIONS_TYPE(timeouts, NULL)
OPTIONS_TYPE(retry, llmgw_policy_check_retry(cmd, out))
OPTIONS_TYPE(breaker_conf, NULL)
OPTIONS_TYPE(health_check, llmgw_policy_check_health(cmd, out))
OPTIONS_TYPE(detach_conf, llmgw_policy_check_detach(cmd, out))
#undef OPTIONS_TYPE

static const char *set_method(cmd_parms *cmd, void *dummy LLMGW_UNUSED,
                              const char *arg)
{
    llmgw_method_t *method = member_of(cmd);
    const char *err = check_place(cmd);

    if (err) {
        return err;
    }
    *method = llmgw_balance_lookup(arg);
    return *method < 0 ? apr_psprintf(cmd->pool, "LLMBalance: \"%s\" is not "
                                      "one of weighted, latency, busy, cost "
                                      "and prefix", arg) : NULL;
}

#define unset_method unset_flag
#define merge_method merge_flag

/* Lists: a virtual host's entries come first, so that they win ties. */
static void unset_list(apr_pool_t *p, apr_array_header_t **list)
{
    *list = apr_array_make(p, 4, sizeof(void *));
}

static void merge_list(apr_pool_t *p, apr_array_header_t **out,
                       apr_array_header_t *const *base,
                       apr_array_header_t *const *add)
{
    *out = (*add)->nelts == 0 ? *base : apr_array_append(p, *add, *base);
}

#define unset_providers unset_list
#define merge_providers merge_list
#define unset_routes unset_list
#define merge_routes merge_list

static const char *set_providers(cmd_parms *cmd, void *dummy LLMGW_UNUSED,
                                 int argc, char *const argv[])
{
    const char *err = check_place(cmd);

    return err ? err : llmgw_provider_parse(cmd, argc, argv);
}

static const char *set_routes(cmd_parms *cmd, void *dummy LLMGW_UNUSED,
                              int argc, char *const argv[])
{
    const char *err = check_place(cmd);

    return err ? err : llmgw_routes_parse_line(cmd, argc, argv);
}

static const char *set_allow(cmd_parms *cmd, void *dummy LLMGW_UNUSED,
                             const char *arg)
{
    llmgw_allow_t *list = member_of(cmd);
    const char *err = check_place(cmd);

    return err ? err : llmgw_allow_parse(cmd, arg, list);
}

static void unset_allow(apr_pool_t *p LLMGW_UNUSED, llmgw_allow_t *list)
{
    *list = NULL;
}

static void merge_allow(apr_pool_t *p LLMGW_UNUSED, llmgw_allow_t *out,
                        const llmgw_allow_t *base, const llmgw_allow_t *add)
{
    *out = *add ? *add : *base;
}

/* ---- the whole --------------------------------------------------------- */

llmgw_config_t *llmgw_config_get(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &llmgw_module);
}

llmgw_config_t *llmgw_config_create(apr_pool_t *p)
{
    llmgw_config_t *conf = apr_pcalloc(p, sizeof(*conf));

#define LLMGW_UNSET(member, name, type, args, place, help) \
    unset_##type(p, &conf->member);
    LLMGW_DIRECTIVES(LLMGW_UNSET)
#undef LLMGW_UNSET
    return conf;
}

llmgw_config_t *llmgw_config_merge(apr_pool_t *p, const llmgw_config_t *base,
                                   const llmgw_config_t *add)
{
    llmgw_config_t *conf = apr_pcalloc(p, sizeof(*conf));

#define LLMGW_MERGE(member, name, type, args, place, help) \
    merge_##type(p, &conf->member, &base->member, &add->member);
    LLMGW_DIRECTIVES(LLMGW_MERGE)
#undef LLMGW_MERGE
    return conf;
}

static void default_policy(llmgw_config_t *conf)
{
    static const llmgw_breaker_conf_t breaker = LLMGW_BREAKER_CONF_INIT;

    conf->retry.attempts = 3;
    conf->retry.on = LLMGW_RETRY_DEFAULT;
    conf->retry.backoff_usec = apr_time_from_msec(250);
    conf->retry.backoff_max_usec = apr_time_from_sec(8);
    conf->retry.total_usec = TIME_MAX;
    conf->retry.budget_percent = 20;
    conf->breaker = breaker;
    conf->breaker.slow_usec = 0;
    conf->health_check.off = 1;
    conf->health_check.interval_usec = apr_time_from_sec(30);
    conf->health_check.timeout_usec = apr_time_from_sec(5);
    conf->health_check.path = "/models";
    conf->detach.on = 1;
    conf->detach.threads = 1;
    conf->detach.full = "stay";
    conf->detach.spin_usec = apr_time_from_msec(2);
}

/* What holds where nobody said anything. */
static const llmgw_config_t *defaults(apr_pool_t *p)
{
    llmgw_config_t *conf = llmgw_config_create(p);

    conf->auto_route = 1;
    conf->timeout.connect_usec = apr_time_from_sec(5);
    conf->timeout.first_usec = apr_time_from_sec(60);
    conf->timeout.idle_usec = apr_time_from_sec(60);
    conf->timeout.total_usec = apr_time_from_sec(600);
    conf->timeout.heartbeat_usec = apr_time_from_sec(15);
    conf->request_body = APR_INT64_C(64) * 1024 * 1024;
    conf->response_body = APR_INT64_C(64) * 1024 * 1024;
    conf->unsupported = LLMGW_UNSUPPORTED_DEFAULT;
    conf->method = LLMGW_BALANCE_WEIGHTED;
    default_policy(conf);
    return conf;
}

/* add over base, with what follows of the directives worked out. */
static llmgw_config_t *complete(const llmgw_config_t *base,
                                const llmgw_config_t *add, apr_pool_t *p)
{
    llmgw_config_t *conf = llmgw_config_merge(p, base, add);

    llmgw_retry_parse(p, "", conf->retry.on, &conf->retry.on_set);
    conf->detach.refuse = !strcmp(conf->detach.full, "refuse");
    return conf;
}

/* The settings of each route's calls. */
static apr_hash_t *complete_routes(const llmgw_config_t *conf, apr_pool_t *p)
{
    apr_hash_t *of_routes = apr_hash_make(p);
    int i;

    for (i = 0; i < conf->routes->nelts; i++) {
        const llmgw_route_t **route = &APR_ARRAY_IDX(conf->routes, i,
                                                     const llmgw_route_t *);

        apr_hash_set(of_routes, route, sizeof(*route),
                     complete(conf, (*route)->config, p));
    }
    return of_routes;
}

void llmgw_config_complete(apr_pool_t *p, server_rec *s)
{
    llmgw_config_t *conf = llmgw_config_get(s);
    llmgw_config_t *all = complete(defaults(p), conf, p);

    all->guarded = llmgw_allow_routes(all, p);
    all->of_routes = complete_routes(all, p);
    conf->effective = all;
}

const llmgw_config_t *llmgw_config_effective(const server_rec *s,
                                             const llmgw_route_t *route)
{
    const llmgw_config_t *conf = llmgw_config_get(s)->effective;

    return route ? apr_hash_get(conf->of_routes, &route, sizeof(route)) : conf;
}

llmgw_provider_t *llmgw_config_provider(const llmgw_config_t *conf,
                                        const char *name, apr_size_t len)
{
    int i;

    for (i = 0; i < conf->providers->nelts; i++) {
        llmgw_provider_t *provider = APR_ARRAY_IDX(conf->providers, i,
                                                   llmgw_provider_t *);

        if (strlen(provider->name) == len
            && memcmp(provider->name, name, len) == 0) {
            return provider;
        }
    }
    return NULL;
}

/* One row for each directive, for cmd->info. */
#define LLMGW_ROW(member, name, type, args, place, help) \
    static const row_t row_##member = { \
        offsetof(llmgw_config_t, member), PLACE_##place };
LLMGW_DIRECTIVES(LLMGW_ROW)
#undef LLMGW_ROW

const command_rec llmgw_config_commands[] = {
#define LLMGW_COMMAND(member, name, type, args, place, help) \
    args(name, set_##type, (void *)&row_##member, RSRC_CONF, help),
    LLMGW_DIRECTIVES(LLMGW_COMMAND)
#undef LLMGW_COMMAND
    AP_INIT_RAW_ARGS("<LLMRoute", llmgw_routes_open, NULL, RSRC_CONF,
                     "GLOB: targets and settings for the models it matches"),
    AP_INIT_TAKE_ARGV("LLMTarget", llmgw_routes_parse_target, NULL, RSRC_CONF,
                      "PROVIDER[/MODEL] [key=value ...]: a target of a route"),
    AP_INIT_TAKE_ARGV("LLMPassThrough", llmgw_passthrough_set, NULL,
                      RSRC_CONF | ACCESS_CONF, "off|all|PATTERN ...: other "
                      "paths that pass to a provider as they are"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
