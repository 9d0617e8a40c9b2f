/* openai_chat.h: OpenAI's Chat Completions, within its folder */
#ifndef LLMGW_OPENAI_CHAT_H
#define LLMGW_OPENAI_CHAT_H

#include "../openai.h"

/*
 * Beyond OpenAI's own reference this dialect reads and writes what clients and
 * compatible servers have agreed upon:
 *
 * - Reasoning: `reasoning_content` (or `reasoning`) is its text, a string.
 *   `reasoning_details` is a list: {"type":"reasoning.text","text",
 *   "signature","index"} and {"type":"reasoning.encrypted","data","index"}. An
 *   answer's deltas have both; entries of one index belong together. A message
 *   of the history is read from the details where it has them.
 * - A signature that belongs to a tool call stands in
 *   `extra_content.google.thought_signature` of the call.
 * - `cache_control` on content parts, tools and messages.
 */

/* ---- words, openai_chat.c ----------------------------------------------- */

llmgw_stop_e llmgw_openai_chat_stop(const llmgw_json_t *finish_reason);
const char *llmgw_openai_chat_finish_reason(llmgw_stop_e stop, int has_tools,
                                            int legacy);

/** Write the figures as an object "usage" wants them. */
void llmgw_openai_chat_put_usage(llmgw_json_writer_t *w,
                                 const llmgw_usage_t *usage);

/** Write an annotation in this dialect's form. */
void llmgw_openai_chat_put_annotation(llmgw_json_writer_t *w, llmgw_str_t raw,
                                      llmgw_str_t url, llmgw_str_t title,
                                      const llmgw_dialect_t *dialect);

/* ---- requests ----------------------------------------------------------- */

apr_status_t llmgw_openai_chat_read_messages(llmgw_reading_t *r,
                                             const llmgw_json_t *messages);
apr_status_t llmgw_openai_chat_read_content(llmgw_reading_t *r,
                                            const llmgw_json_t *content,
                                            apr_array_header_t *parts);
apr_status_t llmgw_openai_chat_read_tools(llmgw_reading_t *r,
                                          const llmgw_json_t *tools);
apr_status_t llmgw_openai_chat_read_functions(llmgw_reading_t *r,
                                              const llmgw_json_t *functions);
apr_status_t llmgw_openai_chat_read_choice(llmgw_reading_t *r,
                                           const llmgw_json_t *choice);
apr_status_t llmgw_openai_chat_read_format(llmgw_reading_t *r,
                                           const llmgw_json_t *format);

apr_status_t llmgw_openai_chat_request_decode(llmgw_request_t **out,
                                              const llmgw_json_t *body,
                                              const llmgw_address_t *address,
                                              apr_pool_t *p,
                                              llmgw_err_t *err);

/** Write a text as a part of its own. */
void llmgw_openai_chat_write_text(llmgw_json_writer_t *w, llmgw_str_t text);

/** Write a part of message i, or report it. */
apr_status_t llmgw_openai_chat_write_part(openai_writing_t *wr,
                                          const llmgw_part_t *part, int i);

/** Write the member "content" of message i: a text alone is a string. */
apr_status_t llmgw_openai_chat_write_content(openai_writing_t *wr,
                                             const apr_array_header_t *parts,
                                             int i);

apr_status_t llmgw_openai_chat_write_messages(openai_writing_t *wr);
apr_status_t llmgw_openai_chat_write_tools(openai_writing_t *wr);

apr_status_t llmgw_openai_chat_request_encode(llmgw_buf_t *out,
                                              const llmgw_request_t *req,
                                              llmgw_encode_t *how,
                                              apr_pool_t *p, llmgw_err_t *err);

/* ---- answers ------------------------------------------------------------ */

/** A tool call that is being read. */
typedef struct openai_chat_slot_t {
    apr_int64_t number;         /* the provider's index; -1: it gave none */
    apr_uint64_t id_hash;       /* 0: no id yet */
} openai_chat_slot_t;

/** A choice that is being read. */
typedef struct openai_chat_choice_t {
    openai_chat_slot_t *slots;
    int nslots;
    int cap;
    int is_stopped;
} openai_chat_choice_t;

/** State of reading an answer. */
typedef struct openai_chat_decode_t {
    openai_chat_choice_t **choices;     /* by number; NULL: not seen */
    int nchoices;
    int choices_room;
    int is_started;
    int is_ended;               /* [DONE] */
    int has_failed;             /* an error was emitted */
    int is_whole;
} openai_chat_decode_t;

apr_status_t llmgw_openai_chat_decode_whole(llmgw_decode_t *d,
                                            const llmgw_json_t *body);
apr_status_t llmgw_openai_chat_decode_event(llmgw_decode_t *d,
                                            const llmgw_sse_event_t *ev);
apr_status_t llmgw_openai_chat_decode_end(llmgw_decode_t *d);

/** Read a delta, or a whole message. */
apr_status_t llmgw_openai_chat_read_delta(llmgw_decode_t *d, int choice,
                                          const llmgw_json_t *delta);

/** Read its tool_calls or function_call. */
apr_status_t llmgw_openai_chat_read_calls(llmgw_decode_t *d, int choice,
                                          const llmgw_json_t *delta);

/** Tool calls of a choice that a stream's state remembers. */
#define LLMGW_OPENAI_CHAT_TOOLS_MAX 4096

/** A choice that is being written. */
typedef struct openai_chat_outlet_t {
    int has_role;
    int is_stopped;
    int detail;                 /* index of the reasoning detail now written */
    int has_detail;             /* it has text */
    unsigned char *has_args;    /* by tool: 1 arguments came, 2 it is custom */
    int ntools;
    int cap;
} openai_chat_outlet_t;

/** State of writing a stream. */
typedef struct openai_chat_encode_t {
    llmgw_buf_t *head;          /* a chunk's text up to its choices */
    openai_chat_outlet_t **outlets;
    int noutlets;
    llmgw_usage_t usage;
    int has_usage;
    int has_failed;
} openai_chat_encode_t;

/** Write the members that come before the choices; the object stays open. */
void llmgw_openai_chat_put_top(llmgw_json_writer_t *w, const char *object,
                               llmgw_str_t id, apr_int64_t created_sec,
                               llmgw_str_t model,
                               const llmgw_answer_opts_t *opts);

/** Write the members of a tool call: id, type, function or custom. */
void llmgw_openai_chat_put_call(llmgw_json_writer_t *w, int choice, int index,
                                llmgw_str_t id, llmgw_str_t name,
                                llmgw_str_t args, int is_custom,
                                llmgw_str_t signature,
                                const llmgw_answer_opts_t *opts);

apr_status_t llmgw_openai_chat_encode_event(llmgw_encoding_t *e,
                                            const llmgw_event_t *ev);
apr_status_t llmgw_openai_chat_encode_end(llmgw_encoding_t *e);
apr_status_t llmgw_openai_chat_encode_whole(llmgw_buf_t *out,
                                            const llmgw_answer_t *answer,
                                            const llmgw_answer_opts_t *opts);

#endif /* LLMGW_OPENAI_CHAT_H */
