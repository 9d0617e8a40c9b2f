/* board.c: the block of shared memory that holds all slots */
#include <string.h>
#include "llmgw/board.h"

/* The head: this number, then the room, then the number of the start. With
 * another layout comes another number. */
#define LAYOUT APR_UINT64_C(0x4C4C4D4757000002)
#define HEAD_WORDS 8
#define START_AT 5

/* ---- layout -------------------------------------------------------------- */

/* A word for each child, in whole cache lines. */
static apr_size_t get_words_bytes(const llmgw_board_room_t *room)
{
    return ((apr_size_t)room->children + 7) / 8 * 64;
}

apr_size_t llmgw_board_bytes(const llmgw_board_room_t *room)
{
    return HEAD_WORDS * sizeof(llmgw_word_t)
           + room->slots * sizeof(llmgw_slot_t)
           + room->keys * sizeof(llmgw_key_slot_t)
           + room->routes * sizeof(llmgw_route_slot_t)
           + 2 * get_words_bytes(room)
           + (apr_size_t)room->children * room->slots * sizeof(llmgw_cell_t);
}

apr_status_t llmgw_board_attach(llmgw_board_t *board, void *mem,
                                const llmgw_board_room_t *room)
{
    const apr_uint64_t head[START_AT] = { LAYOUT, room->slots, room->keys,
                                          room->routes, room->children };
    llmgw_word_t *words = mem;

    if (!llmgw_word_begin(words, head, START_AT)) {
        return APR_EINVAL;
    }
    memset(board, 0, sizeof(*board));
    board->room = *room;
    board->head = words;
    board->slots = (llmgw_slot_t *)(words + HEAD_WORDS);
    board->keys = (llmgw_key_slot_t *)(board->slots + room->slots);
    board->routes = (llmgw_route_slot_t *)(board->keys + room->keys);
    board->pids = (llmgw_word_t *)(board->routes + room->routes);
    board->detached = board->pids + get_words_bytes(room) / 8;
    board->cells = (llmgw_cell_t *)(board->detached
                                    + get_words_bytes(room) / 8);
    return APR_SUCCESS;
}

/* ---- kinds of slots ------------------------------------------------------ */

static void clear_slot(void *slot)
{
    llmgw_slot_clear(slot);
}

static void carry_slot(void *to, const void *from)
{
    llmgw_slot_carry(to, from);
}

/* Keys and routes: the words before the owner. */
#define FIGURES 4

_Static_assert(offsetof(llmgw_key_slot_t, owner)
               == FIGURES * sizeof(llmgw_word_t)
               && offsetof(llmgw_route_slot_t, owner)
                  == FIGURES * sizeof(llmgw_word_t),
               "the owner follows the figures");

static void carry_figures(void *to, const void *from)
{
    llmgw_word_t *a = to;
    const llmgw_word_t *b = from;
    int i;

    for (i = 0; i < FIGURES; i++) {
        llmgw_word_set(&a[i], llmgw_word_get(&b[i]));
    }
}

static void clear_figures(void *to)
{
    static const llmgw_word_t none[FIGURES];

    carry_figures(to, none);
}

/* The slots of one kind on a board, side by side. */
typedef struct kind_t {
    char *first;
    apr_uint32_t n;
    apr_size_t size;
    apr_size_t owner_at;
    void (*clear)(void *slot);
    void (*carry)(void *to, const void *from);
} kind_t;

static kind_t get_slots(const llmgw_board_t *board)
{
    kind_t kind = { (char *)board->slots, board->room.slots,
                    sizeof(llmgw_slot_t), offsetof(llmgw_slot_t, owner),
                    clear_slot, carry_slot };
    return kind;
}

static kind_t get_keys(const llmgw_board_t *board)
{
    kind_t kind = { (char *)board->keys, board->room.keys,
                    sizeof(llmgw_key_slot_t),
                    offsetof(llmgw_key_slot_t, owner), clear_figures,
                    carry_figures };
    return kind;
}

static kind_t get_routes(const llmgw_board_t *board)
{
    kind_t kind = { (char *)board->routes, board->room.routes,
                    sizeof(llmgw_route_slot_t),
                    offsetof(llmgw_route_slot_t, owner), clear_figures,
                    carry_figures };
    return kind;
}

static char *get_at(const kind_t *kind, int i)
{
    return kind->first + (apr_size_t)i * kind->size;
}

static llmgw_owner_t *get_owner(const kind_t *kind, int i)
{
    return (llmgw_owner_t *)(get_at(kind, i) + kind->owner_at);
}

/* ---- placing ------------------------------------------------------------- */

