/* test_embed.c: embeddings: requests and answers of each form in the other */
#include "requests.h"
#include "llmgw/echo.h"
#include "llmgw/embed.h"

static const llmgw_embed_t *openai, *gemini;

static void find_vtables(void)
{
    openai = llmgw_dialect_openai_chat.embed;
    gemini = llmgw_dialect_gemini.embed;
}

/* ---- requests ----------------------------------------------------------- */

static const char *show_error(const llmgw_err_t *err)
{
    ck_assert_ptr_ne(err->message, NULL);
    return apr_psprintf(unit_pool, "%s %s", llmgw_err_code(err),
                        err->param ? err->param : "-");
}

static llmgw_embed_request_t *read_embed(const llmgw_embed_t *from, int batch,
                                         const char *body, llmgw_err_t *err)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    llmgw_embed_request_t *req = NULL;
    const llmgw_json_t *root;
    apr_status_t rv;

    unit_assert_ok(llmgw_json_parse(doc, body, strlen(body), &root, NULL));
    rv = from->request_decode(&req, root, batch, unit_pool, err);
    ck_assert_int_eq(rv, err->status);
    ck_assert_int_eq(rv == APR_SUCCESS, req != NULL);
    return req;
}

/* Its body and what was dropped, or "CODE PARAM". */
static const char *convert(const llmgw_embed_t *from, int batch,
                           const char *body, const llmgw_embed_t *to,
                           llmgw_unsupported_e unsupported)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_embed_request_t *req = read_embed(from, batch, body, &err);
    llmgw_encode_t how;

    if (!req) {
        return show_error(&err);
    }
    memset(&how, 0, sizeof(how));
    how.model = LLMGW_STR_LIT("em/b");
    how.unsupported = unsupported;
    how.dropped = apr_array_make(unit_pool, 4, sizeof(char *));
    if (to->request_encode(out, req, &how, unit_pool, &err) != APR_SUCCESS) {
        return show_error(&err);
    }
    unit_assert_ok(llmgw_json_scan(out->data, out->len, NULL, NULL, NULL, NULL,
                                   NULL));
    put_dropped(out, how.dropped);
    return out->data;
}

#define TEXT(model, text, more) "{" model "\"content\":{\"parts\":[{" \
    "\"text\":" text "}]}" more "}"
#define ITEM(text, more) TEXT("\"model\":\"models/em/b\",", text, more)

START_TEST(test_openai_to_gemini)
{
    static const struct {
        const char *body;
        const char *want;
    } cases[] = {
        { "{\"model\":\"m\",\"input\":\"a\\n\\u00e9\"}",
          "{\"requests\":[" ITEM("\"a\\n\xc3\xa9\"", "") "]}" },
        { "{\"input\":[\"a\",\"b\"],\"model\":\"m\",\"dimensions\":256,"
          "\"encoding_format\":\"base64\"}",
          "{\"requests\":[" ITEM("\"a\"", ",\"outputDimensionality\":256") ","
          ITEM("\"b\"", ",\"outputDimensionality\":256") "]}" },
        { "{\"input\":\"a\",\"encoding_format\":null,\"dimensions\":null,"
          "\"user\":null}", "{\"requests\":[" ITEM("\"a\"", "") "]}" },
        { "{\"input\":\"a\",\"user\":\"u\",\"x\":1,\"encoding_format\":"
          "\"float\"}",
          "{\"requests\":[" ITEM("\"a\"", "") "]}\ndropped: user, x" },
        { "{\"input\":[1,2]}", "unsupported_parameter input" },
        { "{\"input\":[[1,2],[3]]}", "unsupported_parameter input" }
    };
    size_t i;

    find_vtables();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(convert(openai, 0, cases[i].body, gemini,
                                 LLMGW_UNSUPPORTED_DEFAULT), cases[i].want);
    }
    ck_assert_str_eq(convert(openai, 0, "{\"input\":\"a\",\"user\":\"u\"}",
                             gemini, LLMGW_UNSUPPORTED_REJECT),
                     "unsupported_parameter user");
}
END_TEST

