/* detached.h: within detach.c: connections whose calls wait without a thread */
#ifndef LLMGW_HTTP_DETACHED_H
#define LLMGW_HTTP_DETACHED_H

#include <httpd.h>
#include <scoreboard.h>
#include "call.h"
#include "jobs.h"
#include "loop.h"
#include "outlet.h"

/** As httpd lingers: so long after each byte. */
#define LLMGW_DETACHED_LINGER_USEC apr_time_from_sec(2)

/** What a connection waits for. */
typedef enum llmgw_detached_e {
    LLMGW_DETACHED_CALL,        /* its call's provider, or time */
    LLMGW_DETACHED_ANSWER,      /* the client has to take the rest */
    LLMGW_DETACHED_REST,        /* the same, of requests that are no calls */
    LLMGW_DETACHED_KEPT,        /* the next request */
    LLMGW_DETACHED_ENDING,      /* nothing: it is to be closed */
    LLMGW_DETACHED_CLOSED,      /* nothing: the client has closed it */
    LLMGW_DETACHED_LINGER,      /* the client has to close its side */
    LLMGW_DETACHED_GONE         /* closed; to be destroyed */
} llmgw_detached_e;

/** A connection whose calls wait without a thread; in its conn_config. Had by
 * one thread at any time. */
typedef struct llmgw_detached_t {
    llmgw_waiter_t waiter;
    llmgw_job_t job;
    conn_rec *c;
    ap_sb_handle_t *seat;       /* see seat.h */
    llmgw_outlet_t *outlet;
    llmgw_call_t *call;         /* NULL between two */
    llmgw_detached_e state;
    int parked;                 /* to be handed over when the MPM has let go */
    int client_gone;
    apr_time_t suspended;       /* when the MPM let go */
    apr_time_t linger_until;
    apr_interval_time_t keep_usec;      /* KeepAliveTimeout */
    apr_interval_time_t timeout_usec;   /* Timeout */
} llmgw_detached_t;

/** Set what the relay thread is to wait for while the call goes on. */
void llmgw_detached_watch_call(llmgw_detached_t *d);

/** Hand it over: from here on a relay thread has it, and waits for its call. */
void llmgw_detached_wait_for_call(llmgw_detached_t *d);

/** Non-zero when the MPM's thread that suspended it is surely done with it: it
 * may be destroyed. */
int llmgw_detached_is_safe(const llmgw_detached_t *d);

/** When is_safe() will be so. */
apr_time_t llmgw_detached_safe_at(const llmgw_detached_t *d);

/** On a worker: what a relay thread posted; goes on with what is to be done. */
void llmgw_detached_run(llmgw_job_t *job);

/**
 * The child ends, and its connections with it. What a call has from its
 * provider is given back, and it is logged and counted, as one whose client is
 * gone; one whose answer is complete, as that.
 */
void llmgw_detached_left(llmgw_waiter_t *waiter);
void llmgw_detached_left_job(llmgw_job_t *job);

/** On the relay thread: something has happened that it waits for. */
void llmgw_detached_wake(llmgw_waiter_t *waiter, unsigned int why);

#endif /* LLMGW_HTTP_DETACHED_H */
