/* keys.h: which of a provider's keys an attempt uses */
#ifndef LLMGW_HTTP_KEYS_H
#define LLMGW_HTTP_KEYS_H

#include "llmgw/error.h"

struct llmgw_call_t;

/**
 * Choose a key for the attempt: in turn, those that are benched left out. When
 * all were refused, one of them is tried all the same. What the provider keeps
 * for one key only is asked for with the first.
 * @param key out: NULL where the provider has none and needs none
 * @return APR_SUCCESS; LLMGW_EKEY; LLMGW_ERATELIMIT when no key is left but
 *         ones the provider limits; err is filled in
 */
apr_status_t llmgw_keys_choose(struct llmgw_call_t *call, const char **key,
                               llmgw_err_t *err);

/** Has the attempt's provider a key that is not benched? */
int llmgw_keys_left(const struct llmgw_call_t *call);

/** How long until it has one; 0 where it has, or has no keys at all. */
apr_interval_time_t llmgw_keys_wait(const struct llmgw_call_t *call);

/** Tell what the provider said to the attempt's key.
 * @param retry_after_usec of a 429; 0: it did not say */
void llmgw_keys_report(struct llmgw_call_t *call,
                       apr_interval_time_t retry_after_usec);

#endif /* LLMGW_HTTP_KEYS_H */