START_TEST(test_openai_refused)
{
    static const struct {
        const char *body;
        const char *want;
    } cases[] = {
        { "{}", "missing_required_parameter input" },
        { "{\"input\":null}", "missing_required_parameter input" },
        { "{\"input\":5}", "invalid_value input" },
        { "{\"input\":{}}", "invalid_value input" },
        { "{\"input\":[]}", "invalid_value input" },
        { "{\"input\":[\"a\",5]}", "invalid_value input[1]" },
        { "{\"input\":[\"a\",null]}", "invalid_value input[1]" },
        { "{\"input\":[null]}", "invalid_value input[0]" },
        { "{\"input\":[1,\"a\"]}", "invalid_value input[0]" },
        { "{\"input\":[1,-2]}", "invalid_value input[0]" },
        { "{\"input\":[1.5]}", "invalid_value input[0]" },
        { "{\"input\":[[1],[]]}", "invalid_value input[1]" },
        { "{\"input\":[[1],[\"a\"]]}", "invalid_value input[1]" },
        { "{\"input\":[[1],2]}", "invalid_value input[1]" },
        { "{\"input\":\"a\",\"dimensions\":0}", "invalid_value dimensions" },
        { "{\"input\":\"a\",\"dimensions\":1.5}",
          "invalid_value dimensions" },
        { "{\"input\":\"a\",\"dimensions\":\"9\"}",
          "invalid_value dimensions" },
        { "{\"input\":\"a\",\"encoding_format\":\"hex\"}",
          "invalid_value encoding_format" },
        { "{\"input\":\"a\",\"encoding_format\":1}",
          "invalid_value encoding_format" }
    };
    size_t i;

    find_vtables();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(convert(openai, 0, cases[i].body, gemini,
                                 LLMGW_UNSUPPORTED_DROP), cases[i].want);
    }
}
END_TEST

#define ASKS(input, more) "{\"model\":\"em/b\",\"input\":[" input "]" more \
    ",\"encoding_format\":\"float\"}"

START_TEST(test_gemini_to_openai)
{
    static const struct {
        int batch;
        const char *body;
        const char *want;
    } cases[] = {
        { 0, TEXT("", "\"a\"", ""), ASKS("\"a\"", "") },
        { 0, TEXT("\"model\":\"models/x\",", "\"a\"",
                  ",\"outputDimensionality\":64,\"taskType\":\"CLUSTERING\","
                  "\"title\":\"t\""),
          ASKS("\"a\"", ",\"dimensions\":64") "\ndropped: taskType, title" },
        { 0, TEXT("", "\"a\"", ",\"output_dimensionality\":64,"
                  "\"task_type\":\"CLUSTERING\""),
          ASKS("\"a\"", ",\"dimensions\":64") "\ndropped: taskType" },
        { 0, TEXT("", "\"a\"", ",\"embedContentConfig\":{"
                  "\"outputDimensionality\":64,\"autoTruncate\":true}"),
          ASKS("\"a\"", ",\"dimensions\":64") "\ndropped: autoTruncate" },
        { 0, "{\"content\":{\"role\":\"user\",\"parts\":[{\"text\":\"a\"},"
             "{\"text\":\"b\\\"\"}]}}", ASKS("\"a\\nb\\\"\"", "") },
        { 1, "{\"requests\":[" TEXT("\"model\":\"models/x\",", "\"a\"",
             ",\"taskType\":\"CLUSTERING\"") ","
             TEXT("\"model\":\"models/x\",", "\"b\"",
             ",\"taskType\":\"CLUSTERING\"") "]}",
          ASKS("\"a\",\"b\"", "") "\ndropped: taskType" },
        { 1, "{\"requests\":[" TEXT("", "\"a\"", ",\"outputDimensionality\":8")
             "," TEXT("", "\"\"", ",\"outputDimensionality\":8") "]}",
          ASKS("\"a\",\"\"", ",\"dimensions\":8") },
        { 1, "{\"requests\":[" TEXT("", "\"a\"", ",\"outputDimensionality\":8")
             "," TEXT("", "\"b\"", ",\"outputDimensionality\":9") "]}",
          "unsupported_parameter requests[1].outputDimensionality" },
        { 1, "{\"requests\":[" TEXT("", "\"a\"", "")
             "," TEXT("", "\"b\"", ",\"outputDimensionality\":9") "]}",
          "unsupported_parameter requests[1].outputDimensionality" },
        { 1, "{\"requests\":[" TEXT("", "\"a\"", ",\"outputDimensionality\":8")
             "," TEXT("", "\"b\"", "") "]}",
          "unsupported_parameter requests[1].outputDimensionality" }
    };
    size_t i;

    find_vtables();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(convert(gemini, cases[i].batch, cases[i].body, openai,
                                 LLMGW_UNSUPPORTED_DEFAULT), cases[i].want);
    }
    ck_assert_str_eq(convert(gemini, 0, cases[1].body, openai,
                             LLMGW_UNSUPPORTED_REJECT),
                     "unsupported_parameter taskType");
}
END_TEST

