/* model.h: the neutral model of a request, which every dialect meets in */
#ifndef LLMGW_MODEL_H
#define LLMGW_MODEL_H

#include <apr.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include "llmgw/str.h"

/*
 * All strings point into the request's body or its pool and live as long as
 * the request. "raw" means a JSON text exactly as it came (tool parameters,
 * arguments, schemas): opaque bytes, spliced into the target's body unchanged.
 * Numbers of sampling are raw too, so that 0.70 stays 0.70. A string never
 * given (p == NULL) means the client did not say.
 */

typedef enum llmgw_role_e {
    LLMGW_ROLE_SYSTEM,          /* "system" and "developer" */
    LLMGW_ROLE_USER,
    LLMGW_ROLE_ASSISTANT,
    LLMGW_ROLE_TOOL             /* holds TOOL_RESULT parts only */
} llmgw_role_e;

typedef enum llmgw_part_e {
    LLMGW_PART_TEXT,            /* text, annotations */
    LLMGW_PART_IMAGE,           /* url, or media_type and data; detail */
    LLMGW_PART_AUDIO,           /* media_type and data */
    LLMGW_PART_DOCUMENT,        /* url, data, text or file_id; filename,
                                 * context; annotations: citations asked
                                 * for */
    LLMGW_PART_VIDEO,           /* url, or media_type and data */
    LLMGW_PART_TOOL_CALL,       /* id, name, arguments, signature */
    LLMGW_PART_TOOL_RESULT,     /* id, name, parts, is_error */
    LLMGW_PART_REASONING,       /* text, signature */
    LLMGW_PART_REDACTED,        /* data: reasoning only its maker can read */
    LLMGW_PART_REFUSAL,         /* text */
    LLMGW_PART_BUILTIN          /* raw: what a provider-built tool did, or its
                                 * result; name: its type */
} llmgw_part_e;

/** A piece of a message. Fields a type does not list are never given. */
typedef struct llmgw_part_t {
    llmgw_part_e type;
    llmgw_str_t text;
    llmgw_str_t media_type;     /* "image/png" */
    llmgw_str_t data;           /* base64 text, or opaque data */
    llmgw_str_t url;            /* http(s), gs: ...; never data: */
    llmgw_str_t file_id;
    llmgw_str_t filename;       /* a document's title */
    llmgw_str_t context;        /* what the client says about a document */
    llmgw_str_t detail;         /* an image's "low", "high", "auto" */
    llmgw_str_t id;             /* of the call */
    llmgw_str_t name;           /* of the tool; of a BUILTIN, its type */
    llmgw_str_t arguments;      /* raw: an object; a custom tool's: any text */
    llmgw_str_t signature;      /* opaque: thinking or thought signature */
    llmgw_str_t annotations;    /* raw array, in the client's dialect */
    llmgw_str_t cache_control;  /* raw prompt-cache marker */
    llmgw_str_t raw;            /* the part as it came, in the client's dialect,
                                 * where it says more than these fields do */
    const struct llmgw_dialect_t *maker;    /* whose provider made signature,
                                 * or the data of REDACTED; see
                                 * llmgw_request_read() */
    apr_array_header_t *parts;  /* of llmgw_part_t: a tool's result */
    int is_error;               /* the tool failed */
    int is_custom;              /* call of a custom (free-form) tool, or its
                                 * result */
    int is_thought;             /* signature stands on it by itself */
} llmgw_part_t;

typedef struct llmgw_message_t {
    llmgw_role_e role;
    int developer;              /* a SYSTEM message that said "developer" */
    int number;                 /* in the client's list, for errors; -1: it
                                 * stood in a member of its own */
    llmgw_str_t name;           /* participant's name */
    apr_array_header_t *parts;  /* of llmgw_part_t */
} llmgw_message_t;

typedef enum llmgw_tool_e {
    LLMGW_TOOL_FUNCTION,        /* name, description, parameters, strict */
    LLMGW_TOOL_CUSTOM,          /* name, description, format */
    LLMGW_TOOL_BUILTIN          /* raw, in the client's dialect; name = type */
} llmgw_tool_e;

typedef struct llmgw_tool_t {
    llmgw_tool_e type;
    llmgw_str_t name;
    llmgw_str_t description;
    llmgw_str_t parameters;     /* raw JSON Schema */
    llmgw_str_t format;         /* raw, of a custom tool, as Chat Completions
                                 * has it */
    llmgw_str_t space;          /* the namespace it belongs to; its name is
                                 * made of both, see llmgw_openai_join() */
    llmgw_str_t member;         /* its name within the namespace */
    llmgw_str_t raw;            /* the definition as it came; of a namespace,
                                 * all its tools have the same */
    llmgw_str_t cache_control;  /* raw */
    int strict;                 /* 1, 0, or -1 for not given */
} llmgw_tool_t;

