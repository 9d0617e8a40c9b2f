/* word.h: 64-bit words that many threads of many processes change at once */
#ifndef LLMGW_WORD_H
#define LLMGW_WORD_H

#include <apr.h>
#include <apr_time.h>

/**
 * A word of shared memory. Several figures that must change together are
 * packed into one, so that every change is one compare-and-swap: there is no
 * lock to be held by a process that dies. Read and written by the functions
 * below only. Zero bytes are a valid first state of all that is made of them.
 */
typedef apr_uint64_t llmgw_word_t __attribute__((aligned(8)));

_Static_assert(sizeof(llmgw_word_t) == 8, "a word has 64 bits");
_Static_assert(__atomic_always_lock_free(sizeof(llmgw_word_t), 0),
               "64-bit atomics must need no lock: it would not be shared");

static inline apr_uint64_t llmgw_word_get(const llmgw_word_t *w)
{
    return __atomic_load_n(w, __ATOMIC_ACQUIRE);
}

static inline void llmgw_word_set(llmgw_word_t *w, apr_uint64_t value)
{
    __atomic_store_n(w, value, __ATOMIC_RELEASE);
}

/** Add n (subtract, given -n). @return the value before */
static inline apr_uint64_t llmgw_word_add(llmgw_word_t *w, apr_uint64_t n)
{
    return __atomic_fetch_add(w, n, __ATOMIC_ACQ_REL);
}

/** Put a value in place. @return the value before */
static inline apr_uint64_t llmgw_word_swap(llmgw_word_t *w,
                                           apr_uint64_t value)
{
    return __atomic_exchange_n(w, value, __ATOMIC_ACQ_REL);
}

/**
 * Put a value in place if the word still is what was seen.
 * @param seen what it was; on failure, what it is now
 * @return non-zero when it was put in place
 */
static inline int llmgw_word_cas(llmgw_word_t *w, apr_uint64_t *seen,
                                 apr_uint64_t value)
{
    return __atomic_compare_exchange_n(w, seen, value, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

/** The figure of n bits (1 .. 63) that begins at bit `at`. */
static inline apr_uint64_t llmgw_word_bits(apr_uint64_t w, int at, int n)
{
    return w >> at & ((APR_UINT64_C(1) << n) - 1);
}

/** The same word with another figure there; value must fit. */
static inline apr_uint64_t llmgw_word_put(apr_uint64_t w, int at, int n,
                                          apr_uint64_t value)
{
    apr_uint64_t mask = ((APR_UINT64_C(1) << n) - 1) << at;

    return (w & ~mask) | value << at;
}

/**
 * The head of a block: what a block that is new shall begin with, and one that
 * is not must. Not for two that begin the same block at the same time.
 * @param head n words, the first of which is not 0
 * @return non-zero when the block now begins so
 */
static inline int llmgw_word_begin(llmgw_word_t *block,
                                   const apr_uint64_t *head, int n)
{
    int i, is_new = llmgw_word_get(&block[0]) == 0;

    for (i = n - 1; i >= 0; i--) {
        if (is_new) {
            llmgw_word_set(&block[i], head[i]);
        }
        else if (llmgw_word_get(&block[i]) != head[i]) {
            return 0;
        }
    }
    return 1;
}

/** A time as 32 bits of milliseconds, for packing; it wraps after 49 days. */
static inline apr_uint32_t llmgw_word_stamp(apr_time_t now)
{
    return (apr_uint32_t)((apr_uint64_t)now / 1000);
}

/**
 * Milliseconds since a stamp was made; negative when the clock went back (or
 * more than 24 days have passed).
 */
static inline apr_int32_t llmgw_word_msec_since(apr_uint32_t stamp,
                                                apr_time_t now)
{
    return (apr_int32_t)(llmgw_word_stamp(now) - stamp);
}

#endif /* LLMGW_WORD_H */
