/* test_surface.c: which API a URL speaks */
#include "llmgw/surface.h"
#include "unit.h"

static void check_as(const char *path, llmgw_surface_e surface,
                     const char *dialect, const char *id)
{
    llmgw_surface_t s;

    llmgw_surface_parse(&s, path);
    ck_assert_msg(s.surface == surface, "%s is surface %d", path, s.surface);
    ck_assert_str_eq(s.dialect, dialect);
    if (id) {
        unit_assert_str(s.id, id);
    }
    else {
        unit_assert_null(s.id);
    }
}

static void check(const char *path, llmgw_surface_e surface, const char *id)
{
    check_as(path, surface, "openai_chat", id);
}

START_TEST(other_dialects)
{
    llmgw_surface_t s;

    check_as("/v1/messages", LLMGW_SURFACE_CHAT, "anthropic", NULL);
    check_as("/v1/responses", LLMGW_SURFACE_CHAT, "openai_responses", NULL);
    check_as("/v1beta/models/gemini-2.5-pro:generateContent",
             LLMGW_SURFACE_CHAT, "gemini", "gemini-2.5-pro");
    check_as("/v1beta/models/a/b:c:streamGenerateContent",
             LLMGW_SURFACE_CHAT, "gemini", "a/b:c");
    llmgw_surface_parse(&s, "/v1beta/models/m:streamGenerateContent");
    ck_assert_int_eq(s.streams, 1);
    llmgw_surface_parse(&s, "/v1beta/models/m:generateContent");
    ck_assert_int_eq(s.streams, 0);
    check_as("/v1beta/models/m:other", LLMGW_SURFACE_MODEL, "gemini",
             "m:other");
    check("/v1/models/:generateContent", LLMGW_SURFACE_MODEL,
          ":generateContent");
}
END_TEST

START_TEST(operations)
{
    static const struct {
        const char *path;
        const char *dialect;
        const char *id;
        llmgw_op_e op;
        int batch;
    } cases[] = {
        { "/v1/chat/completions", "openai_chat", NULL, LLMGW_OP_CHAT, 0 },
        { "/v1beta/models/m:generateContent", "gemini", "m", LLMGW_OP_CHAT,
          0 },
        { "/v1/messages/count_tokens", "anthropic", NULL, LLMGW_OP_COUNT, 0 },
        { "/v1/messages/count_tokens/", "anthropic", NULL, LLMGW_OP_COUNT, 0 },
        { "/v1beta/models/m:countTokens", "gemini", "m", LLMGW_OP_COUNT, 0 },
        { "/v1/embeddings", "openai_chat", NULL, LLMGW_OP_EMBED, 0 },
        { "/openai/deployments/d/embeddings", "openai_chat", NULL,
          LLMGW_OP_EMBED, 0 },
        { "/v1beta/models/a/b:embedContent", "gemini", "a/b", LLMGW_OP_EMBED,
          0 },
        { "/v1/models/m:batchEmbedContents", "gemini", "m", LLMGW_OP_EMBED,
          1 }
    };
    llmgw_surface_t s;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_as(cases[i].path, LLMGW_SURFACE_CHAT, cases[i].dialect,
                 cases[i].id);
        llmgw_surface_parse(&s, cases[i].path);
        ck_assert_int_eq(s.op, cases[i].op);
        ck_assert_int_eq(s.batch, cases[i].batch);
        ck_assert_int_eq(s.streams, 0);
        ck_assert_str_eq(s.methods, "POST");
    }
    check("/v1/count_tokens", LLMGW_SURFACE_UNKNOWN, NULL);
}
END_TEST

/* Gemini's versions tell its callers at paths that all have. */
START_TEST(lists_of_models)
{
    check_as("/v1beta/models", LLMGW_SURFACE_MODELS, "gemini", NULL);
    check_as("/x/v1alpha/models/", LLMGW_SURFACE_MODELS, "gemini", NULL);
    check_as("/v1beta/models/m", LLMGW_SURFACE_MODEL, "gemini", "m");
    check_as("/v1beta/models/models/m", LLMGW_SURFACE_MODEL, "gemini",
             "models/m");
    check("/v1beta/openai/models", LLMGW_SURFACE_MODELS, NULL);
    check("/v1beta/openai/models/m", LLMGW_SURFACE_MODEL, "m");
    check("/beta/models", LLMGW_SURFACE_MODELS, NULL);
    check("/models", LLMGW_SURFACE_MODELS, NULL);
}
END_TEST

START_TEST(last_segments_decide)
{
    check("/v1/chat/completions", LLMGW_SURFACE_CHAT, NULL);
    check("/chat/completions", LLMGW_SURFACE_CHAT, NULL);
    check("/openai/v1/chat/completions/", LLMGW_SURFACE_CHAT, NULL);
    check("/v1/models", LLMGW_SURFACE_MODELS, NULL);
    check("/v1/models/", LLMGW_SURFACE_MODELS, NULL);
    check("/v1/models/gpt-4o", LLMGW_SURFACE_MODEL, "gpt-4o");
    check("/v1/models/claude/claude-3", LLMGW_SURFACE_MODEL,
          "claude/claude-3");
}
END_TEST

START_TEST(stored_responses)
{
    static const struct {
        const char *path;
        const char *methods;
    } cases[] = {
        { "/v1/responses/resp_1", "GET, DELETE" },
        { "/openai/v1/responses/resp_1/", "GET, DELETE" },
        { "/v1/responses/resp_1/input_items", "GET" },
        { "/v1/responses/resp_1/cancel", "POST" }
    };
    llmgw_surface_t s;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check_as(cases[i].path, LLMGW_SURFACE_RESPONSE, "openai_responses",
                 "resp_1");
        llmgw_surface_parse(&s, cases[i].path);
        ck_assert_str_eq(s.methods, cases[i].methods);
    }
    check("/v1/responses/resp_1/other", LLMGW_SURFACE_UNKNOWN, NULL);
    check("/v1/responses/compact", LLMGW_SURFACE_UNKNOWN, NULL);
    check("/v1/responses/resp_1/models/m", LLMGW_SURFACE_MODEL, "m");
}
END_TEST

START_TEST(everything_else_is_unknown)
{
    check("/", LLMGW_SURFACE_UNKNOWN, NULL);
    check("", LLMGW_SURFACE_UNKNOWN, NULL);
    check("/v1", LLMGW_SURFACE_UNKNOWN, NULL);
    check("/v1/chat/completionsx", LLMGW_SURFACE_UNKNOWN, NULL);
    check("/v1/xchat/completions", LLMGW_SURFACE_UNKNOWN, NULL);
    check("/v1/chat", LLMGW_SURFACE_UNKNOWN, NULL);
}
END_TEST

UNIT_MAIN("surface", last_segments_decide, other_dialects, stored_responses,
          operations, lists_of_models, everything_else_is_unknown)
