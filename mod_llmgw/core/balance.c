/* balance.c: which of a route's targets gets a call */
#include <string.h>
#include "llmgw/hash.h"
#include "choice.h"

/* Above every figure that is compared. */
#define FIGURE_MAX 1e300

/* ---- groups -------------------------------------------------------------- */

static int is_same_group(const llmgw_candidate_t *a,
                         const llmgw_candidate_t *b)
{
    return a->tier == b->tier && (a->weight > 0) == (b->weight > 0);
}

static int is_before(const llmgw_candidate_t *a, const llmgw_candidate_t *b)
{
    if ((a->weight > 0) != (b->weight > 0)) {
        return a->weight > 0;
    }
    return a->tier < b->tier;
}

static const llmgw_candidate_t *get_candidate(const llmgw_balance_t *b,
                                              const entry_t *e)
{
    return &b->candidates[e->index];
}

/* Keep those with the least figure. @return how many */
static int keep_least(entry_t *entries, int n)
{
    double least = entries[0].figure;
    int i, kept = 0;

    for (i = 1; i < n; i++) {
        least = entries[i].figure < least ? entries[i].figure : least;
    }
    for (i = 0; i < n; i++) {
        if (entries[i].figure <= least) {
            if (kept != i) {
                entries[kept] = entries[i];
            }
            kept++;
        }
    }
    return kept;
}

/* ---- weighted ------------------------------------------------------------ */

/*
 * Each slot's turn says how far its target has been served: every call adds
 * TURN_UNIT / weight, so that all of a group advance together. The group's
 * common point is where its targets would be had each got just its share, this
 * call included; the one that lags behind it by the most calls is next. That
 * is smooth weighted round robin, but the state of each target is one word of
 * its own, changed by one compare-and-swap: no lock, and nothing that the
 * targets of a group have in common.
 *
 * Turns wrap; only their differences matter. One that lags by more than about
 * two calls was away, and is put two calls behind the others. One that is far
 * ahead pulls the others along. So any bytes are a valid state.
 *
 * The unit is divisible by the weights that people write (1 to 16, 20, 25, 30,
 * 50, 100, ...), so that equal shares are equal to the bit.
 */
#define TURN_UNIT (3603600.0 * 1024.0)
#define TURN_SLACK 2.0

/* Of weights below 1e-6; sums of a few have to stay far below 2^63. */
#define TURN_STRIDE_MAX 4e15

/* So often a choice is made anew because another thread was faster. */
#define TURN_TRIES 8

/* What a call adds, a whole number. */
static double get_stride(double weight)
{
    double stride = TURN_UNIT / weight;

    return stride > TURN_STRIDE_MAX ? TURN_STRIDE_MAX
           : (double)(apr_int64_t)stride;
}

static llmgw_word_t *get_turn(const llmgw_balance_t *b, const entry_t *e)
{
    return &get_candidate(b, e)->slot->turn;
}

static apr_uint64_t make_turn(double figure, apr_uint64_t origin)
{
    return origin + (apr_uint64_t)(apr_int64_t)figure;
}

/* What the entries of a group are compared with. */
typedef struct group_t {
    apr_uint64_t origin;        /* the turn that figures are counted from */
    double floor;               /* a slack below the one farthest ahead */
    double sum;                 /* of weight * figure, and this call */
    double weights;
} group_t;

/* How far an entry is ahead of the origin. */
static void set_figure(group_t *g, entry_t *e)
{
    e->figure = (double)(apr_int64_t)(e->seen - g->origin);
    if (e->figure - e->slack > g->floor) {
        g->floor = e->figure - e->slack;
    }
}

static void read_turns(const llmgw_balance_t *b, group_t *g, entry_t *entries,
                       int n)
{
    int i;

    g->origin = llmgw_word_get(get_turn(b, entries));
    g->floor = -FIGURE_MAX;
    for (i = 0; i < n; i++) {
        entry_t *e = &entries[i];

        e->seen = llmgw_word_get(get_turn(b, e));
        e->weight = get_candidate(b, e)->weight;
        e->slack = TURN_SLACK * get_candidate(b, e)->stride;
        set_figure(g, e);
    }
}

/* Put those that were away beside the others, and sum up. */
static void level_turns(const llmgw_balance_t *b, group_t *g, entry_t *entries,
                        int n)
{
    int i;

    g->sum = TURN_UNIT;
    g->weights = 0;
    for (i = 0; i < n; i++) {
        entry_t *e = &entries[i];
        double low = g->floor - e->slack;

        if (e->figure < low) {
            if (llmgw_word_cas(get_turn(b, e), &e->seen,
                               make_turn(low, g->origin))) {
                e->seen = make_turn(low, g->origin);
            }
            set_figure(g, e);
        }
        g->sum += e->weight * e->figure;
        g->weights += e->weight;
    }
}

