/* chance.h: numbers that differ: for ids and for weighted choices */
#ifndef LLMGW_HTTP_CHANCE_H
#define LLMGW_HTTP_CHANCE_H

#include <apr.h>

/**
 * Numbers without a pattern, different in each child and cheap: httpd's own
 * generator hashes under a lock. Not for secrets: they can be foreseen.
 */

/** In a new child: begin at another place than its siblings. */
void llmgw_chance_child_init(void);

/** 64 bits. Safe on any thread. */
apr_uint64_t llmgw_chance_bits(void);

#endif /* LLMGW_HTTP_CHANCE_H */
