/* openai_responses.h: OpenAI's Responses (Open Responses), within its folder */
#ifndef LLMGW_OPENAI_RESPONSES_H
#define LLMGW_OPENAI_RESPONSES_H

#include "../openai.h"

/*
 * How the neutral model and Responses meet:
 *
 * - Items of an assistant's that follow each other are one message; the texts
 *   and refusals of an answer that do are one item "message".
 * - Reasoning is an item each. A model's own words are its `content`, or its
 *   `summary` where the client asked for summaries; several texts are joined as
 *   paragraphs. `encrypted_content` is the signature of reasoning that has a
 *   text (an empty one too), and opaque data where there is none: both come
 *   back as they went out.
 * - A namespace and a name in it are one name elsewhere: llmgw_openai_join().
 * - A signature that belongs to a call stands in `extra_content`, as in Chat
 *   Completions.
 * - An image the model made is an image_generation_call with its result.
 * - Nothing is stored: `store` is accepted and answered with false.
 */

/** What stands between the texts of one reasoning item. */
#define LLMGW_OPENAI_RESPONSES_PARAGRAPH "\n\n"

/* ---- reading requests --------------------------------------------------- */

/** Refuse what needs stored conversations: a provider that stores them does so
 * for all callers, who have one key. */
apr_status_t llmgw_openai_responses_member_check(llmgw_str_t name,
                                                 llmgw_json_type_e type,
                                                 apr_pool_t *p,
                                                 llmgw_err_t *err);

/** Remember a member that the answer repeats. @param name lives on */
void llmgw_openai_responses_echo(llmgw_reading_t *r, const char *name,
                                 const llmgw_json_t *v);

apr_status_t llmgw_openai_responses_read_input(llmgw_reading_t *r,
                                               const llmgw_json_t *input);
/** @param field "content" or "output": where the parts stand in their item */
apr_status_t llmgw_openai_responses_read_content(llmgw_reading_t *r,
                                                 const llmgw_json_t *content,
                                                 const char *field,
                                                 apr_array_header_t *parts);
apr_status_t llmgw_openai_responses_read_tools(llmgw_reading_t *r,
                                               const llmgw_json_t *tools);
apr_status_t llmgw_openai_responses_read_choice(llmgw_reading_t *r,
                                                const llmgw_json_t *choice);
apr_status_t llmgw_openai_responses_read_text(llmgw_reading_t *r,
                                              const llmgw_json_t *text);

apr_status_t llmgw_openai_responses_request_decode(
    llmgw_request_t **out, const llmgw_json_t *body,
    const llmgw_address_t *address, apr_pool_t *p, llmgw_err_t *err);

/* ---- writing requests --------------------------------------------------- */

/** Write the member "input". */
apr_status_t llmgw_openai_responses_write_input(
    openai_writing_t *wr);

/** Write "content" or "output" of message i: a text alone is a string.
 * @param text the type of a text: "input_text", "output_text" */
apr_status_t llmgw_openai_responses_write_content(
    openai_writing_t *wr, const char *name,
    const apr_array_header_t *parts, int from, int to, const char *text,
    int i);

apr_status_t llmgw_openai_responses_write_tools(
    openai_writing_t *wr);

apr_status_t llmgw_openai_responses_request_encode(
    llmgw_buf_t *out, const llmgw_request_t *req, llmgw_encode_t *how,
    apr_pool_t *p, llmgw_err_t *err);

/* ---- writing answers: items, answer_items.c ----------------------------- */

/** What a block of an answer is shown as. */
typedef enum openai_responses_item_e {
    OPENAI_RESPONSES_NOTHING,   /* there is no form for it */
    OPENAI_RESPONSES_MESSAGE,   /* one or several blocks, the others one each */
    OPENAI_RESPONSES_REASONING,
    OPENAI_RESPONSES_CALL,
    OPENAI_RESPONSES_IMAGE,
    OPENAI_RESPONSES_BUILTIN
} openai_responses_item_e;

/** An answer to be shown as items. */
typedef struct openai_responses_view_t {
    const llmgw_answer_t *answer;
    const llmgw_answer_opts_t *opts;
    apr_size_t logprobs_max;    /* bytes of them that have a place */
} openai_responses_view_t;

/** Number of blocks, and one of them. */
int llmgw_openai_responses_nblocks(const openai_responses_view_t *view);
llmgw_block_t *llmgw_openai_responses_block(
    const openai_responses_view_t *view, int i);

