/* test_count.c: counting tokens: requests and answers of each form */
#include "requests.h"
#include "llmgw/count.h"

static llmgw_request_t *read_count(const llmgw_dialect_t *from,
                                   const char *body, llmgw_err_t *err)
{
    const llmgw_address_t address = { LLMGW_STR_LIT("gemini-2.5-pro"), 0 };
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    const llmgw_json_t *root;
    llmgw_request_t *req = NULL;
    apr_status_t rv;

    unit_assert_ok(llmgw_json_parse(doc, body, strlen(body), &root, NULL));
    rv = from->count->request_decode(
        &req, root, from == &llmgw_dialect_gemini ? &address : NULL,
        unit_pool, err);
    ck_assert_int_eq(rv, err->status);
    return rv == APR_SUCCESS ? req : NULL;
}

/* What a request is for another dialect's counter, or "CODE PARAM". */
static const char *convert(const llmgw_dialect_t *from, const char *body,
                           const llmgw_dialect_t *to, const char *model)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_count(from, body, &err);
    llmgw_encode_t how;

    memset(&how, 0, sizeof(how));
    how.model = llmgw_str_of(model);
    how.dropped = apr_array_make(unit_pool, 4, sizeof(char *));
    if (!req || to->count->request_encode(out, req, &how, unit_pool, &err)
                != APR_SUCCESS) {
        return apr_psprintf(unit_pool, "%s %s", llmgw_err_code(&err),
                            err.param ? err.param : "-");
    }
    unit_assert_ok(llmgw_json_scan(out->data, out->len, NULL, NULL, NULL, NULL,
                                   NULL));
    put_dropped(out, how.dropped);
    return out->data;
}

#define HI "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]"
#define SYSTEM "\"systemInstruction\":{\"parts\":[{\"text\":\"be\"}]}"
#define TOOL "\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\"," \
    "\"description\":\"d\",\"parameters\":{\"type\":\"OBJECT\"," \
    "\"properties\":{\"a\":{\"type\":\"STRING\"}}}}]}]"

START_TEST(test_gemini_to_anthropic)
{
    static const struct {
        const char *body;
        const char *want;
    } cases[] = {
        { "{" HI "}",
          "{\"model\":\"claude-3-haiku\",\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}]}" },
        { "{\"generateContentRequest\":{\"model\":\"models/x\"," SYSTEM ","
          HI "," TOOL ",\"generationConfig\":{\"temperature\":0.5,"
          "\"maxOutputTokens\":9,\"stopSequences\":[\"x\"],\"seed\":1,"
          "\"candidateCount\":2}}}",
          "{\"model\":\"claude-3-haiku\",\"system\":[{\"type\":\"text\","
          "\"text\":\"be\"}],\"messages\":[{\"role\":\"user\",\"content\":[{"
          "\"type\":\"text\",\"text\":\"hi\"}]}],\"tools\":[{\"name\":\"f\","
          "\"description\":\"d\",\"input_schema\":{\"type\":\"object\","
          "\"properties\":{\"a\":{\"type\":\"string\"}}}}]}" },
        { "{" HI ",\"generate_content_request\":{" HI "," SYSTEM "}}",
          "{\"model\":\"claude-3-haiku\",\"system\":[{\"type\":\"text\","
          "\"text\":\"be\"}],\"messages\":[{\"role\":\"user\",\"content\":[{"
          "\"type\":\"text\",\"text\":\"hi\"}]}]}" },
        { "{" SYSTEM "," HI "}",
          "{\"model\":\"claude-3-haiku\",\"system\":[{\"type\":\"text\","
          "\"text\":\"be\"}],\"messages\":[{\"role\":\"user\",\"content\":[{"
          "\"type\":\"text\",\"text\":\"hi\"}]}]}" },
        { "{}", "missing_required_parameter contents" },
        { "{\"generateContentRequest\":null," HI "}",
          "{\"model\":\"claude-3-haiku\",\"messages\":[{\"role\":\"user\","
          "\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}]}" },
        { "{\"generateContentRequest\":5}",
          "invalid_value generateContentRequest" },
        { "{\"generateContentRequest\":{}}", "missing_required_parameter "
          "generateContentRequest.contents" },
        { "{\"generateContentRequest\":{\"contents\":[{\"parts\":[5]}]}}",
          "invalid_value generateContentRequest.contents[0].parts[0]" },
        { "{\"generateContentRequest\":{" HI ",\"cachedContent\":\"c\"}}",
          "unsupported_parameter cachedContent" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(convert(&llmgw_dialect_gemini, cases[i].body,
                                 &llmgw_dialect_anthropic, "claude-3-haiku"),
                         cases[i].want);
    }
}
END_TEST

#define MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

START_TEST(test_anthropic_to_gemini)
{
    static const struct {
        const char *body;
        const char *want;
    } cases[] = {
        { "{\"model\":\"m\"," MESSAGES "}",
          "{\"generateContentRequest\":{\"model\":\"models/gemini-2.5-pro\","
          HI "}}" },
        { "{\"model\":\"m\",\"system\":\"be\"," MESSAGES ",\"thinking\":{"
          "\"type\":\"enabled\",\"budget_tokens\":2048},\"tools\":[{\"name\":"
          "\"f\",\"input_schema\":{\"type\":\"object\"}}],\"metadata\":{"
          "\"user_id\":\"u\"},\"service_tier\":\"auto\"}",
          "{\"generateContentRequest\":{\"model\":\"models/gemini-2.5-pro\","
          "\"systemInstruction\":{\"parts\":[{\"text\":\"be\"}]}," HI ","
          "\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\"}]}],"
          "\"generationConfig\":{\"thinkingConfig\":{\"thinkingBudget\":2048,"
          "\"includeThoughts\":true}}}}" },
        { "{\"model\":\"m\"}", "missing_required_parameter messages" },
        { "{\"model\":\"m\",\"messages\":5}", "invalid_value messages" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(convert(&llmgw_dialect_anthropic, cases[i].body,
                                 &llmgw_dialect_gemini, "gemini-2.5-pro"),
                         cases[i].want);
    }
}
END_TEST

/* ---- answers ------------------------------------------------------------ */

static const char *answer(const llmgw_dialect_t *from, const char *body,
                          const llmgw_dialect_t *to)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 4096);
    llmgw_err_t err = LLMGW_ERR_INIT;
    apr_int64_t tokens;
    apr_status_t rv = from->count->answer_decode(&tokens, llmgw_str_of(body),
                                                 unit_pool, &err);

    ck_assert_int_eq(rv, err.status);
    if (rv != APR_SUCCESS) {
        return apr_psprintf(unit_pool, "%s: %s", llmgw_err_code(&err),
                            err.detail ? err.detail : err.message);
    }
    unit_assert_ok(to->count->answer_encode(out, tokens));
    return out->data;
}

