/* test_series.c: metrics by labels */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "llmgw/series.h"
#include "unit.h"

enum { ROUTE, PROVIDER, MODEL, CODE, CLASS };

static const llmgw_series_kind_t kind = {
    5, { { "route", 48 }, { "provider", 32 }, { "model", 64 }, { "code", 8 },
         { "class", 32 } }, 2 * sizeof(llmgw_word_t)
};

static llmgw_series_t make(apr_uint32_t room)
{
    void *mem = mmap(NULL, llmgw_series_bytes(&kind, room),
                     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0);
    llmgw_series_t series;

    ck_assert_ptr_ne(mem, MAP_FAILED);
    unit_assert_ok(llmgw_series_attach(&series, &kind, mem, room));
    return series;
}

static void drop(llmgw_series_t *series)
{
    munmap(series->head, llmgw_series_bytes(&kind, series->room));
}

static llmgw_series_key_t key_of(const char *route, const char *model)
{
    llmgw_series_key_t key = { {
        llmgw_str_of(route), LLMGW_STR_LIT("openai"), llmgw_str_of(model),
        LLMGW_STR_LIT("200"), LLMGW_STR_NULL
    } };

    return key;
}

static llmgw_word_t *get(const llmgw_series_t *series, const char *route,
                         const char *model)
{
    llmgw_series_key_t key = key_of(route, model);

    return llmgw_series_get(series, &key);
}

START_TEST(test_attach)
{
    llmgw_series_t series = make(8), again;
    llmgw_series_kind_t other = kind;

    unit_assert_ok(llmgw_series_attach(&again, &kind, series.head, 8));
    unit_assert_status(llmgw_series_attach(&again, &kind, series.head, 9),
                       APR_EINVAL);
    other.figures_bytes = 8;
    unit_assert_status(llmgw_series_attach(&again, &other, series.head, 8),
                       APR_EINVAL);
    other = kind;
    other.labels[ROUTE].name = "target";
    unit_assert_status(llmgw_series_attach(&again, &other, series.head, 8),
                       APR_EINVAL);
    series.head[0]++;
    unit_assert_status(llmgw_series_attach(&again, &kind, series.head, 8),
                       APR_EINVAL);
    drop(&series);
}
END_TEST

START_TEST(test_get)
{
    llmgw_series_t series = make(16);
    llmgw_series_key_t key;
    llmgw_word_t *a = get(&series, "fast", "gpt-4o"), *figures;
    apr_uint32_t at = 0;

    ck_assert(a[0] == 0 && a[1] == 0);
    a[0] = 5;
    ck_assert_ptr_eq(get(&series, "fast", "gpt-4o"), a);
    ck_assert_ptr_ne(get(&series, "fast", "gpt-4"), a);
    ck_assert_ptr_ne(get(&series, "fas", "tgpt-4o"), a);
    ck_assert_ptr_eq(get(&series, "", "12345678"), get(&series, "",
                                                       "12345678"));
    ck_assert_ptr_ne(get(&series, "", "12345678"), get(&series, "",
                                                       "123456789"));
    ck_assert(llmgw_series_used(&series) == 5);

    figures = llmgw_series_each(&series, &at, &key);
    ck_assert(figures[0] == 0);
    unit_assert_str(key.values[MODEL], "other");
    unit_assert_str(key.values[CLASS], "other");
    do {
        figures = llmgw_series_each(&series, &at, &key);
        ck_assert_ptr_ne(figures, NULL);
    } while (figures[0] != 5);
    unit_assert_str(key.values[ROUTE], "fast");
    unit_assert_str(key.values[PROVIDER], "openai");
    unit_assert_str(key.values[MODEL], "gpt-4o");
    unit_assert_str(key.values[CODE], "200");
    unit_assert_str(key.values[CLASS], "");
    while (llmgw_series_each(&series, &at, &key)) {
    }
    ck_assert_ptr_eq(llmgw_series_each(&series, &at, &key), NULL);
    drop(&series);
}
END_TEST

