/* test_models.c: lists of models and their pages, in each dialect */
#include "unit.h"
#include "llmgw/dialect.h"

static const llmgw_model_t models[] = {
    { "a", "x", 1700000000, 0 }, { "b/\"c\"", "y", 0, 1 },
    { "d", "x", 1700000000, 0 }, { "e", "x", 1700000000, 0 }
};

/* The ids on the page a query asks for, "+" if there is more; or the name of
 * the parameter at fault. */
static const char *get_page(const llmgw_dialect_t *dialect, const char *query)
{
    llmgw_model_page_t page = { models, 4, 0 };
    llmgw_err_t err = LLMGW_ERR_INIT;
    const char *ids = "";
    int i;

    if (dialect->models_page(&page, query, unit_pool, &err) != APR_SUCCESS) {
        ck_assert_ptr_ne(err.message, NULL);
        return err.param;
    }
    for (i = 0; i < page.n; i++) {
        ids = apr_psprintf(unit_pool, "%s%c", ids, page.models[i].id[0]);
    }
    return apr_pstrcat(unit_pool, ids, page.has_more ? "+" : "", NULL);
}

START_TEST(test_anthropic_pages)
{
    static const struct {
        const char *query;
        const char *want;
    } cases[] = {
        { NULL, "abde" }, { "", "abde" }, { "beta=true", "abde" },
        { "limit=1000", "abde" }, { "limit=99999999999", "abde" },
        { "limit=4", "abde" }, { "limit=3", "abd+" }, { "limit=1", "a+" },
        { "after_id=a", "bde" }, { "after_id=a&limit=2", "bd+" },
        { "after_id=b%2F%22c%22&limit=2", "de" }, { "after_id=e", "" },
        { "before_id=d", "ab" }, { "before_id=d&limit=1", "b+" },
        { "before_id=e&limit=3", "abd" }, { "before_id=a", "" },
        { "limit=0", "abde" },
        { "limit=x", "limit" }, { "limit=-1", "limit" },
        { "limit=", "limit" }, { "limit=1.5", "limit" },
        { "after_id=zz", "after_id" }, { "after_id=", "after_id" },
        { "before_id=zz", "before_id" },
        { "after_id=a&before_id=d", "before_id" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(get_page(&llmgw_dialect_anthropic, cases[i].query),
                         cases[i].want);
    }
}
END_TEST

START_TEST(test_gemini_pages)
{
    static const struct {
        const char *query;
        const char *want;
    } cases[] = {
        { NULL, "abde" }, { "pageSize=2", "ab+" }, { "pageToken=", "abde" },
        { "pageSize=0", "abde" }, { "pageSize=2&pageToken=b%2f%22c%22", "de" },
        { "pageToken=a&pageSize=1", "b+" }, { "pageToken=e", "" },
        { "pageSize=x", "pageSize" }, { "pageToken=zz", "pageToken" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(get_page(&llmgw_dialect_gemini, cases[i].query),
                         cases[i].want);
    }
    ck_assert_ptr_eq(llmgw_dialect_openai_chat.models_page, NULL);
}
END_TEST

static const char *encode(const llmgw_dialect_t *dialect, int n, int has_more,
                          int single)
{
    llmgw_model_page_t page = { models, n, has_more };
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 4096);

    unit_assert_ok(dialect->models_encode(out, &page, single));
    return out->data;
}

#define OPENAI_A "{\"id\":\"a\",\"object\":\"model\",\"created\":1700000000," \
    "\"owned_by\":\"x\"}"
#define ANTHROPIC_A "{\"type\":\"model\",\"id\":\"a\",\"display_name\":\"a\"," \
    "\"created_at\":\"2023-11-14T22:13:20Z\"}"
#define CHAT "\"generateContent\",\"streamGenerateContent\",\"countTokens\""
#define GEMINI_A "{\"name\":\"models/a\",\"displayName\":\"a\"," \
    "\"supportedGenerationMethods\":[" CHAT "]}"
#define GEMINI_B "{\"name\":\"models/b/\\\"c\\\"\",\"displayName\":" \
    "\"b/\\\"c\\\"\",\"supportedGenerationMethods\":[" CHAT \
    ",\"embedContent\",\"batchEmbedContents\"]}"

START_TEST(test_encode)
{
    const llmgw_dialect_t *openai = &llmgw_dialect_openai_chat;
    const llmgw_dialect_t *anthropic = &llmgw_dialect_anthropic;
    const llmgw_dialect_t *gemini = &llmgw_dialect_gemini;

    ck_assert_str_eq(encode(openai, 1, 0, 1), OPENAI_A);
    ck_assert_str_eq(encode(openai, 1, 0, 0),
                     "{\"object\":\"list\",\"data\":[" OPENAI_A "]}");
    ck_assert_str_eq(encode(openai, 0, 0, 0),
                     "{\"object\":\"list\",\"data\":[]}");
    ck_assert_str_eq(encode(anthropic, 1, 0, 1), ANTHROPIC_A);
    ck_assert_str_eq(encode(anthropic, 1, 1, 0),
                     "{\"data\":[" ANTHROPIC_A "],\"has_more\":true,"
                     "\"first_id\":\"a\",\"last_id\":\"a\"}");
    ck_assert_str_eq(encode(anthropic, 0, 0, 0),
                     "{\"data\":[],\"has_more\":false,\"first_id\":null,"
                     "\"last_id\":null}");
    ck_assert_str_eq(encode(gemini, 1, 0, 1), GEMINI_A);
    ck_assert_str_eq(encode(gemini, 2, 0, 0),
                     "{\"models\":[" GEMINI_A "," GEMINI_B "]}");
    ck_assert_str_eq(encode(gemini, 2, 1, 0),
                     "{\"models\":[" GEMINI_A "," GEMINI_B "],"
                     "\"nextPageToken\":\"b/\\\"c\\\"\"}");
    ck_assert_str_eq(encode(gemini, 0, 0, 0), "{\"models\":[]}");
}
END_TEST

UNIT_MAIN("models", test_anthropic_pages, test_gemini_pages, test_encode)
