/* vector.h: vectors of numbers, as JSON and as base64 */
#ifndef LLMGW_VECTOR_H
#define LLMGW_VECTOR_H

#include <apr.h>
#include <apr_errno.h>
#include "llmgw/buf.h"
#include "llmgw/str.h"

/*
 * Two forms of a vector: the text of a JSON array of numbers, and base64 (RFC
 * 4648, section 4) over IEEE 754 numbers of 32 bits, the lowest byte first, as
 * OpenAI's embeddings have it.
 */

/**
 * Is a raw JSON array one of numbers only, at least one?
 * @param raw a value of a text that has been scanned (llmgw_json_scan())
 * @return APR_SUCCESS, LLMGW_EINVAL
 */
apr_status_t llmgw_vector_check(llmgw_str_t raw);

/**
 * Append a vector as base64: each number becomes the nearest of 32 bits.
 * @param raw as for llmgw_vector_check()
 * @return APR_SUCCESS; LLMGW_EINVAL when it is no array of numbers or one is
 *         too large; LLMGW_ETOOBIG, APR_ENOMEM
 */
apr_status_t llmgw_vector_encode(llmgw_buf_t *out, llmgw_str_t raw);

/**
 * Append a vector as a JSON array; read back as numbers of 32 bits, they are
 * the same.
 * @return APR_SUCCESS; LLMGW_EINVAL when it is no base64 (with its padding) of
 *         at least one number, or one is not finite; LLMGW_ETOOBIG, APR_ENOMEM
 */
apr_status_t llmgw_vector_decode(llmgw_buf_t *out, llmgw_str_t base64);

#endif /* LLMGW_VECTOR_H */
