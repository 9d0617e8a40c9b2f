/* test_responses_request.c: reading and writing Responses requests */
#include "requests.h"

static const llmgw_dialect_t *const responses =
    &llmgw_dialect_openai_responses;
static const llmgw_dialect_t *const chat = &llmgw_dialect_openai_chat;

START_TEST(test_golden)
{
    const llmgw_dialect_t *to;
    unsigned int i;

    for (i = 0; (to = llmgw_dialect_get(i)) != NULL; i++) {
        ck_assert_int_gt(check_golden_requests_from(
            responses, "openai_responses", to), 10);
    }
    ck_assert_int_gt(check_golden_requests("openai_chat", responses), 10);
}
END_TEST

#define INPUT "\"model\":\"m\",\"input\":\"hi\""
#define ITEM(item) "{\"model\":\"m\",\"input\":[" item "]}"
#define CONTENT(part) ITEM("{\"role\":\"user\",\"content\":[" part "]}")

/* What is refused, and where it says the fault is. */
START_TEST(test_refused)
{
    static const struct {
        const char *body;
        apr_status_t status;
        const char *param;
    } cases[] = {
        { "[]", LLMGW_EINVAL, NULL },
        { "{}", LLMGW_EMISSING, "input" },
        { "{\"model\":\"m\"}", LLMGW_EMISSING, "input" },
        { "{\"model\":\"m\",\"input\":null}", LLMGW_EMISSING, "input" },
        { "{\"input\":\"hi\"}", LLMGW_EMISSING, "model" },
        { "{\"model\":5,\"input\":\"hi\"}", LLMGW_EINVAL, "model" },
        { "{\"model\":\"m\",\"input\":[]}", LLMGW_EINVAL, "input" },
        { "{\"model\":\"m\",\"input\":{}}", LLMGW_EINVAL, "input" },
        { ITEM("1"), LLMGW_EINVAL, "input[0]" },
        { ITEM("{}"), LLMGW_EMISSING, "input[0].role" },
        { ITEM("{\"type\":5}"), LLMGW_EINVAL, "input[0].type" },
        { ITEM("{\"type\":\"mesage\"}"), LLMGW_EINVAL, "input[0].type" },
        { ITEM("{\"role\":\"king\",\"content\":\"a\"}"), LLMGW_EINVAL,
          "input[0].role" },
        { ITEM("{\"role\":\"user\"}"), LLMGW_EMISSING, "input[0].content" },
        { ITEM("{\"role\":\"assistant\"}"), LLMGW_EMISSING,
          "input[0].content" },
        { ITEM("{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\","
               "\"content\":7}"), LLMGW_EINVAL, "input[1].content" },
        { CONTENT("5"), LLMGW_EINVAL, "input[0].content[0]" },
        { CONTENT("{}"), LLMGW_EMISSING, "input[0].content[0].type" },
        { CONTENT("{\"type\":\"smell\"}"), LLMGW_EINVAL,
          "input[0].content[0].type" },
        { CONTENT("{\"type\":\"input_text\"}"), LLMGW_EMISSING,
          "input[0].content[0].text" },
        { CONTENT("{\"type\":\"input_text\",\"text\":4}"), LLMGW_EINVAL,
          "input[0].content[0].text" },
        { CONTENT("{\"type\":\"input_image\"}"), LLMGW_EMISSING,
          "input[0].content[0].image_url" },
        { CONTENT("{\"type\":\"input_image\",\"image_url\":{\"url\":\"x\"}}"),
          LLMGW_EINVAL, "input[0].content[0].image_url" },
        { CONTENT("{\"type\":\"input_image\",\"image_url\":\"data:,x\"}"),
          LLMGW_EINVAL, "input[0].content[0].image_url" },
        { CONTENT("{\"type\":\"input_file\"}"), LLMGW_EMISSING,
          "input[0].content[0].file_data" },
        { CONTENT("{\"type\":\"input_audio\"}"), LLMGW_EMISSING,
          "input[0].content[0].input_audio.data" },
        { ITEM("{\"type\":\"function_call\"}"), LLMGW_EMISSING,
          "input[0].call_id" },
        { ITEM("{\"type\":\"function_call\",\"call_id\":\"a\"}"),
          LLMGW_EMISSING, "input[0].name" },
        { ITEM("{\"type\":\"custom_tool_call\",\"call_id\":\"a\",\"name\":"
               "\"f\",\"input\":{}}"), LLMGW_EINVAL, "input[0].input" },
        { ITEM("{\"type\":\"function_call_output\",\"output\":\"\"}"),
          LLMGW_EMISSING, "input[0].call_id" },
        { ITEM("{\"type\":\"function_call_output\",\"call_id\":\"a\"}"),
          LLMGW_EMISSING, "input[0].output" },
        { ITEM("{\"type\":\"function_call_output\",\"call_id\":\"a\","
               "\"output\":[{\"type\":\"x\"}]}"), LLMGW_EINVAL,
          "input[0].output[0].type" },
        { ITEM("{\"type\":\"reasoning\",\"summary\":\"s\"}"), LLMGW_EINVAL,
          "input[0].summary" },
        { ITEM("{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":"
               "5}"), LLMGW_EINVAL, "input[0].encrypted_content" },
        { ITEM("{\"type\":\"item_reference\",\"id\":\"msg_1\"}"),
          LLMGW_EUNSUPPORTED, "input[0]" },
        { ITEM("{\"id\":\"msg_1\"}"), LLMGW_EUNSUPPORTED, "input[0]" },
        { "{" INPUT ",\"instructions\":[]}", LLMGW_EINVAL, "instructions" },
        { "{" INPUT ",\"previous_response_id\":\"resp_1\"}",
          LLMGW_EUNSUPPORTED, "previous_response_id" },
        { "{" INPUT ",\"conversation\":\"conv_1\"}", LLMGW_EUNSUPPORTED,
          "conversation" },
        { "{" INPUT ",\"background\":true}", LLMGW_EUNSUPPORTED,
          "background" },
        { "{" INPUT ",\"prompt\":{\"id\":\"p\"}}", LLMGW_EUNSUPPORTED,
          "prompt" },
        { "{" INPUT ",\"store\":1}", LLMGW_EINVAL, "store" },
        { "{" INPUT ",\"stream\":1}", LLMGW_EINVAL, "stream" },
        { "{" INPUT ",\"stream_options\":1}", LLMGW_EINVAL,
          "stream_options" },
        { "{" INPUT ",\"temperature\":\"hot\"}", LLMGW_EINVAL,
          "temperature" },
        { "{" INPUT ",\"max_output_tokens\":1.5}", LLMGW_EINVAL,
          "max_output_tokens" },
        { "{" INPUT ",\"max_tool_calls\":-1}", LLMGW_EINVAL,
          "max_tool_calls" },
        { "{" INPUT ",\"truncation\":\"perhaps\"}", LLMGW_EINVAL,
          "truncation" },
        { "{" INPUT ",\"include\":\"all\"}", LLMGW_EINVAL, "include" },
        { "{" INPUT ",\"include\":[1]}", LLMGW_EINVAL, "include" },
        { "{" INPUT ",\"metadata\":[]}", LLMGW_EINVAL, "metadata" },
        { "{" INPUT ",\"reasoning\":\"high\"}", LLMGW_EINVAL, "reasoning" },
        { "{" INPUT ",\"reasoning\":{\"effort\":3}}", LLMGW_EINVAL,
          "reasoning.effort" },
        { "{" INPUT ",\"text\":5}", LLMGW_EINVAL, "text" },
        { "{" INPUT ",\"text\":{\"format\":5}}", LLMGW_EINVAL,
          "text.format" },
        { "{" INPUT ",\"text\":{\"format\":{\"type\":\"xml\"}}}",
          LLMGW_EINVAL, "text.format.type" },
        { "{" INPUT ",\"text\":{\"format\":{\"type\":\"json_schema\"}}}",
          LLMGW_EMISSING, "text.format.schema" },
        { "{" INPUT ",\"text\":{\"verbosity\":1}}", LLMGW_EINVAL,
          "text.verbosity" },
        { "{" INPUT ",\"tools\":{}}", LLMGW_EINVAL, "tools" },
        { "{" INPUT ",\"tools\":[5]}", LLMGW_EINVAL, "tools[0]" },
        { "{" INPUT ",\"tools\":[{}]}", LLMGW_EMISSING, "tools[0].type" },
        { "{" INPUT ",\"tools\":[{\"type\":\"function\"}]}", LLMGW_EMISSING,
          "tools[0].name" },
        { "{" INPUT ",\"tools\":[{\"type\":\"function\",\"name\":\"f\","
          "\"parameters\":5}]}", LLMGW_EINVAL, "tools[0].parameters" },
        { "{" INPUT ",\"tools\":[{\"type\":\"namespace\",\"name\":\"n\"}]}",
          LLMGW_EINVAL, "tools[0].tools" },
        { "{" INPUT ",\"tools\":[{\"type\":\"namespace\",\"name\":\"n\","
          "\"tools\":[{\"type\":\"function\"}]}]}", LLMGW_EMISSING,
          "tools[0].tools[0].name" },
        { "{" INPUT ",\"tools\":[{\"type\":\"namespace\",\"name\":\"n\","
          "\"tools\":[5]}]}", LLMGW_EINVAL, "tools[0].tools[0]" },
        { "{" INPUT ",\"tool_choice\":\"perhaps\"}", LLMGW_EINVAL,
          "tool_choice" },
        { "{" INPUT ",\"tool_choice\":{}}", LLMGW_EMISSING,
          "tool_choice.type" },
        { "{" INPUT ",\"tool_choice\":{\"type\":\"function\"}}",
          LLMGW_EMISSING, "tool_choice.name" },
        { "{" INPUT ",\"tool_choice\":{\"type\":\"allowed_tools\"}}",
          LLMGW_EINVAL, "tool_choice.tools" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;

        ck_assert_ptr_eq(read_request(responses, llmgw_str_of(cases[i].body),
                                      &err), NULL);
        ck_assert_msg(err.status == cases[i].status, "%s: %s", cases[i].body,
                      err.message);
        if (cases[i].param) {
            ck_assert_msg(err.param && !strcmp(err.param, cases[i].param),
                          "%s: %s", cases[i].body, err.param);
        }
    }
}
END_TEST

/* What needs a memory says that there is none. */
START_TEST(test_no_memory)
{
    static const char *const members[] = {
        "\"previous_response_id\":\"r\"", "\"conversation\":{\"id\":\"c\"}",
        "\"background\":true"
    };
    size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;

        read_request(responses, llmgw_str_of(apr_pstrcat(
            unit_pool, "{" INPUT ",", members[i], "}", NULL)), &err);
        ck_assert_int_eq(llmgw_err_http_status(&err), 400);
        ck_assert_ptr_ne(strcasestr(err.message, "conversations"), NULL);
        ck_assert_ptr_ne(strstr(err.message, "not configured"), NULL);
    }
}
END_TEST