#define PARTS(parts) "{\"content\":{\"parts\":" parts "}}"

START_TEST(test_gemini_refused)
{
    static const struct {
        int batch;
        const char *body;
        const char *want;
    } cases[] = {
        { 0, "{}", "missing_required_parameter content" },
        { 0, "{\"content\":null}", "missing_required_parameter content" },
        { 0, "{\"content\":\"a\"}", "invalid_value content.parts" },
        { 0, "{\"content\":{}}", "invalid_value content.parts" },
        { 0, PARTS("[]"), "invalid_value content.parts" },
        { 0, PARTS("{}"), "invalid_value content.parts" },
        { 0, PARTS("[5]"), "invalid_value content.parts[0]" },
        { 0, PARTS("[{\"text\":5}]"), "invalid_value content.parts[0]" },
        { 0, PARTS("[{\"text\":\"a\"},{\"inlineData\":{}}]"),
          "unsupported_parameter content.parts[1]" },
        { 0, TEXT("", "\"a\"", ",\"outputDimensionality\":0"),
          "invalid_value outputDimensionality" },
        { 0, TEXT("", "\"a\"", ",\"embedContentConfig\":5"),
          "invalid_value embedContentConfig" },
        { 1, "{}", "missing_required_parameter requests" },
        { 1, "{\"requests\":null}", "missing_required_parameter requests" },
        { 1, "{\"requests\":{}}", "invalid_value requests" },
        { 1, "{\"requests\":[]}", "invalid_value requests" },
        { 1, "{\"requests\":[5]}",
          "missing_required_parameter requests[0].content" },
        { 1, "{\"requests\":[" TEXT("", "\"a\"", "") ",{}]}",
          "missing_required_parameter requests[1].content" },
        { 1, "{\"requests\":[" TEXT("", "\"a\"", "") "," TEXT("", "5", "")
             "]}", "invalid_value requests[1].content.parts[0]" },
        { 1, "{\"requests\":[" TEXT("", "\"a\"",
             ",\"outputDimensionality\":\"x\"") "]}",
          "invalid_value requests[0].outputDimensionality" }
    };
    size_t i;

    find_vtables();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(convert(gemini, cases[i].batch, cases[i].body, openai,
                                 LLMGW_UNSUPPORTED_DROP), cases[i].want);
    }
}
END_TEST

/* One form that goes round comes back the same. */
START_TEST(test_same_form)
{
    find_vtables();
    ck_assert_str_eq(convert(openai, 0, "{\"input\":[[1,2], [3]]}", openai,
                             LLMGW_UNSUPPORTED_REJECT),
                     ASKS("[1,2],[3]", ""));
    ck_assert_str_eq(convert(openai, 0, "{\"input\":[1,2]}", openai,
                             LLMGW_UNSUPPORTED_REJECT), ASKS("[1,2]", ""));
    ck_assert_str_eq(convert(gemini, 0, TEXT("", "\"a\"", ""), gemini,
                             LLMGW_UNSUPPORTED_REJECT),
                     "{\"requests\":[" ITEM("\"a\"", "") "]}");
}
END_TEST

/* As many names as a header has room for; a client may send a million. */
START_TEST(test_many_hints)
{
    const char *body = "{\"input\":\"a\"", *got;
    int i, n = 1;

    find_vtables();
    for (i = 0; i < 1000; i++) {
        body = apr_psprintf(unit_pool, "%s,\"x%d\":1", body, i);
    }
    got = convert(openai, 0, apr_pstrcat(unit_pool, body, "}", NULL), gemini,
                  LLMGW_UNSUPPORTED_DEFAULT);
    got = strstr(got, "dropped: x0, x1,");
    ck_assert_ptr_ne(got, NULL);
    for (; *got; got++) {
        n += *got == ',';
    }
    ck_assert_int_eq(n, 32);
}
END_TEST

START_TEST(test_estimate)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    find_vtables();
    ck_assert_int_eq(llmgw_embed_estimate(read_embed(
        openai, 0, "{\"input\":[\"one two\",\"three\"]}", &err)), 4);
    ck_assert_int_eq(llmgw_embed_estimate(read_embed(
        openai, 0, "{\"input\":[[1,2,3],[4]]}", &err)), 4);
}
END_TEST

