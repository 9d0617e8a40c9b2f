/* dialect.h: what a wire format must be able to do */
#ifndef LLMGW_DIALECT_H
#define LLMGW_DIALECT_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include "llmgw/answer.h"
#include "llmgw/buf.h"
#include "llmgw/error.h"
#include "llmgw/event.h"
#include "llmgw/json.h"
#include "llmgw/model.h"
#include "llmgw/sse.h"

/** What is to be done with what a target cannot express (LLMUnsupported). */
typedef enum llmgw_unsupported_e {
    LLMGW_UNSUPPORTED_DEFAULT,  /* reject what changes the meaning, drop hints */
    LLMGW_UNSUPPORTED_DROP,
    LLMGW_UNSUPPORTED_REJECT
} llmgw_unsupported_e;

/** What the URL said, for dialects that say it there (Gemini). */
typedef struct llmgw_address_t {
    llmgw_str_t model;          /* never given where the body has it */
    int stream;
} llmgw_address_t;

/** How a request is to be written for one target. */
typedef struct llmgw_encode_t {
    llmgw_str_t model;          /* the target's name for the model */
    int stream;                 /* ask for a stream (with usage in it) */
    llmgw_unsupported_e unsupported;
    unsigned int quirks;        /* LLMGW_QUIRK_... of the provider */
    int counting;               /* for the dialect's counter: what the number
                                 * of tokens does not depend on is left out */
    apr_array_header_t *dropped;    /* of const char *: names of what was left
                                     * out are pushed here */
} llmgw_encode_t;

#define LLMGW_QUIRK_MAX_TOKENS      0x01u  /* openai_chat: write max_tokens,
                                            * not max_completion_tokens */
#define LLMGW_QUIRK_NO_STREAM_OPTIONS 0x02u /* takes no stream_options */
#define LLMGW_QUIRK_NO_DEVELOPER    0x04u  /* write "system" for "developer" */
#define LLMGW_QUIRK_REASONING       0x08u  /* openai_chat: takes the reasoning
                                            * of earlier turns back */

/** How an answer is to be written for one client. */
typedef struct llmgw_answer_opts_t {
    int stream;
    int array_framing;          /* gemini: a stream without alt=sse is one JSON
                                 * array of responses */
    int include_usage;          /* of a chat stream */
    llmgw_str_t model;          /* shown where the provider named none */
    llmgw_str_t id;             /* likewise; a bare token, no prefix */
    apr_int64_t now_sec;        /* "created", where the provider gave none */
    const struct llmgw_dialect_t *maker;    /* the provider's dialect: if it is
                                 * another one, signatures are sealed; NULL:
                                 * the client's own */
    const llmgw_request_t *request; /* NULL when it was never decoded */
} llmgw_answer_opts_t;

/** How the events of a streamed answer are framed on the wire. */
typedef enum llmgw_framing_e {
    LLMGW_FRAMING_SSE
} llmgw_framing_e;

/** A decoder's view of one sse event: see decode_event below. */
#define LLMGW_FRAME_USAGE_ONLY 0x01u  /* carried usage and nothing else */
#define LLMGW_FRAME_END        0x02u  /* the answer's end: nothing follows but
                                       * the dialect's stream_end */

/** What a dialect's decoder works with; made by llmgw_decoder_create(). */
typedef struct llmgw_decode_t {
    apr_pool_t *pool;           /* for what lasts as long as the answer */
    llmgw_json_doc_t *doc;      /* free for use in each call */
    llmgw_buf_t *scratch;       /* cleared before each call */
    void *state;                /* the dialect's own, state_size zero bytes */
    llmgw_event_fn emit;
    void *emit_ctx;
    unsigned int frame;         /* out: LLMGW_FRAME_... of this event */
    llmgw_err_t *error;         /* out: why decoding failed, for the operator */
} llmgw_decode_t;

