/* prober.c: asks providers how they are: LLMHealthCheck */
#include <poll.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <httpd.h>
#include <http_core.h>
#include <ap_mpm.h>
#include <mod_watchdog.h>
#include "config.h"
#include "exchange.h"
#include "log.h"
#include "prober.h"
#include "routes.h"
#include "standing.h"

#define WATCHDOG "_llmgw_health_"

/* One provider to be asked, over and over. */
typedef struct probe_t {
    llmgw_provider_t *provider;
    const llmgw_health_check_t *how;
    apr_array_header_t *targets;    /* of const llmgw_target_t *: its */
    apr_uint64_t successes;     /* of their calls, when last looked */
    apr_time_t due;

    /* while it is being asked */
    apr_pool_t *pool;
    llmgw_exchange_t *x;
    llmgw_send_t send;
    apr_time_t until;
    int status;                 /* 0: no answer yet */
} probe_t;

typedef struct prober_t {
    server_rec *server;
    apr_array_header_t *probes; /* of probe_t */
    apr_thread_mutex_t *mutex;  /* held while providers are asked */
    int is_over;                /* this child's pools go */
} prober_t;

static prober_t *current;       /* NULL: nobody is to be asked */

/* ---- one question ------------------------------------------------------ */

static apr_status_t on_head(void *ctx, int status,
                            const apr_table_t *headers LLMGW_UNUSED)
{
    probe_t *probe = ctx;

    probe->status = status;
    return APR_SUCCESS;
}

static apr_status_t on_body(void *ctx LLMGW_UNUSED,
                            const char *data LLMGW_UNUSED,
                            apr_size_t len LLMGW_UNUSED)
{
    return APR_SUCCESS;
}

/* What mod_proxy wants to see of a request where there is none. */
static request_rec *make_request(server_rec *s, apr_pool_t *p)
{
    request_rec *r = apr_pcalloc(p, sizeof(*r));
    conn_rec *c = apr_pcalloc(p, sizeof(*c));

    c->pool = r->pool = p;
    c->base_server = r->server = s;
    c->conn_config = ap_create_conn_config(p);
    c->notes = apr_table_make(p, 1);
    c->bucket_alloc = apr_bucket_alloc_create(p);
    r->connection = c;
    r->per_dir_config = s->lookup_defaults;
    r->request_config = ap_create_request_config(p);
    r->headers_in = apr_table_make(p, 1);
    r->headers_out = apr_table_make(p, 1);
    r->subprocess_env = apr_table_make(p, 1);
    r->notes = apr_table_make(p, 2);
    r->method = "GET";
    r->proxyreq = PROXYREQ_REVERSE;
    return r;
}

static void begin_probe(probe_t *probe, apr_time_t now, apr_pool_t *pool)
{
    llmgw_provider_t *provider = probe->provider;

    apr_pool_create(&probe->pool, pool);
    apr_pool_tag(probe->pool, "llmgw_probe");
    memset(&probe->send, 0, sizeof(probe->send));
    probe->send.method = "GET";
    probe->send.path = apr_pstrcat(probe->pool, provider->base_path,
                                   probe->how->path, NULL);
    probe->send.headers = apr_table_make(probe->pool, 8);
    llmgw_provider_head(provider, probe->send.headers, NULL,
                        provider->keys->nelts
                        ? APR_ARRAY_IDX(provider->keys, 0, char *) : NULL);
    probe->status = 0;
    probe->until = now + probe->how->timeout_usec;
    probe->x = llmgw_exchange_http_create(probe->pool,
                                          make_request(provider->server,
                                                       probe->pool),
                                          provider);
    probe->x->send = &probe->send;
    probe->x->receive.head = on_head;
    probe->x->receive.body = on_body;
    probe->x->receive.ctx = probe;
    probe->x->connect_until = probe->until;
    probe->x->body_bytes_max = 16 * 1024 * 1024;
}

/* ---- what follows of the answer ----------------------------------------- */

static int is_ill(const llmgw_target_t *target)
{
    return (llmgw_word_get(&llmgw_standing_slot(target)->flags)
            & LLMGW_SLOT_UNHEALTHY) != 0;
}

/* A target that recovers has to prove itself: a few calls pass as probes.
 * @return non-zero for a change: what the board says may have come from
 *         another child, or from before a restart */
