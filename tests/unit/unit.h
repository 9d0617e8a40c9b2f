/* unit.h: what every unit test shares: APR, a pool per test, helpers, main */
#ifndef LLMGW_TESTS_UNIT_H
#define LLMGW_TESTS_UNIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <apr.h>
#include <apr_errno.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include "llmgw/str.h"

#define UNIT_UNUSED __attribute__((unused))

/** Lives as long as one test; made before it and destroyed after it. */
static apr_pool_t *unit_pool;

static inline void unit_setup(void)
{
    apr_initialize();
    apr_pool_create(&unit_pool, NULL);
}

static inline void unit_teardown(void)
{
    apr_pool_destroy(unit_pool);
    unit_pool = NULL;
    apr_terminate();
}

/* ---- assertions --------------------------------------------------------- */

/** The status is APR_SUCCESS; prints the number when not. */
#define unit_assert_ok(call) unit_assert_status(call, APR_SUCCESS)

/** The status is this one. */
#define unit_assert_status(call, expected) \
    ck_assert_int_eq((int)(call), (int)(expected))

/** The llmgw_str_t holds just the bytes of a C string, and was given. */
#define unit_assert_str(s, z) \
    do { \
        llmgw_str_t us_ = (s); \
        const char *uz_ = (z); \
        ck_assert_msg(us_.p != NULL, "%s was never given", #s); \
        ck_assert_msg(llmgw_str_is(us_, uz_), "%s is \"%.*s\", not \"%s\"", \
                      #s, LLMGW_STR_ARG(us_), uz_); \
    } while (0)

/** The llmgw_str_t was never given. */
#define unit_assert_null(s) ck_assert_ptr_eq((s).p, NULL)

/** Both hold the same bytes. */
#define unit_assert_same(s, t) \
    do { \
        llmgw_str_t us_ = (s), ut_ = (t); \
        ck_assert_msg(llmgw_str_eq(us_, ut_), "%s is \"%.*s\", not \"%.*s\"", \
                      #s, LLMGW_STR_ARG(us_), LLMGW_STR_ARG(ut_)); \
    } while (0)

/* ---- files -------------------------------------------------------------- */

/** A path in tests/data, in the test's pool. */
static inline const char *unit_data(const char *name)
{
    return apr_pstrcat(unit_pool, LLMGW_TEST_DATA, "/", name, NULL);
}

/**
 * A path in the folder of shared test data, or NULL where there is none: it is
 * no part of the source tree, and tests that want it are then skipped.
 */
static inline UNIT_UNUSED const char *unit_shared(const char *name)
{
    const char *dir = getenv("LLMGW_SHARED");
    const char *path;
    apr_finfo_t info;

    if (!dir || !*dir) {
        dir = LLMGW_TEST_SHARED;
    }
    path = apr_pstrcat(unit_pool, dir, "/", name, NULL);
    if (apr_stat(&info, path, APR_FINFO_TYPE, unit_pool) != APR_SUCCESS) {
        return NULL;
    }
    return path;
}

/** All bytes of a file, in the test's pool (a NUL follows); fails without. */
static inline llmgw_str_t unit_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *data;
    long len;

    ck_assert_msg(f != NULL, "cannot open %s", path);
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    len = ftell(f);
    ck_assert_int_ge(len, 0);
    rewind(f);
    data = apr_pcalloc(unit_pool, (apr_size_t)len + 1);
    ck_assert_uint_eq(fread(data, 1, (size_t)len, f), (size_t)len);
    fclose(f);
    return llmgw_str_make(data, (apr_size_t)len);
}

static inline int unit_by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/**
 * The names (char *) of a folder's plain files, sorted, dot files left out;
 * fails when the folder cannot be read.
 */
static inline UNIT_UNUSED apr_array_header_t *unit_list(const char *dir)
{
    apr_array_header_t *names = apr_array_make(unit_pool, 64, sizeof(char *));
    apr_finfo_t info;
    apr_dir_t *d;

    ck_assert_msg(apr_dir_open(&d, dir, unit_pool) == APR_SUCCESS,
                  "cannot read folder %s", dir);
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, d)
           == APR_SUCCESS) {
        if (info.filetype == APR_REG && info.name[0] != '.') {
            APR_ARRAY_PUSH(names, char *) = apr_pstrdup(unit_pool, info.name);
        }
    }
    apr_dir_close(d);
    qsort(names->elts, (size_t)names->nelts, sizeof(char *), unit_by_name);
    return names;
}

/* ---- incremental parsers ------------------------------------------------ */

/** Runs a parser once from start to finish, over these pieces in turn. */
typedef void (*unit_pieces_fn)(void *ctx, const llmgw_str_t *pieces,
                               int npieces);

/* Pieces get memory of their own, so that reading past one is found. */
static inline llmgw_str_t unit_piece(const char *data, apr_size_t len)
{
    char *copy = malloc(len ? len : 1);

    ck_assert_ptr_ne(copy, NULL);
    if (len) {
        memcpy(copy, data, len);
    }
    return llmgw_str_make(copy, len);
}

/**
 * Run over an input whole, then cut in two at every byte, then byte by byte.
 */
static inline UNIT_UNUSED void unit_each_split(llmgw_str_t in,
                                               unit_pieces_fn run, void *ctx)
{
    llmgw_str_t *pieces = malloc((in.len + 2) * sizeof(*pieces));
    apr_size_t i;

    ck_assert_ptr_ne(pieces, NULL);
    pieces[0] = unit_piece(in.p, in.len);
    run(ctx, pieces, 1);
    free((void *)pieces[0].p);
    for (i = 1; i < in.len; i++) {
        pieces[0] = unit_piece(in.p, i);
        pieces[1] = unit_piece(in.p + i, in.len - i);
        run(ctx, pieces, 2);
        free((void *)pieces[0].p);
        free((void *)pieces[1].p);
    }
    for (i = 0; i < in.len; i++) {
        pieces[i] = unit_piece(in.p + i, 1);
    }
    run(ctx, pieces, (int)in.len);
    for (i = 0; i < in.len; i++) {
        free((void *)pieces[i].p);
    }
    free(pieces);
}

/* ---- main --------------------------------------------------------------- */

#define UNIT_FIRST(first, ...) first

/**
 * The program: a suite with these tests, which START_TEST(name) defined.
 *     UNIT_MAIN("str", test_glob, test_utf8)
 */
#define UNIT_MAIN(suite_name, ...) \
    int main(void) \
    { \
        __typeof__(&*UNIT_FIRST(__VA_ARGS__, 0)) tests[] = { __VA_ARGS__ }; \
        Suite *suite = suite_create(suite_name); \
        TCase *tcase = tcase_create(suite_name); \
        SRunner *runner; \
        size_t i; \
        int failed; \
        tcase_add_checked_fixture(tcase, unit_setup, unit_teardown); \
        tcase_set_timeout(tcase, 60); \
        for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) { \
            tcase_add_test(tcase, tests[i]); \
        } \
        suite_add_tcase(suite, tcase); \
        runner = srunner_create(suite); \
        srunner_run_all(runner, CK_NORMAL); \
        failed = srunner_ntests_failed(runner); \
        srunner_free(runner); \
        return failed ? EXIT_FAILURE : EXIT_SUCCESS; \
    }

#endif /* LLMGW_TESTS_UNIT_H */
