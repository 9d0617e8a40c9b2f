/* breaker.c: the circuit breaker's states and its sliding window */
#include <string.h>
#include <apr_strings.h>
#include "llmgw/breaker.h"

/* ---- the state: one word ------------------------------------------------- */

/* state 3 | probes in flight 7 | successes 7 | generation 15 | stamp 32, when
 * the state began */
#define PROBES_AT 3
#define SUCCESSES_AT 10
#define COUNT_BITS 7
#define GENERATION_AT 17
#define GENERATION_BITS 15
#define GENERATION_MASK ((1u << GENERATION_BITS) - 1)
#define STAMP_AT 32

#define ONE_PROBE (APR_UINT64_C(1) << PROBES_AT)
#define ONE_SUCCESS (APR_UINT64_C(1) << SUCCESSES_AT)

static llmgw_breaker_state_e get_state(apr_uint64_t s)
{
    return (llmgw_breaker_state_e)llmgw_word_bits(s, 0, PROBES_AT);
}

static unsigned int get_probes(apr_uint64_t s)
{
    return (unsigned int)llmgw_word_bits(s, PROBES_AT, COUNT_BITS);
}

static unsigned int get_successes(apr_uint64_t s)
{
    return (unsigned int)llmgw_word_bits(s, SUCCESSES_AT, COUNT_BITS);
}

static apr_uint32_t get_generation(apr_uint64_t s)
{
    return (apr_uint32_t)llmgw_word_bits(s, GENERATION_AT, GENERATION_BITS);
}

/* Another state, in the generation after s. */
static apr_uint64_t enter(apr_uint64_t s, llmgw_breaker_state_e state,
                          apr_time_t now)
{
    apr_uint64_t generation = (get_generation(s) + 1) & GENERATION_MASK;

    return (apr_uint64_t)state | generation << GENERATION_AT
           | (apr_uint64_t)llmgw_word_stamp(now) << STAMP_AT;
}

static apr_uint64_t drop_probes(apr_uint64_t s, unsigned int n)
{
    unsigned int probes = get_probes(s);

    return s - ONE_PROBE * (n < probes ? n : probes);
}

/* Milliseconds until it is half-open, 0 or less when it may be. Threads look
 * at the clock before they look at the state, so a time just before the
 * stamp is still now. */
static apr_int64_t wait_msec(apr_uint64_t s, const llmgw_breaker_conf_t *conf,
                             apr_time_t now)
{
    apr_int64_t open = conf->open_usec / 1000;
    apr_int64_t since = llmgw_word_msec_since((apr_uint32_t)(s >> STAMP_AT),
                                              now);

    return since < -open ? 0 : open - since;
}

typedef enum verdict_e { REFUSE, PASS, PASS_AS_PROBE } verdict_e;

static verdict_e judge(apr_uint64_t s, const llmgw_breaker_conf_t *conf,
                       apr_time_t now)
{
    if (conf->off) {
        return PASS;
    }
    switch (get_state(s)) {
    case LLMGW_BREAKER_OPEN:
        return wait_msec(s, conf, now) <= 0 ? PASS_AS_PROBE : REFUSE;
    case LLMGW_BREAKER_HALF_OPEN:
        return get_probes(s) < conf->probes ? PASS_AS_PROBE : REFUSE;
    case LLMGW_BREAKER_FORCED_OPEN:
        return REFUSE;
    default:
        return PASS;
    }
}

static void note(llmgw_breaker_change_t *change, apr_uint64_t from,
                 apr_uint64_t to, llmgw_breaker_reason_e reason)
{
    if (get_state(from) != get_state(to)) {
        change->reason = reason;
        change->from = get_state(from);
        change->to = get_state(to);
    }
}

/* ---- probes held by a process: one word ---------------------------------- */

/* count 32 | generation 32. Counted before the breaker counts a probe, and
 * uncounted after it: whenever its process dies, the word holds as many as the
 * breaker does or more, and never fewer, which would keep a place for good. */
