/* test_encoder.c: writing answers: whole and streamed chat completions */
#include "answers.h"

static const llmgw_dialect_t *const chat = &llmgw_dialect_openai_chat;

/* ---- events, one after the other ---------------------------------------- */

typedef struct writing_t {
    llmgw_encoder_t *enc;
    llmgw_buf_t *out;
    llmgw_answer_opts_t opts;
} writing_t;

static void begin(writing_t *w, int stream)
{
    w->opts = answer_opts(stream);
    w->opts.include_usage = 0;
    w->out = llmgw_buf_create(unit_pool, 1 << 20);
}

static void create(writing_t *w)
{
    w->enc = llmgw_encoder_create(unit_pool, chat, &w->opts, w->out, 1 << 20);
}

static void put(writing_t *w, llmgw_event_e type, int choice, int index,
                const char *text)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.choice = choice;
    ev.index = index;
    ev.text = llmgw_str_of(text);
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static void put_start(writing_t *w)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_START;
    ev.id = LLMGW_STR_LIT("id-\"1\"");
    ev.model = LLMGW_STR_LIT("m");
    ev.created_sec = 5;
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
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
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static void put_stop(writing_t *w, int choice, llmgw_stop_e stop)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_STOP;
    ev.choice = choice;
    ev.stop = stop;
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static void put_usage(writing_t *w, apr_int64_t prompt, apr_int64_t completion)
{
    llmgw_usage_t usage = LLMGW_USAGE_INIT;
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_USAGE;
    usage.prompt = prompt;
    usage.completion = completion;
    ev.usage = &usage;
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static void put_failure(writing_t *w)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ERROR;
    llmgw_err_set(&err, unit_pool, LLMGW_EUPSTREAM, NULL, "It \"broke\".");
    ev.error = &err;
    unit_assert_ok(llmgw_encoder_event(w->enc, &ev));
}

static const char *finish(writing_t *w)
{
    unit_assert_ok(llmgw_encoder_finish(w->enc));
    unit_assert_ok(llmgw_encoder_finish(w->enc));
    return w->out->data;
}

#define HEAD "data: {\"id\":\"id-\\\"1\\\"\",\"object\":" \
    "\"chat.completion.chunk\",\"created\":5,\"model\":\"m\",\"choices\":["
#define MADE "data: {\"id\":\"chatcmpl-token\",\"object\":" \
    "\"chat.completion.chunk\",\"created\":1700000000,\"model\":" \
    "\"some-model\",\"choices\":["
#define DELTA(n, d) "{\"index\":" #n ",\"delta\":{" d "},\"logprobs\":null," \
    "\"finish_reason\":null}]"
#define ROLE(c) "\"role\":\"assistant\",\"content\":" c ",\"refusal\":null"
#define FINISH(n, r) "{\"index\":" #n ",\"delta\":{},\"logprobs\":null," \
    "\"finish_reason\":\"" r "\"}]"
#define END "}\n\n"
#define DONE "data: [DONE]\n\n"

START_TEST(test_text)
{
    writing_t w;

    begin(&w, 1);
    create(&w);
    ck_assert_str_eq(llmgw_encoder_content_type(w.enc), "text/event-stream");
    put_start(&w);
    put(&w, LLMGW_EV_TEXT, 0, 0, "");
    put(&w, LLMGW_EV_TEXT, 0, 0, "Hi");
    put(&w, LLMGW_EV_PING, 0, 0, NULL);
    put(&w, LLMGW_EV_TEXT, 0, 0, "\n");
    put(&w, LLMGW_EV_BUILTIN, 0, 0, "{}");
    put_usage(&w, 1, 2);
    put_stop(&w, 0, LLMGW_STOP_END);
    put(&w, LLMGW_EV_TEXT, 0, 0, "late");
    ck_assert_str_eq(finish(&w),
        HEAD DELTA(0, ROLE("\"\"")) END
        HEAD DELTA(0, "\"content\":\"Hi\"") END
        ": ping\n\n"
        HEAD DELTA(0, "\"content\":\"\\n\"") END
        HEAD FINISH(0, "stop") END DONE);
}
END_TEST

START_TEST(test_usage)
{
    writing_t w;

    begin(&w, 1);
    w.opts.include_usage = 1;
    create(&w);
    put_start(&w);
    put_stop(&w, 0, LLMGW_STOP_LENGTH);
    put_usage(&w, 1, 2);
    put_usage(&w, -1, 3);
    ck_assert_str_eq(finish(&w),
        HEAD DELTA(0, ROLE("\"\"")) ",\"usage\":null" END
        HEAD FINISH(0, "length") ",\"usage\":null" END
        HEAD "],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":3,"
        "\"total_tokens\":4,\"prompt_tokens_details\":{\"cached_tokens\":0,"
        "\"audio_tokens\":0},\"completion_tokens_details\":"
        "{\"reasoning_tokens\":0,\"audio_tokens\":0,"
        "\"accepted_prediction_tokens\":0,"
        "\"rejected_prediction_tokens\":0}}" END DONE);
}
END_TEST

