/* upload.h: a request's body as it comes from the client, piece by piece */
#ifndef LLMGW_HTTP_UPLOAD_H
#define LLMGW_HTTP_UPLOAD_H

#include <httpd.h>
#include "exchange.h"

/**
 * Make the request's body a source for an exchange. Not a byte of it is held:
 * a piece is read when the one before is on its way. It is bounded by
 * LimitRequestBody, and by RequestReadTimeout where mod_reqtimeout is loaded.
 * "100 Continue" goes out with the first read.
 *
 * Reading does not block, save on a connection that is a stream of another
 * (HTTP/2), where nothing can be waited for but the read itself.
 *
 * Its read() fails with LLMGW_ETOOBIG, LLMGW_EBODY, LLMGW_EBODYTIMEOUT, or
 * LLMGW_ECLIENTGONE, also where the body is cut short.
 */
llmgw_source_t *llmgw_upload_create(request_rec *r);

#endif /* LLMGW_HTTP_UPLOAD_H */
