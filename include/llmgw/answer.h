/* answer.h: a whole answer, gathered from its events */
#ifndef LLMGW_ANSWER_H
#define LLMGW_ANSWER_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include "llmgw/buf.h"
#include "llmgw/event.h"

/** What a piece of text refers to. */
typedef struct llmgw_annotation_t {
    llmgw_str_t raw;            /* JSON in `dialect` */
    llmgw_str_t url;            /* of the source; never given: not known */
    llmgw_str_t title;
    const struct llmgw_dialect_t *dialect;
} llmgw_annotation_t;

/** A block of an answer, in the order in which the model began it. */
typedef struct llmgw_block_t {
    /** TEXT, REASONING, REDACTED, TOOL_START, IMAGE, AUDIO, REFUSAL, BUILTIN */
    llmgw_event_e type;
    llmgw_buf_t *text;          /* text, arguments, data */
    llmgw_buf_t *signature;     /* NULL for none */
    apr_array_header_t *annotations;    /* of llmgw_annotation_t; NULL: none */
    int index;                  /* of the tool call */
    llmgw_str_t id;
    llmgw_str_t name;
    llmgw_str_t media_type;
    int is_custom;
    int is_ended;               /* the tool call's end came */
    const struct llmgw_dialect_t *dialect;  /* of BUILTIN */
} llmgw_block_t;

typedef struct llmgw_choice_t {
    apr_array_header_t *blocks; /* of llmgw_block_t * */
    llmgw_stop_e stop;
    llmgw_str_t stop_sequence;
    llmgw_buf_t *logprobs;      /* raw elements, comma between; NULL */
} llmgw_choice_t;

/** An answer. Everything lives in the pool it was created with. */
typedef struct llmgw_answer_t {
    apr_pool_t *pool;
    apr_size_t bytes_max;       /* of each text; LLMGW_EUPTOOBIG beyond */
    llmgw_str_t id;
    llmgw_str_t model;
    apr_int64_t created_sec;
    apr_array_header_t *choices;    /* of llmgw_choice_t *, by number */
    llmgw_usage_t usage;
    int started;
    int has_error;
    llmgw_err_t error;
} llmgw_answer_t;

llmgw_answer_t *llmgw_answer_create(apr_pool_t *p, apr_size_t bytes_max);

/**
 * Take one event (an llmgw_event_fn, ctx being the answer). Consecutive pieces
 * of a kind join one block; an empty piece neither opens nor closes one.
 * @return APR_SUCCESS, LLMGW_EUPTOOBIG, LLMGW_EUPBODY (choice above 127)
 */
apr_status_t llmgw_answer_event(void *answer, const llmgw_event_t *ev);

/** Emit an answer as events again, in a canonical order. */
apr_status_t llmgw_answer_replay(const llmgw_answer_t *answer,
                                 llmgw_event_fn fn, void *ctx);

/** Non-zero when no choice holds a block or a stop reason. */
int llmgw_answer_is_empty(const llmgw_answer_t *answer);

#endif /* LLMGW_ANSWER_H */
