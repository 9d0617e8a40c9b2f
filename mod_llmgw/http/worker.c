/* worker.c: a provider's mod_proxy worker and its TLS settings */
#include <apr_file_info.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "log.h"
#include "provider.h"
#include "mod_llmgw.h"
#include "proxy_api.h"

/* Idle connections are kept this long: many providers close after a minute. */
#define IDLE_TTL apr_time_from_sec(55)

/* With no bound configured: more than a child can have calls in flight. */
#define CONNECTIONS_MAX 1000000

static proxy_server_conf *proxy_conf(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &proxy_module);
}

/* ---- TLS --------------------------------------------------------------- */

/* Where distributions keep the certificates of public authorities. */
static const char *const trust_stores[] = {
    "/etc/ssl/certs/ca-certificates.crt",       /* Debian */
    "/etc/pki/tls/certs/ca-bundle.crt",         /* Fedora */
    "/etc/ssl/ca-bundle.pem",                   /* SUSE */
    "/etc/ssl/cert.pem",                        /* Alpine, BSD */
};

static const char *find_trust_store(apr_pool_t *p)
{
    unsigned int i;

    for (i = 0; i < sizeof(trust_stores) / sizeof(trust_stores[0]); i++) {
        apr_finfo_t info;

        if (apr_stat(&info, trust_stores[i], APR_FINFO_SIZE, p) == APR_SUCCESS
            && info.size > 0) {
            return trust_stores[i];
        }
    }
    return NULL;
}

/* Run one directive into a section, as if it stood in its <Proxy>. */
static const char *apply_directive(const llmgw_provider_t *provider,
                                   const char *name, const char *args,
                                   ap_conf_vector_t *section, apr_pool_t *p,
                                   apr_pool_t *ptemp)
{
    ap_directive_t *directive = apr_pcalloc(p, sizeof(*directive));
    cmd_parms parms;

    directive->directive = apr_pstrdup(p, name);
    directive->args = args;
    directive->filename = provider->where;
    memset(&parms, 0, sizeof(parms));
    parms.limited = -1;
    parms.pool = p;
    parms.temp_pool = ptemp;
    parms.server = provider->server;
    parms.override = RSRC_CONF | OR_ALL | ACCESS_CONF | PROXY_CONF;
    parms.override_opts = OPT_ALL;
    return ap_walk_config(directive, &parms, section);
}

/* Is the URL's host an address? mod_ssl compares names only. */
static int is_address(const char *host)
{
    return *host == '[' || host[strspn(host, "0123456789.:")] == '\0';
}

/* Verify nothing. */
static const char *trust_all(const llmgw_provider_t *provider,
                             ap_conf_vector_t *section, apr_pool_t *p,
                             apr_pool_t *ptemp)
{
    static const char *const checks[] = { "SSLProxyCheckPeerName",
                                          "SSLProxyCheckPeerCN",
                                          "SSLProxyCheckPeerExpire" };
    const char *err = apply_directive(provider, "SSLProxyVerify", "none",
                                      section, p, ptemp);
    unsigned int i;

    for (i = 0; i < sizeof(checks) / sizeof(checks[0]) && !err; i++) {
        err = apply_directive(provider, checks[i], "off", section, p, ptemp);
    }
    return err;
}

/* Verify whose certificate it is, and who issued it.
 * @param ca may be NULL where the administrator's section will name it */
static const char *trust_issued(const llmgw_provider_t *provider,
                                const char *ca, ap_conf_vector_t *section,
                                apr_pool_t *p, apr_pool_t *ptemp)
{
    const char *err = apply_directive(provider, "SSLProxyVerify", "require",
                                      section, p, ptemp);

    if (!err) {
        err = apply_directive(provider, "SSLProxyCheckPeerName", "on",
                              section, p, ptemp);
    }
    return err || !ca ? err
           : apply_directive(provider, "SSLProxyCACertificateFile",
                             apr_pstrcat(p, "\"", ca, "\"", NULL), section, p,
                             ptemp);
}

/* What cannot be right, unless a section of the administrator's mends it.
 * @return error text or NULL */
static const char *check_trust(const llmgw_provider_t *provider,
                               const char *ca)
{
    if (is_address(provider->host)) {
        return "mod_ssl cannot check an address against a certificate: give "
               "the host's name in the URL, or say tls-verify=off";
    }
    return ca ? NULL
           : "no file with trusted certificates was found on this system: "
             "install the package ca-certificates, or add ca=FILE";
}

static const char *fill_section(const llmgw_provider_t *provider,
                                ap_conf_vector_t *section, int is_alone,
                                apr_pool_t *p, apr_pool_t *ptemp)
{
    const char *err = apply_directive(provider, "SSLProxyEngine", "on",
                                      section, p, ptemp);
    const char *ca = provider->ca_file ? provider->ca_file
                     : find_trust_store(ptemp);

    if (err) {
        return err;
    }
    if (!provider->tls_verify) {
        return trust_all(provider, section, p, ptemp);
    }
    err = is_alone ? check_trust(provider, ca) : NULL;
    return err ? err : trust_issued(provider, ca, section, p, ptemp);
}

/* A section of the provider's own; its name matches no proxied URL.
 * @param over the administrator's for its URL, which goes before; or NULL */
