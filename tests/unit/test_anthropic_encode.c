/* test_anthropic_encode.c: writing answers as Anthropic's messages */
#include "anthropic_wire.h"

static const llmgw_dialect_t *const anthropic = &llmgw_dialect_anthropic;
static const llmgw_dialect_t *const chat = &llmgw_dialect_openai_chat;

/* ---- golden answers of all dialects, there and back --------------------- */

static int check_folder(const char *folder, const llmgw_dialect_t *dialect)
{
    const char *dir = unit_data(folder), *name, *path;
    apr_array_header_t *names = unit_list(dir);
    decoded_t got;
    int i, stream, n = 0;

    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, char *);
        stream = with_ending(name, ".sse", "") != NULL;
        if (with_ending(name, ".req.json", "")
            || (!stream && !with_ending(name, ".json", ""))) {
            continue;
        }
        path = apr_pstrcat(unit_pool, dir, "/", name, NULL);
        got = decode(dialect, stream, unit_read(path));
        if (got.status == APR_SUCCESS && !got.answer->has_error) {
            check_message_round_trip(name, got.answer, 1);
            n++;
        }
    }
    return n;
}

START_TEST(test_round_trips)
{
    ck_assert_int_gt(check_folder("openai_chat", chat), 20);
    ck_assert_int_gt(check_folder("anthropic", anthropic), 10);
}
END_TEST

/* What the provider sends goes straight into the encoder, event by event. */
static llmgw_str_t translate_stream(const llmgw_dialect_t *dialect,
                                    llmgw_str_t in, int stream,
                                    apr_status_t want)
{
    llmgw_answer_opts_t opts = answer_opts(stream);
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 64 << 20);
    llmgw_encoder_t *enc = llmgw_encoder_create(unit_pool, anthropic, &opts,
                                                out, 64 << 20);
    llmgw_decoder_opts_t how;
    llmgw_decoder_t *dec;

    memset(&how, 0, sizeof(how));
    how.stream = 1;
    how.emit = llmgw_encoder_event;
    how.emit_ctx = enc;
    dec = llmgw_decoder_create(unit_pool, dialect, &how);
    unit_assert_ok(llmgw_decoder_feed(dec, in.p, in.len));
    unit_assert_status(llmgw_decoder_finish(dec), want);
    unit_assert_ok(llmgw_encoder_finish(enc));
    return llmgw_buf_str(out);
}

/* Each as it is written, streamed (.sse) and whole (.json). */
START_TEST(test_golden)
{
    static const struct {
        const char *folder;
        const char *name;
    } cases[] = {
        { "openai_chat", "text" }, { "openai_chat", "reasoning_details" },
        { "openai_chat", "tools_parallel" }, { "openai_chat", "tool_custom" },
        { "openai_chat", "tool_signature" }, { "openai_chat", "refusal" },
        { "openai_chat", "annotations" }, { "openai_chat", "several_choices" },
        { "openai_chat", "error_in_chunk" }, { "openai_chat", "comments" },
        { "anthropic", "thinking" }, { "anthropic", "tools" },
        { "anthropic", "citations" }, { "anthropic", "cache_usage" },
        { "anthropic", "stop_sequence" }, { "anthropic", "pause" },
        { "anthropic", "context_full" }, { "anthropic", "refusal" },
        { "anthropic", "cut_tool" }
    };
    llmgw_str_t in, out;
    int stream;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        in = unit_read(unit_data(apr_psprintf(unit_pool, "%s/%s.sse",
                                              cases[i].folder,
                                              cases[i].name)));
        for (stream = 0; stream < 2; stream++) {
            out = translate_stream(strcmp(cases[i].folder, "anthropic")
                                   ? chat : anthropic, in, stream,
                                   APR_SUCCESS);
            if (stream) {
                check_wire(cases[i].name, out);
            }
            check_golden(unit_data(apr_psprintf(
                unit_pool, "anthropic/client/%s_%s.%s", cases[i].folder,
                cases[i].name, stream ? "sse" : "json")), out);
        }
    }
}
END_TEST

/* ---- events by hand ----------------------------------------------------- */

typedef struct step_t {
    llmgw_event_e type;
    int index;
    const char *text;
    const char *name;
} step_t;

static const char *run_steps(const step_t *steps, size_t n, int stream)
{
    llmgw_answer_opts_t opts = answer_opts(stream);
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_encoder_t *enc = llmgw_encoder_create(unit_pool, anthropic, &opts,
                                                out, 1 << 20);
    llmgw_event_t ev;
    size_t i;

    for (i = 0; i < n; i++) {
        memset(&ev, 0, sizeof(ev));
        ev.type = steps[i].type;
        ev.index = steps[i].index;
        ev.text = llmgw_str_of(steps[i].text);
        ev.name = llmgw_str_of(steps[i].name);
        ev.stop = ev.type == LLMGW_EV_STOP ? (llmgw_stop_e)ev.index : 0;
        unit_assert_ok(llmgw_encoder_event(enc, &ev));
    }
    unit_assert_ok(llmgw_encoder_finish(enc));
    if (stream) {
        check_wire("steps", llmgw_buf_str(out));
    }
    return out->data ? out->data : "";
}

