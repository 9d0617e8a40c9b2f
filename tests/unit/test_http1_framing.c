/* test_http1_framing.c: where a body ends, what becomes of the connection */
#include "unit.h"
#include "../../mod_llmgw/core/http1_framing.h"

static llmgw_http1_t *response(int minor, int status)
{
    llmgw_http1_t *h = apr_pcalloc(unit_pool, sizeof(*h));

    h->minor = minor;
    h->status = status;
    h->headers = apr_table_make(unit_pool, 4);
    return h;
}

START_TEST(test_keep_alive)
{
    static const struct {
        int minor;
        const char *connection;
        int keep_alive;
    } cases[] = {
        { 1, NULL, 1 }, { 1, "close", 0 }, { 1, "Keep-Alive", 1 },
        { 1, "foo, CLOSE ,bar", 0 }, { 1, "closed", 1 }, { 0, NULL, 0 },
        { 0, "keep-alive", 1 }, { 0, "keep-alive, close", 0 }, { 1, "", 1 }
    };
    apr_uint64_t length;
    llmgw_http1_t *h;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        h = response(cases[i].minor, 200);
        apr_table_setn(h->headers, "Content-Length", "3");
        if (cases[i].connection) {
            apr_table_setn(h->headers, "Connection", cases[i].connection);
        }
        ck_assert_ptr_eq(llmgw_http1_framing_find(h, 0, &length), NULL);
        ck_assert_msg(h->keep_alive == cases[i].keep_alive, "case %d",
                      (int)i);
        ck_assert_uint_eq(length, 3);
    }
}
END_TEST

/* Options may stand in fields of their own. */
START_TEST(test_two_fields)
{
    llmgw_http1_t *h = response(1, 200);
    apr_uint64_t length;

    apr_table_addn(h->headers, "Connection", "x");
    apr_table_addn(h->headers, "connection", "close");
    apr_table_addn(h->headers, "Content-Length", "1");
    ck_assert_ptr_eq(llmgw_http1_framing_find(h, 0, &length), NULL);
    ck_assert_int_eq(h->keep_alive, 0);
}
END_TEST

START_TEST(test_length_range)
{
    llmgw_http1_t *h = response(1, 200);
    apr_uint64_t length;

    apr_table_setn(h->headers, "Content-Length", "18446744073709551609");
    ck_assert_ptr_eq(llmgw_http1_framing_find(h, 0, &length), NULL);
    ck_assert(length == APR_UINT64_C(18446744073709551609));
    apr_table_setn(h->headers, "Content-Length", "18446744073709551616");
    ck_assert_ptr_ne(llmgw_http1_framing_find(h, 0, &length), NULL);
    apr_table_setn(h->headers, "Content-Length", "1,");
    ck_assert_ptr_ne(llmgw_http1_framing_find(h, 0, &length), NULL);
}
END_TEST

UNIT_MAIN("http1_framing", test_keep_alive, test_two_fields,
          test_length_range)