#define HELD_GENERATION(w) ((apr_uint32_t)((w) >> 32))
#define HELD_COUNT(w) ((apr_uint32_t)(w))

static int is_older(apr_uint32_t a, apr_uint32_t b)
{
    apr_uint32_t ahead = (b - a) & GENERATION_MASK;

    return ahead != 0 && ahead <= GENERATION_MASK / 2;
}

static void hold(llmgw_word_t *held, apr_uint32_t generation)
{
    apr_uint64_t seen, next;

    if (!held) {
        return;
    }
    seen = llmgw_word_get(held);
    do {
        if (HELD_GENERATION(seen) == generation) {
            next = seen + 1;
        }
        else if (HELD_COUNT(seen)
                 && is_older(generation, HELD_GENERATION(seen))) {
            return;             /* too late: the breaker has moved on */
        }
        else {
            next = (apr_uint64_t)generation << 32 | 1;
        }
    } while (!llmgw_word_cas(held, &seen, next));
}

static void let_go(llmgw_word_t *held, apr_uint32_t generation)
{
    apr_uint64_t seen;

    if (!held) {
        return;
    }
    seen = llmgw_word_get(held);
    do {
        if (HELD_GENERATION(seen) != generation || !HELD_COUNT(seen)) {
            return;
        }
    } while (!llmgw_word_cas(held, &seen, seen - 1));
}

/* ---- the window: one word a bucket --------------------------------------- */

/* generation 6 | epoch 16 | total 14 | failed 14 | slow 14. The epoch is the
 * number of the bucket's span of time. A bucket counts only when generation
 * and epoch are those expected, so none ever needs to be cleared. */
#define SLOW_AT 0
#define FAILED_AT 14
#define TOTAL_AT 28
#define OUTCOME_BITS 14
#define OUTCOME_MAX ((1u << OUTCOME_BITS) - 1)
#define EPOCH_AT 42
#define EPOCH_BITS 16
#define TAG_GENERATION_MASK 63

static apr_uint64_t get_epoch(const llmgw_breaker_conf_t *conf, apr_time_t now)
{
    apr_uint64_t width = (apr_uint64_t)conf->window_usec
                         / LLMGW_BREAKER_BUCKETS;

    return (apr_uint64_t)now / (width ? width : 1);
}

static apr_uint64_t make_tag(apr_uint32_t generation, apr_uint64_t epoch)
{
    return (generation & TAG_GENERATION_MASK) << EPOCH_BITS
           | (epoch & ((1 << EPOCH_BITS) - 1));
}

static unsigned int get_outcome(apr_uint64_t bucket, int at)
{
    return (unsigned int)llmgw_word_bits(bucket, at, OUTCOME_BITS);
}

/* Is a bucket of this tag ahead of ours by no more than the window? Then this
 * thread was held up for as long; its outcome is of no interest any more. */
static int is_ahead(apr_uint64_t tag, apr_uint64_t ours)
{
    apr_uint64_t ahead = (tag - ours) & ((1 << EPOCH_BITS) - 1);

    return tag >> EPOCH_BITS == ours >> EPOCH_BITS
           && ahead != 0 && ahead <= LLMGW_BREAKER_BUCKETS;
}

/* One outcome more. A full bucket is halved, so that the shares stay. */
static apr_uint64_t add_outcome(apr_uint64_t bucket, apr_uint64_t tag,
                                int failed, int slow)
{
    unsigned int total = 0, failures = 0, slows = 0;

    if (bucket >> EPOCH_AT == tag) {
        total = get_outcome(bucket, TOTAL_AT);
        failures = get_outcome(bucket, FAILED_AT);
        slows = get_outcome(bucket, SLOW_AT);
    }
    if (total == OUTCOME_MAX) {
        total /= 2;
        failures /= 2;
        slows /= 2;
    }
    return tag << EPOCH_AT | (apr_uint64_t)(total + 1) << TOTAL_AT
           | (apr_uint64_t)(failures + !!failed) << FAILED_AT
           | (apr_uint64_t)(slows + !!slow) << SLOW_AT;
}

