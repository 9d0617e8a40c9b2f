/* test_gemini_answer.c: reading generateContent's answers */
#include "answers.h"

static const llmgw_dialect_t *const gemini = &llmgw_dialect_gemini;

START_TEST(test_golden)
{
    ck_assert_int_gt(check_golden_answers("gemini", gemini), 15);
}
END_TEST

/* Bodies that are no answer. */
START_TEST(test_bad_bodies)
{
    static const status_case_t cases[] = {
        { "null", LLMGW_EUPBODY },
        { "{}", LLMGW_EUPBODY },
        { "[]", LLMGW_EUPBODY },
        { "\"text\"", LLMGW_EUPBODY },
        { "", LLMGW_EUPBODY },
        { "<html></html>", LLMGW_EUPBODY },
        { "{\"candidates\":null}", LLMGW_EUPBODY },
        { "{\"candidates\":[]}", LLMGW_EEMPTY },
        { "{\"usageMetadata\":{\"promptTokenCount\":4}}", LLMGW_EEMPTY },
        { "{\"candidates\":[7]}", LLMGW_EUPBODY },
        { "{\"candidates\":[{\"index\":-1}]}", LLMGW_EUPBODY },
        { "{\"candidates\":[{\"index\":128}]}", LLMGW_EUPBODY },
        { "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}",
          APR_SUCCESS },
        { "{\"candidates\":[{\"content\":{\"parts\":[7,null,{},"
          "{\"text\":null},{\"functionCall\":null}]}}]}", APR_SUCCESS }
    };

    check_statuses(gemini, 0, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

/* Streams that do not end as they should. */
START_TEST(test_bad_streams)
{
    static const status_case_t cases[] = {
        { "", LLMGW_EEMPTY },
        { ": nothing\n\n", LLMGW_EEMPTY },
        { "data: {}\n\n", LLMGW_EEMPTY },
        { "data: {\"usageMetadata\":{\"promptTokenCount\":4}}\n\n",
          LLMGW_EEMPTY },
        { "data: hello\n\n", LLMGW_EUPBODY },
        { "data: 5\n\n", LLMGW_EUPBODY },
        { "data: {\"candidates\":[{}]}\n\n", LLMGW_ETRUNCATED },
        { "data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n",
          APR_SUCCESS },
        { "data: {\"candidates\":[{\"finishReason\":\"STOP\"},{}]}\n\n",
          LLMGW_ETRUNCATED },
        { "data: {\"candidates\":[{\"finishReason\":\"NEW_WORD\"}]}\n\n"
          "data: [DONE]\n\n", APR_SUCCESS },
        { "data: {\"candidates\":[{\"finishReason\":"
          "\"FINISH_REASON_UNSPECIFIED\"}]}\n\n", LLMGW_ETRUNCATED }
    };

    check_statuses(gemini, 1, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

START_TEST(test_stops)
{
    static const struct {
        const char *reason;
        llmgw_stop_e stop;
    } cases[] = {
        { "\"STOP\"", LLMGW_STOP_END },
        { "\"MAX_TOKENS\"", LLMGW_STOP_LENGTH },
        { "\"SAFETY\"", LLMGW_STOP_FILTER },
        { "\"RECITATION\"", LLMGW_STOP_FILTER },
        { "\"LANGUAGE\"", LLMGW_STOP_FILTER },
        { "\"BLOCKLIST\"", LLMGW_STOP_FILTER },
        { "\"PROHIBITED_CONTENT\"", LLMGW_STOP_FILTER },
        { "\"SPII\"", LLMGW_STOP_FILTER },
        { "\"IMAGE_SAFETY\"", LLMGW_STOP_FILTER },
        { "\"OTHER\"", LLMGW_STOP_ERROR },
        { "\"MALFORMED_FUNCTION_CALL\"", LLMGW_STOP_ERROR },
        { "\"UNEXPECTED_TOOL_CALL\"", LLMGW_STOP_ERROR },
        { "\"TOO_MANY_TOOL_CALLS\"", LLMGW_STOP_ERROR },
        { "2", LLMGW_STOP_LENGTH },
        { "3", LLMGW_STOP_FILTER },
        { "10", LLMGW_STOP_ERROR },
        { "99", LLMGW_STOP_END },
        { "null", LLMGW_STOP_END }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        decoded_t got = decode(gemini, 0, llmgw_str_of(apr_psprintf(
            unit_pool, "{\"candidates\":[{\"finishReason\":%s}]}",
            cases[i].reason)));

        unit_assert_ok(got.status);
        ck_assert_int_eq(APR_ARRAY_IDX(got.answer->choices, 0,
                                       llmgw_choice_t *)->stop,
                         cases[i].stop);
    }
}
END_TEST

/* Paths that lead nowhere, and values that do not fit. */
START_TEST(test_bad_partials)
{
    static const char *const bad[] = {
        "", "$", "a", "$.", "$.a[", "$.a[x]", "$.a[-1]", "$.a[4096]",
        "$.a.b", "$['a", "$.list.x"
    };
    static const char *const good[] = {
        "$.b", "$.o.x", "$['b c'].d", "$.list[3]", "$.list[1].z", "$[\\\"q\\\"]"
    };
    static const char form[] = "data: {\"candidates\":[{\"content\":{\"parts\":"
        "[{\"functionCall\":{\"name\":\"f\",\"willContinue\":true,"
        "\"partialArgs\":[{\"jsonPath\":\"$.a\",\"stringValue\":\"s\"},"
        "{\"jsonPath\":\"$.list[0]\",\"numberValue\":1},"
        "{\"jsonPath\":\"%s\",\"boolValue\":false}]}}]},\"finishReason\":"
        "\"STOP\"}]}\n\n";
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(decode(gemini, 1, llmgw_str_of(apr_psprintf(
            unit_pool, form, bad[i]))).status == LLMGW_EUPBODY, "%s", bad[i]);
    }
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(decode(gemini, 1, llmgw_str_of(apr_psprintf(
            unit_pool, form, good[i]))).status == APR_SUCCESS, "%s", good[i]);
    }
}
END_TEST

/* Google's error bodies: a wrong key is a 400, and waits are in the details. */
START_TEST(test_errors)
{
    static const char quota[] = "[{\"error\":{\"code\":429,\"message\":\"Too "
        "much.\",\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":"
        "\"x\"},{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\","
        "\"retryDelay\":\"34.5s\"}]}}]";
    static const char key[] = "{\"error\":{\"code\":400,\"message\":\"API key "
        "not valid.\",\"status\":\"INVALID_ARGUMENT\",\"details\":[{\"reason\":"
        "\"API_KEY_INVALID\"}]}}";
    static const char *const odd[] = { "\"s\"", "\"-1s\"", "\"1e5s\"", "5",
                                       "\"99999999s\"", "\"12\"" };
    llmgw_err_t err = LLMGW_ERR_INIT;
    const char *text;
    size_t i;

    llmgw_decoder_read_error(gemini, 429, quota, strlen(quota), &err,
                             unit_pool);
    ck_assert_str_eq(err.message, "Too much.");
    ck_assert_int_eq(err.kind, LLMGW_ERRKIND_RATE_LIMIT);
    ck_assert_int_eq(err.retry_after_usec, 34500000);
    memset(&err, 0, sizeof(err));
    llmgw_decoder_read_error(gemini, 400, key, strlen(key), &err, unit_pool);
    ck_assert_str_eq(err.message, "API key not valid.");
    ck_assert_int_eq(err.status, LLMGW_ECREDENTIALS);
    for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        memset(&err, 0, sizeof(err));
        text = apr_psprintf(unit_pool, "{\"error\":{\"message\":\"m\","
                            "\"details\":[{\"retryDelay\":%s}]}}", odd[i]);
        llmgw_decoder_read_error(gemini, 503, text, strlen(text), &err,
                                 unit_pool);
        ck_assert_int_eq(err.retry_after_usec, 0);
    }
}
END_TEST

START_TEST(test_error_encode)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 4096);
    llmgw_err_t err = LLMGW_ERR_INIT;

    llmgw_err_set(&err, unit_pool, LLMGW_ERATELIMIT, NULL, "Too much.");
    err.retry_after_usec = 1500000;
    unit_assert_ok(gemini->error_encode(out, &err, "req_1"));
    unit_assert_str(llmgw_buf_str(out),
                    "{\"error\":{\"code\":429,\"message\":\"Too much.\","
                    "\"status\":\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":"
                    "\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
                    "\"rate_limit_exceeded\"},{\"@type\":"
                    "\"type.googleapis.com/google.rpc.RetryInfo\","
                    "\"retryDelay\":\"1.500s\"},{\"@type\":"
                    "\"type.googleapis.com/google.rpc.RequestInfo\","
                    "\"requestId\":\"req_1\"}]}}");
    llmgw_buf_clear(out);
    memset(&err, 0, sizeof(err));
    llmgw_err_set(&err, unit_pool, LLMGW_EINVAL, "contents[0]", "Not this.");
    unit_assert_ok(gemini->error_encode(out, &err, NULL));
    ck_assert_ptr_ne(strstr(out->data, "\"fieldViolations\":[{\"field\":"
                            "\"contents[0]\",\"description\":\"Not this.\"}]"),
                     NULL);
}
END_TEST

static void check_fixture(const fixture_t *f)
{
    check_fixture_answer(f, gemini);
}

START_TEST(test_recorded)
{
    int n = each_fixture("gemini", check_fixture);

    ck_assert(n == 0 || n > 30);
    ck_assert(n == 0 || each_fixture("vertex-gemini", check_fixture) > 8);
}
END_TEST

UNIT_MAIN("gemini_answer", test_golden, test_bad_bodies, test_bad_streams,
          test_stops, test_bad_partials, test_errors, test_error_encode,
          test_recorded)
