/* outlet.h: writing to a client without ever waiting for it */
#ifndef LLMGW_HTTP_OUTLET_H
#define LLMGW_HTTP_OUTLET_H

#include <httpd.h>

/*
 * A connection filter right above the core output filter, below TLS. While it
 * is open it takes all that comes, and hands on what the socket takes at once;
 * flushes end here, as httpd's core would wait for a client that does not
 * read. While it is closed everything passes.
 */

typedef struct llmgw_outlet_t llmgw_outlet_t;

/** Register the filter. */
void llmgw_outlet_register(void);

/** Put a closed outlet into a connection; it lasts as long as that. */
llmgw_outlet_t *llmgw_outlet_create(conn_rec *c);

/** From now on: do not wait for the client. */
void llmgw_outlet_open(llmgw_outlet_t *outlet);

/** From now on writing may wait. Nothing may be left in it. */
void llmgw_outlet_close(llmgw_outlet_t *outlet);

/**
 * Write what the client takes now.
 * @return APR_SUCCESS, also when some is left; else the connection is broken
 */
apr_status_t llmgw_outlet_drain(llmgw_outlet_t *outlet);

/** The same, when poll() said that the client took some: of a piece maybe a
 * part, which the core filter does not tell. */
apr_status_t llmgw_outlet_drain_more(llmgw_outlet_t *outlet);

/** Non-zero while something is left that the client has not taken. */
int llmgw_outlet_holds(const llmgw_outlet_t *outlet);

/** When the client last took something; only of use while something is left. */
apr_time_t llmgw_outlet_moved(const llmgw_outlet_t *outlet);

#endif /* LLMGW_HTTP_OUTLET_H */