/* The one that lags most: by weight * (common point - its turn) calls. */
static entry_t *find_next(const group_t *g, entry_t *entries, int n)
{
    double most = -FIGURE_MAX, lag;
    entry_t *next = entries;
    int i;

    for (i = 0; i < n; i++) {
        lag = entries[i].weight * (g->sum - g->weights * entries[i].figure);
        if (lag > most) {
            most = lag;
            next = &entries[i];
        }
    }
    return next;
}

static int pick_weighted(const llmgw_balance_t *b, entry_t *entries, int n)
{
    group_t g;
    entry_t *next = entries;
    double stride = 0;
    int tries;

    if (n == 1) {
        return entries->index;
    }
    read_turns(b, &g, entries, n);
    for (tries = 0; tries < TURN_TRIES; tries++) {
        level_turns(b, &g, entries, n);
        next = find_next(&g, entries, n);
        stride = get_candidate(b, next)->stride;
        if (llmgw_word_cas(get_turn(b, next), &next->seen,
                           make_turn(next->figure + stride, g.origin))) {
            return next->index;
        }
        set_figure(&g, next);
    }
    llmgw_word_add(get_turn(b, next), (apr_uint64_t)stride);
    return next->index;
}

/* ---- latency ------------------------------------------------------------- */

/* What is reckoned with where calls are under way and none has answered. */
#define UNKNOWN_USEC ((double)APR_USEC_PER_SEC)

static double get_delay(const llmgw_balance_t *b, const entry_t *e,
                        apr_time_t now)
{
    const llmgw_candidate_t *c = get_candidate(b, e);
    unsigned int calls = llmgw_load_calls(llmgw_word_get(&c->slot->load));
    double usec = (double)llmgw_slot_first_token(c->slot, b->half_life_usec,
                                                 now);

    if (usec <= 0 && calls > 0) {
        usec = UNKNOWN_USEC;
    }
    return usec * (calls + 1) / c->weight;
}

/* A number below n, evenly, from 32 random bits. */
static int draw(apr_uint64_t bits, int n)
{
    return (int)((bits & 0xFFFFFFFF) * (apr_uint64_t)n >> 32);
}

static int pick_latency(const llmgw_balance_t *b, const entry_t *entries,
                        int n, apr_time_t now, apr_uint64_t random)
{
    int first = draw(random, n), second;

    if (n == 1) {
        return entries->index;
    }
    second = draw(random >> 32, n - 1);
    second += second >= first;
    return get_delay(b, &entries[first], now)
           <= get_delay(b, &entries[second], now)
           ? entries[first].index : entries[second].index;
}

/* ---- busy and cost ------------------------------------------------------- */

static apr_int64_t limit_completion(const llmgw_need_t *need,
                                    apr_int64_t tokens)
{
    if (tokens <= 0) {
        tokens = LLMGW_NEED_COMPLETION;
    }
    return need->completion_max > 0 && need->completion_max < tokens
           ? need->completion_max : tokens;
}

apr_int64_t llmgw_need_tokens(const llmgw_need_t *need,
                              const llmgw_slot_t *slot)
{
    return need->prompt_tokens
           + limit_completion(need, llmgw_slot_completion(slot));
}

static int pick_busy(const llmgw_balance_t *b, const llmgw_need_t *need,
                     entry_t *entries, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        const llmgw_candidate_t *c = get_candidate(b, &entries[i]);
        apr_uint64_t load = llmgw_word_get(&c->slot->load);

        entries[i].figure = ((double)(apr_int64_t)llmgw_load_tokens(load)
                             + (double)need->prompt_tokens
                             + (double)limit_completion(need, 0)) / c->weight;
    }
    return pick_weighted(b, entries, keep_least(entries, n));
}

/* The mean of what is known: the same for all, so that equal prices tie. */
static apr_int64_t get_usual_completion(const llmgw_balance_t *b,
                                        const entry_t *entries, int n)
{
    apr_int64_t sum = 0, tokens;
    int i, known = 0;

    for (i = 0; i < n; i++) {
        tokens = llmgw_slot_completion(get_candidate(b, &entries[i])->slot);
        sum += tokens;
        known += tokens > 0;
    }
    return known ? sum / known : 0;
}

static int pick_cost(const llmgw_balance_t *b, const llmgw_need_t *need,
                     entry_t *entries, int n)
{
    double completion
        = (double)limit_completion(need, get_usual_completion(b, entries, n));
    int i;

    for (i = 0; i < n; i++) {
        const llmgw_candidate_t *c = get_candidate(b, &entries[i]);

        entries[i].figure = c->price_in < 0 || c->price_out < 0
                            ? FIGURE_MAX
                            : c->price_in * (double)need->prompt_tokens
                              + c->price_out * completion;
    }
    return pick_weighted(b, entries, keep_least(entries, n));
}

/* ---- prefix -------------------------------------------------------------- */

#define LN_2 0.69314718055994531

/* A number in [0, 1). Signed numbers become doubles without a branch. */
static double get_fraction(apr_uint64_t bits)
{
    return (double)(apr_int64_t)(bits >> 11) / 9007199254740992.0;
}

/* -ln of a number in (0, 1], the bits of which are given, to 3e-8: by the
 * series of ln((1 + t) / (1 - t)), alike on all machines. */
