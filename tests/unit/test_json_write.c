/* test_json_write.c: writing JSON */
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

static const char *quote(llmgw_str_t s)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1 << 20);

    unit_assert_ok(llmgw_json_put_string(b, s));
    return b->data;
}

START_TEST(test_put_string)
{
    ck_assert_str_eq(quote(LLMGW_STR_LIT("")), "\"\"");
    ck_assert_str_eq(quote(LLMGW_STR_NULL), "\"\"");
    ck_assert_str_eq(quote(LLMGW_STR_LIT("a/b")), "\"a/b\"");
    ck_assert_str_eq(quote(LLMGW_STR_LIT("\"\\\b\f\n\r\t")),
                     "\"\\\"\\\\\\b\\f\\n\\r\\t\"");
    ck_assert_str_eq(quote(LLMGW_STR_LIT("\0\x1f\x7f")),
                     "\"\\u0000\\u001f\x7f\"");
    ck_assert_str_eq(quote(LLMGW_STR_LIT("\xc3\xa9 \xf0\x9f\x98\x80")),
                     "\"\xc3\xa9 \xf0\x9f\x98\x80\"");
    ck_assert_str_eq(quote(LLMGW_STR_LIT("a\xff""b\xc3")),
                     "\"a\xef\xbf\xbd""b\xef\xbf\xbd\"");
    ck_assert_str_eq(quote(LLMGW_STR_LIT("\xed\xa0\x80")),
                     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}
END_TEST

/* Whatever the bytes, what is written can be read, and reads the same. */
START_TEST(test_put_string_reads)
{
    char bytes[3] = { 0, 0, 0 };
    llmgw_str_t s = llmgw_str_make(bytes, 3), back;
    unsigned int i;

    for (i = 0; i < 256 * 256; i += 7) {
        bytes[0] = (char)(i >> 8);
        bytes[1] = (char)i;
        bytes[2] = 'x';
        back = llmgw_json_string(parse(quote(s)), unit_pool);
        if (llmgw_str_utf8_check(bytes, 3) == 3) {
            unit_assert_same(back, s);
        }
        if (i % 256 == 0) {
            apr_pool_clear(unit_pool);
        }
    }
}
END_TEST

START_TEST(test_writer)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1000);
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(b);

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "id");
    llmgw_json_str(&w, LLMGW_STR_LIT("x\n"));
    llmgw_json_key_str(&w, LLMGW_STR_LIT("list"));
    llmgw_json_begin(&w, '[');
    llmgw_json_int_out(&w, -APR_INT64_C(9223372036854775807) - 1);
    llmgw_json_bool_out(&w, 1);
    llmgw_json_bool_out(&w, 0);
    llmgw_json_null(&w);
    llmgw_json_strz(&w, NULL);
    llmgw_json_begin(&w, '{');
    llmgw_json_end(&w, '}');
    llmgw_json_begin(&w, '[');
    llmgw_json_end(&w, ']');
    llmgw_json_raw_out(&w, LLMGW_STR_LIT("1E400"));
    llmgw_json_raw_out(&w, LLMGW_STR_NULL);
    llmgw_json_end(&w, ']');
    llmgw_json_opt_str(&w, "no", LLMGW_STR_NULL);
    llmgw_json_opt_str(&w, "yes", LLMGW_STR_LIT(""));
    llmgw_json_opt_raw(&w, "no", LLMGW_STR_NULL);
    llmgw_json_opt_raw(&w, "raw", LLMGW_STR_LIT("{}"));
    llmgw_json_end(&w, '}');
    ck_assert_str_eq(b->data, "{\"id\":\"x\\n\",\"list\":["
                     "-9223372036854775808,true,false,null,null,{},[],1E400,"
                     "null],\"yes\":\"\",\"raw\":{}}");
    ck_assert_int_eq(b->failed, APR_SUCCESS);
}
END_TEST

START_TEST(test_writer_depth)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1000);
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(b);
    int i;

    for (i = 0; i < 64; i++) {
        llmgw_json_begin(&w, '[');
        llmgw_json_int_out(&w, i);
    }
    for (i = 0; i < 64; i++) {
        llmgw_json_int_out(&w, i);
        llmgw_json_end(&w, ']');
    }
    ck_assert_int_eq(b->failed, APR_SUCCESS);
    ck_assert_uint_eq(parse(b->data)->count, 3);
    for (i = 0; i < 65; i++) {
        llmgw_json_begin(&w, '[');
    }
    ck_assert_int_eq(b->failed, LLMGW_ETOOBIG);
}
END_TEST

UNIT_MAIN("json_write", test_put_string, test_put_string_reads, test_writer,
          test_writer_depth)
