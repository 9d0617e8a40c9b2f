/* test_anthropic_request.c: writing requests for Anthropic */
#include "requests.h"

static const llmgw_dialect_t *const anthropic = &llmgw_dialect_anthropic;

#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define TOOL "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"

START_TEST(test_golden)
{
    ck_assert_int_gt(check_golden_requests("anthropic", anthropic), 5);
}
END_TEST

/* What is in, and what is not in, a request with one more member. */
START_TEST(test_members)
{
    static const struct {
        const char *model;
        const char *members;
        const char *has;
        const char *lacks;
    } cases[] = {
        { "claude-3-opus-1", "", "\"max_tokens\":4096", NULL },
        { "claude-3-5-haiku-1", "", "\"max_tokens\":8192", NULL },
        { "claude-sonnet-4-5", "", "\"max_tokens\":16384", "thinking" },
        { "other", "", "\"max_tokens\":8192", NULL },
        { "other", "\"max_tokens\":7,", "\"max_tokens\":7,", NULL },
        { "other", "\"stream\":true,", "\"stream\":true", NULL },
        { "other", "\"temperature\":0.50,", "\"temperature\":0.50", "dropped" },
        { "other", "\"temperature\":1.5,",
          "\"temperature\":1}\ndropped: temperature", NULL },
        { "claude-opus-4-7", "\"temperature\":0.5,", "dropped: temperature",
          "\"temperature\"" },
        { "claude-opus-4-7", "\"temperature\":1,", "max_tokens",
          "temperature" },
        { "claude-sonnet-4-5", "\"temperature\":0.5,\"top_p\":0.9,",
          "\"temperature\":0.5}\ndropped: top_p", "\"top_p\"" },
        { "other", "\"temperature\":0.5,\"top_p\":0.9,", "\"top_p\":0.9",
          "dropped" },
        { "other", "\"top_k\":4,", "\"top_k\":4", "dropped" },
        { "claude-opus-4-7", "\"top_k\":4,", "dropped: top_k", "\"top_k\"" },
        { "other", "\"stop\":\"END\",", "\"stop_sequences\":[\"END\"]", NULL },
        { "other", "\"stop\":[\"a\",\"\\n\"],",
          "\"stop_sequences\":[\"a\"]}\ndropped: stop", NULL },
        { "other", "\"stop\":[\"\\n\"],", "dropped: stop", "stop_sequences" },
        { "other", "\"user\":\"u1\",", "\"metadata\":{\"user_id\":\"u1\"}",
          NULL },
        { "other", "\"safety_identifier\":\"u2\",",
          "\"metadata\":{\"user_id\":\"u2\"}", NULL },
        { "other", "\"service_tier\":\"auto\",", "\"service_tier\":\"auto\"",
          NULL },
        { "other", "\"service_tier\":\"default\",",
          "\"service_tier\":\"standard_only\"", NULL },
        { "other", "\"service_tier\":\"flex\",", "dropped: service_tier",
          "\"service_tier\"" },
        { "other", "\"n\":1,", "max_tokens", "dropped" },
        { "other", "\"n\":2,", "unsupported_parameter n", NULL },
        { "other", "\"seed\":3,\"store\":true,\"logprobs\":true,"
                   "\"presence_penalty\":1,\"frequency_penalty\":1,"
                   "\"verbosity\":\"low\",\"metadata\":{\"a\":\"b\"},"
                   "\"prompt_cache_key\":\"k\",\"top_logprobs\":2,"
                   "\"safety_settings\":[],\"logit_bias\":{},",
          "dropped: seed, presence_penalty, frequency_penalty, logprobs, "
          "top_logprobs, verbosity, metadata, prompt_cache_key, "
          "safety_settings, store, logit_bias", NULL },
        { "other", "\"store\":false,\"logprobs\":false,", "max_tokens",
          "dropped" },
        { "other", "\"web_search_options\":{},",
          "unsupported_parameter web_search_options", NULL },
        { "other", "\"modalities\":[\"text\"],", "max_tokens", "dropped" },
        { "other", "\"modalities\":[\"text\",\"audio\"],",
          "unsupported_parameter modalities", NULL },
        { "other", "\"response_format\":{\"type\":\"json_object\"},",
          "\"system\":[{\"type\":\"text\",\"text\":\"Answer with one JSON "
          "object", "output_config" },
        { "other", "\"response_format\":{\"type\":\"json_schema\","
                   "\"json_schema\":{\"name\":\"x\",\"schema\":{\"type\": "
                   "\"object\"}}},",
          "\"output_config\":{\"format\":{\"type\":\"json_schema\","
          "\"schema\":{\"type\": \"object\"}}}", "system" },
        { "other", "\"response_format\":{\"type\":\"text\"},", "max_tokens",
          "output_config" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *out = translate(anthropic, apr_psprintf(
            unit_pool, "{\"model\":\"%s\",%s" USER "}", cases[i].model,
            cases[i].members));

        assert_has(out, cases[i].has);
        if (cases[i].lacks) {
            assert_lacks(out, cases[i].lacks);
        }
    }
}
END_TEST

START_TEST(test_thinking)
{
    static const struct {
        const char *model;
        const char *members;
        const char *has;
        const char *lacks;
    } cases[] = {
        { "claude-sonnet-4-5", "\"reasoning_effort\":\"low\",",
          "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048}",
          "output_config" },
        { "claude-sonnet-4-5", "\"reasoning_effort\":\"low\",",
          "\"max_tokens\":18432", NULL },
        { "claude-sonnet-4-5", "\"reasoning_effort\":\"xhigh\",",
          "\"budget_tokens\":32768", NULL },
        { "claude-opus-4-1", "\"reasoning_effort\":\"xhigh\",",
          "\"max_tokens\":32000,", NULL },
        { "claude-opus-4-1", "\"reasoning_effort\":\"xhigh\",",
          "\"budget_tokens\":16000}", NULL },
        { "claude-sonnet-4-5",
          "\"reasoning_effort\":\"high\",\"max_tokens\":4000,",
          "\"budget_tokens\":2000}", NULL },
        { "claude-sonnet-4-5",
          "\"reasoning_effort\":\"high\",\"max_tokens\":1500,",
          "\"budget_tokens\":1024}", NULL },
        { "claude-sonnet-4-5",
          "\"reasoning_effort\":\"high\",\"max_tokens\":1000,",
          "dropped: reasoning_effort", "thinking" },
        { "claude-sonnet-4-5",
          "\"reasoning_effort\":\"high\",\"temperature\":0.2,",
          "dropped: temperature", "\"temperature\"" },
        { "claude-sonnet-4-5",
          "\"reasoning_effort\":\"low\",\"tool_choice\":\"required\"," TOOL
          ",", "dropped: reasoning_effort", "thinking" },
        { "claude-sonnet-4-5", "\"reasoning_effort\":\"none\",", "max_tokens",
          "thinking" },
        { "claude-sonnet-4-5", "\"reasoning\":{\"enabled\":false},",
          "max_tokens", "thinking" },
        { "claude-sonnet-4-5", "\"reasoning\":{\"max_tokens\":3000},",
          "\"budget_tokens\":3000}", NULL },
        { "claude-sonnet-4-5",
          "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":5000},",
          "\"budget_tokens\":5000}", NULL },
        { "claude-sonnet-4-5", "\"thinking\":{\"type\":\"disabled\"},",
          "max_tokens", "thinking" },
        { "claude-3-opus-1", "\"reasoning_effort\":\"low\",",
          "dropped: reasoning_effort", "thinking" },
        { "claude-opus-4-6", "\"reasoning_effort\":\"xhigh\",",
          "\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":"
          "\"max\"}", "budget" },
        { "claude-opus-4-7", "\"reasoning_effort\":\"xhigh\",",
          "\"effort\":\"xhigh\"", "budget" },
        { "claude-opus-4-7", "\"reasoning_effort\":\"minimal\",",
          "\"effort\":\"low\"", "budget" },
        { "claude-opus-4-7",
          "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":9000},",
          "\"effort\":\"medium\"", "budget" },
        { "claude-opus-4-7",
          "\"reasoning_effort\":\"low\",\"tool_choice\":\"required\"," TOOL
          ",", "\"output_config\":{\"effort\":\"low\"}", "thinking" },
        { "claude-opus-4-7", "\"thinking\":{\"type\":\"adaptive\"},",
          "\"thinking\":{\"type\":\"adaptive\"}", "output_config" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *out = translate(anthropic, apr_psprintf(
            unit_pool, "{\"model\":\"%s\",%s" USER "}", cases[i].model,
            cases[i].members));

        assert_has(out, cases[i].has);
        if (cases[i].lacks) {
            assert_lacks(out, cases[i].lacks);
        }
    }
}
END_TEST