/* Long values are cut, never within a character, and then are the same. */
START_TEST(test_long)
{
    llmgw_series_t series = make(8);
    char name[200];
    llmgw_word_t *a;
    llmgw_series_key_t key;
    apr_uint32_t at = 0;

    memset(name, 'x', sizeof(name));
    name[199] = '\0';
    memcpy(name + 62, "\xc3\xbc", 2);
    a = get(&series, "r", name);
    a[0] = 1;
    name[150] = 'y';
    ck_assert_ptr_eq(get(&series, "r", name), a);
    name[62] = '\0';
    ck_assert_ptr_eq(get(&series, "r", name), a);
    llmgw_series_each(&series, &at, &key);
    llmgw_series_each(&series, &at, &key);
    ck_assert_uint_eq(key.values[MODEL].len, 62);
    drop(&series);
}
END_TEST

/* A full table counts what comes after as "other". */
START_TEST(test_full)
{
    llmgw_series_t series = make(20);
    apr_uint64_t sum = 0;
    llmgw_series_key_t key;
    llmgw_word_t *figures, *other;
    apr_uint32_t at = 0;
    int i, entries = 0;

    other = llmgw_series_each(&series, &at, &key);
    for (i = 0; i < 1000; i++) {
        get(&series, "r", apr_psprintf(unit_pool, "model-%d", i))[0]++;
    }
    for (at = 0; (figures = llmgw_series_each(&series, &at, &key)); entries++) {
        sum += figures[0];
    }
    ck_assert(sum == 1000);
    ck_assert_int_eq(entries, 21);
    ck_assert(other[0] == 980);
    ck_assert(llmgw_series_used(&series) == 20);
    drop(&series);
}
END_TEST

/* Who took an entry died before its labels were written. */
START_TEST(test_left_half_done)
{
    llmgw_series_t series = make(8);
    llmgw_series_key_t key;
    llmgw_word_t *a = get(&series, "fast", "gpt-4o"), *state = a - 24;
    apr_uint32_t at = 1;

    memset(state + 1, 0, 23 * 8);
    *state &= ~(apr_uint64_t)2;
    ck_assert_ptr_eq(llmgw_series_each(&series, &at, &key), NULL);
    ck_assert_ptr_eq(get(&series, "fast", "gpt-4o"), a);
    at = 1;
    ck_assert_ptr_eq(llmgw_series_each(&series, &at, &key), a);
    unit_assert_str(key.values[MODEL], "gpt-4o");
    drop(&series);
}
END_TEST

static void *count_many(void *arg)
{
    const llmgw_series_t *series = arg;
    char name[16];
    int i;

    for (i = 0; i < 5000; i++) {
        apr_snprintf(name, sizeof(name), "m%d", i % 60);
        llmgw_word_add(get(series, "r", name), 1);
    }
    return NULL;
}

static void count_in_child(llmgw_series_t *series)
{
    pthread_t threads[4];
    int i;

    for (i = 0; i < 4; i++) {
        if (pthread_create(&threads[i], NULL, count_many, series)) {
            _exit(1);
        }
    }
    for (i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    _exit(0);
}

START_TEST(test_together)
{
    llmgw_series_t series = make(128);
    llmgw_series_key_t key;
    llmgw_word_t *figures;
    apr_uint32_t at = 1;
    pid_t pids[3];
    int i, status, entries = 0;

    for (i = 0; i < 3; i++) {
        if ((pids[i] = fork()) == 0) {
            count_in_child(&series);
        }
    }
    for (i = 0; i < 3; i++) {
        waitpid(pids[i], &status, 0);
        ck_assert_int_eq(status, 0);
    }
    for (; (figures = llmgw_series_each(&series, &at, &key)); entries++) {
        ck_assert(figures[0] == 3 * 4 * (5000 / 60)
                  || figures[0] == 3 * 4 * (5000 / 60 + 1));
    }
    ck_assert_int_eq(entries, 60);
    ck_assert(llmgw_series_used(&series) == 60);
    drop(&series);
}
END_TEST

UNIT_MAIN("series", test_attach, test_get, test_long, test_full,
          test_left_half_done, test_together)
