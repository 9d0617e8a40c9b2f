/* test_choice.c: eligible or not, and why */
#include "targets.h"

static unsigned int out_of(targets_t *t, llmgw_picks_t *choice, int i)
{
    return llmgw_balance_test(&t->balance, choice, &t->need, i, START);
}

START_TEST(test_reasons)
{
    targets_t *t = targets_make(8, LLMGW_BALANCE_WEIGHTED);
    llmgw_picks_t *choice = llmgw_choice_create(unit_pool, &t->balance);
    int i;

    llmgw_choice_exclude(choice, 1);
    t->candidates[2].drained = 1;
    llmgw_slot_flag(&t->slots[3], LLMGW_SLOT_UNHEALTHY, 1);
    t->candidates[4].context_max = 999;
    t->candidates[0].context_max = 1000;
    llmgw_bench_limit(&t->slots[5].bench, 10 * SEC, START);
    targets_open(t, 6, START);
    ck_assert_uint_eq(out_of(t, choice, 0), 0);
    ck_assert_uint_eq(out_of(t, choice, 1), LLMGW_OUT_TRIED);
    ck_assert_uint_eq(out_of(t, choice, 2), LLMGW_OUT_DRAINED);
    ck_assert_uint_eq(out_of(t, choice, 3), LLMGW_OUT_UNHEALTHY);
    ck_assert_uint_eq(out_of(t, choice, 4), LLMGW_OUT_CONTEXT);
    ck_assert_uint_eq(out_of(t, choice, 5), LLMGW_OUT_BENCHED);
    ck_assert_uint_eq(out_of(t, choice, 6), LLMGW_OUT_BREAKER);
    llmgw_choice_exclude(choice, 6);
    ck_assert_uint_eq(out_of(t, choice, 6),
                      LLMGW_OUT_TRIED | LLMGW_OUT_BREAKER);
    ck_assert_uint_eq(llmgw_balance_test(&t->balance, choice, &t->need, 5,
                                         START + 10 * SEC), 0);
    for (i = 0; i < 20; i++) {
        int picked = llmgw_balance_pick(&t->balance, choice, &t->need, START,
                                        0);

        ck_assert(picked == 0 || picked == 7);
    }
}
END_TEST

static int asked[TARGETS_MAX];

/* Odd ones are excluded; the third is drained, with a bit nobody may set. */
static unsigned int ask(void *ctx, int index)
{
    ck_assert_ptr_eq(ctx, asked);
    asked[index]++;
    return index == 2 ? LLMGW_OUT_DRAINED | LLMGW_OUT_TRIED
           : index % 2 ? LLMGW_OUT_WHEN : 0;
}

/* Conditions are looked at once a call, and only where they matter. */
START_TEST(test_ask)
{
    targets_t *t = targets_make(8, LLMGW_BALANCE_WEIGHTED);
    llmgw_picks_t *choice = llmgw_choice_create(unit_pool, &t->balance);
    int i;

    memset(asked, 0, sizeof(asked));
    t->need.ask = ask;
    t->need.ask_ctx = asked;
    for (i = 0; i < 8; i++) {
        t->candidates[i].ask = i != 5;
        t->candidates[i].tier = i >= 6;
    }
    t->candidates[4].drained = 1;
    for (i = 0; i < 6; i++) {
        int picked = llmgw_balance_pick(&t->balance, choice, &t->need, START,
                                        0);

        ck_assert(picked == 0 || picked == 5);
    }
    ck_assert_int_eq(asked[0], 1);
    ck_assert_int_eq(asked[1], 1);
    ck_assert_int_eq(asked[2], 1);
    ck_assert_int_eq(asked[4], 0);
    ck_assert_int_eq(asked[5], 0);
    ck_assert_int_eq(asked[6], 0);
    ck_assert_uint_eq(out_of(t, choice, 1), LLMGW_OUT_WHEN);
    ck_assert_uint_eq(out_of(t, choice, 2), LLMGW_OUT_DRAINED);
    llmgw_choice_exclude(choice, 0);
    llmgw_choice_exclude(choice, 5);
    ck_assert_int_eq(llmgw_balance_pick(&t->balance, choice, &t->need, START,
                                        0), 6);
    ck_assert_int_eq(asked[7], 1);
    /* the next call asks anew */
    targets_pick(t, START, 0);
    ck_assert_int_eq(asked[0], 2);
}
END_TEST