/* An answer that never came still ends as it should. */
START_TEST(test_nothing)
{
    writing_t w;

    begin(&w, 1);
    create(&w);
    ck_assert_str_eq(finish(&w), MADE DELTA(0, ROLE("\"\"")) END
                     MADE FINISH(0, "stop") END DONE);
}
END_TEST

START_TEST(test_tools)
{
    writing_t w;

    begin(&w, 1);
    create(&w);
    put_start(&w);
    put_tool(&w, 0, "a", "f", 0);
    put(&w, LLMGW_EV_TOOL_ARGS, 0, 0, "");
    put(&w, LLMGW_EV_TOOL_END, 0, 0, NULL);
    put_tool(&w, 1, NULL, "g", 0);
    put(&w, LLMGW_EV_TOOL_ARGS, 0, 1, "{\"a\":");
    put(&w, LLMGW_EV_TOOL_ARGS, 0, 1, "1}");
    put(&w, LLMGW_EV_TOOL_END, 0, 1, NULL);
    put_tool(&w, 2, "c", "sh", 1);
    put(&w, LLMGW_EV_TOOL_ARGS, 0, 2, "ls");
    put(&w, LLMGW_EV_TOOL_END, 0, 2, NULL);
    put_stop(&w, 0, LLMGW_STOP_TOOL);
    ck_assert_str_eq(finish(&w),
        HEAD DELTA(0, ROLE("null")) END
        HEAD DELTA(0, "\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":"
                      "\"function\",\"function\":{\"name\":\"f\","
                      "\"arguments\":\"\"}}]") END
        HEAD DELTA(0, "\"tool_calls\":[{\"index\":0,\"function\":"
                      "{\"arguments\":\"{}\"}}]") END
        HEAD DELTA(0, "\"tool_calls\":[{\"index\":1,\"id\":\"call_token_0_1\","
                      "\"type\":\"function\",\"function\":{\"name\":\"g\","
                      "\"arguments\":\"\"}}]") END
        HEAD DELTA(0, "\"tool_calls\":[{\"index\":1,\"function\":"
                      "{\"arguments\":\"{\\\"a\\\":\"}}]") END
        HEAD DELTA(0, "\"tool_calls\":[{\"index\":1,\"function\":"
                      "{\"arguments\":\"1}\"}}]") END
        HEAD DELTA(0, "\"tool_calls\":[{\"index\":2,\"id\":\"c\",\"type\":"
                      "\"custom\",\"custom\":{\"name\":\"sh\",\"input\":\"\"}}"
                      "]") END
        HEAD DELTA(0, "\"tool_calls\":[{\"index\":2,\"custom\":{\"input\":"
                      "\"ls\"}}]") END
        HEAD FINISH(0, "tool_calls") END DONE);
}
END_TEST

START_TEST(test_reasoning)
{
    writing_t w;

    begin(&w, 1);
    create(&w);
    put_start(&w);
    put(&w, LLMGW_EV_REASONING, 0, 0, "a\"");
    put(&w, LLMGW_EV_SIGNATURE, 0, 0, "s");
    put(&w, LLMGW_EV_REDACTED, 0, 0, "d");
    put(&w, LLMGW_EV_REASONING, 0, 0, "b");
    put(&w, LLMGW_EV_REDACTED, 0, 0, "e");
    put_stop(&w, 0, LLMGW_STOP_END);
    ck_assert_str_eq(finish(&w),
        HEAD DELTA(0, ROLE("\"\"")) END
        HEAD DELTA(0, "\"reasoning_content\":\"a\\\"\",\"reasoning_details\":"
                      "[{\"type\":\"reasoning.text\",\"text\":\"a\\\"\","
                      "\"index\":0}]") END
        HEAD DELTA(0, "\"reasoning_details\":[{\"type\":\"reasoning.text\","
                      "\"signature\":\"s\",\"index\":0}]") END
        HEAD DELTA(0, "\"reasoning_details\":[{\"type\":"
                      "\"reasoning.encrypted\",\"data\":\"d\",\"index\":1}]")
        END
        HEAD DELTA(0, "\"reasoning_content\":\"b\",\"reasoning_details\":"
                      "[{\"type\":\"reasoning.text\",\"text\":\"b\","
                      "\"index\":2}]") END
        HEAD DELTA(0, "\"reasoning_details\":[{\"type\":"
                      "\"reasoning.encrypted\",\"data\":\"e\",\"index\":3}]")
        END
        HEAD FINISH(0, "stop") END DONE);
}
END_TEST

