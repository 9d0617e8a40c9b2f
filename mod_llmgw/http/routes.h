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
    apr_array_header_t *targets;    /* of llmgw_target_t * */
} llmgw_plan_t;

/**
 * Find what leads to a model: a route, among whose targets llmgw_pick_next()
 * chooses, or a provider, which is the one target.
 * @param pin the body's "provider" member, never given if it has none
 * @param dialect what the client speaks
 * @return APR_SUCCESS; LLMGW_EMODEL with the client's message in err
 */
apr_status_t llmgw_routes_find(llmgw_plan_t *plan, request_rec *r,
                               llmgw_str_t model, llmgw_str_t pin,
                               const llmgw_dialect_t *dialect,
                               llmgw_err_t *err);

/** Refuse a call for a model nobody serves, or not this caller.
 * @return LLMGW_EMODEL, with the client's message in err */
apr_status_t llmgw_routes_no_such_model(llmgw_err_t *err, llmgw_str_t model,
                                        apr_pool_t *p);

/** Could a call for this model be served, were all targets well?
 * @return APR_SUCCESS; LLMGW_EMODEL with the client's message in err */
apr_status_t llmgw_routes_check(const llmgw_plan_t *plan, request_rec *r,
                                llmgw_str_t model, llmgw_err_t *err);

/** Does a target's when= hold for a call? One that fails to run does not. */
int llmgw_routes_when(const llmgw_target_t *t, request_rec *r);

/**
 * The one target of a request that names no model: the provider of that name;
 * or without one, the first of the dialect that is reached over the network,
 * Azure only where there is no other.
 * @param name never given for none
 * @return APR_SUCCESS; LLMGW_EMODEL with the client's message in err
 */
apr_status_t llmgw_routes_plan_provider(llmgw_plan_t *plan, request_rec *r,
                                        const llmgw_dialect_t *dialect,
                                        llmgw_str_t name, llmgw_err_t *err);

#endif /* LLMGW_HTTP_ROUTES_H */
