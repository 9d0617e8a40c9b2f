/* test_balance.c: how calls are shared out among targets */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "targets.h"

/* ---- groups -------------------------------------------------------------- */

START_TEST(test_sort)
{
    targets_t *t = targets_make(7, LLMGW_BALANCE_WEIGHTED);
    static const int tiers[] = { 1, 0, 2, 0, 1, 0, 0 };
    static const double weights[] = { 0, 3, 1, 0, 2, 1, 0 };
    static const int order[] = { 1, 5, 4, 2, 3, 6, 0 };
    int i;

    for (i = 0; i < 7; i++) {
        t->candidates[i].tier = tiers[i];
        targets_weigh(t, i, weights[i]);
    }
    llmgw_balance_prepare(t->candidates, 7);
    for (i = 0; i < 7; i++) {
        ck_assert_ptr_eq(t->candidates[i].slot, &t->slots[order[i]]);
    }
}
END_TEST

/* Tier by tier, then those of weight 0 as they stand. */
START_TEST(test_tiers)
{
    targets_t *t = targets_make(6, LLMGW_BALANCE_LATENCY);
    llmgw_picks_t *choice = llmgw_choice_create(unit_pool, &t->balance);
    int i, picked;

    t->candidates[2].tier = 1;
    t->candidates[3].tier = 2;
    targets_weigh(t, 4, 0);
    targets_weigh(t, 5, 0);
    t->candidates[4].tier = 1;
    t->candidates[5].tier = 1;
    for (i = 0; i < 6; i++) {
        picked = llmgw_balance_pick(&t->balance, choice, &t->need, START,
                                    llmgw_hash_mix((apr_uint64_t)i));
        ck_assert(i < 2 ? picked < 2 : picked == i);
        llmgw_choice_exclude(choice, picked);
    }
    ck_assert_int_eq(llmgw_balance_pick(&t->balance, choice, &t->need, START,
                                        0), -1);
}
END_TEST

/* ---- weighted ------------------------------------------------------------ */

static const char *play(targets_t *t, int n)
{
    char *text = apr_pcalloc(unit_pool, (apr_size_t)n + 1);
    int i, picked;

    for (i = 0; i < n; i++) {
        picked = targets_pick(t, START, 0);
        text[i] = (char)(picked < 0 ? '-' : 'a' + picked);
    }
    return text;
}

START_TEST(test_smooth)
{
    targets_t *t = targets_make(3, LLMGW_BALANCE_WEIGHTED);

    targets_weigh(t, 0, 5);
    ck_assert_str_eq(play(t, 28), "aabacaaaabacaaaabacaaaabacaa");
    t = targets_make(3, LLMGW_BALANCE_WEIGHTED);
    ck_assert_str_eq(play(t, 9), "abcabcabc");
    t = targets_make(3, LLMGW_BALANCE_WEIGHTED);
    targets_weigh(t, 0, 4);
    targets_weigh(t, 1, 3);
    targets_weigh(t, 2, 2);
    ck_assert_str_eq(play(t, 18), "abcabacbaabcabacba");
    t = targets_make(1, LLMGW_BALANCE_WEIGHTED);
    ck_assert_str_eq(play(t, 3), "aaa");
}
END_TEST

/* The textbook's way, with a current weight for each: the same order. */
static int pick_textbook(const targets_t *t, double *current)
{
    double sum = 0;
    int i, best = 0;

    for (i = 0; i < t->balance.n; i++) {
        current[i] += t->candidates[i].weight;
        sum += t->candidates[i].weight;
        if (current[i] > current[best]) {
            best = i;
        }
    }
    current[best] -= sum;
    return best;
}

