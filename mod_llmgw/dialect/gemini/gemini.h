/* gemini.h: Google's generateContent, within its folder */
#ifndef LLMGW_GEMINI_H
#define LLMGW_GEMINI_H

#include "../reading.h"

struct json_object;

/*
 * Where the formats differ:
 * - A signature stands on the part it belongs to. One of reasoning or of a call
 *   is known to the neutral model. One on a text becomes reasoning without
 *   text that follows it, and goes back onto the text.
 * - There is no form for redacted reasoning of other makers; towards a client
 *   it travels as a signature that says so, see llmgw_gemini_put_redacted().
 * - Parts of the provider's own tools (code, its output, searches) are BUILTIN
 *   items: the part as it came. What grounds or cites an answer belongs to the
 *   candidate; it is a BUILTIN item {"groundingMetadata": ...}, and an
 *   annotation for each source besides.
 * - Finish reasons do not tell of tool calls: STOP means either.
 */

/* ---- words, gemini.c ---------------------------------------------------- */

/** The member of that (camelCase) name, or of the same in snake_case. */
const llmgw_json_t *llmgw_gemini_lookup(const llmgw_json_t *obj,
                                        const char *name);

/** As llmgw_gemini_lookup(); a member of another type counts as absent. */
const llmgw_json_t *llmgw_gemini_lookup_type(const llmgw_json_t *obj,
                                             const char *name,
                                             llmgw_json_type_e type);

/** A finish reason's meaning; NONE when nothing is said. */
llmgw_stop_e llmgw_gemini_stop(const llmgw_json_t *finish_reason);
const char *llmgw_gemini_finish_reason(llmgw_stop_e stop);

/** What redacted reasoning begins with where it stands for a signature; such
 * that base64 stays base64. */
#define LLMGW_GEMINI_REDACTED "llmgw_redacted__"

/** What lets a function call pass whose signature was lost, as the API's
 * documentation has it. */
#define LLMGW_GEMINI_NO_SIGNATURE "skip_thought_signature_validator"

/** Is it one of redacted reasoning? *data is set to what it stands for. */
int llmgw_gemini_is_redacted(llmgw_str_t signature, llmgw_str_t *data);

/* ---- models, models.c --------------------------------------------------- */

/** How a model is asked to think. */
typedef enum gemini_thinking_e {
    GEMINI_THINKS_NOT,
    GEMINI_THINKS_BY_BUDGET,    /* thinkingConfig.thinkingBudget */
    GEMINI_THINKS_BY_LEVEL      /* thinkingConfig.thinkingLevel */
} gemini_thinking_e;

#define GEMINI_SIGNED       0x01u   /* wants signatures on function calls */
#define GEMINI_RESULT_MEDIA 0x02u   /* functionResponse may have parts */
#define GEMINI_TOOLS_JSON   0x04u   /* takes tools and a response schema */
#define GEMINI_NO_SYSTEM    0x08u   /* takes no systemInstruction */
#define GEMINI_MINIMAL      0x10u   /* knows the level "minimal" */
#define GEMINI_MEDIUM       0x20u   /* knows the level "medium" */

/** What differs between models. */
typedef struct gemini_model_t {
    const char *pattern;
    gemini_thinking_e thinking;
    apr_int64_t budget_min;     /* the least; 0: thinking can be turned off */
    apr_int64_t budget_max;
    unsigned int flags;
} gemini_model_t;

/** The row for a model's name. */
const gemini_model_t *llmgw_gemini_model_get(llmgw_str_t name);

/* ---- schemas ------------------------------------------------------------ */

/**
 * Rewrite a JSON Schema in the words that Gemini takes (OpenAPI's Schema):
 * references are resolved (a cycle ends as any object), types are in capitals,
 * null is `nullable`, oneOf is anyOf, allOf is merged, and what is not known
 * is left out. schema.c
 * @param raw never given, or no object: nothing is written
 * @param out set to the raw text in pool p; never given for a schema that says
 *            nothing or is of an object without properties, which must not be
 *            written at all
 */
apr_status_t llmgw_gemini_schema_write(llmgw_str_t *out, llmgw_str_t raw,
                                       apr_pool_t *p);

/** The way back: OpenAPI's Schema as JSON Schema. schema_read.c */
apr_status_t llmgw_gemini_schema_read(llmgw_str_t *out, llmgw_str_t raw,
                                      apr_pool_t *p);

