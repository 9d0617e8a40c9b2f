/* test_echo.c: the provider that answers with the user's own words */
#include "answers.h"
#include "llmgw/echo.h"

/* Run it; pieces is set to how many there were. */
static llmgw_str_t run(const char *body, int *pieces)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_echo_t *echo;
    apr_status_t rv;

    unit_assert_ok(llmgw_echo_create(&echo, body, strlen(body), "tok", 42,
                                     unit_pool, &err));
    *pieces = 0;
    do {
        rv = llmgw_echo_next(echo, out);
        ++*pieces;
        if (rv == APR_SUCCESS && !llmgw_echo_streams(echo)) {
            ck_assert_uint_eq(out->len, 0);
        }
    } while (rv == APR_SUCCESS);
    unit_assert_status(rv, APR_EOF);
    return llmgw_buf_str(out);
}

/* The answer as text, the same from a stream and from a whole. */
static const char *answer(const char *members, const char *messages,
                          int *pieces)
{
    llmgw_str_t text[2];
    decoded_t got;
    int stream;

    for (stream = 0; stream < 2; stream++) {
        got = decode(&llmgw_dialect_openai_chat, stream, run(apr_psprintf(
            unit_pool, "{\"model\":\"echo\",\"stream\":%s,"
            "\"stream_options\":{\"include_usage\":true},%s"
            "\"messages\":[%s]}", stream ? "true" : "false", members,
            messages), pieces));
        unit_assert_ok(got.status);
        ck_assert_int_eq(got.ended, stream);
        ck_assert_int_eq(got.answer->created_sec, 42);
        got.answer->usage.cache_read = -1;
        text[stream] = answer_text(got.answer);
    }
    unit_assert_same(text[0], text[1]);
    return strchr(text[0].p, '\n') + 1;
}

#define USER(text) "{\"role\":\"user\",\"content\":\"" text "\"}"
#define FIGURES "reasoning=0 audio_prompt=0 audio_completion=0\n"

START_TEST(test_words)
{
    int pieces;

    ck_assert_str_eq(answer("", USER("one  two\\nthree "), &pieces),
                     "text text=\"one  two\\nthree\"\nstop end\n"
                     "usage prompt=3 completion=3 total=6 " FIGURES);
    ck_assert_int_eq(pieces, 3);
    ck_assert_str_eq(answer("", USER("first") ",{\"role\":\"assistant\","
                            "\"content\":\"x y\"}," USER("last one"),
                            &pieces),
                     "text text=\"last one\"\nstop end\n"
                     "usage prompt=5 completion=2 total=7 " FIGURES);
    ck_assert_str_eq(answer("", USER(""), &pieces),
                     "stop end\nusage prompt=0 completion=0 total=0 " FIGURES);
    ck_assert_int_eq(pieces, 1);
    ck_assert_str_eq(answer("", "{\"role\":\"system\",\"content\":\"s\"}",
                            &pieces),
                     "stop end\nusage prompt=1 completion=0 total=1 " FIGURES);
}
END_TEST

START_TEST(test_length)
{
    int pieces;

    ck_assert_str_eq(answer("\"max_tokens\":2,", USER("a b c"), &pieces),
                     "text text=\"a b\"\nstop length\n"
                     "usage prompt=3 completion=2 total=5 " FIGURES);
    ck_assert_int_eq(pieces, 2);
    ck_assert_str_eq(answer("\"max_completion_tokens\":3,", USER("a b c"),
                            &pieces),
                     "text text=\"a b c\"\nstop end\n"
                     "usage prompt=3 completion=3 total=6 " FIGURES);
    ck_assert_str_eq(answer("\"max_tokens\":0,", USER("a"), &pieces),
                     "stop length\n"
                     "usage prompt=1 completion=0 total=1 " FIGURES);
}
END_TEST

#define TOOLS "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":" \
    "\"get\"}},{\"type\":\"function\",\"function\":{\"name\":\"get_all\"}}],"

