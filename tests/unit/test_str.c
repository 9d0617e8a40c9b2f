/* test_str.c: copies, patterns, UTF-8 */
#include "unit.h"

START_TEST(test_equal)
{
    ck_assert(llmgw_str_eq(LLMGW_STR_LIT("ab"), llmgw_str_of("ab")));
    ck_assert(!llmgw_str_eq(LLMGW_STR_LIT("ab"), LLMGW_STR_LIT("abc")));
    ck_assert(!llmgw_str_eq(LLMGW_STR_LIT("ab"), LLMGW_STR_LIT("aB")));
    ck_assert(llmgw_str_eq(LLMGW_STR_NULL, LLMGW_STR_LIT("")));
    ck_assert(llmgw_str_is(LLMGW_STR_LIT(""), ""));
    ck_assert(!llmgw_str_is(LLMGW_STR_LIT("a\0b"), "a"));
    unit_assert_null(llmgw_str_of(NULL));
}
END_TEST

START_TEST(test_dup)
{
    llmgw_str_t s = llmgw_str_make("abcdef", 3);

    ck_assert_str_eq(llmgw_str_dupz(unit_pool, s), "abc");
    unit_assert_str(llmgw_str_dup(unit_pool, s), "abc");
    ck_assert_int_eq(llmgw_str_dup(unit_pool, s).p[3], '\0');
    unit_assert_str(llmgw_str_dup(unit_pool, LLMGW_STR_LIT("")), "");
    unit_assert_null(llmgw_str_dup(unit_pool, LLMGW_STR_NULL));
    ck_assert_ptr_eq(llmgw_str_dupz(unit_pool, LLMGW_STR_NULL), NULL);
}
END_TEST

START_TEST(test_trim)
{
    unit_assert_str(llmgw_str_trim(LLMGW_STR_LIT(" \ta b\t ")), "a b");
    unit_assert_str(llmgw_str_trim(LLMGW_STR_LIT(" \t ")), "");
    unit_assert_str(llmgw_str_trim(LLMGW_STR_LIT("x\n")), "x\n");
    unit_assert_null(llmgw_str_trim(LLMGW_STR_NULL));
}
END_TEST

START_TEST(test_nocase)
{
    ck_assert(llmgw_str_is_nocase(LLMGW_STR_LIT("GzIp"), "gZiP"));
    ck_assert(!llmgw_str_is_nocase(LLMGW_STR_LIT("gzip"), "gzi"));
    ck_assert(!llmgw_str_is_nocase(LLMGW_STR_LIT("gzi"), "gzip"));
    ck_assert(!llmgw_str_is_nocase(LLMGW_STR_LIT("["), "{"));
    ck_assert(!llmgw_str_is_nocase(LLMGW_STR_LIT("a\0"), "a"));
    ck_assert(llmgw_str_is_nocase(LLMGW_STR_NULL, ""));
}
END_TEST

START_TEST(test_glob)
{
    static const struct {
        const char *pattern, *name;
        int match;
    } cases[] = {
        { "", "", 1 }, { "", "a", 0 }, { "a", "", 0 }, { "*", "", 1 },
        { "*", "anything", 1 }, { "gpt-4o*", "gpt-4o", 1 },
        { "gpt-4o*", "gpt-4o-mini", 1 }, { "gpt-4o*", "gpt-4", 0 },
        { "gpt-4o", "gpt-4o-mini", 0 }, { "GPT*", "gpt-4", 0 },
        { "*-mini", "o4-mini", 1 }, { "*-mini", "o4-mini-2", 0 },
        { "a?c", "abc", 1 }, { "a?c", "ac", 0 }, { "?", "", 0 },
        { "a*b*c", "a-b-b-c", 1 }, { "a*b*c", "a-c-b", 0 },
        { "*a*a*a*", "aa", 0 }, { "**a**", "xax", 1 },
        { "*ab", "aab", 1 }, { "*aab", "aaaab", 1 }, { "[a]", "a", 0 },
        { "\\*", "\\x", 1 }, { "a*?", "a", 0 }, { "a*?", "ab", 1 }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(!!llmgw_str_glob(cases[i].pattern,
                                       llmgw_str_of(cases[i].name))
                      == cases[i].match,
                      "%s against %s", cases[i].name, cases[i].pattern);
    }
    ck_assert(llmgw_str_glob("a?c", LLMGW_STR_LIT("a\0c")));
    ck_assert(!llmgw_str_glob("a", LLMGW_STR_LIT("a\0")));
}
END_TEST

/* Many stars must not make it exponential. */
START_TEST(test_glob_hostile)
{
    char pattern[201], name[5001];
    int i;

    for (i = 0; i < 200; i += 2) {
        memcpy(pattern + i, "*a", 2);
    }
    pattern[199] = 'b';
    pattern[200] = '\0';
    memset(name, 'a', sizeof(name));
    ck_assert(!llmgw_str_glob(pattern, llmgw_str_make(name, 5000)));
}
END_TEST

START_TEST(test_glob_prefix)
{
    ck_assert_uint_eq(llmgw_str_glob_prefix("gpt-*"), 4);
    ck_assert_uint_eq(llmgw_str_glob_prefix("gpt-4"), 5);
    ck_assert_uint_eq(llmgw_str_glob_prefix("?x"), 0);
    ck_assert_uint_eq(llmgw_str_glob_prefix(""), 0);
}
END_TEST

START_TEST(test_utf8)
{
    static const struct {
        const char *text;
        unsigned int good;
    } cases[] = {
        { "", 0 }, { "abc", 3 }, { "abcdefgh", 8 }, { "12345678\xff", 8 },
        { "1234567\x80""9", 7 }, { "\xc2\x80", 2 }, { "\xdf\xbf", 2 },
        { "\xc0\x80", 0 }, { "\xc1\xbf", 0 }, { "\xc2", 0 },
        { "\xe0\xa0\x80", 3 }, { "\xe0\x9f\xbf", 0 },
        { "\xed\x9f\xbf", 3 }, { "\xed\xa0\x80", 0 }, { "\xee\x80\x80", 3 },
        { "\xef\xbf\xbf", 3 }, { "\xe2\x82", 0 }, { "\xe2\x28\xa1", 0 },
        { "\xf0\x90\x80\x80", 4 }, { "\xf0\x8f\xbf\xbf", 0 },
        { "\xf4\x8f\xbf\xbf", 4 }, { "\xf4\x90\x80\x80", 0 },
        { "\xf5\x80\x80\x80", 0 }, { "\xf0\x9f\x98", 0 },
        { "\xf0\x9f\x98\x80", 4 }, { "ok\xf0\x9f\x98\x28", 2 },
        { "\x80", 0 }, { "\xbf", 0 }, { "\xfe", 0 },
        { "a\xc3\xa9""b\xe2\x82\xac""c", 8 }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(llmgw_str_utf8_check(cases[i].text,
                                           strlen(cases[i].text))
                      == cases[i].good, "case %d", (int)i);
    }
    ck_assert_uint_eq(llmgw_str_utf8_check("a\0b", 3), 3);
}
END_TEST

UNIT_MAIN("str", test_equal, test_dup, test_trim, test_nocase, test_glob,
          test_glob_hostile, test_glob_prefix, test_utf8)
