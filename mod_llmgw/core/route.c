/* route.c: from a model's name to the targets that may serve it */
#include <apr_strings.h>
#include "llmgw/route.h"

llmgw_route_t *llmgw_route_create(apr_pool_t *p, const char *pattern)
{
    llmgw_route_t *route = apr_pcalloc(p, sizeof(*route));

    route->pattern = apr_pstrdup(p, pattern);
    route->prefix_len = llmgw_str_glob_prefix(pattern);
    route->exact = pattern[route->prefix_len] == '\0';
    route->targets = apr_array_make(p, 2, sizeof(llmgw_target_t *));
    return route;
}

llmgw_target_t *llmgw_target_create(apr_pool_t *p)
{
    llmgw_target_t *target = apr_pcalloc(p, sizeof(*target));

    target->weight = 1.0;
    target->price_in = -1.0;
    target->price_out = -1.0;
    return target;
}

const char *llmgw_target_name(const llmgw_target_t *target, apr_pool_t *p)
{
    return target->model
           ? apr_pstrcat(p, target->provider, "/", target->model, NULL)
           : target->provider;
}

const char *llmgw_target_parse_on(unsigned int *on, const char *classes,
                                  apr_pool_t *p)
{
    const char *at = classes;

    do {
        llmgw_str_t name = llmgw_str_make(at, strcspn(at, ","));

        if (llmgw_str_is(name, "context-length")) {
            *on |= LLMGW_TARGET_ON_CONTEXT_LENGTH;
        }
        else if (llmgw_str_is(name, "content-filter")) {
            *on |= LLMGW_TARGET_ON_CONTENT_FILTER;
        }
        else {
            return apr_psprintf(p, "on=%s: \"%.*s\" is no class of failures: "
                                "there are context-length and content-filter",
                                classes, LLMGW_STR_ARG(name));
        }
        at += name.len;
    } while (*at++);
    return NULL;
}

/* Does a beat b, both matching? Earlier ones are asked first: ties stay. */
static int beats(const llmgw_route_t *a, const llmgw_route_t *b)
{
    if (!b) {
        return 1;
    }
    if (a->exact != b->exact) {
        return a->exact;
    }
    return a->prefix_len > b->prefix_len;
}

const llmgw_route_t *llmgw_route_lookup(const apr_array_header_t *routes,
                                        llmgw_str_t model)
{
    const llmgw_route_t *best = NULL;
    int i;

    for (i = 0; i < routes->nelts; i++) {
        const llmgw_route_t *route = APR_ARRAY_IDX(routes, i, llmgw_route_t *);

        if (beats(route, best) && llmgw_str_glob(route->pattern, model)) {
            best = route;
        }
    }
    return best;
}
