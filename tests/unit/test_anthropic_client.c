/* test_anthropic_client.c: reading the requests of Anthropic's clients */
#include "requests.h"

static const llmgw_dialect_t *const anthropic = &llmgw_dialect_anthropic;
static const llmgw_dialect_t *const chat = &llmgw_dialect_openai_chat;

#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

/* A request as another's; how hints and the like are taken is the default. */
static const char *pass_on(const llmgw_dialect_t *to, const char *body)
{
    return translate_from(anthropic, to, body);
}

/* Each NAME.req.json, as other providers and as Anthropic have it. */
START_TEST(test_golden)
{
    static const golden_t golden = {
        &llmgw_dialect_anthropic, "anthropic/client", ".req.json", NULL,
        LLMGW_UNSUPPORTED_DROP
    };

    ck_assert_int_gt(check_golden_to(&golden, chat), 5);
    ck_assert_int_gt(check_golden_to(&golden, anthropic), 5);
    ck_assert_int_gt(check_golden_to(&golden,
                                     &llmgw_dialect_openai_responses), 5);
}
END_TEST

/* What is refused, and the field that is named. */
START_TEST(test_refused)
{
    static const struct {
        const char *members;
        const char *param;
        apr_status_t status;
    } cases[] = {
        { "\"messages\":[]", "messages", LLMGW_EINVAL },
        { "\"max_tokens\":5", "messages", LLMGW_EMISSING },
        { "\"messages\":[7]", "messages[0]", LLMGW_EINVAL },
        { "\"messages\":[{\"content\":\"a\"}]", "messages[0].role",
          LLMGW_EMISSING },
        { "\"messages\":[{\"role\":\"tool\",\"content\":\"a\"}]",
          "messages[0].role", LLMGW_EINVAL },
        { "\"messages\":[{\"role\":\"user\"}]", "messages[0].content",
          LLMGW_EMISSING },
        { "\"messages\":[{\"role\":\"user\",\"content\":5}]",
          "messages[0].content", LLMGW_EINVAL },
        { USER ",\"system\":5", "system", LLMGW_EINVAL },
        { USER ",\"system\":[{\"type\":\"image\"}]", "system[0].type",
          LLMGW_EINVAL },
        { USER ",\"max_tokens\":-1", "max_tokens", LLMGW_EINVAL },
        { USER ",\"max_tokens\":\"5\"", "max_tokens", LLMGW_EINVAL },
        { USER ",\"temperature\":\"x\"", "temperature", LLMGW_EINVAL },
        { USER ",\"stream\":1", "stream", LLMGW_EINVAL },
        { USER ",\"stop_sequences\":\"a\"", "stop_sequences", LLMGW_EINVAL },
        { USER ",\"stop_sequences\":[1]", "stop_sequences", LLMGW_EINVAL },
        { USER ",\"metadata\":{\"user_id\":1}", "metadata.user_id",
          LLMGW_EINVAL },
        { USER ",\"thinking\":{}", "thinking.type", LLMGW_EINVAL },
        { USER ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":\"1\"}",
          "thinking.budget_tokens", LLMGW_EINVAL },
        { USER ",\"output_config\":{\"effort\":1}", "output_config.effort",
          LLMGW_EINVAL },
        { USER ",\"output_config\":{\"format\":{\"type\":\"xml\"}}",
          "output_config.format.type", LLMGW_EINVAL },
        { USER ",\"output_format\":{\"type\":\"json_schema\"}",
          "output_format.schema", LLMGW_EINVAL },
        { USER ",\"thread\":5", "thread", LLMGW_EINVAL },
        { USER ",\"thread\":{\"type\":\"create\"}", "thread",
          LLMGW_EUNSUPPORTED },
        { USER ",\"tools\":{}", "tools", LLMGW_EINVAL },
        { USER ",\"tools\":[{}]", "tools[0].name", LLMGW_EMISSING },
        { USER ",\"tools\":[{\"name\":\"f\"},{\"name\":\"g\","
          "\"input_schema\":[]}]", "tools[1].input_schema", LLMGW_EINVAL },
        { USER ",\"tools\":[{\"type\":7}]", "tools[0].type", LLMGW_EINVAL },
        { USER ",\"tool_choice\":\"auto\"", "tool_choice", LLMGW_EINVAL },
        { USER ",\"tool_choice\":{\"type\":\"required\"}", "tool_choice.type",
          LLMGW_EINVAL },
        { USER ",\"tool_choice\":{\"type\":\"tool\"}", "tool_choice.name",
          LLMGW_EMISSING }
    };
    llmgw_err_t err;
    const char *body;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&err, 0, sizeof(err));
        body = apr_psprintf(unit_pool, "{\"model\":\"m\",%s}",
                            cases[i].members);
        ck_assert_ptr_eq(read_request(anthropic, llmgw_str_of(body), &err), NULL);
        ck_assert_msg(err.status == cases[i].status, "%s: %s", body,
                      err.message);
        ck_assert_str_eq(err.param, cases[i].param);
    }
}
END_TEST

