/* test_bench.c: keys and targets that are left out for a while */
#include "llmgw/bench.h"
#include "unit.h"

#define START APR_TIME_C(1750000000000000)
#define SEC APR_TIME_C(1000000)
#define MINUTE (60 * SEC)

START_TEST(test_limit)
{
    llmgw_word_t bench = 0;

    ck_assert(llmgw_bench_left(&bench, START) == 0);
    ck_assert_int_eq(llmgw_bench_cause(&bench, START), LLMGW_BENCH_NONE);
    llmgw_bench_limit(&bench, 20 * SEC, START);
    ck_assert(llmgw_bench_left(&bench, START) == 20 * SEC);
    ck_assert_int_eq(llmgw_bench_cause(&bench, START), LLMGW_BENCH_LIMITED);
    llmgw_bench_limit(&bench, 5 * SEC, START);
    ck_assert(llmgw_bench_left(&bench, START) == 20 * SEC);
    llmgw_bench_limit(&bench, 30 * SEC, START + SEC);
    ck_assert(llmgw_bench_left(&bench, START + SEC) == 30 * SEC);
    ck_assert(llmgw_bench_left(&bench, START + 31 * SEC) == 0);
    llmgw_bench_limit(&bench, 0, START + 40 * SEC);
    ck_assert(llmgw_bench_left(&bench, START + 40 * SEC) == SEC);
    llmgw_bench_limit(&bench, 100 * LLMGW_BENCH_USEC_MAX, START + 50 * SEC);
    ck_assert(llmgw_bench_left(&bench, START + 50 * SEC)
              == LLMGW_BENCH_USEC_MAX);
    ck_assert_uint_eq(llmgw_bench_strikes(&bench), 0);
}
END_TEST

/* 5, 10, 20, 40, 60, 60 minutes, each bench served before the next. */
START_TEST(test_strikes)
{
    static const int minutes[] = { 5, 10, 20, 40, 60, 60 };
    llmgw_word_t bench = 0;
    apr_time_t now = START;
    int i;

    for (i = 0; i < 6; i++) {
        ck_assert(llmgw_bench_strike(&bench, now) == minutes[i] * MINUTE);
        ck_assert_int_eq(llmgw_bench_cause(&bench, now), LLMGW_BENCH_REFUSED);
        ck_assert(llmgw_bench_left(&bench, now) == minutes[i] * MINUTE);
        ck_assert(llmgw_bench_strike(&bench, now + SEC) == 0);
        ck_assert_uint_eq(llmgw_bench_strikes(&bench), (unsigned)i + 1);
        now += minutes[i] * MINUTE;
    }
    for (i = 0; i < 300; i++) {
        ck_assert(llmgw_bench_strike(&bench, now) == 60 * MINUTE);
        now += 60 * MINUTE;
    }
    ck_assert_uint_eq(llmgw_bench_strikes(&bench), 255);
    llmgw_bench_succeed(&bench, now);
    ck_assert_uint_eq(llmgw_bench_strikes(&bench), 0);
    ck_assert(llmgw_bench_strike(&bench, now) == 5 * MINUTE);
}
END_TEST

START_TEST(test_late_success)
{
    llmgw_word_t bench = 0;

    llmgw_bench_succeed(&bench, START);
    ck_assert(bench == 0);
    llmgw_bench_strike(&bench, START);
    llmgw_bench_succeed(&bench, START + SEC);
    ck_assert(llmgw_bench_left(&bench, START + SEC) > 0);
    ck_assert_uint_eq(llmgw_bench_strikes(&bench), 1);
    llmgw_bench_succeed(&bench, START + 5 * MINUTE);
    ck_assert(bench == 0);
}
END_TEST

/* A 429 neither hides nor ends a refusal, and the other way. */
START_TEST(test_both)
{
    llmgw_word_t bench = 0;

    llmgw_bench_strike(&bench, START);
    llmgw_bench_limit(&bench, 10 * SEC, START);
    ck_assert_int_eq(llmgw_bench_cause(&bench, START), LLMGW_BENCH_REFUSED);
    bench = 0;
    llmgw_bench_limit(&bench, 10 * SEC, START);
    ck_assert(llmgw_bench_strike(&bench, START) == 5 * MINUTE);
    ck_assert_int_eq(llmgw_bench_cause(&bench, START), LLMGW_BENCH_REFUSED);
}
END_TEST

START_TEST(test_pardon)
{
    llmgw_word_t bench = 0;

    llmgw_bench_pardon(&bench, START);
    ck_assert(bench == 0);
    llmgw_bench_strike(&bench, START);
    llmgw_bench_pardon(&bench, START + SEC);
    ck_assert(bench == 0);
    llmgw_bench_limit(&bench, 10 * SEC, START);
    llmgw_bench_pardon(&bench, START + SEC);
    ck_assert_int_eq(llmgw_bench_cause(&bench, START + SEC),
                     LLMGW_BENCH_LIMITED);
}
END_TEST

START_TEST(test_clock_goes_back)
{
    llmgw_word_t bench = 0;

    llmgw_bench_strike(&bench, START);
    ck_assert(llmgw_bench_left(&bench, START - 2 * LLMGW_BENCH_USEC_MAX) == 0);
    ck_assert(llmgw_bench_left(&bench, START - MINUTE) == 6 * MINUTE);
}
END_TEST

UNIT_MAIN("bench", test_limit, test_strikes, test_late_success, test_both,
          test_pardon, test_clock_goes_back)