/* null is as good as nothing at all. */
START_TEST(test_nulls)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_request(responses, LLMGW_STR_LIT(
        "{" INPUT ",\"instructions\":null,\"temperature\":null,\"tools\":null,"
        "\"tool_choice\":null,\"reasoning\":null,\"text\":null,\"stream\":"
        "null,\"background\":null,\"store\":null,\"x\":null,\"include\":null}"
        ), &err);

    ck_assert_ptr_ne(req, NULL);
    unit_assert_null(req->temperature);
    ck_assert_int_eq(req->extras->nelts, 0);
    ck_assert_int_eq(req->messages->nelts, 1);
    ck_assert_ptr_eq(req->echoed, NULL);
}
END_TEST

/* What Responses cannot take, by the three ways of LLMUnsupported. */
START_TEST(test_unsupported)
{
    static const struct {
        const char *member;
        const char *by_default;
    } cases[] = {
        { "\"stop\":\"x\"", "unsupported_parameter stop" },
        { "\"n\":2", "unsupported_parameter n" },
        { "\"n\":1", "\"model\"" },
        { "\"max_tokens\":1", "\"max_output_tokens\":16," },
        { "\"max_tokens\":1", "\ndropped: max_tokens" },
        { "\"max_tokens\":17", "\"max_output_tokens\":17," },
        { "\"top_k\":5", "\ndropped: top_k" },
        { "\"seed\":5", "\ndropped: seed" },
        { "\"presence_penalty\":1", "\ndropped: presence_penalty" },
        { "\"service_tier\":\"standard_only\"",
          "\"service_tier\":\"standard_only\"" },
        { "\"logit_bias\":{}", "\ndropped: logit_bias" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;
        llmgw_request_t *req = read_chat(llmgw_str_of(apr_pstrcat(
            unit_pool, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
            "\"content\":\"a\"}],", cases[i].member, "}", NULL)), &err);

        ck_assert_ptr_ne(req, NULL);
        if (strstr(cases[i].member, "tier")) {
            req->dialect = responses;   /* its own words pass */
        }
        assert_has(write_request(responses, req, LLMGW_UNSUPPORTED_DEFAULT,
                                 0).p, cases[i].by_default);
        assert_lacks(write_request(responses, req, LLMGW_UNSUPPORTED_DROP,
                                   0).p, "unsupported_parameter");
    }
}
END_TEST

/* What models that reason thought is asked for, as nobody keeps it. */
START_TEST(test_include)
{
    static const struct {
        const char *model;
        const char *member;
        int asks;
    } cases[] = {
        { "gpt-4.1", "\"user\":\"u\"", 0 },
        { "gpt-4.1", "\"reasoning_effort\":\"low\"", 1 },
        { "gpt-5.1", "\"user\":\"u\"", 1 },
        { "gpt-5.1", "\"reasoning_effort\":\"none\"", 0 },
        { "gpt-5-chat-latest", "\"user\":\"u\"", 0 },
        { "o4-mini", "\"logprobs\":true", 1 }
    };
    const char *out;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        out = translate(responses, apr_psprintf(
            unit_pool, "{\"model\":\"%s\",%s,\"messages\":[{\"role\":"
            "\"user\",\"content\":\"a\"}]}", cases[i].model,
            cases[i].member));
        ck_assert_msg(!strstr(out, "\"reasoning.encrypted_content\"")
                      == !cases[i].asks, "%s", out);
    }
}
END_TEST