START_TEST(test_ask_again)
{
    targets_t *t = targets_make(3, LLMGW_BALANCE_WEIGHTED);
    llmgw_picks_t *choice = llmgw_choice_create(unit_pool, &t->balance);

    memset(asked, 0, sizeof(asked));
    t->need.ask = ask;
    t->need.ask_ctx = asked;
    t->candidates[1].ask = 1;
    llmgw_choice_exclude(choice, 0);
    ck_assert(llmgw_choice_excludes(choice, 0));
    ck_assert(!llmgw_choice_excludes(choice, 1));
    ck_assert_uint_eq(out_of(t, choice, 1), LLMGW_OUT_WHEN);
    ck_assert(!llmgw_choice_excludes(choice, 1));
    llmgw_choice_ask_again(choice, &t->balance);
    ck_assert(llmgw_choice_excludes(choice, 0));
    ck_assert_uint_eq(out_of(t, choice, 1), LLMGW_OUT_WHEN);
    ck_assert_int_eq(asked[1], 2);
}
END_TEST

START_TEST(test_no_ask)
{
    targets_t *t = targets_make(1, LLMGW_BALANCE_WEIGHTED);

    t->candidates[0].ask = 1;
    ck_assert_int_eq(targets_pick(t, START, 0), 0);
}
END_TEST

static const char *explain(targets_t *t, llmgw_picks_t *choice)
{
    return llmgw_balance_explain(&t->balance, choice, &t->need, START,
                                 unit_pool);
}

START_TEST(test_explain)
{
    targets_t *t = targets_make(12, LLMGW_BALANCE_WEIGHTED);
    llmgw_picks_t *choice = llmgw_choice_create(unit_pool, &t->balance);
    int i;

    t->need.ask = ask;
    t->need.ask_ctx = asked;
    llmgw_choice_exclude(choice, 0);
    targets_open(t, 1, START);
    targets_open(t, 2, START);
    t->candidates[3].context_max = 10;
    t->candidates[4].context_max = 10;
    t->candidates[5].ask = t->candidates[7].ask = 1;
    llmgw_bench_limit(&t->slots[6].bench, SEC, START);
    ck_assert_str_eq(explain(t, choice),
                     "Of 12 targets, 1 was tried already, 2 are too small for "
                     "about 1000 tokens, 2 are excluded by their conditions, "
                     "1 asked to be left alone for a while, 2 are behind an "
                     "open breaker, 4 may be tried.");
    for (i = 8; i < 12; i++) {
        llmgw_choice_exclude(choice, i);
    }
    ck_assert_str_eq(explain(t, choice),
                     "Of 12 targets, 5 were tried already, 2 are too small for "
                     "about 1000 tokens, 2 are excluded by their conditions, "
                     "1 asked to be left alone for a while, 2 are behind an "
                     "open breaker.");
    ck_assert_int_eq(llmgw_balance_pick(&t->balance, choice, &t->need, START,
                                        0), -1);
    t = targets_make(1, LLMGW_BALANCE_WEIGHTED);
    t->candidates[0].context_max = 10;
    ck_assert_str_eq(explain(t, llmgw_choice_create(unit_pool, &t->balance)),
                     "Of 1 targets, 1 is too small for about 1000 tokens.");
}
END_TEST

static apr_interval_time_t wait_of(targets_t *t)
{
    llmgw_picks_t *choice = llmgw_choice_create(unit_pool, &t->balance);

    return llmgw_balance_wait(&t->balance, choice, &t->need, START);
}

START_TEST(test_wait)
{
    targets_t *t = targets_make(3, LLMGW_BALANCE_WEIGHTED);
    llmgw_breaker_change_t change;

    ck_assert(wait_of(t) == 0);
    t->candidates[0].drained = 1;
    targets_open(t, 1, START);
    llmgw_bench_limit(&t->slots[2].bench, 20 * SEC, START);
    ck_assert(wait_of(t) == 10 * SEC);
    llmgw_bench_limit(&t->slots[1].bench, 30 * SEC, START);
    ck_assert(wait_of(t) == 20 * SEC);
    /* half-open and full of probes: soon */
    llmgw_breaker_set(&t->slots[2].breaker, LLMGW_BREAKER_HALF_OPEN, START,
                      &change);
    t->slots[2].bench = 0;
    {
        llmgw_permit_t permit;

        while (llmgw_breaker_acquire(&t->slots[2].breaker, &breaker, NULL,
                                     START, &permit, &change)) {
        }
    }
    ck_assert(wait_of(t) == SEC);
    llmgw_breaker_set(&t->slots[2].breaker, LLMGW_BREAKER_FORCED_OPEN, START,
                      &change);
    ck_assert(wait_of(t) == 30 * SEC);
    llmgw_slot_flag(&t->slots[1], LLMGW_SLOT_UNHEALTHY, 1);
    ck_assert(wait_of(t) == -1);
}
END_TEST

UNIT_MAIN("choice", test_reasons, test_ask, test_ask_again, test_no_ask,
          test_explain, test_wait)
