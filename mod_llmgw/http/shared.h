/* shared.h: memory that all children share, over graceful restarts too */
#ifndef LLMGW_HTTP_SHARED_H
#define LLMGW_HTTP_SHARED_H

#include <apr_shm.h>
#include <httpd.h>

/*
 * Anonymous memory of the parent's, kept in httpd's retained data: children
 * that drain after a graceful restart and those that follow them see the same
 * bytes. Memory of mod_slotmem_shm is made anew for each generation and could
 * not offer that. All of this is for the parent, before there are children.
 */

/** A block. All zero: there is none yet. */
typedef struct llmgw_shared_t {
    apr_shm_t *shm;
    apr_pool_t *pool;
} llmgw_shared_t;

/**
 * What is kept over readings of the configuration under this name.
 * @param bytes its size, always the same
 * @return never NULL; all zero the first time
 */
void *llmgw_shared_retain(const char *name, apr_size_t bytes);

/**
 * Make a block; one that was there before is not touched.
 * @return 0 when there is not enough memory
 */
int llmgw_shared_create(llmgw_shared_t *shared, apr_size_t bytes);

/** Where a block is: aligned to 64, all zero at first. */
void *llmgw_shared_base(const llmgw_shared_t *shared);

/** Let go of a block. Children that have it keep it. */
void llmgw_shared_destroy(llmgw_shared_t *shared);

#endif /* LLMGW_HTTP_SHARED_H */
