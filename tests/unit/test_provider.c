/* test_provider.c: kinds of providers and their paths */
#include "unit.h"
#include "llmgw/provider.h"

START_TEST(test_paths)
{
    static const struct {
        const char *kind;
        llmgw_op_e op;
        const char *base;
        const char *deployment;
        const char *version;
        const char *path;
    } cases[] = {
        { "openai", LLMGW_OP_CHAT, "/v1", NULL, NULL, "/v1/chat/completions" },
        { "openai", LLMGW_OP_CHAT, "", NULL, NULL, "/chat/completions" },
        { "openai", LLMGW_OP_MODELS, "/v1", NULL, NULL, "/v1/models" },
        { "openai-responses", LLMGW_OP_CHAT, "/v1", NULL, NULL,
          "/v1/responses" },
        { "openai-responses", LLMGW_OP_MODELS, "/v1", NULL, NULL,
          "/v1/models" },
        { "anthropic", LLMGW_OP_CHAT, "/v1", NULL, NULL, "/v1/messages" },
        { "anthropic", LLMGW_OP_MODELS, "/v1", NULL, NULL, "/v1/models" },
        { "gemini", LLMGW_OP_CHAT, "/v1beta", NULL, NULL,
          "/v1beta/models/gpt%204%2Fx:generateContent" },
        { "gemini", LLMGW_OP_MODELS, "/v1beta", NULL, NULL,
          "/v1beta/models" },
        { "azure", LLMGW_OP_CHAT, "", NULL, NULL,
          "/openai/deployments/gpt%204%2Fx/chat/completions"
          "?api-version=2024-10-21" },
        { "azure", LLMGW_OP_CHAT, "/openai", "dep", "2025-01-01-preview",
          "/openai/deployments/dep/chat/completions"
          "?api-version=2025-01-01-preview" },
        { "azure", LLMGW_OP_CHAT, "/gateway", "dep", NULL,
          "/gateway/openai/deployments/dep/chat/completions"
          "?api-version=2024-10-21" },
        { "azure", LLMGW_OP_MODELS, "", NULL, NULL,
          "/openai/models?api-version=2024-10-21" },
        { "azure", LLMGW_OP_CHAT, "/openai/v1", "dep", NULL,
          "/openai/v1/chat/completions" },
        { "azure", LLMGW_OP_CHAT, "/openai/v1", NULL, "preview",
          "/openai/v1/chat/completions?api-version=preview" },
        { "azure", LLMGW_OP_MODELS, "/openai/v1", NULL, NULL,
          "/openai/v1/models" },
        { "anthropic", LLMGW_OP_COUNT, "/v1", NULL, NULL,
          "/v1/messages/count_tokens" },
        { "gemini", LLMGW_OP_COUNT, "/v1beta", NULL, NULL,
          "/v1beta/models/gpt%204%2Fx:countTokens" },
        { "gemini", LLMGW_OP_EMBED, "/v1beta", NULL, NULL,
          "/v1beta/models/gpt%204%2Fx:embedContent" },
        { "openai", LLMGW_OP_EMBED, "/v1", NULL, NULL, "/v1/embeddings" },
        { "azure", LLMGW_OP_EMBED, "/openai/v1", NULL, NULL,
          "/openai/v1/embeddings" },
        { "azure", LLMGW_OP_EMBED, "", "dep", NULL,
          "/openai/deployments/dep/embeddings?api-version=2024-10-21" }
    };
    llmgw_op_t op;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&op, 0, sizeof(op));
        op.op = cases[i].op;
        op.model = LLMGW_STR_LIT("gpt 4/x");
        op.deployment = cases[i].deployment;
        op.api_version = cases[i].version;
        ck_assert_str_eq(llmgw_provider_path(
            llmgw_provider_kind_lookup(cases[i].kind), &op, cases[i].base,
            unit_pool), cases[i].path);
    }
}
END_TEST

