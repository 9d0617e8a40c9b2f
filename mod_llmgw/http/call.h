/* call.h: one call: a request, its attempts, its answer; the only state */
#ifndef LLMGW_HTTP_CALL_H
#define LLMGW_HTTP_CALL_H

#include <httpd.h>
#include "llmgw/buf.h"
#include "llmgw/dialect.h"
#include "llmgw/json.h"
#include "llmgw/model.h"
#include "llmgw/surface.h"
#include "config.h"
#include "exchange.h"
#include "pick.h"
#include "routes.h"

/** Where a call is. All but BACKOFF may block, but for the last phases of an
 * exchange; see llmgw_call_may_block(). */
typedef enum llmgw_state_e {
    LLMGW_STATE_PICK,           /* choose a target, write the request */
    LLMGW_STATE_BACKOFF,        /* wait before the same target's next turn */
    LLMGW_STATE_EXCHANGE,       /* x->phase says where in it */
    LLMGW_STATE_CONCLUDE,       /* what comes of the attempt */
    LLMGW_STATE_SETTLE,         /* answer an error; count; log */
    LLMGW_STATE_DONE
} llmgw_state_e;

/** What a step came to. */
typedef enum llmgw_turn_e {
    LLMGW_TURN_AGAIN,           /* step again now */
    LLMGW_TURN_WAIT,            /* wait as call->wait says, then step */
    LLMGW_TURN_DONE
} llmgw_turn_e;

/** What was learned of an answer while it was relayed. */
typedef struct llmgw_meter_t {
    llmgw_usage_t usage;
    llmgw_stop_e stop;
    llmgw_str_t model;          /* the provider's name of the model */
    apr_time_t first_content;   /* 0: none yet */
    apr_uint64_t text_bytes;    /* of content, for an estimate */
} llmgw_meter_t;

/** Nothing learned yet. */
void llmgw_meter_init(llmgw_meter_t *meter);

/** One attempt at one target; its pool goes when the next one begins. */
typedef struct llmgw_attempt_t {
    apr_pool_t *pool;
    const llmgw_target_t *target;
    llmgw_provider_t *provider;
    llmgw_exchange_t *x;
    llmgw_send_t send;
    const char *model;          /* asked of the provider; "" without */
    int key;                    /* which of the provider's keys; -1: none */
    int key_doubtful;           /* refused before, as all others were */
    int status;                 /* of the provider's answer; 0: none yet */
    llmgw_timeouts_t timeout;   /* the target's, or the call's; total: of the
                                 * attempt */
    int passes;                 /* same dialect: bytes travel unchanged */
    int own;                    /* the gateway answers, the provider cannot */
    apr_array_header_t *dropped;    /* of const char *: names of fields */
    struct llmgw_incoming_t *incoming;
    apr_time_t began;
    apr_time_t connected;       /* 0: not yet */
    apr_time_t last_byte;       /* 0: none yet */
    int has_body;               /* some of the body has come */
    int held_up;                /* the client does not take it */
    llmgw_err_t outcome;        /* for CONCLUDE; APR_SUCCESS: all is well,
                                 * perhaps but for */
    llmgw_err_t passed_on;      /* an error event of the provider's */
} llmgw_attempt_t;

typedef struct llmgw_call_t {
    request_rec *r;
    apr_pool_t *pool;           /* the request's */
    const llmgw_config_t *conf;
    llmgw_surface_t surface;
    const llmgw_dialect_t *dialect; /* the client's */
    const char *request_id;

    llmgw_buf_t *body;          /* as received, inflated */
    llmgw_str_t model;          /* asked for */
    llmgw_str_t pin;            /* "provider" member, if a string */
    llmgw_str_t usage_member;   /* raw, never given if absent */
    int stream;
    int include_usage;
    int array_framing;          /* a stream as one JSON array, not as events */
    llmgw_request_t *request;   /* decoded; NULL while nothing needed it */
    struct llmgw_embed_request_t *embed;    /* the same, of embeddings */
    llmgw_err_t undecodable;    /* of these, see prompt.h */
    apr_int64_t prompt_tokens;  /* 0: not yet estimated */
    int needs_request;          /* a figure of it was asked for in vain */

    struct llmgw_raw_t *raw;    /* passes as it is; NULL: it is understood */

    llmgw_plan_t plan;
    llmgw_pick_t pick;
    int attempts;
    int again;                  /* the next one is for the same target */
    int keys_refused;           /* of those that a kept object may be with */
    unsigned int rounds;        /* how often all targets were begun anew */
    const char *failure;        /* of the last attempt, in a word */
    apr_time_t backoff_until;
    llmgw_state_e state;
    llmgw_attempt_t *attempt;   /* NULL before the first */
    llmgw_wait_t wait;
    struct llmgw_outlet_t *outlet;  /* to the client; NULL: writing waits */
    llmgw_err_t err;            /* the most telling failure so far */
    llmgw_meter_t meter;
    struct llmgw_relay_t *relay;
    apr_time_t began;
    apr_time_t upstream_usec;   /* spent waiting for providers */
    apr_interval_time_t waited_usec;    /* for the body, and between attempts */
} llmgw_call_t;

/** Create the call of a request, and note it there. */
llmgw_call_t *llmgw_call_create(request_rec *r,
                                const llmgw_surface_t *surface,
                                const llmgw_dialect_t *dialect);

/**
 * Take the request's body: check it, find the model, route it. Blocks.
 * @return APR_SUCCESS, or the failure, which is in call->err
 */
apr_status_t llmgw_call_accept(llmgw_call_t *call);

/**
 * Find the route or provider for call->model, and ask LLMAllow.
 * @return APR_SUCCESS: call->plan is begun, see llmgw_routes_find();
 *         LLMGW_EMODEL, LLMGW_EFORBIDDEN with err filled in
 */
apr_status_t llmgw_call_route(llmgw_call_t *call, llmgw_err_t *err);

/** Go on as far as possible without waiting. */
llmgw_turn_e llmgw_call_step(llmgw_call_t *call);

/** Non-zero when the next step may block and so needs a worker thread. */
int llmgw_call_may_block(const llmgw_call_t *call);

/** The client has left: close the provider's connection, end the call. */
void llmgw_call_cancel(llmgw_call_t *call);

/** Parse the body, without the member that pins a provider.
 * @param root valid as long as the call
 * @return APR_SUCCESS, or the failure with err filled in */
apr_status_t llmgw_call_parse(llmgw_call_t *call, const llmgw_json_t **root,
                              llmgw_err_t *err);

/** Decode the body into the neutral model, once.
 * @return APR_SUCCESS, or the failure with err filled in */
apr_status_t llmgw_call_decode(llmgw_call_t *call, llmgw_err_t *err);

/** What the call took so far, but for its waiting: for the client's body, for
 * providers, between attempts. */
apr_interval_time_t llmgw_call_overhead_usec(const llmgw_call_t *call);

/** What its tokens cost by the target's prices, as llmgw_price_nano(). */
apr_int64_t llmgw_call_cost_nano(const llmgw_call_t *call);

/**
 * Drive a call on this thread, with poll().
 * @param patience_usec how long to wait, in all, for what another thread can
 *        wait for as well; -1: for ever
 * @return LLMGW_TURN_DONE; LLMGW_TURN_WAIT: it waits as call->wait says
 */
llmgw_turn_e llmgw_driver_poll_run(llmgw_call_t *call,
                                   apr_interval_time_t patience_usec);

#endif /* LLMGW_HTTP_CALL_H */
