/* test_json.c: the index over a text, and what is read through it */
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

START_TEST(test_lookup)
{
    const llmgw_json_t *root = parse("{\"a\":1,\"b\":{\"c\":[1,2]},"
                                     "\"mod\\u0065l\":\"x\",\"a\":2}");

    unit_assert_str(llmgw_json_raw(llmgw_json_lookup(root, "a")), "1");
    unit_assert_str(llmgw_json_raw(llmgw_json_lookup(root, "b")),
                    "{\"c\":[1,2]}");
    unit_assert_str(llmgw_json_raw(llmgw_json_lookup(root, "model")),
                    "\"x\"");
    ck_assert_ptr_eq(llmgw_json_lookup(root, "c"), NULL);
    ck_assert_ptr_eq(llmgw_json_lookup(NULL, "a"), NULL);
    ck_assert_ptr_eq(llmgw_json_lookup(llmgw_json_lookup(root, "a"), "a"),
                     NULL);
    ck_assert_ptr_eq(llmgw_json_lookup_type(root, "a", LLMGW_JSON_STRING),
                     NULL);
    ck_assert_ptr_ne(llmgw_json_lookup_type(root, "a", LLMGW_JSON_NUMBER),
                     NULL);
    unit_assert_null(llmgw_json_raw(NULL));
    ck_assert(root->duplicate);
    ck_assert_uint_eq(root->count, 4);
}
END_TEST

START_TEST(test_each)
{
    const llmgw_json_t *root = parse("[1,[2,3],{\"a\":[4]},\"5\"]"), *v;
    int n = 0;

    for (v = llmgw_json_each(root, NULL); v; v = llmgw_json_each(root, v)) {
        n++;
    }
    ck_assert_int_eq(n, 4);
    ck_assert_uint_eq(root->count, 4);
    ck_assert_uint_eq(root->span, 10);
    ck_assert_ptr_eq(llmgw_json_each(NULL, NULL), NULL);
    ck_assert_ptr_eq(llmgw_json_each(parse("[]"), NULL), NULL);
    ck_assert_ptr_eq(llmgw_json_each(parse("{\"a\":1}"), NULL), NULL);
}
END_TEST

START_TEST(test_member)
{
    const llmgw_json_t *root = parse("{\"a\":[1,2],\"b\":{},\"\":3}");
    const llmgw_json_t *k, *v;
    char *log = apr_pstrdup(unit_pool, "");

    for (k = llmgw_json_member(root, NULL, &v); k;
         k = llmgw_json_member(root, v, &v)) {
        log = apr_psprintf(unit_pool, "%s%.*s=%.*s;", log,
                           LLMGW_STR_ARG(llmgw_json_raw(k)),
                           LLMGW_STR_ARG(llmgw_json_raw(v)));
    }
    ck_assert_str_eq(log, "\"a\"=[1,2];\"b\"={};\"\"=3;");
    ck_assert_ptr_eq(llmgw_json_member(NULL, NULL, &v), NULL);
    ck_assert_ptr_eq(llmgw_json_member(parse("[1]"), NULL, &v), NULL);
}
END_TEST

START_TEST(test_raw_survives)
{
    static const char *const values[] = {
        "1E400", "12345678901234567890", "123456789012345678901234567890",
        "-0", "1.10", "\"\\u00e9\\/\"", "[ 1 , 2 ]", "{ \"b\":1,\"a\" : 2 }"
    };
    const llmgw_json_t *root;
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        root = parse(apr_pstrcat(unit_pool, " [ ", values[i], " ] ", NULL));
        unit_assert_str(llmgw_json_raw(llmgw_json_each(root, NULL)),
                        values[i]);
    }
}
END_TEST

START_TEST(test_string)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        { "\"\"", "" }, { "\"abc\"", "abc" }, { "\"a\\nb\"", "a\nb" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac" },
        { "\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!" },
        { "\"\\ud83d\"", "\xef\xbf\xbd" },
        { "\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\"\\ud83d\\u0041\"", "\xef\xbf\xbd""A" },
        { "\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80" },
        { "\"\\uDBFF\\uDFFF\"", "\xf4\x8f\xbf\xbf" },
        { "\"\\ud83d\\n\"", "\xef\xbf\xbd\n" }
    };
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1000);
    const llmgw_json_t *v;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        v = parse(cases[i].text);
        llmgw_buf_clear(b);
        llmgw_buf_puts(b, "before");
        unit_assert_str(llmgw_json_string(v, unit_pool), cases[i].value);
        unit_assert_str(llmgw_json_string_buf(v, b), cases[i].value);
        ck_assert(llmgw_json_string_is(v, cases[i].value));
        ck_assert(!llmgw_json_string_is(v, "other"));
        ck_assert(!llmgw_json_string_is(v, apr_pstrcat(unit_pool,
                                        cases[i].value, "x", NULL)));
    }
    v = parse("\"a\\u0000b\"");
    ck_assert_uint_eq(llmgw_json_string(v, unit_pool).len, 3);
    ck_assert(!llmgw_json_string_is(v, "a"));
    unit_assert_null(llmgw_json_string(parse("1"), unit_pool));
    unit_assert_null(llmgw_json_string(NULL, unit_pool));
    ck_assert(!llmgw_json_string_is(NULL, ""));
}
END_TEST

