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

/* Of the targets not yet taken: the lowest tier, -1 when all are taken.
 * Targets of weight 0 come after every tier. */
static int next_tier(const apr_array_header_t *targets, const char *taken,
                     int spare)
{
    int i, tier = -1;

    for (i = 0; i < targets->nelts; i++) {
        const llmgw_target_t *t = APR_ARRAY_IDX(targets, i, llmgw_target_t *);

        if (!taken[i] && (t->weight <= 0) == spare
            && (tier < 0 || t->tier < tier)) {
            tier = t->tier;
        }
    }
    return tier;
}

/* Draw one target of a tier by weight; the first one where weights are 0. */
static int draw(const apr_array_header_t *targets, const char *taken,
                int tier, int spare, double chance)
{
    double sum = 0, point;
    int i, last = -1;

    for (i = 0; i < targets->nelts; i++) {
        const llmgw_target_t *t = APR_ARRAY_IDX(targets, i, llmgw_target_t *);

        if (!taken[i] && t->tier == tier && (t->weight <= 0) == spare) {
            sum += t->weight;
        }
    }
    point = chance * sum;
    for (i = 0; i < targets->nelts; i++) {
        const llmgw_target_t *t = APR_ARRAY_IDX(targets, i, llmgw_target_t *);

        if (!taken[i] && t->tier == tier && (t->weight <= 0) == spare) {
            last = i;
            point -= t->weight;
            if (point < 0 || spare) {
                break;
            }
        }
    }
    return last;
}

apr_array_header_t *llmgw_route_order(const apr_array_header_t *targets,
                                      llmgw_random_fn random, void *ctx,
                                      apr_pool_t *p)
{
    apr_array_header_t *order = apr_array_make(p, targets->nelts,
                                               sizeof(llmgw_target_t *));
    char *taken = apr_pcalloc(p, targets->nelts ? targets->nelts : 1);
    int spare;

    for (spare = 0; spare <= 1; spare++) {
        int tier;

        while ((tier = next_tier(targets, taken, spare)) >= 0) {
            int i = draw(targets, taken, tier, spare, random(ctx));

            taken[i] = 1;
            APR_ARRAY_PUSH(order, llmgw_target_t *)
                = APR_ARRAY_IDX(targets, i, llmgw_target_t *);
        }
    }
    return order;
}