/* Built-in tools go to their maker, and are refused elsewhere. */
START_TEST(test_builtin)
{
    static const char body[] = "{" INPUT ",\"tools\":[{\"type\":\"web_search\","
        "\"filters\": {\"allowed_domains\":[\"a\"]}}]}";

    assert_has(translate_from(responses, responses, body),
               "{\"type\":\"web_search\",\"filters\": {\"allowed_domains\":"
               "[\"a\"]}}");
    assert_has(translate_from(responses, chat, body),
               "unsupported_parameter tools[0]");
    assert_has(translate_from(responses, &llmgw_dialect_anthropic, body),
               "unsupported_parameter tools[0]");
}
END_TEST

/* Reasoning of a Claude's comes back as it went out. */
START_TEST(test_signatures)
{
    const char *out = translate_from(responses, &llmgw_dialect_anthropic,
        ITEM("{\"role\":\"user\",\"content\":\"a\"},{\"type\":\"reasoning\","
             "\"summary\":[],\"content\":[{\"type\":\"reasoning_text\","
             "\"text\":\" I  think\\n\"}],\"encrypted_content\":\"s1\"},"
             "{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":"
             "\"blob\"},{\"type\":\"reasoning\",\"summary\":[],\"content\":"
             "[{\"type\":\"reasoning_text\",\"text\":\"\"}],"
             "\"encrypted_content\":\"s2\"},{\"role\":\"assistant\","
             "\"content\":\"b\"},{\"role\":\"user\",\"content\":\"c\"}"));

    assert_has(out, "{\"role\":\"assistant\",\"content\":[{\"type\":"
               "\"thinking\",\"thinking\":\" I  think\\n\",\"signature\":"
               "\"s1\"},{\"type\":\"redacted_thinking\",\"data\":\"blob\"},"
               "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":"
               "\"s2\"},{\"type\":\"text\",\"text\":\"b\"}]}");
}
END_TEST

