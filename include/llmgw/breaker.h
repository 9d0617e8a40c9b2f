/* breaker.h: no more calls to a target that fails, until it has recovered */
#ifndef LLMGW_BREAKER_H
#define LLMGW_BREAKER_H

#include <apr.h>
#include <apr_pools.h>
#include <apr_time.h>
#include "llmgw/error.h"
#include "llmgw/word.h"

/*
 * Closed, calls pass, and their outcomes within a sliding window are counted.
 * When too large a share of them failed or was slow it opens: no call passes.
 * After a while it is half-open: a few calls pass as probes. As many successes
 * close it; one failure opens it again.
 *
 * Each change of state begins a new generation. What a call of an older one
 * reports counts for nothing, however late it comes.
 *
 * Every function may be called by any thread of any process that shares the
 * memory, at the same time; none waits. `now` is microseconds, of one clock for
 * all callers. A clock that goes back is survived: what was counted in its
 * future is dropped, and an open breaker stays open at most twice as long.
 */

typedef enum llmgw_breaker_state_e {
    LLMGW_BREAKER_CLOSED,
    LLMGW_BREAKER_OPEN,
    LLMGW_BREAKER_HALF_OPEN,
    LLMGW_BREAKER_FORCED_OPEN,      /* until somebody sets it otherwise */
    LLMGW_BREAKER_FORCED_CLOSED     /* all calls pass, nothing is counted */
} llmgw_breaker_state_e;

#define LLMGW_BREAKER_BUCKETS 10

/** A breaker, in shared memory. All zero: closed, nothing counted. */
typedef struct llmgw_breaker_t {
    llmgw_word_t state;         /* see breaker.c for what is packed in it */
    llmgw_word_t buckets[LLMGW_BREAKER_BUCKETS];
} llmgw_breaker_t;

#define LLMGW_BREAKER_MIN_MAX 1000
#define LLMGW_BREAKER_PROBES_MAX 100

/** Its settings: LLMBreaker. The same for all users of a breaker. */
typedef struct llmgw_breaker_conf_t {
    int off;                    /* all calls pass, nothing is counted */
    unsigned int percent;       /* 1 .. 100: this share of failures opens it */
    unsigned int slow_percent;  /* 1 .. 100: this share of slow calls does */
    unsigned int min;           /* 1 .. 1000 calls, before a share counts */
    unsigned int probes;        /* 1 .. 100 in flight, and successes to close */
    apr_interval_time_t window_usec;    /* 100 ms .. 24 h */
    apr_interval_time_t open_usec;      /* 1 ms .. 24 h */
    apr_interval_time_t slow_usec;      /* a slow call takes as long; 0: none
                                         * is slow */
} llmgw_breaker_conf_t;

#define LLMGW_BREAKER_CONF_INIT { 0, 20, 50, 10, 5, \
        APR_TIME_C(30000000), APR_TIME_C(10000000), APR_TIME_C(30000000) }

/** A call's permission to pass; plain memory of the call. */
typedef struct llmgw_permit_t {
    apr_uint32_t generation;
    int is_probe;
} llmgw_permit_t;

typedef enum llmgw_breaker_reason_e {
    LLMGW_BREAKER_UNCHANGED,
    LLMGW_BREAKER_FAILURES,     /* closed -> open: too many failed */
    LLMGW_BREAKER_SLOW,         /* closed -> open: too many were slow */
    LLMGW_BREAKER_WAITED,       /* open -> half-open: open_usec are over */
    LLMGW_BREAKER_PROBES,       /* half-open -> closed: the probes succeeded */
    LLMGW_BREAKER_PROBE_FAILED, /* half-open -> open */
    LLMGW_BREAKER_PROBE_SLOW,   /* half-open -> open */
    LLMGW_BREAKER_SET           /* llmgw_breaker_set() */
} llmgw_breaker_reason_e;

/** Outcomes within the window. */
typedef struct llmgw_breaker_counts_t {
    unsigned int total;         /* successes and failures */
    unsigned int failed;
    unsigned int slow;          /* of the total; failed ones as well */
} llmgw_breaker_counts_t;

/**
 * A change of state. Of all callers that race for one, exactly one is told.
 * With reason LLMGW_BREAKER_UNCHANGED (0) the rest means nothing.
 */