static int set_health(const llmgw_target_t *target, int is_well,
                      apr_time_t now)
{
    llmgw_slot_t *slot = llmgw_standing_slot(target);
    llmgw_breaker_change_t change;

    if (is_well == !is_ill(target)) {
        return 0;
    }
    llmgw_slot_flag(slot, LLMGW_SLOT_UNHEALTHY, !is_well);
    if (is_well) {
        llmgw_breaker_set(&slot->breaker, LLMGW_BREAKER_HALF_OPEN, now,
                          &change);
    }
    return 1;
}

static void log_change(const probe_t *probe, int is_well)
{
    const llmgw_provider_t *provider = probe->provider;
    const char *said = probe->status
                       ? apr_psprintf(probe->pool, "status %d", probe->status)
                       : "no answer in time";

    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, provider->server,
                 LLMGW_ID("LLMGW0501") "provider %s: health check %s%s: %s",
                 provider->name, provider->base_path, probe->how->path,
                 is_well ? "succeeds again" : said);
}

/* Anything but a fault says that the provider works: a 429 does, too. */
static void conclude(probe_t *probe, apr_time_t now)
{
    int is_well = (probe->status >= 200 && probe->status < 400)
                  || probe->status == HTTP_TOO_MANY_REQUESTS;
    int i, changes = 0;

    for (i = 0; i < probe->targets->nelts; i++) {
        changes += set_health(APR_ARRAY_IDX(probe->targets, i,
                                            llmgw_target_t *), is_well, now);
    }
    if (changes) {
        log_change(probe, is_well);
    }
}

/* Passive results come first: who answers calls need not be asked. */
static int answers_calls(probe_t *probe)
{
    apr_uint64_t sum = 0;
    int i, grew, ill = 0;

    for (i = 0; i < probe->targets->nelts; i++) {
        const llmgw_target_t *target = APR_ARRAY_IDX(probe->targets, i,
                                                     llmgw_target_t *);

        sum += llmgw_slot_count(llmgw_standing_slot(target),
                                LLMGW_SLOT_SUCCEEDED);
        ill |= is_ill(target);
    }
    grew = sum != probe->successes;
    probe->successes = sum;
    return grew && !ill;
}

static void end_probe(probe_t *probe, apr_time_t now)
{
    conclude(probe, now);
    probe->x->cls->finish(probe->x);
    probe->x = NULL;
    apr_pool_destroy(probe->pool);
}

/* @return non-zero while its answer is waited for */
static int step_probe(probe_t *probe, apr_time_t now)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS) {
        rv = probe->x->cls->step(probe->x);
    }
    if (APR_STATUS_IS_EAGAIN(rv) && now < probe->until) {
        return 1;
    }
    if (!APR_STATUS_IS_EOF(rv)) {
        probe->status = 0;
    }
    end_probe(probe, now);
    return 0;
}

/* ---- all of them, side by side ------------------------------------------ */

static void begin_due(prober_t *prober, apr_time_t now, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < prober->probes->nelts; i++) {
        probe_t *probe = &APR_ARRAY_IDX(prober->probes, i, probe_t);

        if (probe->x || now < probe->due) {
            continue;
        }
        probe->due = now + probe->how->interval_usec;
        if (!answers_calls(probe)) {
            begin_probe(probe, now, pool);
        }
    }
}

/* Step those that are asked. @return how many still wait; they are in fds */
static int step_all(prober_t *prober, struct pollfd *fds)
{
    apr_time_t now = apr_time_now();
    int i, n = 0;

    for (i = 0; i < prober->probes->nelts; i++) {
        probe_t *probe = &APR_ARRAY_IDX(prober->probes, i, probe_t);

        if (probe->x && step_probe(probe, now)) {
            fds[n].fd = probe->x->wait.fd;
            fds[n].events = (short)probe->x->wait.events;
            fds[n++].revents = 0;
        }
    }
    return n;
}

static void abandon(prober_t *prober)
{
    int i;

    for (i = 0; i < prober->probes->nelts; i++) {
        probe_t *probe = &APR_ARRAY_IDX(prober->probes, i, probe_t);

        if (probe->x) {
            probe->x->cls->finish(probe->x);
            probe->x = NULL;
        }
    }
}

/* This child ends, or drains: those that follow it have a prober of their own. */
static int is_stopping(void)
{
    int state = AP_MPMQ_RUNNING;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS
           && state == AP_MPMQ_STOPPING;
}

static void ask_all(prober_t *prober, apr_pool_t *pool)
{
    struct pollfd *fds = apr_palloc(pool,
                                    prober->probes->nelts * sizeof(*fds));
    int n;

    begin_due(prober, apr_time_now(), pool);
    while ((n = step_all(prober, fds)) > 0 && !is_stopping()) {
        poll(fds, n, 100);
        begin_due(prober, apr_time_now(), pool);    /* of the others */
    }
    abandon(prober);
}

