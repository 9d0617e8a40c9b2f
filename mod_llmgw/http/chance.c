/* chance.c: numbers that differ: for ids and for weighted choices */
#include <httpd.h>
#include <apr_atomic.h>
#include <apr_time.h>
#include "llmgw/hash.h"
#include "chance.h"

static apr_uint64_t seed;
static apr_uint32_t turn;

void llmgw_chance_child_init(void)
{
    ap_random_insecure_bytes(&seed, sizeof(seed));
}

apr_uint64_t llmgw_chance_bits(void)
{
    apr_uint64_t n = apr_atomic_inc32(&turn);

    return llmgw_hash_mix(seed + llmgw_hash_mix((apr_uint64_t)apr_time_now())
                          + n * APR_UINT64_C(0x9e3779b97f4a7c15));
}