static const char *make_section(ap_conf_vector_t **out,
                                const llmgw_provider_t *provider,
                                ap_conf_vector_t *over, apr_pool_t *p,
                                apr_pool_t *ptemp)
{
    ap_conf_vector_t *section = ap_create_per_dir_config(p);
    char *name = apr_pstrcat(p, "llmgw:", provider->name, NULL);
    proxy_dir_conf *dir = ap_set_config_vectors(provider->server, section,
                                                name, &proxy_module, p);
    const char *err = fill_section(provider, section, !over, p, ptemp);

    if (err) {
        return err;
    }
    if (over) {
        section = ap_merge_per_dir_configs(p, section, over);
        dir = ap_get_module_config(section, &proxy_module);
    }
    dir->p = name;
    *(ap_conf_vector_t **)apr_array_push(proxy_conf(provider->server)
                                         ->sec_proxy) = section;
    *out = section;
    return NULL;
}

/* ---- the worker -------------------------------------------------------- */

/* The administrator's own <Proxy "URL">, NULL if there is none. mod_proxy lists
 * it in any case, but only where it has parameters makes a worker know it. */
static ap_conf_vector_t *find_section(const llmgw_provider_t *provider)
{
    const apr_array_header_t *sections
        = proxy_conf(provider->server)->sec_proxy;
    apr_size_t len = strlen(provider->url);
    int i;

    for (i = sections->nelts; i-- > 0;) {       /* the last one wins */
        ap_conf_vector_t *section
            = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
        const proxy_dir_conf *dir
            = ap_get_module_config(section, &proxy_module);

        if (!dir->r && !strncmp(dir->p, provider->url, len)
            && (!dir->p[len] || !strcmp(dir->p + len, "/"))) {
            return section;
        }
    }
    return NULL;
}

/* The worker that its parameters or a ProxySet in it made, NULL without. */
static const proxy_worker *find_own(const proxy_worker *made,
                                    const server_rec *s)
{
    const apr_array_header_t *workers = proxy_conf(s)->workers;
    int i;

    for (i = 0; i < workers->nelts; i++) {
        const proxy_worker *w = &APR_ARRAY_IDX(workers, i, proxy_worker);

        if (!strcmp(w->s->name_ex, made->s->name_ex)) {
            return w;
        }
    }
    return NULL;
}

/* What the administrator says of the URL goes before what we would. */
static const char *set_section(llmgw_provider_t *provider, apr_pool_t *p,
                               apr_pool_t *ptemp)
{
    proxy_worker *worker = provider->worker;
    ap_conf_vector_t *section = find_section(provider);
    const proxy_worker *own = section ? find_own(worker, provider->server)
                              : NULL;

    if (own) {
        *worker->s = *own->s;
    }
    if (provider->is_tls) {
        return make_section(&worker->section_config, provider, section, p,
                            ptemp);
    }
    worker->section_config = section;
    return NULL;
}

static void set_pool(proxy_worker *worker, int connections_max)
{
    if (connections_max || !worker->s->hmax) {
        worker->s->hmax = connections_max ? connections_max : CONNECTIONS_MAX;
    }
    if (worker->s->smax < 0) {
        worker->s->smax = 0;                    /* the ttl holds for all */
    }
    if (!worker->s->ttl) {
        worker->s->ttl = IDLE_TTL;
    }
    worker->s->status |= PROXY_WORKER_IGNORE_ERRORS;
}

/* For what mod_proxy waits for by itself: a connection of the pool, where
 * max-connections= bounds it, and connects through a ProxyRemote. */
static void set_timeout(proxy_worker *worker, const server_rec *s)
{
    apr_interval_time_t connect_usec
        = llmgw_config_get(s)->effective->timeout.connect_usec;

    worker->s->conn_timeout = connect_usec;
    worker->s->conn_timeout_set = 1;
    worker->s->acquire = connect_usec;
    worker->s->acquire_set = 1;
}

const char *llmgw_provider_connect(llmgw_provider_t *provider,
                                   apr_pool_t *p, apr_pool_t *ptemp)
{
    const char *err;

    if (!provider->url) {
        return NULL;
    }
    if (provider->is_tls && !ap_find_linked_module("mod_ssl.c")) {
        return "an https URL needs mod_ssl: load it (LoadModule ssl_module)";
    }
    err = ap_proxy_define_worker(p, &provider->worker, NULL, NULL,
                                 provider->url, 0);
    if (err) {
        return err;
    }
    err = set_section(provider, p, ptemp);
    set_pool(provider->worker, provider->connections_max);
    set_timeout(provider->worker, provider->server);
    return err;
}

void llmgw_provider_child_init(llmgw_provider_t *provider, apr_pool_t *p)
{
    apr_status_t rv;

    if (!provider->worker) {
        return;
    }
    rv = ap_proxy_initialize_worker(provider->worker, provider->server, p);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, provider->server,
                     LLMGW_ID("LLMGW0003") "provider %s: its connection pool "
                     "cannot be made; every call to it will fail",
                     provider->name);
    }
}

/* What header= options say. */
static void put_configured(apr_table_t *out, const apr_array_header_t *list)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const llmgw_header_t *h = &APR_ARRAY_IDX(list, i, llmgw_header_t);

        apr_table_setn(out, h->name, h->value);
    }
}

void llmgw_provider_head(const llmgw_provider_t *provider, apr_table_t *out,
                         const apr_array_header_t *more, const char *key)
{
    const llmgw_provider_kind_t *kind = provider->kind;

    apr_table_setn(out, "User-Agent", "mod_llmgw/" LLMGW_VERSION);
    apr_table_setn(out, "Accept-Encoding", "identity");
    if (kind->version_header && !apr_table_get(out, kind->version_header)) {
        apr_table_setn(out, kind->version_header,
                       provider->api_version ? provider->api_version
                       : kind->version_default);
    }
    put_configured(out, provider->headers);
    if (more) {
        put_configured(out, more);
    }
    if (key) {
        apr_table_setn(out, kind->auth_header,
                       apr_pstrcat(apr_table_elts(out)->pool,
                                   kind->auth_prefix, key, NULL));
    }
}
