/* anthropic.h: Anthropic's Messages, within its folder */
#ifndef LLMGW_ANTHROPIC_H
#define LLMGW_ANTHROPIC_H

#include "../reading.h"

/* What keeps a stream alive. */
#define LLMGW_ANTHROPIC_PING "event: ping\ndata: {\"type\":\"ping\"}\n\n"

/* ---- models, models.c --------------------------------------------------- */

/** How a model is asked to think. */
typedef enum anthropic_thinking_e {
    ANTHROPIC_THINKS_NOT,
    ANTHROPIC_THINKS_BY_BUDGET, /* thinking.budget_tokens */
    ANTHROPIC_THINKS_BY_EFFORT  /* thinking adaptive, output_config.effort */
} anthropic_thinking_e;

#define ANTHROPIC_ONE_SAMPLER 0x01u /* temperature or top_p, not both */
#define ANTHROPIC_NO_SAMPLER  0x02u /* neither, nor top_k */
#define ANTHROPIC_XHIGH       0x04u /* knows the effort "xhigh" */
#define ANTHROPIC_NO_SCHEMA   0x08u /* no output_config.format, no strict */

/** What differs between models. */
typedef struct anthropic_model_t {
    const char *pattern;
    anthropic_thinking_e thinking;
    apr_int64_t max_tokens;     /* where the client gives no max_tokens, which
                                 * this API demands */
    apr_int64_t max_tokens_max; /* what the model takes at most */
    unsigned int flags;
} anthropic_model_t;

/** The row for a model's name. */
const anthropic_model_t *llmgw_anthropic_model_get(llmgw_str_t name);

/* ---- reading requests --------------------------------------------------- */

/*
 * How a client's request becomes the model's:
 * - `system` is the first message, wherever in the body it stands; its number
 *   is -1, the others have those the client knows.
 * - The results in a user's turn become a message of the tool's before it.
 * - A document's, search result's or new block's own words stay in `raw`.
 * - What provider-built tools did is BUILTIN. In an assistant's turn so is any
 *   block that is not known.
 * - Members within metadata and output_config that the model has no place for
 *   are extras named with a dot ("output_config.task_budget").
 */

/** Whose content is read, as some blocks may stand in some only. */
typedef enum anthropic_where_e {
    ANTHROPIC_IN_SYSTEM = 1,
    ANTHROPIC_IN_USER = 2,
    ANTHROPIC_IN_ASSISTANT = 4,
    ANTHROPIC_IN_RESULT = 8
} anthropic_where_e;

/** `system`; v may be NULL. */
apr_status_t llmgw_anthropic_read_system(llmgw_reading_t *r,
                                         const llmgw_json_t *v);
/** `messages`; v may be NULL, which is an error. */
apr_status_t llmgw_anthropic_read_messages(llmgw_reading_t *r,
                                           const llmgw_json_t *messages);
/** A content, which stands in `field`: its parts are appended. */
apr_status_t llmgw_anthropic_read_content(llmgw_reading_t *r,
                                          const llmgw_json_t *content,
                                          const char *field,
                                          anthropic_where_e where,
                                          apr_array_header_t *parts);
apr_status_t llmgw_anthropic_read_tools(llmgw_reading_t *r,
                                        const llmgw_json_t *tools);
apr_status_t llmgw_anthropic_read_choice(llmgw_reading_t *r,
                                         const llmgw_json_t *choice);

/** Blocks of decode_media.c. */
apr_status_t llmgw_anthropic_read_image(llmgw_reading_t *r,
                                        const llmgw_json_t *v,
                                        llmgw_part_t *out);
apr_status_t llmgw_anthropic_read_document(llmgw_reading_t *r,
                                           const llmgw_json_t *v,
                                           llmgw_part_t *out);
apr_status_t llmgw_anthropic_read_search_result(llmgw_reading_t *r,
                                                const llmgw_json_t *v,
                                                llmgw_part_t *out);
apr_status_t llmgw_anthropic_read_upload(llmgw_reading_t *r,
                                         const llmgw_json_t *v,
                                         llmgw_part_t *out);

