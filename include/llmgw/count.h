/* count.h: counting the tokens of a prompt: what a dialect has for it */
#ifndef LLMGW_COUNT_H
#define LLMGW_COUNT_H

#include "llmgw/dialect.h"

/**
 * How a dialect's counter is asked. The request is that of an inference call,
 * so the neutral model serves for both. Constant.
 */
typedef struct llmgw_count_t {
    /** Read a client's request; as request_decode() of the dialect. */
    apr_status_t (*request_decode)(llmgw_request_t **out,
                                   const llmgw_json_t *body,
                                   const llmgw_address_t *address,
                                   apr_pool_t *p, llmgw_err_t *err);

    /** Write a request for a provider; as request_encode() of the dialect.
     * What the count does not depend on is left out, unnamed. */
    apr_status_t (*request_encode)(llmgw_buf_t *out,
                                   const llmgw_request_t *req,
                                   llmgw_encode_t *how, apr_pool_t *p,
                                   llmgw_err_t *err);

    /**
     * Name another model where the body of a request names one beside the URL;
     * NULL where the body alone names it, at its top level.
     * @param body set to the new text, in pool p
     * @return APR_SUCCESS, LLMGW_EJSON
     */
    apr_status_t (*rename)(llmgw_str_t *body, llmgw_str_t model,
                           apr_pool_t *p);

    /** Read a provider's answer of status 2xx. LLMGW_EUPBODY for what is none;
     * for an error in its place LLMGW_EUPSTREAM or what its code stands for.
     * err is set. */
    apr_status_t (*answer_decode)(apr_int64_t *tokens, llmgw_str_t body,
                                  apr_pool_t *p, llmgw_err_t *err);

    /** Write an answer for a client. @return out->failed */
    apr_status_t (*answer_encode)(llmgw_buf_t *out, apr_int64_t tokens);
} llmgw_count_t;

#endif /* LLMGW_COUNT_H */
