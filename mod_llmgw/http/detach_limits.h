/* detach_limits.h: how many calls may wait without a thread, and who does */
#ifndef LLMGW_HTTP_DETACH_LIMITS_H
#define LLMGW_HTTP_DETACH_LIMITS_H

#include "config.h"

/** Show calls that wait without a thread on mod_status's page. */
void llmgw_detach_limits_register(void);

/** At startup: where LLMDetach max= asks for more than the system, the MPM or
 * a provider's connections allow, say what to raise. */
void llmgw_detach_check(server_rec *servers);

/** How many calls of a child may wait so: max=, or else as many as it may have
 * descriptors for. */
int llmgw_detach_max(const llmgw_config_t *conf);

#endif /* LLMGW_HTTP_DETACH_LIMITS_H */
