/* fuzz_rawpath.c: no path leads elsewhere, no query keeps a credential */
#include "fuzz.h"
#include "llmgw/error.h"
#include "llmgw/rawpath.h"

/* What a provider sees of a path that was taken. */
static void check_path(const llmgw_rawpath_t *raw, apr_pool_t *p)
{
    const char *sent = apr_pstrcat(p, "/", llmgw_rawpath_escape(raw->rest, p),
                                   "/", NULL);
    const char *at;

    FUZZ_CHECK(raw->rest.len > 0 && raw->version.len >= 2);
    FUZZ_CHECK(!strstr(sent, "//") && !strstr(sent, "/../")
               && !strstr(sent, "/./"));
    for (at = sent; *at; at++) {
        FUZZ_CHECK(*at > ' ' && *at < 0x7f && !strchr("\\;?#\"<>", *at));
        if (*at == '%') {       /* a space or a byte above ASCII */
            FUZZ_CHECK(!strncmp(at, "%20", 3) || strchr("89ABCDEF", at[1]));
        }
    }
    llmgw_rawpath_kind(raw->rest);
}

static void check_query(const char *args, apr_pool_t *p)
{
    const char *out = llmgw_rawpath_query(args, NULL, p), *at;

    FUZZ_CHECK(strlen(out) <= 3 * strlen(args));
    for (at = out; *at; at++) {
        FUZZ_CHECK(*at > ' ' && *at < 0x7f && *at != '#');
        if (at == out || at[-1] == '&' || at[-1] == ';') {
            FUZZ_CHECK(strncasecmp(at, "key=", 4)
                       && strncasecmp(at, "access_token=", 13)
                       && strncasecmp(at, "%6bey=", 6));
        }
    }
    FUZZ_CHECK(!strcmp(out, llmgw_rawpath_query(out, NULL, p)));
    FUZZ_CHECK(!*llmgw_rawpath_query(out, out, p)
               || strspn(out, "&;") == strlen(out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    const char *text = apr_pstrmemdup(p, (const char *)data, size);
    const char *why = NULL;
    llmgw_rawpath_t raw;
    apr_status_t rv;

    rv = llmgw_rawpath_parse(&raw, text, &why);
    if (rv == APR_SUCCESS) {
        check_path(&raw, p);
    }
    else {
        FUZZ_CHECK(rv == LLMGW_EPATH || (rv == LLMGW_EINVAL && why));
    }
    check_query(text, p);
    apr_pool_destroy(p);
    return 0;
}
