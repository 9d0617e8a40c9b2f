/* test_gemini_request.c: writing requests for generateContent */
#include "requests.h"

static const llmgw_dialect_t *const gemini = &llmgw_dialect_gemini;

#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define FUNCTION(name) "{\"type\":\"function\",\"function\":{\"name\":\"" \
    name "\"}}"
#define TOOLS(list) "\"tools\":[" list "],"

START_TEST(test_golden)
{
    ck_assert_int_gt(check_golden_requests("gemini", gemini), 5);
    ck_assert_int_gt(check_golden_requests("openai_chat", gemini), 5);
}
END_TEST

typedef struct case_t {
    const char *model;
    const char *members;
    const char *has;
    const char *lacks;          /* NULL: nothing */
} case_t;

static void check_cases(const case_t *cases, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const char *out = translate(gemini, apr_psprintf(
            unit_pool, "{\"model\":\"%s\",%s" USER "}", cases[i].model,
            cases[i].members));

        assert_has(out, cases[i].has);
        if (cases[i].lacks) {
            assert_lacks(out, cases[i].lacks);
        }
    }
}

#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof(*cases))

START_TEST(test_members)
{
    static const case_t cases[] = {
        { "gemini-2.5-flash", "", "{\"contents\":[{\"role\":\"user\","
          "\"parts\":[{\"text\":\"hi\"}]}]}", "generationConfig" },
        { "gemini-2.5-flash", "\"stream\":true,", "contents", "stream" },
        { "gemini-2.5-flash", "\"max_tokens\":7,",
          "\"generationConfig\":{\"maxOutputTokens\":7}", NULL },
        { "gemini-2.5-flash", "\"logprobs\":true,",
          "\"generationConfig\":{\"responseLogprobs\":true}", NULL },
        { "gemini-2.5-flash", "\"top_logprobs\":5,", "contents", "logprobs" },
        { "gemini-2.5-flash", "\"stop\":\"a\",",
          "\"stopSequences\":[\"a\"]", NULL },
        { "gemini-2.5-flash", "\"service_tier\":\"priority\",",
          "\"serviceTier\":\"priority\"", "dropped" },
        { "gemini-2.5-flash", "\"service_tier\":\"auto\",", "contents",
          "ier" },
        { "gemini-2.5-flash", "\"service_tier\":\"scale\",",
          "dropped: service_tier", "serviceTier" },
        { "gemini-2.5-flash", "\"user\":\"u\",\"metadata\":{\"a\":\"b\"},"
          "\"verbosity\":\"low\",\"prompt_cache_key\":\"k\",\"store\":true,"
          "\"logit_bias\":{},",
          "dropped: verbosity, user, metadata, prompt_cache_key, store, "
          "logit_bias", NULL },
        { "gemini-2.5-flash", "\"modalities\":[\"text\"],", "contents",
          "dropped" },
        { "gemini-2.5-flash", "\"modalities\":[\"text\",\"audio\"],",
          "unsupported_parameter modalities", NULL },
        { "gemini-2.5-flash", "\"web_search_options\":{},",
          "unsupported_parameter web_search_options", NULL },
        { "gemini-2.5-flash", "\"response_format\":{\"type\":"
          "\"json_object\"},",
          "\"generationConfig\":{\"responseMimeType\":\"application/json\"}",
          NULL },
        { "gemini-2.5-flash", "\"response_format\":{\"type\":\"text\"},",
          "contents", "response" },
        { "gemini-2.5-flash", "\"response_format\":{\"type\":"
          "\"json_object\"}," TOOLS(FUNCTION("f")),
          "unsupported_parameter response_format", NULL },
        { "gemini-2.5-flash", "\"tool_choice\":\"none\",\"response_format\":"
          "{\"type\":\"json_object\"}," TOOLS(FUNCTION("f")),
          "responseMimeType", NULL },
        { "gemini-3-pro-preview", "\"response_format\":{\"type\":"
          "\"json_object\"}," TOOLS(FUNCTION("f")), "responseMimeType", NULL }
    };

    CHECK_CASES(cases);
}
END_TEST