static apr_status_t on_watchdog(int state, void *data, apr_pool_t *pool)
{
    prober_t *prober = data;

    if (state == AP_WATCHDOG_STATE_RUNNING) {
        apr_thread_mutex_lock(prober->mutex);
        if (!prober->is_over && !is_stopping()) {
            ask_all(prober, pool);
        }
        apr_thread_mutex_unlock(prober->mutex);
    }
    return APR_SUCCESS;
}

/* The watchdog's thread outlives the pools of its child, and so what this
 * has of the providers' connections. */
static apr_status_t end(void *data)
{
    prober_t *prober = data;

    apr_thread_mutex_lock(prober->mutex);
    prober->is_over = 1;
    apr_thread_mutex_unlock(prober->mutex);
    return APR_SUCCESS;
}

void llmgw_prober_child_init(apr_pool_t *pchild)
{
    if (current) {
        apr_pool_pre_cleanup_register(pchild, current, end);
    }
}

/* ---- starting ---------------------------------------------------------- */

static probe_t *get_probe(prober_t *prober, llmgw_provider_t *provider,
                          const llmgw_health_check_t *how)
{
    probe_t *probe;
    int i;

    for (i = 0; i < prober->probes->nelts; i++) {
        probe = &APR_ARRAY_IDX(prober->probes, i, probe_t);
        if (probe->provider == provider) {
            return probe;
        }
    }
    probe = apr_array_push(prober->probes);
    memset(probe, 0, sizeof(*probe));
    probe->provider = provider;
    probe->how = how;
    probe->targets = apr_array_make(prober->probes->pool, 4,
                                    sizeof(llmgw_target_t *));
    return probe;
}

/* A provider that several want to know of is asked as often as the most
 * curious one wants. */
static void add_target(prober_t *prober, const llmgw_target_t *target,
                       const llmgw_health_check_t *how)
{
    llmgw_provider_t *provider = target->provider_data;
    probe_t *probe;

    if (how->off || provider->disabled || !provider->worker) {
        llmgw_slot_flag(llmgw_standing_slot(target), LLMGW_SLOT_UNHEALTHY, 0);
        return;                 /* a check of before says nothing any more */
    }
    probe = get_probe(prober, provider, how);
    if (how->interval_usec < probe->how->interval_usec) {
        probe->how = how;
    }
    APR_ARRAY_PUSH(probe->targets, const llmgw_target_t *) = target;
}

static void add_route(prober_t *prober, const llmgw_route_t *route,
                      const server_rec *s)
{
    const llmgw_health_check_t *how
        = &llmgw_config_effective(s, route)->health_check;
    int i;

    for (i = 0; i < route->targets->nelts; i++) {
        add_target(prober, APR_ARRAY_IDX(route->targets, i, llmgw_target_t *),
                   how);
    }
}

static void add_server(prober_t *prober, const server_rec *s)
{
    const llmgw_config_t *conf = llmgw_config_get(s)->effective;
    int i;

    for (i = 0; i < conf->routes->nelts; i++) {
        add_route(prober, APR_ARRAY_IDX(conf->routes, i, llmgw_route_t *), s);
    }
    for (i = 0; i < conf->providers->nelts; i++) {
        add_target(prober, APR_ARRAY_IDX(conf->providers, i,
                                         llmgw_provider_t *)->self,
                   &conf->health_check);
    }
}

const char *llmgw_prober_start(server_rec *servers, apr_pool_t *pconf)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get
        = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add
        = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    prober_t *prober = apr_pcalloc(pconf, sizeof(*prober));
    ap_watchdog_t *watchdog;
    const server_rec *s;

    current = NULL;
    prober->server = servers;
    prober->probes = apr_array_make(pconf, 8, sizeof(probe_t));
    for (s = servers; s; s = s->next) {
        add_server(prober, s);
    }
    if (prober->probes->nelts == 0) {
        return NULL;
    }
    if (!get || !add) {
        return "LLMHealthCheck needs mod_watchdog: load it (LoadModule "
               "watchdog_module)";
    }
    if (apr_thread_mutex_create(&prober->mutex, APR_THREAD_MUTEX_DEFAULT,
                                pconf) != APR_SUCCESS
        || get(&watchdog, WATCHDOG, 0, 1, pconf) != APR_SUCCESS
        || add(watchdog, AP_WD_TM_SLICE, prober, on_watchdog)
           != APR_SUCCESS) {
        return "LLMHealthCheck: the watchdog cannot be set up";
    }
    current = prober;
    return NULL;
}
