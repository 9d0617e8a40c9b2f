/* query.h: parameters in the query of a URL */
#ifndef LLMGW_QUERY_H
#define LLMGW_QUERY_H

#include <apr_pools.h>
#include "llmgw/str.h"

/**
 * The value of the first parameter of that name, percent-decoded, a plus sign
 * being a space, in pool p.
 * @param query what follows the question mark; NULL for none
 * @return never given when there is no such parameter; empty when it has no
 *         value
 */
llmgw_str_t llmgw_query_lookup(const char *query, const char *name,
                               apr_pool_t *p);

#endif /* LLMGW_QUERY_H */