/* Nothing follows an error but the end. */
START_TEST(test_error)
{
    writing_t w;

    begin(&w, 1);
    create(&w);
    put_start(&w);
    put(&w, LLMGW_EV_TEXT, 0, 0, "a");
    put_failure(&w);
    put(&w, LLMGW_EV_TEXT, 0, 0, "b");
    put_stop(&w, 0, LLMGW_STOP_END);
    ck_assert_str_eq(finish(&w),
        HEAD DELTA(0, ROLE("\"\"")) END
        HEAD DELTA(0, "\"content\":\"a\"") END
        "data: {\"error\":{\"message\":\"It \\\"broke\\\".\",\"type\":"
        "\"server_error\",\"param\":null,\"code\":\"upstream_error\"}}\n\n"
        DONE);

    begin(&w, 0);
    create(&w);
    put_failure(&w);
    ck_assert_str_eq(finish(&w),
        "{\"error\":{\"message\":\"It \\\"broke\\\".\",\"type\":"
        "\"server_error\",\"param\":null,\"code\":\"upstream_error\"}}");
}
END_TEST

START_TEST(test_several_choices)
{
    writing_t w;

    begin(&w, 1);
    create(&w);
    put_start(&w);
    put(&w, LLMGW_EV_TEXT, 1, 0, "b");
    put(&w, LLMGW_EV_TEXT, 0, 0, "a");
    put_stop(&w, 1, LLMGW_STOP_FILTER);
    put(&w, LLMGW_EV_TEXT, 200, 0, "nobody's");
    ck_assert_str_eq(finish(&w),
        HEAD DELTA(1, ROLE("\"\"")) END
        HEAD DELTA(1, "\"content\":\"b\"") END
        HEAD DELTA(0, ROLE("\"\"")) END
        HEAD DELTA(0, "\"content\":\"a\"") END
        HEAD FINISH(1, "content_filter") END
        HEAD FINISH(0, "stop") END DONE);
}
END_TEST

/* ---- the request's influence -------------------------------------------- */

static llmgw_tool_t *add_tool(llmgw_request_t *req, llmgw_str_t name)
{
    llmgw_tool_t *tool = apr_array_push(req->tools);

    memset(tool, 0, sizeof(*tool));
    tool->name = name;
    return tool;
}

/* Whoever spoke functions is answered with function_call. */
START_TEST(test_legacy)
{
    llmgw_request_t *req = llmgw_request_create(unit_pool);
    int stream;

    req->legacy_functions = 1;
    for (stream = 0; stream < 2; stream++) {
        writing_t w;
        const char *out;

        begin(&w, stream);
        w.opts.request = req;
        create(&w);
        put_start(&w);
        put_tool(&w, 0, "a", "f", 0);
        put(&w, LLMGW_EV_TOOL_END, 0, 0, NULL);
        put_tool(&w, 1, "b", "g", 0);
        put(&w, LLMGW_EV_TOOL_ARGS, 0, 1, "{\"lost\":1}");
        put(&w, LLMGW_EV_TOOL_END, 0, 1, NULL);
        put_stop(&w, 0, LLMGW_STOP_TOOL);
        out = finish(&w);
        ck_assert_ptr_ne(strstr(out, "\"function_call\":{\"name\":\"f\","
                                "\"arguments\":\""), NULL);
        ck_assert_ptr_ne(strstr(out, "\"finish_reason\":\"function_call\""),
                         NULL);
        ck_assert_ptr_eq(strstr(out, "tool_calls"), NULL);
        ck_assert_ptr_eq(strstr(out, "lost"), NULL);
        ck_assert_ptr_ne(strstr(out, "\"{}\""), NULL);
    }
}
END_TEST

/* A tool's name comes back as the client wrote it. */
START_TEST(test_restored_names)
{
    static const char name[] = "mcp.server/a tool with a name that is too long"
        " for the providers of this world";
    llmgw_request_t *req = llmgw_request_create(unit_pool);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_buf_t *body = llmgw_buf_create(unit_pool, 10000);
    llmgw_encode_t how;
    const char *sent, *out;
    writing_t w;

    req->model = LLMGW_STR_LIT("m");
    add_tool(req, LLMGW_STR_LIT("plain"));
    add_tool(req, llmgw_str_of(name));
    memset(&how, 0, sizeof(how));
    how.model = req->model;
    unit_assert_ok(llmgw_dialect_anthropic.request_encode(body, req, &how,
                                                          unit_pool, &err));
    sent = strstr(body->data, "mcp_server");
    ck_assert_ptr_ne(sent, NULL);
    ck_assert_int_eq(strcspn(sent, "\""), 64);
    begin(&w, 1);
    w.opts.request = req;
    create(&w);
    put_tool(&w, 0, "a", apr_pstrmemdup(unit_pool, sent, 64), 0);
    put_tool(&w, 1, "b", "plain", 0);
    put_tool(&w, 2, "c", "unknown", 0);
    out = finish(&w);
    ck_assert_ptr_ne(strstr(out, name), NULL);
    ck_assert_ptr_ne(strstr(out, "\"plain\""), NULL);
    ck_assert_ptr_ne(strstr(out, "\"unknown\""), NULL);
}
END_TEST

