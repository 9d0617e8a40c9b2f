/* test_gemini_client.c: clients that speak Gemini: their requests read, their
 * answers written */
#include "requests.h"

static const llmgw_dialect_t *const gemini = &llmgw_dialect_gemini;

/* ---- requests ----------------------------------------------------------- */

static llmgw_request_t *read_gemini(llmgw_str_t body, const char *model,
                                    llmgw_err_t *err)
{
    const llmgw_address_t address = { llmgw_str_of(model), 1 };

    return read_request_at(gemini, &address, body, err);
}

START_TEST(test_golden_requests)
{
    static const llmgw_address_t address = {
        LLMGW_STR_LIT("models/gemini-3-pro-preview"), 1
    };
    static const golden_t golden = {
        &llmgw_dialect_gemini, "gemini/client", ".json", &address,
        LLMGW_UNSUPPORTED_DROP
    };
    const llmgw_dialect_t *to;
    unsigned int i;

    for (i = 0; (to = llmgw_dialect_get(i)) != NULL; i++) {
        ck_assert_int_gt(check_golden_to(&golden, to), 4);
    }
}
END_TEST

#define HI "\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]"
#define PART(p) "{\"contents\":[{\"parts\":[{\"text\":\"a\"}," p "]}]}"
#define CONFIG(c) "{\"generationConfig\":{" c "}," HI "}"
#define TOOL(t) "{\"tools\":[" t "]," HI "}"

