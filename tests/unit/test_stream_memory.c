/* test_stream_memory.c: no event of a stream takes memory of a request's pool */
#include "answers.h"

#define DATA(json) "data: " json "\n\n"
#define CHUNK(delta) DATA("{\"choices\":[{\"index\":0,\"delta\":{" delta "}}]}")
#define CALL(more) "\"tool_calls\":[{\"index\":0," more "}]"
#define BLOCK(block) DATA("{\"type\":\"message_start\",\"message\":{\"id\":" \
        "\"msg_1\",\"model\":\"c\",\"usage\":{\"input_tokens\":1}}}") \
    DATA("{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{" \
        block "}}")
#define BLOCK_DELTA(delta) DATA("{\"type\":\"content_block_delta\"," \
        "\"index\":0,\"delta\":{" delta "}}")
#define PART(part) DATA("{\"candidates\":[{\"content\":{\"parts\":[{" part \
        "}]}}],\"usageMetadata\":{\"promptTokenCount\":1}}")
#define ITEM(item) DATA("{\"type\":\"response.created\",\"response\":{\"id\":" \
        "\"resp_1\",\"model\":\"g\"}}") \
    DATA("{\"type\":\"response.output_item.added\",\"output_index\":0," \
        "\"item\":{" item "}}")
#define ITEM_DELTA(type, index) DATA("{\"type\":\"response." type ".delta\"," \
        "\"item_id\":\"i\",\"output_index\":0," index "\"delta\":\"a \\\"b\"}")

/* A stream of each dialect: how it begins, and what then comes again and again. */
static const struct {
    const llmgw_dialect_t *dialect;
    const char *head;
    const char *delta;
} streams[] = {
    { &llmgw_dialect_openai_chat, CHUNK("\"role\":\"assistant\""),
      CHUNK("\"content\":\"a \\\"b\"") },
    { &llmgw_dialect_openai_chat, CHUNK("\"role\":\"assistant\""),
      CHUNK("\"reasoning_content\":\"a \\\"b\"") },
    { &llmgw_dialect_openai_chat,
      CHUNK(CALL("\"id\":\"c\",\"function\":{\"name\":\"f\"}")),
      CHUNK(CALL("\"function\":{\"arguments\":\"a \\\"b\"}")) },
    { &llmgw_dialect_openai_responses,
      ITEM("\"id\":\"i\",\"type\":\"message\",\"content\":[]"),
      ITEM_DELTA("output_text", "\"content_index\":0,") },
    { &llmgw_dialect_openai_responses,
      ITEM("\"id\":\"i\",\"type\":\"reasoning\",\"summary\":[]"),
      ITEM_DELTA("reasoning_summary_text", "\"summary_index\":0,") },
    { &llmgw_dialect_openai_responses,
      ITEM("\"id\":\"i\",\"type\":\"reasoning\",\"summary\":[]"),
      ITEM_DELTA("reasoning_text", "\"content_index\":0,") },
    { &llmgw_dialect_openai_responses,
      ITEM("\"id\":\"i\",\"type\":\"function_call\",\"call_id\":\"c\","
           "\"name\":\"f\",\"arguments\":\"\""),
      ITEM_DELTA("function_call_arguments", "") },
    { &llmgw_dialect_anthropic, BLOCK("\"type\":\"text\",\"text\":\"\""),
      BLOCK_DELTA("\"type\":\"text_delta\",\"text\":\"a \\\"b\"") },
    { &llmgw_dialect_anthropic,
      BLOCK("\"type\":\"thinking\",\"thinking\":\"\""),
      BLOCK_DELTA("\"type\":\"thinking_delta\",\"thinking\":\"a \\\"b\"") },
    { &llmgw_dialect_anthropic,
      BLOCK("\"type\":\"tool_use\",\"id\":\"c\",\"name\":\"f\",\"input\":{}"),
      BLOCK_DELTA("\"type\":\"input_json_delta\",\"partial_json\":"
                  "\"a \\\"b\"") },
    { &llmgw_dialect_gemini, PART("\"text\":\"c\""), PART("\"text\":\"a \\\"b\"") },
    { &llmgw_dialect_gemini, PART("\"text\":\"c\",\"thought\":true"),
      PART("\"text\":\"a \\\"b\",\"thought\":true") }
};

#define STREAMS (sizeof(streams) / sizeof(streams[0]))

static apr_status_t count_event(void *ctx, const llmgw_event_t *ev)
{
    int *n = ctx;

    *n += ev->text.len > 0;
    return APR_SUCCESS;
}

static void feed(llmgw_decoder_t *dec, const char *text, llmgw_buf_t *out,
                 int times)
{
    while (times-- > 0) {
        unit_assert_ok(llmgw_decoder_feed(dec, text, strlen(text)));
        llmgw_buf_clear(out);
    }
}

/* The pool's next bytes are where they were, however many events have come. */
static void check_flat(llmgw_decoder_t *dec, size_t i, llmgw_buf_t *out)
{
    char *before;

    feed(dec, streams[i].head, out, 1);
    feed(dec, streams[i].delta, out, 10);
    before = apr_palloc(unit_pool, 8);
    feed(dec, streams[i].delta, out, 1000);
    ck_assert_msg((char *)apr_palloc(unit_pool, 8) == before + 8,
                  "%s", streams[i].delta);
}

/* Listened to, as when its bytes pass on. */
START_TEST(test_decoding)
{
    llmgw_buf_t *none = llmgw_buf_create(unit_pool, 0);
    int n;
    llmgw_decoder_opts_t opts = { 1, 0, 0, count_event, &n, NULL, NULL };
    size_t i;

    for (i = 0; i < STREAMS; i++) {
        n = 0;
        check_flat(llmgw_decoder_create(unit_pool, streams[i].dialect, &opts),
                   i, none);
        ck_assert_int_ge(n, 1010);
    }
}
END_TEST

/* Written for clients of a dialect. */
static void check_client(const llmgw_dialect_t *client)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_answer_opts_t how = answer_opts(1);
    llmgw_decoder_opts_t opts = { 1, 0, 0, llmgw_encoder_event, NULL, NULL,
                                  NULL };
    size_t i;

    for (i = 0; i < STREAMS; i++) {
        how.maker = streams[i].dialect;
        opts.emit_ctx = llmgw_encoder_create(unit_pool, client, &how, out,
                                             1 << 20);
        check_flat(llmgw_decoder_create(unit_pool, streams[i].dialect, &opts),
                   i, out);
    }
}

START_TEST(test_translating)
{
    const llmgw_dialect_t *client;
    unsigned int i;

    for (i = 0; (client = llmgw_dialect_get(i)) != NULL; i++) {
        check_client(client);
    }
    ck_assert_uint_eq(i, 4);
}
END_TEST

UNIT_MAIN("stream_memory", test_decoding, test_translating)
