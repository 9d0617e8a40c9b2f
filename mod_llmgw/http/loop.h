/* loop.h: relay threads: each waits for thousands of sockets and times */
#ifndef LLMGW_HTTP_LOOP_H
#define LLMGW_HTTP_LOOP_H

#include <httpd.h>
#include "llmgw/heap.h"

/*
 * A waiter belongs either to its loop, which wakes it on the relay thread, or
 * to whoever took it from there. Who has it may do with it what he likes;
 * nobody else may touch it. So nothing in it needs a lock.
 */

/** Why a waiter is woken; none of these is a promise. */
#define LLMGW_WAKE_FD 1u            /* its descriptor is ready */
#define LLMGW_WAKE_CLIENT 2u        /* so is its client's */
#define LLMGW_WAKE_GONE 4u          /* the client has closed its side */
#define LLMGW_WAKE_BROKEN 8u        /* or both of them */
#define LLMGW_WAKE_TIME 16u         /* its time has come */
#define LLMGW_WAKE_STOPPING 32u     /* this child is going to end */

typedef struct llmgw_loop_t llmgw_loop_t;
typedef struct llmgw_waiter_t llmgw_waiter_t;

/** Something that waits. */
struct llmgw_waiter_t {
    llmgw_timer_t timer;        /* for the loop's mutex: others move it */

    /** On the relay thread; must not block. It ends with one of
     * llmgw_loop_go_on(), llmgw_loop_call_again(), llmgw_loop_release() and
     * llmgw_loop_forget(). */
    void (*wake)(llmgw_waiter_t *waiter, unsigned int why);

    /** When the loops have ended and it still waits; NULL: nothing to do. */
    void (*left)(llmgw_waiter_t *waiter);
    int client;                 /* the client's socket; watched for its end */
    int client_events;          /* POLLIN, POLLOUT: and for these */
    int fd;                     /* another one; -1: none */
    int events;                 /* POLLIN, POLLOUT */
    apr_time_t until;           /* 0: no time */

    llmgw_loop_t *loop;         /* its own, for ever */
    int known_client_events;    /* as the kernel has them; -1: not at all */
    int told;                   /* something of the client's, since then */
    apr_time_t timed;           /* as the timer is set; 0: it is not */
    int known_fd;
    int known_events;
    int watched;                /* it is the loop's */
    int queued;
    unsigned int why;
    llmgw_waiter_t *next;
};

/** Start this child's loops, one thread each. */
apr_status_t llmgw_loops_start(int threads, apr_pool_t *pchild);

/** End them and wait for that. What still waits is told, on this thread: see
 * `left`. */
void llmgw_loops_stop(void);

/** Have they been started? */
int llmgw_loops_run(void);

/** The child begins to end: all that wait are woken once, to know it. */
void llmgw_loops_tell_stopping(void);

/** Is it going to end? */
int llmgw_loops_stopping(void);

/** Give a new waiter, all zero, its loop. */
void llmgw_waiter_init(llmgw_waiter_t *waiter, int client,
                       void (*wake)(llmgw_waiter_t *waiter,
                                    unsigned int why));

/** Hand a waiter to its loop, from another thread. */
void llmgw_loop_watch(llmgw_waiter_t *waiter);

/** When woken: wait on. */
void llmgw_loop_go_on(llmgw_waiter_t *waiter);

/** When woken: let others have their turn, then wake it again. */
void llmgw_loop_call_again(llmgw_waiter_t *waiter);

/** When woken: take it from the loop. Its client's socket stays known. */
void llmgw_loop_release(llmgw_waiter_t *waiter);

/** The same, for good: no socket of it is known any more. */
void llmgw_loop_forget(llmgw_waiter_t *waiter);

#endif /* LLMGW_HTTP_LOOP_H */