/** What a dialect's stream encoder works with; see llmgw_encoder_create(). */
typedef struct llmgw_encoding_t {
    apr_pool_t *pool;           /* for what lasts as long as the answer */
    llmgw_buf_t *out;           /* append here */
    llmgw_buf_t *scratch;       /* cleared before each call */
    void *state;                /* the dialect's own, state_size zero bytes */
    llmgw_answer_opts_t opts;
} llmgw_encoding_t;

/** A model, as a list of models shows it. */
typedef struct llmgw_model_t {
    const char *id;
    const char *owner;          /* provider's name */
    apr_int64_t created_sec;    /* seconds since 1970 */
    int embeds;                 /* a provider of it has embeddings */
} llmgw_model_t;

/** A list of models, or the part of it that was asked for. */
typedef struct llmgw_model_page_t {
    const llmgw_model_t *models;
    int n;
    int has_more;               /* beyond it, in the direction asked for */
} llmgw_model_page_t;

/**
 * A wire format. Constant; functions keep no state but what they are given and
 * may run on any thread.
 */
typedef struct llmgw_dialect_t {
    const char *name;           /* "openai_chat", as LLMProvider has it */
    llmgw_framing_e framing;
    const char *stream_end;     /* the frame that must end a stream; NULL if
                                 * the last event does so by itself */
    const char *stream_ping;    /* what may stand between two frames to show
                                 * that a stream is alive; NULL where clients
                                 * take nothing but frames */
    const char *prompt_member;  /* the array a request must have: "messages" */
    int prompt_is_text;         /* it may be a string as well */
    const char *const *client_headers;  /* what its clients send and no others
                                 * do, NULL at the end; NULL for none */
    const char *request_id_header;  /* in which its clients look for the id of
                                     * a request, beside X-Request-Id; NULL */
    const char *usage_member;   /* the object in which a client asks for usage
                                 * in its stream by include_usage; NULL where
                                 * streams always have it */
    apr_size_t decode_state_size;
    apr_size_t encode_state_size;

    /**
     * Look at a member of the top of a client's request before a target is
     * known: what no provider shall be asked for, whatever its dialect, is an
     * error. NULL where there is nothing like that.
     * @return APR_SUCCESS, LLMGW_EUNSUPPORTED
     */
    apr_status_t (*member_check)(llmgw_str_t name, llmgw_json_type_e type,
                                 apr_pool_t *p, llmgw_err_t *err);

    /**
     * Read a client's request. Unknown members go to `extras`; wrong types and
     * values are errors that name the field ("messages[1].content").
     * @param body a JSON object; it and its text outlive the request
     * @return APR_SUCCESS, LLMGW_EINVAL, LLMGW_EMISSING, LLMGW_EUNSUPPORTED
     */
    apr_status_t (*request_decode)(llmgw_request_t **out,
                                   const llmgw_json_t *body,
                                   const llmgw_address_t *address,
                                   apr_pool_t *p, llmgw_err_t *err);

    /**
     * Write a request for a provider: the JSON body, appended to out. Members
     * come in a fixed order, so that equal requests give equal bytes.
     * @return APR_SUCCESS, LLMGW_EUNSUPPORTED (param names the field),
     *         LLMGW_EINVAL, LLMGW_ETOOBIG
     */
    apr_status_t (*request_encode)(llmgw_buf_t *out,
                                   const llmgw_request_t *req,
                                   llmgw_encode_t *how, apr_pool_t *p,
                                   llmgw_err_t *err);

    /** Read a whole answer of status 2xx: emit its events (an error object in
     * its place: LLMGW_EV_ERROR, APR_SUCCESS). LLMGW_EUPBODY for a shape that is
     * not an answer, LLMGW_EEMPTY for one without output. */
    apr_status_t (*decode_whole)(llmgw_decode_t *d, const llmgw_json_t *body);

    /**
     * Read one sse event (with data) of a streamed answer: emit, set d->frame.
     * An error inside the stream is emitted as LLMGW_EV_ERROR, APR_SUCCESS.
     */
    apr_status_t (*decode_event)(llmgw_decode_t *d,
                                 const llmgw_sse_event_t *ev);

    /** The stream ended: emit what is owed. LLMGW_ETRUNCATED when it had not
     * come to its end, LLMGW_EEMPTY when it said nothing at all. */
    apr_status_t (*decode_end)(llmgw_decode_t *d);

    /**
     * Understand a provider's error body (any bytes at all: JSON of other
     * makes, HTML, empty). Sets message, code, kind where it can; err comes
     * filled in from the HTTP status.
     * @param body NULL when it is not JSON
     */
    void (*error_decode)(llmgw_err_t *err, const llmgw_json_t *body,
                         apr_pool_t *p);

    /** Write one event of a stream to the client (ERROR too). */
    apr_status_t (*encode_event)(llmgw_encoding_t *e,
                                 const llmgw_event_t *ev);

    /** End the stream towards the client properly, whatever came. */
    apr_status_t (*encode_end)(llmgw_encoding_t *e);

    /** Write a whole answer's body. */
    apr_status_t (*encode_whole)(llmgw_buf_t *out, const llmgw_answer_t *answer,
                                 const llmgw_answer_opts_t *opts);

    /** Write an error's body, as for a reply with an HTTP error status. */
    apr_status_t (*error_encode)(llmgw_buf_t *out, const llmgw_err_t *err,
                                 const char *request_id);

    /** Narrow a list of models to what a query asks for; NULL: always all.
     * @param query what follows the question mark, or NULL
     * @return APR_SUCCESS; LLMGW_EINVAL, err names the parameter */
    apr_status_t (*models_page)(llmgw_model_page_t *page, const char *query,
                                apr_pool_t *p, llmgw_err_t *err);

    /** Write the answer to GET .../models; a single one to
     * GET .../models/{id}. NULL for a dialect that is not for clients. */
    apr_status_t (*models_encode)(llmgw_buf_t *out,
                                  const llmgw_model_page_t *page, int single);

    const struct llmgw_count_t *count;  /* count.h; NULL: it has no counter */
    const struct llmgw_embed_t *embed;  /* embed.h; NULL: no embeddings */
} llmgw_dialect_t;

