/* test_query.c: parameters in the query of a URL */
#include "unit.h"
#include "llmgw/query.h"

START_TEST(test_lookup)
{
    static const struct {
        const char *query;
        const char *value;      /* of "key" */
    } cases[] = {
        { NULL, NULL }, { "", NULL }, { "&", NULL }, { "keys=1", NULL },
        { "a=key", NULL }, { "KEY=1", NULL }, { "=key", NULL },
        { "key=1", "1" }, { "a=b&key=1", "1" }, { "key=1&key=2", "1" },
        { "key", "" }, { "key=", "" }, { "key&a", "" }, { "&&key=1&", "1" },
        { "key=a=b", "a=b" }, { "k%65y=1", "1" },
        { "key=a%20b+c%2Fd", "a b c/d" }, { "key=%C5%bc", "\xc5\xbc" },
        { "key=%", "%" }, { "key=%4", "%4" }, { "key=%zz&a", "%zz" },
        { "key=%4&1", "%4" }
    };
    llmgw_str_t value;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        value = llmgw_query_lookup(cases[i].query, "key", unit_pool);
        if (cases[i].value) {
            unit_assert_str(value, cases[i].value);
        }
        else {
            unit_assert_null(value);
        }
    }
    value = llmgw_query_lookup("key=a%00b", "key", unit_pool);
    ck_assert_uint_eq(value.len, 3);
}
END_TEST

UNIT_MAIN("query", test_lookup)
