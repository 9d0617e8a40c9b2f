/* test_openai_chat_request.c: reading and writing chat requests */
#include "requests.h"

static const llmgw_dialect_t *const chat = &llmgw_dialect_openai_chat;

#define USER "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

START_TEST(test_golden)
{
    ck_assert_int_gt(check_golden_requests("openai_chat", chat), 5);
    ck_assert_int_gt(check_golden_requests("openai_chat",
                                           &llmgw_dialect_anthropic), 5);
}
END_TEST

/* What is refused, and where it says the fault is. */
START_TEST(test_refused)
{
    static const struct {
        const char *body;
        apr_status_t status;
        const char *param;
    } cases[] = {
        { "[]", LLMGW_EINVAL, NULL },
        { "{}", LLMGW_EMISSING, "messages" },
        { "{\"model\":\"m\"}", LLMGW_EMISSING, "messages" },
        { "{" USER "}", LLMGW_EMISSING, "model" },
        { "{\"model\":5," USER "}", LLMGW_EINVAL, "model" },
        { "{\"model\":\"m\",\"messages\":[]}", LLMGW_EINVAL, "messages" },
        { "{\"model\":\"m\",\"messages\":\"hi\"}", LLMGW_EINVAL, "messages" },
        { "{\"model\":\"m\",\"messages\":[1]}", LLMGW_EINVAL, "messages[0]" },
        { "{\"model\":\"m\",\"messages\":[{\"content\":\"a\"}]}",
          LLMGW_EMISSING, "messages[0].role" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"king\",\"content\":"
          "\"a\"}]}", LLMGW_EINVAL, "messages[0].role" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}",
          LLMGW_EMISSING, "messages[0].content" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":7}]}",
          LLMGW_EINVAL, "messages[0].content" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "\"a\"},{\"role\":\"user\",\"content\":[{\"type\":\"text\","
          "\"text\":\"a\"},{\"type\":\"smell\"}]}]}",
          LLMGW_EINVAL, "messages[1].content[1].type" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[{}]}]}", LLMGW_EMISSING, "messages[0].content[0].type" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[5]}]}", LLMGW_EINVAL, "messages[0].content[0]" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[{\"type\":\"text\"}]}]}",
          LLMGW_EMISSING, "messages[0].content[0].text" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[{\"type\":\"image_url\",\"image_url\":{\"url\":"
          "\"data:text/plain,hi\"}}]}]}",
          LLMGW_EINVAL, "messages[0].content[0].image_url.url" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[{\"type\":\"image_url\"}]}]}",
          LLMGW_EMISSING, "messages[0].content[0].image_url" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"A\"}}]}]}",
          LLMGW_EMISSING, "messages[0].content[0].input_audio.format" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
          "[{\"type\":\"file\",\"file\":{}}]}]}",
          LLMGW_EMISSING, "messages[0].content[0].file" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\","
          "\"tool_calls\":[{\"id\":\"a\"}]}]}",
          LLMGW_EMISSING, "messages[0].tool_calls[0].function" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\","
          "\"tool_calls\":{}}]}", LLMGW_EINVAL, "messages[0].tool_calls" },
        { "{\"model\":\"m\",\"messages\":[{\"role\":\"tool\",\"content\":"
          "\"x\"}]}", LLMGW_EMISSING, "messages[0].tool_call_id" },
        { "{\"model\":\"m\",\"temperature\":\"hot\"," USER "}", LLMGW_EINVAL,
          "temperature" },
        { "{\"model\":\"m\",\"stream\":1," USER "}", LLMGW_EINVAL, "stream" },
        { "{\"model\":\"m\",\"n\":0," USER "}", LLMGW_EINVAL, "n" },
        { "{\"model\":\"m\",\"max_tokens\":1.5," USER "}", LLMGW_EINVAL,
          "max_tokens" },
        { "{\"model\":\"m\",\"stop\":[1]," USER "}", LLMGW_EINVAL, "stop" },
        { "{\"model\":\"m\",\"metadata\":[]," USER "}", LLMGW_EINVAL,
          "metadata" },
        { "{\"model\":\"m\",\"tools\":[{\"type\":\"function\"}]," USER "}",
          LLMGW_EMISSING, "tools[0].function" },
        { "{\"model\":\"m\",\"tools\":[{\"type\":\"function\",\"function\":"
          "{}}]," USER "}", LLMGW_EMISSING, "tools[0].function.name" },
        { "{\"model\":\"m\",\"tools\":[{\"type\":\"function\",\"function\":"
          "{\"name\":\"f\",\"parameters\":5}}]," USER "}",
          LLMGW_EINVAL, "tools[0].function.parameters" },
        { "{\"model\":\"m\",\"tools\":{}," USER "}", LLMGW_EINVAL, "tools" },
        { "{\"model\":\"m\",\"tool_choice\":\"perhaps\"," USER "}",
          LLMGW_EINVAL, "tool_choice" },
        { "{\"model\":\"m\",\"response_format\":{\"type\":\"xml\"}," USER "}",
          LLMGW_EINVAL, "response_format.type" },
        { "{\"model\":\"m\",\"response_format\":{\"type\":\"json_schema\"},"
          USER "}", LLMGW_EMISSING, "response_format.json_schema" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;

        ck_assert_ptr_eq(read_chat(llmgw_str_of(cases[i].body), &err), NULL);
        ck_assert_msg(err.status == cases[i].status, "%s: %s", cases[i].body,
                      err.message);
        if (cases[i].param) {
            ck_assert_str_eq(err.param, cases[i].param);
        }
        else {
            ck_assert_ptr_eq(err.param, NULL);
        }
    }
}
END_TEST

/* null is as good as nothing at all. */
START_TEST(test_nulls)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_chat(LLMGW_STR_LIT(
        "{\"model\":\"m\",\"temperature\":null,\"stop\":null,\"tools\":null,"
        "\"stream\":null,\"n\":null,\"response_format\":null,\"user\":null,"
        "\"x\":null,\"messages\":[{\"role\":\"user\",\"name\":null,"
        "\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":null,"
        "\"tool_calls\":null,\"function_call\":null,\"refusal\":null}]}"),
        &err);

    ck_assert_ptr_ne(req, NULL);
    unit_assert_null(req->temperature);
    ck_assert_ptr_eq(req->stop, NULL);
    ck_assert_int_eq(req->extras->nelts, 0);
    ck_assert_int_eq(req->messages->nelts, 1);
    ck_assert_int_eq(req->stream, 0);
}
END_TEST

/* Turns: empty assistants go, calls alone stay, "" is no arguments. */
START_TEST(test_assistant_turns)
{
    const char *out = translate(chat,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"},"
        "{\"role\":\"assistant\",\"content\":\"\"},"
        "{\"role\":\"assistant\",\"content\":[]},"
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":"
        "\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"\"}]}");

    ck_assert_str_eq(out,
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":"
        "\"c\",\"type\":\"function\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"{}\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"c\",\"content\":\"\"}]}");
}
END_TEST

/* A choice among no tools is none. */
START_TEST(test_choice_without_tools)
{
    const char *out = translate(chat, "{\"model\":\"m\",\"tool_choice\":"
                                "\"required\",\"parallel_tool_calls\":false,"
                                USER "}");

    assert_lacks(out, "tool_choice");
    assert_lacks(out, "parallel_tool_calls");
}
END_TEST

START_TEST(test_quirks)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_chat(LLMGW_STR_LIT(
        "{\"model\":\"m\",\"stream\":true,\"max_completion_tokens\":9,"
        "\"max_tokens\":7,\"messages\":[{\"role\":\"developer\",\"content\":"
        "\"d\"},{\"role\":\"assistant\",\"reasoning_content\":\"r\","
        "\"content\":\"c\"}]}"), &err);
    const char *out;

    ck_assert_ptr_ne(req, NULL);
    out = write_request(chat, req, LLMGW_UNSUPPORTED_DEFAULT, 0).p;
    assert_has(out, "\"max_completion_tokens\":9");
    assert_has(out, "\"stream_options\":{\"include_usage\":true}");
    assert_has(out, "\"developer\"");
    assert_lacks(out, "reasoning_content");
    out = write_request(chat, req, LLMGW_UNSUPPORTED_DEFAULT,
                        LLMGW_QUIRK_MAX_TOKENS | LLMGW_QUIRK_NO_DEVELOPER
                        | LLMGW_QUIRK_NO_STREAM_OPTIONS
                        | LLMGW_QUIRK_REASONING).p;
    assert_has(out, "\"max_tokens\":9");
    assert_lacks(out, "stream_options");
    assert_has(out, "\"role\":\"system\"");
    assert_has(out, "\"reasoning_content\":\"r\"");
}
END_TEST

/* What OpenAI cannot take, by the three ways of LLMUnsupported. */
START_TEST(test_unsupported)
{
    static const struct {
        llmgw_unsupported_e how;
        const char *hint;
        const char *meaning;
    } cases[] = {
        { LLMGW_UNSUPPORTED_DEFAULT, "\ndropped: top_k",
          "unsupported_parameter tools[0]" },
        { LLMGW_UNSUPPORTED_DROP, "\ndropped: top_k", "\ndropped: tools[0]" },
        { LLMGW_UNSUPPORTED_REJECT, "unsupported_parameter top_k",
          "unsupported_parameter tools[0]" }
    };
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        req = read_chat(LLMGW_STR_LIT("{\"model\":\"m\",\"top_k\":5," USER
                                      "}"), &err);
        assert_has(write_request(chat, req, cases[i].how, 0).p,
                   cases[i].hint);
        req = read_chat(LLMGW_STR_LIT("{\"model\":\"m\",\"tools\":[{\"type\":"
                                      "\"web_search\"}]," USER "}"), &err);
        req->dialect = &llmgw_dialect_anthropic;
        assert_has(write_request(chat, req, cases[i].how, 0).p,
                   cases[i].meaning);
    }
}
END_TEST

/* Images in a result go where OpenAI takes them. */
START_TEST(test_result_media)
{
    const char *out = translate(chat,
        "{\"model\":\"m\",\"messages\":["
        "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":[{\"type\":"
        "\"text\",\"text\":\"one\"},{\"type\":\"image_url\",\"image_url\":"
        "{\"url\":\"https://example.org/a.png\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"two\"}]}");

    assert_has(out,
        "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"one\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"two\"},"
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
        "\"Result of a:\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
        "\"https://example.org/a.png\"}}]}");
}
END_TEST

/* Parts as other clients' dialects have them. */
START_TEST(test_foreign_parts)
{
    static const struct {
        llmgw_part_t part;
        const char *has;
    } cases[] = {
        { { .type = LLMGW_PART_DOCUMENT, .text = { "doc", 3 } },
          "\"content\":[{\"type\":\"text\",\"text\":\"doc\"}]" },
        { { .type = LLMGW_PART_DOCUMENT, .url = { "https://a/b", 11 } },
          "\"content\":\"\"}]}\ndropped: messages[0].content" },
        { { .type = LLMGW_PART_DOCUMENT, .file_id = { "f", 1 } },
          "dropped: messages[0].content" },
        { { .type = LLMGW_PART_DOCUMENT, .data = { "AA==", 4 },
            .media_type = { "application/pdf", 15 } },
          "\"file\":{\"filename\":\"document.pdf\",\"file_data\":"
          "\"data:application/pdf;base64,AA==\"}" },
        { { .type = LLMGW_PART_VIDEO, .url = { "https://a/b", 11 } },
          "dropped: messages[0].content" },
        { { .type = LLMGW_PART_IMAGE, .url = { "gs://a/b", 8 } },
          "dropped: messages[0].content" },
        { { .type = LLMGW_PART_AUDIO, .data = { "AA==", 4 },
            .media_type = { "audio/x-wav", 11 } },
          "\"input_audio\":{\"data\":\"AA==\",\"format\":\"wav\"}" },
        { { .type = LLMGW_PART_AUDIO, .data = { "AA==", 4 },
            .media_type = { "audio/flac", 10 } }, "\"format\":\"flac\"" },
        { { .type = LLMGW_PART_TEXT, .text = { "t", 1 },
            .cache_control = { "{}", 2 } },
          "\"content\":\"t\"}]}\ndropped: cache_control" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        llmgw_request_t *req = llmgw_request_create(unit_pool);
        llmgw_message_t *m = llmgw_request_add_message(req, unit_pool,
                                                       LLMGW_ROLE_USER);

        req->model = LLMGW_STR_LIT("m");
        *llmgw_parts_add(m->parts, cases[i].part.type) = cases[i].part;
        assert_has(write_request(chat, req, LLMGW_UNSUPPORTED_DROP, 0).p,
                   cases[i].has);
    }
}
END_TEST

/* A budget is put into words; a choice among tools keeps their kind. */
START_TEST(test_foreign_members)
{
    static const char *const budgets[][2] = {
        { "1024", "\"low\"" }, { "8000", "\"medium\"" },
        { "32000", "\"high\"" }
    };
    size_t i;

    for (i = 0; i < 3; i++) {
        llmgw_request_t *req = llmgw_request_create(unit_pool);

        req->model = LLMGW_STR_LIT("m");
        req->reasoning_budget = llmgw_str_of(budgets[i][0]);
        req->service_tier = LLMGW_STR_LIT("standard_only");
        req->safety_settings = LLMGW_STR_LIT("[]");
        ((llmgw_extra_t *)apr_array_push(req->extras))->name =
            LLMGW_STR_LIT("container");
        assert_has(write_request(chat, req, LLMGW_UNSUPPORTED_DROP, 0).p,
                   budgets[i][1]);
        assert_has(write_request(chat, req, LLMGW_UNSUPPORTED_DROP, 0).p,
                   "\ndropped: safety_settings, container");
        assert_has(write_request(chat, req, LLMGW_UNSUPPORTED_DROP, 0).p,
                   "\"service_tier\":\"default\"");
    }
}
END_TEST

/* Names and ids that are too long stay apart, and match each other. */
START_TEST(test_long_names)
{
    char body[2000], name[101], other[101];
    const char *out, *first;

    memset(name, 'n', 100);
    name[100] = '\0';
    memcpy(other, name, sizeof(name));
    other[99] = 'o';
    apr_snprintf(body, sizeof(body), "{\"model\":\"m\",\"tools\":["
                 "{\"type\":\"function\",\"function\":{\"name\":\"%s\"}},"
                 "{\"type\":\"function\",\"function\":{\"name\":\"%s\"}}],"
                 "\"tool_choice\":{\"type\":\"function\",\"function\":"
                 "{\"name\":\"%s\"}}," USER "}", name, other, other);
    out = translate(chat, body);
    assert_lacks(out, name);
    first = strstr(out, "nnnnnnnn");
    ck_assert_int_eq(strcspn(first, "\""), 64);
    first = strstr(strstr(first, "\"}"), "nnnnnnnn");
    ck_assert_ptr_ne(strstr(first + 64, apr_pstrmemdup(unit_pool, first, 64)),
                     NULL);
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
    if (f->status != 200 || !body.p || !strstr(body.p, "\"messages\"")
        || llmgw_json_scan(body.p, body.len, NULL, NULL, NULL, NULL, NULL)
            != APR_SUCCESS) {
        return;                 /* not kept, not whole, or of another API */
    }
    req = read_chat(body, &err);
    ck_assert_msg(req != NULL, "%s: %s", f->id, err.message);
    first = write_request(chat, req, LLMGW_UNSUPPORTED_DROP,
                          LLMGW_QUIRK_REASONING);
    if (strstr(first.p, "\ndropped: ")) {
        first.len = (apr_size_t)(strstr(first.p, "\ndropped: ") - first.p);
    }
    again = read_chat(first, &err);
    ck_assert_msg(again != NULL, "%s: %s", f->id, err.message);
    again->stream = req->stream;
    again->reasoning_adaptive = req->reasoning_adaptive;    /* has no member */
    write_request(&llmgw_dialect_anthropic, req, LLMGW_UNSUPPORTED_DROP, 0);
    unit_assert_same(write_request(&llmgw_dialect_anthropic, req,
                                   LLMGW_UNSUPPORTED_DROP, 0),
                     write_request(&llmgw_dialect_anthropic, again,
                                   LLMGW_UNSUPPORTED_DROP, 0));
}

START_TEST(test_recorded)
{
    each_fixture("openai-chat", check_request);
    each_fixture("azure-openai", check_request);
    each_fixture("openai-compatible", check_request);
}
END_TEST

UNIT_MAIN("openai_chat_request", test_golden, test_refused, test_nulls,
          test_assistant_turns, test_choice_without_tools, test_quirks,
          test_unsupported, test_result_media, test_foreign_parts,
          test_foreign_members, test_long_names, test_recorded)
