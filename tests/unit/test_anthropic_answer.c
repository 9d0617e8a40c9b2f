/* test_anthropic_answer.c: reading Anthropic's messages, whole and streamed */
#include "answers.h"

static const llmgw_dialect_t *const anthropic = &llmgw_dialect_anthropic;

START_TEST(test_golden)
{
    ck_assert_int_gt(check_golden_answers("anthropic", anthropic), 10);
}
END_TEST

START_TEST(test_bad_bodies)
{
    static const status_case_t cases[] = {
        { "null", LLMGW_EUPBODY },
        { "{}", LLMGW_EUPBODY },
        { "{\"content\":\"text\"}", LLMGW_EUPBODY },
        { "{\"content\":[]}", LLMGW_EEMPTY },
        { "{\"content\":[],\"stop_reason\":null}", LLMGW_EEMPTY },
        { "{\"content\":[],\"stop_reason\":\"end_turn\"}", APR_SUCCESS },
        { "not json", LLMGW_EUPBODY }
    };

    check_statuses(anthropic, 0, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

START_TEST(test_bad_streams)
{
    static const status_case_t cases[] = {
        { "", LLMGW_EEMPTY },
        { "data: {\"type\":\"ping\"}\n\n", LLMGW_EEMPTY },
        { "data: {\"type\":\"message_stop\"}\n\n", LLMGW_EEMPTY },
        { "data: nothing\n\n", LLMGW_EUPBODY },
        { "data: {\"type\":\"message_start\",\"message\":{}}\n\n",
          LLMGW_ETRUNCATED },
        { "data: {\"type\":\"message_start\",\"message\":{}}\n\n"
          "data: {\"type\":\"message_stop\"}\n\n", APR_SUCCESS },
        { "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
          "\"end_turn\"}}\n\n", APR_SUCCESS },
        { "data: {\"type\":\"never_heard_of\"}\n\n", LLMGW_EEMPTY }
    };

    check_statuses(anthropic, 1, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

/* Figures come bit by bit; what one report leaves out stays. */
START_TEST(test_usage)
{
    decoded_t got = decode(anthropic, 1, LLMGW_STR_LIT(
        "data: {\"type\":\"message_start\",\"message\":{\"usage\":"
        "{\"input_tokens\":10,\"cache_read_input_tokens\":5,"
        "\"cache_creation_input_tokens\":3,\"output_tokens\":1}}}\n\n"
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "\"end_turn\"},\"usage\":{\"output_tokens\":7,"
        "\"output_tokens_details\":{\"thinking_tokens\":4}}}\n\n"
        "data: {\"type\":\"message_delta\",\"delta\":{},\"usage\":"
        "{\"output_tokens\":9}}\n\n"
        "data: {\"type\":\"message_stop\"}\n\n"));

    unit_assert_ok(got.status);
    ck_assert_int_eq(got.answer->usage.prompt, 18);
    ck_assert_int_eq(got.answer->usage.cache_read, 5);
    ck_assert_int_eq(got.answer->usage.cache_write, 3);
    ck_assert_int_eq(got.answer->usage.completion, 9);
    ck_assert_int_eq(got.answer->usage.reasoning, 4);
    ck_assert_int_eq(got.ended, 1);
}
END_TEST

START_TEST(test_error_encode)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 4096);
    llmgw_err_t err = LLMGW_ERR_INIT;

    llmgw_err_set(&err, unit_pool, LLMGW_ERATELIMIT, NULL, "Too much.");
    unit_assert_ok(anthropic->error_encode(out, &err, "req_1"));
    unit_assert_str(llmgw_buf_str(out),
                    "{\"type\":\"error\",\"error\":{\"type\":"
                    "\"rate_limit_error\",\"message\":\"Too much.\"},"
                    "\"request_id\":\"req_1\"}");
}
END_TEST

/* A code of the provider's own reaches clients that decide by it. */
START_TEST(test_error_code)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 4096);
    llmgw_str_t body = LLMGW_STR_LIT(
        "{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\","
        "\"message\":\"Gone.\",\"details\":{\"error_code\":"
        "\"thread_not_found\"}}}");
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    const llmgw_json_t *root;
    llmgw_err_t err = LLMGW_ERR_INIT;

    unit_assert_ok(llmgw_json_parse(doc, body.p, body.len, &root, NULL));
    llmgw_err_from_http(&err, 404);
    anthropic->error_decode(&err, root, unit_pool);
    ck_assert_str_eq(err.code, "thread_not_found");
    unit_assert_ok(anthropic->error_encode(out, &err, "req_1"));
    unit_assert_str(llmgw_buf_str(out),
                    "{\"type\":\"error\",\"error\":{\"type\":"
                    "\"not_found_error\",\"message\":\"Gone.\",\"details\":"
                    "{\"error_code\":\"thread_not_found\"}},"
                    "\"request_id\":\"req_1\"}");
}
END_TEST

static void check_fixture(const fixture_t *f)
{
    check_fixture_answer(f, anthropic);
}

START_TEST(test_recorded)
{
    int n = each_fixture("anthropic", check_fixture);

    ck_assert(n == 0 || n > 40);
}
END_TEST

UNIT_MAIN("anthropic_answer", test_golden, test_bad_bodies, test_bad_streams,
          test_usage, test_error_encode, test_error_code, test_recorded)
