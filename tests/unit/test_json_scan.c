/* test_json_scan.c: the grammar, and scanning a whole text */
#include "unit.h"
#include "llmgw/error.h"
#include "llmgw/json.h"

/* Both forms must say the same of a text. */
static apr_status_t check_text(llmgw_str_t text)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    llmgw_json_error_t scan_err = { 0, NULL }, parse_err = { 0, NULL };
    llmgw_json_type_e type;
    const llmgw_json_t *root;
    llmgw_str_t copy = unit_piece(text.p, text.len);
    apr_status_t scanned, parsed;

    scanned = llmgw_json_scan(copy.p, copy.len, NULL, NULL, NULL, &type,
                              &scan_err);
    parsed = llmgw_json_parse(doc, copy.p, copy.len, &root, &parse_err);
    ck_assert_int_eq(scanned, parsed);
    ck_assert_uint_eq(scan_err.offset, parse_err.offset);
    ck_assert_ptr_eq(scan_err.reason, parse_err.reason);
    if (scanned == APR_SUCCESS) {
        ck_assert_int_eq(type, root->type);
    }
    else {
        ck_assert_ptr_ne(scan_err.reason, NULL);
        ck_assert_uint_le(scan_err.offset, text.len);
    }
    free((void *)copy.p);
    return scanned;
}

/* y_ must be accepted, n_ refused, i_ may be either. */
static void check_folder(const char *dir)
{
    apr_array_header_t *names = unit_list(dir);
    apr_status_t rv;
    const char *name;
    int i;

    ck_assert_int_gt(names->nelts, 0);
    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, const char *);
        rv = check_text(unit_read(apr_pstrcat(unit_pool, dir, "/", name,
                                              NULL)));
        ck_assert_msg(name[0] != 'y' || rv == APR_SUCCESS, "%s refused",
                      name);
        ck_assert_msg(name[0] != 'n' || rv == LLMGW_EJSON
                      || rv == LLMGW_ETOOBIG, "%s accepted", name);
    }
    printf("%d JSON texts of %s\n", names->nelts, dir);
}

START_TEST(test_own_cases)
{
    check_folder(unit_data("json"));
}
END_TEST

START_TEST(test_suite)
{
    const char *dir = unit_shared("data/json-suite/test_parsing");

    if (dir) {
        check_folder(dir);
    }
}
END_TEST

START_TEST(test_accept)
{
    static const char *const texts[] = {
        "null", " true\n", "\tfalse\r\n", "0", "-0", "-0.0e-0", "1E400",
        "12345678901234567890", "123456789012345678901234567890", "\"\"",
        "[]", "{}", "[ ]", "{ }", "[1,2]", "{\"\":0}", "[[[]],{}]",
        "\"\\u0000\\ud800\\uDC00\\/\\\\\\\"\\b\\f\\n\\r\\t\"",
        "\"\xf0\x9f\x98\x80 \xe2\x82\xac \x7f\"", "{\"a\":1,\"a\":2}"
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(check_text(llmgw_str_of(texts[i])) == APR_SUCCESS,
                      "refused: %s", texts[i]);
    }
}
END_TEST

