/* route.h: from a model's name to the targets that may serve it */
#ifndef LLMGW_ROUTE_H
#define LLMGW_ROUTE_H

#include <apr.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include "llmgw/str.h"

/** Failures of other targets that a target can be there for: on=CLASS. */
typedef enum llmgw_target_on_e {
    LLMGW_TARGET_ON_CONTEXT_LENGTH = 0x1,   /* the prompt was too long */
    LLMGW_TARGET_ON_CONTENT_FILTER = 0x2    /* it, or the answer, was refused */
} llmgw_target_on_e;

/** One target of a route: LLMTarget PROVIDER[/MODEL]. */
typedef struct llmgw_target_t {
    const char *provider;       /* name, as LLMProvider gave it */
    void *provider_data;        /* the glue's own provider object */
    const char *model;          /* NULL: the model the client asked for */
    double weight;              /* 0 .. 1000000; 0: when all else failed */
    int tier;                   /* 0 .. 1000, lower first */
    apr_int64_t context_max;    /* tokens; 0: not known */
    double price_in;            /* per million tokens; negative: not known */
    double price_out;
    unsigned int on;            /* set of llmgw_target_on_e: used after these
                                 * failures only; 0: in its turn */
    void *member;               /* the glue's balancer member, or NULL */
    int slot;                   /* the glue's place for it on the board */
    void *when;                 /* the glue's condition; NULL: always */
    void *override;             /* the glue's: what is particular to calls of
                                 * this target; NULL: nothing */
    const char *where;          /* "FILE:LINE" of its directive, or NULL */
} llmgw_target_t;

/** A route: <LLMRoute GLOB>. */
typedef struct llmgw_route_t {
    const char *pattern;
    apr_size_t prefix_len;      /* literal bytes before its first * or ? */
    int exact;                  /* no * and no ? in it */
    apr_array_header_t *targets;    /* of llmgw_target_t * */
    void *config;               /* the glue's own settings */
    void *balancer;             /* the glue's own balancer */
    int slot;                   /* the glue's place for it on the board */
} llmgw_route_t;

/** An empty route. */
llmgw_route_t *llmgw_route_create(apr_pool_t *p, const char *pattern);

/** A target with the defaults: weight 1, tier 0, prices not known. */
llmgw_target_t *llmgw_target_create(apr_pool_t *p);

/** "PROVIDER/MODEL", or "PROVIDER" where the model is the client's. */
const char *llmgw_target_name(const llmgw_target_t *target, apr_pool_t *p);

/**
 * Read the classes of an on= option, comma between, into a set.
 * @param on llmgw_target_on_e bits are added
 * @return NULL, or a sentence that says what is wrong, in pool p
 */
const char *llmgw_target_parse_on(unsigned int *on, const char *classes,
                                  apr_pool_t *p);

/**
 * The route for a model: an exact name wins, then the longest literal prefix
 * before a wildcard, then the order in which they stand.
 * @param routes of llmgw_route_t *
 * @return NULL when none matches
 */
const llmgw_route_t *llmgw_route_lookup(const apr_array_header_t *routes,
                                        llmgw_str_t model);

#endif /* LLMGW_ROUTE_H */
