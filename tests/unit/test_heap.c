/* test_heap.c: timers */
#include <stdlib.h>
#include "llmgw/heap.h"
#include "unit.h"

#define N 500

static void check_order(const llmgw_heap_t *heap)
{
    apr_size_t i;

    for (i = 1; i <= heap->n; i++) {
        ck_assert_uint_eq(heap->timers[i]->place, i);
        ck_assert(i == 1 || heap->timers[i / 2]->at <= heap->timers[i]->at);
    }
}

START_TEST(test_order)
{
    static llmgw_timer_t timers[N];
    llmgw_heap_t heap = { 0 };
    apr_time_t last = 0;
    int i;

    ck_assert_ptr_null(llmgw_heap_first(&heap));
    for (i = 0; i < N; i++) {
        ck_assert_int_eq(llmgw_heap_put(&heap, &timers[i], (i * 7919) % N),
                         APR_SUCCESS);
    }
    check_order(&heap);
    for (i = 0; i < N; i++) {
        llmgw_timer_t *first = llmgw_heap_first(&heap);

        ck_assert(first->at >= last);
        last = first->at;
        llmgw_heap_remove(&heap, first);
        ck_assert_uint_eq(first->place, 0);
    }
    ck_assert_ptr_null(llmgw_heap_first(&heap));
    llmgw_heap_free(&heap);
}
END_TEST

/* Whatever is put, moved and removed, the least is on top. */
START_TEST(test_random)
{
    llmgw_timer_t timers[64] = { { 0 } };
    llmgw_heap_t heap = { 0 };
    unsigned int seed = 20261121;
    int i, k;

    for (i = 0; i < 20000; i++) {
        llmgw_timer_t *t = &timers[rand_r(&seed) % 64], *least = NULL;

        if (rand_r(&seed) % 3) {
            llmgw_heap_put(&heap, t, rand_r(&seed) % 1000);
            ck_assert_uint_ne(t->place, 0);
        }
        else {
            llmgw_heap_remove(&heap, t);
            ck_assert_uint_eq(t->place, 0);
        }
        for (k = 0; k < 64; k++) {
            if (timers[k].place && (!least || timers[k].at < least->at)) {
                least = &timers[k];
            }
        }
        ck_assert(least ? llmgw_heap_first(&heap)->at == least->at
                  : !llmgw_heap_first(&heap));
    }
    check_order(&heap);
    llmgw_heap_free(&heap);
}
END_TEST

START_TEST(test_not_in)
{
    llmgw_timer_t timer = { 0 };
    llmgw_heap_t heap = { 0 };

    llmgw_heap_remove(&heap, &timer);
    ck_assert_uint_eq(heap.n, 0);
    llmgw_heap_put(&heap, &timer, 5);
    llmgw_heap_put(&heap, &timer, 3);
    ck_assert_uint_eq(heap.n, 1);
    ck_assert(llmgw_heap_first(&heap)->at == 3);
    llmgw_heap_free(&heap);
    ck_assert_ptr_null(llmgw_heap_first(&heap));
}
END_TEST

UNIT_MAIN("heap", test_order, test_random, test_not_in)