apr_status_t llmgw_anthropic_request_decode(llmgw_request_t **out,
                                            const llmgw_json_t *body,
                                            const llmgw_address_t *address,
                                            apr_pool_t *p, llmgw_err_t *err);

/* ---- writing requests --------------------------------------------------- */

/*
 * Where the formats differ:
 * - System messages all go to `system`, in order, as blocks: what stood later
 *   in the conversation keeps its authority and loses its place.
 * - Turns of one role that follow each other become one; the tool results of a
 *   user turn come first, as the API demands.
 * - A temperature above 1 is written as 1, which is reported like a hint left
 *   out.
 * - A conversation of system messages alone becomes a user's turn, as the API
 *   wants one.
 * - response_format json_object has no form here: a system block asks for it;
 *   likewise json_schema with models that came before structured outputs.
 * - Reasoning without a signature cannot be given back and is left out.
 * - Text of nothing but white space is refused by the API and left out.
 */

/** How thinking is asked for in one request. */
typedef struct anthropic_plan_t {
    int thinks;                 /* anthropic_thinking_e; NOT: no thinking */
    apr_int64_t budget;
    const char *effort;         /* NULL: not said */
    apr_int64_t max_tokens;
} anthropic_plan_t;

/** What writing a request works with. */
typedef struct anthropic_writing_t {
    llmgw_json_writer_t w;
    const llmgw_request_t *req;
    llmgw_encode_t *how;
    apr_pool_t *p;
    llmgw_err_t *err;
    const anthropic_model_t *model;
    anthropic_plan_t plan;
    int is_only_system;         /* there are no other messages */
} anthropic_writing_t;