#define RUN(steps, stream) \
    run_steps(steps, sizeof(steps) / sizeof(steps[0]), stream)

/* The blocks of a stream in few words: "text(a)tool[f]({})". */
static const char *get_blocks(const char *stream)
{
    decoded_t got = decode(anthropic, 1, llmgw_str_of(stream));
    const llmgw_choice_t *c = APR_ARRAY_IDX(got.answer->choices, 0,
                                            llmgw_choice_t *);
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 1 << 20);
    const llmgw_block_t *block;
    int i;

    unit_assert_ok(got.status);
    for (i = 0; i < c->blocks->nelts; i++) {
        block = APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *);
        llmgw_buf_printf(b, "%s[%.*s](%.*s)%s", event_names[block->type],
                         LLMGW_STR_ARG(block->name),
                         LLMGW_STR_ARG(llmgw_buf_str(block->text)),
                         block->signature ? "!" : "");
    }
    return b->data ? b->data : "";
}

#define START { LLMGW_EV_TOOL_START, 0, NULL, "f" }
#define START_1 { LLMGW_EV_TOOL_START, 1, NULL, "g" }
#define ARGS(i, text) { LLMGW_EV_TOOL_ARGS, i, text, NULL }
#define END(i) { LLMGW_EV_TOOL_END, i, NULL, NULL }
#define TEXT(text) { LLMGW_EV_TEXT, 0, text, NULL }
#define STOP(why) { LLMGW_EV_STOP, why, NULL, NULL }

/* Calls side by side come one after the other, whole. */
START_TEST(test_interleaved)
{
    static const step_t steps[] = {
        TEXT("a"), START, START_1, ARGS(1, "{\"y\":"), ARGS(0, "{\"x\":\"}"),
        TEXT("late"), ARGS(1, "2}"), ARGS(0, "\\\"{\"}"), END(1), END(0),
        TEXT("b"), STOP(LLMGW_STOP_TOOL)
    };
    static const step_t nothing_ends[] = {
        START, START_1, ARGS(1, "{}"), TEXT("t"), STOP(LLMGW_STOP_LENGTH)
    };
    static const step_t in_turn[] = {
        START, ARGS(0, "{\"a\""), ARGS(0, ":[1]}"), START_1, ARGS(1, "{}"),
        TEXT("c"), ARGS(0, " "), END(0), END(1), STOP(LLMGW_STOP_END)
    };
    const char *out = RUN(steps, 1);

    ck_assert_str_eq(get_blocks(out), "text[](a)"
                     "tool_start[f]({\"x\":\"}\\\"{\"})"
                     "tool_start[g]({\"y\":2})text[](lateb)");
    ck_assert_str_eq(get_blocks(RUN(nothing_ends, 1)),
                     "tool_start[f]({})tool_start[g]({})text[](t)");
    out = RUN(in_turn, 1);
    ck_assert_str_eq(get_blocks(out),
                     "tool_start[f]({\"a\":[1]})tool_start[g]({})text[](c)");
    ck_assert_ptr_ne(strstr(out, "\"stop_reason\":\"tool_use\""), NULL);
}
END_TEST

/* A signature ends its block; one without text is a block of its own. */
START_TEST(test_reasoning)
{
    static const step_t steps[] = {
        { LLMGW_EV_REASONING, 0, "r", NULL },
        { LLMGW_EV_REASONING, 0, "", NULL },
        { LLMGW_EV_SIGNATURE, 0, "s", NULL },
        { LLMGW_EV_SIGNATURE, 0, "alone", NULL },
        { LLMGW_EV_REASONING, 0, "q", NULL },
        { LLMGW_EV_REDACTED, 0, "opaque", NULL }, TEXT(""), TEXT("t"),
        STOP(LLMGW_STOP_END)
    };
    const char *out = RUN(steps, 1);

    ck_assert_str_eq(get_blocks(out), "reasoning[](r)!reasoning[]()!"
                     "reasoning[](q)redacted[](opaque)text[](t)");
    ck_assert_ptr_ne(strstr(RUN(steps, 0),
        "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"alone\"}"),
        NULL);
}
END_TEST