/* Clients of message threads go on without when they are told by this code. */
START_TEST(test_thread)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    ck_assert_ptr_eq(read_request(anthropic, LLMGW_STR_LIT(
        "{\"model\":\"m\"," USER ",\"thread\":{\"type\":\"continue\","
        "\"previous_message_id\":\"msg_1\"}}"), &err), NULL);
    ck_assert_str_eq(llmgw_err_code(&err), "thread_unsupported_request");
    memset(&err, 0, sizeof(err));
    ck_assert_ptr_ne(read_request(anthropic, LLMGW_STR_LIT(
        "{\"model\":\"m\"," USER ",\"thread\":null}"), &err), NULL);
}
END_TEST

/* The same for blocks, the second of a user's or an assistant's turn. */
START_TEST(test_refused_blocks)
{
    static const struct {
        const char *block;
        const char *param;
        int assistant;
    } cases[] = {
        { "7", "", 0 },
        { "{}", ".type", 0 },
        { "{\"type\":5}", ".type", 1 },
        { "{\"type\":\"input_audio\"}", ".type", 0 },
        { "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\"}", ".type", 0 },
        { "{\"type\":\"text\"}", ".text", 0 },
        { "{\"type\":\"text\",\"text\":5}", ".text", 1 },
        { "{\"type\":\"image\"}", ".source", 0 },
        { "{\"type\":\"image\",\"source\":\"x\"}", ".source", 0 },
        { "{\"type\":\"image\",\"source\":{\"type\":\"text\"}}",
          ".source.type", 0 },
        { "{\"type\":\"image\",\"source\":{\"type\":\"url\"}}", ".source.url",
          0 },
        { "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"data\":\"A\"}"
          "}", ".source.media_type", 0 },
        { "{\"type\":\"document\",\"source\":{\"type\":\"text\",\"data\":5}}",
          ".source.data", 0 },
        { "{\"type\":\"document\",\"source\":{\"type\":\"file\"}}",
          ".source.file_id", 0 },
        { "{\"type\":\"document\",\"source\":{\"type\":\"content\"}}",
          ".source.content", 0 },
        { "{\"type\":\"document\",\"source\":{\"type\":\"content\",\"content\":"
          "[{\"type\":\"tool_use\"}]}}", ".source.content[0].type", 0 },
        { "{\"type\":\"tool_result\"}", ".tool_use_id", 0 },
        { "{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":"
          "[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"x\"}]}",
          ".content[1].type", 0 },
        { "{\"type\":\"search_result\",\"title\":\"t\",\"content\":[]}",
          ".source", 0 },
        { "{\"type\":\"tool_use\",\"name\":\"f\"}", ".id", 1 },
        { "{\"type\":\"tool_use\",\"id\":\"a\"}", ".name", 1 },
        { "{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":\"\"}",
          ".input", 1 },
        { "{\"type\":\"thinking\"}", ".thinking", 1 },
        { "{\"type\":\"redacted_thinking\"}", ".data", 1 }
    };
    llmgw_err_t err;
    const char *body;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&err, 0, sizeof(err));
        body = apr_psprintf(unit_pool, "{\"model\":\"m\",\"messages\":["
                            "{\"role\":\"%s\",\"content\":[{\"type\":\"text\","
                            "\"text\":\"a\"},%s]}]}", cases[i].assistant
                            ? "assistant" : "user", cases[i].block);
        ck_assert_ptr_eq(read_request(anthropic, llmgw_str_of(body), &err), NULL);
        ck_assert_str_eq(err.param, apr_pstrcat(
            unit_pool, "messages[0].content[1]", cases[i].block[0] == '7'
            ? "" : cases[i].param, NULL));
    }
}
END_TEST

