/* raw.h: a request that passes to a provider as it is, and its answer */
#ifndef LLMGW_HTTP_RAW_H
#define LLMGW_HTTP_RAW_H

#include <httpd.h>
#include "llmgw/rawpath.h"
#include "call.h"

/*
 * A path that is none of the gateway's own, and that LLMPassThrough lets pass,
 * is a call like any other: it has a plan, attempts, time limits, figures. Only
 * the body and the answer are not understood, beyond the name of a model where
 * one stands. raw.c takes the request, raw_send.c makes what a provider is
 * sent, raw_answer.c takes what it answers.
 */

/** What is done with the request's body. */
typedef enum llmgw_raw_body_e {
    LLMGW_RAW_NONE,             /* there is none */
    LLMGW_RAW_STREAM,           /* sent as it comes, held nowhere */
    LLMGW_RAW_JSON,             /* read whole, for its model */
    LLMGW_RAW_FORM
} llmgw_raw_body_e;

/** An error a provider answered with. */
typedef struct llmgw_refusal_t {
    int status;
    const apr_table_t *headers;
    llmgw_str_t body;           /* our keys cut out */
} llmgw_refusal_t;

typedef struct llmgw_raw_t {
    const llmgw_dialect_t *dialect; /* the caller's, as far as one can tell */
    llmgw_surface_t surface;    /* holds a model that stands in the path */
    llmgw_rawpath_t path;
    llmgw_rawpath_e kind;
    const char *verb;           /* ":predict" behind that model; NULL: none */
    llmgw_raw_body_e body;
    const char *model_prefix;   /* "models/" before a body's model, or "" */
    llmgw_str_t model_value;    /* of a form: where it stands in the body */
    llmgw_source_t *source;     /* of a body that is sent as it comes */

    int status;                 /* of the answer that is passed on */
    const apr_table_t *headers; /* and the provider's headers */
    llmgw_buf_t *copy;          /* of an answer that tells its usage; NULL:
                                 * it does not, or is too long */
    apr_bucket_brigade *down;
    llmgw_refusal_t *refusal;   /* the last; NULL: none */
} llmgw_raw_t;

/* ---- the request -------------------------------------------------------- */

/**
 * Look whether a request may pass. Reads no body.
 * @param dialect what the request's headers say its caller speaks
 * @param out always set: its dialect is for the error
 * @return APR_SUCCESS; LLMGW_EPATH: no such path, or one that LLMPassThrough
 *         does not name; LLMGW_EINVAL, LLMGW_EMETHOD, LLMGW_EUPGRADE
 */
apr_status_t llmgw_raw_create(llmgw_raw_t **out, request_rec *r,
                              const llmgw_dialect_t *dialect,
                              llmgw_err_t *err);

/**
 * Take the request: its body, unless that is sent as it comes; its model; its
 * targets. Blocks. As llmgw_call_accept().
 */
apr_status_t llmgw_raw_accept(llmgw_call_t *call);

/* ---- an attempt --------------------------------------------------------- */

/** Set method and path of the call's attempt. */
void llmgw_raw_put_path(llmgw_call_t *call);

/** Set its body, if that is not a JSON text. */
void llmgw_raw_put_body(llmgw_call_t *call);

/** Add those of the client's headers that may pass. */
void llmgw_raw_put_headers(const llmgw_call_t *call, apr_table_t *out);

/** The provider's name for the model, as the body is to have it. */
llmgw_str_t llmgw_raw_model(const llmgw_call_t *call);

/** Does the provider keep something of it, which only the same key can find
 * again? raw may be NULL: no. */
int llmgw_raw_keeps_key(const llmgw_raw_t *raw);

/** Can it be sent once more? raw may be NULL: yes. */
int llmgw_raw_can_repeat(const llmgw_raw_t *raw);

/* ---- the answer --------------------------------------------------------- */

/** Is this an answer to pass on, and no error? 2xx; 304. */
int llmgw_raw_succeeded(int status);

/** An answer to pass on begins. The client sees nothing of it yet. */
void llmgw_raw_begin(llmgw_call_t *call, int status,
                     const apr_table_t *headers);

/** Pass bytes on, at once. @return APR_SUCCESS; LLMGW_ECLIENTGONE */
apr_status_t llmgw_raw_feed(llmgw_call_t *call, const char *data,
                            apr_size_t len);

/** The answer is complete. Status as llmgw_raw_feed(). */
apr_status_t llmgw_raw_finish(llmgw_call_t *call);

/** It broke off, and part of it is with the client: end the connection so that
 * this cannot be taken for the whole. */
void llmgw_raw_break(llmgw_call_t *call);

/** Is it about one object the provider keeps? Then a 403 speaks of that, and
 * not of our key. */
int llmgw_raw_names_object(const llmgw_call_t *call);

/** Keep a provider's error, for the client should it be the last one.
 * @param err what was read of it; a 403 that is the client's becomes so */
void llmgw_raw_keep_refusal(llmgw_call_t *call, int status,
                            const apr_table_t *headers,
                            const llmgw_buf_t *body, llmgw_err_t *err);

/** Answer with the refusal that call->err tells of.
 * @return 0 if it tells of none: the error is our own */
int llmgw_raw_reply(llmgw_call_t *call);

/**
 * What goes down the output filters while a call is still being sent is
 * httpd's own answer to a body it cannot read: an error bucket.
 * @return non-zero if bb was that; it is empty then, and the call will fail
 *         with that status
 */
int llmgw_raw_catch_error(llmgw_call_t *call, apr_bucket_brigade *bb);

/** Before an answer: if the client still sends, its connection must end. */
void llmgw_raw_end_upload(const llmgw_call_t *call);

#endif /* LLMGW_HTTP_RAW_H */
