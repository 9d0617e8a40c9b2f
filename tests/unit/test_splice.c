/* test_splice.c: changing top-level members of a text */
#include "unit.h"
#include "llmgw/error.h"
#include "llmgw/json.h"
#include "llmgw/splice.h"

static const char *splice(const char *text, const llmgw_splice_t *changes,
                          int nchanges)
{
    llmgw_str_t *pieces;
    char *out = apr_pstrdup(unit_pool, "");
    int i, npieces;

    unit_assert_ok(llmgw_splice_make(text, strlen(text), changes, nchanges,
                                     &pieces, &npieces, unit_pool));
    ck_assert_int_ge(npieces, 1);
    for (i = 0; i < npieces; i++) {
        out = apr_psprintf(unit_pool, "%s%.*s", out,
                           LLMGW_STR_ARG(pieces[i]));
    }
    unit_assert_ok(llmgw_json_scan(out, strlen(out), NULL, NULL, NULL, NULL,
                                   NULL));
    return out;
}

/* One change: name gets value, or goes when value is NULL. */
static const char *splice_one(const char *text, const char *name,
                              const char *value)
{
    llmgw_splice_t change = { name, llmgw_str_of(value) };

    return splice(text, &change, 1);
}

START_TEST(test_nothing)
{
    ck_assert_str_eq(splice(" {\"a\": 1 }\n", NULL, 0), " {\"a\": 1 }\n");
    ck_assert_str_eq(splice_one("{ }", "a", NULL), "{ }");
    ck_assert_str_eq(splice_one("{\"b\":1}", "a", NULL), "{\"b\":1}");
}
END_TEST

START_TEST(test_replace)
{
    ck_assert_str_eq(splice_one("{\"model\":\"x\",\"n\":1}", "model", "\"y\""),
                     "{\"model\":\"y\",\"n\":1}");
    ck_assert_str_eq(splice_one("{ \"n\" : 1 , \"model\" : {} } ", "model",
                                "\"y\""),
                     "{ \"n\" : 1 , \"model\" : \"y\" } ");
    ck_assert_str_eq(splice_one("{\"x\":{\"model\":1},\"model\":2}", "model",
                                "3"),
                     "{\"x\":{\"model\":1},\"model\":3}");
}
END_TEST

START_TEST(test_escaped_name)
{
    ck_assert_str_eq(splice_one("{\"mod\\u0065l\":1}", "model", "2"),
                     "{\"mod\\u0065l\":2}");
    ck_assert_str_eq(splice_one("{\"\\u006dodel\":1,\"model\":3}", "model",
                                "2"),
                     "{\"\\u006dodel\":2}");
    ck_assert_str_eq(splice_one("{\"a\\u0000\":1}", "a", NULL),
                     "{\"a\\u0000\":1}");
}
END_TEST

START_TEST(test_duplicates)
{
    ck_assert_str_eq(splice_one("{\"m\":1,\"a\":2,\"m\":3,\"m\":4}", "m", "9"),
                     "{\"m\":9,\"a\":2}");
    ck_assert_str_eq(splice_one("{\"m\":1, \"m\":2 , \"a\":3, \"m\":4 }", "m",
                                "9"),
                     "{\"m\":9 , \"a\":3 }");
}
END_TEST

START_TEST(test_remove)
{
    ck_assert_str_eq(splice_one("{\"a\":1,\"b\":2,\"c\":3}", "a", NULL),
                     "{\"b\":2,\"c\":3}");
    ck_assert_str_eq(splice_one("{\"a\":1,\"b\":2,\"c\":3}", "b", NULL),
                     "{\"a\":1,\"c\":3}");
    ck_assert_str_eq(splice_one("{\"a\":1,\"b\":2,\"c\":3}", "c", NULL),
                     "{\"a\":1,\"b\":2}");
    ck_assert_str_eq(splice_one("{ \"a\" : 1 }", "a", NULL), "{  }");
    ck_assert_str_eq(splice_one("{ \"a\":1, \"a\":2 }", "a", NULL), "{  }");
    ck_assert_str_eq(splice_one("{ \"a\":1, \"a\":2, \"b\":3, \"a\":4 }", "a",
                                NULL), "{ \"b\":3 }");
}
END_TEST