openai_responses_item_e llmgw_openai_responses_kind(const llmgw_block_t *b);

/** Does the block go on with the item of the block before? */
int llmgw_openai_responses_continues(const openai_responses_view_t *view,
                                     int i);

/** Is reasoning shown as a summary? */
int llmgw_openai_responses_is_summary(const llmgw_answer_opts_t *opts);

/** Write the id of the item that begins with block i, as a string. */
void llmgw_openai_responses_put_id(llmgw_json_writer_t *w,
                                   const openai_responses_view_t *view, int i);

/** Write a call's name, and its namespace if it has one. */
void llmgw_openai_responses_put_name(llmgw_json_writer_t *w,
                                     const openai_responses_view_t *view,
                                     const llmgw_block_t *b);

/** Write the content part, or the summary part, that block i is; without its
 * text if is_begun only. */
void llmgw_openai_responses_put_part(llmgw_json_writer_t *w,
                                     const openai_responses_view_t *view,
                                     int i, int is_begun);

/** Write the log probabilities of block i as an array. */
void llmgw_openai_responses_put_logprobs(llmgw_json_writer_t *w,
                                         const openai_responses_view_t *view,
                                         int i);

/** Has an annotation a form in this dialect? */
int llmgw_openai_responses_is_annotation(llmgw_str_t url,
                                         const llmgw_dialect_t *dialect);

/** Write one that has. */
void llmgw_openai_responses_put_annotation(llmgw_json_writer_t *w,
                                           llmgw_str_t raw, llmgw_str_t url,
                                           llmgw_str_t title,
                                           const llmgw_dialect_t *dialect);

/** Write the item that begins with block i. @param status "in_progress": what
 * it has when it is added; "completed", "incomplete": as it is */
void llmgw_openai_responses_put_item(llmgw_json_writer_t *w,
                                     const openai_responses_view_t *view,
                                     int i, const char *status);

/** How block i ended: "completed", or "incomplete" if the answer was cut. */
const char *llmgw_openai_responses_item_status(
    const openai_responses_view_t *view, int i);

/* ---- writing answers: the response object, answer_whole.c --------------- */

/** Write the members that never change, from "id" on; '{' is written too. */
void llmgw_openai_responses_put_top(llmgw_json_writer_t *w,
                                    const llmgw_answer_t *answer,
                                    const llmgw_answer_opts_t *opts);
/** Write the members that repeat the request's settings. */
void llmgw_openai_responses_put_settings(llmgw_json_writer_t *w,
                                         const llmgw_answer_opts_t *opts);

/** Write status, error, incomplete_details, output and usage.
 * @param status NULL: as the answer ended */
void llmgw_openai_responses_put_state(llmgw_json_writer_t *w,
                                      const openai_responses_view_t *view,
                                      const char *status);

/** "completed" or "incomplete", by the reason why the answer stopped. */
const char *llmgw_openai_responses_status(const openai_responses_view_t *view);

apr_status_t llmgw_openai_responses_encode_whole(
    llmgw_buf_t *out, const llmgw_answer_t *answer,
    const llmgw_answer_opts_t *opts);

/* ---- writing answers: streams ------------------------------------------- */

/** What has been said of a block. */
typedef struct openai_responses_slot_t {
    int item;                   /* output_index */
    int first;                  /* the block its item begins with */
    int part;                   /* content_index */
    int nannotations;
    unsigned char is_open;
} openai_responses_slot_t;

/** State of writing a stream. */
typedef struct openai_responses_encode_t {
    openai_responses_view_t view;
    llmgw_answer_t *answer;     /* what view shows; gathered as it comes */
    llmgw_buf_t *top;           /* the members that never change */
    llmgw_buf_t *settings;
    llmgw_buf_t *head;          /* of the deltas of a block */
    int head_block;
    apr_int64_t sequence;
    openai_responses_slot_t *slots; /* by block */
    int nslots;                 /* blocks that were begun */
    int cap;
    int first_open;             /* no block before it is open */
    int nitems;
    int text_block;             /* the first that is text; -1: none */
    int is_started;
    int is_stopped;
    int has_failed;
} openai_responses_encode_t;

/** A writer of members, as if an object were open. */
static inline llmgw_json_writer_t llmgw_openai_responses_inner(
    llmgw_buf_t *out)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    w.depth = 1;
    return w;
}

/* Blocks as events, answer_events.c. */

/** Write an event's type, twice, and its number; its object stays open. */
void llmgw_openai_responses_begin_event(llmgw_encoding_t *e,
                                        const char *type);
