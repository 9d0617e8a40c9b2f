/* board.h: the block of shared memory that holds all slots */
#ifndef LLMGW_BOARD_H
#define LLMGW_BOARD_H

#include <apr.h>
#include <apr_errno.h>
#include "llmgw/key_slot.h"
#include "llmgw/slot.h"

/*
 * One block holds the slots of targets, keys and routes, and for each child
 * process a row of cells: what it holds of each target. It holds no pointers
 * and may lie at another address in each process. All zero is an empty board.
 *
 * The parent attaches it before it forks, begins a start, and places each
 * definition of the configuration: a definition whose digest is known keeps its
 * slot and all that is known of it, over any number of graceful restarts. A
 * child claims a row; when it is dead, the parent reclaims it.
 */

/** What all processes know of a route; counters but for the budget. */
typedef struct llmgw_route_slot_t {
    llmgw_word_t budget;        /* retry.h */
    llmgw_word_t calls;
    llmgw_word_t retries;
    llmgw_word_t refused;       /* retries the budget refused */
    llmgw_owner_t owner;
    llmgw_word_t turn;          /* of a provider: whose key is next */
    llmgw_word_t spare;
} llmgw_route_slot_t;

_Static_assert(sizeof(llmgw_route_slot_t) == 64, "a route is one cache line");

/** How much room there is: at least one of each. */
typedef struct llmgw_board_room_t {
    apr_uint32_t slots;
    apr_uint32_t keys;
    apr_uint32_t routes;
    apr_uint32_t children;      /* processes at one time, those of earlier
                                 * starts that still serve included: httpd's
                                 * ServerLimit bounds them together */
} llmgw_board_room_t;

/** A process's view of the block; plain memory. */
typedef struct llmgw_board_t {
    llmgw_board_room_t room;
    llmgw_word_t *head;
    llmgw_slot_t *slots;
    llmgw_key_slot_t *keys;
    llmgw_route_slot_t *routes;
    llmgw_word_t *pids;         /* whose rows they are */
    llmgw_word_t *detached;     /* of each, calls that hold no thread */
    llmgw_cell_t *cells;        /* children rows of slots cells */
} llmgw_board_t;

/** Bytes that a board with this room takes. */
apr_size_t llmgw_board_bytes(const llmgw_board_room_t *room);

/**
 * Look at a block as a board.
 * @param mem llmgw_board_bytes() bytes, aligned to 8 (to 64 for speed): all
 *     zero, or a board of the same room. It has to outlive the view.
 * @return APR_SUCCESS; APR_EINVAL when it is a board of other room, or of
 *     another release that laid it out otherwise: make a new one, and carry
 */
apr_status_t llmgw_board_attach(llmgw_board_t *board, void *mem,
                                const llmgw_board_room_t *room);

/* ---- the parent, while it reads the configuration ------------------------ */

/** A new start: what is not placed from now on may make room for others. */
void llmgw_board_begin(llmgw_board_t *board);

/**
 * The slot of a definition: the one it had, else a free one, else one whose
 * definition is gone and that nobody uses; a new owner finds all zero.
 * @param digest of all that makes it this target and no other (llmgw_hash_add()
 *     over the route, the provider, its address and the model); not 0
 * @return its index; -1: there is no room
 */
int llmgw_board_place_slot(llmgw_board_t *board, apr_uint64_t digest);

/** The same for a key. */
int llmgw_board_place_key(llmgw_board_t *board, apr_uint64_t digest);

/** The same for a route. */
int llmgw_board_place_route(llmgw_board_t *board, apr_uint64_t digest);

/**
 * Take over what another board knows of the definitions that are placed on this
 * one, but for calls in flight: they are reported there.
 */
void llmgw_board_carry(llmgw_board_t *to, const llmgw_board_t *from);

/* ---- rows ---------------------------------------------------------------- */

/**
 * Claim a row, in a child that has just begun. A row that still has this pid
 * is an earlier process's, and is reclaimed first.
 * @return the row; -1: none is free, and nobody will give back what this
 *     process holds when it dies
 */
int llmgw_board_claim(llmgw_board_t *board, apr_uint32_t pid);

/** The pid whose row this is; 0: none's. For looking after the dead. */
apr_uint32_t llmgw_board_pid(const llmgw_board_t *board, apr_uint32_t child);

/**
 * Give back what a dead process held, and free its row. The process must have
 * ended: call it after waitpid(). Does nothing for a pid without a row, and so
 * nothing the second time.
 */
void llmgw_board_reclaim(llmgw_board_t *board, apr_uint32_t pid);

/** A process's cell of a slot; NULL for child -1. */
static inline llmgw_cell_t *llmgw_board_cell(const llmgw_board_t *board,
                                             int child, int slot)
{
    return child < 0 ? NULL
           : board->cells + (apr_size_t)child * board->room.slots + slot;
}

/** The calls of all processes that hold no thread while they wait. */
apr_uint64_t llmgw_board_detached(const llmgw_board_t *board);

#endif /* LLMGW_BOARD_H */
