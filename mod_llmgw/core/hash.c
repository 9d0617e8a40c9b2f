/* hash.c: 64-bit digests of names */
#include "llmgw/hash.h"

apr_uint64_t llmgw_hash(llmgw_str_t s)
{
    apr_uint64_t h = APR_UINT64_C(14695981039346656037);
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        h = (h ^ (unsigned char)s.p[i]) * APR_UINT64_C(1099511628211);
    }
    return h;
}

apr_uint64_t llmgw_hash_add(apr_uint64_t digest, llmgw_str_t s)
{
    apr_uint64_t sum = llmgw_hash_mix(digest + APR_UINT64_C(0x9e3779b97f4a7c15))
                       + llmgw_hash(s);

    return sum ? sum : 1;
}
