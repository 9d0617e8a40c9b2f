/* test_openai_chat_answer.c: reading chat completions, whole and streamed */
#include "answers.h"

static const llmgw_dialect_t *const chat = &llmgw_dialect_openai_chat;

START_TEST(test_golden)
{
    ck_assert_int_gt(check_golden_answers("openai_chat", chat), 20);
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
        { "{\"choices\":null}", LLMGW_EUPBODY },
        { "{\"choices\":[]}", LLMGW_EEMPTY },
        { "{\"choices\":[{\"index\":0,\"message\":null}]}", LLMGW_EEMPTY },
        { "{\"choices\":[{\"index\":-1,\"message\":{}}]}", LLMGW_EUPBODY },
        { "{\"choices\":[{\"index\":128,\"message\":{}}]}", LLMGW_EUPBODY },
        { "{\"choices\":[7,{\"message\":{}}]}", LLMGW_EUPBODY }
    };

    check_statuses(chat, 0, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

/* Streams that do not end as they should. */
START_TEST(test_bad_streams)
{
    static const status_case_t cases[] = {
        { "", LLMGW_EEMPTY },
        { ": nothing\n\n", LLMGW_EEMPTY },
        { "data: [DONE]\n\n", LLMGW_EEMPTY },
        { "data: {\"choices\":[]}\n\n", LLMGW_EEMPTY },
        { "data: hello\n\n", LLMGW_EUPBODY },
        { "data: []\n\n", LLMGW_EUPBODY },
        { "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}"
          "\n\n", LLMGW_ETRUNCATED },
        { "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
          "\"finish_reason\":\"stop\"}]}\n\n", APR_SUCCESS },
        { "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}"
          "\n\ndata: [DONE]", APR_SUCCESS },
        { "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
          "\"stop\"},{\"index\":1,\"delta\":{}}]}\n\n", LLMGW_ETRUNCATED }
    };

    check_statuses(chat, 1, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

/* More calls than any answer has end the answer, not the memory. */
START_TEST(test_too_many_calls)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1 << 20);
    int i;

    for (i = 0; i < 1100; i++) {
        llmgw_buf_printf(b, "data: {\"choices\":[{\"index\":0,\"delta\":"
                         "{\"tool_calls\":[{\"index\":%d,\"id\":\"c%d\","
                         "\"function\":{\"name\":\"f\"}}]}}]}\n\n", i, i);
    }
    unit_assert_status(decode(chat, 1, llmgw_buf_str(b)).status,
                       LLMGW_EUPBODY);
}
END_TEST

/* Error bodies of all makes give the provider's message. */
START_TEST(test_error_bodies)
{
    static const struct {
        int status;
        const char *body;
        const char *message;    /* NULL: none of the provider's */
        const char *code;
        llmgw_errkind_e kind;
    } cases[] = {
        { 400, "{\"error\":{\"message\":\"bad\",\"type\":"
               "\"invalid_request_error\",\"param\":\"n\",\"code\":null}}",
          "bad", "upstream_rejected", LLMGW_ERRKIND_INVALID_REQUEST },
        { 429, "{\"error\":{\"message\":\"slow\",\"code\":"
               "\"insufficient_quota\"}}",
          "slow", "insufficient_quota", LLMGW_ERRKIND_BILLING },
        { 529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
               "\"message\":\"Overloaded\"}}",
          "Overloaded", "upstream_overloaded", LLMGW_ERRKIND_OVERLOADED },
        { 429, "[{\"error\":{\"code\":429,\"message\":\"quota\",\"status\":"
               "\"RESOURCE_EXHAUSTED\"}}]",
          "quota", "429", LLMGW_ERRKIND_RATE_LIMIT },
        { 422, "{\"detail\":\"no\"}", "no", "upstream_rejected",
          LLMGW_ERRKIND_INVALID_REQUEST },
        { 422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\","
               "\"type\":\"missing\"}]}",
          "field required", "upstream_rejected",
          LLMGW_ERRKIND_INVALID_REQUEST },
        { 400, "{\"code\":\"Some code\",\"error\":\"Some text\"}",
          "Some text", "Some code", LLMGW_ERRKIND_INVALID_REQUEST },
        { 500, "{\"message\":\"oops\"}", "oops", "upstream_error",
          LLMGW_ERRKIND_UPSTREAM },
        { 500, "{\"errors\":[{\"message\":\"first\"},{\"message\":\"2\"}]}",
          "first", "upstream_error", LLMGW_ERRKIND_UPSTREAM },
        { 404, "{\"error\":{\"code\":7.5,\"message\":\"gone\"}}", "gone",
          "7.5", LLMGW_ERRKIND_NOT_FOUND },
        { 400, "\"just text\"", "just text", "upstream_rejected",
          LLMGW_ERRKIND_INVALID_REQUEST },
        { 401, "{\"error\":{\"message\":\"bad key\",\"type\":"
               "\"authentication_error\"}}",
          "bad key", "upstream_credentials_exhausted",
          LLMGW_ERRKIND_UPSTREAM },
        { 502, "<html><h1>Bad Gateway</h1></html>", NULL, "upstream_error",
          LLMGW_ERRKIND_UPSTREAM },
        { 503, "", NULL, "upstream_overloaded", LLMGW_ERRKIND_OVERLOADED },
        { 500, "{}", NULL, "upstream_error", LLMGW_ERRKIND_UPSTREAM },
        { 500, "null", NULL, "upstream_error", LLMGW_ERRKIND_UPSTREAM },
        { 500, "{\"error\":{}}", NULL, "upstream_error",
          LLMGW_ERRKIND_UPSTREAM },
        { 500, "{\"error\":null,\"message\":\"\"}", NULL, "upstream_error",
          LLMGW_ERRKIND_UPSTREAM }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;

        llmgw_decoder_read_error(chat, cases[i].status, cases[i].body,
                                 strlen(cases[i].body), &err, unit_pool);
        ck_assert_ptr_ne(err.message, NULL);
        if (cases[i].message) {
            ck_assert_str_eq(err.message, cases[i].message);
        }
        else {
            ck_assert_ptr_ne(strstr(err.message, "no reason"), NULL);
            ck_assert_ptr_ne(err.detail, NULL);
        }
        ck_assert_str_eq(llmgw_err_code(&err), cases[i].code);
        ck_assert_int_eq(err.kind, cases[i].kind);
        ck_assert_int_eq(err.from_provider, 1);
    }
}
END_TEST

static int nchat;

static void check_fixture(const fixture_t *f)
{
    if (fixture_dialect(f) == chat) {
        nchat++;
        check_fixture_answer(f, chat);
    }
}

START_TEST(test_recorded)
{
    nchat = 0;
    ck_assert(!each_recorded(check_fixture) || nchat > 60);
}
END_TEST

UNIT_MAIN("openai_chat_answer", test_golden, test_bad_bodies, test_bad_streams,
          test_too_many_calls, test_error_bodies, test_recorded)
