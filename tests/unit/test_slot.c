/* test_slot.c: what is known of a target */
#include "llmgw/slot.h"
#include "unit.h"

#define START APR_TIME_C(1750000000000000)
#define MSEC APR_TIME_C(1000)
#define SEC APR_TIME_C(1000000)
#define HALF LLMGW_SLOT_HALF_LIFE_USEC

static const llmgw_breaker_conf_t breaker = LLMGW_BREAKER_CONF_INIT;

static llmgw_slot_t slot;
static llmgw_cell_t cell;

static void clear(void)
{
    memset(&slot, 0, sizeof(slot));
    memset(&cell, 0, sizeof(cell));
}

START_TEST(test_load)
{
    llmgw_word_t load = 0;

    llmgw_load_add(&load, 1000);
    llmgw_load_add(&load, LLMGW_LOAD_TOKENS_MAX);
    ck_assert_uint_eq(llmgw_load_calls(load), 2);
    ck_assert(llmgw_load_tokens(load) == 1000 + LLMGW_LOAD_TOKENS_MAX);
    llmgw_load_drop(&load, 1, 1000);
    ck_assert_uint_eq(llmgw_load_calls(load), 1);
    ck_assert(llmgw_load_tokens(load) == LLMGW_LOAD_TOKENS_MAX);
    llmgw_load_add(&load, 5);
    llmgw_load_drop(&load, 1, (apr_uint64_t)1 << 30);
    ck_assert(load == APR_UINT64_C(1) << LLMGW_LOAD_CALLS_AT);
    llmgw_load_drop(&load, 7, 0);
    ck_assert(load == 0);
    /* no calls, no tokens */
    llmgw_load_add(&load, 5);
    llmgw_load_drop(&load, 1, 0);
    ck_assert(load == 0);
}
END_TEST

static void hold(llmgw_hold_t *h, apr_int64_t tokens, apr_time_t now)
{
    llmgw_breaker_change_t change;

    ck_assert(llmgw_hold_acquire(h, &slot, &cell, &breaker, tokens, now,
                                 &change));
}

static llmgw_breaker_change_t report(llmgw_hold_t *h, llmgw_breaker_e effect,
                                     apr_interval_time_t first,
                                     apr_time_t now)
{
    llmgw_outcome_t outcome = { effect, APR_SUCCESS, 0, first, 3 * SEC };
    llmgw_breaker_change_t change;

    if (effect == LLMGW_BREAKER_FAILURE) {
        outcome.status = LLMGW_EOVERLOADED;
        outcome.http_status = 529;
    }
    llmgw_hold_report(h, &outcome, HALF, now, &change);
    return change;
}

static void release(llmgw_hold_t *h)
{
    llmgw_breaker_change_t change;

    llmgw_hold_release(h, START, &change);
    ck_assert_int_eq(change.reason, LLMGW_BREAKER_UNCHANGED);
}

START_TEST(test_hold)
{
    llmgw_hold_t a, b;

    clear();
    hold(&a, 100, START);
    hold(&b, -5, START);
    ck_assert_uint_eq(llmgw_load_calls(slot.load), 2);
    ck_assert(llmgw_load_tokens(slot.load) == 100);
    ck_assert(slot.load == cell.load);
    report(&a, LLMGW_BREAKER_SUCCESS, 400 * MSEC, START);
    report(&a, LLMGW_BREAKER_FAILURE, 0, START);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_SUCCEEDED) == 1);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_FAILED) == 0);
    release(&a);
    release(&a);
    ck_assert_uint_eq(llmgw_load_calls(slot.load), 1);
    release(&b);
    ck_assert(slot.load == 0 && cell.load == 0);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_CALLS) == 2);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_NEUTRAL) == 1);
    /* a report after the release is too late */
    report(&b, LLMGW_BREAKER_FAILURE, 0, START);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_FAILED) == 0);
}
END_TEST

START_TEST(test_large)
{
    llmgw_hold_t h;

    clear();
    hold(&h, APR_INT64_C(1) << 40, START);
    ck_assert(llmgw_load_tokens(slot.load) == LLMGW_LOAD_TOKENS_MAX);
    release(&h);
    ck_assert(slot.load == 0);
}
END_TEST

