/* test_key_slot.c: keys taking turns, and those that are left out */
#include "llmgw/key_slot.h"
#include "unit.h"

#define START APR_TIME_C(1750000000000000)
#define SEC APR_TIME_C(1000000)

static llmgw_key_slot_t slots[3];
static llmgw_key_slot_t *keys[3] = { &slots[0], &slots[1], &slots[2] };

static int choose(unsigned int turn, apr_time_t now,
                  llmgw_key_choice_t *choice)
{
    llmgw_key_slot_choose(keys, 3, turn, now, choice);
    return choice->index;
}

START_TEST(test_turns)
{
    llmgw_key_choice_t choice;
    unsigned int i;

    memset(slots, 0, sizeof(slots));
    for (i = 0; i < 9; i++) {
        ck_assert_int_eq(choose(i, START, &choice), (int)(i % 3));
    }
    ck_assert_int_ge(choose(0xFFFFFFFFu, START, &choice), 0);
    llmgw_key_slot_choose(keys, 0, 5, START, &choice);
    ck_assert_int_eq(choice.index, -1);
    ck_assert_int_eq(choice.cause, LLMGW_BENCH_NONE);
}
END_TEST

START_TEST(test_refused)
{
    llmgw_key_choice_t choice;

    memset(slots, 0, sizeof(slots));
    ck_assert(llmgw_key_slot_report(&slots[1], 401, 0, START)
              == LLMGW_BENCH_STRIKE_USEC);
    ck_assert_int_eq(choose(1, START, &choice), 2);
    ck_assert(llmgw_key_slot_report(&slots[1], 403, 0, START) == 0);
    llmgw_key_slot_report(&slots[2], 402, 0, START + SEC);
    ck_assert_int_eq(choose(1, START + SEC, &choice), 0);
    llmgw_key_slot_report(&slots[0], 403, 0, START + 2 * SEC);
    ck_assert_int_eq(choose(1, START + 2 * SEC, &choice), -1);
    ck_assert_int_eq(choice.cause, LLMGW_BENCH_REFUSED);
    ck_assert(choice.wait_usec == LLMGW_BENCH_STRIKE_USEC - 2 * SEC);
    /* served: it is tried, and works */
    ck_assert_int_eq(choose(0, START + 300 * SEC, &choice), 1);
    ck_assert(choice.wait_usec == 0);
    ck_assert_int_eq(choice.cause, LLMGW_BENCH_NONE);
    ck_assert_uint_eq(llmgw_bench_strikes(&slots[1].bench), 1);
    ck_assert(llmgw_key_slot_report(&slots[1], 200, 0, START + 300 * SEC)
              == 0);
    ck_assert_uint_eq(llmgw_bench_strikes(&slots[1].bench), 0);
    ck_assert(slots[1].used == 3 && slots[1].refused == 2);
}
END_TEST

START_TEST(test_limited)
{
    llmgw_key_choice_t choice;

    memset(slots, 0, sizeof(slots));
    ck_assert(llmgw_key_slot_report(&slots[0], 429, 20 * SEC, START)
              == 20 * SEC);
    ck_assert(llmgw_key_slot_report(&slots[0], 429, 10 * SEC, START) == 0);
    llmgw_key_slot_report(&slots[1], 429, 0, START);
    llmgw_key_slot_report(&slots[2], 401, 0, START);
    ck_assert_int_eq(choose(2, START, &choice), -1);
    ck_assert_int_eq(choice.cause, LLMGW_BENCH_LIMITED);
    ck_assert(choice.wait_usec == LLMGW_BENCH_LIMIT_USEC);
    ck_assert_int_eq(choose(0, START + 2 * SEC, &choice), 1);
    ck_assert(slots[0].limited == 2);
}
END_TEST

/* What says nothing of the key neither benches it nor clears its strikes. */
START_TEST(test_others)
{
    static const int statuses[] = { 0, 400, 404, 408, 500, 503, 529 };
    size_t i;

    memset(slots, 0, sizeof(slots));
    llmgw_key_slot_report(&slots[0], 401, 0, START);
    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        ck_assert(llmgw_key_slot_report(&slots[0], statuses[i], SEC,
                                        START + 400 * SEC) == 0);
    }
    ck_assert_uint_eq(llmgw_bench_strikes(&slots[0].bench), 1);
    ck_assert(llmgw_bench_left(&slots[0].bench, START + 400 * SEC) == 0);
}
END_TEST

UNIT_MAIN("key_slot", test_turns, test_refused, test_limited, test_others)
