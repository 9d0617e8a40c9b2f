/* balancer.h: a route's targets as members of a mod_proxy balancer */
#ifndef LLMGW_HTTP_BALANCER_H
#define LLMGW_HTTP_BALANCER_H

#include <httpd.h>
#include <http_config.h>
#include <mod_proxy.h>
#include "llmgw/route.h"

/*
 * Each route is a balancer of mod_proxy's, "balancer://llm-NAME-HASH", and each
 * of its targets a member, "llm://PROVIDER/MODEL": so balancer-manager lists
 * them and changes weight (lbfactor), tier (lbset), draining, disabling and hot
 * standby (weight=0), and BalancerPersist keeps the changes. Members are not
 * connected to: connections are the provider's own worker's.
 */

/** Make a route's balancer; all its targets have been read.
 * @return error text or NULL */
const char *llmgw_balancer_define(llmgw_route_t *route, cmd_parms *cmd);

/** How many targets of the route, before this one, go by the same name. */
int llmgw_balancer_twins(const llmgw_route_t *route, int index);

/** Is it a route's, and not the administrator's own? */
int llmgw_balancer_is_route(const proxy_balancer *balancer);

/** The server that defined a route. */
server_rec *llmgw_balancer_home(const llmgw_route_t *route);

/** Before mod_proxy_balancer shares them: give the balancers of all servers
 * the method of their route's LLMBalance. @return error text or NULL */
const char *llmgw_balancer_set_methods(server_rec *servers, apr_pool_t *p);

/** The balancer of a route as this server has it, brought up to date with what
 * the operator changed. NULL if there is none. */
proxy_balancer *llmgw_balancer_of(const llmgw_route_t *route,
                                  const request_rec *r);

/** May a member take new calls, by the operator's will? */
static inline int llmgw_member_takes_calls(const proxy_worker *member)
{
    return PROXY_WORKER_IS_USABLE(member)
           && !PROXY_WORKER_IS_DRAINING(member);
}

#endif /* LLMGW_HTTP_BALANCER_H */
