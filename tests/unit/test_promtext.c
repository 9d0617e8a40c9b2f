/* test_promtext.c: metrics as text */
#include "llmgw/promtext.h"
#include "unit.h"

static llmgw_promtext_t make(void)
{
    llmgw_promtext_t w;

    llmgw_promtext_init(&w, llmgw_buf_create(unit_pool, 1024 * 1024));
    return w;
}

START_TEST(test_samples)
{
    const llmgw_label_t labels[] = {
        { "route", LLMGW_STR_LIT("fast") },
        { "class", LLMGW_STR_NULL },
        { "model", LLMGW_STR_LIT("gpt-4o") }
    };
    llmgw_promtext_t w = make();

    llmgw_promtext_family(&w, "llmgw_calls_total", "counter",
                          "Calls.\nA \\ and a \".");
    llmgw_promtext_count(&w, labels, 3, 12);
    llmgw_promtext_family(&w, "llmgw_calls_total", "counter", "Calls.");
    llmgw_promtext_count(&w, labels, 2, 18446744073709551615u);
    llmgw_promtext_count(&w, labels + 1, 1, 0);
    llmgw_promtext_family(&w, "llmgw_cost", "gauge", "Cost.");
    llmgw_promtext_number(&w, NULL, 0, 0.125);
    llmgw_promtext_number(&w, labels, 1, -3);
    llmgw_promtext_number(&w, NULL, 0, -0.5);
    llmgw_promtext_number(&w, NULL, 0, 0);
    llmgw_promtext_number(&w, NULL, 0, 1234567.875);
    llmgw_promtext_number(&w, NULL, 0, 1e300 * 1e300);
    llmgw_promtext_number(&w, NULL, 0, -1e300 * 1e300);
    llmgw_promtext_number(&w, NULL, 0, 1e300 * 1e300 * 0);
    unit_assert_str(llmgw_buf_str(w.out),
                    "# HELP llmgw_calls_total Calls.\\nA \\\\ and a \".\n"
                    "# TYPE llmgw_calls_total counter\n"
                    "llmgw_calls_total{route=\"fast\",model=\"gpt-4o\"} 12\n"
                    "llmgw_calls_total{route=\"fast\"} 18446744073709551615\n"
                    "llmgw_calls_total 0\n"
                    "# HELP llmgw_cost Cost.\n"
                    "# TYPE llmgw_cost gauge\n"
                    "llmgw_cost 0.125\n"
                    "llmgw_cost{route=\"fast\"} -3\n"
                    "llmgw_cost -0.5\n"
                    "llmgw_cost 0\n"
                    "llmgw_cost 1234567.875\n"
                    "llmgw_cost +Inf\n"
                    "llmgw_cost -Inf\n"
                    "llmgw_cost NaN\n");
}
END_TEST

/* Label values are anything a client may send. */
START_TEST(test_escapes)
{
    const llmgw_label_t labels[] = {
        { "a", LLMGW_STR_LIT("x\"y\\z\nend") },
        { "b", LLMGW_STR_LIT("Gr\xc3\xbc\xc3\x9f" "e \xff\xfe!\xe4\xb8") },
        { "c", LLMGW_STR_LIT("\"} 1\nevil{x=\"") }
    };
    llmgw_promtext_t w = make();

    llmgw_promtext_family(&w, "m", "gauge", "");
    llmgw_buf_clear(w.out);
    llmgw_promtext_count(&w, labels, 3, 1);
    unit_assert_str(llmgw_buf_str(w.out),
                    "m{a=\"x\\\"y\\\\z\\nend\",b=\"Gr\xc3\xbc\xc3\x9f" "e ?\?!?\?\","
                    "c=\"\\\"} 1\\nevil{x=\\\"\"} 1\n");
}
END_TEST

START_TEST(test_hist)
{
    const llmgw_label_t labels[] = { { "model", LLMGW_STR_LIT("m") } };
    llmgw_promtext_t w = make();
    llmgw_hist_t h;

    memset(&h, 0, sizeof(h));
    llmgw_hist_add(&h, LLMGW_HIST_PER_TOKEN, 10000);
    llmgw_hist_add(&h, LLMGW_HIST_PER_TOKEN, 80001);
    llmgw_hist_add(&h, LLMGW_HIST_PER_TOKEN, 3000000);
    llmgw_promtext_hist(&w, labels, 1, LLMGW_HIST_PER_TOKEN, &h);
    unit_assert_str(llmgw_buf_str(w.out),
        "# HELP gen_ai_server_time_per_output_token_seconds Time for each "
        "output token after the first, of successful answers.\n"
        "# TYPE gen_ai_server_time_per_output_token_seconds histogram\n"
#define N "gen_ai_server_time_per_output_token_seconds"
        N "_bucket{model=\"m\",le=\"0.01\"} 1\n"
        N "_bucket{model=\"m\",le=\"0.025\"} 1\n"
        N "_bucket{model=\"m\",le=\"0.05\"} 1\n"
        N "_bucket{model=\"m\",le=\"0.075\"} 1\n"
        N "_bucket{model=\"m\",le=\"0.1\"} 2\n"
        N "_bucket{model=\"m\",le=\"0.15\"} 2\n"
        N "_bucket{model=\"m\",le=\"0.2\"} 2\n"
        N "_bucket{model=\"m\",le=\"0.3\"} 2\n"
        N "_bucket{model=\"m\",le=\"0.4\"} 2\n"
        N "_bucket{model=\"m\",le=\"0.5\"} 2\n"
        N "_bucket{model=\"m\",le=\"0.75\"} 2\n"
        N "_bucket{model=\"m\",le=\"1\"} 2\n"
        N "_bucket{model=\"m\",le=\"2.5\"} 2\n"
        N "_bucket{model=\"m\",le=\"+Inf\"} 3\n"
        N "_sum{model=\"m\"} 3.090001\n"
        N "_count{model=\"m\"} 3\n");
}
END_TEST

START_TEST(test_two_hists)
{
    llmgw_promtext_t w = make();
    llmgw_hist_t h;
    const char *at;

    memset(&h, 0, sizeof(h));
    llmgw_hist_add(&h, LLMGW_HIST_TOKENS, 5);
    llmgw_promtext_hist(&w, NULL, 0, LLMGW_HIST_TOKENS, &h);
    llmgw_promtext_hist(&w, NULL, 0, LLMGW_HIST_TOKENS, &h);
    at = strstr(w.out->data, "# TYPE");
    ck_assert_ptr_ne(at, NULL);
    ck_assert_ptr_eq(strstr(at + 1, "# TYPE"), NULL);
    ck_assert_ptr_ne(strstr(at, "_bucket{le=\"67108864\"} 1\n"), NULL);
    ck_assert_ptr_ne(strstr(at, "_sum 5\n"), NULL);
}
END_TEST

UNIT_MAIN("promtext", test_samples, test_escapes, test_hist, test_two_hists)
