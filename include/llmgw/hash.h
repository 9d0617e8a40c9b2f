/* hash.h: 64-bit digests of names, for telling apart, not for keeping secret */
#ifndef LLMGW_HASH_H
#define LLMGW_HASH_H

#include <apr.h>
#include "llmgw/str.h"

/**
 * FNV-1a, 64 bits. The same on every machine and in every release.
 * Who chooses the bytes can make two texts collide: never the ground for a
 * decision on access.
 */
apr_uint64_t llmgw_hash(llmgw_str_t s);

/**
 * Each bit of the argument changes half of the result's bits: the last step of
 * Sebastiano Vigna's splitmix64. One to one; 0 stays 0.
 */
static inline apr_uint64_t llmgw_hash_mix(apr_uint64_t z)
{
    z = (z ^ (z >> 30)) * APR_UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * APR_UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/**
 * The digest of a list of texts: begin with 0 and add one after the other.
 * Where one text ends and the next begins counts ("ab", "c" is not "a", "bc").
 * @return never 0
 */
apr_uint64_t llmgw_hash_add(apr_uint64_t digest, llmgw_str_t s);

#endif /* LLMGW_HASH_H */