/* What is refused, and where it says the fault is. */
START_TEST(test_refused)
{
    static const struct {
        const char *body;
        apr_status_t status;
        const char *param;
    } cases[] = {
        { "[]", LLMGW_EINVAL, NULL },
        { "{}", LLMGW_EMISSING, "contents" },
        { "{\"contents\":[]}", LLMGW_EINVAL, "contents" },
        { "{\"contents\":\"hi\"}", LLMGW_EINVAL, "contents" },
        { "{\"contents\":[5]}", LLMGW_EINVAL, "contents[0]" },
        { "{\"contents\":[{\"role\":\"king\"}]}", LLMGW_EINVAL,
          "contents[0].role" },
        { "{\"contents\":[{\"role\":1}]}", LLMGW_EINVAL, "contents[0].role" },
        { "{\"contents\":[{\"parts\":\"a\"}]}", LLMGW_EINVAL,
          "contents[0].parts" },
        { PART("5"), LLMGW_EINVAL, "contents[0].parts[1]" },
        { PART("{}"), LLMGW_EINVAL, "contents[0].parts[1]" },
        { PART("{\"smell\":{}}"), LLMGW_EINVAL, "contents[0].parts[1]" },
        { PART("{\"text\":5}"), LLMGW_EINVAL, "contents[0].parts[1].text" },
        { PART("{\"text\":\"a\",\"thoughtSignature\":5}"), LLMGW_EINVAL,
          "contents[0].parts[1].thoughtSignature" },
        { PART("{\"inlineData\":{}}"), LLMGW_EMISSING,
          "contents[0].parts[1].inlineData.data" },
        { PART("{\"inlineData\":{\"data\":\"AA\"}}"), LLMGW_EMISSING,
          "contents[0].parts[1].inlineData.mimeType" },
        { PART("{\"fileData\":{}}"), LLMGW_EMISSING,
          "contents[0].parts[1].fileData.fileUri" },
        { PART("{\"functionCall\":{}}"), LLMGW_EMISSING,
          "contents[0].parts[1].functionCall.name" },
        { PART("{\"functionCall\":{\"name\":\"f\",\"args\":[]}}"),
          LLMGW_EINVAL, "contents[0].parts[1].functionCall.args" },
        { PART("{\"functionResponse\":{}}"), LLMGW_EMISSING,
          "contents[0].parts[1].functionResponse.name" },
        { PART("{\"functionResponse\":{\"name\":\"f\",\"parts\":[{}]}}"),
          LLMGW_EINVAL, "contents[0].parts[1].functionResponse.parts" },
        { "{\"systemInstruction\":5," HI "}", LLMGW_EINVAL,
          "systemInstruction" },
        { "{\"systemInstruction\":{\"parts\":[{\"text\":5}]}," HI "}",
          LLMGW_EINVAL, "systemInstruction.parts[0].text" },
        { "{\"tools\":{}," HI "}", LLMGW_EINVAL, "tools" },
        { TOOL("5"), LLMGW_EINVAL, "tools[0]" },
        { TOOL("{\"functionDeclarations\":{}}"), LLMGW_EINVAL,
          "tools[0].functionDeclarations" },
        { TOOL("{\"functionDeclarations\":[5]}"), LLMGW_EINVAL,
          "tools[0].functionDeclarations[0]" },
        { TOOL("{\"functionDeclarations\":[{}]}"), LLMGW_EMISSING,
          "tools[0].functionDeclarations[0].name" },
        { TOOL("{\"functionDeclarations\":[{\"name\":\"f\",\"parameters\":"
               "[]}]}"), LLMGW_EINVAL,
          "tools[0].functionDeclarations[0].parameters" },
        { "{\"toolConfig\":5," HI "}", LLMGW_EINVAL, "toolConfig" },
        { "{\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"MAYBE\"}},"
          HI "}", LLMGW_EINVAL, "toolConfig.functionCallingConfig.mode" },
        { "{\"generationConfig\":[]," HI "}", LLMGW_EINVAL,
          "generationConfig" },
        { CONFIG("\"temperature\":\"hot\""), LLMGW_EINVAL,
          "generationConfig.temperature" },
        { CONFIG("\"candidateCount\":0"), LLMGW_EINVAL,
          "generationConfig.candidateCount" },
        { CONFIG("\"stopSequences\":\"a\""), LLMGW_EINVAL,
          "generationConfig.stopSequences" },
        { CONFIG("\"stopSequences\":[1]"), LLMGW_EINVAL,
          "generationConfig.stopSequences" },
        { CONFIG("\"responseSchema\":1"), LLMGW_EINVAL,
          "generationConfig.responseSchema" },
        { CONFIG("\"responseJsonSchema\":1"), LLMGW_EINVAL,
          "generationConfig.responseJsonSchema" },
        { CONFIG("\"thinkingConfig\":1"), LLMGW_EINVAL,
          "generationConfig.thinkingConfig" },
        { CONFIG("\"thinkingConfig\":{\"thinkingBudget\":\"x\"}"),
          LLMGW_EINVAL, "generationConfig.thinkingConfig.thinkingBudget" },
        { "{\"safetySettings\":{}," HI "}", LLMGW_EINVAL, "safetySettings" },
        { "{\"serviceTier\":{}," HI "}", LLMGW_EINVAL, "serviceTier" },
        { "{\"model\":{}," HI "}", LLMGW_EINVAL, "model" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;

        ck_assert_msg(read_gemini(llmgw_str_of(cases[i].body), "m", &err)
                      == NULL, "%s", cases[i].body);
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

/* The model is the URL's, or else the body's. */
START_TEST(test_address)
{
    static const char body[] = "{\"model\":\"models/own\",\"tools\":null,"
        "\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"ANY\"}}," HI
        "}";
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_gemini(LLMGW_STR_LIT(body), "url", &err);

    ck_assert_ptr_ne(req, NULL);
    unit_assert_str(req->model, "url");
    ck_assert_int_eq(req->choice, LLMGW_CHOICE_UNSET);
    req = read_gemini(LLMGW_STR_LIT(body), "", &err);
    ck_assert_ptr_ne(req, NULL);
    unit_assert_str(req->model, "own");
    ck_assert_ptr_eq(read_gemini(LLMGW_STR_LIT("{" HI "}"), "", &err), NULL);
    ck_assert_str_eq(err.param, "model");
}
END_TEST

/* ---- answers, event by event -------------------------------------------- */

typedef struct writing_t {
    llmgw_encoder_t *enc;
    llmgw_buf_t *out;
    llmgw_answer_opts_t opts;
} writing_t;

static void begin(writing_t *w, int stream, int array)
{
    w->opts = answer_opts(stream);
    w->opts.array_framing = array;
    w->out = llmgw_buf_create(unit_pool, 1 << 20);
    w->enc = llmgw_encoder_create(unit_pool, gemini, &w->opts, w->out,
                                  1 << 20);
}

static llmgw_event_t event(llmgw_event_e type, const char *text)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.text = llmgw_str_of(text);
    return ev;
}

static void put(writing_t *w, llmgw_event_e type, const char *text)
{
    llmgw_event_t ev = event(type, text);

    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static void put_tool(writing_t *w, llmgw_event_e type, int index,
                     const char *name, const char *text)
{
    llmgw_event_t ev = event(type, text);

    ev.index = index;
    ev.name = llmgw_str_of(name);
    ev.id = llmgw_str_of(name);
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static void put_stop(writing_t *w, int choice, llmgw_stop_e stop)
{
    llmgw_event_t ev = event(LLMGW_EV_STOP, NULL);

    ev.stop = stop;
    ev.choice = choice;
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static void put_figures_of(writing_t *w)
{
    llmgw_usage_t usage = { 10, 7, -1, 4, 0, 3, 2, 1, 0 };
    llmgw_event_t ev = event(LLMGW_EV_USAGE, NULL);

    ev.usage = &usage;
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static void put_failure(writing_t *w)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_event_t ev = event(LLMGW_EV_ERROR, NULL);

    llmgw_err_set(&err, unit_pool, LLMGW_EOVERLOADED, NULL, "Busy.");
    ev.error = &err;
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static const char *finish(writing_t *w)
{
    unit_assert_ok(llmgw_encoder_finish(w->enc));
    return w->out->data;
}

#define OPEN "{\"candidates\":[{\"content\":{\"parts\":["
#define CLOSE "],\"role\":\"model\"},\"index\":0}]" TAIL
#define TAIL ",\"modelVersion\":\"some-model\",\"responseId\":\"token\"}"
#define LAST(reason) "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":" \
    "\"\"}],\"role\":\"model\"},\"finishReason\":\"" reason "\",\"index\":0}]"
#define END "\r\n\r\n"
#define FIGURES ",\"usageMetadata\":{\"promptTokenCount\":10," \
    "\"candidatesTokenCount\":4,\"totalTokenCount\":17," \
    "\"cachedContentTokenCount\":4,\"thoughtsTokenCount\":3," \
    "\"promptTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":2}]," \
    "\"candidatesTokensDetails\":[{\"modality\":\"AUDIO\",\"tokenCount\":1}]}"

START_TEST(test_stream)
{
    writing_t w;

    begin(&w, 1, 0);
    ck_assert_str_eq(llmgw_encoder_content_type(w.enc), "text/event-stream");
    put(&w, LLMGW_EV_REASONING, "Hm");
    put(&w, LLMGW_EV_SIGNATURE, "s1");
    put(&w, LLMGW_EV_TEXT, "");
    put(&w, LLMGW_EV_TEXT, "a\n");
    put(&w, LLMGW_EV_SIGNATURE, "s2");
    put(&w, LLMGW_EV_REDACTED, "ZGF0YQ==");
    put(&w, LLMGW_EV_PING, NULL);
    put_tool(&w, LLMGW_EV_TOOL_START, 0, "f", "s3");
    put_tool(&w, LLMGW_EV_TOOL_START, 1, "g", NULL);
    put_tool(&w, LLMGW_EV_TOOL_ARGS, 1, NULL, "{\"b\":");
    put_tool(&w, LLMGW_EV_TOOL_ARGS, 0, NULL, "{\"a\":\n1}");
    put_tool(&w, LLMGW_EV_TOOL_END, 0, NULL, NULL);
    put_tool(&w, LLMGW_EV_TOOL_START, 2, "h", NULL);
    put_tool(&w, LLMGW_EV_TOOL_END, 2, NULL, NULL);
    put_stop(&w, 0, LLMGW_STOP_TOOL);
    put(&w, LLMGW_EV_TEXT, "late");
    put_figures_of(&w);
    ck_assert_str_eq(finish(&w),
        "data: " OPEN "{\"text\":\"Hm\",\"thought\":true}" CLOSE END
        "data: " OPEN "{\"text\":\"\",\"thought\":true,\"thoughtSignature\":"
        "\"s1\"}" CLOSE END
        "data: " OPEN "{\"text\":\"a\\n\"}" CLOSE END
        "data: " OPEN "{\"text\":\"\",\"thoughtSignature\":\"s2\"}" CLOSE END
        "data: " OPEN "{\"text\":\"\",\"thought\":true,\"thoughtSignature\":"
        "\"llmgw_redacted__ZGF0YQ==\"}" CLOSE END
        "data: " OPEN "{\"functionCall\":{\"id\":\"f\",\"name\":\"f\","
        "\"args\":{\"a\": 1}},\"thoughtSignature\":\"s3\"}" CLOSE END
        "data: " OPEN "{\"functionCall\":{\"id\":\"h\",\"name\":\"h\","
        "\"args\":{}}}" CLOSE END
        "data: " OPEN "{\"functionCall\":{\"id\":\"g\",\"name\":\"g\","
        "\"args\":{\"input\":\"{\\\"b\\\":\"}}}" CLOSE END
        "data: " LAST("STOP") FIGURES TAIL END);
}
END_TEST

START_TEST(test_array)
{
    writing_t w;

    begin(&w, 1, 1);
    ck_assert_str_eq(llmgw_encoder_content_type(w.enc), "application/json");
    put(&w, LLMGW_EV_PING, NULL);
    put(&w, LLMGW_EV_TEXT, "a");
    put(&w, LLMGW_EV_PING, NULL);
    put_stop(&w, 0, LLMGW_STOP_LENGTH);
    ck_assert_str_eq(finish(&w), "\n[" OPEN "{\"text\":\"a\"}" CLOSE
                     "\n,\r\n" LAST("MAX_TOKENS") TAIL "]");

    begin(&w, 1, 1);
    ck_assert_str_eq(finish(&w), "[" LAST("STOP") TAIL "]");

    begin(&w, 1, 1);
    put(&w, LLMGW_EV_TEXT, "a");
    put_failure(&w);
    ck_assert_str_eq(finish(&w), "[" OPEN "{\"text\":\"a\"}" CLOSE ",\r\n"
                     "{\"error\":{\"code\":503,\"message\":\"Busy.\","
                     "\"status\":\"UNAVAILABLE\",\"details\":[{\"@type\":"
                     "\"type.googleapis.com/google.rpc.ErrorInfo\","
                     "\"reason\":\"upstream_overloaded\"}]}}]");
}
END_TEST

/* The data line comes first: so the SDK finds the error. */
START_TEST(test_error)
{
    writing_t w;

    begin(&w, 1, 0);
    put_failure(&w);
    put(&w, LLMGW_EV_TEXT, "late");
    ck_assert_str_eq(finish(&w), "data: {\"error\":{\"code\":503,\"message\":"
                     "\"Busy.\",\"status\":\"UNAVAILABLE\",\"details\":"
                     "[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\","
                     "\"reason\":\"upstream_overloaded\"}]}}" END);

    begin(&w, 0, 0);
    put_failure(&w);
    ck_assert_int_eq(strncmp(finish(&w), "{\"error\":{\"code\":503,", 21), 0);
}
END_TEST

START_TEST(test_whole)
{
    writing_t w;

    begin(&w, 0, 0);
    put(&w, LLMGW_EV_REASONING, "Hm");
    put(&w, LLMGW_EV_SIGNATURE, "s1");
    put(&w, LLMGW_EV_TEXT, "a");
    put(&w, LLMGW_EV_SIGNATURE, "s2");
    put_tool(&w, LLMGW_EV_TOOL_START, 0, "f", "s3");
    put_tool(&w, LLMGW_EV_TOOL_END, 0, NULL, NULL);
    put(&w, LLMGW_EV_LOGPROBS, " [{\"token\":\"a\",\"logprob\":-0.50,"
        "\"bytes\":null,\"top_logprobs\":[{\"token\":\"b\",\"logprob\":-1}]}]"
        );
    put_stop(&w, 0, LLMGW_STOP_TOOL);
    put_figures_of(&w);
    ck_assert_str_eq(finish(&w),
        OPEN "{\"text\":\"Hm\",\"thought\":true,\"thoughtSignature\":\"s1\"},"
        "{\"text\":\"a\",\"thoughtSignature\":\"s2\"},"
        "{\"functionCall\":{\"id\":\"f\",\"name\":\"f\",\"args\":{}},"
        "\"thoughtSignature\":\"s3\"}],\"role\":\"model\"},"
        "\"finishReason\":\"STOP\",\"index\":0,\"logprobsResult\":"
        "{\"topCandidates\":[{\"candidates\":[{\"token\":\"b\","
        "\"logProbability\":-1}]}],\"chosenCandidates\":[{\"token\":\"a\","
        "\"logProbability\":-0.50}]}}]" FIGURES TAIL);
}
END_TEST

/* Sources, pictures, sound, items of tools: one's own and those of others. */
START_TEST(test_extras)
{
    int stream;

    for (stream = 0; stream < 2; stream++) {
        llmgw_event_t ev = event(LLMGW_EV_ANNOTATION, "{}");
        const char *out;
        writing_t w;

        begin(&w, stream, 0);
        put(&w, LLMGW_EV_TEXT, "a");
        ev.id = LLMGW_STR_LIT("https://example.org/1");
        ev.name = LLMGW_STR_LIT("One");
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev.id = LLMGW_STR_LIT("https://example.org/2");
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev.dialect = gemini;
        ev.id = LLMGW_STR_LIT("https://example.org/own");
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev = event(LLMGW_EV_BUILTIN, "{\"executableCode\":\n{}}");
        ev.dialect = gemini;
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev = event(LLMGW_EV_BUILTIN, "{\"citationMetadata\":{\"c\":1}}");
        ev.dialect = gemini;
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev = event(LLMGW_EV_BUILTIN, "{\"foreign\":{}}");
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        put(&w, LLMGW_EV_REFUSAL, "no");
        put(&w, LLMGW_EV_IMAGE, "AAAA");
        put(&w, LLMGW_EV_AUDIO, "BBBB");
        put(&w, LLMGW_EV_LOGPROBS, "[{\"token\":\"a\",\"logprob\":-1}]");
        put_stop(&w, 0, LLMGW_STOP_REFUSAL);
        out = finish(&w);
        assert_has(out, "\"groundingMetadata\":{\"groundingChunks\":[{\"web\":"
                   "{\"uri\":\"https://example.org/1\",\"title\":\"One\"}},"
                   "{\"web\":{\"uri\":\"https://example.org/2\",");
        assert_lacks(out, "example.org/own");
        assert_has(out, stream ? "[{\"executableCode\": {}}]"
                               : "{\"executableCode\":\n{}}");
        assert_has(out, "\"citationMetadata\":{\"c\":1}");
        assert_lacks(out, "foreign");
        assert_has(out, "{\"text\":\"no\"}");
        assert_has(out, "{\"inlineData\":{\"mimeType\":\"image/png\","
                   "\"data\":\"AAAA\"}}");
        assert_has(out, "{\"inlineData\":{\"mimeType\":\"audio/wav\","
                   "\"data\":\"BBBB\"}}");
        assert_has(out, "\"chosenCandidates\":[{\"token\":\"a\",");
        assert_has(out, "\"finishReason\":\"SAFETY\"");
    }
}
END_TEST

START_TEST(test_several)
{
    llmgw_event_t ev = event(LLMGW_EV_TEXT, "b");
    const char *out;
    writing_t w;

    begin(&w, 1, 0);
    ev.choice = 1;
    unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
    put(&w, LLMGW_EV_TEXT, "a");
    ev.choice = 500;
    unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
    put_stop(&w, 1, LLMGW_STOP_FILTER);
    put_stop(&w, 0, LLMGW_STOP_ERROR);
    out = finish(&w);
    assert_has(out, "{\"text\":\"b\"}],\"role\":\"model\"},\"index\":1}]");
    assert_has(out, "\"finishReason\":\"OTHER\",\"index\":0},");
    assert_has(out, "\"finishReason\":\"SAFETY\",\"index\":1}]");
}
END_TEST

/* ---- there and back ----------------------------------------------------- */

/* What Gemini has no form for: a refusal is a text, free-form input and cut
 * arguments are wrapped, sound has no id, a call without one gets one, tokens
 * written to a cache are not told. */
static int is_expressible(const llmgw_answer_t *a)
{
    const llmgw_choice_t *c;
    const llmgw_block_t *b;
    llmgw_json_type_e type;
    int i, j;

    for (i = 0; i < a->choices->nelts; i++) {
        c = APR_ARRAY_IDX(a->choices, i, llmgw_choice_t *);
        for (j = 0; j < c->blocks->nelts; j++) {
            b = APR_ARRAY_IDX(c->blocks, j, llmgw_block_t *);
            if (b->type == LLMGW_EV_REFUSAL || b->is_custom
                || (b->type == LLMGW_EV_AUDIO && b->id.len)
                || (b->type == LLMGW_EV_TOOL_START && !b->id.len)
                || (b->type == LLMGW_EV_TOOL_START && b->text->len
                    && (llmgw_json_scan(b->text->data, b->text->len, NULL,
                                        NULL, NULL, &type, NULL)
                        != APR_SUCCESS || type != LLMGW_JSON_OBJECT
                        || b->text->data[b->text->len - 1] != '}'))) {
                return 0;
            }
        }
    }
    return a->usage.cache_write <= 0;
}

/* The line ends of a stream are the protocol's. */
static llmgw_str_t on_one_line(llmgw_str_t s)
{
    char *text = llmgw_str_dupz(unit_pool, s);
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        text[i] = text[i] == '\n' || text[i] == '\r' ? ' ' : text[i];
    }
    return llmgw_str_make(text, s.len);
}

static void check_way(const char *id, const llmgw_answer_t *a,
                      const llmgw_dialect_t *via, int stream, int array)
{
    llmgw_answer_opts_t opts = answer_opts(stream);
    llmgw_str_t want = answer_substance(a), have;
    decoded_t back;

    opts.array_framing = array;
    back = decode(via, stream && !array, encode_answer(via, &opts, a));
    ck_assert_msg(back.status == APR_SUCCESS, "%s: cannot be read back", id);
    if (via != gemini) {
        opts = answer_opts(0);
        back = decode(gemini, 0, encode_answer(gemini, &opts, back.answer));
        unit_assert_ok(back.status);
    }
    have = answer_substance(back.answer);
    if (stream) {
        want = on_one_line(want);
        have = on_one_line(have);
    }
    ck_assert_msg(llmgw_str_eq(want, have), "%s, by %s, stream %d:\n%.*s\n"
                  "-- read back --\n%.*s", id, via->name, stream,
                  LLMGW_STR_ARG(want), LLMGW_STR_ARG(have));
}

static void check_ways(const char *id, const llmgw_answer_t *a)
{
    if (is_expressible(a) && !a->has_error) {
        check_way(id, a, gemini, 0, 0);
        check_way(id, a, gemini, 1, 0);
        check_way(id, a, gemini, 1, 1);
        check_way(id, a, &llmgw_dialect_openai_chat, 0, 0);
        check_way(id, a, &llmgw_dialect_openai_chat, 1, 0);
    }
}

static int check_folder(const char *folder, const llmgw_dialect_t *dialect)
{
    const char *dir = unit_data(folder), *name;
    apr_array_header_t *names = unit_list(dir);
    decoded_t got;
    int i, n = 0, stream;

    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, char *);
        stream = with_ending(name, ".sse", "") != NULL;
        if (with_ending(name, ".req.json", "")
            || (!stream && !with_ending(name, ".json", ""))) {
            continue;
        }
        got = decode(dialect, stream, unit_read(apr_pstrcat(
            unit_pool, dir, "/", name, NULL)));
        if (got.status == APR_SUCCESS) {
            check_ways(name, got.answer);
            n++;
        }
    }
    return n;
}

START_TEST(test_round_trips)
{
    ck_assert_int_gt(check_folder("gemini", gemini), 15);
    ck_assert_int_gt(check_folder("openai_chat", &llmgw_dialect_openai_chat),
                     20);
    ck_assert_int_gt(check_folder("anthropic", &llmgw_dialect_anthropic), 15);
}
END_TEST

/* Whole, streamed and in an array: the same answer, in any split. */
START_TEST(test_same)
{
    static const char *const names[] = { "tools.json", "signatures.json",
                                         "candidates.json", "text.json",
                                         "logprobs.json" };
    decoded_t first, back;
    llmgw_answer_opts_t opts;
    size_t i;
    int way;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        first = decode(gemini, 0, unit_read(unit_data(apr_pstrcat(
            unit_pool, "gemini/", names[i], NULL))));
        first.answer->created_sec = 0;      /* is not told */
        first.answer->model = LLMGW_STR_LIT("some-model");
        for (way = 0; way < 3; way++) {
            opts = answer_opts(way > 0);
            opts.array_framing = way == 2;
            back = decode_splits(gemini, way == 1, encode_answer(
                gemini, &opts, first.answer));
            unit_assert_same(answer_text(first.answer),
                             answer_text(back.answer));
        }
    }
}
END_TEST

static void check_request(const fixture_t *f)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    const llmgw_dialect_t *to;
    llmgw_request_t *req;
    llmgw_str_t body;
    unsigned int i;

    if (!f->request) {
        return;
    }
    body = unit_read(f->request);
    req = read_gemini(body, "gemini-2.5-flash", &err);
    ck_assert_msg(req != NULL, "%s: %s", f->id, err.message);
    for (i = 0; (to = llmgw_dialect_get(i)) != NULL; i++) {
        body = write_request(to, req, LLMGW_UNSUPPORTED_DROP, 0);
        ck_assert_msg(*body.p == '{', "%s: %.*s", f->id, LLMGW_STR_ARG(body));
    }
}

START_TEST(test_recorded)
{
    int n;

    each_fixture("gemini", check_request);
    each_fixture("vertex-gemini", check_request);
    n = each_recorded_answer(check_ways);
    ck_assert(n < 0 || n > 150);
}
END_TEST

UNIT_MAIN("gemini_client", test_golden_requests, test_refused, test_address,
          test_stream, test_array, test_error, test_whole, test_extras,
          test_several, test_round_trips, test_same, test_recorded)
