/* test_board.c: slots that survive restarts, and processes that do not */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "llmgw/board.h"
#include "llmgw/hash.h"
#include "unit.h"

#define START APR_TIME_C(1750000000000000)
#define HALF LLMGW_SLOT_HALF_LIFE_USEC

static const llmgw_board_room_t room = { 3, 2, 2, 6 };

/* A board in memory that children share; for one test. */
static llmgw_board_t make_board(const llmgw_board_room_t *wanted)
{
    apr_size_t bytes = llmgw_board_bytes(wanted);
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    llmgw_board_t board;

    ck_assert_ptr_ne(mem, MAP_FAILED);
    unit_assert_ok(llmgw_board_attach(&board, mem, wanted));
    return board;
}

static void drop_board(llmgw_board_t *board)
{
    munmap(board->head, llmgw_board_bytes(&board->room));
}

START_TEST(test_attach)
{
    llmgw_board_t board = make_board(&room), again;
    llmgw_board_room_t other = room;
    char *end = (char *)board.head + llmgw_board_bytes(&room);

    unit_assert_ok(llmgw_board_attach(&again, board.head, &room));
    ck_assert_ptr_eq(again.cells, board.cells);
    ck_assert_ptr_eq((char *)(board.cells + 6 * 3), end);
    other.keys++;
    unit_assert_status(llmgw_board_attach(&again, board.head, &other),
                       APR_EINVAL);
    board.head[0]++;
    unit_assert_status(llmgw_board_attach(&again, board.head, &room),
                       APR_EINVAL);
    drop_board(&board);
}
END_TEST

START_TEST(test_place)
{
    llmgw_board_t board = make_board(&room);

    llmgw_board_begin(&board);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 11), 0);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 22), 1);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 11), 0);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 33), 2);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 44), -1);
    ck_assert_int_eq(llmgw_board_place_key(&board, 11), 0);
    ck_assert_int_eq(llmgw_board_place_route(&board, 11), 0);
    board.slots[0].turn = 1;
    board.slots[1].turn = 2;
    board.keys[0].used = 3;
    board.routes[0].calls = 4;

    /* the second start: 22 stays, 11 and 33 make room, but not while in use */
    llmgw_board_begin(&board);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 22), 1);
    ck_assert(board.slots[1].turn == 2);
    llmgw_load_add(&board.slots[0].load, 5);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 44), 2);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 55), -1);
    llmgw_load_drop(&board.slots[0].load, 1, 5);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 55), 0);
    ck_assert(board.slots[0].turn == 0);
    ck_assert_int_eq(llmgw_board_place_key(&board, 99), 1);
    ck_assert_int_eq(llmgw_board_place_key(&board, 98), 0);
    ck_assert(board.keys[0].used == 0);
    ck_assert_int_eq(llmgw_board_place_route(&board, 97), 1);
    ck_assert_int_eq(llmgw_board_place_route(&board, 96), 0);
    ck_assert(board.routes[0].calls == 0);
    drop_board(&board);
}
END_TEST

/* Of several that are gone, the one gone longest makes room first. */
START_TEST(test_oldest_first)
{
    llmgw_board_t board = make_board(&room);
    int i;

    for (i = 0; i < 3; i++) {
        llmgw_board_begin(&board);
        ck_assert_int_eq(llmgw_board_place_slot(&board, 10 + i), i);
    }
    llmgw_board_begin(&board);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 20), 0);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 21), 1);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 12), 2);
    drop_board(&board);
}
END_TEST

/* Calls of the old target say nothing of the new one in its slot. */
START_TEST(test_reused_slot)
{
    static const llmgw_breaker_conf_t breaker = LLMGW_BREAKER_CONF_INIT;
    llmgw_outcome_t failed = { LLMGW_BREAKER_FAILURE, LLMGW_ECONNECT, 0, 0, 0 };
    llmgw_board_t board = make_board(&room);
    llmgw_breaker_change_t change;
    llmgw_breaker_view_t view;
    llmgw_hold_t hold;
    int i;

    llmgw_board_begin(&board);
    for (i = 0; i < 3; i++) {
        llmgw_board_place_slot(&board, 10 + i);
    }
    ck_assert(llmgw_hold_acquire(&hold, &board.slots[0], NULL, &breaker, 0,
                                 START, &change));
    board.slots[0].load = 0;
    llmgw_board_begin(&board);
    ck_assert_int_eq(llmgw_board_place_slot(&board, 99), 0);
    llmgw_hold_report(&hold, &failed, HALF, START, &change);
    llmgw_breaker_get(&board.slots[0].breaker, &breaker, START, &view);
    ck_assert_uint_eq(view.counts.total, 0);
    drop_board(&board);
}
END_TEST