/* ---- whole -------------------------------------------------------------- */

START_TEST(test_whole)
{
    writing_t w;

    begin(&w, 0);
    create(&w);
    ck_assert_str_eq(llmgw_encoder_content_type(w.enc), "application/json");
    put_start(&w);
    put(&w, LLMGW_EV_REASONING, 0, 0, "r");
    put(&w, LLMGW_EV_SIGNATURE, 0, 0, "s");
    put(&w, LLMGW_EV_TEXT, 0, 0, "a");
    put(&w, LLMGW_EV_LOGPROBS, 0, 0, "[{}]");
    put_usage(&w, 1, 2);
    put_stop(&w, 0, LLMGW_STOP_SEQUENCE);
    ck_assert_str_eq(finish(&w),
        "{\"id\":\"id-\\\"1\\\"\",\"object\":\"chat.completion\",\"created\":5,"
        "\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
        "\"assistant\",\"content\":\"a\",\"refusal\":null,"
        "\"reasoning_content\":\"r\",\"reasoning_details\":[{\"type\":"
        "\"reasoning.text\",\"text\":\"r\",\"signature\":\"s\",\"index\":0}],"
        "\"annotations\":[]},\"logprobs\":{\"content\":[{}],\"refusal\":null},"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,"
        "\"completion_tokens\":2,\"total_tokens\":3,"
        "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":0,"
        "\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"
        "\"rejected_prediction_tokens\":0}}}");
}
END_TEST

/* Citations of other providers, and images, in both forms. */
START_TEST(test_media_and_citations)
{
    int stream;

    for (stream = 0; stream < 2; stream++) {
        llmgw_event_t ev;
        const char *out;
        writing_t w;

        begin(&w, stream);
        create(&w);
        put(&w, LLMGW_EV_TEXT, 0, 0, "a");
        memset(&ev, 0, sizeof(ev));
        ev.type = LLMGW_EV_ANNOTATION;
        ev.text = LLMGW_STR_LIT("{\"type\":\"foreign\"}");
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev.id = LLMGW_STR_LIT("https://example.org/");
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev.text = LLMGW_STR_LIT("{\"type\":\n\"own\"}");
        ev.dialect = chat;
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev.type = LLMGW_EV_IMAGE;
        ev.media_type = LLMGW_STR_LIT("image/png");
        ev.text = LLMGW_STR_LIT("AAAA");
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        ev.type = LLMGW_EV_AUDIO;
        unit_assert_ok(llmgw_encoder_event(w.enc, &ev));
        out = finish(&w);
        ck_assert_ptr_eq(strstr(out, "foreign"), NULL);
        ck_assert_ptr_ne(strstr(out, "\"url_citation\":{\"end_index\":0,"
                                "\"start_index\":0,\"url\":"
                                "\"https://example.org/\",\"title\":"
                                "\"https://example.org/\"}"), NULL);
        ck_assert_ptr_ne(strstr(out, stream ? "{\"type\": \"own\"}"
                                            : "{\"type\":\n\"own\"}"), NULL);
        ck_assert_ptr_ne(strstr(out, "data:image/png;base64,AAAA"), NULL);
        ck_assert_ptr_ne(strstr(out, "\"audio\":{"), NULL);
    }
}
END_TEST

START_TEST(test_error_forms)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 4096);
    llmgw_err_t err = LLMGW_ERR_INIT;

    llmgw_err_set(&err, unit_pool, LLMGW_EMISSING, "model", "No model.");
    unit_assert_ok(chat->error_encode(out, &err, "req-1"));
    unit_assert_str(llmgw_buf_str(out),
                    "{\"error\":{\"message\":\"No model.\",\"type\":"
                    "\"invalid_request_error\",\"param\":\"model\",\"code\":"
                    "\"missing_required_parameter\"},\"request_id\":"
                    "\"req-1\"}");
    llmgw_buf_clear(out);
    memset(&err, 0, sizeof(err));
    err.status = LLMGW_EUPSTREAM;
    err.from_provider = 1;
    unit_assert_ok(chat->error_encode(out, &err, NULL));
    ck_assert_ptr_ne(strstr(out->data, "gave no reason"), NULL);
}
END_TEST

UNIT_MAIN("encoder", test_text, test_usage, test_nothing, test_tools,
          test_reasoning, test_error, test_several_choices, test_legacy,
          test_restored_names, test_whole, test_media_and_citations,
          test_error_forms)
