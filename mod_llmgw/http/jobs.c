/* jobs.c: what may block, done by the MPM's worker threads */
#include <unistd.h>
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
 *
 * No more of them are woken than there are processors, as long as they get on:
 * each wakeup costs as much as a small job, and those that are awake take the
 * next one without. See llmgw_jobs_look() for when they do not.
 */
#define STAY_USEC apr_time_from_msec(5)

/* The MPM runs what was due before now, not what is due now. */
#define DUE_USEC (-1)

/* When nobody has taken a job for so long, who is awake is held up. */
#define HELD_UP_USEC apr_time_from_msec(1)

/* A worker that has not come by then, as all are held up, is called again. */
#define PATIENCE_USEC apr_time_from_msec(50)

static struct {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *cond;
    llmgw_job_t *first;
    llmgw_job_t **last;
    int n;                      /* jobs that nobody has taken */
    int awake;                  /* workers that run one */
    int held_up;                /* of these, by a job older than `epoch` */
    unsigned int epoch;
    int idle;                   /* workers that wait for one */
    int woken;                  /* of these, told to go on */
    int idle_max;
    int processors;
    apr_time_t taken;           /* the last job; or posted, the first */
    apr_time_t called;          /* a worker is to come, since; 0: none */
} child;

apr_status_t llmgw_jobs_child_init(int threads, apr_pool_t *pchild)
{
    apr_status_t rv = apr_thread_mutex_create(&child.mutex,
                                              APR_THREAD_MUTEX_DEFAULT,
                                              pchild);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    child.last = &child.first;
    child.idle_max = threads < 8 ? 1 : threads / 8;
    child.processors = processors > 0 ? (int)processors : 1;
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
        child.taken = apr_time_now();
    }
    return job;
}

/* Wait for a job, with the mutex. @return NULL: leave */
static llmgw_job_t *stay(void)
{
    if (child.idle >= child.idle_max) {
        return NULL;
    }
    child.awake--;
    child.idle++;
    apr_thread_cond_timedwait(child.cond, child.mutex, STAY_USEC);
    child.idle--;
    child.awake++;
    if (child.woken > 0) {
        child.woken--;
    }
    return take();
}

static void work(void *baton);

/* With the mutex: have one more worker come. @return non-zero when the MPM is
 * to be asked for it: one at a time */
static int wake_worker(apr_time_t now)
{
    if (child.woken < child.idle) {
        child.woken++;
        apr_thread_cond_signal(child.cond);
        return 0;
    }
    if (child.called && now < child.called + PATIENCE_USEC) {
        return 0;
    }
    child.called = now;
    return 1;
}

static void ask_mpm(void)
{
    ap_mpm_register_timed_callback(DUE_USEC, work, NULL);
}

static void work(void *baton LLMGW_UNUSED)
{
    llmgw_job_t *job;

    apr_thread_mutex_lock(child.mutex);
    child.called = 0;
    child.awake++;
    while ((job = take()) != NULL || (job = stay()) != NULL) {
        unsigned int epoch = child.epoch;

        apr_thread_mutex_unlock(child.mutex);
        job->run(job);
        apr_thread_mutex_lock(child.mutex);
        child.held_up -= epoch != child.epoch;
    }
    child.awake--;
    apr_thread_mutex_unlock(child.mutex);
}

void llmgw_jobs_post(llmgw_job_t *job)
{
    apr_time_t now = apr_time_now();
    int ask = 0;

    apr_thread_mutex_lock(child.mutex);
    job->next = NULL;
    *child.last = job;
    child.last = &job->next;
    if (child.n++ == 0) {
        child.taken = now;
    }
    if (child.awake - child.held_up + child.woken < child.processors) {
        ask = wake_worker(now);
    }
    apr_thread_mutex_unlock(child.mutex);
    if (ask) {
        ask_mpm();
    }
}

int llmgw_jobs_look(void)
{
    apr_time_t now = apr_time_now();
    int waiting, ask = 0;

    apr_thread_mutex_lock(child.mutex);
    waiting = child.n > 0;
    if (waiting && now >= child.taken + HELD_UP_USEC) {
        child.epoch++;
        child.held_up = child.awake;
        ask = wake_worker(now);
    }
    apr_thread_mutex_unlock(child.mutex);
    if (ask) {
        ask_mpm();
    }
    return waiting;
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
