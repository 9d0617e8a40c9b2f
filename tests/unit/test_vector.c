/* test_vector.c: vectors of numbers, as JSON and as base64 */
#include <math.h>
#include "unit.h"
#include "llmgw/error.h"
#include "llmgw/vector.h"

static llmgw_buf_t *new_buf(void)
{
    return llmgw_buf_create(unit_pool, 1 << 20);
}

static const char *encode(const char *raw)
{
    llmgw_buf_t *out = new_buf();

    unit_assert_ok(llmgw_vector_encode(out, llmgw_str_of(raw)));
    return out->data;
}

static const char *decode(const char *base64)
{
    llmgw_buf_t *out = new_buf();

    unit_assert_ok(llmgw_vector_decode(out, llmgw_str_of(base64)));
    return out->data;
}

START_TEST(test_check)
{
    static const char *const good[] = {
        "[1]", "[0.5,-1e-3]", "[ 1 ,\n2\t,\r3 ]", "[-0,1E+10]"
    };
    static const char *const bad[] = {
        "", "[", "[]", "[ ]", "1", "{}", "\"x\"", "[\"1\"]", "[null]",
        "[true]", "[1,null]", "[[1]]", "[1,{}]"
    };
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        unit_assert_ok(llmgw_vector_check(llmgw_str_of(good[i])));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(llmgw_vector_check(llmgw_str_of(bad[i]))
                      == LLMGW_EINVAL, "%s", bad[i]);
    }
}
END_TEST

/* The bytes are those of numpy.array([...], "<f4").tobytes() in base64. */
START_TEST(test_encode)
{
    static const struct {
        const char *raw;
        const char *base64;
    } cases[] = {
        { "[0]", "AAAAAA==" }, { "[1]", "AACAPw==" },
        { "[-0.0]", "AAAAgA==" }, { "[1,2]", "AACAPwAAAEA=" },
        { "[1, 2,\n3]", "AACAPwAAAEAAAEBA" },
        { "[0.1,-0.2,0.3,-0.4]", "zczMPc3MTL6amZk+zczMvg==" },
        { "[3.4028234663852886e38]", "//9/fw==" },
        { "[1e-45]", "AQAAAA==" }, { "[1e-400]", "AAAAAA==" },
        /* the nearest number of 32 bits, which by way of 64 it is not */
        { "[1.000000059604644775390625000000000001]", "AQCAPw==" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(encode(cases[i].raw), cases[i].base64);
    }
}
END_TEST

START_TEST(test_decode)
{
    ck_assert_str_eq(decode("AACAPw=="), "[1]");
    ck_assert_str_eq(decode("AAAAgA=="), "[-0]");
    ck_assert_str_eq(decode("AACAPwAAAEA="), "[1,2]");
    ck_assert_str_eq(decode("AACAPwAAAEAAAEBA"), "[1,2,3]");
    ck_assert_str_eq(decode("zczMPc3MTL4="), "[0.100000001,-0.200000003]");
    ck_assert_str_eq(decode("//9/fw=="), "[3.40282347e+38]");
    ck_assert_str_eq(decode("AQAAAA=="), "[1.40129846e-45]");
}
END_TEST

START_TEST(test_refused)
{
    static const char *const raw[] = { "[]", "[1e39]", "[-1e39]", "[\"a\"]" };
    static const char *const base64[] = {
        "", "=", "====", "AAAA", "AAAAA", "AAAAAA", "AAAAAA=", "AAAAAAA=",
        "AAAA AA==", "AAAAA*==", "AAAA-_==", "AACAPw==AACAPw==",
        "AACAfw==", "AACA/w==", "AADAfw=="  /* infinite, or no number */
    };
    size_t i;

    for (i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
        ck_assert_msg(llmgw_vector_encode(new_buf(), llmgw_str_of(raw[i]))
                      == LLMGW_EINVAL, "%s", raw[i]);
    }
    for (i = 0; i < sizeof(base64) / sizeof(base64[0]); i++) {
        ck_assert_msg(llmgw_vector_decode(new_buf(), llmgw_str_of(base64[i]))
                      == LLMGW_EINVAL, "%s", base64[i]);
    }
}
END_TEST

/* Whatever is finite comes back bit for bit. */
START_TEST(test_round_trip)
{
    llmgw_buf_t *json = new_buf(), *first = new_buf(), *again = new_buf();
    apr_uint32_t word = 12345;
    float number;
    int i;

    llmgw_buf_putc(json, '[');
    for (i = 0; i < 20000; i++) {
        word = word * 1664525u + 1013904223u;
        memcpy(&number, &word, sizeof(number));
        if (isfinite(number)) {
            char text[32];

            snprintf(text, sizeof(text), "%s%.9g", json->len > 1 ? "," : "",
                     (double)number);
            llmgw_buf_puts(json, text);
        }
    }
    llmgw_buf_putc(json, ']');
    unit_assert_ok(llmgw_vector_encode(first, llmgw_buf_str(json)));
    llmgw_buf_clear(json);
    unit_assert_ok(llmgw_vector_decode(json, llmgw_buf_str(first)));
    unit_assert_ok(llmgw_vector_encode(again, llmgw_buf_str(json)));
    unit_assert_same(llmgw_buf_str(first), llmgw_buf_str(again));
}
END_TEST

START_TEST(test_bounds)
{
    llmgw_buf_t *small = llmgw_buf_create(unit_pool, 8);

    unit_assert_status(llmgw_vector_encode(small, LLMGW_STR_LIT("[1,2,3]")),
                       LLMGW_ETOOBIG);
    llmgw_buf_clear(small);
    unit_assert_status(llmgw_vector_decode(
        small, LLMGW_STR_LIT("zczMPc3MTL4=")), LLMGW_ETOOBIG);
}
END_TEST

UNIT_MAIN("vector", test_check, test_encode, test_decode, test_refused,
          test_round_trip, test_bounds)
