/* redact.h: keeping secrets out of texts that others see */
#ifndef LLMGW_REDACT_H
#define LLMGW_REDACT_H

#include <apr_pools.h>
#include "llmgw/str.h"

/**
 * Replace each occurrence of a secret by "***".
 * @param text may be NULL
 * @param secret shorter than 8 bytes it is left alone: no key is that short,
 *               and a word of the text might be
 * @return text itself where the secret is not in it; else a copy in pool p
 */
const char *llmgw_redact(apr_pool_t *p, const char *text, llmgw_str_t secret);

/** As llmgw_redact(), for any bytes. */
llmgw_str_t llmgw_redact_str(apr_pool_t *p, llmgw_str_t text,
                             llmgw_str_t secret);

#endif /* LLMGW_REDACT_H */
