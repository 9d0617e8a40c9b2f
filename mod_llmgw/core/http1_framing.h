/* http1_framing.h: where a response's body ends (core only) */
#ifndef LLMGW_CORE_HTTP1_FRAMING_H
#define LLMGW_CORE_HTTP1_FRAMING_H

#include "llmgw/http1.h"

/**
 * Set framing and keep_alive from the status, the minor version and the
 * fields of a final response (RFC 9112, 6.3 and 9.3).
 * @param head non-zero when it answers a HEAD request
 * @param body_length set to Content-Length, 0 without
 * @return NULL, or what is wrong with it: a constant text
 */
const char *llmgw_http1_framing_find(llmgw_http1_t *h, int head,
                                     apr_uint64_t *body_length);

#endif /* LLMGW_CORE_HTTP1_FRAMING_H */
