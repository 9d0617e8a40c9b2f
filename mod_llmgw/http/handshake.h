/* handshake.h: TLS with a provider, while its client may leave */
#ifndef LLMGW_HTTP_HANDSHAKE_H
#define LLMGW_HTTP_HANDSHAKE_H

#include <httpd.h>

/** Register the filter; once, with the hooks. */
void llmgw_handshake_register(void);

/**
 * Have mod_ssl shake hands on a new connection to a provider. Waits.
 * @param c the connection, as mod_proxy set it up
 * @param sock its socket; its timeout is changed
 * @param r the client's request
 * @param until when to give up
 * @return APR_SUCCESS; LLMGW_ECLIENTGONE: the client has left; else it failed,
 *         and only the clock tells whether that was for want of time
 */
apr_status_t llmgw_handshake_run(conn_rec *c, apr_socket_t *sock,
                                 const request_rec *r, apr_time_t until);

#endif /* LLMGW_HTTP_HANDSHAKE_H */
