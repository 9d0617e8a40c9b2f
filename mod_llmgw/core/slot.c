/* slot.c: what all processes know of one target */
#include <string.h>
#include "llmgw/slot.h"

/* ---- in flight ----------------------------------------------------------- */

/* 20 bits of calls, of 24 bits of tokens each at most: 44 bits are enough for
 * their sum. */
void llmgw_load_add(llmgw_word_t *load, apr_uint32_t tokens)
{
    llmgw_word_add(load, (APR_UINT64_C(1) << LLMGW_LOAD_CALLS_AT) + tokens);
}

void llmgw_load_drop(llmgw_word_t *load, unsigned int calls,
                     apr_uint64_t tokens)
{
    apr_uint64_t seen = llmgw_word_get(load), next;

    do {
        apr_uint64_t had = llmgw_load_tokens(seen);

        next = 0;
        if (llmgw_load_calls(seen) > calls) {
            next = (apr_uint64_t)(llmgw_load_calls(seen) - calls)
                   << LLMGW_LOAD_CALLS_AT | (had > tokens ? had - tokens : 0);
        }
    } while (!llmgw_word_cas(load, &seen, next));
}

/* ---- averages: value 32 | stamp 32, and value 56.8 ----------------------- */

#define VALUE_MAX APR_UINT64_C(0xFFFFFFFF)

/* Halved every half_life; in between, along a straight line. */
static apr_uint64_t decay(apr_uint64_t value, apr_int64_t msec,
                          apr_interval_time_t half_life_usec)
{
    apr_int64_t half = half_life_usec / 1000;

    if (half < 1) {
        half = 1;
    }
    if (msec <= 0) {
        return value;
    }
    if (msec / half >= 32) {
        return 0;
    }
    value >>= msec / half;
    return value - value * (apr_uint64_t)(msec % half)
                   / (apr_uint64_t)(2 * half);
}

apr_interval_time_t llmgw_slot_first_token(const llmgw_slot_t *slot,
                                           apr_interval_time_t half_life_usec,
                                           apr_time_t now)
{
    apr_uint64_t w = llmgw_word_get(&slot->first_token);

    return w ? (apr_interval_time_t)decay(
                   w >> 32, llmgw_word_msec_since((apr_uint32_t)w, now),
                   half_life_usec) : 0;
}

/* The old value's share is what would be left of it by decay. */
static apr_uint64_t average(apr_uint64_t old, apr_uint64_t sample,
                            apr_int64_t msec,
                            apr_interval_time_t half_life_usec)
{
    apr_uint64_t share = decay(1 << 16, msec, half_life_usec);

    return sample >= old ? sample
           : (old * share + sample * ((1 << 16) - share)) >> 16;
}

static void observe(llmgw_slot_t *slot, apr_uint64_t usec,
                    apr_interval_time_t half_life_usec, apr_time_t now)
{
    apr_uint64_t seen = llmgw_word_get(&slot->first_token), next;

    usec = usec < 1 ? 1 : usec > VALUE_MAX ? VALUE_MAX : usec;
    do {
        apr_int64_t msec = llmgw_word_msec_since((apr_uint32_t)seen, now);

        next = average(seen >> 32, usec, msec, half_life_usec) << 32
               | llmgw_word_stamp(now);
    } while (!llmgw_word_cas(&slot->first_token, &seen, next));
}

/* A failure makes a target as slow as it took, twice as slow as it was, and no
 * faster than a second, so that an error that comes at once is no advantage. */
#define FAILURE_USEC_MIN APR_USEC_PER_SEC

static void observe_failure(llmgw_slot_t *slot, apr_interval_time_t took_usec,
                            apr_interval_time_t half_life_usec, apr_time_t now)
{
    apr_interval_time_t usec
        = 2 * llmgw_slot_first_token(slot, half_life_usec, now);

    usec = usec < took_usec ? took_usec : usec;
    observe(slot, (apr_uint64_t)(usec < FAILURE_USEC_MIN ? FAILURE_USEC_MIN
                                 : usec), half_life_usec, now);
}

