/* vector.c: vectors of numbers, as JSON and as base64 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "llmgw/error.h"
#include "llmgw/vector.h"

/* The longest number that "%.9g" writes, and a comma: -1.17549435e-38 */
#define NUMBER_BYTES_MAX 24

/* ---- JSON --------------------------------------------------------------- */

/* In a text that is JSON, an array made of these bytes holds numbers only. */
static const char number_bytes[] = "0123456789+-.eE, \t\r\n";

static int has_digit(llmgw_str_t s)
{
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            return 1;
        }
    }
    return 0;
}

apr_status_t llmgw_vector_check(llmgw_str_t raw)
{
    apr_size_t i;

    if (raw.len < 3 || raw.p[0] != '[' || raw.p[raw.len - 1] != ']'
        || !has_digit(raw)) {
        return LLMGW_EINVAL;
    }
    for (i = 1; i < raw.len - 1; i++) {
        if (!raw.p[i] || !strchr(number_bytes, raw.p[i])) {
            return LLMGW_EINVAL;
        }
    }
    return APR_SUCCESS;
}

/* ---- base64 ------------------------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "abcdefghijklmnopqrstuvwxyz0123456789+/";

/* Bytes on their way into or out of groups of four characters. */
typedef struct group_t {
    unsigned int bits;
    int n;                      /* bytes in it, 0 .. 2 between calls */
} group_t;

static void put_group(llmgw_buf_t *out, group_t *g)
{
    char text[4] = { '=', '=', '=', '=' };
    int i;

    g->bits <<= 8 * (3 - g->n);
    for (i = 0; i <= g->n; i++) {
        text[i] = alphabet[(g->bits >> (18 - 6 * i)) & 63];
    }
    llmgw_buf_append(out, text, sizeof(text));
    g->bits = 0;
    g->n = 0;
}

static void put_float(llmgw_buf_t *out, group_t *g, float number)
{
    apr_uint32_t word;
    int i;

    memcpy(&word, &number, sizeof(word));
    for (i = 0; i < 4; i++) {
        g->bits = g->bits << 8 | (word & 0xff);
        word >>= 8;
        if (++g->n == 3) {
            put_group(out, g);
        }
    }
}

apr_status_t llmgw_vector_encode(llmgw_buf_t *out, llmgw_str_t raw)
{
    const char *at = raw.p + 1, *end = raw.p + raw.len - 1;
    group_t g = { 0, 0 };
    char *next;
    float number;

    if (llmgw_vector_check(raw) != APR_SUCCESS) {
        return LLMGW_EINVAL;
    }
    /* A bracket follows the last number: strtof() goes no further. It wants
     * the C locale, see json_number.c. */
    for (;;) {
        at += strspn(at, ", \t\r\n");
        if (at >= end) {
            break;
        }
        number = strtof(at, &next);
        if (next == at || isinf(number)) {
            return LLMGW_EINVAL;
        }
        put_float(out, &g, number);
        at = next;
    }
    if (g.n) {
        put_group(out, &g);
    }
    return out->failed;
}

/* The value of a character; -1 if it has none. */
static int get_sextet(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

static apr_status_t put_number(llmgw_buf_t *out, const unsigned char *bytes)
{
    apr_uint32_t word = (apr_uint32_t)bytes[0] | (apr_uint32_t)bytes[1] << 8
        | (apr_uint32_t)bytes[2] << 16 | (apr_uint32_t)bytes[3] << 24;
    char text[NUMBER_BYTES_MAX];
    float number;
    int n;

    memcpy(&number, &word, sizeof(number));
    if (!isfinite(number)) {
        return LLMGW_EINVAL;
    }
    n = snprintf(text, sizeof(text), "%.9g,", (double)number);
    return llmgw_buf_append(out, text, (apr_size_t)n);
}

static llmgw_str_t strip_padding(llmgw_str_t s)
{
    int i;

    for (i = 0; i < 2 && s.len && s.p[s.len - 1] == '='; i++) {
        s.len--;
    }
    return s;
}

apr_status_t llmgw_vector_decode(llmgw_buf_t *out, llmgw_str_t base64)
{
    llmgw_str_t s = strip_padding(base64);
    unsigned char bytes[4];
    unsigned int bits = 0;
    int nbits = 0, n = 0, sextet;
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i;

    if (base64.len % 4 || !s.len || s.len * 6 / 8 % 4) {
        return LLMGW_EINVAL;
    }
    llmgw_buf_putc(out, '[');
    for (i = 0; i < s.len && rv == APR_SUCCESS; i++) {
        sextet = get_sextet(s.p[i]);
        if (sextet < 0) {
            return LLMGW_EINVAL;
        }
        bits = (bits << 6 | (unsigned int)sextet) & 0xffff;
        nbits += 6;
        if (nbits >= 8) {
            nbits -= 8;
            bytes[n++] = (unsigned char)(bits >> nbits);
        }
        if (n == 4) {
            rv = put_number(out, bytes);
            n = 0;
        }
    }
    if (rv == APR_SUCCESS && out->len) {
        out->data[out->len - 1] = ']';  /* for the last comma */
    }
    return rv;
}
