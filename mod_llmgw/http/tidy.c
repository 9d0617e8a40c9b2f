/* tidy.c: letting go of connections to providers that nobody needs any more */
#include <apr_reslist.h>
#include <httpd.h>
#include "llmgw/word.h"
#include "jobs.h"
#include "log.h"
#include "loop.h"
#include "provider.h"
#include "tidy.h"

#define TIDY_USEC apr_time_from_sec(10)

static struct {
    llmgw_waiter_t waiter;      /* first: see wake(). The MPM's own timers wait
                                 * until something else wakes its listener */
    llmgw_job_t job;
    server_rec *servers;
    llmgw_word_t begun;
} child;

static const char *tidy_provider(llmgw_provider_t *provider,
                                 void *ctx LLMGW_UNUSED)
{
    const proxy_worker *worker = provider->worker;

    if (worker && worker->cp && worker->cp->res) {
        apr_reslist_maintain(worker->cp->res);
    }
    return NULL;
}

/* On a worker thread: to close a connection may take a moment. */
static void tidy(llmgw_job_t *job LLMGW_UNUSED)
{
    llmgw_provider_each(child.servers, tidy_provider, NULL);
    child.waiter.until = apr_time_now() + TIDY_USEC;
    llmgw_loop_watch(&child.waiter);
}

static void wake(llmgw_waiter_t *waiter, unsigned int why)
{
    llmgw_loop_release(waiter);
    if (why & LLMGW_WAKE_TIME) {        /* not when the child ends */
        llmgw_jobs_post(&child.job);
    }
}

void llmgw_tidy_child_init(server_rec *servers)
{
    child.servers = servers;
    child.job.run = tidy;
}

void llmgw_tidy_begin(void)
{
    apr_uint64_t seen = 0;

    if (!llmgw_word_get(&child.begun)
        && llmgw_word_cas(&child.begun, &seen, 1)) {
        llmgw_waiter_init(&child.waiter, -1, wake);
        child.waiter.until = apr_time_now() + TIDY_USEC;
        llmgw_loop_watch(&child.waiter);
    }
}