START_TEST(test_refuse)
{
    static const struct {
        const char *text;
        unsigned int offset;
    } cases[] = {
        { "", 0 }, { "  ", 2 }, { "nul", 3 }, { "nulL", 3 }, { "True", 0 },
        { "01", 1 }, { "-", 1 }, { "-a", 1 }, { "1.", 2 }, { ".5", 0 },
        { "+1", 0 }, { "1e", 2 }, { "1e+", 3 }, { "0x1", 1 }, { "1 2", 2 },
        { "\"", 1 }, { "\"abc", 4 }, { "\"a\nb\"", 2 }, { "'a'", 0 },
        { "\"\\x\"", 2 }, { "\"\\u12G4\"", 5 }, { "\"\\u123", 6 },
        { "\"\\", 2 }, { "\"\xc0\x80\"", 1 }, { "\"ab\xed\xa0\x80\"", 3 },
        { "[", 1 }, { "[1", 2 }, { "[1,", 3 }, { "[1,]", 3 }, { "[,1]", 1 },
        { "[1 2]", 3 }, { "[1}", 2 }, { "]", 0 }, { "{", 1 }, { "{1:2}", 1 },
        { "{\"a\"}", 4 }, { "{\"a\":}", 5 }, { "{\"a\":1,}", 7 },
        { "{\"a\" 1}", 5 }, { "{\"a\":1]", 6 }, { "{,}", 1 },
        { "{\"a\":1}}", 7 }, { "\xef\xbb\xbf{}", 0 }, { "[1]//", 3 },
        { "NaN", 0 }, { "[Infinity]", 1 }, { "{a:1}", 1 }, { "\xe9", 0 }
    };
    llmgw_json_error_t err;
    apr_status_t rv;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rv = check_text(llmgw_str_of(cases[i].text));
        ck_assert_msg(rv == LLMGW_EJSON, "accepted: %s", cases[i].text);
        llmgw_json_scan(cases[i].text, strlen(cases[i].text), NULL, NULL,
                        NULL, NULL, &err);
        ck_assert_msg(err.offset == cases[i].offset, "%s: %s at %d, not %d",
                      cases[i].text, err.reason, (int)err.offset,
                      (int)cases[i].offset);
    }
    unit_assert_status(check_text(LLMGW_STR_LIT("[1]\0")), LLMGW_EJSON);
    unit_assert_status(check_text(LLMGW_STR_LIT("\"a\0b\"")), LLMGW_EJSON);
}
END_TEST

/* Each special byte at each place of a word, against the byte loop's view. */
START_TEST(test_string_bytes)
{
    char text[26];
    unsigned int c, at;
    apr_status_t expected;

    for (c = 0; c < 256; c++) {
        for (at = 1; at < 25; at++) {
            memset(text, 'a', sizeof(text));
            text[0] = text[25] = '"';
            text[at] = (char)c;
            expected = c < 0x20 || c >= 0x80 || c == '"' || c == '\\'
                     ? LLMGW_EJSON : APR_SUCCESS;
            ck_assert_msg(check_text(llmgw_str_make(text, 26)) == expected,
                          "byte %u at %u", c, at);
        }
    }
}
END_TEST

/* A text of n opening brackets and as many closing ones. */
static llmgw_str_t nest(int n, const char *open, const char *close)
{
    apr_size_t open_len = strlen(open);
    char *text = apr_palloc(unit_pool, (apr_size_t)n * (open_len + 1));
    int i;

    for (i = 0; i < n; i++) {
        memcpy(text + (apr_size_t)i * open_len, open, open_len);
    }
    memset(text + (apr_size_t)n * open_len, *close, (apr_size_t)n);
    return llmgw_str_make(text, (apr_size_t)n * (open_len + 1));
}

START_TEST(test_depth)
{
    llmgw_json_limits_t limits = { 0, 5000, 0 };
    llmgw_json_error_t err;
    llmgw_str_t text;

    unit_assert_ok(check_text(nest(127, "[", "]")));
    unit_assert_status(check_text(nest(129, "[", "]")), LLMGW_ETOOBIG);
    unit_assert_status(check_text(nest(10000, "[", "]")), LLMGW_ETOOBIG);
    unit_assert_status(check_text(nest(100000, "[", "]")), LLMGW_ETOOBIG);
    text = nest(1024, "[", "]");
    unit_assert_ok(llmgw_json_scan(text.p, text.len, &limits, NULL, NULL,
                                   NULL, NULL));
    text = nest(1025, "[", "]");
    unit_assert_status(llmgw_json_scan(text.p, text.len, &limits, NULL, NULL,
                                       NULL, &err), LLMGW_ETOOBIG);
    ck_assert_str_eq(err.reason, "nested too deeply");
    ck_assert_uint_eq(err.offset, 1024);
    limits.depth_max = 2;
    unit_assert_ok(llmgw_json_scan("[{}]", 4, &limits, NULL, NULL, NULL,
                                   NULL));
    unit_assert_status(llmgw_json_scan("[[{}]]", 6, &limits, NULL, NULL,
                                       NULL, NULL), LLMGW_ETOOBIG);
}
END_TEST