/* ---- names within bodies ------------------------------------------------ */

START_TEST(test_rename)
{
    static const struct {
        const char *body;
        const char *want;
    } cases[] = {
        { " {\"requests\" :[{\"model\": \"models/x\",\"content\":{\"model\":1}"
          "},{\"content\":0,\"mod\\u0065l\":\"models/x\"},{}, 5],\"x\":"
          "\"model\"} ",
          " {\"requests\" :[{\"model\": \"models/a\\\"b\",\"content\":{"
          "\"model\":1}},{\"content\":0,\"mod\\u0065l\":\"models/a\\\"b\"},{},"
          " 5],\"x\":\"model\"} " },
        { "{\"model\":\"models/x\",\"content\":{}}",
          "{\"model\":\"models/a\\\"b\",\"content\":{}}" },
        { "{\"content\":{\"model\":\"models/x\"}}", NULL },
        { "{\"generateContentRequest\":{\"contents\":[{\"model\":1}],"
          "\"model\":\"models/x\"}}",
          "{\"generateContentRequest\":{\"contents\":[{\"model\":1}],"
          "\"model\":\"models/a\\\"b\"}}" },
        { "{\"generate_content_request\":{\"model\":\"models/x\"},\"contents\""
          ":[]}", "{\"generate_content_request\":{\"model\":\"models/a\\\"b\"}"
          ",\"contents\":[]}" },
        { "{\"requests\":{\"model\":1},\"generateContentRequest\":[1]}",
          NULL }
    };
    llmgw_str_t body;
    size_t i;

    find_vtables();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        body = llmgw_str_of(cases[i].body);
        unit_assert_ok(gemini->rename(&body, LLMGW_STR_LIT("a\"b"),
                                      unit_pool));
        unit_assert_str(body, cases[i].want ? cases[i].want : cases[i].body);
    }
    body = LLMGW_STR_LIT("{\"model\":\"models/x\"}");
    unit_assert_ok(gemini->rename(&body, LLMGW_STR_LIT("models/y"),
                                  unit_pool));
    unit_assert_str(body, "{\"model\":\"models/y\"}");
}
END_TEST

/* ---- answers ------------------------------------------------------------ */

/* An answer as it is written in a form, or "CODE: DETAIL". */
static const char *answer(const llmgw_embed_t *from, const char *body,
                          const llmgw_embed_t *to, int is_base64,
                          int is_batch)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_embed_request_t req = { .is_base64 = is_base64,
                                  .is_batch = is_batch };
    llmgw_embed_answer_t got;
    llmgw_usage_t usage;
    llmgw_err_t err = LLMGW_ERR_INIT, same = LLMGW_ERR_INIT;
    apr_status_t rv = from->answer_decode(&got, llmgw_str_of(body), unit_pool,
                                          &err);

    ck_assert_int_eq(rv, err.status);
    if (rv != APR_SUCCESS) {
        ck_assert_ptr_ne(err.message, NULL);
        return apr_psprintf(unit_pool, "%s: %s", llmgw_err_code(&err),
                            err.detail ? err.detail : err.message);
    }
    unit_assert_ok(from->usage_decode(&usage, llmgw_str_of(body), unit_pool,
                                      &same));
    ck_assert_int_eq(usage.prompt, got.usage.prompt);
    unit_assert_ok(to->answer_encode(out, &got, &req));
    unit_assert_ok(llmgw_json_scan(out->data, out->len, NULL, NULL, NULL, NULL,
                                   NULL));
    return out->data;
}

#define OPENAI_ITEM(index, vector) "{\"object\":\"embedding\",\"index\":" \
    index ",\"embedding\":" vector "}"
#define OPENAI(items, more) "{\"object\":\"list\",\"data\":[" items "]" more \
    "}"
#define USAGE(n) ",\"usage\":{\"prompt_tokens\":" n ",\"total_tokens\":" n "}"
#define META(n) ",\"usageMetadata\":{\"promptTokenCount\":" n "}"

