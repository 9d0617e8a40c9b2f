/* test_responses_client.c: writing Responses answers, whole and streamed */
#include "responses.h"

static const llmgw_dialect_t *const responses =
    &llmgw_dialect_openai_responses;
static const llmgw_dialect_t *const chat = &llmgw_dialect_openai_chat;

/* ---- events, one after the other ---------------------------------------- */

typedef struct writing_t {
    llmgw_encoder_t *enc;
    llmgw_buf_t *out;
    llmgw_answer_opts_t opts;
    apr_size_t seen;            /* of out, by news() */
} writing_t;

static void begin(writing_t *w, const llmgw_request_t *req)
{
    memset(w, 0, sizeof(*w));
    w->opts = answer_opts(1);
    w->opts.request = req;
    w->out = llmgw_buf_create(unit_pool, 1 << 20);
    w->enc = llmgw_encoder_create(unit_pool, responses, &w->opts, w->out,
                                  1 << 20);
}

static void put_ev(writing_t *w, const llmgw_event_t *ev)
{
    unit_assert_ok(llmgw_encoder_event(w->enc, ev));
}

static void put(writing_t *w, llmgw_event_e type, int index, const char *text)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.index = index;
    ev.text = llmgw_str_of(text);
    put_ev(w, &ev);
}

static void put_start(writing_t *w)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_START;
    ev.id = LLMGW_STR_LIT("chatcmpl-1");
    ev.model = LLMGW_STR_LIT("m");
    ev.created_sec = 5;
    put_ev(w, &ev);
}

static void put_tool(writing_t *w, int index, const char *id, const char *name,
                     int is_custom)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_TOOL_START;
    ev.index = index;
    ev.id = llmgw_str_of(id);
    ev.name = llmgw_str_of(name);
    ev.is_custom = is_custom;
    put_ev(w, &ev);
}

static void put_stop(writing_t *w, llmgw_stop_e stop)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_STOP;
    ev.stop = stop;
    put_ev(w, &ev);
}

static void put_usage(writing_t *w, apr_int64_t prompt, apr_int64_t completion)
{
    llmgw_usage_t usage = LLMGW_USAGE_INIT;
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_USAGE;
    usage.prompt = prompt;
    usage.completion = completion;
    usage.cache_read = 1;
    ev.usage = &usage;
    put_ev(w, &ev);
}

static void put_failure(writing_t *w)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ERROR;
    llmgw_err_set(&err, unit_pool, LLMGW_EUPSTREAM, NULL, "It \"broke\".");
    ev.error = &err;
    put_ev(w, &ev);
}

/* What was written since the last time. */
static const char *news(writing_t *w)
{
    const char *text = apr_pstrdup(unit_pool, w->out->data + w->seen);

    w->seen = w->out->len;
    return text;
}

/* All of it; status is what it must have ended as. */
static const char *finish(writing_t *w, const char *status)
{
    unit_assert_ok(llmgw_encoder_finish(w->enc));
    ck_assert_str_eq(check_lifecycle("stream", llmgw_buf_str(w->out)),
                     status);
    return apr_pstrdup(unit_pool, w->out->data);
}

static llmgw_request_t *read_body(const char *body)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_request(responses, llmgw_str_of(body), &err);

    ck_assert_msg(req != NULL, "%s", err.message);
    return req;
}

/* Compare a stream with a file of the tests' data. */
static void check_stream(const char *name, const char *got)
{
    check_golden(unit_data(apr_pstrcat(unit_pool, "openai_responses/", name,
                                       NULL)), llmgw_str_of(got));
}

/* ---- streams ------------------------------------------------------------ */

START_TEST(test_text)
{
    writing_t w;

    begin(&w, NULL);
    put_start(&w);
    assert_has(news(&w), "event: response.in_progress\n");
    put(&w, LLMGW_EV_TEXT, 0, "");
    put(&w, LLMGW_EV_TEXT, 0, "Hi");
    assert_has(news(&w), "\"delta\":\"Hi\"");
    put(&w, LLMGW_EV_PING, 0, NULL);
    ck_assert_str_eq(news(&w), ": ping\n\n");
    put(&w, LLMGW_EV_TEXT, 0, "\n");
    put_stop(&w, LLMGW_STOP_END);
    put(&w, LLMGW_EV_TEXT, 0, "late");
    put_usage(&w, 3, 2);
    check_stream("client_text.stream", finish(&w, "completed"));
}
END_TEST

