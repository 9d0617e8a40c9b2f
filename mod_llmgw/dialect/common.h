/* common.h: what several dialects need and none of them owns */
#ifndef LLMGW_DIALECT_COMMON_H
#define LLMGW_DIALECT_COMMON_H

#include "llmgw/count.h"
#include "llmgw/dialect.h"
#include "llmgw/embed.h"

/* ---- requests ----------------------------------------------------------- */

/** How many things left out are named: they go into a header. */
#define LLMGW_DROPPED_MAX 32

/**
 * The target cannot express something: reject it or leave it out, as
 * LLMUnsupported says. By default what changes the meaning is rejected and a
 * hint is left out.
 * @param req what is being written; NULL where it is no such request
 * @param name the field, "n" or "messages[2].content[0]"; copied. What it calls
 *             messages is called as the client does: "input[2].content[0]"
 * @return APR_SUCCESS: leave it out (how->dropped names the first ones);
 *         LLMGW_EUNSUPPORTED: rejected, err is set
 */
apr_status_t llmgw_encode_unsupported(llmgw_encode_t *how,
                                      const llmgw_request_t *req, int is_hint,
                                      const char *name, apr_pool_t *p,
                                      llmgw_err_t *err);

/** Is this raw text a JSON object? */
int llmgw_raw_is_object(llmgw_str_t raw);

/** Is there nothing but white space in it? */
int llmgw_text_is_blank(llmgw_str_t text);

/** A raw number as an integer; fallback if never given or not one. */
apr_int64_t llmgw_raw_int(llmgw_str_t raw, apr_int64_t fallback);

/** A raw number as a double; fallback if never given or not one. */
double llmgw_raw_double(llmgw_str_t raw, double fallback);

/** Bytes of a tool's name that every provider takes. */
#define LLMGW_TOOL_NAME_MAX 64

/**
 * A name that any provider takes: A-Z a-z 0-9 _ - and at most len_max bytes.
 * A name that is so already comes back as it is; another keeps its beginning,
 * its other characters become _, and a hash of the whole follows, so that equal
 * names stay equal and different ones different.
 * @param len_max 24 .. 256
 */
llmgw_str_t llmgw_name_legal(llmgw_str_t name, apr_size_t len_max,
                             apr_pool_t *p);

/** llmgw_name_legal() with LLMGW_TOOL_NAME_MAX. */
llmgw_str_t llmgw_tool_name_legal(llmgw_str_t name, apr_pool_t *p);

/** Is the tool among those the client allows? */
int llmgw_tool_is_allowed(const llmgw_request_t *req, llmgw_str_t name);

/* ---- answers ------------------------------------------------------------ */

/** Emit an event that is a piece of text (or opaque data) of a choice. */
apr_status_t llmgw_emit_text(llmgw_decode_t *d, llmgw_event_e type, int choice,
                             llmgw_str_t text);

/** Emit a choice's stop. */
apr_status_t llmgw_emit_stop(llmgw_decode_t *d, int choice, llmgw_stop_e stop,
                             llmgw_str_t sequence);

/** Emit figures. */
apr_status_t llmgw_emit_usage(llmgw_decode_t *d, const llmgw_usage_t *usage);

/** More tokens than this are no count; sums of such stay in range. */
#define LLMGW_TOKENS_MAX (APR_INT64_C(1) << 53)

/** A member that is a token count; -1 if it is none. */
apr_int64_t llmgw_json_tokens(const llmgw_json_t *obj, const char *name);

/**
 * Read an error body of any make: an object with "error" (object or text),
 * "message", "detail", "msg" or "errors", or an array around one. Sets message,
 * code, param, kind and status where the body says so.
 * @param err comes filled in from the HTTP status
 */
void llmgw_error_body_decode(llmgw_err_t *err, const llmgw_json_t *body,
                             apr_pool_t *p);

/**
 * Emit an error that came inside an answer of status 2xx.
 * @param body the object around it; as for llmgw_error_body_decode()
 */
apr_status_t llmgw_emit_error(llmgw_decode_t *d, const llmgw_json_t *body);

/** Write the text of an error: its message, or the one its code stands for. */
const char *llmgw_error_text(const llmgw_err_t *err);

/* ---- operations beside inference, op_util.c ----------------------------- */

/** A member that is looked for in an object. */
typedef struct llmgw_wanted_t {
    const char *name;
    llmgw_str_t raw;            /* found; never given: not there, or null */
    llmgw_json_type_e type;
} llmgw_wanted_t;

