/* chance.c: numbers that differ: for ids and for weighted choices */
#include <httpd.h>
#include <apr_atomic.h>
#include <apr_time.h>
#include "chance.h"
#include "log.h"

static apr_uint64_t seed;
static apr_uint32_t turn;

void llmgw_chance_child_init(void)
{
    ap_random_insecure_bytes(&seed, sizeof(seed));
}

/* Sebastiano Vigna's splitmix64: each input bit changes half of the output. */
static apr_uint64_t mix(apr_uint64_t z)
{
    z = (z ^ (z >> 30)) * APR_UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * APR_UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

apr_uint64_t llmgw_chance_bits(void)
{
    apr_uint64_t n = apr_atomic_inc32(&turn);

    return mix(seed + mix((apr_uint64_t)apr_time_now())
               + n * APR_UINT64_C(0x9e3779b97f4a7c15));
}

double llmgw_chance_fraction(void *ctx LLMGW_UNUSED)
{
    return (double)(llmgw_chance_bits() >> 11) / 9007199254740992.0;
}
