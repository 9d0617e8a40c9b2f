/* prober.h: asks providers how they are: LLMHealthCheck */
#ifndef LLMGW_HTTP_PROBER_H
#define LLMGW_HTTP_PROBER_H

#include <httpd.h>

/**
 * Set up the one prober of the server, if any route or server wants one. In
 * the parent, each time the configuration was read.
 * @return error text or NULL
 */
const char *llmgw_prober_start(server_rec *servers, apr_pool_t *pconf);

/** In a new child: when it ends, the prober ends first. */
void llmgw_prober_child_init(apr_pool_t *pchild);

#endif /* LLMGW_HTTP_PROBER_H */
