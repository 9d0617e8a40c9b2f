/* fuzz_anthropic_encode.c: events in any order that is allowed give a stream
 * with one block open at a time, and nothing of them is lost */
#include "fuzz.h"
#include "llmgw/dialect.h"

#define BYTES_MAX (1 << 26)
#define CALLS 6

typedef struct play_t {
    llmgw_encoder_t *enc;
    int ncalls;
    int ended[CALLS];
    int stopped;
    llmgw_buf_t *text;          /* what was said, by kind */
    llmgw_buf_t *reasoning;
    llmgw_buf_t *args[CALLS];
} play_t;

static void emit(play_t *play, llmgw_event_e type, int index, llmgw_str_t text)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.index = index;
    ev.text = text;
    ev.dialect = &llmgw_dialect_anthropic;
    if (type == LLMGW_EV_TOOL_START) {
        ev.name = LLMGW_STR_LIT("f");
        ev.text = index & 1 ? LLMGW_STR_LIT("signed") : LLMGW_STR_NULL;
    }
    if (type == LLMGW_EV_STOP) {
        ev.stop = LLMGW_STOP_LENGTH;
    }
    FUZZ_CHECK(llmgw_encoder_event(play->enc, &ev) == APR_SUCCESS);
}

static void emit_call(play_t *play, unsigned int op, llmgw_str_t piece)
{
    int i = (int)(op >> 4) % CALLS;

    if (op % 16 == 0 && play->ncalls < CALLS) {
        emit(play, LLMGW_EV_TOOL_START, play->ncalls++, LLMGW_STR_NULL);
    }
    else if (i < play->ncalls && !play->ended[i]) {
        play->ended[i] = op % 16 == 1;
        if (!play->ended[i]) {
            llmgw_buf_put(play->args[i], piece);
        }
        emit(play, play->ended[i] ? LLMGW_EV_TOOL_END : LLMGW_EV_TOOL_ARGS, i,
             piece);
    }
}

static void play_one(play_t *play, unsigned int op)
{
    static const char *const pieces[] = { "{", "}", "\"", "\\", "[", "]",
                                          "{\"a\":1}", ":" };
    llmgw_str_t piece = llmgw_str_of(pieces[(op >> 3) % 8]);

    switch (op % 16) {
    case 8:
        llmgw_buf_put(play->text, piece);
        emit(play, LLMGW_EV_TEXT, 0, piece);
        break;
    case 9:
        llmgw_buf_put(play->reasoning, piece);
        emit(play, LLMGW_EV_REASONING, 0, piece);
        break;
    case 10:
        emit(play, LLMGW_EV_SIGNATURE, 0, piece);
        break;
    case 11:
        emit(play, LLMGW_EV_REDACTED, 0, piece);
        break;
    case 12:
        emit(play, LLMGW_EV_ANNOTATION, 0, LLMGW_STR_LIT("{\n}"));
        break;
    case 13:
        emit(play, LLMGW_EV_PING, 0, LLMGW_STR_NULL);
        break;
    case 14:
        emit(play, LLMGW_EV_BUILTIN, 0, LLMGW_STR_LIT("{\"type\":\"x\"}"));
        break;
    case 15:
        if (op == 255) {
            emit(play, LLMGW_EV_STOP, 0, LLMGW_STR_NULL);
            play->stopped = 1;
        }
        break;
    default:
        emit_call(play, op, piece);
        break;
    }
}

/* One block at a time, numbered in order. */
static void check_blocks(const char *wire)
{
    const char *at = wire;
    int open = 0, n = 0;

    while ((at = strstr(at, "\nevent: ")) != NULL) {
        at += 8;
        if (strncmp(at, "content_block_", 14)) {
            continue;
        }
        FUZZ_CHECK(atoi(strstr(at, "\"index\":") + 8) == n);
        if (strncmp(at + 14, "start", 5) == 0) {
            FUZZ_CHECK(!open);
            open = 1;
        }
        else {
            FUZZ_CHECK(open);
            if (strncmp(at + 14, "stop", 4) == 0) {
                open = 0;
                n++;
            }
        }
    }
    FUZZ_CHECK(!open);
}

/* What is read back is what was said: of a call, up to its end. */
static void check_back(const play_t *play, const llmgw_answer_t *answer,
                       apr_pool_t *p)
{
    llmgw_buf_t *text = llmgw_buf_create(p, BYTES_MAX);
    llmgw_buf_t *reasoning = llmgw_buf_create(p, BYTES_MAX);
    const llmgw_choice_t *c = APR_ARRAY_IDX(answer->choices, 0,
                                            llmgw_choice_t *);
    const llmgw_block_t *b;
    llmgw_str_t given;
    int i, ncalls = 0;

    for (i = 0; i < c->blocks->nelts; i++) {
        b = APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *);
        if (b->type == LLMGW_EV_TEXT) {
            FUZZ_CHECK(b->text->len);
            llmgw_buf_put(text, llmgw_buf_str(b->text));
        }
        else if (b->type == LLMGW_EV_REASONING) {
            llmgw_buf_put(reasoning, llmgw_buf_str(b->text));
        }
        else if (b->type == LLMGW_EV_TOOL_START) {
            given = llmgw_buf_str(play->args[ncalls]);
            FUZZ_CHECK(given.len ? b->text->len <= given.len
                       && memcmp(b->text->data, given.p, b->text->len) == 0
                       : llmgw_str_is(llmgw_buf_str(b->text), "{}"));
            FUZZ_CHECK((ncalls & 1) == (b->signature != NULL));
            ncalls++;
        }
    }
    FUZZ_CHECK(ncalls == play->ncalls);
    FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(text), llmgw_buf_str(play->text)));
    FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(reasoning),
                            llmgw_buf_str(play->reasoning)));
}

static void run_play(const uint8_t *data, size_t size, int stream,
                     apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, BYTES_MAX);
    llmgw_answer_t *answer = llmgw_answer_create(p, BYTES_MAX);
    llmgw_answer_opts_t opts;
    llmgw_decoder_opts_t how;
    llmgw_decoder_t *dec;
    play_t play;
    size_t i;

    memset(&opts, 0, sizeof(opts));
    memset(&how, 0, sizeof(how));
    memset(&play, 0, sizeof(play));
    opts.stream = how.stream = stream;
    opts.id = LLMGW_STR_LIT("token");
    how.emit = llmgw_answer_event;
    how.emit_ctx = answer;
    play.enc = llmgw_encoder_create(p, &llmgw_dialect_anthropic, &opts, out,
                                    BYTES_MAX);
    play.text = llmgw_buf_create(p, BYTES_MAX);
    play.reasoning = llmgw_buf_create(p, BYTES_MAX);
    for (i = 0; i < CALLS; i++) {
        play.args[i] = llmgw_buf_create(p, BYTES_MAX);
    }
    for (i = 0; i < size && !play.stopped; i++) {
        play_one(&play, data[i]);
    }
    FUZZ_CHECK(llmgw_encoder_finish(play.enc) == APR_SUCCESS);
    dec = llmgw_decoder_create(p, &llmgw_dialect_anthropic, &how);
    FUZZ_CHECK(llmgw_decoder_feed(dec, out->data, out->len) == APR_SUCCESS);
    FUZZ_CHECK(llmgw_decoder_finish(dec) == APR_SUCCESS);
    if (stream) {
        check_blocks(out->data);
        check_back(&play, answer, p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();

    run_play(data, size, 0, p);
    run_play(data, size, 1, p);
    apr_pool_destroy(p);
    return 0;
}