static void observe_completion(llmgw_slot_t *slot, apr_uint64_t tokens)
{
    apr_uint64_t seen = llmgw_word_get(&slot->completion), next;
    apr_uint64_t sample = (tokens > VALUE_MAX ? VALUE_MAX : tokens) << 8;

    do {
        next = seen ? seen - seen / 8 + sample / 8 : sample;
    } while (!llmgw_word_cas(&slot->completion, &seen, next));
}

/* ---- the last error: seconds 40 | HTTP status 12 | our own 12 ------------ */

#define SECONDS_AT 24
#define HTTP_AT 12
#define HTTP_BITS 12

static void note_error(llmgw_slot_t *slot, const llmgw_outcome_t *outcome,
                       apr_time_t now)
{
    apr_uint64_t own = (apr_uint64_t)(llmgw_status_get(outcome->status)->status
                                      - LLMGW_STATUS_START) + 1;

    llmgw_word_set(&slot->last_error,
                   (apr_uint64_t)apr_time_sec(now) << SECONDS_AT
                   | (apr_uint64_t)(outcome->http_status & 0xFFF) << HTTP_AT
                   | own);
}

void llmgw_slot_last_error(const llmgw_slot_t *slot, llmgw_slot_error_t *error)
{
    apr_uint64_t w = llmgw_word_get(&slot->last_error);

    memset(error, 0, sizeof(*error));
    if (w) {
        error->status = LLMGW_STATUS_START
                        + (apr_status_t)llmgw_word_bits(w, 0, HTTP_AT) - 1;
        error->http_status = (int)llmgw_word_bits(w, HTTP_AT, HTTP_BITS);
        error->at = apr_time_from_sec((apr_time_t)(w >> SECONDS_AT));
    }
}

/* ---- one call ------------------------------------------------------------ */

static void count(llmgw_slot_t *slot, llmgw_slot_count_e what, apr_uint64_t n)
{
    llmgw_word_add(&slot->counts[what], n);
}

static void count_change(llmgw_slot_t *slot,
                         const llmgw_breaker_change_t *change)
{
    if (change->reason && change->to == LLMGW_BREAKER_OPEN) {
        count(slot, LLMGW_SLOT_OPENED, 1);
    }
}

static llmgw_word_t *get_probes(const llmgw_hold_t *hold)
{
    return hold->cell ? &hold->cell->probes : NULL;
}

int llmgw_hold_acquire(llmgw_hold_t *hold, llmgw_slot_t *slot,
                       llmgw_cell_t *cell, const llmgw_breaker_conf_t *breaker,
                       apr_int64_t tokens, apr_time_t now,
                       llmgw_breaker_change_t *change)
{
    memset(hold, 0, sizeof(*hold));
    hold->slot = slot;
    hold->cell = cell;
    hold->breaker = breaker;
    hold->tokens = tokens < 0 ? 0
                   : tokens > LLMGW_LOAD_TOKENS_MAX ? LLMGW_LOAD_TOKENS_MAX
                   : (apr_uint32_t)tokens;
    hold->is_held = llmgw_breaker_acquire(&slot->breaker, breaker,
                                          get_probes(hold), now, &hold->permit,
                                          change);
    if (hold->is_held) {
        if (cell) {
            llmgw_load_add(&cell->load, hold->tokens);
        }
        llmgw_load_add(&slot->load, hold->tokens);
        count(slot, LLMGW_SLOT_CALLS, 1);
    }
    return hold->is_held;
}

static void observe_outcome(llmgw_slot_t *slot, const llmgw_outcome_t *outcome,
                            apr_interval_time_t half_life_usec, apr_time_t now)
{
    if (outcome->effect == LLMGW_BREAKER_FAILURE) {
        observe_failure(slot, outcome->took_usec, half_life_usec, now);
    }
    else if (outcome->first_token_usec > 0) {
        observe(slot, (apr_uint64_t)outcome->first_token_usec, half_life_usec,
                now);
    }
    if (outcome->status != APR_SUCCESS) {
        note_error(slot, outcome, now);
    }
}

