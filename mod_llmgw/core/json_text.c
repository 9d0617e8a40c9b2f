/* json_text.c: undoing the escapes of JSON strings */
#include <string.h>
#include "json_text.h"

static unsigned int read_hex4(const char *p)
{
    unsigned int n = 0;
    int i;

    for (i = 0; i < 4; i++) {
        n = n << 4 | (p[i] <= '9' ? (unsigned int)(p[i] - '0')
                                  : (unsigned int)((p[i] | 0x20) - 'a' + 10));
    }
    return n;
}

static unsigned int put_utf8(char out[4], unsigned int c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* p is at the 'u'. */
static const char *decode_unicode(const char *p, const char *end, char out[4],
                                  unsigned int *n)
{
    unsigned int c = read_hex4(p + 1), low;

    p += 5;
    if (c >= 0xd800 && c <= 0xdfff) {
        low = end - p >= 6 && p[0] == '\\' && p[1] == 'u' ? read_hex4(p + 2)
                                                          : 0;
        if (c <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
        else {
            c = 0xfffd;
        }
    }
    *n = put_utf8(out, c);
    return p;
}

const char *llmgw_json_unescape(const char *p, const char *end, char out[4],
                                unsigned int *n)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *known;

    p++;
    if (*p == 'u') {
        return decode_unicode(p, end, out, n);
    }
    known = strchr(from, *p);
    out[0] = known ? to[known - from] : *p;
    *n = 1;
    return p + 1;
}
