/* provider.h: a provider as configured: LLMProvider */
#ifndef LLMGW_HTTP_PROVIDER_H
#define LLMGW_HTTP_PROVIDER_H

#include <httpd.h>
#include <http_config.h>
#include <mod_proxy.h>
#include "llmgw/provider.h"
#include "llmgw/route.h"
#include "config.h"

/** A request header of every call to a provider or target:
 * header="Name: value". */
typedef struct llmgw_header_t {
    const char *name;
    const char *value;
} llmgw_header_t;

/** Read the value of a header= option into an array of llmgw_header_t.
 * @return error text or NULL */
const char *llmgw_provider_parse_header(apr_array_header_t *headers,
                                        cmd_parms *cmd, const char *value);

/** A configured provider. Made in pconf, constant once the server runs. */
typedef struct llmgw_provider_t {
    const char *name;
    const llmgw_provider_kind_t *kind;
    const char *url;            /* without a trailing slash; NULL: built in */
    const char *base_path;      /* of the URL, "" or "/v1" */
    const char *host;           /* Host header: name, and port if unusual */
    apr_array_header_t *key_specs;  /* of const char *: "env:NAME" ... */
    apr_array_header_t *keys;       /* of const char *: the secrets */
    apr_array_header_t *headers;    /* of llmgw_header_t */
    apr_array_header_t *models;     /* of const char *: globs */
    const char *api_version;    /* NULL: the kind's default */
    const char *deployment;
    const char *ca_file;        /* NULL: the system's */
    llmgw_flag_t tls_verify;
    int is_tls;
    int connections_max;        /* per child; 0: as many as are needed */
    int optional;
    int disabled;               /* optional, and no key was found */
    apr_interval_time_t echo_delay_usec;
    apr_interval_time_t echo_interval_usec;
    server_rec *server;         /* that defined it */
    const char *where;          /* "FILE:LINE" */
    llmgw_target_t *self;       /* where no route names it */
    int *key_slots;             /* places of its keys on the board */
    int route_slot;             /* its place among routes, without one */
    proxy_worker *worker;       /* its connections; NULL: built in */
} llmgw_provider_t;

/** Read one LLMProvider. @return error text or NULL */
const char *llmgw_provider_parse(cmd_parms *cmd, int argc, char *const argv[]);

/**
 * Get a provider's keys. exec: commands run only when `run` is set.
 * @return error text or NULL; an optional provider without one is disabled
 */
const char *llmgw_provider_load_keys(llmgw_provider_t *provider, int run,
                                     apr_pool_t *p);

/** Set up a provider's mod_proxy worker, and TLS for it. */
const char *llmgw_provider_connect(llmgw_provider_t *provider,
                                   apr_pool_t *p, apr_pool_t *ptemp);

/**
 * Put the headers that every request to a provider has, over those that are
 * there: its own, its API's version, the key.
 * @param more of llmgw_header_t: a target's own; NULL for none
 * @param key NULL for none
 */
void llmgw_provider_head(const llmgw_provider_t *provider, apr_table_t *out,
                         const apr_array_header_t *more, const char *key);

/** What to do with a provider. @return error text or NULL */
typedef const char *(*llmgw_provider_fn)(llmgw_provider_t *provider,
                                         void *ctx);

/** Do something with each provider of all servers, once.
 * @return the first error text, which ends it, or NULL */
const char *llmgw_provider_each(server_rec *servers, llmgw_provider_fn fn,
                                void *ctx);

/** In a new child: make the worker's connection pool. */
void llmgw_provider_child_init(llmgw_provider_t *provider, apr_pool_t *p);

#endif /* LLMGW_HTTP_PROVIDER_H */