/** Find members in an object within a text that has been scanned.
 * @return APR_SUCCESS; LLMGW_EUPBODY when it is no object */
apr_status_t llmgw_raw_members(llmgw_str_t raw, llmgw_wanted_t *wanted,
                               int n);

/** Walk the elements of a raw array; see llmgw_json_scan_array(). */
apr_status_t llmgw_raw_elements(llmgw_str_t raw, llmgw_json_member_fn fn,
                                void *ctx);

/** The characters of a raw string: they point into it, or are in pool p. */
llmgw_str_t llmgw_raw_string(llmgw_str_t raw, apr_pool_t *p);

/**
 * Find members in a provider's answer, without a tree of it, as an answer may
 * be millions of numbers.
 * @return APR_SUCCESS; LLMGW_EUPBODY when it is no JSON object; when it has an
 *         "error", LLMGW_EUPSTREAM or what that stands for. err is set
 */
apr_status_t llmgw_answer_members(llmgw_str_t body, llmgw_wanted_t *wanted,
                                  int n, apr_pool_t *p, llmgw_err_t *err);

/** Was it found, and is it of this type? */
static inline int llmgw_wanted_is(const llmgw_wanted_t *w,
                                  llmgw_json_type_e type)
{
    return w->raw.p && w->type == type;
}

/** A whole number, 0 .. LLMGW_TOKENS_MAX; -1 when it is none. */
apr_int64_t llmgw_wanted_number(const llmgw_wanted_t *w);

/** Fail with LLMGW_EUPBODY: what is wrong with the answer, for the log. */
apr_status_t llmgw_answer_refuse(apr_pool_t *p, llmgw_err_t *err,
                                 const char *detail);

/** Read, and write, an answer that is an object with a number of this name.
 * Statuses as answer_decode() and answer_encode() of llmgw_count_t. */
apr_status_t llmgw_count_decode(apr_int64_t *tokens, llmgw_str_t body,
                                const char *name, apr_pool_t *p,
                                llmgw_err_t *err);
apr_status_t llmgw_count_encode(llmgw_buf_t *out, const char *name,
                                apr_int64_t tokens);

/** An empty request for embeddings. */
llmgw_embed_request_t *llmgw_embed_request_create(apr_pool_t *p);

/** Name a member without a place; one name stands once, and only the first
 * LLMGW_DROPPED_MAX do. Copied. */
void llmgw_embed_add_hint(llmgw_embed_request_t *req, llmgw_str_t name,
                          apr_pool_t *p);

/** Report the hints of a request to a provider that knows none of them.
 * Statuses as llmgw_encode_unsupported(). */
apr_status_t llmgw_embed_check_hints(const llmgw_embed_request_t *req,
                                     llmgw_encode_t *how, apr_pool_t *p,
                                     llmgw_err_t *err);

/** Write a vector as a JSON array, or (is_base64) as a string.
 * @return APR_SUCCESS, LLMGW_EINVAL */
apr_status_t llmgw_embed_put_vector(llmgw_json_writer_t *w,
                                    const llmgw_embed_vector_t *vector,
                                    int is_base64);

/**
 * Take a raw vector as it stands in an answer: numbers or base64.
 * @return APR_SUCCESS, LLMGW_EINVAL
 */
apr_status_t llmgw_embed_take_vector(llmgw_embed_vector_t *out,
                                     const llmgw_wanted_t *w, apr_pool_t *p);

/** Keep at most max models of a page (0: all), from the one after this id on;
 * never given: from the first. @return APR_SUCCESS; LLMGW_EINVAL: no such id */
apr_status_t llmgw_page_after(llmgw_model_page_t *page, llmgw_str_t id,
                              int max);

/** The same backwards: the last ones before this id. */
apr_status_t llmgw_page_before(llmgw_model_page_t *page, llmgw_str_t id,
                               int max);

/** Write the models of a page as a member that is an array. */
void llmgw_page_put(llmgw_json_writer_t *w, const char *name,
                    const llmgw_model_page_t *page,
                    void (*put)(llmgw_json_writer_t *w,
                                const llmgw_model_t *m));

/** The most models on a page that has a size. */
#define LLMGW_PAGE_MAX 1000

/** A parameter that is a number of models, at most LLMGW_PAGE_MAX; 0 for none.
 * @return APR_SUCCESS; LLMGW_EINVAL, err names it */
apr_status_t llmgw_page_size(int *out, const char *query, const char *name,
                             apr_pool_t *p, llmgw_err_t *err);

#endif /* LLMGW_DIALECT_COMMON_H */