/* Count an outcome, unless its generation is over meanwhile. */
static void record(llmgw_breaker_t *b, const llmgw_breaker_conf_t *conf,
                   apr_uint32_t generation, int failed, int slow,
                   apr_time_t now)
{
    apr_uint64_t epoch = get_epoch(conf, now);
    apr_uint64_t tag = make_tag(generation, epoch), seen;
    llmgw_word_t *bucket = &b->buckets[epoch % LLMGW_BREAKER_BUCKETS];

    seen = llmgw_word_get(bucket);
    do {
        if (get_generation(llmgw_word_get(&b->state)) != generation
            || (seen && is_ahead(seen >> EPOCH_AT, tag))) {
            return;
        }
    } while (!llmgw_word_cas(bucket, &seen,
                             add_outcome(seen, tag, failed, slow)));
}

static void sum_window(const llmgw_breaker_t *b,
                       const llmgw_breaker_conf_t *conf,
                       apr_uint32_t generation, apr_time_t now,
                       llmgw_breaker_counts_t *counts)
{
    apr_uint64_t last = get_epoch(conf, now), epoch, bucket;
    int i;

    memset(counts, 0, sizeof(*counts));
    for (i = 0; i < LLMGW_BREAKER_BUCKETS; i++) {
        epoch = last - (apr_uint64_t)i;
        bucket = llmgw_word_get(&b->buckets[epoch % LLMGW_BREAKER_BUCKETS]);
        if (bucket >> EPOCH_AT == make_tag(generation, epoch)) {
            counts->total += get_outcome(bucket, TOTAL_AT);
            counts->failed += get_outcome(bucket, FAILED_AT);
            counts->slow += get_outcome(bucket, SLOW_AT);
        }
    }
}

/* Do these counts open it, and why? */
static llmgw_breaker_reason_e trip(const llmgw_breaker_counts_t *counts,
                                   const llmgw_breaker_conf_t *conf)
{
    if (counts->total < conf->min) {
        return LLMGW_BREAKER_UNCHANGED;
    }
    if (counts->failed * 100 >= counts->total * conf->percent) {
        return LLMGW_BREAKER_FAILURES;
    }
    if (conf->slow_usec > 0
        && counts->slow * 100 >= counts->total * conf->slow_percent) {
        return LLMGW_BREAKER_SLOW;
    }
    return LLMGW_BREAKER_UNCHANGED;
}

/* ---- asking and reporting ------------------------------------------------ */

int llmgw_breaker_peek(const llmgw_breaker_t *b,
                       const llmgw_breaker_conf_t *conf, apr_time_t now)
{
    return judge(llmgw_word_get(&b->state), conf, now) != REFUSE;
}

int llmgw_breaker_acquire(llmgw_breaker_t *b, const llmgw_breaker_conf_t *conf,
                          llmgw_word_t *held, apr_time_t now,
                          llmgw_permit_t *permit,
                          llmgw_breaker_change_t *change)
{
    apr_uint64_t s = llmgw_word_get(&b->state), next;
    verdict_e verdict;

    memset(change, 0, sizeof(*change));
    while ((verdict = judge(s, conf, now)) == PASS_AS_PROBE) {
        next = (get_state(s) == LLMGW_BREAKER_OPEN
                ? enter(s, LLMGW_BREAKER_HALF_OPEN, now) : s) + ONE_PROBE;
        permit->generation = get_generation(next);
        hold(held, permit->generation);
        if (llmgw_word_cas(&b->state, &s, next)) {
            permit->is_probe = 1;
            note(change, s, next, LLMGW_BREAKER_WAITED);
            return 1;
        }
        let_go(held, permit->generation);
    }
    permit->generation = get_generation(s);
    permit->is_probe = 0;
    return verdict == PASS;
}