/* A larger board takes over what a smaller one knows. */
START_TEST(test_carry)
{
    llmgw_board_room_t more = { 8, 8, 8, 6 };
    llmgw_board_t old = make_board(&room), new = make_board(&more);

    llmgw_board_begin(&old);
    llmgw_board_place_slot(&old, 1);
    llmgw_board_place_slot(&old, 2);
    llmgw_board_place_key(&old, 3);
    llmgw_board_place_route(&old, 4);
    old.slots[1].turn = 5;
    old.keys[0].bench = 6;
    old.keys[0].limited = 7;
    old.routes[0].budget = 8;
    llmgw_load_add(&old.slots[1].load, 100);
    llmgw_board_begin(&new);
    ck_assert_int_eq(llmgw_board_place_slot(&new, 2), 0);
    ck_assert_int_eq(llmgw_board_place_slot(&new, 9), 1);
    llmgw_board_place_key(&new, 3);
    llmgw_board_place_route(&new, 4);
    llmgw_board_carry(&new, &old);
    ck_assert(new.slots[0].turn == 5 && new.slots[0].load == 0);
    ck_assert(new.slots[0].owner.digest == 2);
    ck_assert(new.slots[1].turn == 0);
    ck_assert(new.keys[0].bench == 6 && new.keys[0].limited == 7);
    ck_assert(new.routes[0].budget == 8);
    drop_board(&old);
    drop_board(&new);
}
END_TEST

START_TEST(test_rows)
{
    llmgw_board_t board = make_board(&room);
    apr_uint32_t i;

    for (i = 0; i < 6; i++) {
        ck_assert_int_eq(llmgw_board_claim(&board, 100 + i), (int)i);
        ck_assert_uint_eq(llmgw_board_pid(&board, i), 100 + i);
    }
    ck_assert_int_eq(llmgw_board_claim(&board, 200), -1);
    ck_assert_ptr_eq(llmgw_board_cell(&board, -1, 0), NULL);
    llmgw_load_add(&board.slots[2].load, 7);
    llmgw_load_add(&llmgw_board_cell(&board, 3, 2)->load, 7);
    llmgw_board_reclaim(&board, 104);
    ck_assert_uint_eq(llmgw_load_calls(board.slots[2].load), 1);
    llmgw_board_reclaim(&board, 103);
    llmgw_board_reclaim(&board, 103);
    llmgw_board_reclaim(&board, 0);
    llmgw_board_reclaim(&board, 999);
    ck_assert(board.slots[2].load == 0);
    ck_assert_uint_eq(llmgw_board_pid(&board, 3), 0);
    ck_assert_int_eq(llmgw_board_claim(&board, 200), 3);
    /* a pid that comes again finds nothing of its earlier life */
    llmgw_load_add(&board.slots[2].load, 9);
    llmgw_load_add(&llmgw_board_cell(&board, 3, 2)->load, 9);
    ck_assert_int_eq(llmgw_board_claim(&board, 200), 3);
    ck_assert(board.slots[2].load == 0);
    drop_board(&board);
}
END_TEST

/* Calls that hold no thread are counted in the row of their process, whoever
 * else comes and goes; a dead one has none, and hands none on. */
START_TEST(test_detached)
{
    llmgw_board_t board = make_board(&room);
    int row, other;

    ck_assert_uint_eq(llmgw_board_detached(&board), 0);
    row = llmgw_board_claim(&board, 100);
    other = llmgw_board_claim(&board, 200);
    llmgw_word_add(&board.detached[row], 3);
    llmgw_word_add(&board.detached[other], 4);
    ck_assert_uint_eq(llmgw_board_detached(&board), 7);
    llmgw_word_add(&board.detached[row], (apr_uint64_t)-1);
    ck_assert_uint_eq(llmgw_board_detached(&board), 6);
    llmgw_board_reclaim(&board, 300);
    llmgw_board_reclaim(&board, 0);
    ck_assert_uint_eq(llmgw_board_detached(&board), 6);
    llmgw_board_reclaim(&board, 100);
    llmgw_board_reclaim(&board, 100);
    ck_assert_uint_eq(llmgw_board_detached(&board), 4);
    ck_assert_int_eq(llmgw_board_claim(&board, 300), row);
    ck_assert_uint_eq(llmgw_board_detached(&board), 4);
    /* a pid that comes again begins with none */
    ck_assert_int_eq(llmgw_board_claim(&board, 200), other);
    ck_assert_uint_eq(llmgw_board_detached(&board), 0);
    drop_board(&board);
}
END_TEST