/* null is as good as nothing at all; system may stand anywhere. */
START_TEST(test_odd_shapes)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_request(anthropic, LLMGW_STR_LIT(
        "{\"temperature\":null,\"tools\":null,\"stream\":null,\"x\":null,"
        "\"tool_choice\":{\"type\":\"any\"},\"metadata\":null,"
        "\"messages\":[{\"role\":\"user\",\"content\":\"\"},"
        "{\"role\":\"assistant\",\"content\":[]},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"\"},"
        "{\"type\":\"text\",\"text\":\"t\"}]}],\"system\":\"s\","
        "\"model\":\"m\"}"), &err);
    const llmgw_message_t *m;

    ck_assert_ptr_ne(req, NULL);
    ck_assert_int_eq(req->choice, LLMGW_CHOICE_UNSET);
    ck_assert_int_eq(req->extras->nelts, 0);
    ck_assert_int_eq(req->messages->nelts, 2);
    m = &APR_ARRAY_IDX(req->messages, 0, llmgw_message_t);
    ck_assert_int_eq(m->role, LLMGW_ROLE_SYSTEM);
    ck_assert_int_eq(m->number, -1);
    m = &APR_ARRAY_IDX(req->messages, 1, llmgw_message_t);
    ck_assert_int_eq(m->number, 2);
    ck_assert_int_eq(m->parts->nelts, 1);
}
END_TEST

/* What chat completions cannot take: a 400 that names it, or dropped. */
START_TEST(test_unsupported)
{
    static const struct {
        const char *members;
        const char *has;
    } cases[] = {
        { USER ",\"top_k\":5", "dropped: top_k" },
        { USER ",\"container\":\"c\"", "dropped: container" },
        { USER ",\"mcp_servers\":[]", "unsupported_parameter mcp_servers" },
        { USER ",\"metadata\":{\"user_id\":\"u\",\"x\":1}",
          "dropped: metadata.x" },
        { USER ",\"output_config\":{\"effort\":\"max\",\"y\":1}",
          "\"reasoning_effort\":\"high\"}\ndropped: output_config.y" },
        { USER ",\"service_tier\":\"standard_only\"",
          "\"service_tier\":\"default\"" },
        { USER ",\"stop_sequences\":[\"a\",\"b\",\"c\",\"d\",\"e\"]",
          "\"stop\":[\"a\",\"b\",\"c\",\"d\"]}\ndropped: stop" },
        { USER ",\"tools\":[{\"name\":\"f\"},{\"type\":"
          "\"web_search_20250305\",\"name\":\"web_search\"}]",
          "unsupported_parameter tools[1]" },
        { USER ",\"system\":[{\"type\":\"text\",\"text\":\"s\","
          "\"cache_control\":{\"type\":\"ephemeral\"}},{\"type\":\"text\","
          "\"text\":\"t\",\"cache_control\":{\"type\":\"ephemeral\"}}],"
          "\"tools\":[{\"name\":\"f\",\"cache_control\":{}}]",
          "}\ndropped: cache_control" },
        { "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
          "{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":"
          "{\"type\":\"url\",\"url\":\"https://example.org/a.pdf\"}}]}]",
          "unsupported_parameter messages[1].content" },
        { "\"system\":\"s\",\"messages\":[{\"role\":\"user\",\"content\":[{"
          "\"type\":\"container_upload\",\"file_id\":\"f\"}]}]",
          "unsupported_parameter messages[0].content" },
        { "\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":"
          "\"server_tool_use\",\"id\":\"s\",\"name\":\"web_search\",\"input\":"
          "{}},{\"type\":\"text\",\"text\":\"found\"}]},{\"role\":\"user\","
          "\"content\":\"so\"}]", "dropped: messages[0].content" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *out = pass_on(chat, apr_psprintf(
            unit_pool, "{\"model\":\"m\",%s}", cases[i].members));

        assert_has(out, cases[i].has);
        assert_lacks(out, "cache_control,");
    }
}
END_TEST

/* A tool left out cannot be chosen. */
START_TEST(test_choice_of_nothing)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_request(anthropic, LLMGW_STR_LIT(
        "{\"model\":\"m\"," USER ",\"tools\":[{\"name\":\"f\"},{\"type\":"
        "\"web_search_20250305\",\"name\":\"web_search\"}],\"tool_choice\":"
        "{\"type\":\"tool\",\"name\":\"web_search\"}}"), &err);
    const char *out = write_request(chat, req, LLMGW_UNSUPPORTED_DROP, 0).p;

    assert_lacks(out, "tool_choice");
    assert_has(out, "dropped: tools[1]");
}
END_TEST