START_TEST(test_add)
{
    ck_assert_str_eq(splice_one("{}", "a", "1"), "{\"a\":1}");
    ck_assert_str_eq(splice_one(" { } ", "a", "1"), " {\"a\":1 } ");
    ck_assert_str_eq(splice_one("{\"b\":2 }", "a", "1"),
                     "{\"b\":2,\"a\":1 }");
    ck_assert_str_eq(splice_one("{}", "q\"\n", "1"), "{\"q\\\"\\n\":1}");
}
END_TEST

START_TEST(test_all_at_once)
{
    llmgw_splice_t changes[] = {
        { "model", LLMGW_STR_LIT("\"m\"") },
        { "provider", LLMGW_STR_NULL },
        { "stream_options", LLMGW_STR_LIT("{\"include_usage\":true}") },
        { "last", LLMGW_STR_LIT("[]") }
    };

    ck_assert_str_eq(splice("{\"provider\":1,\"model\":2,\"provider\":3}",
                            changes, 4),
                     "{\"model\":\"m\",\"stream_options\":"
                     "{\"include_usage\":true},\"last\":[]}");
    ck_assert_str_eq(splice("{\"provider\":\"p\"}", changes, 4),
                     "{\"model\":\"m\",\"stream_options\":"
                     "{\"include_usage\":true},\"last\":[]}");
    ck_assert_str_eq(splice("{\"last\":0, \"model\":0,\"stream_options\":0}",
                            changes, 4),
                     "{\"last\":[], \"model\":\"m\",\"stream_options\":"
                     "{\"include_usage\":true}}");
}
END_TEST

START_TEST(test_refuse)
{
    static const char *const texts[] = { "", "[]", "1", "{", "{}x", "null" };
    llmgw_str_t *pieces = NULL;
    size_t i;
    int n;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        unit_assert_status(llmgw_splice_make(texts[i], strlen(texts[i]), NULL,
                                             0, &pieces, &n, unit_pool),
                           LLMGW_EJSON);
        ck_assert_ptr_eq(pieces, NULL);
    }
}
END_TEST

/* Pieces point into the text and the changes: nothing of them is copied. */
START_TEST(test_pieces_point)
{
    const char *text = "{\"a\":1,\"m\":2}";
    llmgw_splice_t change = { "m", LLMGW_STR_LIT("77") };
    llmgw_str_t *pieces;
    int n;

    unit_assert_ok(llmgw_splice_make(text, strlen(text), &change, 1, &pieces,
                                     &n, unit_pool));
    ck_assert_int_eq(n, 3);
    ck_assert_ptr_eq(pieces[0].p, text);
    ck_assert_ptr_eq(pieces[1].p, change.value.p);
    ck_assert_ptr_eq(pieces[2].p, text + strlen(text) - 1);
}
END_TEST

START_TEST(test_join)
{
    const llmgw_str_t pieces[] = { LLMGW_STR_LIT("ab"), LLMGW_STR_LIT(""),
                                   LLMGW_STR_LIT("c") };

    unit_assert_str(llmgw_splice_join(pieces, 3, unit_pool), "abc");
    ck_assert_ptr_eq(llmgw_splice_join(pieces, 1, unit_pool).p, pieces[0].p);
    ck_assert_uint_eq(llmgw_splice_join(pieces, 0, unit_pool).len, 0);
}
END_TEST

UNIT_MAIN("splice", test_nothing, test_replace, test_escaped_name,
          test_duplicates, test_remove, test_add, test_all_at_once,
          test_refuse, test_pieces_point, test_join)
