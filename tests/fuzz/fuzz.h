/* fuzz.h: what the fuzz targets share */
#ifndef LLMGW_TESTS_FUZZ_H
#define LLMGW_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include "llmgw/buf.h"
#include "llmgw/str.h"

#define FUZZ_UNUSED __attribute__((unused))

/** The target: libFuzzer calls it, and so does replay_main.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** An invariant; what breaks it is a bug. */
#define FUZZ_CHECK(truth) \
    do { \
        if (!(truth)) { \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #truth); \
            abort(); \
        } \
    } while (0)

/** A pool for one input; destroy it before returning. */
static inline FUZZ_UNUSED apr_pool_t *fuzz_pool(void)
{
    static int initialized;
    apr_pool_t *p;

    if (!initialized) {
        initialized = 1;
        apr_initialize();
        atexit(apr_terminate);
    }
    FUZZ_CHECK(apr_pool_create(&p, NULL) == APR_SUCCESS);
    return p;
}

/** Ways to cut an input: whole, byte by byte, at arbitrary places. */
#define FUZZ_WAYS 4

typedef struct fuzz_cutter_t {
    llmgw_str_t rest;
    int way;                    /* 0 .. FUZZ_WAYS - 1 */
    uint32_t random;
    char *piece;
} fuzz_cutter_t;

static inline FUZZ_UNUSED fuzz_cutter_t fuzz_cut(const uint8_t *data,
                                                 size_t size, int way)
{
    fuzz_cutter_t c = { { (const char *)data, size }, way,
                        (uint32_t)size * 2654435761u + (uint32_t)way, NULL };

    return c;
}

/**
 * The next piece, in memory of its own so that reading past its end shows.
 * @return 0 when there is none left
 */
static inline FUZZ_UNUSED int fuzz_next(fuzz_cutter_t *c, llmgw_str_t *piece)
{
    size_t len = c->rest.len;

    free(c->piece);
    c->piece = NULL;
    if (!len) {
        return 0;
    }
    if (c->way == 1) {
        len = 1;
    }
    else if (c->way > 1) {
        c->random = c->random * 1664525u + 1013904223u
                  + (unsigned char)*c->rest.p;
        len = 1 + (c->random >> 16) % (c->way == 2 ? 7 : 64);
        len = len < c->rest.len ? len : c->rest.len;
    }
    c->piece = malloc(len);
    FUZZ_CHECK(c->piece != NULL);
    memcpy(c->piece, c->rest.p, len);
    *piece = llmgw_str_make(c->piece, len);
    c->rest.p += len;
    c->rest.len -= len;
    return 1;
}

#endif /* LLMGW_TESTS_FUZZ_H */