#define EFFORT(word) "\"reasoning_effort\":\"" word "\","
#define THINKING(members) "\"thinkingConfig\":{" members "}"
#define THOUGHTS ",\"includeThoughts\":true"

START_TEST(test_thinking)
{
    static const case_t cases[] = {
        { "gemini-2.5-flash", "", "contents", "thinking" },
        { "gemini-2.5-flash", EFFORT("low"),
          THINKING("\"thinkingBudget\":1024" THOUGHTS), NULL },
        { "gemini-2.5-flash", EFFORT("medium"),
          THINKING("\"thinkingBudget\":8192" THOUGHTS), NULL },
        { "gemini-2.5-flash", EFFORT("high"),
          THINKING("\"thinkingBudget\":24576" THOUGHTS), NULL },
        { "gemini-2.5-pro", EFFORT("xhigh"),
          THINKING("\"thinkingBudget\":32768" THOUGHTS), NULL },
        { "gemini-2.5-flash", EFFORT("none"),
          THINKING("\"thinkingBudget\":0"), NULL },
        { "gemini-2.5-pro", EFFORT("none"),
          THINKING("\"thinkingBudget\":128"), NULL },
        { "gemini-2.5-flash", EFFORT("who knows"),
          THINKING("\"thinkingBudget\":8192" THOUGHTS), NULL },
        { "gemini-2.5-flash", "\"reasoning\":{\"max_tokens\":3000},",
          THINKING("\"thinkingBudget\":3000" THOUGHTS), NULL },
        { "gemini-2.5-flash", "\"reasoning\":{\"max_tokens\":300000},",
          THINKING("\"thinkingBudget\":24576" THOUGHTS), NULL },
        { "gemini-2.5-flash", "\"reasoning\":{\"enabled\":false},",
          THINKING("\"thinkingBudget\":0"), NULL },
        { "gemini-2.5-flash", "\"thinking\":{\"type\":\"adaptive\"},",
          THINKING("\"thinkingBudget\":-1" THOUGHTS), NULL },
        { "gemini-2.0-flash", EFFORT("low"), "dropped: reasoning_effort",
          "thinking" },
        { "gemini-2.0-flash", EFFORT("none"), "contents", "thinking" },
        { "gemini-3-pro-preview", EFFORT("minimal"),
          THINKING("\"thinkingLevel\":\"low\"" THOUGHTS), NULL },
        { "gemini-3-pro-preview", EFFORT("medium"),
          THINKING("\"thinkingLevel\":\"high\"" THOUGHTS), NULL },
        { "gemini-3.1-pro-preview", EFFORT("medium"),
          THINKING("\"thinkingLevel\":\"medium\"" THOUGHTS), NULL },
        { "gemini-3-flash-preview", EFFORT("minimal"),
          THINKING("\"thinkingLevel\":\"minimal\"" THOUGHTS), NULL },
        { "gemini-3-flash-preview", EFFORT("none"),
          THINKING("\"thinkingLevel\":\"minimal\""), NULL },
        { "gemini-3-flash-preview", EFFORT("max"),
          THINKING("\"thinkingLevel\":\"high\"" THOUGHTS), NULL },
        { "gemini-3-flash-preview", "\"reasoning\":{\"max_tokens\":9000},",
          THINKING("\"thinkingLevel\":\"medium\"" THOUGHTS), NULL },
        { "gemini-3-flash-preview", "\"thinking\":{\"type\":\"adaptive\"},",
          THINKING("\"includeThoughts\":true"), NULL }
    };

    CHECK_CASES(cases);
}
END_TEST

#define MODE(mode) "\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"" \
    mode "\""