START_TEST(test_string_buf_bound)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 4);

    unit_assert_str(llmgw_json_string_buf(parse("\"12\\n4\""), b), "12\n4");
    unit_assert_null(llmgw_json_string_buf(parse("\"\\n\""), b));
    ck_assert_int_eq(b->failed, LLMGW_ETOOBIG);
    unit_assert_null(llmgw_json_string_buf(parse("\"x\""), b));
}
END_TEST

START_TEST(test_bool)
{
    ck_assert_int_eq(llmgw_json_bool(parse("true"), 0), 1);
    ck_assert_int_eq(llmgw_json_bool(parse("false"), 1), 0);
    ck_assert_int_eq(llmgw_json_bool(parse("null"), 7), 7);
    ck_assert_int_eq(llmgw_json_bool(NULL, 7), 7);
}
END_TEST

START_TEST(test_duplicates)
{
    ck_assert(!parse("{}")->duplicate);
    ck_assert(!parse("{\"a\":1,\"b\":{\"a\":1}}")->duplicate);
    ck_assert(parse("{\"a\":1,\"b\":2,\"\\u0061\":3}")->duplicate);
    ck_assert(!parse("{\"a\":1,\"a\\u0000\":2}")->duplicate);
    ck_assert(!parse("[\"a\",\"a\"]")->duplicate);
    ck_assert(llmgw_json_each(parse("[{\"a\":1,\"a\":1}]"), NULL)->duplicate);
}
END_TEST

/* An object with n members, all names long and alike but for their end. */
static const char *make_object(int n, int repeat)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 64 << 20);
    int i;

    llmgw_buf_putc(b, '{');
    for (i = 0; i < n; i++) {
        llmgw_buf_printf(b, "%s\"some_name_%sof_a_member_%d\":%d",
                         i ? "," : "", i % 3 ? "" : "\\u0061",
                         (i * 7919) % n, i);
    }
    if (repeat >= 0) {
        llmgw_buf_printf(b, ",\"some_name_%sof_a_member_%d\":0",
                         "", repeat);
    }
    llmgw_buf_putc(b, '}');
    return b->data;
}

START_TEST(test_duplicates_many)
{
    ck_assert(!parse(make_object(11, -1))->duplicate);
    ck_assert(!parse(make_object(13, -1))->duplicate);
    ck_assert(!parse(make_object(1000, -1))->duplicate);
    ck_assert(parse(make_object(1000, 7919 % 1000))->duplicate);
    ck_assert(!parse(make_object(100000, -1))->duplicate);
    ck_assert(parse(make_object(100000, 7919))->duplicate);
}
END_TEST

START_TEST(test_reuse)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    const llmgw_json_t *root;
    char text[32];
    int i;

    for (i = 0; i < 1000; i++) {
        apr_snprintf(text, sizeof(text), "{\"i\":[%d,{}]}", i);
        unit_assert_ok(llmgw_json_parse(doc, text, strlen(text), &root,
                                        NULL));
        ck_assert_uint_eq(root->span, 5);
        unit_assert_status(llmgw_json_parse(doc, "[[[{", 4, &root, NULL),
                           LLMGW_EJSON);
    }
}
END_TEST

START_TEST(test_nodes_max)
{
    llmgw_json_limits_t limits = { 0, 0, 3 };
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, &limits);
    const llmgw_json_t *root = NULL;
    llmgw_json_error_t err;

    unit_assert_ok(llmgw_json_parse(doc, "[1,2]", 5, &root, NULL));
    root = NULL;
    unit_assert_status(llmgw_json_parse(doc, "[1,2,3]", 7, &root, &err),
                       LLMGW_ETOOBIG);
    ck_assert_str_eq(err.reason, "too many values");
    ck_assert_ptr_eq(root, NULL);
}
END_TEST

UNIT_MAIN("json", test_lookup, test_each, test_member, test_raw_survives,
          test_string, test_string_buf_bound, test_bool, test_duplicates,
          test_duplicates_many, test_reuse, test_nodes_max)
