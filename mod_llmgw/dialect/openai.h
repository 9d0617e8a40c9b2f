/* openai.h: what the dialects of OpenAI have in common */
#ifndef LLMGW_DIALECT_OPENAI_H
#define LLMGW_DIALECT_OPENAI_H

#include "reading.h"

/** What ends each stream. */
#define LLMGW_OPENAI_STREAM_END "data: [DONE]\n\n"

/* ---- words and values, openai_util.c ------------------------------------ */

/** Write a data: URL as a string. */
void llmgw_openai_put_data_url(llmgw_json_writer_t *w, llmgw_str_t media_type,
                               llmgw_str_t data);

/** Take a data: URL with base64 apart. @return 0 if it is none */
int llmgw_openai_split_data_url(llmgw_str_t url, llmgw_str_t *media_type,
                                llmgw_str_t *data);

/** Is it an http: or https: URL? */
int llmgw_openai_is_web_url(llmgw_str_t url);

/** What "input_audio" calls a media type: "audio/mpeg" is "mp3". */
llmgw_str_t llmgw_openai_audio_format(llmgw_str_t media_type);

/** Write a token count; what is not known is none. */
void llmgw_openai_put_tokens(llmgw_json_writer_t *w, const char *name,
                             apr_int64_t n);

/** The raw thought signature of a tool call, NULL if it has none: it stands in
 * `extra_content.google.thought_signature` of the call. */
const llmgw_json_t *llmgw_openai_signature(const llmgw_json_t *call);

/** Write extra_content with a signature, nothing if never given. */
void llmgw_openai_put_signature(llmgw_json_writer_t *w, llmgw_str_t sig);

/** Write the id of a call as a string; one is made of the answer's where the
 * provider gave none. */
void llmgw_openai_put_call_id(llmgw_json_writer_t *w, llmgw_str_t id,
                              int choice, int index,
                              const llmgw_answer_opts_t *opts);

/**
 * Write the members of a URL citation but its type, from the form of either
 * dialect: {"type","url_citation":{...}} or {"type","url",...}; an object is
 * open. @return 0 where raw is no object
 */
int llmgw_openai_put_citation(llmgw_json_writer_t *w, llmgw_str_t raw);

/** "auto", "none", "required", "any"; UNSET for anything else. */
llmgw_choice_e llmgw_openai_choice_mode(const llmgw_json_t *v);

/* ---- errors, openai_util.c ---------------------------------------------- */

/** OpenAI's word for a kind of error: "invalid_request_error". */
const char *llmgw_openai_error_type(llmgw_errkind_e kind);

/** Write the members of an error object: message, type, param, code. */
void llmgw_openai_put_error(llmgw_json_writer_t *w, const llmgw_err_t *err);

void llmgw_openai_error_decode(llmgw_err_t *err, const llmgw_json_t *body,
                               apr_pool_t *p);
apr_status_t llmgw_openai_error_encode(llmgw_buf_t *out,
                                       const llmgw_err_t *err,
                                       const char *request_id);

/* ---- lists of models, openai_models.c ----------------------------------- */

apr_status_t llmgw_openai_models_encode(llmgw_buf_t *out,
                                        const llmgw_model_page_t *page,
                                        int single);

/* ---- reading a request, openai_read.c ----------------------------------- */

/**
 * A content, which stands in `field`: a string, or an array of parts.
 * @param read_part appends one to parts, which it is given
 */
apr_status_t llmgw_openai_read_content(llmgw_reading_t *r,
                                       const llmgw_json_t *content,
                                       const char *field,
                                       llmgw_reading_fn read_part,
                                       apr_array_header_t *parts);

/** Put a URL into a part, or what a data: URL holds. */
apr_status_t llmgw_openai_set_url(llmgw_reading_t *r, llmgw_part_t *part,
                                  llmgw_str_t url, const char *field);

/** The member "input_audio" of a content part. */
apr_status_t llmgw_openai_read_audio(llmgw_reading_t *r,
                                     const llmgw_json_t *part,
                                     llmgw_part_t *out);

/** file_id, filename and file_data of an object. @param field names file_data
 * in errors */
apr_status_t llmgw_openai_read_file(llmgw_reading_t *r,
                                    const llmgw_json_t *file,
                                    llmgw_part_t *out, const char *field);

/** Name, description, parameters and strict of a function or custom tool. */
apr_status_t llmgw_openai_read_function(llmgw_reading_t *r,
                                        const llmgw_json_t *f,
                                        llmgw_tool_t *tool);

/** The name of a tool of a namespace, as one for targets without namespaces:
 * "space__member", or "space" and "member" where one has a _ in between. */
llmgw_str_t llmgw_openai_join(llmgw_str_t space, llmgw_str_t member,
                              apr_pool_t *p);

/** Arguments of a call: "" means none; an object is its text. */
llmgw_str_t llmgw_openai_arguments(const llmgw_json_t *v, apr_pool_t *p);

