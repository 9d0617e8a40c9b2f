/* reply.h: what the client is told: errors, documents, headers, notes */
#ifndef LLMGW_HTTP_REPLY_H
#define LLMGW_HTTP_REPLY_H

#include "call.h"

/** The client's X-Request-Id if it is sane (1 to 128 letters, digits and
 * "-_.:"), else a new one; noted on the request and its answer. */
const char *llmgw_reply_request_id(request_rec *r);

/** Answer with an error in a dialect's form. @return OK, for the handler */
int llmgw_reply_error(request_rec *r, const llmgw_dialect_t *dialect,
                      const llmgw_err_t *err);

/** Answer with a document. @return OK, for the handler */
int llmgw_reply_json(request_rec *r, int status, const llmgw_buf_t *body);

/** Answer with bytes of any type (NULL: not stated). @return OK */
int llmgw_reply_body(request_rec *r, int status, const char *type,
                     llmgw_str_t body);

/** Note the code of the error that ended a request, for LogFormat. */
void llmgw_reply_note_error(request_rec *r, const llmgw_err_t *err);

/** X-LLMGW-Provider and the like, for the answer that is about to start. */
void llmgw_reply_call_headers(llmgw_call_t *call);

/** Take over those of a provider's headers that may pass. */
void llmgw_reply_provider_headers(llmgw_call_t *call,
                                  const apr_table_t *headers);

/** Note every figure of a finished call for LogFormat. */
void llmgw_reply_notes(llmgw_call_t *call);

#endif /* LLMGW_HTTP_REPLY_H */