/* An answer that never came still ends as it should; with no item in it. */
START_TEST(test_nothing)
{
    writing_t w;

    begin(&w, NULL);
    check_stream("client_nothing.stream", finish(&w, "completed"));
}
END_TEST

START_TEST(test_tools)
{
    writing_t w;

    begin(&w, NULL);
    put_start(&w);
    put(&w, LLMGW_EV_TEXT, 0, "Let me see.");
    put_tool(&w, 0, "a", "f", 0);
    put_tool(&w, 1, NULL, "g", 0);
    news(&w);
    put(&w, LLMGW_EV_TOOL_ARGS, 1, "{\"a\":");
    assert_has(news(&w), "\"delta\":\"{\\\"a\\\":\"");
    put(&w, LLMGW_EV_TOOL_ARGS, 0, "");
    ck_assert_str_eq(news(&w), "");
    put(&w, LLMGW_EV_TOOL_END, 0, NULL);
    put(&w, LLMGW_EV_TOOL_ARGS, 1, "1}");
    put(&w, LLMGW_EV_TOOL_END, 1, NULL);
    put_tool(&w, 2, "c", "sh", 1);
    put(&w, LLMGW_EV_TOOL_ARGS, 2, "ls");
    put(&w, LLMGW_EV_TOOL_END, 2, NULL);
    put(&w, LLMGW_EV_TOOL_ARGS, 7, "nobody's");
    put_stop(&w, LLMGW_STOP_TOOL);
    check_stream("client_tools.stream", finish(&w, "completed"));
}
END_TEST

/* A model's own words, or what the client asked to have as a summary. */
START_TEST(test_reasoning)
{
    llmgw_request_t *req = read_body("{\"model\":\"m\",\"input\":\"a\","
                                     "\"reasoning\":{\"summary\":\"auto\"}}");
    int summary;

    for (summary = 0; summary < 2; summary++) {
        writing_t w;

        begin(&w, summary ? req : NULL);
        put_start(&w);
        put(&w, LLMGW_EV_REASONING, 0, "a\"");
        put(&w, LLMGW_EV_REASONING, 0, "b");
        put(&w, LLMGW_EV_SIGNATURE, 0, "s");
        put(&w, LLMGW_EV_REDACTED, 0, "d");
        put(&w, LLMGW_EV_SIGNATURE, 0, "alone");
        put(&w, LLMGW_EV_REASONING, 0, "unsigned");
        put(&w, LLMGW_EV_TEXT, 0, "ok");
        put_stop(&w, LLMGW_STOP_END);
        check_stream(summary ? "client_summary.stream"
                             : "client_reasoning.stream",
                     finish(&w, "completed"));
    }
}
END_TEST

/* Text and refusal are parts of one message. */
START_TEST(test_refusal)
{
    writing_t w;

    begin(&w, NULL);
    put_start(&w);
    put(&w, LLMGW_EV_TEXT, 0, "Well.");
    put(&w, LLMGW_EV_REFUSAL, 0, "I can");
    put(&w, LLMGW_EV_REFUSAL, 0, "not.");
    put_stop(&w, LLMGW_STOP_END);
    check_stream("client_refusal.stream", finish(&w, "completed"));
}
END_TEST

/* Why an answer is incomplete, and which item is. */
START_TEST(test_cut)
{
    static const struct {
        llmgw_stop_e stop;
        const char *status;
        const char *reason;
    } cases[] = {
        { LLMGW_STOP_LENGTH, "incomplete", "max_output_tokens" },
        { LLMGW_STOP_CONTEXT, "incomplete", "max_output_tokens" },
        { LLMGW_STOP_FILTER, "incomplete", "content_filter" },
        { LLMGW_STOP_REFUSAL, "incomplete", "content_filter" },
        { LLMGW_STOP_PAUSE, "completed", NULL },
        { LLMGW_STOP_SEQUENCE, "completed", NULL }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *out;
        writing_t w;

        begin(&w, NULL);
        put_start(&w);
        put(&w, LLMGW_EV_TEXT, 0, "Well.");
        put_tool(&w, 0, "a", "f", 0);
        put(&w, LLMGW_EV_TOOL_ARGS, 0, "{\"cut");
        put(&w, LLMGW_EV_TOOL_END, 0, NULL);
        put_stop(&w, cases[i].stop);
        out = finish(&w, cases[i].status);
        assert_has(out, "\"type\":\"message\",\"status\":\"completed\"");
        assert_has(out, apr_pstrcat(unit_pool, "\"type\":\"function_call\","
                                    "\"status\":\"", cases[i].status, "\"",
                                    NULL));
        assert_has(out, cases[i].reason
                   ? apr_pstrcat(unit_pool, "{\"reason\":\"", cases[i].reason,
                                 "\"}", NULL)
                   : "\"incomplete_details\":null");
    }
}
END_TEST