#define LOOP(reasoning) \
    "{\"model\":\"claude-sonnet-4-5\",\"reasoning_effort\":\"low\"," TOOL "," \
    "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}," \
    "{\"role\":\"assistant\"," reasoning "\"tool_calls\":[{\"id\":\"a\"," \
    "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":" \
    "\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":" \
    "\"r\"}]}"

/* Thinking goes on within a loop of tools only with what was thought. */
START_TEST(test_thinking_loop)
{
    const char *out = translate(anthropic, LOOP(""));

    assert_lacks(out, "thinking");
    assert_has(out, "dropped: reasoning_effort");
    out = translate(anthropic, LOOP("\"reasoning_content\":\"r\","));
    assert_lacks(out, "thinking");
    out = translate(anthropic, LOOP(
        "\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"o\"},"
        "{\"type\":\"reasoning.text\",\"text\":\"ne\",\"signature\":\"s\"},"
        "{\"type\":\"reasoning.encrypted\",\"data\":\"d\"}],"));
    assert_has(out, "\"budget_tokens\":2048");
    assert_has(out, "\"content\":[{\"type\":\"thinking\",\"thinking\":\"one\","
               "\"signature\":\"s\"},{\"type\":\"redacted_thinking\",\"data\":"
               "\"d\"},{\"type\":\"tool_use\"");
}
END_TEST

