/* provider.h: kinds of providers, as data: a dialect plus its ways */
#ifndef LLMGW_PROVIDER_H
#define LLMGW_PROVIDER_H

#include <apr.h>
#include <apr_pools.h>
#include "llmgw/dialect.h"
#include "llmgw/op.h"
#include "llmgw/str.h"

/** Where one request goes, for llmgw_provider_path(). */
typedef struct llmgw_op_t {
    llmgw_op_e op;
    int stream;
    int batch;                  /* several embeddings in one request */
    llmgw_str_t model;          /* the provider's name for it; of a raw path:
                                 * empty where it takes one and none was
                                 * named, never given where it takes none */
    const char *rest;           /* of a raw path: what follows the base path
                                 * and a slash, or the model (gemini:
                                 * ":predict"); percent-encoded */
    const char *deployment;     /* azure: deployment= of the provider or NULL */
    const char *api_version;    /* api-version= of the provider or NULL */
} llmgw_op_t;

/** A kind: what the second argument of LLMProvider names. Constant. */
typedef struct llmgw_provider_kind_t {
    const char *name;           /* "openai", "azure", "anthropic", "echo" */
    const llmgw_dialect_t *dialect;
    const char *auth_header;    /* "Authorization"; NULL: takes no key */
    const char *auth_prefix;    /* "Bearer ", or "" */
    int key_optional;           /* a server of one's own may need no key */
    int needs_url;              /* 0: built in, the URL argument is "-" */
    const char *version_header; /* "anthropic-version", sent if not NULL */
    const char *version_default;    /* its value without api-version= */
    const char *const *request_headers; /* client headers that may pass, by
                                         * name, NULL at the end */
    const char *const *answer_headers;  /* provider headers that may pass, by
                                         * pattern ("x-ratelimit-*"), NULL at
                                         * the end, lower case */
    const char *const *models;  /* default of models=, for LLMAutoRoute: globs,
                                 * NULL at the end */
    int auto_first;             /* higher is preferred by LLMAutoRoute where
                                 * several fit: azure 1, all others 0; among
                                 * equals the client's own API is */
    unsigned int quirks;        /* LLMGW_QUIRK_... */
    const char *system;         /* gen_ai.provider.name in OpenTelemetry's
                                 * semantic conventions */
    /** Path and query of an operation below the provider's base path (no
     * trailing slash), percent-encoded, in pool p. */
    const char *(*path)(const llmgw_op_t *op, const char *base_path,
                        apr_pool_t *p);
} llmgw_provider_kind_t;

/** A kind by its name; NULL if there is none. */
const llmgw_provider_kind_t *llmgw_provider_kind_lookup(const char *name);

/** The names of all kinds, comma and space between, for messages. */
const char *llmgw_provider_kind_names(apr_pool_t *p);

/** Path and query of an operation: "/v1/chat/completions". */
const char *llmgw_provider_path(const llmgw_provider_kind_t *kind,
                                const llmgw_op_t *op, const char *base_path,
                                apr_pool_t *p);

#endif /* LLMGW_PROVIDER_H */