/* Every row counts, the last one too, and none lies in another's memory. */
START_TEST(test_detached_rows)
{
    llmgw_board_t board = make_board(&room);
    apr_uint32_t i;

    for (i = 0; i < room.children; i++) {
        ck_assert_int_eq(llmgw_board_claim(&board, 100 + i), (int)i);
        llmgw_word_add(&board.detached[i], (apr_uint64_t)1 << i);
    }
    ck_assert_uint_eq(llmgw_board_detached(&board),
                      ((apr_uint64_t)1 << room.children) - 1);
    for (i = 0; i < room.children; i++) {
        ck_assert_uint_eq(llmgw_board_pid(&board, i), 100 + i);
        ck_assert(llmgw_board_cell(&board, (int)i, 0)->load == 0);
        llmgw_board_reclaim(&board, 100 + i);
        ck_assert_uint_eq(llmgw_board_detached(&board),
                          ((apr_uint64_t)1 << room.children)
                          - ((apr_uint64_t)2 << i));
    }
    drop_board(&board);
}
END_TEST

/* ---- many threads of many processes -------------------------------------- */

#define CHILDREN 4
#define THREADS 8
#define CALLS 4000

/* Where the children wait, and what they did; shared. */
typedef struct arena_t {
    llmgw_word_t go;
    llmgw_word_t began;
    llmgw_word_t refused;
    llmgw_word_t opened;        /* changes that were told, by what they say */
    llmgw_word_t half_opened;
    llmgw_word_t closed;
} arena_t;

typedef struct worker_t {
    llmgw_board_t *board;
    arena_t *arena;
    const llmgw_breaker_conf_t *breaker;
    int child;
    int calls;                  /* 0: until it is killed */
    apr_uint64_t seed;
} worker_t;

