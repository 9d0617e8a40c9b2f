/* anthropic.h: Anthropic's Messages, within its folder */
#ifndef LLMGW_ANTHROPIC_H
#define LLMGW_ANTHROPIC_H

#include "../common.h"

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

/* ---- requests ----------------------------------------------------------- */

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

/* ---- answers ------------------------------------------------------------ */

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

/* ---- errors, error.c ---------------------------------------------------- */

void llmgw_anthropic_error_decode(llmgw_err_t *err, const llmgw_json_t *body,
                                  apr_pool_t *p);
apr_status_t llmgw_anthropic_error_encode(llmgw_buf_t *out,
                                          const llmgw_err_t *err,
                                          const char *request_id);

#endif /* LLMGW_ANTHROPIC_H */
