/* surface.h: which API a request speaks, by its URL and method */
#ifndef LLMGW_SURFACE_H
#define LLMGW_SURFACE_H

#include "llmgw/op.h"
#include "llmgw/str.h"

/** What is wanted of the gateway. The prefix of the path is free. */
typedef enum llmgw_surface_e {
    LLMGW_SURFACE_UNKNOWN,      /* no such path: 404 */
    LLMGW_SURFACE_CHAT,         /* a call, in any dialect. Inference: POST
                                 * .../chat/completions, .../messages,
                                 * .../responses, .../models/{m}:generateContent
                                 * and :streamGenerateContent; op says what
                                 * else: .../messages/count_tokens,
                                 * .../embeddings, .../models/{m}:countTokens,
                                 * :embedContent and :batchEmbedContents */
    LLMGW_SURFACE_MODELS,       /* GET .../models */
    LLMGW_SURFACE_MODEL,        /* GET .../models/{id} */
    LLMGW_SURFACE_RESPONSE      /* a stored response: GET, DELETE
                                 * .../responses/resp_..., GET
                                 * .../input_items, POST .../cancel of it */
} llmgw_surface_e;

/** A request's surface. Strings point into the path. */
typedef struct llmgw_surface_t {
    llmgw_surface_e surface;
    const char *dialect;        /* name of what the caller speaks, for errors
                                 * too; never NULL */
    const char *methods;        /* methods the path takes: "GET, DELETE" */
    llmgw_str_t id;             /* of a model or response, where the path has
                                 * it */
    llmgw_op_e op;              /* of a call */
    int streams;                /* the path asks for a stream */
    int batch;                  /* for several embeddings, in that form */
} llmgw_surface_t;

/**
 * Find a path's surface by its last segments.
 * @param path percent-decoded, without query
 */
void llmgw_surface_parse(llmgw_surface_t *out, const char *path);

#endif /* LLMGW_SURFACE_H */