/** Print a tree into pool p. schema_read.c */
apr_status_t llmgw_gemini_print(llmgw_str_t *out, struct json_object *tree,
                                apr_pool_t *p);

/* ---- requests, written -------------------------------------------------- */

/** What writing a request works with. */
typedef struct gemini_writing_t {
    llmgw_json_writer_t w;
    const llmgw_request_t *req;
    llmgw_encode_t *how;
    apr_pool_t *p;
    llmgw_err_t *err;
    const gemini_model_t *model;
    struct apr_hash_t *calls;   /* id -> const llmgw_part_t *: the call */
    int is_only_system;         /* there are no other messages */
} gemini_writing_t;

/** Is the request one that spoke Gemini? */
int llmgw_gemini_is_own(const gemini_writing_t *wr);

apr_status_t llmgw_gemini_write_system(gemini_writing_t *wr);
apr_status_t llmgw_gemini_write_contents(gemini_writing_t *wr);

/** Write a text as a part. */
void llmgw_gemini_write_text(gemini_writing_t *wr, llmgw_str_t text,
                             llmgw_str_t signature);

/** Write an image, sound, film or document as a part. @param i message */
apr_status_t llmgw_gemini_write_media(gemini_writing_t *wr,
                                      const llmgw_part_t *part, int i);

/** Write a tool's call; signature: instead of its own, if given. */
void llmgw_gemini_write_call(gemini_writing_t *wr, const llmgw_part_t *part,
                             llmgw_str_t signature);

/** Write a tool's result, and what else it holds where the model takes it. */
apr_status_t llmgw_gemini_write_result(gemini_writing_t *wr,
                                       const llmgw_part_t *result, int i);

/** Write what a result holds and its model wants beside it. */
apr_status_t llmgw_gemini_write_result_media(gemini_writing_t *wr,
                                             const llmgw_part_t *result,
                                             int i);

apr_status_t llmgw_gemini_write_tools(gemini_writing_t *wr);
apr_status_t llmgw_gemini_write_config(gemini_writing_t *wr);

/** Write members of an object of the body that have no place of their own.
 * @param n members it has already; 0: it is not open */
void llmgw_gemini_write_inner(gemini_writing_t *wr, const char *inside,
                              int *n);

