/* mod_llmgw.c: the module: its record and its hooks */
#include <apr_strings.h>
#include <httpd.h>
#include <ap_mpm.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include "balancer.h"
#include "chance.h"
#include "config.h"
#include "detach.h"
#include "detach_limits.h"
#include "handler.h"
#include "handshake.h"
#include "lbmethods.h"
#include "log.h"
#include "measure.h"
#include "mod_llmgw.h"
#include "passthrough.h"
#include "prober.h"
#include "provider.h"
#include "proxy_api.h"
#include "relay.h"
#include "routes.h"
#include "standing.h"
#include "vars.h"
#include "view.h"

static int llmgw_pre_config(apr_pool_t *pconf LLMGW_UNUSED, apr_pool_t *plog,
                            apr_pool_t *ptemp LLMGW_UNUSED)
{
    if (!&proxy_module) {
        ap_log_perror(APLOG_MARK, APLOG_CRIT, 0, plog, LLMGW_ID("LLMGW0401")
                      "mod_llmgw needs mod_proxy: put \"LoadModule "
                      "proxy_module ...\" before the one of llmgw_module");
        return !OK;
    }
    return OK;
}

/* ---- when the configuration has been read: also for configtest --------- */

typedef struct check_t {
    apr_pool_t *pconf;
    apr_pool_t *ptemp;
    int run;                    /* the server is going to run */
} check_t;

static const char *check_provider(llmgw_provider_t *provider, void *ctx)
{
    const check_t *check = ctx;
    const char *err = llmgw_provider_load_keys(provider, 0, check->pconf);

    if (!err && !provider->disabled) {
        err = llmgw_provider_connect(provider, check->pconf, check->ptemp);
        if (err) {
            err = apr_psprintf(check->ptemp, "LLMProvider %s (%s): %s",
                               provider->name, provider->where, err);
        }
    }
    return err;
}

static int llmgw_check_config(apr_pool_t *pconf, apr_pool_t *plog LLMGW_UNUSED,
                              apr_pool_t *ptemp, server_rec *servers)
{
    check_t check = { pconf, ptemp, 0 };
    const char *err = NULL;
    server_rec *s;

    for (s = servers; s && !err; s = s->next) {
        llmgw_config_complete(pconf, s);
        if (llmgw_config_get(s)->routes->nelts
            && !ap_find_linked_module("mod_proxy_balancer.c")) {
            err = "LLMRoute needs mod_proxy_balancer and mod_slotmem_shm: load "
                  "them (LoadModule proxy_balancer_module, slotmem_shm_module)";
            break;
        }
        err = llmgw_routes_resolve(llmgw_config_get(s), ptemp);
    }
    if (!err) {
        err = llmgw_provider_each(servers, check_provider, &check);
    }
    if (err) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, servers,
                     LLMGW_ID("LLMGW0402") "%s", err);
        return !OK;
    }
    return OK;
}

/* ---- startup ----------------------------------------------------------- */

static const char *load_keys(llmgw_provider_t *provider, void *ctx)
{
    if (!provider->tls_verify) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, provider->server,
                     LLMGW_ID("LLMGW0403") "provider %s (%s): tls-verify=off: "
                     "anybody on the way can read and change what is sent, "
                     "keys included", provider->name, provider->where);
    }
    return llmgw_provider_load_keys(provider, 1, ctx);
}

static int llmgw_post_config(apr_pool_t *pconf, apr_pool_t *plog LLMGW_UNUSED,
                             apr_pool_t *ptemp LLMGW_UNUSED, server_rec *s)
{
    const char *err;

    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;              /* a trial run; the real one follows */
    }
    err = llmgw_provider_each(s, load_keys, pconf);
    if (!err) {
        err = llmgw_balancer_set_methods(s, pconf);
    }
    if (!err) {
        err = llmgw_standing_prepare(s, pconf);
    }
    if (!err) {
        err = llmgw_measure_prepare(s, pconf);
    }
    if (!err) {
        err = llmgw_prober_start(s, pconf);
    }
    if (!err) {
        llmgw_detach_check(s);
    }
    if (err) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, LLMGW_ID("LLMGW0404") "%s",
                     err);
        return !OK;
    }
    return OK;
}

static const char *init_provider(llmgw_provider_t *provider, void *ctx)
{
    llmgw_provider_child_init(provider, ctx);
    return NULL;
}

static void llmgw_child_init(apr_pool_t *pchild, server_rec *s)
{
    llmgw_chance_child_init();
    llmgw_standing_child_init();
    llmgw_view_child_init(pchild, s);
    llmgw_provider_each(s, init_provider, pchild);
    llmgw_prober_child_init(pchild);
    llmgw_detach_child_init(s, pchild);
}

static void llmgw_child_status(server_rec *s LLMGW_UNUSED, pid_t pid,
                               ap_generation_t generation LLMGW_UNUSED,
                               int slot LLMGW_UNUSED, mpm_child_status state)
{
    if (state == MPM_CHILD_EXITED) {
        llmgw_standing_child_ended(pid);
    }
}

/* ---- the module -------------------------------------------------------- */

static void register_hooks(apr_pool_t *p)
{
    static const char *const after_proxy[] = { "mod_proxy.c", NULL };
    static const char *const before_proxy[] = { "mod_proxy.c", NULL };
    /* Its thread uses what is made here. */
    static const char *const before_watchdog[] = { "mod_watchdog.c", NULL };

    ap_hook_pre_config(llmgw_pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(llmgw_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(llmgw_post_config, NULL, before_proxy,
                        APR_HOOK_MIDDLE);
    ap_hook_child_status(llmgw_child_status, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(llmgw_child_init, after_proxy, before_watchdog,
                       APR_HOOK_MIDDLE);
    ap_hook_expr_lookup(llmgw_vars_lookup, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(llmgw_handler_translate, NULL, NULL,
                           APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(llmgw_handler_map, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(llmgw_handler_run, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(llmgw_handler_health, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(llmgw_handler_metrics, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(llmgw_handler_status, NULL, NULL, APR_HOOK_MIDDLE);
    llmgw_relay_register();
    llmgw_detach_register();
    llmgw_detach_limits_register();
    llmgw_handshake_register();
    llmgw_lbmethods_register(p);
}

static void *create_server_config(apr_pool_t *p,
                                  server_rec *s LLMGW_UNUSED)
{
    return llmgw_config_create(p);
}

static void *merge_server_config(apr_pool_t *p, void *base, void *add)
{
    return llmgw_config_merge(p, base, add);
}

module AP_MODULE_DECLARE_DATA llmgw_module = {
    STANDARD20_MODULE_STUFF,
    llmgw_passthrough_create,
    llmgw_passthrough_merge,
    create_server_config,
    merge_server_config,
    llmgw_config_commands,
    register_hooks,
    0                           /* flags */
};
