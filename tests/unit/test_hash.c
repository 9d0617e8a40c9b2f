/* test_hash.c: digests of names */
#include "llmgw/hash.h"
#include "unit.h"

/* The vectors of FNV's authors. */
START_TEST(known_values)
{
    ck_assert(llmgw_hash(LLMGW_STR_LIT(""))
              == APR_UINT64_C(0xcbf29ce484222325));
    ck_assert(llmgw_hash(LLMGW_STR_NULL)
              == APR_UINT64_C(0xcbf29ce484222325));
    ck_assert(llmgw_hash(LLMGW_STR_LIT("a"))
              == APR_UINT64_C(0xaf63dc4c8601ec8c));
    ck_assert(llmgw_hash(LLMGW_STR_LIT("foobar"))
              == APR_UINT64_C(0x85944171f73967e8));
    ck_assert(llmgw_hash_mix(0) == 0);
}
END_TEST

static apr_uint64_t digest(const char *a, const char *b)
{
    return llmgw_hash_add(llmgw_hash_add(0, llmgw_str_of(a)),
                          llmgw_str_of(b));
}

START_TEST(lists)
{
    ck_assert(digest("ab", "c") == digest("ab", "c"));
    ck_assert(digest("ab", "c") != digest("a", "bc"));
    ck_assert(digest("a", "b") != digest("b", "a"));
    ck_assert(digest("", "") != 0);
    ck_assert(llmgw_hash_add(0, LLMGW_STR_NULL) != 0);
}
END_TEST

/* One bit more or less changes about half of the others. */
START_TEST(mixing)
{
    apr_uint64_t z = 1;
    int i, bit, changed = 0;

    for (i = 0; i < 1000; i++) {
        z = llmgw_hash_mix(z + 1);
        for (bit = 0; bit < 64; bit++) {
            changed += __builtin_popcountll(
                llmgw_hash_mix(z)
                ^ llmgw_hash_mix(z ^ APR_UINT64_C(1) << bit));
        }
    }
    ck_assert_int_gt(changed, 64 * 1000 * 31);
    ck_assert_int_lt(changed, 64 * 1000 * 33);
}
END_TEST

UNIT_MAIN("hash", known_values, lists, mixing)