static apr_time_t read_clock(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (apr_time_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void tell(arena_t *arena, const llmgw_breaker_change_t *change)
{
    if (change->reason) {
        llmgw_word_add(change->to == LLMGW_BREAKER_OPEN ? &arena->opened
                       : change->to == LLMGW_BREAKER_CLOSED ? &arena->closed
                       : &arena->half_opened, 1);
    }
}

/* One call, of random length, size and outcome, at a random target. */
static void call_once(worker_t *w)
{
    llmgw_breaker_change_t change;
    llmgw_outcome_t outcome = { LLMGW_BREAKER_SUCCESS, APR_SUCCESS, 0, 900,
                                1000 };
    apr_uint64_t bits = llmgw_hash_mix(w->seed += 0x9e3779b97f4a7c15);
    int slot = (int)(bits % w->board->room.slots);
    llmgw_hold_t hold;

    bits /= w->board->room.slots;
    if (!llmgw_hold_acquire(&hold, &w->board->slots[slot],
                            llmgw_board_cell(w->board, w->child, slot),
                            w->breaker, (apr_int64_t)(bits & 0xFFFF),
                            read_clock(), &change)) {
        llmgw_word_add(&w->arena->refused, 1);
        return;
    }
    tell(w->arena, &change);
    outcome.effect = bits >> 16 & 1 ? LLMGW_BREAKER_SUCCESS
                     : bits >> 17 & 1 ? LLMGW_BREAKER_FAILURE
                     : LLMGW_BREAKER_NEUTRAL;
    if ((bits >> 18 & 63) == 0) {
        usleep(100);            /* others get their turn meanwhile */
    }
    if (bits >> 24 & 7) {
        llmgw_hold_report(&hold, &outcome, HALF, read_clock(), &change);
        tell(w->arena, &change);
        llmgw_slot_usage(&w->board->slots[slot], 10, 20);
    }
    llmgw_hold_release(&hold, read_clock(), &change);
}

static void *work(void *arg)
{
    worker_t *w = arg;
    int i;

    for (i = 0; !w->calls || i < w->calls; i++) {
        call_once(w);
    }
    return NULL;
}

static void run_child(llmgw_board_t *board, arena_t *arena, int n, int calls,
                      const llmgw_breaker_conf_t *breaker)
{
    pthread_t threads[THREADS];
    worker_t workers[THREADS];
    int i, child = llmgw_board_claim(board, (apr_uint32_t)getpid());

    llmgw_word_add(&arena->began, 1);
    while (!llmgw_word_get(&arena->go)) {
        usleep(100);
    }
    for (i = 0; i < THREADS; i++) {
        worker_t w = { board, arena, breaker, child, calls,
                       (apr_uint64_t)(n * THREADS + i + 1) << 32 };

        workers[i] = w;
        if (pthread_create(&threads[i], NULL, work, &workers[i])) {
            _exit(2);
        }
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    _exit(child < 0);
}

static arena_t *make_arena(void)
{
    arena_t *arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(arena, MAP_FAILED);
    return arena;
}

static void start_children(llmgw_board_t *board, arena_t *arena, pid_t *pids,
                           int calls, const llmgw_breaker_conf_t *breaker)
{
    int i;

    for (i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        if (pids[i] == 0) {
            run_child(board, arena, i, calls, breaker);
        }
    }
    while (llmgw_word_get(&arena->began) < CHILDREN) {
        usleep(100);
    }
    llmgw_word_set(&arena->go, 1);
}

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

static apr_uint64_t sum(const llmgw_board_t *board, llmgw_slot_count_e what)
{
    apr_uint64_t n = 0;
    apr_uint32_t i;

    for (i = 0; i < board->room.slots; i++) {
        n += llmgw_slot_count(&board->slots[i], what);
    }
    return n;
}

/* A breaker that opens, probes and closes some hundred times a second. */
static const llmgw_breaker_conf_t restless = {
    0, 20, 50, 10, 5, APR_TIME_C(100000), APR_TIME_C(1000), 0
};

/* One that lets all calls pass. */
static const llmgw_breaker_conf_t calm = {
    0, 100, 100, 1000, 5, APR_TIME_C(100000), APR_TIME_C(1000), 0
};

static void check_idle(const llmgw_board_t *board)
{
    llmgw_breaker_view_t view;
    apr_uint32_t i, j;

    for (i = 0; i < board->room.slots; i++) {
        ck_assert_msg(board->slots[i].load == 0, "slot %u: load %llx", i,
                      (unsigned long long)board->slots[i].load);
        llmgw_breaker_get(&board->slots[i].breaker, &restless, read_clock(),
                          &view);
        ck_assert_uint_eq(view.probes, 0);
        for (j = 0; j < board->room.children; j++) {
            const llmgw_cell_t *cell = llmgw_board_cell(board, (int)j, (int)i);

            ck_assert(cell->load == 0 && (apr_uint32_t)cell->probes == 0);
        }
    }
}

START_TEST(test_many_processes)
{
    llmgw_board_t board = make_board(&room);
    arena_t *arena = make_arena();
    apr_uint64_t calls, reported;
    pid_t pids[CHILDREN];
    int i;

    start_children(&board, arena, pids, CALLS, &restless);
    for (i = 0; i < CHILDREN; i++) {
        ck_assert_int_eq(wait_for(pids[i]), 0);
    }
    calls = sum(&board, LLMGW_SLOT_CALLS);
    reported = sum(&board, LLMGW_SLOT_SUCCEEDED)
               + sum(&board, LLMGW_SLOT_FAILED)
               + sum(&board, LLMGW_SLOT_NEUTRAL);
    ck_assert(calls + arena->refused == CHILDREN * THREADS * CALLS);
    ck_assert(reported == calls);
    ck_assert(sum(&board, LLMGW_SLOT_OPENED) == arena->opened);
    ck_assert(sum(&board, LLMGW_SLOT_COMPLETION_TOKENS)
              == 2 * sum(&board, LLMGW_SLOT_PROMPT_TOKENS));
    check_idle(&board);
    /* each change is told once: what closes was half-open, what is half-open
     * was open, what opens was closed or half-open */
    ck_assert(arena->opened > 0 && arena->half_opened > 0);
    ck_assert(arena->closed <= arena->half_opened);
    ck_assert(arena->half_opened <= arena->opened);
    ck_assert(arena->opened - arena->half_opened <= room.slots);
    munmap(arena, sizeof(*arena));
    drop_board(&board);
}
END_TEST

/* Children that are killed amid their calls leave nothing in flight, whatever
 * the others do meanwhile. */
START_TEST(test_killed)
{
    llmgw_board_t board = make_board(&room);
    arena_t *arena = make_arena();
    apr_uint64_t before;
    pid_t pids[CHILDREN];
    int i, round;

    for (round = 0; round < 40; round++) {
        llmgw_word_set(&arena->go, 0);
        llmgw_word_set(&arena->began, 0);
        before = sum(&board, LLMGW_SLOT_CALLS);
        start_children(&board, arena, pids, 0, round % 2 ? &restless : &calm);
        while (sum(&board, LLMGW_SLOT_CALLS) < before + 50) {
            usleep(100);
        }
        for (i = 0; i < CHILDREN; i++) {
            usleep(2000);
            kill(pids[i], SIGKILL);
            ck_assert(WIFSIGNALED(wait_for(pids[i])));
            llmgw_board_reclaim(&board, (apr_uint32_t)pids[i]);
            llmgw_board_reclaim(&board, (apr_uint32_t)pids[i]);
        }
        check_idle(&board);
    }
    ck_assert(sum(&board, LLMGW_SLOT_ABANDONED) > 0);
    munmap(arena, sizeof(*arena));
    drop_board(&board);
}
END_TEST

UNIT_MAIN("board", test_attach, test_place, test_oldest_first,
          test_reused_slot, test_carry, test_rows, test_detached,
          test_detached_rows, test_many_processes,
          test_killed)
