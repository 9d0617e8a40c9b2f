/* test_hist.c: histograms */
#include <pthread.h>
#include "llmgw/hist.h"
#include "unit.h"

/* A value goes into the first bucket whose bound is no less. */
START_TEST(test_bounds)
{
    int kind, i;

    for (kind = 0; kind < LLMGW_HIST__COUNT; kind++) {
        const llmgw_hist_kind_t *k = llmgw_hist_kind((llmgw_hist_e)kind);

        ck_assert_int_le(k->n, LLMGW_HIST_BOUNDS_MAX);
        for (i = 0; i < k->n; i++) {
            llmgw_hist_t h;

            memset(&h, 0, sizeof(h));
            ck_assert(i == 0 || k->bounds[i] > k->bounds[i - 1]);
            llmgw_hist_add(&h, (llmgw_hist_e)kind, k->bounds[i]);
            llmgw_hist_add(&h, (llmgw_hist_e)kind, k->bounds[i] + 1);
            ck_assert(h.counts[i] == 1 && h.counts[i + 1] == 1);
        }
    }
}
END_TEST

START_TEST(test_sums)
{
    llmgw_hist_view_t view;
    llmgw_hist_t h;

    memset(&h, 0, sizeof(h));
    llmgw_hist_add(&h, LLMGW_HIST_TOKENS, 0);
    llmgw_hist_add(&h, LLMGW_HIST_TOKENS, 1);
    llmgw_hist_add(&h, LLMGW_HIST_TOKENS, 2);
    llmgw_hist_add(&h, LLMGW_HIST_TOKENS, -1);
    llmgw_hist_add(&h, LLMGW_HIST_TOKENS, APR_INT64_C(1) << 40);
    llmgw_hist_get(&h, LLMGW_HIST_TOKENS, &view);
    ck_assert(view.below[0] == 2 && view.below[1] == 3 && view.below[13] == 3);
    ck_assert(view.count == 4);
    ck_assert(view.sum == 3 + (APR_UINT64_C(1) << 40));
}
END_TEST

START_TEST(test_per_token)
{
    ck_assert_int_eq(llmgw_hist_per_token(1500000, 500000, 101), 10000);
    ck_assert_int_eq(llmgw_hist_per_token(1000, 0, 4), 333);
    ck_assert_int_eq(llmgw_hist_per_token(2000, 0, 4), 667);
    ck_assert_int_eq(llmgw_hist_per_token(400, 0, 1001), 0);
    ck_assert_int_eq(llmgw_hist_per_token(600, 0, 1001), 1);
    ck_assert_int_eq(llmgw_hist_per_token(600, 0, 1), -1);
    ck_assert_int_eq(llmgw_hist_per_token(600, 0, -1), -1);
    ck_assert_int_eq(llmgw_hist_per_token(600, 700, 10), -1);
}
END_TEST

static void *add_many(void *arg)
{
    int i;

    for (i = 0; i < 20000; i++) {
        llmgw_hist_add(arg, LLMGW_HIST_DURATION, i * 5000);
    }
    return NULL;
}

START_TEST(test_threads)
{
    llmgw_hist_view_t view;
    pthread_t threads[4];
    llmgw_hist_t h;
    int i;

    memset(&h, 0, sizeof(h));
    for (i = 0; i < 4; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, &h), 0);
    }
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    llmgw_hist_get(&h, LLMGW_HIST_DURATION, &view);
    ck_assert(view.count == 80000);
    ck_assert(view.below[13] == 4 * (81920000 / 5000 + 1));
    ck_assert(view.sum == APR_UINT64_C(4) * 5000 * (20000L * 19999 / 2));
}
END_TEST

UNIT_MAIN("hist", test_bounds, test_sums, test_per_token, test_threads)
