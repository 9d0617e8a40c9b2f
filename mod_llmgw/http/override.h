/* override.h: what is particular to the calls of one target */
#ifndef LLMGW_HTTP_OVERRIDE_H
#define LLMGW_HTTP_OVERRIDE_H

#include <httpd.h>
#include <http_config.h>
#include "llmgw/route.h"
#include "config.h"

/** Options of LLMTarget that do not choose it but change its calls; what
 * llmgw_target_t.override points to. Made in pconf. */
typedef struct llmgw_override_t {
    llmgw_timeouts_t timeout;       /* negative: as LLMTimeout has it */
    llmgw_breaker_conf_t breaker;   /* likewise, LLMBreaker */
    int has_breaker;
    apr_array_header_t *headers;    /* of llmgw_header_t */
    apr_array_header_t *changes;    /* of llmgw_splice_t: in the body */
} llmgw_override_t;

/**
 * Read connect=, first=, idle=, total=, breaker=, breaker.OPTION=, header=, drop=
 * or set.MEMBER=.
 * @param name of the option, in memory that lasts, as value does
 * @param known set to whether it is one of these
 * @return error text or NULL
 */
const char *llmgw_override_parse(llmgw_target_t *t, cmd_parms *cmd,
                                 const char *name, const char *value,
                                 int *known);

/** The target's own; NULL if it has none. */
const llmgw_override_t *llmgw_override_get(const llmgw_target_t *t);

/** Times of an attempt at a target: its own, else those of LLMTimeout. total is
 * that of the attempt. */
void llmgw_override_timeout(llmgw_timeouts_t *out, const llmgw_target_t *t,
                            const llmgw_timeouts_t *base);

/**
 * The settings of a target's breaker.
 * @param base those of LLMBreaker, for its route
 * @return base; or in pool p, if the target has any of its own
 */
const llmgw_breaker_conf_t *llmgw_override_breaker(
    const llmgw_target_t *t, const llmgw_breaker_conf_t *base,
    apr_pool_t *p);

#endif /* LLMGW_HTTP_OVERRIDE_H */
