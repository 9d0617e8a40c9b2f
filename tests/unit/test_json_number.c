/* test_json_number.c: numbers as integers and doubles */
#include "unit.h"
#include "llmgw/error.h"
#include "llmgw/json.h"

static const llmgw_json_t *parse(const char *text)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    const llmgw_json_t *root = NULL;

    unit_assert_ok(llmgw_json_parse(doc, text, strlen(text), &root, NULL));
    return root;
}

START_TEST(test_int)
{
    static const struct {
        const char *text;
        apr_int64_t value;
    } good[] = {
        { "0", 0 }, { "-0", 0 }, { "1", 1 }, { "-17", -17 }, { "1.0", 1 },
        { "1e2", 100 }, { "1E+2", 100 }, { "100e-2", 1 }, { "12.50e1", 125 },
        { "0e99999999999999999999", 0 }, { "0.000", 0 }, { "-0.0E-3", 0 },
        { "9223372036854775807", APR_INT64_C(9223372036854775807) },
        { "-9223372036854775808", -APR_INT64_C(9223372036854775807) - 1 },
        { "9223372036854775807.0", APR_INT64_C(9223372036854775807) },
        { "10000000000000000000e-1", APR_INT64_C(1000000000000000000) },
        { "0.00001e5", 1 }, { "1000000000000000000000000e-24", 1 },
        { "0.0000000000000000000000001e25", 1 },
        { "1e18", APR_INT64_C(1000000000000000000) }
    };
    static const char *const bad[] = {
        "0.5", "1e-1", "9223372036854775808", "-9223372036854775809",
        "1E400", "12345678901234567890", "1e19", "1.5e0", "1e-400",
        "99999999999999999999", "9e18999999999999999999999", "true",
        "\"1\"", "[1]", "null", "10e18"
    };
    apr_int64_t n = 0;
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(llmgw_json_int(parse(good[i].text), &n) == APR_SUCCESS
                      && n == good[i].value, "%s", good[i].text);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        n = 77;
        ck_assert_msg(llmgw_json_int(parse(bad[i]), &n) == LLMGW_EINVAL
                      && n == 77, "%s", bad[i]);
    }
    unit_assert_status(llmgw_json_int(NULL, &n), LLMGW_EINVAL);
}
END_TEST

START_TEST(test_double)
{
    char digits[200];
    double d = 0;

    unit_assert_ok(llmgw_json_double(parse("0.5"), &d));
    ck_assert(d > 0.499 && d < 0.501);
    unit_assert_ok(llmgw_json_double(parse("-1e-3"), &d));
    ck_assert(d < -0.00099 && d > -0.00101);
    unit_assert_ok(llmgw_json_double(parse("1e-400"), &d));
    ck_assert(d > -1e-300 && d < 1e-300);
    unit_assert_status(llmgw_json_double(parse("1E400"), &d), LLMGW_EINVAL);
    unit_assert_status(llmgw_json_double(parse("\"1\""), &d), LLMGW_EINVAL);
    unit_assert_status(llmgw_json_double(NULL, &d), LLMGW_EINVAL);
    memset(digits, '3', sizeof(digits) - 1);
    digits[0] = '1';
    digits[1] = '.';
    digits[199] = '\0';
    unit_assert_ok(llmgw_json_double(parse(digits), &d));
    ck_assert(d > 1.33 && d < 1.34);
}
END_TEST

UNIT_MAIN("json_number", test_int, test_double)
