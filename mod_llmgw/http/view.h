/* view.h: a route's targets as the operator has them now */
#ifndef LLMGW_HTTP_VIEW_H
#define LLMGW_HTTP_VIEW_H

#include <httpd.h>
#include "llmgw/balance.h"
#include "routes.h"

/** Targets, ready to be chosen among. Constant. */
typedef struct llmgw_view_t {
    llmgw_balance_t balance;
    const llmgw_target_t **targets; /* in the order of its candidates */
    unsigned int reads;         /* what choosing needs to know of a prompt: */
#define LLMGW_VIEW_TOKENS 1     /* how long it is */
#define LLMGW_VIEW_PREFIX 2     /* how it begins */
    apr_uint64_t digest;        /* of what the operator may change */
    apr_time_t seen;            /* when that was last looked at; atomic */
} llmgw_view_t;

/** In a new child: what views need. */
void llmgw_view_child_init(apr_pool_t *pchild, server_rec *servers);

/**
 * The targets of a call's plan. What balancer-manager changed is seen at once
 * for routes of a few targets, within a tenth of a second for others.
 * @param conf the call's settings
 * @return NULL when a route has no target that is enabled
 */
const llmgw_view_t *llmgw_view_get(const llmgw_plan_t *plan,
                                   const llmgw_config_t *conf,
                                   const request_rec *r);

#endif /* LLMGW_HTTP_VIEW_H */