void llmgw_hold_report(llmgw_hold_t *hold, const llmgw_outcome_t *outcome,
                       apr_interval_time_t half_life_usec, apr_time_t now,
                       llmgw_breaker_change_t *change)
{
    static const llmgw_slot_count_e counters[] = {
        [LLMGW_BREAKER_NEUTRAL] = LLMGW_SLOT_NEUTRAL,
        [LLMGW_BREAKER_FAILURE] = LLMGW_SLOT_FAILED,
        [LLMGW_BREAKER_SUCCESS] = LLMGW_SLOT_SUCCEEDED
    };
    llmgw_slot_t *slot = hold->slot;

    memset(change, 0, sizeof(*change));
    if (!hold->is_held || hold->is_reported) {
        return;
    }
    hold->is_reported = 1;
    observe_outcome(slot, outcome, half_life_usec, now);
    llmgw_breaker_report(&slot->breaker, hold->breaker, get_probes(hold),
                         &hold->permit, outcome->effect,
                         outcome->first_token_usec > 0
                         ? outcome->first_token_usec : outcome->took_usec,
                         now, change);
    count(slot, counters[outcome->effect], 1);
    count_change(slot, change);
}

void llmgw_hold_release(llmgw_hold_t *hold, apr_time_t now,
                        llmgw_breaker_change_t *change)
{
    static const llmgw_outcome_t unknown = { LLMGW_BREAKER_NEUTRAL,
                                             APR_SUCCESS, 0, 0, 0 };

    llmgw_hold_report(hold, &unknown, 0, now, change);
    if (hold->is_held) {
        hold->is_held = 0;
        llmgw_load_drop(&hold->slot->load, 1, hold->tokens);
        if (hold->cell) {
            llmgw_load_drop(&hold->cell->load, 1, hold->tokens);
        }
    }
}

void llmgw_cell_reclaim(llmgw_cell_t *cell, llmgw_slot_t *slot)
{
    apr_uint64_t load = llmgw_word_swap(&cell->load, 0);

    if (load) {
        llmgw_load_drop(&slot->load, llmgw_load_calls(load),
                        llmgw_load_tokens(load));
        count(slot, LLMGW_SLOT_ABANDONED, llmgw_load_calls(load));
    }
    llmgw_breaker_reclaim(&slot->breaker, &cell->probes);
}

/* ---- the rest ------------------------------------------------------------ */

void llmgw_slot_usage(llmgw_slot_t *slot, apr_int64_t prompt_tokens,
                      apr_int64_t completion_tokens)
{
    if (prompt_tokens > 0) {
        count(slot, LLMGW_SLOT_PROMPT_TOKENS, (apr_uint64_t)prompt_tokens);
    }
    if (completion_tokens > 0) {
        count(slot, LLMGW_SLOT_COMPLETION_TOKENS,
              (apr_uint64_t)completion_tokens);
        observe_completion(slot, (apr_uint64_t)completion_tokens);
    }
}

void llmgw_slot_flag(llmgw_slot_t *slot, apr_uint64_t flag, int on)
{
    apr_uint64_t seen = llmgw_word_get(&slot->flags);

    while (!llmgw_word_cas(&slot->flags, &seen,
                           on ? seen | flag : seen & ~flag)) {
    }
}

/* All but owner, load and breaker. */
static void copy_figures(llmgw_slot_t *to, const llmgw_slot_t *from)
{
    int i;

    llmgw_word_set(&to->bench, llmgw_word_get(&from->bench));
    llmgw_word_set(&to->flags, llmgw_word_get(&from->flags));
    llmgw_word_set(&to->turn, llmgw_word_get(&from->turn));
    llmgw_word_set(&to->first_token, llmgw_word_get(&from->first_token));
    llmgw_word_set(&to->completion, llmgw_word_get(&from->completion));
    llmgw_word_set(&to->last_error, llmgw_word_get(&from->last_error));
    for (i = 0; i < LLMGW_SLOT__COUNT; i++) {
        llmgw_word_set(&to->counts[i], llmgw_word_get(&from->counts[i]));
    }
}

void llmgw_slot_clear(llmgw_slot_t *slot)
{
    static const llmgw_slot_t none;
    llmgw_breaker_change_t change;

    copy_figures(slot, &none);
    llmgw_breaker_set(&slot->breaker, LLMGW_BREAKER_CLOSED, 0, &change);
}

void llmgw_slot_carry(llmgw_slot_t *to, const llmgw_slot_t *from)
{
    copy_figures(to, from);
    llmgw_breaker_carry(&to->breaker, &from->breaker);
}