/* The one choice of words that would store what nobody asked to be stored. */
START_TEST(test_store)
{
    assert_has(translate(responses, "{\"model\":\"m\",\"messages\":[{\"role\":"
                         "\"user\",\"content\":\"a\"}]}"),
               "\"store\":false");
    assert_has(translate(responses, "{\"model\":\"m\",\"store\":true,"
                         "\"messages\":[{\"role\":\"user\",\"content\":"
                         "\"a\"}]}"), "\"store\":true");
    assert_lacks(translate_from(responses, chat, "{" INPUT ",\"store\":true}"),
                 "store");
}
END_TEST

static void check_request(const fixture_t *f)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req, *again;
    llmgw_str_t first, body = LLMGW_STR_NULL;

    if (f->request) {
        body = unit_read(f->request);
    }
    if (!body.p || !strstr(body.p, "\"input\"")
        || llmgw_json_scan(body.p, body.len, NULL, NULL, NULL, NULL, NULL)
            != APR_SUCCESS) {
        return;                 /* not kept, not whole, or of another API */
    }
    req = read_request(responses, body, &err);
    if (!req && err.status == LLMGW_EUNSUPPORTED) {
        ck_assert_str_eq(err.param, "previous_response_id");
        return;
    }
    ck_assert_msg(req != NULL, "%s: %s", f->id, err.message);
    first = write_request(responses, req, LLMGW_UNSUPPORTED_REJECT,
                          LLMGW_QUIRK_REASONING);
    again = read_request(responses, first, &err);
    ck_assert_msg(again != NULL, "%s: %s", f->id, err.message);
    unit_assert_same(write_request(responses, again, LLMGW_UNSUPPORTED_REJECT,
                                   LLMGW_QUIRK_REASONING), first);
    unit_assert_same(write_request(chat, req, LLMGW_UNSUPPORTED_DROP,
                                   LLMGW_QUIRK_REASONING),
                     write_request(chat, again, LLMGW_UNSUPPORTED_DROP,
                                   LLMGW_QUIRK_REASONING));
}

