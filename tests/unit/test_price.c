/* test_price.c: what tokens cost */
#include "llmgw/price.h"
#include "unit.h"

START_TEST(test_nano)
{
    ck_assert_int_eq(llmgw_price_nano(2.5, 10, 1000, 200), 4500000);
    ck_assert_int_eq(llmgw_price_nano(0.075, 0.3, 1, 1), 375);
    ck_assert_int_eq(llmgw_price_nano(0.0004, 0, 1, 0), 0);
    ck_assert_int_eq(llmgw_price_nano(0.0005, 0, 1, 0), 1);
    ck_assert_int_eq(llmgw_price_nano(0, 0, 1000, 1000), 0);
}
END_TEST

START_TEST(test_not_known)
{
    ck_assert_int_eq(llmgw_price_nano(-1, 10, 1000, 200), -1);
    ck_assert_int_eq(llmgw_price_nano(2.5, -1, 1000, 200), -1);
    ck_assert_int_eq(llmgw_price_nano(2.5, 10, -1, -1), -1);
    ck_assert_int_eq(llmgw_price_nano(2.5, 10, -1, 100), 1000000);
    ck_assert_int_eq(llmgw_price_nano(2.5, 10, 100, -1), 250000);
    ck_assert(llmgw_price_nano(1e6, 1e6, APR_INT64_C(1) << 62, 1)
              == APR_INT64_C(1000000000000000000));
}
END_TEST

START_TEST(test_format)
{
    ck_assert_str_eq(llmgw_price_format(0, unit_pool), "0");
    ck_assert_str_eq(llmgw_price_format(1, unit_pool), "0.000000001");
    ck_assert_str_eq(llmgw_price_format(4500000, unit_pool), "0.0045");
    ck_assert_str_eq(llmgw_price_format(12000000000, unit_pool), "12");
    ck_assert_str_eq(llmgw_price_format(12300000000, unit_pool), "12.3");
}
END_TEST

UNIT_MAIN("price", test_nano, test_not_known, test_format)