static int is_slow(const llmgw_breaker_conf_t *conf,
                   apr_interval_time_t took_usec)
{
    return conf->slow_usec > 0 && took_usec >= conf->slow_usec;
}

static void report_call(llmgw_breaker_t *b, const llmgw_breaker_conf_t *conf,
                        apr_uint32_t generation, int failed, int slow,
                        apr_time_t now, llmgw_breaker_change_t *change)
{
    apr_uint64_t s = llmgw_word_get(&b->state), next;
    llmgw_breaker_counts_t counts;
    llmgw_breaker_reason_e reason;

    if (get_state(s) != LLMGW_BREAKER_CLOSED
        || get_generation(s) != generation) {
        return;
    }
    record(b, conf, generation, failed, slow, now);
    sum_window(b, conf, generation, now, &counts);
    reason = trip(&counts, conf);
    if (reason == LLMGW_BREAKER_UNCHANGED) {
        return;
    }
    /* Nothing but the end of its generation changes a closed breaker's word:
     * where this fails, another thread was first. */
    next = enter(s, LLMGW_BREAKER_OPEN, now);
    if (llmgw_word_cas(&b->state, &s, next)) {
        note(change, s, next, reason);
        change->counts = counts;
    }
}

/* The state after a probe's outcome. */
static apr_uint64_t after_probe(apr_uint64_t s,
                                const llmgw_breaker_conf_t *conf,
                                llmgw_breaker_e outcome, int slow,
                                apr_time_t now,
                                llmgw_breaker_reason_e *reason)
{
    if (outcome == LLMGW_BREAKER_NEUTRAL) {
        return drop_probes(s, 1);
    }
    if (outcome == LLMGW_BREAKER_FAILURE || slow) {
        *reason = outcome == LLMGW_BREAKER_FAILURE
                  ? LLMGW_BREAKER_PROBE_FAILED : LLMGW_BREAKER_PROBE_SLOW;
        return enter(s, LLMGW_BREAKER_OPEN, now);
    }
    if (get_successes(s) + 1 >= conf->probes) {
        *reason = LLMGW_BREAKER_PROBES;
        return enter(s, LLMGW_BREAKER_CLOSED, now);
    }
    return drop_probes(s, 1) + ONE_SUCCESS;
}

static void report_probe(llmgw_breaker_t *b, const llmgw_breaker_conf_t *conf,
                         apr_uint32_t generation, llmgw_breaker_e outcome,
                         int slow, apr_time_t now,
                         llmgw_breaker_change_t *change)
{
    llmgw_breaker_reason_e reason = LLMGW_BREAKER_UNCHANGED;
    apr_uint64_t s = llmgw_word_get(&b->state), next;

    do {
        if (get_state(s) != LLMGW_BREAKER_HALF_OPEN
            || get_generation(s) != generation) {
            return;
        }
        next = after_probe(s, conf, outcome, slow, now, &reason);
    } while (!llmgw_word_cas(&b->state, &s, next));
    note(change, s, next, reason);
}

void llmgw_breaker_report(llmgw_breaker_t *b, const llmgw_breaker_conf_t *conf,
                          llmgw_word_t *held, const llmgw_permit_t *permit,
                          llmgw_breaker_e outcome,
                          apr_interval_time_t took_usec, apr_time_t now,
                          llmgw_breaker_change_t *change)
{
    int slow = is_slow(conf, took_usec);

    memset(change, 0, sizeof(*change));
    if (permit->is_probe) {
        report_probe(b, conf, permit->generation, outcome, slow, now, change);
        let_go(held, permit->generation);
    }
    else if (!conf->off && outcome != LLMGW_BREAKER_NEUTRAL) {
        report_call(b, conf, permit->generation,
                    outcome == LLMGW_BREAKER_FAILURE, slow, now, change);
    }
}

/* ---- by hand, and looking on --------------------------------------------- */