extern const llmgw_dialect_t llmgw_dialect_openai_chat;
extern const llmgw_dialect_t llmgw_dialect_openai_responses;
extern const llmgw_dialect_t llmgw_dialect_anthropic;
extern const llmgw_dialect_t llmgw_dialect_gemini;

/** The dialects one by one, from 0; NULL after the last. */
const llmgw_dialect_t *llmgw_dialect_get(unsigned int i);

/** A dialect by its name ("anthropic"), NULL if there is none. */
const llmgw_dialect_t *llmgw_dialect_lookup(const char *name);

/* ---- requests, whatever their dialect ----------------------------------- */

/**
 * Once a client's request has been decoded: find out whose signatures are in
 * it. Those that were sealed when an answer was written for a client of another
 * dialect (see llmgw_answer_opts_t) are opened, to the very bytes.
 */
void llmgw_request_open(llmgw_request_t *req, apr_pool_t *p);

/**
 * The request as a provider of this dialect may see it, for encoding: without
 * signatures and opaque reasoning of other makers, which it would refuse. A
 * turn of which nothing stays is left out.
 * @return req itself, or a copy in p
 */
const llmgw_request_t *llmgw_request_for(const llmgw_request_t *req,
                                         const llmgw_dialect_t *dialect,
                                         apr_pool_t *p);

/** May anything in this text of a request be sealed? Then it cannot pass to a
 * provider as it is. */
int llmgw_request_is_sealed(llmgw_str_t body);

/* ---- decoding an answer, whatever its dialect -------------------------- */

