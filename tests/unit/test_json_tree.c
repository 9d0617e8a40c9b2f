/* test_json_tree.c: json-c trees built from a text, and printed */
#include "unit.h"
#include <json-c/json.h>
#include "llmgw/error.h"
#include "llmgw/json_tree.h"

static struct json_object *parse(const char *text)
{
    struct json_object *tree = NULL;

    unit_assert_ok(llmgw_json_tree_parse(&tree, text, strlen(text), NULL,
                                         unit_pool, NULL));
    return tree;
}

static const char *print(struct json_object *tree)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1 << 20);

    unit_assert_ok(llmgw_json_tree_print(b, tree));
    return b->data;
}

START_TEST(test_numbers_survive)
{
    static const char *const texts[] = {
        "1E400", "-1e999", "12345678901234567890",
        "123456789012345678901234567890", "-0", "-0.0", "0", "1", "-17",
        "1.0", "1.10", "1e2", "1E+2", "0.1", "9223372036854775807",
        "-9223372036854775808", "9223372036854775808", "100000000000000000000"
    };
    const char *text;
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_str_eq(print(parse(texts[i])), texts[i]);
        text = apr_pstrcat(unit_pool, "{\"n\":[", texts[i], "]}", NULL);
        ck_assert_str_eq(print(parse(text)), text);
    }
}
END_TEST

START_TEST(test_types)
{
    struct json_object *tree = parse("{\"i\":5,\"d\":1.5,\"s\":\"x\\u0000y\","
                                     "\"t\":true,\"n\":null,\"a\":[1]}");
    struct json_object *v;

    ck_assert_int_eq(json_object_get_int(json_object_object_get(tree, "i")),
                     5);
    ck_assert(json_object_is_type(json_object_object_get(tree, "i"),
                                  json_type_int));
    ck_assert(json_object_is_type(json_object_object_get(tree, "d"),
                                  json_type_double));
    v = json_object_object_get(tree, "s");
    ck_assert_int_eq(json_object_get_string_len(v), 3);
    ck_assert(json_object_get_boolean(json_object_object_get(tree, "t")));
    ck_assert(json_object_object_get_ex(tree, "n", &v));
    ck_assert_ptr_eq(v, NULL);
    ck_assert_str_eq(print(tree), "{\"i\":5,\"d\":1.5,\"s\":\"x\\u0000y\","
                     "\"t\":true,\"n\":null,\"a\":[1]}");
    ck_assert_ptr_eq(parse("null"), NULL);
    ck_assert_str_eq(print(NULL), "null");
}
END_TEST

START_TEST(test_print)
{
    ck_assert_str_eq(print(parse(" { \"a/b\" : \"c\\/d\" , \"e\":[ ] } ")),
                     "{\"a/b\":\"c/d\",\"e\":[]}");
    ck_assert_str_eq(print(parse("\"\\u20ac\\ud83d\\ude00\\n\\u0001\"")),
                     "\"\xe2\x82\xac\xf0\x9f\x98\x80\\n\\u0001\"");
}
END_TEST

START_TEST(test_duplicates)
{
    ck_assert_str_eq(print(parse("{\"a\":1,\"b\":2,\"\\u0061\":3}")),
                     "{\"a\":1,\"b\":2}");
    ck_assert_str_eq(print(parse("{\"a\":null,\"a\":3}")), "{\"a\":null}");
}
END_TEST

START_TEST(test_nul_name)
{
    static const char text[] = "{\"x\":[{\"model\\u0000x\":1}]}";
    struct json_object *tree = NULL;
    llmgw_json_error_t err = { 0, NULL };

    unit_assert_status(llmgw_json_tree_parse(&tree, text, strlen(text), NULL,
                                             unit_pool, &err), LLMGW_EJSON);
    ck_assert_ptr_eq(tree, NULL);
    ck_assert_ptr_ne(err.reason, NULL);
}
END_TEST

START_TEST(test_refuse)
{
    llmgw_json_limits_t limits = { 10, 2, 0 };
    struct json_object *tree = NULL;
    llmgw_json_error_t err;

    unit_assert_status(llmgw_json_tree_parse(&tree, "[1,]", 4, NULL,
                                             unit_pool, &err), LLMGW_EJSON);
    ck_assert_uint_eq(err.offset, 3);
    unit_assert_status(llmgw_json_tree_parse(&tree, "[[[]]]", 6, &limits,
                                             unit_pool, NULL), LLMGW_ETOOBIG);
    ck_assert_ptr_eq(tree, NULL);
}
END_TEST

START_TEST(test_deep)
{
    llmgw_json_limits_t limits = { 0, 1024, 0 };
    struct json_object *tree = NULL;
    char text[2048];

    memset(text, '[', 1024);
    memset(text + 1024, ']', 1024);
    unit_assert_ok(llmgw_json_tree_parse(&tree, text, 2048, &limits,
                                         unit_pool, NULL));
    ck_assert_uint_eq(strlen(print(tree)), 2048);
}
END_TEST

START_TEST(test_print_bound)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 5);

    unit_assert_status(llmgw_json_tree_print(b, parse("[1,2,3]")),
                       LLMGW_ETOOBIG);
}
END_TEST

/* What is kept longer than the pool is kept by a reference. */
START_TEST(test_ownership)
{
    struct json_object *tree = llmgw_json_tree_object(unit_pool), *kept;
    apr_pool_t *pool;
    const llmgw_json_t *root;
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);

    apr_pool_create(&pool, unit_pool);
    unit_assert_ok(llmgw_json_parse(doc, "{\"a\":[1]}", 9, &root, NULL));
    unit_assert_ok(llmgw_json_tree_create(&kept, root, pool));
    json_object_object_add(tree, "x", json_object_get(kept));
    apr_pool_destroy(pool);
    ck_assert_str_eq(print(tree), "{\"x\":{\"a\":[1]}}");
}
END_TEST

UNIT_MAIN("json_tree", test_numbers_survive, test_types, test_print,
          test_duplicates, test_nul_name, test_refuse, test_deep,
          test_print_bound, test_ownership)