/* An error is told twice, as OpenAI does, and ends the stream. */
START_TEST(test_error)
{
    const char *out;
    writing_t w;

    begin(&w, NULL);
    put_start(&w);
    put(&w, LLMGW_EV_TEXT, 0, "a");
    put_usage(&w, 3, 1);
    put_failure(&w);
    put(&w, LLMGW_EV_TEXT, 0, "b");
    check_stream("client_error.stream", finish(&w, "failed"));
    begin(&w, NULL);
    put_failure(&w);
    out = finish(&w, "failed");
    assert_lacks(out, "response.created");
    assert_has(out, "event: error\ndata: {\"type\":\"error\","
               "\"sequence_number\":0,\"code\":\"upstream_error\","
               "\"message\":\"It \\\"broke\\\".\",\"param\":null,\"error\":"
               "{\"message\":\"It \\\"broke\\\".\",\"type\":\"server_error\","
               "\"param\":null,\"code\":\"upstream_error\"}}\n\n");
    assert_has(out, "\"error\":{\"code\":\"server_error\",\"message\":"
               "\"It \\\"broke\\\".\"}");
}
END_TEST

/* ---- the request's influence -------------------------------------------- */

/* Names come back as the client wrote them, with their namespaces. */
START_TEST(test_names)
{
    static const char name[] = "a.tool with a name that is too long for the "
        "providers of this world and any other";
    llmgw_request_t *req = read_body(apr_pstrcat(unit_pool,
        "{\"model\":\"m\",\"input\":\"a\",\"tools\":[{\"type\":\"function\","
        "\"name\":\"", name, "\"},{\"type\":\"namespace\",\"name\":"
        "\"mcp__files\",\"description\":\"d\",\"tools\":[{\"type\":"
        "\"function\",\"name\":\"read\"},{\"type\":\"function\",\"name\":"
        "\"__odd\"}]}]}", NULL));
    const char *wire, *sent, *out;
    writing_t w;

    wire = write_request(&llmgw_dialect_anthropic, req,
                         LLMGW_UNSUPPORTED_DEFAULT, 0).p;
    sent = strstr(wire, "a_tool_with");
    ck_assert_ptr_ne(sent, NULL);
    assert_has(wire, "\"mcp__files__read\"");
    assert_has(wire, "\"mcp__files__odd\"");
    begin(&w, req);
    put_tool(&w, 0, "a", apr_pstrmemdup(unit_pool, sent, 64), 0);
    put_tool(&w, 1, "b", "mcp__files__read", 0);
    put_tool(&w, 2, "c", "unknown", 0);
    out = finish(&w, "completed");
    assert_has(out, name);
    assert_has(out, "\"call_id\":\"b\",\"namespace\":\"mcp__files\","
               "\"name\":\"read\"");
    assert_has(out, "\"call_id\":\"c\",\"name\":\"unknown\"");
}
END_TEST

/* Settings come back as they were given. */
START_TEST(test_echo)
{
    llmgw_request_t *req = read_body(
        "{\"model\":\"m\",\"input\":\"a\",\"instructions\":\"Be \\u0062rief\","
        "\"temperature\":0.70,\"top_p\":0.5,\"max_output_tokens\":9,"
        "\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":"
        "\"web_search\",\n\"x\":1},{\"type\":\"namespace\",\"name\":\"n\","
        "\"tools\":[{\"type\":\"function\",\"name\":\"g\"},{\"type\":"
        "\"custom\",\"name\":\"h\"}]}],\"tool_choice\":{\"type\":\"function\","
        "\"name\":\"f\"},\"parallel_tool_calls\":false,\"text\":{\"format\":"
        "{\"type\":\"json_schema\",\"name\":\"s\",\"description\":null,\"schema\":{\"a\":1}},"
        "\"verbosity\":\"low\"},\"reasoning\":{\"effort\":\"low\"},"
        "\"metadata\":{\"k\":\"v\"},\"truncation\":\"auto\","
        "\"max_tool_calls\":3,\"user\":\"u\",\"safety_identifier\":\"s1\","
        "\"service_tier\":\"flex\",\"prompt_cache_key\":\"k\",\"store\":true,"
        "\"top_logprobs\":2}");
    static const char *const echoes[] = {
        "\"instructions\":\"Be \\u0062rief\"", "\"temperature\":0.70",
        "\"top_p\":0.5", "\"max_output_tokens\":9",
        ("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"description\":"
         "null,\"parameters\":null,\"strict\":null},{\"type\":\"web_search\", "
         "\"x\":1},{\"type\":\"namespace\",\"name\":\"n\",\"tools\":["),
        "\"name\":\"h\"}]}],\"parallel_tool_calls\":false",
        "\"tool_choice\":{\"type\":\"function\",\"name\":\"f\"}",
        ("\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"s\","
         "\"description\":null,\"schema\":{\"a\":1},\"strict\":false},"
         "\"verbosity\":\"low\"}"),
        "\"reasoning\":{\"effort\":\"low\",\"summary\":null}",
        "\"metadata\":{\"k\":\"v\"}", "\"truncation\":\"auto\"",
        "\"max_tool_calls\":3", "\"user\":\"u\"",
        "\"safety_identifier\":\"s1\"", "\"service_tier\":\"flex\"",
        "\"prompt_cache_key\":\"k\"", "\"store\":false", "\"top_logprobs\":2"
    };
    const char *out;
    writing_t w;
    size_t i;

    begin(&w, req);
    put_start(&w);
    out = finish(&w, "completed");
    for (i = 0; i < sizeof(echoes) / sizeof(echoes[0]); i++) {
        assert_has(out, echoes[i]);
    }
}
END_TEST