START_TEST(test_as_the_textbook)
{
    apr_uint64_t seed = 1;
    int round, i, n;

    for (round = 0; round < 60; round++) {
        double current[TARGETS_MAX] = { 0 };
        targets_t *t;

        n = 2 + (int)(targets_random(&seed) % 9);
        t = targets_make(n, LLMGW_BALANCE_WEIGHTED);
        for (i = 0; i < n; i++) {
            targets_weigh(t, i, 1 + (double)(targets_random(&seed) % 16));
            t->slots[i].turn = 0;
        }
        for (i = 0; i < 300; i++) {
            ck_assert_int_eq(targets_pick(t, START, 0),
                             pick_textbook(t, current));
        }
    }
}
END_TEST

static void check_shares(targets_t *t, const int *counts, int n)
{
    double sum = 0;
    int i;

    for (i = 0; i < t->balance.n; i++) {
        sum += t->candidates[i].weight;
    }
    for (i = 0; i < t->balance.n; i++) {
        double want = n * t->candidates[i].weight / sum;

        ck_assert_msg(counts[i] > want * 0.99 - 1
                      && counts[i] < want * 1.01 + 1, "%d: %d, not %.0f", i,
                      counts[i], want);
    }
}

/* Any weights are kept to, from any state, garbage too. */
START_TEST(test_shares)
{
    apr_uint64_t seed = 2;
    int round, i, n;

    for (round = 0; round < 10; round++) {
        int counts[TARGETS_MAX] = { 0 };
        targets_t *t;

        n = 2 + (int)(targets_random(&seed) % 20);
        t = targets_make(n, LLMGW_BALANCE_WEIGHTED);
        for (i = 0; i < n; i++) {
            targets_weigh(t, i, (double)(1 + targets_random(&seed) % 100000)
                                / 1000);
            t->slots[i].turn = round % 2 ? targets_random(&seed) : 0;
        }
        for (i = 0; i < 1000; i++) {
            targets_pick(t, START, 0);
        }
        for (i = 0; i < 8000; i++) {
            counts[targets_pick(t, START, 0)]++;
        }
        check_shares(t, counts, 8000);
    }
}
END_TEST

START_TEST(test_extreme_weights)
{
    targets_t *t = targets_make(3, LLMGW_BALANCE_WEIGHTED);
    int counts[3] = { 0 }, i;

    targets_weigh(t, 0, 1e6);
    targets_weigh(t, 1, 1e-12);
    targets_weigh(t, 2, 1e6);
    for (i = 0; i < 20000; i++) {
        counts[targets_pick(t, START, 0)]++;
    }
    ck_assert_int_le(counts[1], 2);
    ck_assert_int_le(abs(counts[0] - counts[2]), 2);
}
END_TEST

/* One that was away gets its share from then on, and at once, not all it has
 * missed. */
START_TEST(test_comes_back)
{
    targets_t *t = targets_make(2, LLMGW_BALANCE_WEIGHTED);
    const char *text;

    play(t, 10);
    t->candidates[1].drained = 1;
    play(t, 10000);
    ck_assert_ptr_eq(strchr(play(t, 1000), 'b'), NULL);
    t->candidates[1].drained = 0;
    text = play(t, 20);
    ck_assert_ptr_ne(memchr(text, 'b', 2), NULL);
    ck_assert_ptr_eq(strstr(text, "bbbbb"), NULL);
    ck_assert_ptr_ne(strstr(text, "abababab"), NULL);

    /* of three, one is away while the others go on taking turns */
    t = targets_make(3, LLMGW_BALANCE_WEIGHTED);
    t->candidates[2].drained = 1;
    ck_assert_str_eq(play(t, 6), "ababab");
    play(t, 10000);
    t->candidates[2].drained = 0;
    ck_assert_ptr_eq(strstr(play(t, 30), "ccccc"), NULL);
    ck_assert_ptr_ne(strstr(play(t, 9), "abc"), NULL);
}
END_TEST

/* A new weight holds at once. */
START_TEST(test_new_weight)
{
    targets_t *t = targets_make(2, LLMGW_BALANCE_WEIGHTED);
    int counts[2] = { 0 }, i;

    play(t, 10001);
    targets_weigh(t, 0, 3);
    for (i = 0; i < 40; i++) {
        counts[targets_pick(t, START, 0)]++;
    }
    ck_assert_int_ge(counts[0], 28);
    ck_assert_int_le(counts[0], 32);
}
END_TEST

