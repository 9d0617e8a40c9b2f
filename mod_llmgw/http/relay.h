/* relay.h: the way of an answer to the client: the output filter LLMGW */
#ifndef LLMGW_HTTP_RELAY_H
#define LLMGW_HTTP_RELAY_H

#include "call.h"

/*
 * A provider's bytes enter the request's output filters at LLMGW, which
 * decodes them, holds them back until the first content, and passes on either
 * the same bytes or what the encoder of the client's dialect makes of them.
 * Filters below it (mod_deflate and others) see an answer like any other.
 */

#define LLMGW_RELAY_FILTER "LLMGW"

typedef struct llmgw_relay_t llmgw_relay_t;

/** Register the filter; once, with the hooks. */
void llmgw_relay_register(void);

/** Put the filter into the request's chain. Idle until begin. */
llmgw_relay_t *llmgw_relay_create(llmgw_call_t *call);

/**
 * An answer of status 2xx begins.
 * @param streamed the provider's body is a stream of events
 */
void llmgw_relay_begin(llmgw_relay_t *relay, int streamed,
                       const apr_table_t *headers);

/**
 * Send body bytes through the chain.
 * @return APR_SUCCESS; an LLMGW_E... code when the provider is at fault (see
 *         llmgw_relay_error()); LLMGW_ECLIENTGONE when the client is gone
 */
apr_status_t llmgw_relay_feed(llmgw_relay_t *relay, const char *data,
                              apr_size_t len);

/**
 * Pass on what is there of a stream: it is kept back so that what came together
 * goes together.
 * @return APR_SUCCESS; LLMGW_ECLIENTGONE
 */
apr_status_t llmgw_relay_flush(llmgw_relay_t *relay);

/**
 * Send a brigade to the client that is not to be decoded. From the first on,
 * the answer is committed.
 * @return APR_SUCCESS; LLMGW_ECLIENTGONE
 */
apr_status_t llmgw_relay_pass(llmgw_relay_t *relay, apr_bucket_brigade *bb);

/** The provider's body is complete. Status as llmgw_relay_feed(). */
apr_status_t llmgw_relay_finish(llmgw_relay_t *relay);

/**
 * While a stream that has begun waits for its provider: send what shows the
 * client that it is alive, where nothing was sent for so long.
 * @param every_usec 0: never
 * @param next out: when to call again; 0: not before more has come
 * @return APR_SUCCESS, LLMGW_ECLIENTGONE
 */
apr_status_t llmgw_relay_keep_alive(llmgw_relay_t *relay,
                                    apr_interval_time_t every_usec,
                                    apr_time_t *next);

/** The attempt is over: forget what is held back, if nothing was sent. */
void llmgw_relay_reset(llmgw_relay_t *relay);

/** After a failure on the way: end what the client has seen already with an
 * error in its dialect. Only once committed. */
void llmgw_relay_fail(llmgw_relay_t *relay, const llmgw_err_t *err);

/** Why the provider is at fault. */
const llmgw_err_t *llmgw_relay_error(const llmgw_relay_t *relay);

/** Non-zero once anything has gone to the client. */
int llmgw_relay_committed(const llmgw_relay_t *relay);

/** Non-zero once the stream's own end mark has come. */
int llmgw_relay_ended(const llmgw_relay_t *relay);

#endif /* LLMGW_HTTP_RELAY_H */