static double get_neg_ln(apr_uint64_t bits)
{
    int zeros = __builtin_clzll(bits | 1);
    double m = get_fraction((bits | 1) << zeros);
    double halvings = zeros, t, tt;

    if (m < 0.70710678118654752) {
        m *= 2;
        halvings += 1;
    }
    t = (m - 1) / (m + 1);
    tt = t * t;
    return halvings * LN_2
           - 2 * t * (1 + tt * (1 / 3.0 + tt * (1 / 5.0 + tt / 7.0)));
}

/*
 * Each target draws a time from prefix and digest, exponentially distributed
 * by its weight; the earliest wins. Taking one away moves nothing but what it
 * had. A logarithm is taken only of what may win: -ln(u) >= 1 - u.
 */
static int find_earliest(const llmgw_balance_t *b, apr_uint64_t prefix,
                         const entry_t *entries, int n, double share)
{
    double least = FIGURE_MAX, time;
    int i, found = -1;

    for (i = 0; i < n; i++) {
        const llmgw_candidate_t *c = get_candidate(b, &entries[i]);
        apr_uint64_t bits = llmgw_hash_mix(prefix ^ c->digest);
        int is_full = entries[i].figure >= share * c->weight
                      && entries[i].figure >= b->spill_calls;

        if (!is_full && 1.0 - get_fraction(bits) < least * c->weight) {
            time = get_neg_ln(bits) / c->weight;
            if (time < least) {
                least = time;
                found = entries[i].index;
            }
        }
    }
    return found;
}

static int pick_prefix(const llmgw_balance_t *b, apr_uint64_t prefix,
                       entry_t *entries, int n)
{
    double calls = 0, weights = 0;
    int i, found;

    if (!prefix) {
        return pick_weighted(b, entries, n);
    }
    for (i = 0; i < n; i++) {
        const llmgw_candidate_t *c = get_candidate(b, &entries[i]);

        entries[i].figure
            = llmgw_load_calls(llmgw_word_get(&c->slot->load));
        calls += entries[i].figure;
        weights += c->weight;
    }
    found = find_earliest(b, prefix, entries, n,
                          b->spill * (calls + 1) / weights);
    return found < 0 ? entries[0].index : found;
}

/* ---- the choice ---------------------------------------------------------- */

static const char *const names[] = {
    [LLMGW_BALANCE_WEIGHTED] = "weighted",
    [LLMGW_BALANCE_LATENCY] = "latency",
    [LLMGW_BALANCE_BUSY] = "busy",
    [LLMGW_BALANCE_COST] = "cost",
    [LLMGW_BALANCE_PREFIX] = "prefix"
};

int llmgw_balance_lookup(const char *name)
{
    int i;

    for (i = 0; i < (int)(sizeof(names) / sizeof(names[0])); i++) {
        if (!strcmp(names[i], name)) {
            return i;
        }
    }
    return -1;
}

const char *llmgw_balance_name(llmgw_balance_e method)
{
    return names[method];
}

void llmgw_balance_prepare(llmgw_candidate_t *candidates, int n)
{
    int i, j;

    for (i = 0; i < n; i++) {
        llmgw_candidate_t c = candidates[i];

        c.stride = c.weight > 0 ? get_stride(c.weight) : 0;
        for (j = i; j > 0 && is_before(&c, &candidates[j - 1]); j--) {
            candidates[j] = candidates[j - 1];
        }
        candidates[j] = c;
    }
}

static int pick_among(const llmgw_balance_t *b, entry_t *entries, int n,
                      const llmgw_need_t *need, apr_time_t now,
                      apr_uint64_t random)
{
    if (get_candidate(b, &entries[0])->weight <= 0) {
        return entries[0].index;    /* the spare ones, as they stand */
    }
    switch (b->method) {
    case LLMGW_BALANCE_LATENCY:
        return pick_latency(b, entries, n, now, random);
    case LLMGW_BALANCE_BUSY:
        return pick_busy(b, need, entries, n);
    case LLMGW_BALANCE_COST:
        return pick_cost(b, need, entries, n);
    case LLMGW_BALANCE_PREFIX:
        return pick_prefix(b, need->prefix, entries, n);
    default:
        return pick_weighted(b, entries, n);
    }
}

int llmgw_balance_pick(const llmgw_balance_t *balance, llmgw_picks_t *choice,
                       const llmgw_need_t *need, apr_time_t now,
                       apr_uint64_t random)
{
    entry_t *entries = choice->entries;
    int i = 0, first, n;

    while (i < balance->n) {
        first = i;
        n = 0;
        do {
            if (is_plainly_eligible(balance, choice, need, i)
                || !llmgw_balance_test(balance, choice, need, i, now)) {
                entries[n++].index = i;
            }
            i++;
        } while (i < balance->n
                 && is_same_group(&balance->candidates[first],
                                  &balance->candidates[i]));
        if (n > 0) {
            return pick_among(balance, entries, n, need, now, random);
        }
    }
    return -1;
}
