/* common.h: what several dialects need and none of them owns */
#ifndef LLMGW_DIALECT_COMMON_H
#define LLMGW_DIALECT_COMMON_H

#include "llmgw/dialect.h"

/* ---- requests ----------------------------------------------------------- */

/**
 * The target cannot express something: reject it or leave it out, as
 * LLMUnsupported says. By default what changes the meaning is rejected and a
 * hint is left out.
 * @param name the field, "n" or "messages[2].content[0]"; copied. What it calls
 *             messages is called as the client does: "input[2].content[0]"
 * @return APR_SUCCESS: leave it out (how->dropped names it);
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

#endif /* LLMGW_DIALECT_COMMON_H */