START_TEST(test_tools)
{
    static const struct {
        const char *members;
        const char *has;
        const char *lacks;
    } cases[] = {
        { TOOL ",", "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":"
                    "\"object\",\"properties\":{}}}]", "tool_choice" },
        { TOOL ",\"tool_choice\":\"auto\",",
          "\"tool_choice\":{\"type\":\"auto\"}", NULL },
        { TOOL ",\"tool_choice\":\"none\",",
          "\"tool_choice\":{\"type\":\"none\"}", NULL },
        { TOOL ",\"tool_choice\":\"required\",",
          "\"tool_choice\":{\"type\":\"any\"}", NULL },
        { TOOL ",\"tool_choice\":{\"type\":\"function\",\"function\":"
               "{\"name\":\"f\"}},",
          "\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\"}", NULL },
        { TOOL ",\"parallel_tool_calls\":false,",
          "\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":"
          "true}", NULL },
        { TOOL ",\"parallel_tool_calls\":true,", "\"tools\"", "tool_choice" },
        { TOOL ",\"parallel_tool_calls\":false,\"tool_choice\":\"none\",",
          "\"tool_choice\":{\"type\":\"none\"}", NULL },
        { "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
          "{\"type\":\"function\",\"function\":{\"name\":\"g\"}}],"
          "\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":"
          "{\"mode\":\"required\",\"tools\":[{\"type\":\"function\","
          "\"function\":{\"name\":\"g\"}}]}},",
          "\"tool_choice\":{\"type\":\"any\"}", "\"name\":\"f\"" },
        { "\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}],",
          "unsupported_parameter tools[0]", NULL },
        { "\"tools\":[{\"type\":\"web_search\"}],",
          "unsupported_parameter tools[0]", NULL },
        { "\"tools\":[{\"type\":\"function\",\"cache_control\":{\"type\":"
          "\"ephemeral\"},\"function\":{\"name\":\"a.b\",\"strict\":true,"
          "\"parameters\":{\"type\":\"object\", \"properties\":{}}}}],",
          "\"input_schema\":{\"type\":\"object\", \"properties\":{}},"
          "\"strict\":true,\"cache_control\":{\"type\":\"ephemeral\"}",
          "a.b" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *out = translate(anthropic, apr_psprintf(
            unit_pool, "{\"model\":\"claude-sonnet-4-5\",%s" USER "}",
            cases[i].members));

        assert_has(out, cases[i].has);
        if (cases[i].lacks) {
            assert_lacks(out, cases[i].lacks);
        }
    }
}
END_TEST

/* Parts of content: blocks of the API's kinds, or a clear refusal. */
START_TEST(test_parts)
{
    static const struct {
        const char *part;
        const char *has;
    } cases[] = {
        { "{\"type\":\"image_url\",\"image_url\":{\"url\":"
          "\"https://example.org/a\"}}",
          "{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":"
          "\"https://example.org/a\"}}" },
        { "{\"type\":\"image_url\",\"image_url\":{\"url\":"
          "\"data:image/png;base64,AAAA\",\"detail\":\"low\"}}",
          "{\"type\":\"image\",\"source\":{\"type\":\"base64\","
          "\"media_type\":\"image/png\",\"data\":\"AAAA\"}}" },
        { "{\"type\":\"image_url\",\"image_url\":{\"url\":\"gs://b/a\"}}",
          "unsupported_parameter messages[0].content" },
        { "{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":"
          "\"data:application/pdf;base64,JVBE\"}}",
          "{\"type\":\"document\",\"source\":{\"type\":\"base64\","
          "\"media_type\":\"application/pdf\",\"data\":\"JVBE\"},\"title\":"
          "\"a.pdf\"}" },
        { "{\"type\":\"file\",\"file\":{\"file_data\":\"JVBE\"}}",
          "\"media_type\":\"application/pdf\",\"data\":\"JVBE\"" },
        { "{\"type\":\"file\",\"file\":{\"file_data\":"
          "\"data:text/plain;charset=utf-8;base64,aGk=\"}}",
          "{\"type\":\"document\",\"source\":{\"type\":\"text\","
          "\"media_type\":\"text/plain\",\"data\":\"hi\"}}" },
        { "{\"type\":\"file\",\"file\":{\"file_data\":"
          "\"data:text/plain;base64,/w==\"}}",
          "unsupported_parameter messages[0].content" },
        { "{\"type\":\"file\",\"file\":{\"file_data\":"
          "\"https://example.org/a.pdf\"}}",
          "\"source\":{\"type\":\"url\",\"url\":"
          "\"https://example.org/a.pdf\"}" },
        { "{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}",
          "unsupported_parameter messages[0].content" },
        { "{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"A\","
          "\"format\":\"wav\"}}", "unsupported_parameter messages[0].content" },
        { "{\"type\":\"video_url\",\"video_url\":{\"url\":\"https://a/b\"}}",
          "unsupported_parameter messages[0].content" },
        { "{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":"
          "\"ephemeral\",\"ttl\":\"1h\"}}",
          "{\"type\":\"text\",\"text\":\"x\",\"cache_control\":{\"type\":"
          "\"ephemeral\",\"ttl\":\"1h\"}}" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_has(translate(anthropic, apr_psprintf(
            unit_pool, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
            "\"content\":[%s]}]}", cases[i].part)), cases[i].has);
    }
}
END_TEST

UNIT_MAIN("anthropic_request", test_golden, test_members, test_thinking,
          test_thinking_loop, test_tools, test_parts)
