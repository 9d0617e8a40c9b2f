/* test_changes.c: reading set.MEMBER=VALUE and drop= */
#include "unit.h"
#include "llmgw/changes.h"

static apr_array_header_t *changes;

static const char *set(const char *member, const char *value)
{
    return llmgw_changes_set(changes, member, value, unit_pool);
}

static const char *drop(const char *members)
{
    return llmgw_changes_drop(changes, members, unit_pool);
}

static void begin(void)
{
    changes = apr_array_make(unit_pool, 1, sizeof(llmgw_splice_t));
}

/* The text as it reads after the changes. */
static const char *apply(const char *text)
{
    llmgw_str_t *pieces;
    const char *out = "";
    int i, n;

    unit_assert_ok(llmgw_splice_make(text, strlen(text),
                                     (llmgw_splice_t *)changes->elts,
                                     changes->nelts, &pieces, &n, unit_pool));
    for (i = 0; i < n; i++) {
        out = apr_psprintf(unit_pool, "%s%.*s", out, LLMGW_STR_ARG(pieces[i]));
    }
    return out;
}

START_TEST(json_is_kept_as_it_is)
{
    static const char *const values[] = {
        "0", "-1.50e3", "true", "null", "\"low\"", "[\"x\", 1]",
        "{\"effort\": \"low\"}", " 7 ", "\"\""
    };
    unsigned int i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        begin();
        ck_assert_ptr_eq(set("m", values[i]), NULL);
        unit_assert_str(llmgw_changes_lookup(changes, "m")->value, values[i]);
    }
}
END_TEST

START_TEST(anything_else_is_a_string)
{
    static const struct {
        const char *value, *json;
    } values[] = {
        { "low", "\"low\"" }, { "1.2.3", "\"1.2.3\"" }, { "True", "\"True\"" },
        { "a \"b\" \\", "\"a \\\"b\\\" \\\\\"" },
        { "caf\xc3\xa9", "\"caf\xc3\xa9\"" }, { "-", "\"-\"" }
    };
    unsigned int i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        begin();
        ck_assert_ptr_eq(set("m", values[i].value), NULL);
        unit_assert_str(llmgw_changes_lookup(changes, "m")->value,
                        values[i].json);
    }
}
END_TEST

START_TEST(mistakes_are_told)
{
    begin();
    ck_assert_ptr_ne(strstr(set("m", ""), "no value"), NULL);
    ck_assert_ptr_ne(strstr(set("m", "[x]"), "[x] is not JSON"), NULL);
    ck_assert_ptr_ne(strstr(set("m", "{\"a\":1"), "is not JSON"), NULL);
    ck_assert_ptr_ne(strstr(set("m", "\"a"), "is not JSON"), NULL);
    ck_assert_ptr_ne(strstr(set("m", "caf\xe9"), "UTF-8"), NULL);
    ck_assert_ptr_ne(strstr(set("", "1"), "empty"), NULL);
    ck_assert_ptr_ne(strstr(drop(""), "empty"), NULL);
    ck_assert_int_eq(changes->nelts, 0);
    ck_assert_ptr_ne(strstr(drop("a,"), "empty"), NULL);
    ck_assert_ptr_ne(strstr(drop(",b"), "empty"), NULL);
    ck_assert_ptr_ne(strstr(drop("b, ,c"), "empty"), NULL);
}
END_TEST

START_TEST(a_member_is_changed_once)
{
    begin();
    ck_assert_ptr_eq(set("a", "1"), NULL);
    ck_assert_ptr_eq(drop("b,c"), NULL);
    ck_assert_ptr_ne(strstr(set("a", "2"), "\"a\""), NULL);
    ck_assert_ptr_ne(strstr(set("c", "2"), "\"c\""), NULL);
    ck_assert_ptr_ne(strstr(drop("d,a"), "\"a\""), NULL);
    ck_assert_ptr_ne(strstr(drop("e,e"), "\"e\""), NULL);
}
END_TEST

START_TEST(lookup_finds_by_name)
{
    begin();
    ck_assert_ptr_eq(llmgw_changes_lookup(changes, "a"), NULL);
    ck_assert_ptr_eq(set("a", "1"), NULL);
    ck_assert_ptr_eq(drop("b"), NULL);
    unit_assert_str(llmgw_changes_lookup(changes, "a")->value, "1");
    unit_assert_null(llmgw_changes_lookup(changes, "b")->value);
    ck_assert_ptr_eq(llmgw_changes_lookup(changes, "ab"), NULL);
    ck_assert_ptr_eq(llmgw_changes_lookup(changes, ""), NULL);
}
END_TEST

START_TEST(the_changes_fit_a_body)
{
    begin();
    ck_assert_ptr_eq(set("temperature", "0"), NULL);
    ck_assert_ptr_eq(set("stop", "[\"x\"]"), NULL);
    ck_assert_ptr_eq(set("effort", "low"), NULL);
    ck_assert_ptr_eq(drop("seed, logprobs"), NULL);
    ck_assert_str_eq(apply("{\"seed\":7,\"temperature\" : 0.70,\"a\":1}"),
                     "{\"temperature\" : 0,\"a\":1,\"stop\":[\"x\"],"
                     "\"effort\":\"low\"}");
    ck_assert_str_eq(apply("{\"logprobs\":true}"),
                     "{\"temperature\":0,\"stop\":[\"x\"],"
                     "\"effort\":\"low\"}");
}
END_TEST

UNIT_MAIN("changes", json_is_kept_as_it_is, anything_else_is_a_string,
          mistakes_are_told, a_member_is_changed_once, lookup_finds_by_name,
          the_changes_fit_a_body)
