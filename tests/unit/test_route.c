/* test_route.c: route lookup, and the order in which targets are tried */
#include "llmgw/route.h"
#include "unit.h"

static apr_array_header_t *make_routes(const char *const *patterns)
{
    apr_array_header_t *routes = apr_array_make(unit_pool, 4,
                                                sizeof(llmgw_route_t *));

    for (; *patterns; patterns++) {
        APR_ARRAY_PUSH(routes, llmgw_route_t *)
            = llmgw_route_create(unit_pool, *patterns);
    }
    return routes;
}

static const char *find(const apr_array_header_t *routes, const char *model)
{
    const llmgw_route_t *route = llmgw_route_lookup(routes,
                                                    llmgw_str_of(model));

    return route ? route->pattern : "none";
}

START_TEST(exact_name_wins_then_longest_prefix_then_order)
{
    static const char *const patterns[] = {
        "*", "gpt-*", "gpt-4o*", "gpt-4o", "gpt-4o-*", "g?t-9", "*-mini", NULL
    };
    const apr_array_header_t *routes = make_routes(patterns);

    ck_assert_str_eq(find(routes, "gpt-4o"), "gpt-4o");
    ck_assert_str_eq(find(routes, "gpt-4o-mini"), "gpt-4o-*");
    ck_assert_str_eq(find(routes, "gpt-4omni"), "gpt-4o*");
    ck_assert_str_eq(find(routes, "gpt-3"), "gpt-*");
    ck_assert_str_eq(find(routes, "gpt-9"), "gpt-*");
    ck_assert_str_eq(find(routes, "gxt-9"), "g?t-9");
    ck_assert_str_eq(find(routes, "claude-mini"), "*");
    ck_assert_str_eq(find(routes, "GPT-4o"), "*");
}
END_TEST

START_TEST(no_route_matches)
{
    static const char *const patterns[] = { "gpt-*", NULL };

    ck_assert_str_eq(find(make_routes(patterns), "claude-3"), "none");
    ck_assert_str_eq(find(make_routes(patterns + 1), "gpt-4o"), "none");
}
END_TEST

static double always(void *ctx)
{
    return *(double *)ctx;
}

static void add_target(apr_array_header_t *targets, const char *name,
                       double weight, int tier)
{
    llmgw_target_t *t = llmgw_target_create(unit_pool);

    t->provider = name;
    t->weight = weight;
    t->tier = tier;
    APR_ARRAY_PUSH(targets, llmgw_target_t *) = t;
}

static const char *order(const apr_array_header_t *targets, double chance)
{
    const apr_array_header_t *ordered
        = llmgw_route_order(targets, always, &chance, unit_pool);
    const char *names = "";
    int i;

    for (i = 0; i < ordered->nelts; i++) {
        names = apr_pstrcat(unit_pool, names,
                            APR_ARRAY_IDX(ordered, i, llmgw_target_t *)
                            ->provider, NULL);
    }
    return names;
}

START_TEST(tiers_in_order_weight_zero_last)
{
    apr_array_header_t *targets = apr_array_make(unit_pool, 4,
                                                 sizeof(llmgw_target_t *));

    ck_assert_str_eq(order(targets, 0), "");
    add_target(targets, "x", 0, 0);
    add_target(targets, "c", 1, 2);
    add_target(targets, "a", 3, 1);
    add_target(targets, "b", 1, 1);
    add_target(targets, "y", 0, 0);
    ck_assert_str_eq(order(targets, 0.0), "abcxy");
    ck_assert_str_eq(order(targets, 0.74), "abcxy");
    ck_assert_str_eq(order(targets, 0.76), "bacxy");
    ck_assert_str_eq(order(targets, 0.999999), "bacxy");
}
END_TEST

/* A small generator of its own, so that the test is the same each time. */
static double next_random(void *ctx)
{
    apr_uint64_t *state = ctx;

    *state = *state * APR_UINT64_C(6364136223846793005)
             + APR_UINT64_C(1442695040888963407);
    return (double)(*state >> 11) / 9007199254740992.0;
}

START_TEST(first_choice_follows_the_weights)
{
    apr_array_header_t *targets = apr_array_make(unit_pool, 4,
                                                 sizeof(llmgw_target_t *));
    apr_uint64_t state = 1;
    int i, first = 0, n = 20000;
    apr_pool_t *p;

    add_target(targets, "a", 5, 0);
    add_target(targets, "b", 1, 0);
    add_target(targets, "c", 2, 0);
    apr_pool_create(&p, unit_pool);
    for (i = 0; i < n; i++) {
        const apr_array_header_t *o = llmgw_route_order(targets, next_random,
                                                        &state, p);

        ck_assert_int_eq(o->nelts, 3);
        first += APR_ARRAY_IDX(o, 0, llmgw_target_t *)->provider[0] == 'a';
        apr_pool_clear(p);
    }
    ck_assert_int_gt(first, n * 60 / 100);
    ck_assert_int_lt(first, n * 65 / 100);
}
END_TEST

START_TEST(classes_of_failures)
{
    unsigned int on = 0;

    ck_assert_ptr_eq(llmgw_target_parse_on(&on, "context-length", unit_pool),
                     NULL);
    ck_assert_uint_eq(on, LLMGW_TARGET_ON_CONTEXT_LENGTH);
    ck_assert_ptr_eq(llmgw_target_parse_on(&on, "content-filter", unit_pool),
                     NULL);
    ck_assert_uint_eq(on, LLMGW_TARGET_ON_CONTEXT_LENGTH
                          | LLMGW_TARGET_ON_CONTENT_FILTER);
    on = 0;
    ck_assert_ptr_eq(llmgw_target_parse_on(&on, "content-filter,"
                                           "context-length", unit_pool), NULL);
    ck_assert_uint_eq(on, LLMGW_TARGET_ON_CONTEXT_LENGTH
                          | LLMGW_TARGET_ON_CONTENT_FILTER);
    ck_assert_ptr_ne(strstr(llmgw_target_parse_on(&on, "429", unit_pool),
                            "\"429\""), NULL);
    ck_assert_ptr_ne(llmgw_target_parse_on(&on, "", unit_pool), NULL);
    ck_assert_ptr_ne(llmgw_target_parse_on(&on, "context-length,", unit_pool),
                     NULL);
    ck_assert_ptr_ne(llmgw_target_parse_on(&on, "context", unit_pool), NULL);
}
END_TEST

UNIT_MAIN("route",
          exact_name_wins_then_longest_prefix_then_order,
          no_route_matches,
          tiers_in_order_weight_zero_last,
          first_choice_follows_the_weights,
          classes_of_failures)