static int find(const kind_t *kind, apr_uint64_t digest)
{
    int i;

    for (i = 0; i < (int)kind->n; i++) {
        if (llmgw_word_get(&get_owner(kind, i)->digest) == digest) {
            return i;
        }
    }
    return -1;
}

static int is_idle(const llmgw_board_t *board, const kind_t *kind, int i)
{
    return kind->first != (char *)board->slots
           || llmgw_word_get(&board->slots[i].load) == 0;
}

/* Of those that this start has not seen, the one gone longest. */
static int find_gone(const llmgw_board_t *board, const kind_t *kind)
{
    apr_uint64_t oldest = llmgw_word_get(&board->head[START_AT]), seen;
    int i, found = -1;

    for (i = 0; i < (int)kind->n; i++) {
        seen = llmgw_word_get(&get_owner(kind, i)->seen);
        if (seen < oldest && is_idle(board, kind, i)) {
            oldest = seen;
            found = i;
        }
    }
    return found;
}

static int place(llmgw_board_t *board, const kind_t *kind, apr_uint64_t digest)
{
    int i = find(kind, digest);

    if (i < 0) {
        i = find(kind, 0);
        if (i < 0) {
            i = find_gone(board, kind);
        }
        if (i < 0) {
            return -1;
        }
        kind->clear(get_at(kind, i));
        llmgw_word_set(&get_owner(kind, i)->digest, digest);
    }
    llmgw_word_set(&get_owner(kind, i)->seen,
                   llmgw_word_get(&board->head[START_AT]));
    return i;
}

void llmgw_board_begin(llmgw_board_t *board)
{
    llmgw_word_add(&board->head[START_AT], 1);
}

int llmgw_board_place_slot(llmgw_board_t *board, apr_uint64_t digest)
{
    kind_t kind = get_slots(board);

    return place(board, &kind, digest);
}

int llmgw_board_place_key(llmgw_board_t *board, apr_uint64_t digest)
{
    kind_t kind = get_keys(board);

    return place(board, &kind, digest);
}

int llmgw_board_place_route(llmgw_board_t *board, apr_uint64_t digest)
{
    kind_t kind = get_routes(board);

    return place(board, &kind, digest);
}

static void carry(kind_t to, kind_t from)
{
    int i, j;

    for (i = 0; i < (int)to.n; i++) {
        apr_uint64_t digest = llmgw_word_get(&get_owner(&to, i)->digest);

        j = digest ? find(&from, digest) : -1;
        if (j >= 0) {
            to.carry(get_at(&to, i), get_at(&from, j));
        }
    }
}

void llmgw_board_carry(llmgw_board_t *to, const llmgw_board_t *from)
{
    carry(get_slots(to), get_slots(from));
    carry(get_keys(to), get_keys(from));
    carry(get_routes(to), get_routes(from));
}

/* ---- rows ---------------------------------------------------------------- */

/* Set beside the pid while its row is reclaimed: nobody else begins to. */
#define RECLAIMING (APR_UINT64_C(1) << 32)

int llmgw_board_claim(llmgw_board_t *board, apr_uint32_t pid)
{
    apr_uint32_t i;

    llmgw_board_reclaim(board, pid);
    for (i = 0; i < board->room.children; i++) {
        apr_uint64_t seen = 0;

        if (llmgw_word_cas(&board->pids[i], &seen, pid)) {
            return (int)i;
        }
    }
    return -1;
}

apr_uint32_t llmgw_board_pid(const llmgw_board_t *board, apr_uint32_t child)
{
    return (apr_uint32_t)llmgw_word_get(&board->pids[child]);
}

void llmgw_board_reclaim(llmgw_board_t *board, apr_uint32_t pid)
{
    apr_uint32_t i, slot;

    for (i = 0; i < board->room.children; i++) {
        apr_uint64_t seen = pid;

        if (pid && llmgw_word_cas(&board->pids[i], &seen, pid | RECLAIMING)) {
            for (slot = 0; slot < board->room.slots; slot++) {
                llmgw_cell_reclaim(llmgw_board_cell(board, (int)i, (int)slot),
                                   &board->slots[slot]);
            }
            llmgw_word_set(&board->detached[i], 0);
            llmgw_word_set(&board->pids[i], 0);
        }
    }
}

apr_uint64_t llmgw_board_detached(const llmgw_board_t *board)
{
    apr_uint64_t n = 0;
    apr_uint32_t i;

    for (i = 0; i < board->room.children; i++) {
        n += llmgw_word_get(&board->detached[i]);
    }
    return n;
}