START_TEST(test_gemini_answers)
{
    find_vtables();
    ck_assert_str_eq(answer(gemini, "{\"embeddings\":[{\"values\":[0.10, -1E-3"
                            "\n]},{\"values\":[2]}]" META("7") "}", openai, 0,
                            0),
                     OPENAI(OPENAI_ITEM("0", "[0.10, -1E-3\n]") ","
                            OPENAI_ITEM("1", "[2]"), USAGE("7")));
    ck_assert_str_eq(answer(gemini, "{\"embedding\":{\"values\":[1,2]}}",
                            openai, 1, 0),
                     OPENAI(OPENAI_ITEM("0", "\"AACAPwAAAEA=\""),
                            USAGE("0")));
    ck_assert_str_eq(answer(gemini, "{\"embeddings\":[{\"values\":[1],"
                            "\"shape\":[1]}],\"usageMetadata\":{"
                            "\"promptTokenCount\":3,\"promptTokenDetails\":[{"
                            "\"modality\":\"TEXT\",\"tokenCount\":3}]}}",
                            gemini, 0, 1),
                     "{\"embeddings\":[{\"values\":[1]}]" META("3") "}");
}
END_TEST

START_TEST(test_openai_answers)
{
    find_vtables();
    /* out of order, and without an order */
    ck_assert_str_eq(answer(openai, OPENAI(
        OPENAI_ITEM("1", "[2]") "," OPENAI_ITEM("0", "[1.50]"),
        ",\"model\":\"m\"" USAGE("5")), gemini, 0, 1),
                     "{\"embeddings\":[{\"values\":[1.50]},{\"values\":[2]}]"
                     META("5") "}");
    ck_assert_str_eq(answer(openai, OPENAI(
        "{\"embedding\":[1]},{\"embedding\":[2]}", ""), gemini, 0, 1),
                     "{\"embeddings\":[{\"values\":[1]},{\"values\":[2]}]}");
    ck_assert_str_eq(answer(openai, OPENAI(OPENAI_ITEM("0", "[1]"), ""),
                            gemini, 0, 0),
                     "{\"embedding\":{\"values\":[1]}}");
    /* base64 from who was asked for numbers, with escapes */
    ck_assert_str_eq(answer(openai, OPENAI(
        OPENAI_ITEM("0", "\"\\/\\/9\\/fwAAgD8=\""), ""), gemini, 0, 0),
                     "{\"embedding\":{\"values\":[3.40282347e+38,1]}}");
    ck_assert_str_eq(answer(openai, OPENAI(
        OPENAI_ITEM("0", "\"AACAPw==\""), ",\"model\":\"m\\u00e9\""), openai,
                            1, 0),
                     OPENAI(OPENAI_ITEM("0", "\"AACAPw==\""),
                            ",\"model\":\"m\xc3\xa9\"" USAGE("0")));
}
END_TEST

#define BAD "upstream_bad_body: "

START_TEST(test_answers_refused)
{
    static const struct {
        int is_gemini;
        const char *body;
        const char *want;
    } cases[] = {
        { 0, "", BAD "unexpected end of text at byte 0 of 0" },
        { 0, "{", BAD "unexpected end of text at byte 1 of 1" },
        { 0, "null", BAD "no JSON object" },
        { 0, "[]", BAD "no JSON object" },
        { 0, "{}", BAD "no \"data\"" },
        { 0, "{\"data\":{}}", BAD "no \"data\"" },
        { 0, "{\"data\":null,\"error\":null}", BAD "no \"data\"" },
        { 0, "{\"error\":{\"message\":\"oh\"}}", "upstream_error: oh" },
        { 0, "{\"data\":[],\"error\":\"oh\"}", "upstream_error: oh" },
        { 0, OPENAI("5", ""),
          BAD "an element of \"data\" holds no vector" },
        { 0, OPENAI("{}", ""),
          BAD "an element of \"data\" holds no vector" },
        { 0, OPENAI(OPENAI_ITEM("0", "[]"), ""),
          BAD "an element of \"data\" holds no vector" },
        { 0, OPENAI(OPENAI_ITEM("0", "[1,null]"), ""),
          BAD "an element of \"data\" holds no vector" },
        { 0, OPENAI(OPENAI_ITEM("0", "5"), ""),
          BAD "an element of \"data\" holds no vector" },
        { 0, OPENAI(OPENAI_ITEM("1", "[1]"), ""),
          BAD "\"index\" is no order" },
        { 0, OPENAI(OPENAI_ITEM("\"0\"", "[1]"), ""),
          BAD "\"index\" is no order" },
        { 0, OPENAI(OPENAI_ITEM("-1", "[1]"), ""),
          BAD "\"index\" is no order" },
        { 0, OPENAI(OPENAI_ITEM("0", "[1]") "," OPENAI_ITEM("0", "[2]"), ""),
          BAD "\"index\" is no order" },
        { 1, "{}", BAD "no \"embeddings\"" },
        { 1, "{\"embeddings\":{}}", BAD "no \"embeddings\"" },
        { 1, "{\"embeddings\":[{}]}", BAD "an embedding holds no vector" },
        { 1, "{\"embeddings\":[[1]]}", BAD "an embedding holds no vector" },
        { 1, "{\"embeddings\":[{\"values\":[\"a\"]}]}",
          BAD "an embedding holds no vector" },
        { 1, "{\"embeddings\":[{\"values\":\"AACAPw==\"}]}",
          BAD "an embedding holds no vector" },
        { 1, "{\"embedding\":{\"values\":{}}}",
          BAD "an embedding holds no vector" },
        { 1, "{\"error\":{\"code\":400,\"message\":\"oh\"}}",
          "400: oh" }
    };
    size_t i;

    find_vtables();
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(answer(cases[i].is_gemini ? gemini : openai,
                                cases[i].body, openai, 0, 0), cases[i].want);
    }
}
END_TEST

