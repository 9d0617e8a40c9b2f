/* test_redact.c: secrets are cut out of texts */
#include "llmgw/redact.h"
#include "unit.h"

START_TEST(each_occurrence_goes)
{
    llmgw_str_t key = LLMGW_STR_LIT("sk-1234567890");

    ck_assert_str_eq(llmgw_redact(unit_pool, "bad key: sk-1234567890.", key),
                     "bad key: ***.");
    ck_assert_str_eq(llmgw_redact(unit_pool,
                                  "sk-1234567890sk-1234567890", key),
                     "******");
    ck_assert_str_eq(llmgw_redact(unit_pool, "sk-123456789", key),
                     "sk-123456789");
}
END_TEST

START_TEST(nothing_to_do)
{
    const char *text = "all is well";

    ck_assert_ptr_eq(llmgw_redact(unit_pool, NULL,
                                  LLMGW_STR_LIT("sk-1234567890")), NULL);
    ck_assert_ptr_eq(llmgw_redact(unit_pool, text,
                                  LLMGW_STR_LIT("sk-1234567890")), text);
    ck_assert_ptr_eq(llmgw_redact(unit_pool, text, LLMGW_STR_LIT("all")),
                     text);
    ck_assert_ptr_eq(llmgw_redact(unit_pool, text, LLMGW_STR_NULL), text);
}
END_TEST

START_TEST(any_bytes)
{
    static const char text[] = "a\0key-1234\0key-123key-1234";
    llmgw_str_t out = llmgw_redact_str(unit_pool,
                                       llmgw_str_make(text, sizeof(text) - 1),
                                       LLMGW_STR_LIT("key-1234"));

    ck_assert_uint_eq(out.len, 16);
    ck_assert_mem_eq(out.p, "a\0***\0key-123***", 17);
    out = llmgw_redact_str(unit_pool, LLMGW_STR_NULL,
                           LLMGW_STR_LIT("key-1234"));
    unit_assert_null(out);
}
END_TEST

UNIT_MAIN("redact", each_occurrence_goes, nothing_to_do, any_bytes)
