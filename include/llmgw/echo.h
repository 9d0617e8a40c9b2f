/* echo.h: the built-in provider that answers with the user's own words */
#ifndef LLMGW_ECHO_H
#define LLMGW_ECHO_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include "llmgw/buf.h"
#include "llmgw/error.h"

/*
 * It speaks openai_chat, so that everything else treats it as a provider:
 * given the body of a chat request it makes the bytes of the answer, one token
 * at a time. Tokens are the words of the last user message, each with the
 * white space before it. Usage: prompt = words of all messages, completion =
 * tokens sent; max tokens cuts the answer with finish_reason "length".
 *
 * Tools: unless tool_choice is "none", and when the last message is the
 * user's, each tool whose name stands in it as a word is called (only the first
 * with parallel_tool_calls false); "required" or a named tool calls the first or
 * the named one if none stands there. A JSON object that follows the name in
 * the text is the call's arguments, {} otherwise. When the last messages are
 * tool results, the answer is their words.
 */

typedef struct llmgw_echo_t llmgw_echo_t;

/**
 * Read a chat request and prepare its answer.
 * @param id bare token used for the answer's and the calls' ids
 * @param now_sec "created"
 * @return APR_SUCCESS, or the statuses of request_decode()
 */
apr_status_t llmgw_echo_create(llmgw_echo_t **out, const char *body,
                               apr_size_t len, const char *id,
                               apr_int64_t now_sec, apr_pool_t *p,
                               llmgw_err_t *err);

/** Non-zero when the answer is a stream (text/event-stream). */
int llmgw_echo_streams(const llmgw_echo_t *echo);

/**
 * Append the next piece to out: for a stream one token's event (the first also
 * the start, the last also the end); for a whole answer nothing but at the end,
 * yet one call a token, so that both take the same time.
 * @return APR_SUCCESS: more to come; APR_EOF: that was the last piece
 */
apr_status_t llmgw_echo_next(llmgw_echo_t *echo, llmgw_buf_t *out);

/**
 * Answer a request for embeddings, whole. A vector has `dimensions` numbers (8;
 * at most 4096) and length 1: each word of the text, in capitals or not, adds
 * to some of them and takes from others, so that texts with words in common
 * are near each other, and the same text always has the same vector. Usage: words
 * of all texts; a token counts as a word.
 * @param out the answer is appended
 * @return APR_SUCCESS, or the statuses of llmgw_embed_t's request_decode()
 */
apr_status_t llmgw_echo_embed(llmgw_buf_t *out, const char *body,
                              apr_size_t len, apr_pool_t *p,
                              llmgw_err_t *err);

#endif /* LLMGW_ECHO_H */
