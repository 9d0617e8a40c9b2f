/* standing.h: how targets, keys and routes stand, as all children know it */
#ifndef LLMGW_HTTP_STANDING_H
#define LLMGW_HTTP_STANDING_H

#include <httpd.h>
#include "llmgw/board.h"
#include "llmgw/route.h"
#include "provider.h"
#include "routes.h"

/*
 * One board (core/board.c), in memory that children of all generations share
 * (shared.h).
 */

/**
 * Give every target, key and route of the configuration its place. In the
 * parent, before there are children.
 * @return error text or NULL
 */
const char *llmgw_standing_prepare(server_rec *servers, apr_pool_t *p);

/** In a new child: claim the row in which it counts what it holds. */
void llmgw_standing_child_init(void);

/** Has this child such a row? */
int llmgw_standing_has_row(void);

/** In the parent: a child has ended. */
void llmgw_standing_child_ended(pid_t pid);

/** A target's slot, never NULL, and this child's cell of it (or NULL). */
llmgw_slot_t *llmgw_standing_slot(const llmgw_target_t *target);
llmgw_cell_t *llmgw_standing_cell(const llmgw_target_t *target);

/**
 * The slot of a member of an administrator's own balancer.
 * @param cell out: this child's cell of it, or NULL; may be NULL
 * @return NULL for one that was added since the server started
 */
llmgw_slot_t *llmgw_standing_member(const proxy_balancer *balancer,
                                    const proxy_worker *member,
                                    llmgw_cell_t **cell);

/** The slot of the i-th key of a provider. */
llmgw_key_slot_t *llmgw_standing_key(const llmgw_provider_t *provider, int i);

/** Whose turn it is among a provider's keys, over all processes. */
llmgw_word_t *llmgw_standing_turn(const llmgw_provider_t *provider);

/** The slot of a call's route; without one, of its provider. */
llmgw_route_slot_t *llmgw_standing_route(const llmgw_plan_t *plan);

/**
 * Count a call that holds no thread while it waits (1), or no longer (-1).
 * @return how many this child now has
 */
int llmgw_standing_detached(int change);

/** The board itself, for reading. */
const llmgw_board_t *llmgw_standing_board(void);

#endif /* LLMGW_HTTP_STANDING_H */
