/* body.h: reading a request's body whole, within a bound */
#ifndef LLMGW_HTTP_BODY_H
#define LLMGW_HTTP_BODY_H

#include <httpd.h>
#include "llmgw/buf.h"
#include "llmgw/error.h"

/**
 * Read the body of a request, chunked or not, gzip and deflate undone. Blocks.
 * @param bytes_max bound on what is received and on what it inflates to
 * @return APR_SUCCESS; LLMGW_ETOOBIG, LLMGW_EBODY, LLMGW_EENCODING,
 *         LLMGW_EBODYTIMEOUT, LLMGW_ECLIENTGONE with err filled in
 */
apr_status_t llmgw_body_read(request_rec *r, llmgw_buf_t **out,
                             apr_off_t bytes_max, llmgw_err_t *err);

/**
 * Why reading from the request's input filters failed, in a client's words. The
 * connection is closed after the answer: what else comes is no request.
 * @param rv what the filters returned
 * @return LLMGW_ETOOBIG, LLMGW_EBODY, LLMGW_EBODYTIMEOUT or LLMGW_ECLIENTGONE
 */
apr_status_t llmgw_body_failed(request_rec *r, apr_status_t rv,
                               llmgw_err_t *err);

/** Say that a body is larger than the bound. @return LLMGW_ETOOBIG */
apr_status_t llmgw_body_too_large(apr_pool_t *p, apr_off_t bytes_max,
                                  llmgw_err_t *err);

#endif /* LLMGW_HTTP_BODY_H */
