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

START_TEST(names_of_targets)
{
    llmgw_target_t *target = llmgw_target_create(unit_pool);

    target->provider = "openai";
    ck_assert_str_eq(llmgw_target_name(target, unit_pool), "openai");
    target->model = "gpt-4o";
    ck_assert_str_eq(llmgw_target_name(target, unit_pool), "openai/gpt-4o");
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

START_TEST(a_target_and_its_name)
{
    llmgw_target_t *target = llmgw_target_create(unit_pool);

    ck_assert_double_eq(target->weight, 1.0);
    ck_assert_int_eq(target->tier, 0);
    ck_assert_double_lt(target->price_in, 0.0);
    ck_assert_double_lt(target->price_out, 0.0);
    target->provider = "claude";
    ck_assert_str_eq(llmgw_target_name(target, unit_pool), "claude");
    target->model = "claude-haiku-4-5";
    ck_assert_str_eq(llmgw_target_name(target, unit_pool),
                     "claude/claude-haiku-4-5");
}
END_TEST

UNIT_MAIN("route",
          exact_name_wins_then_longest_prefix_then_order,
          no_route_matches, names_of_targets, classes_of_failures,
          a_target_and_its_name)