typedef enum llmgw_choice_e {
    LLMGW_CHOICE_UNSET,
    LLMGW_CHOICE_AUTO,
    LLMGW_CHOICE_NONE,
    LLMGW_CHOICE_REQUIRED,      /* some tool */
    LLMGW_CHOICE_NAMED          /* the tool `choice_name` */
} llmgw_choice_e;

typedef enum llmgw_format_e {
    LLMGW_FORMAT_UNSET,
    LLMGW_FORMAT_TEXT,
    LLMGW_FORMAT_JSON_OBJECT,
    LLMGW_FORMAT_JSON_SCHEMA    /* schema, schema_name, schema_strict */
} llmgw_format_e;

/** A request, in nobody's dialect. Made by a dialect's request_decode(). */
typedef struct llmgw_request_t {
    const struct llmgw_dialect_t *dialect;  /* whose words `raw` fields use */
    llmgw_str_t model;          /* as the client named it */
    int stream;
    int include_usage;          /* the client asked for usage in its stream */

    apr_array_header_t *messages;   /* of llmgw_message_t, in order */

    apr_array_header_t *tools;      /* of llmgw_tool_t; empty for none */
    llmgw_choice_e choice;
    llmgw_str_t choice_name;
    apr_array_header_t *allowed_tools;  /* of llmgw_str_t; NULL: all */
    int parallel_tools;         /* 1, 0, or -1 for not given */
    int legacy_functions;       /* spoke `functions`; answer in kind */

    llmgw_str_t max_tokens;     /* raw number, whatever the dialect calls it */
    llmgw_str_t temperature;    /* raw numbers from here on */
    llmgw_str_t top_p;
    llmgw_str_t top_k;
    llmgw_str_t n;              /* choices asked for */
    llmgw_str_t seed;
    llmgw_str_t presence_penalty;
    llmgw_str_t frequency_penalty;
    llmgw_str_t top_logprobs;
    int logprobs;               /* 1, 0, or -1 for not given */
    apr_array_header_t *stop;   /* of llmgw_str_t; NULL for none */

    llmgw_format_e format;
    llmgw_str_t schema;         /* raw JSON Schema */
    llmgw_str_t schema_name;
    llmgw_str_t schema_description;
    int schema_strict;          /* 1, 0, or -1 */
    llmgw_str_t verbosity;      /* "low", "medium", "high" */

    llmgw_str_t effort;         /* reasoning: "none" .. "xhigh" */
    llmgw_str_t reasoning_budget;   /* raw number of tokens */
    int reasoning_off;          /* the client turned reasoning off */
    int reasoning_adaptive;     /* the model may choose its budget */
    llmgw_str_t reasoning_summary;  /* "auto", "concise", "detailed" */

    llmgw_str_t user;           /* end user's id */
    llmgw_str_t metadata;       /* raw object */
    llmgw_str_t service_tier;
    llmgw_str_t prompt_cache_key;
    llmgw_str_t safety_settings;    /* raw array, Gemini's */
    llmgw_str_t include;        /* raw array: what else the answer is to hold,
                                 * by Responses' names */
    int store;                  /* 1, 0, or -1 for not given */

    /**
     * Members of the body this model has no place for: llmgw_extra_t. A target
     * that cannot express them reports each by name.
     */
    apr_array_header_t *extras;

    /**
     * Members that an answer in the client's dialect repeats as they came:
     * llmgw_extra_t. NULL for none.
     */
    apr_array_header_t *echoed;
} llmgw_request_t;

/** A member without a place of its own. */
typedef struct llmgw_extra_t {
    llmgw_str_t name;
    llmgw_str_t value;          /* raw */
    int is_meaning;             /* without it the answer is another: no hint */
} llmgw_extra_t;

/** An empty request: arrays made, tri-states at -1. */
llmgw_request_t *llmgw_request_create(apr_pool_t *p);

/** Append a message with no part yet; its number is its place. */
llmgw_message_t *llmgw_request_add_message(llmgw_request_t *req,
                                           apr_pool_t *p, llmgw_role_e role);

/** Append a part; all its fields are zero but the type. */
llmgw_part_t *llmgw_parts_add(apr_array_header_t *parts, llmgw_part_e type);

/** How many images its messages hold, those in tools' results too. */
int llmgw_request_images(const llmgw_request_t *req);

#endif /* LLMGW_MODEL_H */