/* A chat request by way of Responses is the same chat request. */
static void check_chat(const fixture_t *f)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req, *again;
    llmgw_str_t body = LLMGW_STR_NULL, wire;

    if (f->request) {
        body = unit_read(f->request);
    }
    if (f->status != 200 || !body.p || !strstr(body.p, "\"messages\"")
        || llmgw_json_scan(body.p, body.len, NULL, NULL, NULL, NULL, NULL)
            != APR_SUCCESS) {
        return;
    }
    req = read_chat(body, &err);
    ck_assert_msg(req != NULL, "%s: %s", f->id, err.message);
    wire = write_request(responses, req, LLMGW_UNSUPPORTED_DROP,
                         LLMGW_QUIRK_REASONING);
    if (strstr(wire.p, "\ndropped: ")) {
        wire.len = (apr_size_t)(strstr(wire.p, "\ndropped: ") - wire.p);
    }
    again = read_request(responses, wire, &err);
    ck_assert_msg(again != NULL, "%s: %s", f->id, err.message);
    ck_assert_int_eq(again->tools->nelts, req->tools->nelts);
    ck_assert_int_ge(again->messages->nelts, 1);
}

START_TEST(test_recorded)
{
    each_fixture("openai-responses", check_request);
    each_fixture("azure-openai", check_request);
    each_fixture("openai-chat", check_chat);
    each_fixture("openai-compatible", check_chat);
}
END_TEST

UNIT_MAIN("responses_request", test_golden, test_refused, test_no_memory,
          test_nulls, test_unsupported, test_include, test_builtin, test_signatures,
          test_store, test_recorded)