/* OpenAI's counter takes neither a stream nor limits nor store. */
START_TEST(test_to_responses)
{
    ck_assert_str_eq(
        convert(&llmgw_dialect_anthropic,
                "{\"model\":\"x\",\"system\":\"be\"," MESSAGES ",\"tools\":[{"
                "\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}]}",
                &llmgw_dialect_openai_responses, "gpt-4o"),
        "{\"model\":\"gpt-4o\",\"input\":[{\"type\":\"message\",\"role\":"
        "\"system\",\"content\":\"be\"},{\"type\":\"message\",\"role\":"
        "\"user\",\"content\":\"hi\"}],\"tools\":[{\"type\":\"function\","
        "\"name\":\"f\",\"parameters\":{\"type\":\"object\"},"
        "\"strict\":false}]}");
}
END_TEST

START_TEST(test_answers)
{
    const llmgw_dialect_t *anthropic = &llmgw_dialect_anthropic;
    const llmgw_dialect_t *gemini = &llmgw_dialect_gemini;
    static const char *const bad[] = {
        "{\"input_tokens\":-1}", "{\"input_tokens\":1.5}",
        "{\"input_tokens\":\"3\"}", "{\"input_tokens\":null}",
        "{\"input_tokens\":1e30}", "{\"totalTokens\":3}", "{}"
    };
    size_t i;

    ck_assert_str_eq(answer(anthropic, "{\"input_tokens\": 12,\"x\":1}",
                            gemini), "{\"totalTokens\":12}");
    ck_assert_str_eq(answer(gemini, "{\"totalTokens\":31,\"promptTokensDetails"
                            "\":[{\"modality\":\"TEXT\",\"tokenCount\":31}]}",
                            anthropic), "{\"input_tokens\":31}");
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_str_eq(answer(anthropic, bad[i], gemini),
                         "upstream_bad_body: no \"input_tokens\"");
    }
    ck_assert_str_eq(answer(&llmgw_dialect_openai_responses,
                            "{\"input_tokens\":3}", gemini),
                     "{\"totalTokens\":3}");
    ck_assert_str_eq(answer(gemini, "{\"totalTokens\":31}",
                            &llmgw_dialect_openai_responses),
                     "{\"object\":\"response.input_tokens\","
                     "\"input_tokens\":31}");
    ck_assert_str_eq(answer(gemini, "<html>", anthropic),
                     "upstream_bad_body: unexpected character at byte 0 of 6");
    ck_assert_str_eq(answer(gemini, "{\"error\":{\"code\":500,\"message\":"
                            "\"oh\"}}", anthropic), "500: oh");
}
END_TEST

START_TEST(test_who_counts)
{
    ck_assert_ptr_eq(llmgw_dialect_openai_chat.count, NULL);
    ck_assert_ptr_eq(llmgw_dialect_anthropic.embed, NULL);
}
END_TEST

UNIT_MAIN("count", test_gemini_to_anthropic, test_anthropic_to_gemini,
          test_to_responses, test_answers, test_who_counts)
