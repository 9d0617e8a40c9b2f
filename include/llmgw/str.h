/* str.h: strings as pointer and length */
#ifndef LLMGW_STR_H
#define LLMGW_STR_H

#include <string.h>
#include <apr.h>
#include <apr_pools.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A run of bytes, not necessarily ended by NUL. A string that was never given
 * has p == NULL; an empty one has p != NULL and len == 0. The bytes belong to
 * whoever made them; each function that returns one says until when it lives.
 */
typedef struct llmgw_str_t {
    const char *p;
    apr_size_t len;
} llmgw_str_t;

/** A constant from a string literal. */
#define LLMGW_STR_LIT(s) ((llmgw_str_t){ (s), sizeof(s) - 1 })

/** The string that was never given. */
#define LLMGW_STR_NULL ((llmgw_str_t){ NULL, 0 })

/** For printf: printf("%.*s", LLMGW_STR_ARG(s)); shows at most INT_MAX bytes. */
#define LLMGW_STR_ARG(s) (int)(s).len, ((s).p ? (s).p : "")

static inline llmgw_str_t llmgw_str_make(const char *p, apr_size_t len)
{
    llmgw_str_t s = { p, len };
    return s;
}

/** The bytes of a C string, without its NUL; NULL gives LLMGW_STR_NULL. */
static inline llmgw_str_t llmgw_str_of(const char *z)
{
    return llmgw_str_make(z, z ? strlen(z) : 0);
}

/** Non-zero when both hold the same bytes (never given equals empty). */
static inline int llmgw_str_eq(llmgw_str_t a, llmgw_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/** Non-zero when s holds just the bytes of the C string z. */
static inline int llmgw_str_is(llmgw_str_t s, const char *z)
{
    return llmgw_str_eq(s, llmgw_str_of(z));
}

/** A copy ended by NUL, in pool p; NULL for a string that was never given. */
char *llmgw_str_dupz(apr_pool_t *p, llmgw_str_t s);

/** A copy in pool p (also ended by NUL); never given stays never given. */
llmgw_str_t llmgw_str_dup(apr_pool_t *p, llmgw_str_t s);

/** Without the spaces and tabs at either end. */
llmgw_str_t llmgw_str_trim(llmgw_str_t s);

/** As llmgw_str_is(), but the case of ASCII letters does not count. */
int llmgw_str_is_nocase(llmgw_str_t s, const char *z);

/**
 * Match a name against a pattern in which * stands for any run of bytes,
 * empty too, and ? for any one byte. Everything else is literal and case
 * counts. Linear in the product of both lengths.
 * @return non-zero on a match of the whole name
 */
int llmgw_str_glob(const char *pattern, llmgw_str_t name);

/** Number of bytes of pattern before its first * or ?. */
apr_size_t llmgw_str_glob_prefix(const char *pattern);

/**
 * Check that bytes are well-formed UTF-8 (RFC 3629: no overlong form, no
 * surrogate, nothing above U+10FFFF).
 * @return offset of the first bad byte, or len when all is well
 */
apr_size_t llmgw_str_utf8_check(const char *p, apr_size_t len);

#ifdef __cplusplus
}
#endif

#endif /* LLMGW_STR_H */
