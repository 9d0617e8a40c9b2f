/* json_number.c: the numbers of a JSON text, as integers and doubles */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "llmgw/error.h"
#include "llmgw/json.h"

/* No text is so long that an exponent this large could still cancel out. */
#define EXPONENT_CAP APR_INT64_C(1000000000000)
#define INT64_DIGITS 19

/* A number as its grammar has it: the value is digits * 10^exponent. */
typedef struct decimal_t {
    const char *digits;         /* may have one point among them */
    const char *end;
    apr_int64_t exponent;       /* as it was written */
    int negative;
} decimal_t;

static apr_int64_t read_exponent(const char *p, const char *end)
{
    apr_int64_t n = 0;
    int negative = *p == '-';

    if (*p == '-' || *p == '+') {
        p++;
    }
    for (; p < end && n < EXPONENT_CAP; p++) {
        n = n * 10 + (*p - '0');
    }
    return negative ? -n : n;
}

static decimal_t split_number(const llmgw_json_t *v)
{
    decimal_t d = { .digits = v->text, .end = v->text + v->len };
    const char *p;

    if (*d.digits == '-') {
        d.negative = 1;
        d.digits++;
    }
    for (p = d.digits; p < d.end; p++) {
        if (*p == 'e' || *p == 'E') {
            d.exponent = read_exponent(p + 1, d.end);
            d.end = p;
        }
    }
    return d;
}

/*
 * The digits as an integer. Zeros are held back until a digit follows, so that
 * those at the end only count as powers of ten.
 * @return the power of ten still to be applied, without the written exponent;
 *         *overflow is set when there are more digits than fit
 */
static apr_int64_t gather_digits(const decimal_t *d, apr_uint64_t *n,
                                 int *overflow)
{
    apr_int64_t held = 0, behind = 0;   /* zeros; digits behind the point */
    int point = 0, count = 0;
    const char *p;

    *n = 0;
    *overflow = 0;
    for (p = d->digits; p < d->end; p++) {
        if (*p == '.') {
            point = 1;
            continue;
        }
        behind += point;
        if (*p == '0') {
            held += count > 0;
            continue;
        }
        if (count + held + 1 > INT64_DIGITS) {
            *overflow = 1;
            return 0;
        }
        for (count += (int)held + 1; held > 0; held--) {
            *n *= 10;
        }
        *n = *n * 10 + (apr_uint64_t)(*p - '0');
    }
    return held - behind;
}

apr_status_t llmgw_json_int(const llmgw_json_t *v, apr_int64_t *out)
{
    apr_uint64_t n, limit;
    apr_int64_t power;
    int overflow;
    decimal_t d;

    if (!llmgw_json_is(v, LLMGW_JSON_NUMBER)) {
        return LLMGW_EINVAL;
    }
    d = split_number(v);
    power = gather_digits(&d, &n, &overflow) + d.exponent;
    if (overflow || (n && (power < 0 || power >= INT64_DIGITS))) {
        return LLMGW_EINVAL;
    }
    limit = APR_UINT64_C(0x7fffffffffffffff) + (d.negative ? 1 : 0);
    for (; n && power > 0; power--) {
        if (n > limit / 10) {
            return LLMGW_EINVAL;
        }
        n *= 10;
    }
    if (n > limit) {
        return LLMGW_EINVAL;
    }
    *out = d.negative ? (apr_int64_t)(0 - n) : (apr_int64_t)n;
    return APR_SUCCESS;
}

apr_status_t llmgw_json_double(const llmgw_json_t *v, double *out)
{
    char small[64], *z = small;
    double n;

    if (!llmgw_json_is(v, LLMGW_JSON_NUMBER)) {
        return LLMGW_EINVAL;
    }
    /* strtod wants a NUL. It also wants the C locale, which is what a server
     * that never calls setlocale() runs in. */
    if (v->len >= sizeof(small)) {
        z = malloc((apr_size_t)v->len + 1);
        if (!z) {
            return LLMGW_EINVAL;
        }
    }
    memcpy(z, v->text, v->len);
    z[v->len] = '\0';
    n = strtod(z, NULL);
    if (z != small) {
        free(z);
    }
    if (isinf(n)) {
        return LLMGW_EINVAL;
    }
    *out = n;
    return APR_SUCCESS;
}
