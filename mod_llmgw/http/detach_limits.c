/* detach_limits.c: how many calls may wait without a thread, and who does */
#include <stdlib.h>
#include <sys/resource.h>
#include <apr_strings.h>
#include <httpd.h>
#include <ap_mpm.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include <mod_status.h>
#include <util_cfgtree.h>
#include "detach_limits.h"
#include "log.h"
#include "provider.h"
#include "standing.h"

/* Without max=: no more than this. */
#define DEFAULT_MAX 10000

/* Of a child's descriptors, what is not for calls: logs, listeners, idle
 * connections to providers, what other modules have. */
#define OTHER_FDS 256

/* A call has one to its client and one to its provider. */
#define FDS_OF_CALL 2

/* ---- descriptors --------------------------------------------------------- */

/* @return how many a process may have; -1: any number */
static apr_int64_t count_fds(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0
        || limit.rlim_cur == RLIM_INFINITY) {
        return -1;
    }
    return (apr_int64_t)limit.rlim_cur;
}

static int find_default(void)
{
    apr_int64_t fds = count_fds();
    apr_int64_t max = (fds - OTHER_FDS) / FDS_OF_CALL;

    if (fds < 0 || max > DEFAULT_MAX) {
        return DEFAULT_MAX;
    }
    return max > 1 ? (int)max : 1;
}

int llmgw_detach_max(const llmgw_config_t *conf)
{
    static int otherwise;       /* the same, whoever works it out */

    if (conf->detach.max > 0) {
        return conf->detach.max;
    }
    if (!__atomic_load_n(&otherwise, __ATOMIC_RELAXED)) {
        __atomic_store_n(&otherwise, find_default(), __ATOMIC_RELAXED);
    }
    return __atomic_load_n(&otherwise, __ATOMIC_RELAXED);
}

static void check_fds(const server_rec *s, int max)
{
    apr_int64_t wanted = (apr_int64_t)max * FDS_OF_CALL + OTHER_FDS;
    apr_int64_t fds = count_fds();

    if (fds >= 0 && fds < wanted) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, LLMGW_ID("LLMGW0603")
                     "LLMDetach max=%d: that many calls need %" APR_INT64_T_FMT
                     " file descriptors in a child, which may have %"
                     APR_INT64_T_FMT ": raise its limit (LimitNOFILE= of the "
                     "service, ulimit -n), or lower max=", max, wanted, fds);
    }
}

/* ---- the MPM ------------------------------------------------------------- */

/* The last one counts, as the MPM takes it. */
static const char *find_argument(const ap_directive_t *node, const char *name)
{
    const char *found = NULL;

    for (; node; node = node->next) {
        if (!ap_cstr_casecmp(node->directive, name)) {
            found = node->args;
        }
    }
    return found;
}

static void check_mpm(const server_rec *s, int max)
{
    const char *arg = find_argument(ap_conftree, "AsyncRequestWorkerFactor");
    double factor = arg ? atof(arg) : 2;
    int threads = 0;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    if (threads > 0 && threads * (1 + factor) < max) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s, LLMGW_ID("LLMGW0604")
                     "LLMDetach max=%d: a child accepts %.0f connections at "
                     "most (ThreadsPerChild %d, AsyncRequestWorkerFactor %g): "
                     "raise AsyncRequestWorkerFactor to %d, or lower max=",
                     max, threads * (1 + factor), threads, factor,
                     (max + threads - 1) / threads);
    }
}

/* ---- providers' connections ---------------------------------------------- */

static const char *check_provider(llmgw_provider_t *provider, void *ctx)
{
    int max = *(int *)ctx;
    int most = provider->worker ? provider->worker->s->hmax : max;

    if (most < max && !provider->disabled) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, provider->server,
                     LLMGW_ID("LLMGW0605") "LLMDetach max=%d: provider %s "
                     "(%s) has %d connections in a child, and more calls of "
                     "its wait for one of them, each on a thread: raise its "
                     "max-connections=, or lower max=", max, provider->name,
                     provider->where, most);
    }
    return NULL;
}

void llmgw_detach_check(server_rec *servers)
{
    int max = llmgw_config_effective(servers, NULL)->detach.max, async = 0;

    ap_mpm_query(AP_MPMQ_IS_ASYNC, &async);
    if (!async || max < 0) {
        return;                 /* nobody asked for a number */
    }
    check_fds(servers, max);
    check_mpm(servers, max);
    llmgw_provider_each(servers, check_provider, &max);
}

/* ---- mod_status ---------------------------------------------------------- */

static int show(request_rec *r, int flags)
{
    const llmgw_board_t *board = llmgw_standing_board();
    const char *comma = ": ";
    apr_uint32_t i;

    if (flags & AP_STATUS_SHORT) {
        ap_rprintf(r, "LLMGWDetachedCalls: %" APR_UINT64_T_FMT "\n",
                   llmgw_board_detached(board));
        return OK;
    }
    ap_rprintf(r, "<hr />\n<h2>LLM gateway</h2>\n<p>%" APR_UINT64_T_FMT
               " calls wait without a thread", llmgw_board_detached(board));
    for (i = 0; i < board->room.children; i++) {
        apr_uint64_t n = llmgw_word_get(&board->detached[i]);

        if (n) {
            ap_rprintf(r, "%s%" APR_UINT64_T_FMT " in process %u", comma, n,
                       llmgw_board_pid(board, i));
            comma = ", ";
        }
    }
    ap_rputs("</p>\n", r);
    return OK;
}

void llmgw_detach_limits_register(void)
{
    APR_OPTIONAL_HOOK(ap, status_hook, show, NULL, NULL, APR_HOOK_MIDDLE);
}