/* Nobody starves, whatever comes and goes. */
START_TEST(test_no_starvation)
{
    targets_t *t = targets_make(8, LLMGW_BALANCE_WEIGHTED);
    apr_uint64_t seed = 3;
    int since[8] = { 0 }, i, j, picked;

    for (j = 0; j < 8; j++) {
        targets_weigh(t, j, 1 + j);
    }
    for (i = 0; i < 20000; i++) {
        int away = (int)(targets_random(&seed) % 64);

        if (away < 8) {
            t->candidates[away].drained = !t->candidates[away].drained;
        }
        picked = targets_pick(t, START, 0);
        for (j = 0; j < 8; j++) {
            int drained = t->candidates[j].drained;

            ck_assert(!drained || picked != j);
            since[j] = j == picked || drained ? 0 : since[j] + 1;
            ck_assert_msg(since[j] < 200, "%d was left out", j);
        }
    }
}
END_TEST

typedef struct crowd_t {
    targets_t *targets;
    llmgw_word_t *counts;
} crowd_t;

#define CROWD_PICKS 6000

static void *pick_many(void *arg)
{
    crowd_t *crowd = arg;
    apr_pool_t *p;
    int i;

    apr_pool_create_unmanaged(&p);
    for (i = 0; i < CROWD_PICKS; i++) {
        llmgw_picks_t *c = llmgw_choice_create(p, &crowd->targets->balance);
        int picked = llmgw_balance_pick(&crowd->targets->balance, c,
                                        &crowd->targets->need, START, 0);

        llmgw_word_add(&crowd->counts[picked], 1);
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

static void run_crowd(crowd_t *crowd)
{
    pthread_t threads[4];
    int i;

    for (i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, pick_many, crowd),
                         0);
    }
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* Processes and threads that choose at the same time take turns: no target is
 * off its share by more than a call a thread. */
START_TEST(test_together)
{
    size_t bytes = sizeof(targets_t) + 8 * sizeof(llmgw_word_t);
    char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    targets_t *t = (targets_t *)mem;
    crowd_t crowd = { t, (llmgw_word_t *)(mem + sizeof(targets_t)) };
    int i, status;
    pid_t pids[3];

    ck_assert_ptr_ne(mem, MAP_FAILED);
    *t = *targets_make(8, LLMGW_BALANCE_WEIGHTED);
    t->balance.candidates = t->candidates;
    for (i = 0; i < 8; i++) {
        t->candidates[i].slot = &t->slots[i];
        targets_weigh(t, i, 1 + i);
    }
    for (i = 0; i < 3; i++) {
        if ((pids[i] = fork()) == 0) {
            run_crowd(&crowd);
            _exit(0);
        }
    }
    for (i = 0; i < 3; i++) {
        waitpid(pids[i], &status, 0);
        ck_assert_int_eq(status, 0);
    }
    for (i = 0; i < 8; i++) {
        ck_assert_int_le(abs((int)crowd.counts[i]
                             - 3 * 4 * CROWD_PICKS * (i + 1) / 36), 12);
    }
    munmap(mem, bytes);
}
END_TEST

/* ---- latency ------------------------------------------------------------- */

static void observe(targets_t *t, int i, apr_interval_time_t first,
                    apr_time_t now)
{
    llmgw_outcome_t outcome = { LLMGW_BREAKER_SUCCESS, APR_SUCCESS, 200, first,
                                2 * first };
    llmgw_breaker_change_t change;
    llmgw_hold_t hold;

    ck_assert(llmgw_hold_acquire(&hold, &t->slots[i], NULL, &breaker, 100, now,
                                 &change));
    llmgw_hold_report(&hold, &outcome, LLMGW_SLOT_HALF_LIFE_USEC, now,
                      &change);
    llmgw_hold_release(&hold, now, &change);
}

START_TEST(test_latency)
{
    targets_t *t = targets_make(4, LLMGW_BALANCE_LATENCY);
    int counts[4] = { 0 }, i;
    apr_uint64_t seed = 4;

    for (i = 0; i < 4; i++) {
        observe(t, i, (i + 1) * 200 * MSEC, START);
    }
    for (i = 0; i < 30000; i++) {
        counts[targets_pick(t, START, targets_random(&seed))]++;
    }
    /* of two drawn the faster one: 3/6, 2/6, 1/6 and none */
    ck_assert_int_lt(abs(counts[0] - 15000), 400);
    ck_assert_int_lt(abs(counts[1] - 10000), 400);
    ck_assert_int_lt(abs(counts[2] - 5000), 400);
    ck_assert_int_eq(counts[3], 0);
    /* calls in flight weigh as much as the time */
    for (i = 0; i < 9; i++) {
        llmgw_load_add(&t->slots[0].load, 10);
    }
    memset(counts, 0, sizeof(counts));
    for (i = 0; i < 6000; i++) {
        counts[targets_pick(t, START, targets_random(&seed))]++;
    }
    ck_assert_int_eq(counts[0], 0);
    /* and weights divide it */
    targets_weigh(t, 0, 100);
    ck_assert(targets_pick(t, START, 0) == 0);
}
END_TEST

/* New ones are tried, but not stormed; slow ones are tried again in time. */
START_TEST(test_latency_of_new_ones)
{
    targets_t *t = targets_make(2, LLMGW_BALANCE_LATENCY);

    observe(t, 0, 500 * MSEC, START);
    ck_assert_int_eq(targets_pick(t, START, 0), 1);
    llmgw_load_add(&t->slots[1].load, 10);
    ck_assert_int_eq(targets_pick(t, START, 0), 0);
    llmgw_load_drop(&t->slots[1].load, 1, 10);
    observe(t, 1, 8 * SEC, START);
    ck_assert_int_eq(targets_pick(t, START, 0), 0);
    /* the fast one is measured on, the slow one fades: 8 s to 0.25 s */
    observe(t, 0, 500 * MSEC, START + 50 * SEC);
    ck_assert_int_eq(targets_pick(t, START + 50 * SEC, 0), 1);
    t = targets_make(1, LLMGW_BALANCE_LATENCY);
    ck_assert_int_eq(targets_pick(t, START, 77), 0);
}
END_TEST

/* Every pair is drawn alike often. */
START_TEST(test_latency_draws)
{
    targets_t *t = targets_make(5, LLMGW_BALANCE_LATENCY);
    int counts[5] = { 0 }, i;
    apr_uint64_t seed = 5;

    for (i = 0; i < 50000; i++) {
        counts[targets_pick(t, START, targets_random(&seed))]++;
    }
    for (i = 0; i < 5; i++) {
        ck_assert_int_lt(abs(counts[i] - 10000), 400);
    }
}
END_TEST

/* ---- busy and cost ------------------------------------------------------- */

START_TEST(test_busy)
{
    targets_t *t = targets_make(3, LLMGW_BALANCE_BUSY);

    ck_assert_str_eq(play(t, 6), "abcabc");
    llmgw_load_add(&t->slots[0].load, 5000);
    ck_assert_str_eq(play(t, 4), "bcbc");
    llmgw_load_add(&t->slots[1].load, 3000);
    llmgw_load_add(&t->slots[2].load, 4000);
    ck_assert_str_eq(play(t, 3), "bbb");
    /* (5000 + 1256) / 2 < 3000 + 1256 */
    targets_weigh(t, 0, 2);
    ck_assert_str_eq(play(t, 3), "aaa");
}
END_TEST

/* Simulated: targets of one speed but different weights keep loads alike. */
START_TEST(test_busy_by_weight)
{
    targets_t *t = targets_make(3, LLMGW_BALANCE_BUSY);
    int i, picked;

    targets_weigh(t, 1, 2);
    targets_weigh(t, 2, 4);
    t->need.completion_max = 1;
    for (i = 0; i < 7000; i++) {
        picked = targets_pick(t, START, 0);
        llmgw_load_add(&t->slots[picked].load, 1001);
    }
    for (i = 0; i < 3; i++) {
        int want = 1000 << i;
        int got = (int)llmgw_load_calls(t->slots[i].load);

        ck_assert_msg(abs(got - want) <= want / 100 + 1, "%d: %d", i, got);
    }
}
END_TEST

static void set_price(targets_t *t, int i, double in, double out)
{
    t->candidates[i].price_in = in;
    t->candidates[i].price_out = out;
}

START_TEST(test_cost)
{
    targets_t *t = targets_make(5, LLMGW_BALANCE_COST);
    llmgw_picks_t *choice;

    ck_assert_str_eq(play(t, 5), "abcde");
    set_price(t, 1, 3, 15);
    set_price(t, 2, 1, 5);
    set_price(t, 3, 1, 5);
    set_price(t, 4, 0.1, -1);
    ck_assert_str_eq(play(t, 4), "cdcd");
    set_price(t, 0, 0, 0);
    ck_assert_str_eq(play(t, 2), "aa");
    /* failing one by one: the next cheapest, those without prices last */
    choice = llmgw_choice_create(unit_pool, &t->balance);
    llmgw_choice_exclude(choice, 0);
    llmgw_choice_exclude(choice, 2);
    llmgw_choice_exclude(choice, 3);
    ck_assert_int_eq(llmgw_balance_pick(&t->balance, choice, &t->need, START,
                                        0), 1);
    llmgw_choice_exclude(choice, 1);
    ck_assert_int_eq(llmgw_balance_pick(&t->balance, choice, &t->need, START,
                                        0), 4);
}
END_TEST

/* Which is cheapest depends on how long prompt and completion are. */
START_TEST(test_cost_by_length)
{
    targets_t *t = targets_make(2, LLMGW_BALANCE_COST);

    set_price(t, 0, 1, 10);
    set_price(t, 1, 4, 4);
    t->need.prompt_tokens = 100;
    ck_assert_int_eq(targets_pick(t, START, 0), 1);
    t->need.prompt_tokens = 100000;
    ck_assert_int_eq(targets_pick(t, START, 0), 0);
    t->need.prompt_tokens = 100;
    t->need.completion_max = 10;
    ck_assert_int_eq(targets_pick(t, START, 0), 0);
    t->need.completion_max = 0;
    llmgw_slot_usage(&t->slots[0], 100, 20);
    llmgw_slot_usage(&t->slots[1], 100, 20);
    ck_assert_int_eq(targets_pick(t, START, 0), 0);
}
END_TEST

START_TEST(test_need_tokens)
{
    targets_t *t = targets_make(1, LLMGW_BALANCE_BUSY);

    ck_assert(llmgw_need_tokens(&t->need, &t->slots[0])
              == 1000 + LLMGW_NEED_COMPLETION);
    llmgw_slot_usage(&t->slots[0], 100, 900);
    ck_assert(llmgw_need_tokens(&t->need, &t->slots[0]) == 1900);
    t->need.completion_max = 50;
    ck_assert(llmgw_need_tokens(&t->need, &t->slots[0]) == 1050);
}
END_TEST

/* ---- prefix -------------------------------------------------------------- */

static int pick_prefix(targets_t *t, apr_uint64_t prefix)
{
    t->need.prefix = prefix;
    return targets_pick(t, START, 0);
}

START_TEST(test_prefix)
{
    targets_t *t = targets_make(5, LLMGW_BALANCE_PREFIX);
    int counts[5] = { 0 }, before[1000], i, moved = 0;

    ck_assert_str_eq(play(t, 5), "abcde");
    for (i = 0; i < 1000; i++) {
        before[i] = pick_prefix(t, (apr_uint64_t)i + 1);
        ck_assert_int_eq(pick_prefix(t, (apr_uint64_t)i + 1), before[i]);
    }
    /* without one of them, only its own move */
    t->candidates[2].drained = 1;
    for (i = 0; i < 1000; i++) {
        int now = pick_prefix(t, (apr_uint64_t)i + 1);

        moved += before[i] == 2;
        ck_assert(before[i] == 2 ? now != 2 : now == before[i]);
    }
    ck_assert_int_gt(moved, 150);
    ck_assert_int_lt(moved, 250);
    t->candidates[2].drained = 0;
    /* by weight */
    for (i = 0; i < 5; i++) {
        targets_weigh(t, i, i + 1);
    }
    for (i = 0; i < 30000; i++) {
        counts[pick_prefix(t, llmgw_hash_mix((apr_uint64_t)i) | 1)]++;
    }
    for (i = 0; i < 5; i++) {
        ck_assert_msg(abs(counts[i] - 2000 * (i + 1)) < 300, "%d: %d", i,
                      counts[i]);
    }
}
END_TEST

/* One hot prefix fills its target to 1.25 times the mean, then the next. */
START_TEST(test_prefix_spills)
{
    targets_t *t = targets_make(4, LLMGW_BALANCE_PREFIX);
    int i, picked;

    for (i = 0; i < 400; i++) {
        picked = pick_prefix(t, 4711);
        ck_assert_int_ge(picked, 0);
        llmgw_load_add(&t->slots[picked].load, 10);
        if (i == LLMGW_BALANCE_SPILL_CALLS - 1) {
            ck_assert_uint_eq(llmgw_load_calls(t->slots[picked].load),
                              LLMGW_BALANCE_SPILL_CALLS);
        }
    }
    for (i = 0; i < 4; i++) {
        ck_assert_uint_le(llmgw_load_calls(t->slots[i].load), 126);
        ck_assert_uint_ge(llmgw_load_calls(t->slots[i].load), 20);
    }
    /* a bound that nobody keeps to does not leave a call without a target */
    t->balance.spill = 0;
    t->balance.spill_calls = 0;
    ck_assert_int_ge(pick_prefix(t, 4711), 0);
}
END_TEST

/* ---- all of them --------------------------------------------------------- */

/* Chosen is only who is eligible, and the same again from the same state. */
START_TEST(test_every_method)
{
    apr_uint64_t seed = 6;
    int method, i, j;

    for (method = 0; method <= LLMGW_BALANCE_PREFIX; method++) {
        targets_t *t = targets_make(10, (llmgw_balance_e)method);
        llmgw_slot_t *saved = apr_palloc(unit_pool, sizeof(t->slots));

        for (i = 0; i < 3000; i++) {
            apr_uint64_t bits = targets_random(&seed);
            int picked;

            j = (int)(bits % 10);
            t->candidates[j].drained = (int)(bits >> 8 & 1);
            llmgw_load_add(&t->slots[j].load, (apr_uint32_t)(bits >> 40));
            t->need.prefix = bits >> 16;
            memcpy(saved, t->slots, sizeof(t->slots));
            picked = targets_pick(t, START, bits);
            ck_assert(picked < 0 || !t->candidates[picked].drained);
            memcpy(t->slots, saved, sizeof(t->slots));
            ck_assert_int_eq(targets_pick(t, START, bits), picked);
        }
    }
}
END_TEST

START_TEST(test_names)
{
    int method;

    for (method = 0; method <= LLMGW_BALANCE_PREFIX; method++) {
        ck_assert_int_eq(llmgw_balance_lookup(llmgw_balance_name(
                             (llmgw_balance_e)method)), method);
    }
    ck_assert_int_eq(llmgw_balance_lookup("random"), -1);
}
END_TEST

UNIT_MAIN("balance", test_sort, test_tiers, test_smooth, test_as_the_textbook,
          test_shares, test_extreme_weights, test_comes_back, test_new_weight,
          test_no_starvation, test_together, test_latency,
          test_latency_of_new_ones, test_latency_draws, test_busy,
          test_busy_by_weight, test_cost, test_cost_by_length,
          test_need_tokens, test_prefix, test_prefix_spills,
          test_every_method, test_names)