apr_status_t llmgw_openai_responses_end_event(llmgw_encoding_t *e);

/** Block i has begun: end what has ended by that, begin its item and part. */
void llmgw_openai_responses_open_block(llmgw_encoding_t *e, int i);

/** End what is open when block n begins: all but calls whose arguments still
 * come. @param all those too */
void llmgw_openai_responses_close_blocks(llmgw_encoding_t *e, int n, int all);

/** The block of the call of that index; -1: there is none. */
int llmgw_openai_responses_find_call(const openai_responses_encode_t *st,
                                     int index);

/** A piece of block i has come; the annotation that it has just got. */
apr_status_t llmgw_openai_responses_put_delta(llmgw_encoding_t *e, int i,
                                              llmgw_str_t text);
apr_status_t llmgw_openai_responses_put_event_annotation(
    llmgw_encoding_t *e, int i, const llmgw_event_t *ev);

apr_status_t llmgw_openai_responses_encode_event(llmgw_encoding_t *e,
                                                 const llmgw_event_t *ev);
apr_status_t llmgw_openai_responses_encode_end(llmgw_encoding_t *e);

/* ---- reading answers ---------------------------------------------------- */

/** An item that is being read, by its output_index. */
typedef struct openai_responses_inlet_t {
    int tool;                   /* the call's index + 1; 0: it is none */
    int part;                   /* index of the part that has text last, + 1 */
    int nannotations;
    unsigned char has_args;
    unsigned char has_text;
    unsigned char has_logprobs;
    unsigned char is_ended;
    unsigned char is_content;   /* reasoning: texts are read from content */
    unsigned char is_summary;   /* from summary */
} openai_responses_inlet_t;

/** State of reading an answer. */
typedef struct openai_responses_decode_t {
    openai_responses_inlet_t *inlets;
    int ninlets;
    int cap;
    int ntools;
    int reasoner;               /* inlet of the reasoning emitted last, + 1; 0:
                                 * something else was, or it was signed */
    int is_started;
    int is_stopped;
    int has_failed;             /* an error was emitted */
} openai_responses_decode_t;

/** The item of that index; NULL: there are too many, which is LLMGW_EUPBODY.
 * Valid until the next call. */
openai_responses_inlet_t *llmgw_openai_responses_inlet(llmgw_decode_t *d,
                                                       apr_int64_t n);

/** Items, answer_inlets.c: one begins, goes on, is there as a whole. */
apr_status_t llmgw_openai_responses_item_added(llmgw_decode_t *d,
                                               openai_responses_inlet_t *in,
                                               const llmgw_json_t *item);
/** A piece of a text, or the whole of one that came in no pieces.
 * @param part its index in its item */
apr_status_t llmgw_openai_responses_item_text(llmgw_decode_t *d,
                                              openai_responses_inlet_t *in,
                                              llmgw_event_e type, int part,
                                              const llmgw_json_t *text);
apr_status_t llmgw_openai_responses_item_args(llmgw_decode_t *d,
                                              openai_responses_inlet_t *in,
                                              const llmgw_json_t *text);
apr_status_t llmgw_openai_responses_item_logprobs(
    llmgw_decode_t *d, openai_responses_inlet_t *in,
    const llmgw_json_t *logprobs);
apr_status_t llmgw_openai_responses_item_annotation(
    llmgw_decode_t *d, openai_responses_inlet_t *in,
    const llmgw_json_t *annotation);
/** Emit of an item what was not emitted yet, and its end. */
apr_status_t llmgw_openai_responses_item_done(llmgw_decode_t *d,
                                              openai_responses_inlet_t *in,
                                              const llmgw_json_t *item);
/** Emit the end of a call that has not ended. */
apr_status_t llmgw_openai_responses_end_call(llmgw_decode_t *d,
                                             openai_responses_inlet_t *in);

apr_status_t llmgw_openai_responses_decode_whole(llmgw_decode_t *d,
                                                 const llmgw_json_t *body);
apr_status_t llmgw_openai_responses_decode_event(llmgw_decode_t *d,
                                                 const llmgw_sse_event_t *ev);
apr_status_t llmgw_openai_responses_decode_end(llmgw_decode_t *d);

/* ---- counting tokens, count.c ------------------------------------------- */

extern const llmgw_count_t llmgw_openai_responses_count;

#endif /* LLMGW_OPENAI_RESPONSES_H */
