/* exchange.h: one request to one provider and its answer, without waiting */
#ifndef LLMGW_HTTP_EXCHANGE_H
#define LLMGW_HTTP_EXCHANGE_H

#include <httpd.h>
#include <apr_tables.h>
#include "llmgw/error.h"
#include "llmgw/op.h"
#include "llmgw/str.h"
#include "provider.h"

/**
 * What an exchange does next. What comes before HEAD may block for a while
 * (DNS, a TLS handshake, a source): it must run on a worker thread. HEAD and
 * BODY never do.
 */
typedef enum llmgw_phase_e {
    LLMGW_PHASE_OPEN,           /* get a connection, start to connect */
    LLMGW_PHASE_CONNECTING,     /* wait for the TCP connection */
    LLMGW_PHASE_CONNECTED,      /* TLS, filters */
    LLMGW_PHASE_SENDING,        /* write the request */
    LLMGW_PHASE_HEAD,           /* wait for the answer's head */
    LLMGW_PHASE_BODY,           /* read the answer's body */
    LLMGW_PHASE_DONE
} llmgw_phase_e;

/** What has to happen before another step makes sense. */
typedef struct llmgw_wait_t {
    int fd;                     /* -1: time only */
    int events;                 /* POLLIN, POLLOUT */
    int client;                 /* or more from the client */
    int client_takes;           /* or the client has to take what is there */
    apr_time_t until;           /* 0: no time of the exchange's own */
} llmgw_wait_t;

/** A body that comes while it is sent: see upload.h. */
typedef struct llmgw_source_t {
    /**
     * Get the next piece.
     * @param data,len set on success, len > 0; valid until the next call
     * @param err filled in on failure
     * @return APR_SUCCESS; APR_EAGAIN: nothing has come, wait for the client;
     *         APR_EOF: that was all; an LLMGW_E... code
     */
    apr_status_t (*read)(struct llmgw_source_t *source, const char **data,
                         apr_size_t *len, llmgw_err_t *err);
    int has_length;             /* else it goes in chunks */
    apr_uint64_t length;
    int begun;                  /* some is gone: it cannot be sent again */
    int complete;               /* read to its end */
    int http_status;            /* what httpd said of it; 0: nothing */
} llmgw_source_t;

/** The request to be sent. Everything outlives the exchange. */
typedef struct llmgw_send_t {
    llmgw_op_e op;              /* for a provider that is built in */
    const char *method;
    const char *path;           /* with query */
    apr_table_t *headers;
    const llmgw_str_t *pieces;  /* the body, in pieces */
    int npieces;
    apr_uint64_t body_len;
    llmgw_source_t *source;     /* or from here, if not NULL */
} llmgw_send_t;

/** Who gets the answer. A status other than APR_SUCCESS ends the exchange. */
typedef struct llmgw_receive_t {
    apr_status_t (*head)(void *ctx, int status, const apr_table_t *headers);
    apr_status_t (*body)(void *ctx, const char *data, apr_size_t len);

    /** There is no more for now: what was kept back to go in one piece with
     * what might have followed is to go. NULL: nothing is kept back. */
    apr_status_t (*pause)(void *ctx);
    void *ctx;
} llmgw_receive_t;

typedef struct llmgw_exchange_t llmgw_exchange_t;

/** A way to reach a provider. */
typedef struct llmgw_exchange_class_t {
    /**
     * Go on as far as possible.
     * @return APR_SUCCESS: step again now; APR_EAGAIN: wait as x->wait says;
     *         APR_EOF: the answer is complete; an LLMGW_E... code: it failed,
     *         x->err says why; or what the receiver returned
     */
    apr_status_t (*step)(llmgw_exchange_t *x);

    /** Let go of the connection; it is closed unless the answer is complete
     * and it may be used again. Called once. */
    void (*finish)(llmgw_exchange_t *x);
} llmgw_exchange_class_t;

/** An exchange. Fields are for reading. */
struct llmgw_exchange_t {
    const llmgw_exchange_class_t *cls;
    const llmgw_provider_t *provider;
    request_rec *r;
    apr_pool_t *pool;
    const llmgw_send_t *send;
    llmgw_receive_t receive;
    llmgw_phase_e phase;
    llmgw_wait_t wait;
    apr_time_t connect_until;   /* for the blocking parts of connecting */
    apr_uint64_t body_bytes_max;
    apr_time_t moved;           /* when some of a source's body went; 0: none */
    llmgw_err_t err;
    int reused;                 /* runs over a kept-alive connection */
    int untouched;              /* not one byte has come back */
};

/** What every class's create does first. x is all zero. */
static inline void llmgw_exchange_init(llmgw_exchange_t *x,
                                       const llmgw_exchange_class_t *cls,
                                       apr_pool_t *p, request_rec *r,
                                       const llmgw_provider_t *provider)
{
    x->cls = cls;
    x->provider = provider;
    x->r = r;
    x->pool = p;
    x->wait.fd = -1;
    x->untouched = 1;
}

/**
 * Tell the receiver that what has come is all there is for now.
 * @param rv what receiving came to; unless it is that all is complete, which
 *        ends in its own way, or a failure here
 * @return rv, or the failure here
 */
static inline apr_status_t llmgw_exchange_pause(llmgw_exchange_t *x,
                                                apr_status_t rv)
{
    apr_status_t paused = APR_SUCCESS;

    if (x->receive.pause && !APR_STATUS_IS_EOF(rv)) {
        paused = x->receive.pause(x->receive.ctx);
    }
    return paused == APR_SUCCESS ? rv : paused;
}

/** Create an exchange over HTTP/1.1. It does nothing until its first step. */
llmgw_exchange_t *llmgw_exchange_http_create(apr_pool_t *p, request_rec *r,
                                             const llmgw_provider_t *provider);

/** Create an exchange with nobody: what was to be sent is the answer. */
llmgw_exchange_t *llmgw_exchange_own_create(apr_pool_t *p, request_rec *r,
                                            const llmgw_provider_t *provider);

/** Create an exchange with the built-in echo provider. */
llmgw_exchange_t *llmgw_exchange_echo_create(apr_pool_t *p, request_rec *r,
                                             const llmgw_provider_t *provider);

#endif /* LLMGW_HTTP_EXCHANGE_H */
