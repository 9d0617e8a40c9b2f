/* test_rawpath.c: paths and queries that pass as they are */
#include "llmgw/error.h"
#include "llmgw/rawpath.h"
#include "unit.h"

static apr_status_t parse(llmgw_rawpath_t *out, const char *path)
{
    const char *why = NULL;
    apr_status_t rv = llmgw_rawpath_parse(out, path, &why);

    ck_assert_msg((rv == LLMGW_EINVAL) == (why != NULL), "%s", path);
    return rv;
}

START_TEST(what_lies_below_the_version)
{
    static const struct {
        const char *path, *version, *rest;
    } cases[] = {
        { "/v1/files", "v1", "files" },
        { "/v1/files/", "v1", "files" },
        { "/openai/v1/files/f-1/content", "v1", "files/f-1/content" },
        { "/v1beta/files/a:download", "v1beta", "files/a:download" },
        { "/v1alpha/x", "v1alpha", "x" },
        { "/v12alpha3/x", "v12alpha3", "x" },
        { "/v1/v1/x", "v1", "v1/x" },
        { "/voice/vx/v2/x", "v2", "x" },
        { "v1/x", "v1", "x" },
        { "/v1/a.b/..c/d..", "v1", "a.b/..c/d.." },
        { "/v1/caf\xc3\xa9 au lait", "v1", "caf\xc3\xa9 au lait" },
    };
    llmgw_rawpath_t raw;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unit_assert_ok(parse(&raw, cases[i].path));
        unit_assert_str(raw.version, cases[i].version);
        unit_assert_str(raw.rest, cases[i].rest);
        ck_assert_int_eq(raw.is_upload, 0);
    }
    unit_assert_ok(parse(&raw, "/upload/v1beta/files"));
    ck_assert_int_eq(raw.is_upload, 1);
    unit_assert_ok(parse(&raw, "/upload/x/v1beta/files"));
    ck_assert_int_eq(raw.is_upload, 0);
}
END_TEST

START_TEST(no_version_or_nothing_below)
{
    static const char *const paths[] = {
        "", "/", "/v1", "/v1/", "/files", "/v/files", "/V1/files",
        "/v1gamma/x", "/v1beta-2/x", "/1/x", "/vbeta/x", "/av1/x"
    };
    llmgw_rawpath_t raw;
    size_t i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        unit_assert_status(parse(&raw, paths[i]), LLMGW_EPATH);
    }
}
END_TEST

START_TEST(nothing_leads_elsewhere)
{
    static const char *const paths[] = {
        "/v1/..", "/v1/.", "/v1/...", "/v1/files/../x", "/v1/files/./x",
        "/v1/files/..", "/v1//files", "/v1/files//x", "/v1/files//", "/v1//",
        "/v1/files%2f..%2fx", "/v1/%2e%2e/x", "/v1/a%", "/v1/a\\..\\x",
        "/v1/..;/x", "/v1/a;b/x", "/v1/a?b", "/v1/a#b", "/v1/a\001b",
        "/v1/a\nb", "/v1/a\rb", "/v1/a\tb", "/v1/a\x7f", "/v1/\xc0\xae\xc0\xae",
        "/v1/\xff", "/v1/a\"b", "/v1/<a>", "/v1/a|b", "/v1/{a}", "/v1/[a]",
        "/v1/a^b", "/v1/a`b"
    };
    llmgw_rawpath_t raw;
    size_t i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ck_assert_msg(parse(&raw, paths[i]) == LLMGW_EINVAL, "%s", paths[i]);
    }
}
END_TEST

START_TEST(kinds)
{
    static const struct {
        const char *rest;
        llmgw_rawpath_e kind;
    } cases[] = {
        { "completions", LLMGW_RAWPATH_MODEL },
        { "moderations", LLMGW_RAWPATH_MODEL },
        { "rerank", LLMGW_RAWPATH_MODEL },
        { "images/edits", LLMGW_RAWPATH_MODEL },
        { "audio/speech", LLMGW_RAWPATH_MODEL },
        { "models/imagen:predict", LLMGW_RAWPATH_MODEL },
        { "files", LLMGW_RAWPATH_UPLOAD },
        { "files/f/content", LLMGW_RAWPATH_UPLOAD },
        { "uploads/u/parts", LLMGW_RAWPATH_UPLOAD },
        { "messages/batches", LLMGW_RAWPATH_UPLOAD },
        { "batches", LLMGW_RAWPATH_OTHER },
        { "images", LLMGW_RAWPATH_OTHER },
        { "filesx", LLMGW_RAWPATH_OTHER },
        { "a/completions", LLMGW_RAWPATH_OTHER },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(llmgw_rawpath_kind(llmgw_str_of(cases[i].rest))
                      == cases[i].kind, "%s", cases[i].rest);
    }
}
END_TEST

START_TEST(escaping)
{
    ck_assert_str_eq(llmgw_rawpath_escape(LLMGW_STR_LIT("a/b:c@d=e+f"),
                                          unit_pool), "a/b:c@d=e+f");
    ck_assert_str_eq(llmgw_rawpath_escape(LLMGW_STR_LIT("a b/\xc3\xa9"),
                                          unit_pool), "a%20b/%C3%A9");
    ck_assert_str_eq(llmgw_rawpath_escape(LLMGW_STR_LIT(""), unit_pool), "");
}
END_TEST

START_TEST(queries)
{
    static const struct {
        const char *args, *own, *out;
    } cases[] = {
        { NULL, NULL, "" },
        { "", NULL, "" },
        { "limit=2&after=a%20b", NULL, "limit=2&after=a%20b" },
        { "a&&b=&c", NULL, "a&&b=&c" },
        { "&a&", NULL, "&a&" },
        { "key=x&a&key=y", NULL, "a" },
        { "a=%zz&b=100%", NULL, "a=%zz&b=100%" },
        { "key=s3cr3t", NULL, "" },
        { "key", NULL, "" },
        { "a=1&key=s3cr3t&b=2", NULL, "a=1&b=2" },
        { "a=1&key=x&key=y", NULL, "a=1" },
        { "KEY=x&%6bey=x&k%45y=x&a", NULL, "a" },
        { "a=1;key=x;b", NULL, "a=1;b" },
        { "access_token=x&api_key=y&api-key=z&pageToken=p", NULL,
          "pageToken=p" },
        { "monkey=1&keys=2&a=key", NULL, "monkey=1&keys=2&a=key" },
        { "a=caf\xc3\xa9&b=x#y", NULL, "a=caf%C3%A9&b=x%23y" },
        { "api-version=1&a=2", "api-version=2024-10-21", "a=2" },
        { "Api%2Dversion=1&a=2", "alt=sse&api-version=2024-10-21", "a=2" },
        { "api-versions=1", "api-version=2", "api-versions=1" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(llmgw_rawpath_query(cases[i].args, cases[i].own,
                                             unit_pool), cases[i].out);
    }
}
END_TEST

UNIT_MAIN("rawpath", what_lies_below_the_version, no_version_or_nothing_below,
          nothing_leads_elsewhere, kinds, escaping, queries)
