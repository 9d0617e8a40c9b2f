/* test_buf.c: the growing buffer and its bound */
#include "unit.h"
#include "llmgw/buf.h"
#include "llmgw/error.h"

START_TEST(test_append)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1000);

    unit_assert_str(llmgw_buf_str(b), "");
    unit_assert_ok(llmgw_buf_append(b, "ab", 2));
    unit_assert_ok(llmgw_buf_puts(b, "cd"));
    unit_assert_ok(llmgw_buf_put(b, LLMGW_STR_LIT("ef")));
    unit_assert_ok(llmgw_buf_put(b, LLMGW_STR_NULL));
    unit_assert_ok(llmgw_buf_putc(b, 'g'));
    unit_assert_ok(llmgw_buf_printf(b, "-%d-%s", 42, "z"));
    ck_assert_str_eq(b->data, "abcdefg-42-z");
    ck_assert_uint_eq(b->len, 12);
}
END_TEST

START_TEST(test_growth)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 100000);
    int i;

    for (i = 0; i < 100000; i++) {
        unit_assert_ok(llmgw_buf_putc(b, (char)('a' + i % 26)));
        ck_assert_int_eq(b->data[b->len], '\0');
    }
    ck_assert_uint_eq(b->len, 100000);
    ck_assert_uint_eq(b->cap, 100001);
    for (i = 0; i < 100000; i++) {
        ck_assert_int_eq(b->data[i], 'a' + i % 26);
    }
}
END_TEST

/* Across the size where memory comes from elsewhere. */
START_TEST(test_large)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 3 * 1024 * 1024);
    apr_size_t i;

    for (i = 0; i < 300 * 1024; i++) {
        unit_assert_ok(llmgw_buf_append(b, (const char *)&i, sizeof(i)));
    }
    ck_assert_uint_eq(b->len, i * sizeof(i));
    while (i-- > 0) {
        ck_assert_int_eq(memcmp(b->data + i * sizeof(i), &i, sizeof(i)), 0);
    }
    ck_assert_int_eq(b->data[b->len], '\0');
    llmgw_buf_free(b);
    unit_assert_ok(llmgw_buf_reserve(b, 1024 * 1024));
    unit_assert_ok(llmgw_buf_puts(b, "small"));
    unit_assert_ok(llmgw_buf_reserve(b, 2 * 1024 * 1024));
    unit_assert_str(llmgw_buf_str(b), "small");
}
END_TEST

START_TEST(test_bound_sticks)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 4);

    unit_assert_ok(llmgw_buf_puts(b, "abc"));
    unit_assert_status(llmgw_buf_puts(b, "de"), LLMGW_ETOOBIG);
    unit_assert_status(llmgw_buf_puts(b, "f"), LLMGW_ETOOBIG);
    unit_assert_status(llmgw_buf_put(b, LLMGW_STR_NULL), LLMGW_ETOOBIG);
    ck_assert_int_eq(b->failed, LLMGW_ETOOBIG);
    ck_assert_str_eq(b->data, "abc");
    llmgw_buf_clear(b);
    ck_assert_int_eq(b->failed, APR_SUCCESS);
    unit_assert_ok(llmgw_buf_puts(b, "1234"));
    unit_assert_status(llmgw_buf_append(b, "x", (apr_size_t)-1),
                       LLMGW_ETOOBIG);
}
END_TEST

START_TEST(test_printf_long)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 3000);
    char long_text[2001];

    memset(long_text, 'x', 2000);
    long_text[2000] = '\0';
    unit_assert_ok(llmgw_buf_printf(b, "<%s>", long_text));
    ck_assert_uint_eq(b->len, 2002);
    ck_assert_int_eq(b->data[0], '<');
    ck_assert_int_eq(b->data[2001], '>');
    unit_assert_status(llmgw_buf_printf(b, "%s", long_text), LLMGW_ETOOBIG);
    ck_assert_uint_le(b->len, 3000);
}
END_TEST

START_TEST(test_reserve_commit)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 600);

    unit_assert_ok(llmgw_buf_reserve(b, 600));
    ck_assert_uint_ge(b->cap, 601);
    memset(b->data, 'q', 600);
    llmgw_buf_commit(b, 600);
    ck_assert_int_eq(b->data[600], '\0');
    unit_assert_status(llmgw_buf_reserve(b, 1), LLMGW_ETOOBIG);
}
END_TEST

START_TEST(test_consume)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 100);

    llmgw_buf_consume(b, 5);
    unit_assert_ok(llmgw_buf_puts(b, "hello"));
    llmgw_buf_consume(b, 2);
    ck_assert_str_eq(b->data, "llo");
    llmgw_buf_consume(b, 100);
    ck_assert_str_eq(b->data, "");
    ck_assert_uint_eq(b->len, 0);
}
END_TEST

START_TEST(test_free)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 100);

    unit_assert_ok(llmgw_buf_puts(b, "hello"));
    llmgw_buf_free(b);
    ck_assert_ptr_eq(b->data, NULL);
    unit_assert_str(llmgw_buf_str(b), "");
    llmgw_buf_clear(b);
    unit_assert_ok(llmgw_buf_puts(b, "again"));
    unit_assert_str(llmgw_buf_str(b), "again");
}
END_TEST

UNIT_MAIN("buf", test_append, test_growth, test_large, test_bound_sticks,
          test_printf_long, test_reserve_commit, test_consume, test_free)