/* A number may be too large for the other form. */
START_TEST(test_answer_without_form)
{
    static const char *const bodies[] = {
        "{\"embedding\":{\"values\":[1e39]}}",
        OPENAI(OPENAI_ITEM("0", "\"no base64\""), ""),
        OPENAI(OPENAI_ITEM("0", "\"AACAfw==\""), "")
    };
    llmgw_embed_request_t req = { 0 };
    llmgw_embed_answer_t got;
    llmgw_err_t err = LLMGW_ERR_INIT;
    const llmgw_embed_t *from;
    size_t i;

    find_vtables();
    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        from = i == 0 ? gemini : openai;
        req.is_base64 = i == 0;
        unit_assert_ok(from->answer_decode(&got, llmgw_str_of(bodies[i]),
                                           unit_pool, &err));
        unit_assert_status((i == 0 ? openai : gemini)->answer_encode(
            llmgw_buf_create(unit_pool, 1 << 20), &got, &req), LLMGW_EINVAL);
    }
}
END_TEST

/* ---- echo --------------------------------------------------------------- */

static const char *echo(const char *members)
{
    const char *body = apr_psprintf(unit_pool, "{\"model\":\"echo\",%s}",
                                    members);
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 32 << 20);
    llmgw_err_t err = LLMGW_ERR_INIT;

    if (llmgw_echo_embed(out, body, strlen(body), unit_pool, &err)
        != APR_SUCCESS) {
        return show_error(&err);
    }
    return out->data;
}

START_TEST(test_echo)
{
    const char *many = "";
    int i;

    ck_assert_str_eq(echo("\"input\":[\"one two\",\"TWO, one!\",\"\"],"
                          "\"dimensions\":4"),
                     OPENAI(OPENAI_ITEM("0", "[0.000000,0.000000,-0.707107,"
                                        "0.707107]") ","
                            OPENAI_ITEM("1", "[0.000000,0.000000,-0.707107,"
                                        "0.707107]") ","
                            OPENAI_ITEM("2", "[1.000000,0.000000,0.000000,"
                                        "0.000000]"),
                            ",\"model\":\"echo\"" USAGE("4")));
    ck_assert_str_eq(echo("\"input\":[[1,2],[3]],\"dimensions\":1,"
                          "\"encoding_format\":\"base64\""),
                     OPENAI(OPENAI_ITEM("0", "\"AACAPw==\"") ","
                            OPENAI_ITEM("1", "\"AACAPw==\""),
                            ",\"model\":\"echo\"" USAGE("3")));
    ck_assert_str_eq(echo("\"input\":\"x\",\"dimensions\":4097"),
                     "invalid_value dimensions");
    ck_assert_str_eq(echo("\"x\":1"), "missing_required_parameter input");
    for (i = 0; i < 257; i++) {
        many = apr_pstrcat(unit_pool, many, i ? ",\"\"" : "\"\"", NULL);
    }
    ck_assert_str_eq(echo(apr_psprintf(unit_pool, "\"input\":[%s],"
                                       "\"dimensions\":4096", many)),
                     "invalid_value input");
}
END_TEST

UNIT_MAIN("embed", test_openai_to_gemini, test_openai_refused,
          test_gemini_to_openai, test_gemini_refused, test_same_form,
          test_many_hints, test_estimate, test_rename, test_gemini_answers,
          test_openai_answers, test_answers_refused, test_answer_without_form,
          test_echo)
