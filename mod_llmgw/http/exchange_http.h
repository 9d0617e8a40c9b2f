/* exchange_http.h: within the exchange over HTTP/1.1: its connection */
#ifndef LLMGW_HTTP_EXCHANGE_HTTP_H
#define LLMGW_HTTP_EXCHANGE_HTTP_H

#include <apr_buckets.h>
#include <mod_proxy.h>
#include "llmgw/http1.h"
#include "exchange.h"

#define LLMGW_PROXY_SCHEME "LLMGW"

/** An exchange over one of mod_proxy's connections. */
typedef struct llmgw_exchange_http_t {
    llmgw_exchange_t x;
    proxy_conn_rec *conn;
    const char *target;   /* of the request line */
    apr_sockaddr_t *addr; /* being tried */
    apr_socket_t *sock;   /* connecting */
    int fresh_only;       /* a reused connection was dead: no more */
    llmgw_http1_t *answer;
    int cut;           /* it answered before all was sent */
    int last;          /* all of the request has been put into out */
    int piece;         /* of the body, being written; -1: the head */
    apr_size_t offset; /* within it */
    char chunk[24];    /* begins a chunk of a source's body */
    int unflushed;     /* something was written since the last flush */
    apr_bucket_brigade *out;    /* without TLS, what the socket has not taken
                                 * stays here */
    apr_bucket_brigade *in;     /* with TLS */
} llmgw_exchange_http_t;

/** Fill in x.err. @param why of the system's, or APR_SUCCESS; for the log
 * @return status */
apr_status_t llmgw_exchange_fail(llmgw_exchange_http_t *e, apr_status_t status,
                                 const char *message, apr_status_t why);

/** Phase OPEN: get a connection and resolve; begin to connect, or reuse. */
apr_status_t llmgw_exchange_open(llmgw_exchange_http_t *e);

/** Phase CONNECTING: has it been made? The next address when it failed. */
apr_status_t llmgw_exchange_check_connect(llmgw_exchange_http_t *e);

/** Phase CONNECTED: set it up; the TLS handshake. Next is SENDING. */
apr_status_t llmgw_exchange_complete_connect(llmgw_exchange_http_t *e);

/**
 * Add what a source has to e->out, in chunks if its length is not known.
 * @param last set when that was all
 * @return APR_SUCCESS; APR_EAGAIN: nothing has come; or the failure, which is
 *         in x.err
 */
apr_status_t llmgw_exchange_put_source(llmgw_exchange_http_t *e, int *last);

#endif /* LLMGW_HTTP_EXCHANGE_HTTP_H */