START_TEST(test_stop_reasons)
{
    static const char *const words[] = {
        "end_turn", "end_turn", "max_tokens", "stop_sequence", "tool_use",
        "refusal", "refusal", "pause_turn", "model_context_window_exceeded",
        "end_turn"
    };
    const char *want;
    int stop, stream;

    for (stop = 0; stop < 10; stop++) {
        for (stream = 0; stream < 2; stream++) {
            const step_t steps[] = { TEXT("t"), STOP(stop), TEXT("after") };

            want = apr_psprintf(unit_pool, "\"stop_reason\":\"%s\"",
                                words[stop]);
            ck_assert_ptr_ne(strstr(RUN(steps, stream), want), NULL);
        }
    }
}
END_TEST

/* Nothing at all, or only a start, is still a message. */
START_TEST(test_empty)
{
    static const step_t steps[] = {
        { LLMGW_EV_PING, 0, NULL, NULL }, { LLMGW_EV_START, 0, NULL, NULL },
        { LLMGW_EV_PING, 0, NULL, NULL }, TEXT(""),
        { LLMGW_EV_REASONING, 0, "", NULL }
    };
    static const step_t citation[] = {
        { LLMGW_EV_ANNOTATION, 0, "{}", NULL }, STOP(LLMGW_STOP_END)
    };
    const char *out = RUN(steps, 1);

    ck_assert_ptr_eq(strstr(out, "content_block"), NULL);
    ck_assert_ptr_ne(strstr(out, "\"id\":\"msg_token\""), NULL);
    ck_assert_ptr_ne(strstr(RUN(steps, 0), "\"content\":[],"), NULL);
    run_steps(steps, 0, 1);
    ck_assert_ptr_eq(strstr(RUN(citation, 1), "content_block"), NULL);
}
END_TEST

static const char *put_usage(llmgw_usage_t u, int stream)
{
    llmgw_answer_opts_t opts = answer_opts(stream);
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_encoder_t *enc = llmgw_encoder_create(unit_pool, anthropic, &opts,
                                                out, 1 << 20);
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_USAGE;
    ev.usage = &u;
    unit_assert_ok(llmgw_encoder_event(enc, &ev));
    unit_assert_ok(llmgw_encoder_finish(enc));
    return out->data;
}

/* The cache's tokens are counted apart, and nothing is ever negative. */
START_TEST(test_usage)
{
    llmgw_usage_t u = { 100, 7, 107, 60, 30, 5, -1, -1, 0 };
    llmgw_usage_t odd = { 10, 7, 17, 60, -1, -1, -1, -1, 0 };
    llmgw_usage_t none = LLMGW_USAGE_INIT;
    int stream;

    for (stream = 0; stream < 2; stream++) {
        ck_assert_ptr_ne(strstr(put_usage(u, stream),
            "\"input_tokens\":10,\"cache_creation_input_tokens\":30,"
            "\"cache_read_input_tokens\":60,"), NULL);
        ck_assert_ptr_ne(strstr(put_usage(u, stream),
            "\"output_tokens\":7,\"output_tokens_details\":"
            "{\"thinking_tokens\":5}"), NULL);
        ck_assert_ptr_ne(strstr(put_usage(odd, stream), "\"input_tokens\":0,"),
                         NULL);
    }
    ck_assert_ptr_ne(strstr(put_usage(none, 1), "\"delta\":{\"stop_reason\":"
        "\"end_turn\",\"stop_sequence\":null,\"stop_details\":null,"
        "\"container\":null},\"usage\":{\"input_tokens\":null,"
        "\"cache_creation_input_tokens\":null,"
        "\"cache_read_input_tokens\":null,\"output_tokens\":0,"
        "\"output_tokens_details\":null,\"server_tool_use\":null}}"), NULL);
}
END_TEST

/* Nothing follows an error. */
START_TEST(test_error)
{
    llmgw_str_t out = translate_stream(chat, LLMGW_STR_LIT(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}"
        "\n\ndata: {\"error\":{\"message\":\"Broken.\",\"code\":429}}\n\n"), 1,
        APR_SUCCESS);
    const char *tail = strstr(out.p, "event: error\n");

    check_wire("error", out);
    ck_assert_ptr_ne(tail, NULL);
    ck_assert_str_eq(tail, "event: error\ndata: {\"type\":\"error\",\"error\":"
                     "{\"type\":\"rate_limit_error\",\"message\":\"Broken.\"},"
                     "\"request_id\":null}\n\n");
}
END_TEST

/* ---- recorded exchanges ------------------------------------------------- */

static void check_recorded(const char *id, const llmgw_answer_t *a)
{
    if (!a->has_error) {
        check_message_round_trip(id, a, 0);
    }
}

START_TEST(test_recorded)
{
    int n = each_recorded_answer(check_recorded);

    ck_assert(n < 0 || n > 150);
}
END_TEST

UNIT_MAIN("anthropic_encode", test_round_trips, test_golden, test_interleaved,
          test_reasoning, test_stop_reasons, test_empty, test_usage,
          test_error, test_recorded)