void llmgw_breaker_reclaim(llmgw_breaker_t *b, llmgw_word_t *held)
{
    apr_uint64_t lost = llmgw_word_swap(held, 0);
    apr_uint64_t s = llmgw_word_get(&b->state);

    do {
        if (!HELD_COUNT(lost) || get_state(s) != LLMGW_BREAKER_HALF_OPEN
            || get_generation(s) != HELD_GENERATION(lost)) {
            return;
        }
    } while (!llmgw_word_cas(&b->state, &s,
                             drop_probes(s, HELD_COUNT(lost))));
}

void llmgw_breaker_set(llmgw_breaker_t *b, llmgw_breaker_state_e state,
                       apr_time_t now, llmgw_breaker_change_t *change)
{
    apr_uint64_t s = llmgw_word_get(&b->state), next;

    memset(change, 0, sizeof(*change));
    do {
        next = enter(s, state, now);
    } while (!llmgw_word_cas(&b->state, &s, next));
    note(change, s, next, LLMGW_BREAKER_SET);
}

void llmgw_breaker_get(const llmgw_breaker_t *b,
                       const llmgw_breaker_conf_t *conf, apr_time_t now,
                       llmgw_breaker_view_t *view)
{
    apr_uint64_t s = llmgw_word_get(&b->state);
    apr_int64_t msec;

    memset(view, 0, sizeof(*view));
    view->state = get_state(s);
    view->probes = get_probes(s);
    view->successes = get_successes(s);
    if (view->state == LLMGW_BREAKER_CLOSED) {
        sum_window(b, conf, get_generation(s), now, &view->counts);
    }
    if (view->state == LLMGW_BREAKER_OPEN) {
        msec = wait_msec(s, conf, now);
        view->wait_usec = msec > 0 ? msec * 1000 : 0;
    }
}

void llmgw_breaker_carry(llmgw_breaker_t *to, const llmgw_breaker_t *from)
{
    int i;

    llmgw_word_set(&to->state,
                   drop_probes(llmgw_word_get(&from->state),
                               LLMGW_BREAKER_PROBES_MAX));
    for (i = 0; i < LLMGW_BREAKER_BUCKETS; i++) {
        llmgw_word_set(&to->buckets[i], llmgw_word_get(&from->buckets[i]));
    }
}

/* ---- words --------------------------------------------------------------- */

const char *llmgw_breaker_state_name(llmgw_breaker_state_e state)
{
    static const char *const names[] = {
        "closed", "open", "half-open", "forced open", "forced closed"
    };

    return (unsigned int)state < sizeof(names) / sizeof(names[0])
           ? names[state] : "unknown";
}

static const char *give_reason(const llmgw_breaker_change_t *change,
                               apr_pool_t *p)
{
    static const char *const reasons[] = {
        [LLMGW_BREAKER_UNCHANGED] = "no change",
        [LLMGW_BREAKER_FAILURES] = "failed",
        [LLMGW_BREAKER_SLOW] = "were slow",
        [LLMGW_BREAKER_WAITED] = "it is time to probe",
        [LLMGW_BREAKER_PROBES] = "the probes succeeded",
        [LLMGW_BREAKER_PROBE_FAILED] = "a probe failed",
        [LLMGW_BREAKER_PROBE_SLOW] = "a probe was slow",
        [LLMGW_BREAKER_SET] = "set by hand"
    };
    const llmgw_breaker_counts_t *counts = &change->counts;
    unsigned int n = change->reason == LLMGW_BREAKER_SLOW ? counts->slow
                                                          : counts->failed;

    return counts->total == 0 ? reasons[change->reason]
           : apr_psprintf(p, "%u of %u calls %s (%u%%)", n, counts->total,
                          reasons[change->reason], n * 100 / counts->total);
}

const char *llmgw_breaker_describe(const llmgw_breaker_change_t *change,
                                   apr_pool_t *p)
{
    return apr_psprintf(p, "%s -> %s: %s",
                        llmgw_breaker_state_name(change->from),
                        llmgw_breaker_state_name(change->to),
                        give_reason(change, p));
}
