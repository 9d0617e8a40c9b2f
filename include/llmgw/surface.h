/* surface.h: which API a request speaks, by its URL and method */
#ifndef LLMGW_SURFACE_H
#define LLMGW_SURFACE_H

#include "llmgw/str.h"

/** What is wanted of the gateway. The prefix of the path is free. */
typedef enum llmgw_surface_e {
    LLMGW_SURFACE_UNKNOWN,      /* no such path: 404 */
    LLMGW_SURFACE_CHAT,         /* inference, in any dialect: POST
                                 * .../chat/completions, .../messages,
                                 * .../responses, .../models/{m}:generateContent
                                 * and :streamGenerateContent */
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
    int streams;                /* the path asks for a stream */
} llmgw_surface_t;

/**
 * Find a path's surface by its last segments.
 * @param path percent-decoded, without query
 */
void llmgw_surface_parse(llmgw_surface_t *out, const char *path);

#endif /* LLMGW_SURFACE_H */