typedef struct llmgw_breaker_change_t {
    llmgw_breaker_reason_e reason;
    llmgw_breaker_state_e from;
    llmgw_breaker_state_e to;
    llmgw_breaker_counts_t counts;  /* FAILURES, SLOW: what was seen */
} llmgw_breaker_change_t;

/**
 * Ask for permission. Granted, it must be given back with
 * llmgw_breaker_report(), whatever becomes of the call.
 * @param held where the process keeps count of the probes it has in flight,
 *     for llmgw_breaker_reclaim() after its death; NULL: nowhere
 * @param permit filled in when permission is granted
 * @param change always filled in
 * @return non-zero when granted
 */
int llmgw_breaker_acquire(llmgw_breaker_t *b, const llmgw_breaker_conf_t *conf,
                          llmgw_word_t *held, apr_time_t now,
                          llmgw_permit_t *permit,
                          llmgw_breaker_change_t *change);

/**
 * Give a permission back with the call's outcome; once for each permission.
 * LLMGW_BREAKER_NEUTRAL releases it and counts nothing: 429, a client that
 * left, a content filter, the client's own mistakes.
 * A slow probe is worth no more than one that failed.
 * @param held as for llmgw_breaker_acquire()
 * @param took_usec what is compared with slow_usec: best the time to the first
 *     content, as long answers are not slow ones
 * @param change always filled in
 */
void llmgw_breaker_report(llmgw_breaker_t *b, const llmgw_breaker_conf_t *conf,
                          llmgw_word_t *held, const llmgw_permit_t *permit,
                          llmgw_breaker_e outcome,
                          apr_interval_time_t took_usec, apr_time_t now,
                          llmgw_breaker_change_t *change);

/**
 * Would llmgw_breaker_acquire() grant permission? Changes nothing.
 * @return 0 when not; another caller may be faster when so
 */
int llmgw_breaker_peek(const llmgw_breaker_t *b,
                       const llmgw_breaker_conf_t *conf, apr_time_t now);

/** Is it closed? What most callers find, without a look at the clock. */
static inline int llmgw_breaker_is_closed(const llmgw_breaker_t *b)
{
    /* the state's bits of LLMGW_BREAKER_CLOSED are 0 */
    return llmgw_word_bits(llmgw_word_get(&b->state), 0, 3)
           == LLMGW_BREAKER_CLOSED;
}

/**
 * Release the probes a process had in flight when it died; `held` is 0 after.
 * May be called again, and by several at once.
 */
void llmgw_breaker_reclaim(llmgw_breaker_t *b, llmgw_word_t *held);

/**
 * Set a state by hand. CLOSED begins with an empty window, OPEN waits from now
 * on; the forced ones last until set otherwise.
 */
void llmgw_breaker_set(llmgw_breaker_t *b, llmgw_breaker_state_e state,
                       apr_time_t now, llmgw_breaker_change_t *change);

/** What a status page shows. */
typedef struct llmgw_breaker_view_t {
    llmgw_breaker_state_e state;
    llmgw_breaker_counts_t counts;      /* while closed */
    unsigned int probes;                /* in flight, while half-open */
    unsigned int successes;             /* of probes, while half-open */
    apr_interval_time_t wait_usec;      /* while open: until it is half-open */
} llmgw_breaker_view_t;

void llmgw_breaker_get(const llmgw_breaker_t *b,
                       const llmgw_breaker_conf_t *conf, apr_time_t now,
                       llmgw_breaker_view_t *view);

/**
 * Take over state and window from a breaker of other memory, but for the
 * probes in flight: they are reported there. Nobody else may use `to` yet.
 */
void llmgw_breaker_carry(llmgw_breaker_t *to, const llmgw_breaker_t *from);

/** "closed", "half-open", ... */
const char *llmgw_breaker_state_name(llmgw_breaker_state_e state);

/**
 * A change in words, for the one line of log:
 * "closed -> open: 6 of 20 calls failed (30%)". In pool p.
 */
const char *llmgw_breaker_describe(const llmgw_breaker_change_t *change,
                                   apr_pool_t *p);

#endif /* LLMGW_BREAKER_H */
