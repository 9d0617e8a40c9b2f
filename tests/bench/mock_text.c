/* mock_text.c: what the bench's provider says, as OpenAI and as Anthropic
 *
 * Each token is "~ID.SEQ.NS; ": the client's mark, its number from 0, and the
 * monotonic clock of this machine when it was written, so that the client can
 * tell whose it is, whether one is missing, and how long it was on its way.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "mock_text.h"

#define STREAM_HEAD \
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" \
    "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
#define CHUNK_BEGIN \
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\"," \
    "\"created\":1700000000,\"model\":\"bench\",\"choices\":["
#define TOKEN "~%s.%u.%lld; "
#define WELL "All is well here, and so it will be tomorrow."

int64_t mock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void parse_model(mock_ask_t *ask, const char *name)
{
    while (name[0] == '-' && name[1]) {
        char what = name[1], *end;
        unsigned int n = (unsigned int)strtoul(name + 2, &end, 10);

        if (what == 't') {
            ask->tokens = n;
        }
        else if (what == 'r') {
            ask->per_sec = n;
        }
        else if (what == 'd') {
            ask->delay_ms = n;
        }
        name = end;
    }
}

void mock_ask_parse(mock_ask_t *ask, const char *head, const char *body)
{
    const char *line_end = strchr(head, '\r');
    const char *model = strstr(body, "\"model\"");
    const char *mark = strchr(body, '~');
    size_t i = 0;

    memset(ask, 0, sizeof(*ask));
    model = model ? strstr(model, "bench") : NULL;
    if (model) {
        parse_model(ask, model + strlen("bench"));
    }
    ask->is_anthropic = memmem(head, (size_t)(line_end - head), "/messages", 9)
                        != NULL;
    ask->wants_usage = strstr(body, "\"include_usage\":true")
                       || strstr(body, "\"include_usage\": true");
    while (mark && i < sizeof(ask->id) - 1
           && isdigit((unsigned char)mark[i + 1])) {
        ask->id[i] = mark[i + 1];
        i++;
    }
    if (i == 0) {
        ask->id[0] = '0';
    }
}

size_t mock_say_whole(char *out, const mock_ask_t *ask)
{
    static const char openai[] =
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\","
        "\"created\":1700000000,\"model\":\"bench\",\"choices\":[{\"index\":0,"
        "\"message\":{\"role\":\"assistant\",\"content\":\"" TOKEN WELL "\"},"
        "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,"
        "\"completion_tokens\":11,\"total_tokens\":23}}";
    static const char anthropic[] =
        "{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\","
        "\"model\":\"bench\",\"content\":[{\"type\":\"text\",\"text\":\"" TOKEN
        WELL "\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
        "\"usage\":{\"input_tokens\":12,\"output_tokens\":11}}";
    char body[1024];
    int len;

    len = snprintf(body, sizeof(body), ask->is_anthropic ? anthropic : openai,
                   ask->id, 0U, (long long)mock_now());
    len = snprintf(out, MOCK_PIECE_MAX,
                   "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                   "Content-Length: %d\r\n\r\n%s", len, body);
    return (size_t)len;
}

/* One HTTP chunk. */
static size_t frame(char *out, size_t size, const char *text)
{
    return (size_t)snprintf(out, size, "%zx\r\n%s\r\n", strlen(text), text);
}

size_t mock_say_start(char *out, const mock_ask_t *ask)
{
    size_t len = sizeof(STREAM_HEAD) - 1;

    memcpy(out, STREAM_HEAD, len);
    return len + frame(out + len, MOCK_PIECE_MAX - len, ask->is_anthropic
        ? "event: message_start\ndata: {\"type\":\"message_start\","
          "\"message\":{\"id\":\"msg_bench\",\"type\":\"message\","
          "\"role\":\"assistant\",\"model\":\"bench\",\"content\":[],"
          "\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{"
          "\"input_tokens\":12,\"output_tokens\":1}}}\n\n"
          "event: content_block_start\ndata: {\"type\":\"content_block_start\","
          "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
        : CHUNK_BEGIN "{\"index\":0,\"delta\":{\"role\":\"assistant\","
          "\"content\":\"\"},\"finish_reason\":null}]}\n\n");
}

size_t mock_say_token(char *out, const mock_ask_t *ask, unsigned int seq)
{
    static const char openai[] =
        CHUNK_BEGIN "{\"index\":0,\"delta\":{\"content\":\"" TOKEN "\"},"
        "\"finish_reason\":null}]}\n\n";
    static const char anthropic[] =
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
        "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" TOKEN
        "\"}}\n\n";
    char text[512];

    snprintf(text, sizeof(text), ask->is_anthropic ? anthropic : openai,
             ask->id, seq, (long long)mock_now());
    return frame(out, MOCK_PIECE_MAX, text);
}

static size_t end_anthropic(char *out, const mock_ask_t *ask)
{
    char text[512];

    snprintf(text, sizeof(text),
             "event: content_block_stop\ndata: {\"type\":\"content_block_stop\""
             ",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":"
             "\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\","
             "\"stop_sequence\":null},\"usage\":{\"output_tokens\":%u}}\n\n"
             "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
             ask->tokens);
    return frame(out, MOCK_PIECE_MAX, text);
}

static size_t end_openai(char *out, const mock_ask_t *ask)
{
    char usage[256] = "", text[1024];

    if (ask->wants_usage) {
        snprintf(usage, sizeof(usage),
                 CHUNK_BEGIN "],\"usage\":{\"prompt_tokens\":12,"
                 "\"completion_tokens\":%u,\"total_tokens\":%u}}\n\n",
                 ask->tokens, ask->tokens + 12);
    }
    snprintf(text, sizeof(text),
             CHUNK_BEGIN "{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}"
             "]}\n\n%sdata: [DONE]\n\n", usage);
    return frame(out, MOCK_PIECE_MAX, text);
}

size_t mock_say_end(char *out, const mock_ask_t *ask)
{
    size_t len = ask->is_anthropic ? end_anthropic(out, ask)
                                   : end_openai(out, ask);

    memcpy(out + len, "0\r\n\r\n", 6);
    return len + 5;
}