START_TEST(test_bytes_max)
{
    llmgw_json_limits_t limits = { 4, 0, 0 };

    unit_assert_ok(llmgw_json_scan("[11]", 4, &limits, NULL, NULL, NULL,
                                   NULL));
    unit_assert_status(llmgw_json_scan("[111]", 5, &limits, NULL, NULL, NULL,
                                       NULL), LLMGW_ETOOBIG);
}
END_TEST

/* ---- members ------------------------------------------------------------ */

static apr_status_t note_member(void *ctx, const llmgw_json_member_t *m)
{
    char **log = ctx;

    *log = apr_psprintf(unit_pool, "%s%.*s%s=%.*s%s:%d;", *log,
                        LLMGW_STR_ARG(m->name), m->escaped ? "!" : "",
                        LLMGW_STR_ARG(m->value), m->value_escaped ? "!" : "",
                        m->type);
    return m->name.p && llmgw_json_member_is(m, "stop") ? LLMGW_EMODEL : APR_SUCCESS;
}

static apr_status_t scan_members(const char *text, const char **log)
{
    llmgw_json_type_e type;
    char *got = apr_pstrdup(unit_pool, "");
    apr_status_t rv = llmgw_json_scan(text, strlen(text), NULL, note_member,
                                      &got, &type, NULL);

    *log = got;
    return rv;
}

START_TEST(test_members)
{
    const char *log;

    unit_assert_ok(scan_members("{\"a\" : 1 ,\n\"b\":[1,{\"x\":2}] }", &log));
    ck_assert_str_eq(log, "a=1:3;b=[1,{\"x\":2}]:5;");
    unit_assert_ok(scan_members("{\"\":{\"a\":{}},\"s\":\"t\\n\"}", &log));
    ck_assert_str_eq(log, "={\"a\":{}}:6;s=\"t\\n\"!:4;");
    unit_assert_ok(scan_members("{\"mod\\u0065l\":null,\"t\":true,\"f\":false}",
                                &log));
    ck_assert_str_eq(log, "mod\\u0065l!=null:0;t=true:2;f=false:1;");
    unit_assert_ok(scan_members("[{\"a\":1}]", &log));
    ck_assert_str_eq(log, "");
    unit_assert_ok(scan_members("{}", &log));
    ck_assert_str_eq(log, "");
    unit_assert_status(scan_members("{\"stop\":1,\"b\":2}", &log),
                       LLMGW_EMODEL);
    ck_assert_str_eq(log, "stop=1:3;");
}
END_TEST

START_TEST(test_elements)
{
    const char *text = " [ 1, \"a\\n\" ,[2,[3]],{\"x\":[]} ] ";
    llmgw_json_type_e type;
    char *got = apr_pstrdup(unit_pool, "");

    unit_assert_ok(llmgw_json_scan_array(text, strlen(text), NULL,
                                         note_member, &got, &type, NULL));
    ck_assert_int_eq(type, LLMGW_JSON_ARRAY);
    ck_assert_str_eq(got, "=1:3;=\"a\\n\"!:4;=[2,[3]]:5;={\"x\":[]}:6;");
    got = apr_pstrdup(unit_pool, "");
    unit_assert_ok(llmgw_json_scan_array("{\"a\":[1]}", 9, NULL, note_member,
                                         &got, &type, NULL));
    ck_assert_int_eq(type, LLMGW_JSON_OBJECT);
    ck_assert_str_eq(got, "");
    unit_assert_status(llmgw_json_scan_array("[1,]", 4, NULL, note_member,
                                             &got, &type, NULL), LLMGW_EJSON);
}
END_TEST

START_TEST(test_member_is)
{
    llmgw_json_member_t m = { .name = LLMGW_STR_LIT("\"mod\\u0065l\"") };

    m.name.p++;
    m.name.len -= 2;
    m.escaped = 1;
    ck_assert(llmgw_json_member_is(&m, "model"));
    ck_assert(!llmgw_json_member_is(&m, "mode"));
    ck_assert(!llmgw_json_member_is(&m, "models"));
    ck_assert(!llmgw_json_member_is(&m, "mod\\u0065l"));
}
END_TEST

UNIT_MAIN("json_scan", test_own_cases, test_suite, test_accept, test_refuse,
          test_string_bytes, test_depth, test_bytes_max, test_members,
          test_elements, test_member_is)
