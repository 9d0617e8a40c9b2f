/* jobs.h: what may block, done by the MPM's worker threads */
#ifndef LLMGW_HTTP_JOBS_H
#define LLMGW_HTTP_JOBS_H

#include <httpd.h>

/** Work for a worker thread; part of what it is about. All zero at first. */
typedef struct llmgw_job_t {
    void (*run)(struct llmgw_job_t *job);   /* may destroy the job */
    void (*left)(struct llmgw_job_t *job);  /* nobody has run it, and the child
                                             * ends; NULL: nothing to do */
    struct llmgw_job_t *next;               /* the queue's */
} llmgw_job_t;

/** In a new child.
 * @param threads how many workers it has */
apr_status_t llmgw_jobs_child_init(int threads, apr_pool_t *pchild);

/** Have a worker thread run it, as soon as one is free. Does not block. */
void llmgw_jobs_post(llmgw_job_t *job);

/**
 * See to it that jobs are taken: where the workers that are awake do not get on,
 * another one is called. To be asked again a millisecond later at the latest
 * while it says so. Does not block.
 * @return non-zero while jobs wait
 */
int llmgw_jobs_look(void);

/** No worker comes any more: what nobody has taken is told, see `left`. */
void llmgw_jobs_end(void);

#endif /* LLMGW_HTTP_JOBS_H */