/** Bounds and ways of a decoder. */
typedef struct llmgw_decoder_opts_t {
    int stream;                 /* SSE; else one JSON text */
    apr_size_t body_bytes_max;  /* of a whole answer (LLMGW_EUPTOOBIG) */
    apr_size_t event_bytes_max; /* of one event of a stream; 0: 16 MiB */
    llmgw_event_fn emit;
    void *emit_ctx;
    /**
     * Called after each complete frame of a stream (an SSE block, comments
     * too) with the frame's own bytes, as they came, and LLMGW_FRAME_...; NULL
     * if not wanted. This is what a relay that passes bytes through forwards:
     * a frame that failed to decode is never reported.
     */
    apr_status_t (*frame)(void *ctx, const char *data, apr_size_t len,
                          unsigned int flags);
    void *frame_ctx;
} llmgw_decoder_opts_t;

typedef struct llmgw_decoder_t llmgw_decoder_t;

/** Create a decoder for one answer of status 2xx. opts is copied. */
llmgw_decoder_t *llmgw_decoder_create(apr_pool_t *p,
                                      const llmgw_dialect_t *dialect,
                                      const llmgw_decoder_opts_t *opts);

/**
 * Feed body bytes, split in any way.
 * @return APR_SUCCESS; LLMGW_EUPBODY, LLMGW_EUPTOOBIG (see
 *         llmgw_decoder_error()); or what a callback returned
 */
apr_status_t llmgw_decoder_feed(llmgw_decoder_t *dec, const char *data,
                                apr_size_t len);

/** The body ended. A whole answer is decoded now. Statuses: also
 * LLMGW_ETRUNCATED, LLMGW_EEMPTY. */
apr_status_t llmgw_decoder_finish(llmgw_decoder_t *dec);

/** Non-zero once a stream has come to its end ([DONE], message_stop,
 * response.completed): all that may follow is the dialect's stream_end. */
int llmgw_decoder_ended(const llmgw_decoder_t *dec);

/** Non-zero once the dialect's stream_end has been read. */
int llmgw_decoder_marked(const llmgw_decoder_t *dec);

/** The body of a whole answer as gathered; empty for a stream. */
const llmgw_buf_t *llmgw_decoder_body(const llmgw_decoder_t *dec);

/** Why it failed, after a failure. */
const llmgw_err_t *llmgw_decoder_error(const llmgw_decoder_t *dec);

/**
 * Read a provider's error reply: status, body, Retry-After are already known
 * to the caller; this finds the message.
 * @param err out; filled from the HTTP status first (llmgw_err_from_http())
 * @param body any bytes; shown to the client only where the provider's JSON
 *             says it is a message
 */
void llmgw_decoder_read_error(const llmgw_dialect_t *dialect, int http_status,
                              const char *body, apr_size_t len,
                              llmgw_err_t *err, apr_pool_t *p);

/* ---- encoding an answer, whatever its dialect -------------------------- */

typedef struct llmgw_encoder_t llmgw_encoder_t;

/**
 * Create an encoder for one answer. opts is copied (its strings are not).
 * @param out bytes for the client are appended here; the caller empties it
 * @param body_bytes_max bound of a whole answer
 */
llmgw_encoder_t *llmgw_encoder_create(apr_pool_t *p,
                                      const llmgw_dialect_t *dialect,
                                      const llmgw_answer_opts_t *opts,
                                      llmgw_buf_t *out,
                                      apr_size_t body_bytes_max);

/** Take an event (an llmgw_event_fn, ctx being the encoder). A stream's bytes
 * are appended at once; a whole answer is gathered. Events after an end or an
 * error are ignored (usage of a chat stream excepted). */
apr_status_t llmgw_encoder_event(void *encoder, const llmgw_event_t *ev);

/** End: closes the stream, or writes the whole answer. Once. */
apr_status_t llmgw_encoder_finish(llmgw_encoder_t *enc);

/** Content-Type of what is written: "text/event-stream" or application/json (a
 * whole answer, or a stream in array_framing). */
const char *llmgw_encoder_content_type(const llmgw_encoder_t *enc);

#endif /* LLMGW_DIALECT_H */