/* The breaker opens, refuses, probes; a probe that ends unreported leaves. */
START_TEST(test_breaker_of_slot)
{
    llmgw_breaker_change_t change;
    llmgw_hold_t h, probe;
    int i;

    clear();
    for (i = 0; i < 10; i++) {
        hold(&h, 10, START);
        change = report(&h, LLMGW_BREAKER_FAILURE, 0, START);
        ck_assert_int_eq(change.reason, i < 9 ? LLMGW_BREAKER_UNCHANGED
                                              : LLMGW_BREAKER_FAILURES);
        release(&h);
    }
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_OPENED) == 1);
    ck_assert(!llmgw_hold_acquire(&h, &slot, &cell, &breaker, 10, START,
                                  &change));
    release(&h);
    ck_assert(slot.load == 0);
    hold(&probe, 10, START + 10 * SEC);
    ck_assert_uint_eq((apr_uint32_t)cell.probes, 1);
    llmgw_hold_release(&probe, START + 10 * SEC, &change);
    ck_assert_uint_eq((apr_uint32_t)cell.probes, 0);
    /* without a cell it works as well */
    ck_assert(llmgw_hold_acquire(&probe, &slot, NULL, &breaker, 10,
                                 START + 10 * SEC, &change));
    ck_assert_int_eq(report(&probe, LLMGW_BREAKER_FAILURE, 0,
                            START + 10 * SEC).reason,
                     LLMGW_BREAKER_PROBE_FAILED);
    llmgw_hold_release(&probe, START + 10 * SEC, &change);
    ck_assert(slot.load == 0);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_OPENED) == 2);
}
END_TEST

/* Slow is a call by its first token, not by the length of its answer. */
START_TEST(test_slow)
{
    llmgw_breaker_view_t view;
    llmgw_outcome_t outcome = { LLMGW_BREAKER_SUCCESS, APR_SUCCESS, 200,
                                SEC, 500 * SEC };
    llmgw_breaker_change_t change;
    llmgw_hold_t h;

    clear();
    hold(&h, 0, START);
    llmgw_hold_report(&h, &outcome, HALF, START, &change);
    llmgw_breaker_get(&slot.breaker, &breaker, START, &view);
    ck_assert_uint_eq(view.counts.slow, 0);
    outcome.first_token_usec = 0;
    hold(&h, 0, START);
    llmgw_hold_report(&h, &outcome, HALF, START, &change);
    llmgw_breaker_get(&slot.breaker, &breaker, START, &view);
    ck_assert_uint_eq(view.counts.slow, 1);
}
END_TEST

static apr_interval_time_t first_token(apr_time_t now)
{
    return llmgw_slot_first_token(&slot, HALF, now);
}

static void succeed(apr_interval_time_t first, apr_time_t now)
{
    llmgw_hold_t h;

    hold(&h, 1, now);
    report(&h, LLMGW_BREAKER_SUCCESS, first, now);
    release(&h);
}

START_TEST(test_first_token)
{
    clear();
    ck_assert(first_token(START) == 0);
    succeed(400 * MSEC, START);
    ck_assert(first_token(START) == 400 * MSEC);
    /* a peak counts at once, a dip by and by */
    succeed(900 * MSEC, START);
    ck_assert(first_token(START) == 900 * MSEC);
    succeed(100 * MSEC, START);
    ck_assert(first_token(START) == 900 * MSEC);
    succeed(100 * MSEC, START + 10 * SEC);
    ck_assert(first_token(START + 10 * SEC) == 500 * MSEC);
    /* it fades */
    ck_assert(first_token(START + 20 * SEC) == 250 * MSEC);
    ck_assert(first_token(START + 25 * SEC) == 187500);
    ck_assert(first_token(START + 500 * SEC) == 0);
    succeed(100 * MSEC, START + 500 * SEC);
    ck_assert(first_token(START + 500 * SEC) == 100 * MSEC);
    /* the clock goes back */
    ck_assert(first_token(START) == 100 * MSEC);
    succeed(50 * MSEC, START);
    ck_assert(first_token(START) == 100 * MSEC);
    ck_assert(llmgw_slot_first_token(&slot, 0, START) == 100 * MSEC);
    /* bounds */
    succeed(APR_TIME_C(1) << 40, START);
    ck_assert(first_token(START) == APR_TIME_C(0xFFFFFFFF));
}
END_TEST

START_TEST(test_failure_is_slow)
{
    llmgw_outcome_t fast = { LLMGW_BREAKER_FAILURE, LLMGW_ECONNECT, 0, 0,
                             200 };
    llmgw_breaker_change_t change;
    llmgw_hold_t h;

    clear();
    hold(&h, 1, START);
    report(&h, LLMGW_BREAKER_FAILURE, 0, START);
    ck_assert(first_token(START) == 3 * SEC);
    hold(&h, 1, START);
    report(&h, LLMGW_BREAKER_FAILURE, 0, START);
    ck_assert(first_token(START) == 6 * SEC);
    clear();
    /* an error that comes at once is no advantage */
    hold(&h, 1, START);
    llmgw_hold_report(&h, &fast, HALF, START, &change);
    ck_assert(first_token(START) == SEC);
}
END_TEST

