/* json_text.h: the characters of JSON strings, for its readers and writers */
#ifndef LLMGW_CORE_JSON_TEXT_H
#define LLMGW_CORE_JSON_TEXT_H

#include <string.h>
#include <apr.h>

#define JSON_ONES APR_UINT64_C(0x0101010101010101)
#define JSON_HIGHS APR_UINT64_C(0x8080808080808080)

/** The byte stands for itself in a string: ASCII, no control, quote, escape. */
static inline int is_json_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/** Non-zero when all eight bytes are plain. */
static inline int is_json_plain8(apr_uint64_t w)
{
    apr_uint64_t quote = w ^ (JSON_ONES * '"');
    apr_uint64_t escape = w ^ (JSON_ONES * '\\');

    /* A borrow can only spoil bytes above one that is already found, and the
     * high bit of each byte of w is tested by itself. */
    return !((w | (w - JSON_ONES * 0x20) | (quote - JSON_ONES)
              | (escape - JSON_ONES)) & JSON_HIGHS);
}

/** First byte from p on that is not plain, or end. */
static inline const char *skip_json_plain(const char *p, const char *end)
{
    apr_uint64_t word;

    while (end - p >= 8) {
        memcpy(&word, p, 8);
        if (!is_json_plain8(word)) {
            break;
        }
        p += 8;
    }
    while (p < end && is_json_plain((unsigned char)*p)) {
        p++;
    }
    return p;
}

/**
 * Decode the escape at p (at its backslash), which the scanner has accepted.
 * @param out gets 1 .. 4 bytes of UTF-8
 * @param n set to their number
 * @return the byte after the escape, or after both of a surrogate pair
 */
const char *llmgw_json_unescape(const char *p, const char *end, char out[4],
                                unsigned int *n);

#endif /* LLMGW_CORE_JSON_TEXT_H */