/* A signed call's id comes apart, and both of its places still agree. */
START_TEST(test_signed_id)
{
    const char *out = pass_on(chat,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":["
        "{\"type\":\"tool_use\",\"id\":\"a_llmgwsig_YzJsbg\",\"name\":\"f\","
        "\"input\":{}}]},{\"role\":\"user\",\"content\":[{\"type\":"
        "\"tool_result\",\"tool_use_id\":\"a_llmgwsig_YzJsbg\"}]}]}");

    assert_has(out, "\"id\":\"a\",");
    assert_has(out, "\"thought_signature\":\"c2ln\"");
    assert_has(out, "\"tool_call_id\":\"a\"");
    out = pass_on(chat,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":["
        "{\"type\":\"tool_use\",\"id\":\"a_llmgwsig_!!!!\",\"name\":\"f\","
        "\"input\":{}}]}]}");
    assert_has(out, "\"id\":\"a_llmgwsig_!!!!\"");
}
END_TEST

/* A user id is often longer than OpenAI's 64 bytes. */
START_TEST(test_long_user)
{
    const char *out = pass_on(chat, "{\"model\":\"m\"," USER ",\"metadata\":"
        "{\"user_id\":\"user_0123456789012345678901234567890123456789"
        "0123456789_account_0123456789\"}}");
    const char *user = strstr(out, "\"user\":\"");

    ck_assert_ptr_ne(user, NULL);
    ck_assert_int_eq(strcspn(user + 8, "\""), 64);
}
END_TEST

/* ---- recorded exchanges ------------------------------------------------- */

static int nread;

/* To its own dialect and back; to chat completions and back. */
static void check_request(const fixture_t *f)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req;
    llmgw_str_t body, once;
    const char *end;

    if (!f->request || f->status != 200) {
        return;
    }
    body = unit_read(f->request);
    if (llmgw_json_scan(body.p, body.len, NULL, NULL, NULL, NULL, NULL)
        != APR_SUCCESS) {
        return;                 /* not kept whole */
    }
    req = read_request(anthropic, body, &err);
    ck_assert_msg(req != NULL, "%s: %s", f->id, err.message);
    once = write_request(anthropic, req, LLMGW_UNSUPPORTED_DROP, 0);
    end = strstr(once.p, "\ndropped: ");
    once.len = end ? (apr_size_t)(end - once.p) : once.len;
    req = read_request(anthropic, once, &err);
    ck_assert_msg(req != NULL, "%s: %s", f->id, err.message);
    unit_assert_same(once, write_request(anthropic, req,
                                         LLMGW_UNSUPPORTED_DROP, 0));
    write_request(chat, req, LLMGW_UNSUPPORTED_DROP, LLMGW_QUIRK_REASONING);
    nread++;
}

START_TEST(test_recorded)
{
    nread = 0;
    if (each_fixture("anthropic", check_request)) {
        ck_assert_int_gt(nread, 30);
    }
}
END_TEST

UNIT_MAIN("anthropic_client", test_golden, test_refused, test_thread,
          test_refused_blocks, test_odd_shapes, test_unsupported, test_choice_of_nothing,
          test_signed_id, test_long_user, test_recorded)
