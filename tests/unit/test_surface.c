/* test_surface.c: which API a URL speaks */
#include "llmgw/surface.h"
#include "unit.h"

static void check(const char *path, llmgw_surface_e surface, const char *id)
{
    llmgw_surface_t s;

    llmgw_surface_parse(&s, path);
    ck_assert_msg(s.surface == surface, "%s is surface %d", path, s.surface);
    ck_assert_str_eq(s.dialect, "openai_chat");
    if (id) {
        unit_assert_str(s.id, id);
    }
    else {
        unit_assert_null(s.id);
    }
}

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

UNIT_MAIN("surface", last_segments_decide, everything_else_is_unknown)