/** llmgw_encode_unsupported() for this request. */
apr_status_t llmgw_gemini_cannot(gemini_writing_t *wr, int is_hint,
                                 const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

apr_status_t llmgw_gemini_request_encode(llmgw_buf_t *out,
                                         const llmgw_request_t *req,
                                         llmgw_encode_t *how, apr_pool_t *p,
                                         llmgw_err_t *err);

/* ---- requests, read ----------------------------------------------------- */

/** The calls of the history by name, in order: read_calls.c; it is `own` of a
 * reading. */
void llmgw_gemini_begin_calls(llmgw_reading_t *r);

/** Names in camelCase or snake_case, numbers or strings of them, as protobuf
 * has it. */
extern const llmgw_spelling_t llmgw_gemini_spelling;

/** Read inlineData, or fileData if is_file. */
apr_status_t llmgw_gemini_read_media(llmgw_reading_t *r,
                                     const llmgw_json_t *v, int is_file,
                                     apr_array_header_t *parts);

/** Read functionCall; outer: the part it is in. */
apr_status_t llmgw_gemini_read_call(llmgw_reading_t *r,
                                    const llmgw_json_t *v,
                                    const llmgw_json_t *outer,
                                    llmgw_message_t *m);

/** Read functionResponse. */
apr_status_t llmgw_gemini_read_result(llmgw_reading_t *r,
                                      const llmgw_json_t *v,
                                      llmgw_message_t *m);

apr_status_t llmgw_gemini_read_system(llmgw_reading_t *r,
                                      const llmgw_json_t *v);
apr_status_t llmgw_gemini_read_contents(llmgw_reading_t *r,
                                        const llmgw_json_t *contents);
apr_status_t llmgw_gemini_read_tools(llmgw_reading_t *r,
                                     const llmgw_json_t *tools);
apr_status_t llmgw_gemini_read_tool_config(llmgw_reading_t *r,
                                           const llmgw_json_t *config);
apr_status_t llmgw_gemini_read_config(llmgw_reading_t *r,
                                      const llmgw_json_t *config);

apr_status_t llmgw_gemini_request_decode(llmgw_request_t **out,
                                         const llmgw_json_t *body,
                                         const llmgw_address_t *address,
                                         apr_pool_t *p, llmgw_err_t *err);

/* ---- answers, read ------------------------------------------------------ */

/** A call whose arguments come in pieces, answer_partial.c. */
typedef struct gemini_partial_t gemini_partial_t;

/** A candidate that is being read. */
typedef struct gemini_candidate_t {
    llmgw_stop_e stop;          /* said so far; emitted at the end */
    int ncalls;
    int ncited;                 /* sources that were emitted */
    gemini_partial_t *partial;  /* NULL: none yet */
} gemini_candidate_t;

/** State of reading an answer. */
typedef struct gemini_decode_t {
    gemini_candidate_t **candidates;    /* by number; NULL: not seen */
    int ncandidates;
    int is_started;
    int has_failed;             /* an error was emitted */
    llmgw_str_t id;             /* for the ids of calls, as far as it is fit */
    llmgw_buf_t *logprobs;      /* in OpenAI's form; NULL: none yet */
} gemini_decode_t;

apr_status_t llmgw_gemini_decode_whole(llmgw_decode_t *d,
                                       const llmgw_json_t *body);
apr_status_t llmgw_gemini_decode_event(llmgw_decode_t *d,
                                       const llmgw_sse_event_t *ev);
apr_status_t llmgw_gemini_decode_end(llmgw_decode_t *d);

/** Read a part of a candidate's content, answer_parts.c. */
apr_status_t llmgw_gemini_read_part(llmgw_decode_t *d, int choice,
                                    gemini_candidate_t *c,
                                    const llmgw_json_t *part);

/** There are no more parts: end what is open. */
apr_status_t llmgw_gemini_end_parts(llmgw_decode_t *d, int choice,
                                    gemini_candidate_t *c);

/** Emit the raw text {"NAME":VALUE} as an item of a built-in tool. */
apr_status_t llmgw_gemini_emit_item(llmgw_decode_t *d, int choice,
                                    const char *name,
                                    const llmgw_json_t *value);

/** Read what a candidate refers to, and its logprobs, answer_extras.c. */
apr_status_t llmgw_gemini_read_extras(llmgw_decode_t *d, int choice,
                                      gemini_candidate_t *c,
                                      const llmgw_json_t *candidate);

/** Is a call open whose arguments come in pieces? */
int llmgw_gemini_partial_is_open(const gemini_partial_t *partial);

/** Open one: from now on there is. */
void llmgw_gemini_partial_start(gemini_partial_t **partial, apr_pool_t *p);

/** Take the "partialArgs" of a piece. LLMGW_EUPBODY, LLMGW_EUPTOOBIG */
apr_status_t llmgw_gemini_partial_take(gemini_partial_t *partial,
                                       const llmgw_json_t *args,
                                       llmgw_buf_t *scratch);

/** Close it. @param out set to the arguments, valid until the next start */
apr_status_t llmgw_gemini_partial_finish(gemini_partial_t *partial,
                                         llmgw_str_t *out);

/* ---- answers, written ---------------------------------------------------- */

/** A text or thought as a part. */
void llmgw_gemini_put_text(llmgw_json_writer_t *w, llmgw_str_t text,
                           int is_thought, llmgw_str_t signature);

/** Redacted reasoning, as a signature that says so. */
void llmgw_gemini_put_redacted(llmgw_json_writer_t *w, llmgw_str_t data);

/** A picture or sound as a part. */
void llmgw_gemini_put_data(llmgw_json_writer_t *w, llmgw_str_t media_type,
                           const char *media_default, llmgw_str_t data);

/** A call as a part; args that are no object are wrapped into one. @param
 * is_flat write it on one line */
void llmgw_gemini_put_call(llmgw_json_writer_t *w, llmgw_str_t id,
                           llmgw_str_t name, llmgw_str_t args, int is_custom,
                           llmgw_str_t signature, int is_flat);

/** A raw text on one line: in JSON, line ends stand between tokens only. */
void llmgw_gemini_put_flat(llmgw_json_writer_t *w, llmgw_str_t raw);

/** Is the item of a built-in tool a member of the candidate? *value is set. */
const char *llmgw_gemini_is_metadata(llmgw_str_t raw, llmgw_str_t *value);

/** A source of another dialect's, as an element of groundingChunks. */
void llmgw_gemini_put_source(llmgw_json_writer_t *w, llmgw_str_t url,
                             llmgw_str_t title);

/** The member logprobsResult from OpenAI's elements (no brackets around). */
void llmgw_gemini_put_logprobs(llmgw_json_writer_t *w, llmgw_str_t elements,
                               apr_pool_t *p);

/** The member usageMetadata; nothing when no figure is known. */
void llmgw_gemini_put_usage(llmgw_json_writer_t *w,
                            const llmgw_usage_t *usage);

/** modelVersion and responseId. */
void llmgw_gemini_put_ids(llmgw_json_writer_t *w, llmgw_str_t model,
                          llmgw_str_t id, const llmgw_answer_opts_t *opts);

/** A call that is being written: it must be whole first. */
typedef struct gemini_slot_t {
    int index;
    int is_open;
    int is_custom;
    llmgw_buf_t *id;
    llmgw_buf_t *name;
    llmgw_buf_t *signature;
    llmgw_buf_t *args;
} gemini_slot_t;

/** A candidate that is being written. */
typedef struct gemini_outlet_t {
    llmgw_stop_e stop;
    int is_stopped;
    int is_thinking;            /* a thought was the last that was written */
    gemini_slot_t **slots;
    int nslots;
    int cap;
    llmgw_buf_t *sources;       /* elements of groundingChunks; NULL: none */
    int has_grounding;          /* Google's own was written */
} gemini_outlet_t;

/** State of writing a stream. */
typedef struct gemini_encode_t {
    llmgw_buf_t *tail;          /* a response's text from modelVersion on */
    gemini_outlet_t **outlets;
    int noutlets;
    int nwritten;               /* responses */
    llmgw_usage_t usage;
    int has_usage;
    int has_failed;
} gemini_encode_t;

apr_status_t llmgw_gemini_encode_event(llmgw_encoding_t *e,
                                       const llmgw_event_t *ev);
apr_status_t llmgw_gemini_encode_end(llmgw_encoding_t *e);
apr_status_t llmgw_gemini_encode_whole(llmgw_buf_t *out,
                                       const llmgw_answer_t *answer,
                                       const llmgw_answer_opts_t *opts);

/* ---- errors, error.c ---------------------------------------------------- */

void llmgw_gemini_error_decode(llmgw_err_t *err, const llmgw_json_t *body,
                               apr_pool_t *p);
apr_status_t llmgw_gemini_error_encode(llmgw_buf_t *out,
                                       const llmgw_err_t *err,
                                       const char *request_id);

/* ---- lists of models, model_list.c -------------------------------------- */

apr_status_t llmgw_gemini_models_page(llmgw_model_page_t *page,
                                      const char *query, apr_pool_t *p,
                                      llmgw_err_t *err);
apr_status_t llmgw_gemini_models_encode(llmgw_buf_t *out,
                                        const llmgw_model_page_t *page,
                                        int single);

/* ---- operations beside inference ----------------------------------------- */

/** A name as camelCase; one without a _ comes back as it is. read_request.c */
llmgw_str_t llmgw_gemini_camel(llmgw_str_t name, apr_pool_t *p);

/** A model as requests name it: "models/NAME", in pool p. rename.c */
llmgw_str_t llmgw_gemini_resource(llmgw_str_t model, apr_pool_t *p);

/** Name another model where a body names one beside the URL: at its top level,
 * in generateContentRequest, in each of requests. All other bytes stay.
 * rename.c @return APR_SUCCESS, LLMGW_EJSON, LLMGW_ETOOBIG, APR_ENOMEM */
apr_status_t llmgw_gemini_rename(llmgw_str_t *body, llmgw_str_t model,
                                 apr_pool_t *p);

extern const llmgw_count_t llmgw_gemini_count;      /* count.c */
extern const llmgw_embed_t llmgw_gemini_embed;      /* embed_request.c */

/* embed_answer.c */
apr_status_t llmgw_gemini_embed_usage(llmgw_usage_t *usage, llmgw_str_t body,
                                      apr_pool_t *p, llmgw_err_t *err);
apr_status_t llmgw_gemini_embed_decode(llmgw_embed_answer_t *out,
                                       llmgw_str_t body, apr_pool_t *p,
                                       llmgw_err_t *err);
apr_status_t llmgw_gemini_embed_encode(llmgw_buf_t *out,
                                       const llmgw_embed_answer_t *answer,
                                       const llmgw_embed_request_t *req);

#endif /* LLMGW_GEMINI_H */
