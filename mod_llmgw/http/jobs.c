/* jobs.c: what may block, done by the MPM's worker threads */
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <httpd.h>
#include <ap_mpm.h>
#include <http_log.h>
#include "jobs.h"
#include "log.h"

/*
 * A worker is got by a timed callback that is due at once. That takes a wakeup
 * of the MPM's listener and then one of the worker, so a worker that came goes
 * on with what else is there, and stays for a moment when nothing is.
 */
#define STAY_USEC apr_time_from_msec(5)

/* The MPM runs what was due before now, not what is due now. */
#define DUE_USEC (-1)

/* A worker that has not come by then, as all are held up, is called again. */
#define PATIENCE_USEC apr_time_from_msec(50)

static struct {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *cond;
    llmgw_job_t *first;
    llmgw_job_t **last;
    int n;                      /* jobs that nobody has taken */
    int idle;                   /* workers that wait for one */
    int idle_max;
    apr_time_t called;          /* a worker is to come, since; 0: none */
} child;

apr_status_t llmgw_jobs_child_init(int threads, apr_pool_t *pchild)
{
    apr_status_t rv = apr_thread_mutex_create(&child.mutex,
                                              APR_THREAD_MUTEX_DEFAULT,
                                              pchild);

    child.last = &child.first;
    child.idle_max = threads < 8 ? 1 : threads / 8;
    return rv != APR_SUCCESS ? rv
           : apr_thread_cond_create(&child.cond, pchild);
}

/* With the mutex. */
static llmgw_job_t *take(void)
{
    llmgw_job_t *job = child.first;

    if (job) {
        child.first = job->next;
        if (!child.first) {
            child.last = &child.first;
        }
        child.n--;
    }
    return job;
}

/* Wait for a job, with the mutex. @return NULL: leave */
static llmgw_job_t *stay(void)
{
    if (child.idle >= child.idle_max) {
        return NULL;
    }
    child.idle++;
    apr_thread_cond_timedwait(child.cond, child.mutex, STAY_USEC);
    child.idle--;
    return take();
}

static void work(void *baton);

/* With the mutex: is another worker wanted? One is called at a time: it calls
 * the next one if there still is more to do, as others may be held up. */
static int call_worker(int busy)
{
    apr_time_t now;

    if (child.n <= child.idle + busy) {
        return 0;
    }
    now = apr_time_now();
    if (child.called && now < child.called + PATIENCE_USEC) {
        return 0;
    }
    child.called = now;
    return 1;
}

static void work(void *baton LLMGW_UNUSED)
{
    llmgw_job_t *job;
    int call;

    apr_thread_mutex_lock(child.mutex);
    child.called = 0;
    call = call_worker(1);
    if (call) {
        apr_thread_mutex_unlock(child.mutex);
        ap_mpm_register_timed_callback(DUE_USEC, work, NULL);
        apr_thread_mutex_lock(child.mutex);
    }
    while ((job = take()) != NULL || (job = stay()) != NULL) {
        apr_thread_mutex_unlock(child.mutex);
        job->run(job);
        apr_thread_mutex_lock(child.mutex);
    }
    apr_thread_mutex_unlock(child.mutex);
}

void llmgw_jobs_post(llmgw_job_t *job)
{
    int call;

    apr_thread_mutex_lock(child.mutex);
    job->next = NULL;
    *child.last = job;
    child.last = &job->next;
    if (++child.n <= child.idle) {
        apr_thread_cond_signal(child.cond);
    }
    call = call_worker(0);
    apr_thread_mutex_unlock(child.mutex);
    if (call) {
        ap_mpm_register_timed_callback(DUE_USEC, work, NULL);
    }
}

void llmgw_jobs_end(void)
{
    llmgw_job_t *job;

    while ((job = take()) != NULL) {
        if (job->left) {
            job->left(job);
        }
    }
}