/* Citations of other dialects, and images. */
START_TEST(test_citations)
{
    const char *out, *back;
    llmgw_event_t ev;
    decoded_t got;
    writing_t w;
    llmgw_answer_opts_t opts = answer_opts(1);

    begin(&w, NULL);
    put_start(&w);
    put(&w, LLMGW_EV_TEXT, 0, "See.");
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ANNOTATION;
    ev.text = LLMGW_STR_LIT("{\"type\":\"foreign\"}");
    ev.dialect = &llmgw_dialect_anthropic;
    put_ev(&w, &ev);
    ev.id = LLMGW_STR_LIT("https://example.org/");
    put_ev(&w, &ev);
    ev.text = LLMGW_STR_LIT("{\"type\":\"url_citation\",\"url_citation\":"
                            "{\"start_index\":1,\n\"end_index\":4,\"url\":"
                            "\"https://example.org/\",\"title\":\"T\"}}");
    ev.dialect = chat;
    put_ev(&w, &ev);
    ev.type = LLMGW_EV_IMAGE;
    ev.media_type = LLMGW_STR_LIT("image/png");
    ev.text = LLMGW_STR_LIT("AAAA");
    put_ev(&w, &ev);
    put_stop(&w, LLMGW_STOP_END);
    out = finish(&w, "completed");
    assert_lacks(out, "foreign");
    assert_has(out, "\"annotation_index\":0,\"annotation\":{\"type\":"
               "\"url_citation\",\"end_index\":0,\"start_index\":0,\"url\":"
               "\"https://example.org/\",\"title\":\"https://example.org/\"}");
    assert_has(out, "\"annotation_index\":1,\"annotation\":{\"type\":"
               "\"url_citation\",\"start_index\":1,\"end_index\":4,\"url\":"
               "\"https://example.org/\",\"title\":\"T\"}");
    assert_has(out, "\"type\":\"image_generation_call\",\"status\":"
               "\"completed\",\"result\":\"AAAA\"");
    got = decode(responses, 1, llmgw_str_of(out));
    back = encode_answer(chat, &opts, got.answer).p;
    assert_has(back, "{\"type\":\"url_citation\",\"url_citation\":"
               "{\"start_index\":1,\"end_index\":4,\"url\":"
               "\"https://example.org/\",\"title\":\"T\"}}");
}
END_TEST

/* Probabilities stand where their text does. */
START_TEST(test_logprobs)
{
    const char *out;
    writing_t w;

    begin(&w, NULL);
    put_start(&w);
    put(&w, LLMGW_EV_TEXT, 0, "a");
    put(&w, LLMGW_EV_LOGPROBS, 0, "[{\"token\":\"a\"}]");
    put(&w, LLMGW_EV_TEXT, 0, "b");
    put(&w, LLMGW_EV_LOGPROBS, 0, "[{\"token\":\n\"b\"}]");
    put_tool(&w, 0, "c", "f", 0);
    put(&w, LLMGW_EV_LOGPROBS, 0, "[{\"token\":\"late\"}]");
    put_stop(&w, LLMGW_STOP_TOOL);
    out = finish(&w, "completed");
    assert_has(out, "\"text\":\"ab\",\"logprobs\":[{\"token\":\"a\"},"
               "{\"token\": \"b\"}]}");
    assert_lacks(out, "late");
}
END_TEST