/* model NULL: the path takes none */
START_TEST(test_raw_paths)
{
    static const struct {
        const char *kind, *base, *model, *deployment, *path;
    } cases[] = {
        { "openai", "/v1", NULL, NULL, "/v1/audio/speech" },
        { "openai", "", "m", NULL, "/audio/speech" },
        { "anthropic", "/v1", NULL, NULL, "/v1/audio/speech" },
        { "gemini", "/v1beta", NULL, NULL, "/v1beta/audio/speech" },
        { "azure", "", NULL, "dep",
          "/openai/audio/speech?api-version=2024-10-21" },
        { "azure", "/openai", "", NULL,
          "/openai/audio/speech?api-version=2024-10-21" },
        { "azure", "", "", "dep",
          "/openai/deployments/dep/audio/speech?api-version=2024-10-21" },
        { "azure", "", "tts 1", NULL,
          "/openai/deployments/tts%201/audio/speech?api-version=2024-10-21" },
        { "azure", "/openai/v1", "tts", "dep", "/openai/v1/audio/speech" },
    };
    llmgw_op_t op;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&op, 0, sizeof(op));
        op.op = LLMGW_OP_RAW;
        op.model = llmgw_str_of(cases[i].model);
        op.deployment = cases[i].deployment;
        op.rest = "audio/speech";
        ck_assert_str_eq(llmgw_provider_path(
            llmgw_provider_kind_lookup(cases[i].kind), &op, cases[i].base,
            unit_pool), cases[i].path);
    }
    op.rest = ":predict";
    op.model = LLMGW_STR_LIT("models/a/b");
    ck_assert_str_eq(llmgw_provider_path(llmgw_provider_kind_lookup("gemini"),
                                         &op, "/v1beta", unit_pool),
                     "/v1beta/models/a%2Fb:predict");
}
END_TEST

START_TEST(test_kinds)
{
    const llmgw_provider_kind_t *kind;
    llmgw_op_t op;

    ck_assert_str_eq(llmgw_provider_kind_names(unit_pool),
                     "openai, openai-responses, azure, anthropic, gemini, "
                     "echo");
    ck_assert_ptr_eq(llmgw_provider_kind_lookup("parrot"), NULL);
    ck_assert_ptr_eq(llmgw_provider_kind_lookup(NULL), NULL);
    ck_assert_int_gt(llmgw_provider_kind_lookup("azure")->auto_first,
                     llmgw_provider_kind_lookup("openai")->auto_first);
    kind = llmgw_provider_kind_lookup("anthropic");
    ck_assert_str_eq(kind->auth_header, "x-api-key");
    ck_assert_str_eq(kind->version_header, "anthropic-version");
    ck_assert_str_eq(kind->version_default, "2023-06-01");
    ck_assert_ptr_eq(kind->dialect, &llmgw_dialect_anthropic);
    ck_assert_int_eq(kind->key_optional, 0);
    kind = llmgw_provider_kind_lookup("gemini");
    ck_assert_str_eq(kind->auth_header, "x-goog-api-key");
    ck_assert_str_eq(kind->auth_prefix, "");
    ck_assert_ptr_eq(kind->dialect, &llmgw_dialect_gemini);
    memset(&op, 0, sizeof(op));
    op.stream = 1;
    op.model = LLMGW_STR_LIT("gemini-2.5-pro");
    ck_assert_str_eq(llmgw_provider_path(kind, &op, "", unit_pool),
                     "/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
    op.op = LLMGW_OP_EMBED;
    op.batch = 1;
    ck_assert_str_eq(llmgw_provider_path(kind, &op, "/v1beta", unit_pool),
                     "/v1beta/models/gemini-2.5-pro:batchEmbedContents");
    kind = llmgw_provider_kind_lookup("echo");
    ck_assert_int_eq(kind->needs_url, 0);
    ck_assert_ptr_eq(kind->auth_header, NULL);
    ck_assert_str_eq(kind->system, "echo");
    ck_assert_str_eq(llmgw_provider_kind_lookup("azure")->system,
                     "azure.ai.openai");
    ck_assert_str_eq(llmgw_provider_kind_lookup("azure")->auth_header,
                     "api-key");
    ck_assert_str_eq(llmgw_provider_kind_lookup("openai")->auth_prefix,
                     "Bearer ");
}
END_TEST

/* What a provider's answer may never hand on. */
START_TEST(test_headers)
{
    static const char *const kinds[] = { "openai", "openai-responses", "azure",
                                         "anthropic", "gemini", "echo" };
    static const char *const barred[] = { "set-cookie", "server",
                                          "authorization", "content-length",
                                          "transfer-encoding" };
    const llmgw_provider_kind_t *kind;
    size_t i, j;
    int k;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        kind = llmgw_provider_kind_lookup(kinds[i]);
        for (k = 0; kind->answer_headers[k]; k++) {
            for (j = 0; j < sizeof(barred) / sizeof(barred[0]); j++) {
                ck_assert_int_eq(llmgw_str_glob(kind->answer_headers[k],
                                                llmgw_str_of(barred[j])), 0);
            }
        }
        ck_assert_ptr_ne(kind->request_headers, NULL);
        ck_assert_ptr_ne(kind->models, NULL);
    }
}
END_TEST

UNIT_MAIN("provider", test_paths, test_raw_paths, test_kinds, test_headers)
