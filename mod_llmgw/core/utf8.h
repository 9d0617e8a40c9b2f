/* utf8.h: one UTF-8 sequence, for the sources of core that walk text */
#ifndef LLMGW_CORE_UTF8_H
#define LLMGW_CORE_UTF8_H

#include <apr.h>

/** U+FFFD, what stands for bytes that mean no character. */
#define LLMGW_UTF8_REPLACEMENT "\xef\xbf\xbd"

static inline int is_utf8_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/**
 * Length of the well-formed sequence at p (RFC 3629, section 4), p < end.
 * @return 1 .. 4, or 0 when there is none
 */
static inline unsigned int utf8_sequence(const char *p, const char *end)
{
    const unsigned char *s = (const unsigned char *)p;
    apr_size_t left = (apr_size_t)(end - p);
    unsigned char low = 0x80, high = 0xbf;

    if (s[0] < 0x80) {
        return 1;
    }
    if (s[0] < 0xc2 || s[0] > 0xf4) {
        return 0;
    }
    if (s[0] < 0xe0) {
        return left >= 2 && is_utf8_tail(s[1]) ? 2 : 0;
    }
    /* The first byte narrows what the second may be: no overlong form, no
     * surrogate, nothing above U+10FFFF. */
    if (s[0] == 0xe0) {
        low = 0xa0;
    }
    else if (s[0] == 0xed) {
        high = 0x9f;
    }
    else if (s[0] == 0xf0) {
        low = 0x90;
    }
    else if (s[0] == 0xf4) {
        high = 0x8f;
    }
    if (left < 3 || s[1] < low || s[1] > high || !is_utf8_tail(s[2])) {
        return 0;
    }
    if (s[0] < 0xf0) {
        return 3;
    }
    return left >= 4 && is_utf8_tail(s[3]) ? 4 : 0;
}

#endif /* LLMGW_CORE_UTF8_H */
