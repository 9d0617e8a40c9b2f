/* embed.h: embeddings, in nobody's dialect, and what a dialect has for them */
#ifndef LLMGW_EMBED_H
#define LLMGW_EMBED_H

#include "llmgw/dialect.h"

/* As in model.h, "raw" means a JSON text as it came, and strings live as long
 * as the request or the answer they are of. */

/** What is to become one vector: one of the two is given. */
typedef struct llmgw_embed_input_t {
    llmgw_str_t text;
    llmgw_str_t tokens;         /* raw array of the model's own numbers */
} llmgw_embed_input_t;

/** A request for embeddings. */
typedef struct llmgw_embed_request_t {
    apr_array_header_t *inputs; /* of llmgw_embed_input_t; at least one */
    llmgw_str_t dimensions;     /* raw whole number; never given: the model's */
    int is_base64;              /* the client wants vectors as base64 */
    int is_batch;               /* asked for in the form for several */
    apr_array_header_t *hints;  /* of const char *: members that have no place
                                 * here, by name */
} llmgw_embed_request_t;

/** A vector: one of the two is given. See vector.h. */
typedef struct llmgw_embed_vector_t {
    llmgw_str_t numbers;        /* raw array, which has been checked */
    llmgw_str_t base64;         /* its characters */
} llmgw_embed_vector_t;

/** The answer: a vector for each input, in their order. */
typedef struct llmgw_embed_answer_t {
    apr_array_header_t *vectors;    /* of llmgw_embed_vector_t */
    llmgw_str_t model;          /* never given: not said */
    llmgw_usage_t usage;
} llmgw_embed_answer_t;

/** A dialect's embeddings. Constant. */
typedef struct llmgw_embed_t {
    /**
     * Read a client's request.
     * @param body a JSON object; it and its text outlive the request
     * @param batch the URL is the one for several
     * @return APR_SUCCESS, LLMGW_EINVAL, LLMGW_EMISSING, LLMGW_EUNSUPPORTED;
     *         err names the field
     */
    apr_status_t (*request_decode)(llmgw_embed_request_t **out,
                                   const llmgw_json_t *body, int batch,
                                   apr_pool_t *p, llmgw_err_t *err);

    /** Write a request for a provider: the JSON body, in the form for several.
     * Statuses as request_encode() of the dialect. */
    apr_status_t (*request_encode)(llmgw_buf_t *out,
                                   const llmgw_embed_request_t *req,
                                   llmgw_encode_t *how, apr_pool_t *p,
                                   llmgw_err_t *err);

    /** As in llmgw_count_t. */
    apr_status_t (*rename)(llmgw_str_t *body, llmgw_str_t model,
                           apr_pool_t *p);

    /**
     * Read what an answer that passes unchanged has cost.
     * @param usage set as far as the answer tells
     * @return APR_SUCCESS; LLMGW_EUPBODY for what is no answer; for an error in
     *         its place LLMGW_EUPSTREAM or what its code stands for. err is set
     */
    apr_status_t (*usage_decode)(llmgw_usage_t *usage, llmgw_str_t body,
                                 apr_pool_t *p, llmgw_err_t *err);

    /** Read a provider's answer of status 2xx. Statuses as usage_decode(). */
    apr_status_t (*answer_decode)(llmgw_embed_answer_t *out, llmgw_str_t body,
                                  apr_pool_t *p, llmgw_err_t *err);

    /**
     * Write an answer for a client, in the form the request asked for.
     * @return APR_SUCCESS; LLMGW_EINVAL when a number of a vector has no place
     *         in that form; LLMGW_ETOOBIG, APR_ENOMEM
     */
    apr_status_t (*answer_encode)(llmgw_buf_t *out,
                                  const llmgw_embed_answer_t *answer,
                                  const llmgw_embed_request_t *req);
} llmgw_embed_t;

/** About how many tokens the inputs have; tokens count as what they are. */
apr_int64_t llmgw_embed_estimate(const llmgw_embed_request_t *req);

#endif /* LLMGW_EMBED_H */