START_TEST(test_usage)
{
    clear();
    ck_assert(llmgw_slot_completion(&slot) == 0);
    llmgw_slot_usage(&slot, 1000, 800);
    ck_assert(llmgw_slot_completion(&slot) == 800);
    llmgw_slot_usage(&slot, 500, 1600);
    ck_assert(llmgw_slot_completion(&slot) == 900);
    llmgw_slot_usage(&slot, -1, -1);
    llmgw_slot_usage(&slot, 0, 0);
    ck_assert(llmgw_slot_completion(&slot) == 900);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_PROMPT_TOKENS) == 1500);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_COMPLETION_TOKENS) == 2400);
    llmgw_slot_usage(&slot, 0, APR_INT64_C(1) << 50);
    ck_assert(llmgw_slot_completion(&slot) > 0);
}
END_TEST

START_TEST(test_last_error)
{
    llmgw_slot_error_t error;
    llmgw_hold_t h;

    clear();
    llmgw_slot_last_error(&slot, &error);
    ck_assert_int_eq(error.status, APR_SUCCESS);
    hold(&h, 1, START);
    report(&h, LLMGW_BREAKER_FAILURE, 0, START);
    llmgw_slot_last_error(&slot, &error);
    ck_assert_int_eq(error.status, LLMGW_EOVERLOADED);
    ck_assert_int_eq(error.http_status, 529);
    ck_assert(error.at == START);
}
END_TEST

START_TEST(test_flags)
{
    clear();
    llmgw_slot_flag(&slot, LLMGW_SLOT_UNHEALTHY, 1);
    llmgw_slot_flag(&slot, LLMGW_SLOT_UNHEALTHY << 1, 1);
    ck_assert(slot.flags == LLMGW_SLOT_UNHEALTHY * 3);
    llmgw_slot_flag(&slot, LLMGW_SLOT_UNHEALTHY, 0);
    llmgw_slot_flag(&slot, LLMGW_SLOT_UNHEALTHY, 0);
    ck_assert(slot.flags == LLMGW_SLOT_UNHEALTHY << 1);
}
END_TEST

START_TEST(test_reclaim)
{
    llmgw_hold_t a, b, other;
    llmgw_cell_t living;
    llmgw_breaker_change_t change;

    clear();
    memset(&living, 0, sizeof(living));
    hold(&a, 100, START);
    hold(&b, 200, START);
    ck_assert(llmgw_hold_acquire(&other, &slot, &living, &breaker, 7, START,
                                 &change));
    llmgw_cell_reclaim(&cell, &slot);
    ck_assert_uint_eq(llmgw_load_calls(slot.load), 1);
    ck_assert(llmgw_load_tokens(slot.load) == 7);
    llmgw_cell_reclaim(&cell, &slot);
    ck_assert_uint_eq(llmgw_load_calls(slot.load), 1);
    ck_assert(llmgw_slot_count(&slot, LLMGW_SLOT_ABANDONED) == 2);
    /* killed after it had counted in its cell, before it did in the slot */
    llmgw_load_add(&cell.load, 50);
    llmgw_cell_reclaim(&cell, &slot);
    ck_assert(slot.load == 0);
    release(&other);
    ck_assert(slot.load == 0 && living.load == 0);
}
END_TEST

START_TEST(test_carry)
{
    llmgw_slot_t new;
    llmgw_hold_t h;

    clear();
    succeed(400 * MSEC, START);
    hold(&h, 100, START);
    report(&h, LLMGW_BREAKER_FAILURE, 0, START);
    llmgw_slot_usage(&slot, 10, 20);
    llmgw_slot_flag(&slot, LLMGW_SLOT_UNHEALTHY, 1);
    llmgw_bench_limit(&slot.bench, SEC, START);
    slot.turn = 77;
    slot.owner.digest = 1;
    memset(&new, 0, sizeof(new));
    llmgw_slot_carry(&new, &slot);
    ck_assert(new.load == 0);
    ck_assert(new.owner.digest == 0);
    new.load = slot.load;
    new.owner = slot.owner;
    ck_assert_int_eq(memcmp(&new, &slot, sizeof(new)), 0);
}
END_TEST

UNIT_MAIN("slot", test_load, test_hold, test_large, test_breaker_of_slot,
          test_slow, test_first_token, test_failure_is_slow, test_usage,
          test_last_error, test_flags, test_reclaim, test_carry)