/** schema, name, description and strict of an object. */
void llmgw_openai_read_schema(llmgw_reading_t *r, const llmgw_json_t *v);

/** The identifier of the end user by its newer name. */
apr_status_t llmgw_openai_read_safety_identifier(llmgw_reading_t *r,
                                                 const llmgw_json_t *v);

/* ---- writing a request, openai_write.c ----------------------------------- */

/** What writing a request works with. */
typedef struct openai_writing_t {
    llmgw_json_writer_t w;
    const llmgw_dialect_t *dialect; /* that is written */
    const llmgw_request_t *req;
    llmgw_encode_t *how;
    apr_pool_t *p;
    llmgw_err_t *err;
    apr_hash_t *custom;         /* ids of calls of custom tools, written so
                                 * far: Responses' results differ */
} openai_writing_t;

typedef apr_status_t (*llmgw_openai_write_fn)(openai_writing_t *wr);

/** Write a body, whose members write_members writes: a dialect's
 * request_encode(), see there. */
apr_status_t llmgw_openai_write(const llmgw_dialect_t *dialect,
                                llmgw_openai_write_fn write_members,
                                llmgw_buf_t *out, const llmgw_request_t *req,
                                llmgw_encode_t *how, apr_pool_t *p,
                                llmgw_err_t *err);

/** Did the request come in the dialect that is written, so that raw texts are
 * its own? */
int llmgw_openai_is_own(const openai_writing_t *wr);

/** The word for how hard to think: the client's, or the nearest to its budget
 * of tokens; never given where it said nothing. */
llmgw_str_t llmgw_openai_effort(const llmgw_request_t *req);

/** Write a flag; nothing for -1. */
void llmgw_openai_opt_flag(llmgw_json_writer_t *w, const char *name, int flag);

/** Write user, metadata, service_tier and prompt_cache_key. */
apr_status_t llmgw_openai_write_account(openai_writing_t *wr);

/** Write the members that the model has no place for, or report them. */
apr_status_t llmgw_openai_write_extras(openai_writing_t *wr);

/** Report the marks on a part that no member can hold. */
apr_status_t llmgw_openai_check_marks(openai_writing_t *wr,
                                      const llmgw_part_t *part);

/** Write what the client says about a document, which has no place but before
 * it: as texts. */
void llmgw_openai_write_about(llmgw_json_writer_t *w, const llmgw_part_t *part,
                              void (*write_text)(llmgw_json_writer_t *w,
                                                 llmgw_str_t text));

/** Is the tool of that name a custom one? */
int llmgw_openai_is_custom(const llmgw_request_t *req, llmgw_str_t name);

/** The word for a choice that names no tool. */
const char *llmgw_openai_choice_word(llmgw_choice_e choice);

/** How a dialect writes tools. */
typedef struct llmgw_openai_tool_fns_t {
    void (*write_tool)(openai_writing_t *wr, int i);
    void (*write_named)(openai_writing_t *wr, llmgw_str_t name);
    void (*write_allowed)(openai_writing_t *wr);
    /** Write tool_choice as it came; 0: it did not, nothing is written. NULL:
     * it never does. */
    int (*write_raw_choice)(openai_writing_t *wr);
} llmgw_openai_tool_fns_t;

/** Write tools, tool_choice and parallel_tool_calls; report built-in tools of
 * other providers. */
apr_status_t llmgw_openai_write_tools(openai_writing_t *wr,
                                      const llmgw_openai_tool_fns_t *fns);

/** llmgw_encode_unsupported() for this request. */
apr_status_t llmgw_openai_cannot(openai_writing_t *wr, int is_hint,
                                 const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- answers, openai_util.c --------------------------------------------- */

/** Room in the scratch buffer for all strings of a text, so that unescaping
 * moves nothing: what strings unescape to is never longer than their source. */
apr_status_t llmgw_openai_reserve(llmgw_decode_t *d, apr_size_t len);

/** Make a raw text one line from `start` of a buffer on: the line ends of an
 * event are the protocol's. In JSON they stand between tokens only. */
void llmgw_openai_flatten(llmgw_buf_t *b, apr_size_t start);

/* ---- embeddings, openai_embed_request.c, openai_embed_answer.c ----------- */

extern const llmgw_embed_t llmgw_openai_embed;

apr_status_t llmgw_openai_embed_usage(llmgw_usage_t *usage, llmgw_str_t body,
                                      apr_pool_t *p, llmgw_err_t *err);
apr_status_t llmgw_openai_embed_decode(llmgw_embed_answer_t *out,
                                       llmgw_str_t body, apr_pool_t *p,
                                       llmgw_err_t *err);
apr_status_t llmgw_openai_embed_encode(llmgw_buf_t *out,
                                       const llmgw_embed_answer_t *answer,
                                       const llmgw_embed_request_t *req);

#endif /* LLMGW_DIALECT_OPENAI_H */
