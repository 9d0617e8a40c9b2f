/* op.h: what a call does that is no inference: counting tokens, embeddings */
#ifndef LLMGW_HTTP_OP_H
#define LLMGW_HTTP_OP_H

#include "call.h"

/*
 * Routing, attempts, times and errors are those of any call. What differs is
 * the form of the request and of the answer, which is always whole; each
 * dialect has both in vtables of their own (count.h, embed.h). A provider that
 * cannot count is not asked: the gateway estimates.
 */

/**
 * Leave out of a call's plan the targets that cannot do what it wants.
 * @return APR_SUCCESS; LLMGW_EUNSUPPORTED when none can, call->err is set
 */
apr_status_t llmgw_op_choose_targets(llmgw_call_t *call);

/** Does the provider take the client's own body? */
int llmgw_op_passes(const llmgw_call_t *call,
                    const llmgw_provider_kind_t *kind);

/** Must the gateway answer in this provider's place? */
int llmgw_op_is_own(const llmgw_call_t *call,
                    const llmgw_provider_kind_t *kind);

/** Decode the body of a call for embeddings into call->embed, once.
 * @return APR_SUCCESS; else the failure is in err */
apr_status_t llmgw_op_decode_embed(llmgw_call_t *call, llmgw_err_t *err);

/** Name the attempt's model within a body that passes, where this form does so
 * beside the URL. @return APR_SUCCESS; else the failure is in err */
apr_status_t llmgw_op_rename(llmgw_call_t *call, llmgw_str_t *body,
                             llmgw_err_t *err);

/** Write the request for the attempt's provider; as request_encode(). */
apr_status_t llmgw_op_encode(llmgw_call_t *call, llmgw_buf_t *out,
                             llmgw_encode_t *how, llmgw_err_t *err);

/** Make the answer that no provider is asked for, in the client's form. */
apr_status_t llmgw_op_answer_own(llmgw_call_t *call, llmgw_buf_t *out,
                                 llmgw_err_t *err);

/**
 * Take the attempt's whole answer: meter it, and write what the client gets.
 * @param body as the provider sent it
 * @param out for what is written
 * @param answer set to body or to what is in out
 * @return APR_SUCCESS; else the provider is at fault, and err says why
 */
apr_status_t llmgw_op_take_answer(llmgw_call_t *call, llmgw_str_t body,
                                  llmgw_buf_t *out, llmgw_str_t *answer,
                                  llmgw_err_t *err);

#endif /* LLMGW_HTTP_OP_H */
