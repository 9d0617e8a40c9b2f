/* lbmethods.h: our ways to choose, for any balancer of mod_proxy's */
#ifndef LLMGW_HTTP_LBMETHODS_H
#define LLMGW_HTTP_LBMETHODS_H

#include <httpd.h>

/** Register lbmethod=llm_weighted, llm_latency, llm_busy, llm_cost and
 * llm_prefix. */
void llmgw_lbmethods_register(apr_pool_t *p);

#endif /* LLMGW_HTTP_LBMETHODS_H */
