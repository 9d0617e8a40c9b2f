/* resilience.c: CPU time that resilience takes of a call (make bench-core)
 *
 * A call that goes well: choose among the candidates, ask the breaker, count it
 * in flight, report, count its tokens and times, end it. One figure a method,
 * with all candidates in one route, and in routes of ten.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <apr_general.h>
#include <apr_strings.h>
#include "llmgw/balance.h"
#include "llmgw/board.h"
#include "llmgw/hash.h"
#include "llmgw/hist.h"
#include "llmgw/retry_budget.h"
#include "llmgw/series.h"

#define TARGETS 1000
#define CALLS 40000
#define THREADS 4

static const llmgw_breaker_conf_t breaker = LLMGW_BREAKER_CONF_INIT;
static const llmgw_retry_budget_t retry_budget = LLMGW_RETRY_BUDGET_INIT;

typedef struct figures_t {
    llmgw_word_t calls;
    llmgw_hist_t tokens[2];
    llmgw_hist_t duration;
    llmgw_hist_t first_token;
    llmgw_hist_t per_token;
} figures_t;

static const llmgw_series_kind_t kind = {
    5, { { "route", 48 }, { "provider", 32 }, { "model", 64 }, { "code", 8 },
         { "class", 32 } }, sizeof(figures_t)
};

static llmgw_board_t board;
static llmgw_series_t series;
static llmgw_candidate_t candidates[TARGETS];
static llmgw_balance_t routes[TARGETS];
static int routes_count;
static int child;

static double read_clock(clockid_t clock)
{
    struct timespec ts;

    clock_gettime(clock, &ts);
    return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void *get_memory(size_t bytes)
{
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (mem == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return mem;
}

static void make_routes(int count, llmgw_balance_e method)
{
    int i, each = TARGETS / count;

    for (i = 0; i < TARGETS; i++) {
        llmgw_candidate_t *c = &candidates[i];

        c->slot = &board.slots[i];
        c->digest = llmgw_hash_mix((apr_uint64_t)i + 1);
        c->weight = 1 + i % 5;
        c->price_in = 1 + i % 7;
        c->price_out = 4;
        c->context_max = 200000;
    }
    routes_count = count;
    for (i = 0; i < count; i++) {
        llmgw_balance_t b = { method, candidates + i * each, each, &breaker,
                              LLMGW_SLOT_HALF_LIFE_USEC, LLMGW_BALANCE_SPILL,
                              LLMGW_BALANCE_SPILL_CALLS };

        llmgw_balance_prepare(candidates + i * each, each);
        routes[i] = b;
    }
}

static void count_figures(int target)
{
    llmgw_series_key_t key = { {
        LLMGW_STR_LIT("gpt-*"), LLMGW_STR_LIT("openai"),
        LLMGW_STR_LIT("gpt-4o-mini"), LLMGW_STR_LIT("200"), LLMGW_STR_NULL
    } };
    figures_t *f;
    char name[16];

    apr_snprintf(name, sizeof(name), "provider-%d", target % 50);
    key.values[1] = llmgw_str_of(name);
    f = llmgw_series_get(&series, &key);
    llmgw_word_add(&f->calls, 1);
    llmgw_hist_add(&f->tokens[0], LLMGW_HIST_TOKENS, 1000);
    llmgw_hist_add(&f->tokens[1], LLMGW_HIST_TOKENS, 300);
    llmgw_hist_add(&f->duration, LLMGW_HIST_DURATION, 4000000);
    llmgw_hist_add(&f->first_token, LLMGW_HIST_FIRST_TOKEN, 400000);
    llmgw_hist_add(&f->per_token, LLMGW_HIST_PER_TOKEN,
                   llmgw_hist_per_token(4000000, 400000, 300));
}

static void call_once(apr_pool_t *p, apr_uint64_t random)
{
    int r = (int)(random % (apr_uint64_t)routes_count), i;
    llmgw_balance_t *b = &routes[r];
    llmgw_need_t need = { 1000, 0, random | 1, NULL, NULL };
    llmgw_outcome_t outcome = { LLMGW_BREAKER_SUCCESS, APR_SUCCESS, 200,
                                400000, 4000000 };
    llmgw_breaker_change_t change;
    llmgw_hold_t hold;
    apr_time_t now = (apr_time_t)read_clock(CLOCK_MONOTONIC);

    llmgw_retry_budget_deposit(&board.routes[r].budget, &retry_budget, now);
    i = llmgw_balance_pick(b, llmgw_choice_create(p, b), &need, now, random);
    i = (int)(&b->candidates[i] - candidates);
    if (!llmgw_hold_acquire(&hold, &board.slots[i],
                            llmgw_board_cell(&board, child, i), &breaker,
                            llmgw_need_tokens(&need, &board.slots[i]), now,
                            &change)) {
        abort();
    }
    llmgw_hold_report(&hold, &outcome, LLMGW_SLOT_HALF_LIFE_USEC, now,
                      &change);
    llmgw_slot_usage(&board.slots[i], 1000, 300);
    llmgw_hold_release(&hold, now, &change);
    count_figures(i);
    apr_pool_clear(p);
}

static void *run(void *arg)
{
    apr_uint64_t seed = *(apr_uint64_t *)arg;
    apr_pool_t *p;
    int i;

    apr_pool_create_unmanaged(&p);
    for (i = 0; i < CALLS; i++) {
        call_once(p, llmgw_hash_mix(seed + (apr_uint64_t)i));
    }
    apr_pool_destroy(p);
    return NULL;
}

/* Microseconds of CPU a call. */
static double measure(int threads)
{
    pthread_t ids[THREADS];
    apr_uint64_t seeds[THREADS];
    double began = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    int i;

    for (i = 0; i < threads; i++) {
        seeds[i] = (apr_uint64_t)(i + 1) << 40;
        pthread_create(&ids[i], NULL, run, &seeds[i]);
    }
    for (i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
    }
    return (read_clock(CLOCK_PROCESS_CPUTIME_ID) - began) / threads / CALLS;
}

int main(void)
{
    static const int counts[] = { 1, 100 };
    llmgw_board_room_t room = { TARGETS, 1, TARGETS, 4 };
    int method;
    size_t i;

    apr_initialize();
    llmgw_board_attach(&board, get_memory(llmgw_board_bytes(&room)), &room);
    llmgw_series_attach(&series, &kind,
                        get_memory(llmgw_series_bytes(&kind, 1024)), 1024);
    child = llmgw_board_claim(&board, 1);
    printf("%d targets; microseconds of CPU a call, by one thread and by %d\n",
           TARGETS, THREADS);
    for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (method = 0; method <= LLMGW_BALANCE_PREFIX; method++) {
            double one;

            make_routes(counts[i], (llmgw_balance_e)method);
            measure(1);
            one = measure(1);
            printf("%4d of %4d  %-9s %7.2f %7.2f\n", counts[i],
                   TARGETS / counts[i],
                   llmgw_balance_name((llmgw_balance_e)method), one,
                   measure(THREADS));
        }
    }
    return 0;
}
