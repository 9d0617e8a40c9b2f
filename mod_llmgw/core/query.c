/* query.c: parameters in the query of a URL */
#include <string.h>
#include "llmgw/query.h"

static int get_hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A percent sign without two digits after it stands for itself. */
static llmgw_str_t decode(llmgw_str_t raw, apr_pool_t *p)
{
    char *out = apr_palloc(p, raw.len + 1), *to = out;
    apr_size_t i;

    for (i = 0; i < raw.len; i++) {
        int high = -1, low = -1;

        if (raw.p[i] == '%' && i + 2 < raw.len) {
            high = get_hex(raw.p[i + 1]);
            low = get_hex(raw.p[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            *to++ = (char)(high << 4 | low);
            i += 2;
        }
        else {
            *to++ = raw.p[i] == '+' ? ' ' : raw.p[i];
        }
    }
    *to = '\0';
    return llmgw_str_make(out, (apr_size_t)(to - out));
}

llmgw_str_t llmgw_query_lookup(const char *query, const char *name,
                               apr_pool_t *p)
{
    const char *at = query ? query : "";
    apr_size_t len, n;

    while (*at) {
        len = strcspn(at, "&");
        n = strcspn(at, "=&");
        if (llmgw_str_is(decode(llmgw_str_make(at, n), p), name)) {
            at += n < len ? n + 1 : n;
            return decode(llmgw_str_make(at, strcspn(at, "&")), p);
        }
        at += at[len] ? len + 1 : len;
    }
    return LLMGW_STR_NULL;
}