/* ---- whole -------------------------------------------------------------- */

START_TEST(test_whole)
{
    llmgw_answer_opts_t opts = answer_opts(0);
    decoded_t got = decode(chat, 0, unit_read(unit_data(
        "openai_chat/tools_parallel.json")));
    llmgw_str_t out = encode_answer(responses, &opts, got.answer);

    check_golden(unit_data("openai_responses/client_tools.whole"), out);
    ck_assert_str_eq(llmgw_encoder_content_type(llmgw_encoder_create(
        unit_pool, responses, &opts, llmgw_buf_create(unit_pool, 100), 100)),
        "application/json");
}
END_TEST

START_TEST(test_error_forms)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 4096);
    llmgw_err_t err = LLMGW_ERR_INIT;

    llmgw_err_set(&err, unit_pool, LLMGW_EMISSING, "input", "No input.");
    unit_assert_ok(responses->error_encode(out, &err, "req-1"));
    unit_assert_str(llmgw_buf_str(out),
                    "{\"error\":{\"message\":\"No input.\",\"type\":"
                    "\"invalid_request_error\",\"param\":\"input\",\"code\":"
                    "\"missing_required_parameter\"},\"request_id\":"
                    "\"req-1\"}");
}
END_TEST

/* ---- answers of all kinds ----------------------------------------------- */

/* The response that a stream's last event holds. */
static const char *get_final(llmgw_str_t wire)
{
    static const char mark[] = ",\"response\":";
    const char *at = NULL, *next = wire.p;

    while ((next = strstr(next, mark)) != NULL) {
        at = next += sizeof(mark) - 1;
    }
    ck_assert_ptr_ne(at, NULL);
    return apr_pstrmemdup(unit_pool, at,
                          (apr_size_t)(strstr(at, "}\n\n") - at));
}

/* A stream is in order, and its end is what the whole answer is. */
static void check_answer(const char *name, const llmgw_answer_t *a)
{
    llmgw_answer_opts_t opts = answer_opts(1);
    llmgw_str_t wire = encode_answer(responses, &opts, a), whole;
    char *p;

    check_lifecycle(name, wire);
    if (a->has_error) {
        return;
    }
    opts.stream = 0;
    whole = encode_answer(responses, &opts, a);
    whole = llmgw_str_dup(unit_pool, whole);
    for (p = (char *)whole.p; *p; p++) {
        *p = *p == '\n' || *p == '\r' ? ' ' : *p;
    }
    ck_assert_msg(strcmp(get_final(wire), whole.p) == 0, "%s: %s\nis not\n%s",
                  name, get_final(wire), whole.p);
}

/* Chat in between, and back: nothing is lost but what chat does not have. */
static void check_detour(const char *name, const llmgw_answer_t *a)
{
    llmgw_answer_opts_t opts = answer_opts(1);
    decoded_t got;
    llmgw_str_t want = answer_substance(a);

    got = decode(chat, 1, encode_answer(chat, &opts, a));
    got = decode(responses, 1, encode_answer(responses, &opts, got.answer));
    ck_assert_msg(got.status == APR_SUCCESS, "%s", name);
    ck_assert_msg(llmgw_str_eq(want, answer_substance(got.answer)),
                  "%s:\n%.*s\n-- is --\n%.*s", name, LLMGW_STR_ARG(want),
                  LLMGW_STR_ARG(answer_substance(got.answer)));
}

static int check_folder(const char *folder, const llmgw_dialect_t *dialect)
{
    const char *dir = unit_data(folder), *name, *path;
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
        path = apr_pstrcat(unit_pool, dir, "/", name, NULL);
        got = decode(dialect, stream, unit_read(path));
        if (got.status != APR_SUCCESS) {
            continue;
        }
        check_answer(name, got.answer);
        if (dialect == responses && !got.answer->has_error) {
            check_detour(name, got.answer);
        }
        n++;
    }
    return n;
}

START_TEST(test_all)
{
    ck_assert_int_gt(check_folder("openai_chat", chat), 20);
    ck_assert_int_gt(check_folder("anthropic", &llmgw_dialect_anthropic), 10);
    ck_assert_int_gt(check_folder("openai_responses", responses), 20);
}
END_TEST

UNIT_MAIN("responses_client", test_text, test_nothing, test_tools,
          test_reasoning, test_refusal, test_cut, test_error, test_names,
          test_echo, test_citations, test_logprobs, test_whole,
          test_error_forms, test_all)
