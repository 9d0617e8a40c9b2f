/* shared.c: memory that all children share, over graceful restarts too */
#include <httpd.h>
#include <http_config.h>
#include <http_main.h>
#include "shared.h"

#define ALIGNMENT 64            /* a cache line */

void *llmgw_shared_retain(const char *name, apr_size_t bytes)
{
    void *data = ap_retained_data_get(name);

    return data ? data : ap_retained_data_create(name, bytes);
}

int llmgw_shared_create(llmgw_shared_t *shared, apr_size_t bytes)
{
    llmgw_shared_t made;

    apr_pool_create(&made.pool, ap_pglobal);
    apr_pool_tag(made.pool, "llmgw_shared");
    if (apr_shm_create(&made.shm, bytes + ALIGNMENT, NULL, made.pool)
        != APR_SUCCESS) {
        apr_pool_destroy(made.pool);
        return 0;
    }
    *shared = made;
    memset(llmgw_shared_base(shared), 0, bytes);
    return 1;
}

void *llmgw_shared_base(const llmgw_shared_t *shared)
{
    apr_uintptr_t base = (apr_uintptr_t)apr_shm_baseaddr_get(shared->shm);

    return (void *)APR_ALIGN(base, ALIGNMENT);
}

void llmgw_shared_destroy(llmgw_shared_t *shared)
{
    apr_pool_destroy(shared->pool);
    memset(shared, 0, sizeof(*shared));
}