START_TEST(test_tools)
{
    static const struct {
        const char *members;
        const char *text;
        const char *start;      /* of the answer */
    } cases[] = {
        { TOOLS, "please get {\\\"a\\\": \\\"}\\\"} now",
          "tool_start index=0 id=\"call_tok_0_0\" name=\"get\"\n"
          "tool_args index=0 id=\"call_tok_0_0\" name=\"get\" "
          "text=\"{\\\"a\\\": \\\"}\\\"}\"\n" },
        { TOOLS, "get_all, get.",
          "tool_start index=0 id=\"call_tok_0_0\" name=\"get\"\n"
          "tool_args index=0 id=\"call_tok_0_0\" name=\"get\" text=\"{}\"\n"
          "tool_end index=0 id=\"call_tok_0_0\" name=\"get\"\n"
          "tool_start index=1 id=\"call_tok_0_1\" name=\"get_all\"\n" },
        { TOOLS "\"parallel_tool_calls\":false,", "get_all get",
          "tool_start index=0 id=\"call_tok_0_0\" name=\"get\"\n"
          "tool_args index=0 id=\"call_tok_0_0\" name=\"get\" text=\"{}\"\n"
          "tool_end index=0 id=\"call_tok_0_0\" name=\"get\"\nstop tool\n" },
        { TOOLS, "forget it", "text text=\"forget it\"\n" },
        { TOOLS "\"tool_choice\":\"none\",", "get", "text text=\"get\"\n" },
        { TOOLS "\"tool_choice\":\"required\",", "hello",
          "tool_start index=0 id=\"call_tok_0_0\" name=\"get\"\n" },
        { TOOLS "\"tool_choice\":{\"type\":\"function\",\"function\":"
                "{\"name\":\"get_all\"}},", "get",
          "tool_start index=0 id=\"call_tok_0_0\" name=\"get_all\"\n" }
    };
    const char *got;
    size_t i;
    int pieces;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        got = answer(cases[i].members, apr_psprintf(
            unit_pool, "{\"role\":\"user\",\"content\":\"%s\"}",
            cases[i].text), &pieces);
        ck_assert_msg(strncmp(got, cases[i].start, strlen(cases[i].start))
                      == 0, "%s gives:\n%s", cases[i].text, got);
    }
}
END_TEST

/* Results at the end are what is answered, and call nothing again. */
START_TEST(test_tool_results)
{
    int pieces;

    ck_assert_str_eq(answer(TOOLS, USER("get") ",{\"role\":\"assistant\","
                            "\"tool_calls\":[{\"id\":\"a\",\"type\":"
                            "\"function\",\"function\":{\"name\":\"get\","
                            "\"arguments\":\"{}\"}}]},{\"role\":\"tool\","
                            "\"tool_call_id\":\"a\",\"content\":\"get well\"},"
                            "{\"role\":\"tool\",\"tool_call_id\":\"b\","
                            "\"content\":\"soon\"}", &pieces),
                     "text text=\"get well soon\"\nstop end\n"
                     "usage prompt=4 completion=3 total=7 " FIGURES);
}
END_TEST

START_TEST(test_refused)
{
    static const struct {
        const char *body;
        apr_status_t status;
    } cases[] = {
        { "{", LLMGW_EJSON }, { "[]", LLMGW_EINVAL },
        { "{\"model\":\"echo\"}", LLMGW_EMISSING }
    };
    llmgw_echo_t *echo;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;

        unit_assert_status(llmgw_echo_create(&echo, cases[i].body,
                                             strlen(cases[i].body), "t", 1,
                                             unit_pool, &err),
                           cases[i].status);
        ck_assert_ptr_ne(err.message, NULL);
    }
}
END_TEST

UNIT_MAIN("echo", test_words, test_length, test_tools, test_tool_results,
          test_refused)
