/* str.c: copies, patterns and UTF-8 of strings with a length */
#include <apr_strings.h>
#include "llmgw/str.h"
#include "utf8.h"

char *llmgw_str_dupz(apr_pool_t *p, llmgw_str_t s)
{
    return s.p ? apr_pstrmemdup(p, s.p, s.len) : NULL;
}

llmgw_str_t llmgw_str_dup(apr_pool_t *p, llmgw_str_t s)
{
    return llmgw_str_make(llmgw_str_dupz(p, s), s.len);
}

llmgw_str_t llmgw_str_trim(llmgw_str_t s)
{
    while (s.len && (*s.p == ' ' || *s.p == '\t')) {
        s.p++;
        s.len--;
    }
    while (s.len && (s.p[s.len - 1] == ' ' || s.p[s.len - 1] == '\t')) {
        s.len--;
    }
    return s;
}

static unsigned char fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

int llmgw_str_is_nocase(llmgw_str_t s, const char *z)
{
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        if (!z[i] || fold(s.p[i]) != fold(z[i])) {
            return 0;
        }
    }
    return z[i] == '\0';
}

int llmgw_str_glob(const char *pattern, llmgw_str_t name)
{
    const char *star = NULL;      /* just after the last * met */
    apr_size_t resume = 0;        /* where that * would stop matching next */
    apr_size_t i = 0;

    /* Only the last * has to be tried again: whatever an earlier one might
     * take instead, the last one can take as well. */
    while (i < name.len) {
        if (*pattern == '*') {
            star = ++pattern;
            resume = i;
        }
        else if (*pattern && (*pattern == '?' || *pattern == name.p[i])) {
            pattern++;
            i++;
        }
        else if (star) {
            pattern = star;
            i = ++resume;
        }
        else {
            return 0;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

apr_size_t llmgw_str_glob_prefix(const char *pattern)
{
    return strcspn(pattern, "*?");
}

apr_size_t llmgw_str_utf8_check(const char *p, apr_size_t len)
{
    const char *at = p, *end = p + len;
    apr_uint64_t word;
    unsigned int n;

    while (at < end) {
        if (end - at >= 8) {
            memcpy(&word, at, 8);
            if (!(word & APR_UINT64_C(0x8080808080808080))) {
                at += 8;
                continue;
            }
        }
        n = utf8_sequence(at, end);
        if (!n) {
            break;
        }
        at += n;
    }
    return (apr_size_t)(at - p);
}
