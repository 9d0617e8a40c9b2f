/* price.c: what tokens cost */
#include <string.h>
#include <apr_strings.h>
#include "llmgw/price.h"

#define NANO APR_INT64_C(1000000000)

/* More than anybody pays for a call; what a provider counts is not trusted. */
#define NANO_MAX 1e18

apr_int64_t llmgw_price_nano(double price_in, double price_out,
                             apr_int64_t prompt, apr_int64_t completion)
{
    double nano = 0.5;

    if (price_in < 0 || price_out < 0 || (prompt < 0 && completion < 0)) {
        return -1;
    }
    /* of a millionth, a thousand billionths */
    if (prompt > 0) {
        nano += price_in * 1000 * (double)prompt;
    }
    if (completion > 0) {
        nano += price_out * 1000 * (double)completion;
    }
    return nano < NANO_MAX ? (apr_int64_t)nano : (apr_int64_t)NANO_MAX;
}

const char *llmgw_price_format(apr_int64_t nano, apr_pool_t *p)
{
    char *text = apr_psprintf(p, "%" APR_INT64_T_FMT ".%09d", nano / NANO,
                              (int)(nano % NANO));
    char *end = text + strlen(text);

    while (end[-1] == '0') {
        *--end = '\0';
    }
    if (end[-1] == '.') {
        *--end = '\0';
    }
    return text;
}
