/* test_retry_budget.c: how many retries the calls pay for */
#include "llmgw/retry_budget.h"
#include "unit.h"

#define START APR_TIME_C(1750000000000000)
#define MSEC APR_TIME_C(1000)
#define SEC APR_TIME_C(1000000)

static const llmgw_retry_budget_t standard = LLMGW_RETRY_BUDGET_INIT;

static int withdraw_all(llmgw_word_t *budget, apr_time_t now)
{
    int n = 0;

    while (llmgw_retry_budget_withdraw(budget, &standard, now)) {
        n++;
    }
    return n;
}

START_TEST(test_reserve)
{
    llmgw_word_t budget = 0;

    ck_assert(llmgw_retry_budget_left(&budget, &standard, START) == 10000);
    ck_assert_int_eq(withdraw_all(&budget, START), 10);
    ck_assert(llmgw_retry_budget_left(&budget, &standard, START) == 0);
    ck_assert_int_eq(withdraw_all(&budget, START + 2 * SEC), 2);
    ck_assert_int_eq(withdraw_all(&budget, START + 30 * SEC), 10);
    /* years later */
    ck_assert_int_eq(withdraw_all(&budget, START + APR_TIME_C(100000000) * SEC),
                     10);
}
END_TEST

START_TEST(test_deposits)
{
    llmgw_word_t budget = 0;
    int i;

    withdraw_all(&budget, START);
    for (i = 0; i < 100; i++) {
        llmgw_retry_budget_deposit(&budget, &standard, START);
    }
    ck_assert_int_eq(withdraw_all(&budget, START), 20);
    for (i = 0; i < 100; i++) {
        llmgw_retry_budget_deposit(&budget, &standard, START);
    }
    /* half of what was put in is faded, and half of the debt as well */
    ck_assert_int_eq(withdraw_all(&budget, START + 5 * SEC), 15);
}
END_TEST

/* Every attempt fails: retries are a fifth of the calls, and the reserve. */
static void check_storm(int calls_sec, int seconds)
{
    llmgw_word_t budget = 0;
    apr_interval_time_t step = SEC / calls_sec;
    apr_time_t now = START;
    int i, retries = 0, calls = calls_sec * seconds, want;

    for (i = 0; i < calls; i++, now += step) {
        llmgw_retry_budget_deposit(&budget, &standard, now);
        retries += llmgw_retry_budget_withdraw(&budget, &standard, now);
    }
    want = calls / 5 + 10 + seconds;
    want = want > calls ? calls : want;
    ck_assert_msg(retries <= want && retries >= want * 9 / 10,
                  "%d a second: %d of %d, not %d", calls_sec, retries, calls,
                  want);
}

START_TEST(test_storms)
{
    check_storm(1, 100);
    check_storm(10, 100);
    check_storm(100, 60);
    check_storm(5000, 20);
}
END_TEST

/* After a busy hour without failures, a storm is paid for by ten seconds. */
START_TEST(test_no_hoard)
{
    llmgw_word_t budget = 0;
    apr_time_t now = START;
    int i, n;

    for (i = 0; i < 360000; i++, now += 10 * MSEC) {
        llmgw_retry_budget_deposit(&budget, &standard, now);
    }
    n = withdraw_all(&budget, now);
    ck_assert_int_gt(n, 190);
    ck_assert_int_le(n, 211);
}
END_TEST

START_TEST(test_bounds)
{
    llmgw_retry_budget_t conf = { 1000, 0, SEC };
    llmgw_word_t budget = 0;
    int i;

    ck_assert(!llmgw_retry_budget_withdraw(&budget, &conf, START));
    for (i = 0; i < 300000; i++) {
        llmgw_retry_budget_deposit(&budget, &conf, START);
    }
    ck_assert(llmgw_retry_budget_left(&budget, &conf, START) == 0x7FFFFFFF);
    conf.percent = 0;
    budget = 0;
    llmgw_retry_budget_deposit(&budget, &conf, START);
    ck_assert(!llmgw_retry_budget_withdraw(&budget, &conf, START));
}
END_TEST

START_TEST(test_clock_goes_back)
{
    llmgw_word_t budget = 0;

    withdraw_all(&budget, START);
    ck_assert_int_eq(withdraw_all(&budget, START - 3600 * SEC), 0);
    /* the next call begins to count from its own time */
    llmgw_retry_budget_deposit(&budget, &standard, START - 3600 * SEC);
    ck_assert_int_eq(withdraw_all(&budget, START - 3590 * SEC), 10);
}
END_TEST

UNIT_MAIN("retry_budget", test_reserve, test_deposits, test_storms,
          test_no_hoard, test_bounds, test_clock_goes_back)