/** llmgw_encode_unsupported() for this request. */
apr_status_t llmgw_anthropic_cannot(anthropic_writing_t *wr, int is_hint,
                                    const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Make wr->plan. */
apr_status_t llmgw_anthropic_plan(anthropic_writing_t *wr);

apr_status_t llmgw_anthropic_write_system(anthropic_writing_t *wr);
apr_status_t llmgw_anthropic_write_messages(anthropic_writing_t *wr);
apr_status_t llmgw_anthropic_write_tools(anthropic_writing_t *wr);

/** Is there a schema, and does the model take it? */
int llmgw_anthropic_has_schema(const anthropic_writing_t *wr);

/** Is the client's tool choice such that a tool must be called? */
int llmgw_anthropic_is_forced(const llmgw_request_t *req);

/** Write an image or a document as a block. @param i message, for errors */
apr_status_t llmgw_anthropic_write_media(anthropic_writing_t *wr,
                                         const llmgw_part_t *part, int i);

apr_status_t llmgw_anthropic_request_encode(llmgw_buf_t *out,
                                            const llmgw_request_t *req,
                                            llmgw_encode_t *how,
                                            apr_pool_t *p, llmgw_err_t *err);

/* ---- ids of calls, call_id.c --------------------------------------------- */

/*
 * A provider may sign a tool call (Gemini's thought signature) and want that
 * back with it. A tool_use block has no member for it, and Anthropic's own API
 * refuses members it does not know; but ids come back from every client, as
 * they are. So an id with a signature is ID_llmgwsig_SIGNATURE, the latter in
 * base64url, and is taken apart again where it is read.
 */

/** Does an id have a signature in it, by its looks? */
int llmgw_anthropic_has_signature(llmgw_str_t id);

/**
 * Take the signature out of an id.
 * @param id cut short, if it has one
 * @param scratch the signature is appended here, and lives as long as it stays
 * @return never given if there is none
 */
llmgw_str_t llmgw_anthropic_split_id(llmgw_str_t *id, llmgw_buf_t *scratch);

/** Append the signature as the end of an id, nothing if there is none. */
void llmgw_anthropic_put_signature(llmgw_buf_t *out, llmgw_str_t signature);

/* ---- reading answers ---------------------------------------------------- */

/** What the open content block is. */
typedef enum anthropic_block_e {
    ANTHROPIC_BLOCK_NONE,
    ANTHROPIC_BLOCK_TEXT,
    ANTHROPIC_BLOCK_THINKING,
    ANTHROPIC_BLOCK_TOOL,
    ANTHROPIC_BLOCK_SERVER      /* a tool of the provider's, or its result */
} anthropic_block_e;

/** State of reading an answer. */
typedef struct anthropic_decode_t {
    int is_started;
    int is_stopped;             /* the stop reason was emitted */
    int is_ended;               /* message_stop */
    int has_failed;             /* an error was emitted */
    anthropic_block_e open;
    int ntools;
    int has_args;               /* arguments of the open tool were emitted */
    llmgw_buf_t *kept;          /* raw: input or block as the start had it */
    apr_size_t input_at;        /* in kept: where the input's raw text begins */
    apr_size_t input_len;       /* 0: it has none */
    llmgw_buf_t *gathered;      /* signature, or a provider's tool's input */
    apr_int64_t input;          /* usage so far; -1: not said */
    apr_int64_t cache_read;
    apr_int64_t cache_write;
    apr_int64_t output;
    apr_int64_t thinking;
} anthropic_decode_t;

apr_status_t llmgw_anthropic_decode_whole(llmgw_decode_t *d,
                                          const llmgw_json_t *body);
apr_status_t llmgw_anthropic_decode_event(llmgw_decode_t *d,
                                          const llmgw_sse_event_t *ev);
apr_status_t llmgw_anthropic_decode_end(llmgw_decode_t *d);

/** Content blocks, answer_blocks.c: start, go on, end. */
apr_status_t llmgw_anthropic_block_start(llmgw_decode_t *d,
                                         const llmgw_json_t *block);
apr_status_t llmgw_anthropic_block_delta(llmgw_decode_t *d,
                                         const llmgw_json_t *delta);
apr_status_t llmgw_anthropic_block_stop(llmgw_decode_t *d);

/* ---- writing answers ---------------------------------------------------- */

/*
 * Where the formats differ:
 * - A message has one choice: others are left out.
 * - One block is open at a time. A call whose arguments are a whole object is
 *   closed when something follows; while they are not, what follows waits.
 * - Figures of usage come at the end from most providers: message_start has
 *   those that are known by the first content, message_delta the last ones.
 * - In a whole message `input` must be an object. Arguments that are none
 *   (those of a call cut by the token limit) are kept as text within one,
 *   {"input": TEXT}: nothing is lost or made up, and no half of a call looks
 *   like a call. A stream hands on the pieces as they are. The input of a
 *   free-form tool is wrapped so in both.
 * - A refusal's text is `stop_details.explanation`, its stop reason "refusal".
 * - Images, audio and log probabilities have no form in a message.
 * - Citations of other dialects become web_search_result_location, with what is
 *   known: URL and title.
 */

/** The tool call that is being written. */
typedef struct anthropic_call_t {
    int index;                  /* of its events; -1: no call */
    int is_custom;
    int is_ended;
    int has_args;
    int depth;                  /* of brackets in the arguments so far */
    int in_string;
    int is_escaped;             /* the next byte of a string is */
    int is_whole;               /* the arguments are a value, read to its end */
} anthropic_call_t;

/** What waits for the open call to end: a call, or other content. */
typedef struct anthropic_waiting_t {
    anthropic_call_t call;
    llmgw_str_t id;
    llmgw_str_t name;
    llmgw_str_t signature;
    llmgw_buf_t *text;          /* its arguments, or events: answer_wait.c */
} anthropic_waiting_t;

/** State of writing a stream. */
typedef struct anthropic_encode_t {
    llmgw_buf_t *head;          /* message_start up to its usage */
    int is_started;             /* it was written */
    int is_stopped;
    int has_failed;
    anthropic_block_e open;
    int nblocks;                /* closed so far: index of the open one */
    int ncalls;
    anthropic_call_t call;      /* while open is TOOL */
    apr_array_header_t *waiting;        /* of anthropic_waiting_t */
    int nwaited;                /* of these are done */
    llmgw_buf_t *citations;     /* of the text that comes next, one a line */
    llmgw_buf_t *refusal;
    llmgw_buf_t *stop_sequence;
    llmgw_stop_e stop;
    int has_usage;
    llmgw_usage_t usage;
} anthropic_encode_t;

/** Our word for a stop. */
const char *llmgw_anthropic_stop_reason(llmgw_stop_e stop, int has_calls,
                                        int has_refusal);

/** Write members id to stop_details of a message; content is given. */
void llmgw_anthropic_put_top(llmgw_json_writer_t *w, llmgw_str_t id,
                             llmgw_str_t model,
                             const llmgw_answer_opts_t *opts);

/** Write stop_reason, stop_sequence, stop_details and container. */
void llmgw_anthropic_put_stop(llmgw_json_writer_t *w, const char *reason,
                              llmgw_str_t sequence, llmgw_str_t refusal);

/** Write a message's usage. */
void llmgw_anthropic_put_usage(llmgw_json_writer_t *w,
                               const llmgw_usage_t *usage);

/** Write the usage of a message_delta: what is not known is null. */
void llmgw_anthropic_put_delta_usage(llmgw_json_writer_t *w,
                                     const llmgw_usage_t *usage);

/** Write a citation on one line; 0 and nothing if there is no form for it. */
int llmgw_anthropic_put_citation(llmgw_json_writer_t *w, llmgw_str_t raw,
                                 llmgw_str_t url, llmgw_str_t title,
                                 const llmgw_dialect_t *dialect);

/** Write members of a tool_use block but its input; the object stays open. */
void llmgw_anthropic_put_call(llmgw_json_writer_t *w, int index,
                              llmgw_str_t id, llmgw_str_t name,
                              llmgw_str_t signature,
                              const llmgw_answer_opts_t *opts);

/** Append a text without line ends, which stand between JSON tokens only. */
void llmgw_anthropic_put_flat(llmgw_buf_t *out, llmgw_str_t raw);

/** Blocks of a stream, answer_stream.c. */
void llmgw_anthropic_close(llmgw_encoding_t *e);
void llmgw_anthropic_open_call(llmgw_encoding_t *e,
                               const anthropic_waiting_t *call);
void llmgw_anthropic_put_args(llmgw_encoding_t *e, llmgw_str_t text);
apr_status_t llmgw_anthropic_put_plain(llmgw_encoding_t *e,
                                       const llmgw_event_t *ev);

/** Must content wait for a call to end? answer_wait.c */
int llmgw_anthropic_is_busy(const anthropic_encode_t *st);
apr_status_t llmgw_anthropic_wait(llmgw_encoding_t *e,
                                  const llmgw_event_t *ev);
apr_status_t llmgw_anthropic_take_call(llmgw_encoding_t *e,
                                       const llmgw_event_t *ev);
/** No more of any call will come: write all that waits. */
apr_status_t llmgw_anthropic_end_calls(llmgw_encoding_t *e);

apr_status_t llmgw_anthropic_encode_event(llmgw_encoding_t *e,
                                          const llmgw_event_t *ev);
apr_status_t llmgw_anthropic_encode_end(llmgw_encoding_t *e);
apr_status_t llmgw_anthropic_encode_whole(llmgw_buf_t *out,
                                          const llmgw_answer_t *answer,
                                          const llmgw_answer_opts_t *opts);

/* ---- errors, error.c ---------------------------------------------------- */

void llmgw_anthropic_error_decode(llmgw_err_t *err, const llmgw_json_t *body,
                                  apr_pool_t *p);
apr_status_t llmgw_anthropic_error_encode(llmgw_buf_t *out,
                                          const llmgw_err_t *err,
                                          const char *request_id);

/* ---- lists of models, model_list.c -------------------------------------- */

apr_status_t llmgw_anthropic_models_page(llmgw_model_page_t *page,
                                         const char *query, apr_pool_t *p,
                                         llmgw_err_t *err);
apr_status_t llmgw_anthropic_models_encode(llmgw_buf_t *out,
                                           const llmgw_model_page_t *page,
                                           int single);

/* ---- counting tokens, count.c ------------------------------------------- */

extern const llmgw_count_t llmgw_anthropic_count;

#endif /* LLMGW_ANTHROPIC_H */
