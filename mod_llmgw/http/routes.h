/* routes.h: LLMRoute and LLMTarget; which targets may serve a call */
#ifndef LLMGW_HTTP_ROUTES_H
#define LLMGW_HTTP_ROUTES_H

#include <httpd.h>
#include <http_config.h>
#include "llmgw/error.h"
#include "llmgw/route.h"
#include "config.h"
#include "provider.h"

/** LLMRoute GLOB TARGET ... on one line. @return error text or NULL */
const char *llmgw_routes_parse_line(cmd_parms *cmd, int argc,
                                    char *const argv[]);

/** <LLMRoute GLOB> ... </LLMRoute>. @return error text or NULL */
const char *llmgw_routes_open(cmd_parms *cmd, void *dummy, const char *arg);

/** LLMTarget within a section. @return error text or NULL */
const char *llmgw_routes_parse_target(cmd_parms *cmd, void *dummy, int argc,
                                      char *const argv[]);

/** Tie the targets of a server's routes to their providers. The main server's
 * come first: a virtual host that inherits a route does not bind it anew.
 * @return error text or NULL */
const char *llmgw_routes_resolve(const llmgw_config_t *conf, apr_pool_t *p);

/** Where a call may go. */
typedef struct llmgw_plan_t {
    const llmgw_route_t *route; /* NULL: pinned, or found by LLMAutoRoute */
    const char *route_name;     /* for logs: the pattern, "pin" or "auto" */
    apr_array_header_t *targets;    /* of llmgw_target_t *, in order; NULL
                                     * until a route's have been chosen */
} llmgw_plan_t;

/**
 * Find what leads to a model: a route, whose targets are for
 * llmgw_routes_order() to choose, or a provider, which is the one target.
 * @param pin the body's "provider" member, never given if it has none
 * @param dialect what the client speaks
 * @return APR_SUCCESS; LLMGW_EMODEL with the client's message in err
 */
apr_status_t llmgw_routes_find(llmgw_plan_t *plan, request_rec *r,
                               llmgw_str_t model, llmgw_str_t pin,
                               const llmgw_dialect_t *dialect,
                               llmgw_err_t *err);

/**
 * Choose the targets of the plan's route, if it has one.
 * @return APR_SUCCESS; LLMGW_EMODEL with the client's message in err when none
 *         can be used
 */
apr_status_t llmgw_routes_order(llmgw_plan_t *plan, request_rec *r,
                                llmgw_str_t model, llmgw_err_t *err);

#endif /* LLMGW_HTTP_ROUTES_H */