START_TEST(test_tools)
{
    static const case_t cases[] = {
        { "gemini-2.5-flash", TOOLS(FUNCTION("f")),
          "\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\"}]}]",
          "toolConfig" },
        { "gemini-2.5-flash", TOOLS(FUNCTION("f")) "\"tool_choice\":\"auto\",",
          MODE("AUTO") "}}", NULL },
        { "gemini-2.5-flash", TOOLS(FUNCTION("f")) "\"tool_choice\":\"none\",",
          MODE("NONE") "}}", NULL },
        { "gemini-2.5-flash",
          TOOLS(FUNCTION("f")) "\"tool_choice\":\"required\",",
          MODE("ANY") "}}", NULL },
        { "gemini-2.5-flash", TOOLS(FUNCTION("a.b")) "\"tool_choice\":"
          "{\"type\":\"function\",\"function\":{\"name\":\"a.b\"}},",
          MODE("ANY") ",\"allowedFunctionNames\":[\"a_b_", "a.b" },
        { "gemini-2.5-flash", TOOLS(FUNCTION("f") "," FUNCTION("g"))
          "\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":"
          "{\"mode\":\"required\",\"tools\":[" FUNCTION("g") "]}},",
          MODE("ANY") ",\"allowedFunctionNames\":[\"g\"]}}", NULL },
        { "gemini-2.5-flash", TOOLS(FUNCTION("f") "," FUNCTION("g"))
          "\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":"
          "{\"mode\":\"auto\",\"tools\":[" FUNCTION("g") "]}},",
          "\"functionDeclarations\":[{\"name\":\"g\"}]",
          "allowedFunctionNames" },
        { "gemini-2.5-flash",
          TOOLS(FUNCTION("f")) "\"parallel_tool_calls\":false,",
          "dropped: parallel_tool_calls", NULL },
        { "gemini-2.5-flash",
          TOOLS("{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}"),
          "unsupported_parameter tools[0]", NULL },
        { "gemini-2.5-flash", TOOLS(FUNCTION("f") ","
          "{\"type\":\"web_search\"}"), "unsupported_parameter tools[1]",
          NULL }
    };

    CHECK_CASES(cases);
}
END_TEST

/* A schema that refers to itself again and again does not grow for ever. */
START_TEST(test_schema_bombs)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1 << 20);
    const char *out;
    int i;

    llmgw_buf_puts(b, "{\"model\":\"m\"," USER "," "\"tools\":[{\"type\":"
                   "\"function\",\"function\":{\"name\":\"f\",\"parameters\":"
                   "{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (i = 0; i < 30; i++) {
        llmgw_buf_printf(b, "\"d%d\":{\"type\":\"object\",\"properties\":"
                         "{\"a\":{\"$ref\":\"#/$defs/d%d\"},"
                         "\"b\":{\"$ref\":\"#/$defs/d%d\"},\"c\":{\"allOf\":"
                         "[{\"$ref\":\"#/$defs/d%d\"},"
                         "{\"$ref\":\"#/$defs/d%d\"}]}}},",
                         i, i + 1, i + 1, i, i + 1);
    }
    llmgw_buf_puts(b, "\"d30\":{\"allOf\":[{\"$ref\":\"#/$defs/d30\"},"
                   "{\"$ref\":\"#/$defs/d30\"}]}}}}}]}");
    out = translate(gemini, b->data);
    ck_assert_int_lt(strlen(out), 8 << 20);
    assert_has(out, "functionDeclarations");
}
END_TEST

/* Nor does a long text that is referred to again and again. */
START_TEST(test_schema_texts)
{
    char *text = apr_palloc(unit_pool, 100001);
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1 << 20);
    const char *out;
    int i;

    memset(text, 'x', 100000);
    text[100000] = '\0';
    llmgw_buf_printf(b, "{\"model\":\"m\"," USER ",\"tools\":[{\"type\":"
                     "\"function\",\"function\":{\"name\":\"f\","
                     "\"parameters\":{\"$defs\":{\"d\":{\"type\":"
                     "\"object\",\"description\":\"%s\",\"properties\":"
                     "{\"a\":{\"enum\":[1,2]}}}},\"type\":\"object\","
                     "\"properties\":{\"p\":{\"type\":\"string\"}", text);
    for (i = 0; i < 2000; i++) {
        llmgw_buf_printf(b, ",\"p%d\":{\"$ref\":\"#/$defs/d\"}", i);
    }
    llmgw_buf_puts(b, "}}}}]}");
    out = translate(gemini, b->data);
    ck_assert_int_lt(strlen(out), 4 << 20);
    assert_has(out, "\"p1999\":{\"type\":\"OBJECT\"}");
}
END_TEST

UNIT_MAIN("gemini_request", test_golden, test_members, test_thinking,
          test_tools, test_schema_bombs, test_schema_texts)
