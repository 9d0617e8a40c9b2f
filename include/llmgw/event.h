/* event.h: the neutral model of an answer: the events it arrives in */
#ifndef LLMGW_EVENT_H
#define LLMGW_EVENT_H

#include <apr.h>
#include <apr_errno.h>
#include "llmgw/error.h"
#include "llmgw/str.h"

/**
 * Tokens of one answer. -1: the provider did not say. Values are set, never
 * added: the last report wins. prompt includes cache_read and cache_write
 * (OpenAI's way: a decoder whose provider counts them apart adds them up);
 * completion includes reasoning.
 */
typedef struct llmgw_usage_t {
    apr_int64_t prompt;
    apr_int64_t completion;
    apr_int64_t total;
    apr_int64_t cache_read;
    apr_int64_t cache_write;
    apr_int64_t reasoning;
    apr_int64_t audio_prompt;
    apr_int64_t audio_completion;
    int estimated;              /* counted by us, not by the provider */
} llmgw_usage_t;

#define LLMGW_USAGE_INIT { -1, -1, -1, -1, -1, -1, -1, -1, 0 }

/** Take over each figure that `from` has; the others stay. */
void llmgw_usage_set(llmgw_usage_t *usage, const llmgw_usage_t *from);

/** total, or prompt + completion where only those are known; -1 if neither. */
apr_int64_t llmgw_usage_total(const llmgw_usage_t *usage);

/** Why the model stopped. */
typedef enum llmgw_stop_e {
    LLMGW_STOP_NONE,            /* not said */
    LLMGW_STOP_END,             /* natural end */
    LLMGW_STOP_LENGTH,          /* token limit */
    LLMGW_STOP_SEQUENCE,        /* a stop sequence */
    LLMGW_STOP_TOOL,            /* tool calls follow */
    LLMGW_STOP_FILTER,          /* content filter, safety, recitation */
    LLMGW_STOP_REFUSAL,
    LLMGW_STOP_PAUSE,           /* pause_turn: to be continued */
    LLMGW_STOP_CONTEXT,         /* the context window is full */
    LLMGW_STOP_ERROR            /* malformed call and the like */
} llmgw_stop_e;

typedef enum llmgw_event_e {
    LLMGW_EV_START,             /* id, model, created_sec */
    LLMGW_EV_TEXT,              /* text */
    LLMGW_EV_REASONING,         /* text */
    LLMGW_EV_SIGNATURE,         /* text: signature of the reasoning before */
    LLMGW_EV_REDACTED,          /* text: opaque reasoning data */
    LLMGW_EV_TOOL_START,        /* index, id, name; text: signature, if any */
    LLMGW_EV_TOOL_ARGS,         /* index, text: a piece of the arguments */
    LLMGW_EV_TOOL_END,          /* index */
    LLMGW_EV_ANNOTATION,        /* text: raw JSON in `dialect`; id: URL of the
                                 * source and name: its title, where known */
    LLMGW_EV_IMAGE,             /* media_type, text: base64 data */
    LLMGW_EV_AUDIO,             /* media_type, text: base64 data */
    LLMGW_EV_REFUSAL,           /* text */
    LLMGW_EV_LOGPROBS,          /* text: raw array, OpenAI's form */
    LLMGW_EV_BUILTIN,           /* text: raw item of a provider-built tool, in
                                 * `dialect` */
    LLMGW_EV_USAGE,             /* usage: set, not added */
    LLMGW_EV_STOP,              /* stop; text: the stop sequence, if any */
    LLMGW_EV_ERROR,             /* error */
    LLMGW_EV_PING
} llmgw_event_e;

/**
 * One event. A decoder emits START first and once; per choice one STOP, after
 * which only USAGE may come; ERROR is the last of its answer. TOOL_ARGS and
 * TOOL_END only between that index's start and end; several may be open.
 * An empty text is legal and means nothing. Everything is valid during the
 * callback only.
 *
 * A SIGNATURE comes whole, not in pieces; it ends the reasoning before it. So
 * does REDACTED, which is an item by itself. An AUDIO may come in pieces.
 */
typedef struct llmgw_event_t {
    llmgw_event_e type;
    int choice;                 /* 0 .. n-1 */
    int index;                  /* of the tool call within the choice, 0 .. */
    llmgw_str_t text;
    llmgw_str_t id;
    llmgw_str_t name;
    llmgw_str_t model;
    llmgw_str_t media_type;
    apr_int64_t created_sec;    /* seconds since 1970; 0: not said */
    int is_custom;              /* TOOL_START of a custom tool */
    const llmgw_usage_t *usage;
    llmgw_stop_e stop;
    const llmgw_err_t *error;
    const struct llmgw_dialect_t *dialect;  /* whose words raw text uses */
} llmgw_event_t;

/** Takes events. @return APR_SUCCESS to go on; else decoding ends with it */
typedef apr_status_t (*llmgw_event_fn)(void *ctx, const llmgw_event_t *ev);

/**
 * Non-zero for events that are content: from the first one on the client has
 * seen something and the answer cannot be exchanged for another.
 */
int llmgw_event_is_content(const llmgw_event_t *ev);

#endif /* LLMGW_EVENT_H */
