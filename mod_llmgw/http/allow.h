/* allow.h: LLMAllow: who may use which models */
#ifndef LLMGW_HTTP_ALLOW_H
#define LLMGW_HTTP_ALLOW_H

#include <httpd.h>
#include <http_config.h>
#include "llmgw/error.h"
#include "config.h"

struct llmgw_call_t;

/** Read one LLMAllow into a list, which is made if it is NULL.
 * @return error text or NULL */
const char *llmgw_allow_parse(cmd_parms *cmd, const char *expr,
                              llmgw_allow_t *list);

/** The routes that have an LLMAllow of their own and can be reached: of
 * llmgw_route_t *, in pool p. */
apr_array_header_t *llmgw_allow_routes(const llmgw_config_t *conf,
                                       apr_pool_t *p);

/**
 * May the caller use what llmgw_routes_find() has found for the call? A route's
 * LLMAllow replaces the server's. Where no route leads, the server's must hold,
 * and those of the routes that would have been asked for the same model: the
 * one its name matches, and those with this provider and model as a target. Of
 * several lines of one place one must hold; one that fails to run refuses.
 * @return APR_SUCCESS; LLMGW_EFORBIDDEN with err filled in
 */
apr_status_t llmgw_allow_check(struct llmgw_call_t *call, llmgw_err_t *err);

#endif /* LLMGW_HTTP_ALLOW_H */
