/* price.h: what tokens cost */
#ifndef LLMGW_PRICE_H
#define LLMGW_PRICE_H

#include <apr.h>
#include <apr_pools.h>

/**
 * What a call costs, in billionths of the currency that its prices are in,
 * rounded to the nearest.
 * @param price_in, price_out per million tokens; negative: not known
 * @param prompt, completion tokens; negative: not known, and not counted
 * @return -1 when it is not known: for want of a price, or of both counts
 */
apr_int64_t llmgw_price_nano(double price_in, double price_out,
                             apr_int64_t prompt, apr_int64_t completion);

/** An amount of billionths as a decimal number: "0.00213". In pool p. */
const char *llmgw_price_format(apr_int64_t nano, apr_pool_t *p);

#endif /* LLMGW_PRICE_H */
