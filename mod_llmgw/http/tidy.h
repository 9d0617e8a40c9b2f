/* tidy.h: letting go of connections to providers that nobody needs any more */
#ifndef LLMGW_HTTP_TIDY_H
#define LLMGW_HTTP_TIDY_H

#include <httpd.h>

/** In a new child of an asynchronous MPM. */
void llmgw_tidy_child_init(server_rec *servers);

/** There are many connections now: see that idle ones go when they have been
 * so for a while. mod_proxy does so only when it is asked for another one.
 * Once in a child's life is enough; costs nothing after the first time. */
void llmgw_tidy_begin(void);

#endif /* LLMGW_HTTP_TIDY_H */
