/* answers.h: for fuzz targets of dialects: what holds for any answer */
#ifndef LLMGW_TESTS_FUZZ_ANSWERS_H
#define LLMGW_TESTS_FUZZ_ANSWERS_H

#include "fuzz.h"
#include "llmgw/dialect.h"

#define FUZZ_BYTES_MAX (1 << 26)
#define FUZZ_TOOLS 64

/** What decoding gave, and what has been seen of the order of its events. */
typedef struct fuzz_answer_t {
    llmgw_buf_t *events;
    llmgw_buf_t *frames;
    llmgw_answer_t *answer;
    apr_status_t status;
    int started;
    int failed;
    char stopped[128];
    char open[128][FUZZ_TOOLS];
} fuzz_answer_t;

/* The order that event.h promises. */
static inline void fuzz_check_order(fuzz_answer_t *a, const llmgw_event_t *ev)
{
    FUZZ_CHECK(!a->failed);
    FUZZ_CHECK(ev->choice >= 0 && ev->choice < 128);
    switch (ev->type) {
    case LLMGW_EV_START:
        FUZZ_CHECK(!a->started);
        a->started = 1;
        return;
    case LLMGW_EV_ERROR:
        a->failed = 1;
        return;
    case LLMGW_EV_PING:
        return;
    case LLMGW_EV_USAGE:
        FUZZ_CHECK(a->started && ev->usage);
        return;
    default:
        break;
    }
    FUZZ_CHECK(a->started && !a->stopped[ev->choice]);
    if (ev->type == LLMGW_EV_STOP) {
        FUZZ_CHECK(ev->stop != LLMGW_STOP_NONE);
        a->stopped[ev->choice] = 1;
    }
    if (ev->index >= FUZZ_TOOLS) {
        return;
    }
    if (ev->type == LLMGW_EV_TOOL_START) {
        FUZZ_CHECK(!a->open[ev->choice][ev->index]);
        a->open[ev->choice][ev->index] = 1;
    }
    else if (ev->type == LLMGW_EV_TOOL_ARGS || ev->type == LLMGW_EV_TOOL_END) {
        FUZZ_CHECK(a->open[ev->choice][ev->index] == 1);
        a->open[ev->choice][ev->index] += ev->type == LLMGW_EV_TOOL_END;
    }
}

static inline apr_status_t fuzz_take_event(void *ctx, const llmgw_event_t *ev)
{
    fuzz_answer_t *a = ctx;

    fuzz_check_order(a, ev);
    llmgw_buf_printf(a->events, "%d/%d/%d/%d:", ev->type, ev->choice,
                     ev->index, ev->stop);
    llmgw_buf_put(a->events, ev->text);
    llmgw_buf_putc(a->events, '|');
    llmgw_buf_put(a->events, ev->id);
    llmgw_buf_putc(a->events, '|');
    llmgw_buf_put(a->events, ev->name);
    llmgw_buf_putc(a->events, '\n');
    return llmgw_answer_event(a->answer, ev);
}

static inline apr_status_t fuzz_take_frame(void *ctx, const char *data,
                                           apr_size_t len, unsigned int flags)
{
    fuzz_answer_t *a = ctx;

    (void)flags;
    return llmgw_buf_append(a->frames, data, len);
}

static inline FUZZ_UNUSED void fuzz_decode(fuzz_answer_t *a,
                                           const llmgw_dialect_t *dialect,
                                           int stream, const uint8_t *data,
                                           size_t size, int way,
                                           apr_pool_t *p)
{
    llmgw_decoder_opts_t opts = { stream, FUZZ_BYTES_MAX, 0, fuzz_take_event,
                                  a, fuzz_take_frame, a };
    fuzz_cutter_t cutter = fuzz_cut(data, size, way);
    llmgw_decoder_t *dec;
    llmgw_str_t piece;

    memset(a, 0, sizeof(*a));
    a->events = llmgw_buf_create(p, FUZZ_BYTES_MAX);
    a->frames = llmgw_buf_create(p, FUZZ_BYTES_MAX);
    a->answer = llmgw_answer_create(p, FUZZ_BYTES_MAX);
    dec = llmgw_decoder_create(p, dialect, &opts);
    while (fuzz_next(&cutter, &piece)) {
        if (a->status == APR_SUCCESS) {
            a->status = llmgw_decoder_feed(dec, piece.p, piece.len);
        }
    }
    if (a->status == APR_SUCCESS) {
        a->status = llmgw_decoder_finish(dec);
    }
    FUZZ_CHECK(a->status == APR_SUCCESS
               || llmgw_decoder_error(dec)->status == a->status);
}

/* A text without line ends: thoughts that a dialect keeps apart are, read back,
 * the paragraphs of one. */
static inline void fuzz_put_words(llmgw_buf_t *out, const llmgw_buf_t *text)
{
    apr_size_t i;

    for (i = 0; i < text->len; i++) {
        if (text->data[i] != '\n') {
            llmgw_buf_putc(out, text->data[i]);
        }
    }
}

/* The texts of all blocks of a kind. */
static inline void fuzz_put_kind(llmgw_buf_t *out, const llmgw_answer_t *a,
                                 llmgw_event_e type)
{
    const llmgw_choice_t *c;
    const llmgw_block_t *b;
    int i, j;

    for (i = 0; i < a->choices->nelts; i++) {
        c = APR_ARRAY_IDX(a->choices, i, llmgw_choice_t *);
        llmgw_buf_printf(out, "\n%d.%d:", type, i);
        for (j = 0; j < c->blocks->nelts; j++) {
            b = APR_ARRAY_IDX(c->blocks, j, llmgw_block_t *);
            if (b->type != type) {
                continue;
            }
            if (type == LLMGW_EV_REASONING) {
                fuzz_put_words(out, b->text);
                continue;
            }
            llmgw_buf_put(out, b->text->len || type != LLMGW_EV_TOOL_START
                          || b->is_custom ? llmgw_buf_str(b->text)
                                          : LLMGW_STR_LIT("{}"));
            if (type == LLMGW_EV_TOOL_START) {
                llmgw_buf_putc(out, ',');
                llmgw_buf_put(out, b->name);
            }
        }
    }
}

static inline llmgw_str_t fuzz_substance(const llmgw_answer_t *a,
                                         apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, FUZZ_BYTES_MAX);

    fuzz_put_kind(out, a, LLMGW_EV_TEXT);
    fuzz_put_kind(out, a, LLMGW_EV_REASONING);
    fuzz_put_kind(out, a, LLMGW_EV_REFUSAL);
    fuzz_put_kind(out, a, LLMGW_EV_REDACTED);
    fuzz_put_kind(out, a, LLMGW_EV_TOOL_START);
    return llmgw_buf_str(out);
}

/** Write an answer in a dialect and read it back. */
static inline FUZZ_UNUSED void fuzz_round_trip(const llmgw_dialect_t *dialect,
                                               const llmgw_answer_t *answer,
                                               int stream, apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, FUZZ_BYTES_MAX);
    llmgw_answer_opts_t opts;
    llmgw_encoder_t *enc;
    fuzz_answer_t back;

    memset(&opts, 0, sizeof(opts));
    opts.stream = stream;
    opts.include_usage = 1;
    opts.id = LLMGW_STR_LIT("token");
    enc = llmgw_encoder_create(p, dialect, &opts, out, FUZZ_BYTES_MAX);
    FUZZ_CHECK(llmgw_answer_replay(answer, llmgw_encoder_event, enc)
               == APR_SUCCESS);
    FUZZ_CHECK(llmgw_encoder_finish(enc) == APR_SUCCESS);
    fuzz_decode(&back, dialect, stream, (const uint8_t *)out->data, out->len,
                0, p);
    FUZZ_CHECK(back.status == APR_SUCCESS);
    if (!answer->has_error) {
        FUZZ_CHECK(llmgw_str_eq(fuzz_substance(answer, p),
                                fuzz_substance(back.answer, p)));
    }
}

/* Frames but for line ends: with CRLF cut in two, the LF is of the frame after,
 * which need not come. */
static inline llmgw_str_t fuzz_frames(const fuzz_answer_t *a, apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, FUZZ_BYTES_MAX);
    apr_size_t i;

    for (i = 0; i < a->frames->len; i++) {
        if (a->frames->data[i] != '\n') {
            llmgw_buf_putc(out, a->frames->data[i]);
        }
    }
    return llmgw_buf_str(out);
}

/** All that holds for the bytes of any answer. The first byte says whether
 * they are a stream. */
static inline FUZZ_UNUSED int fuzz_answer(const llmgw_dialect_t *dialect,
                                          const uint8_t *data, size_t size)
{
    apr_pool_t *p;
    fuzz_answer_t first, other;
    llmgw_err_t err = LLMGW_ERR_INIT;
    int stream, way;

    if (size == 0) {
        return 0;
    }
    p = fuzz_pool();
    stream = data[0] == 's';
    fuzz_decode(&first, dialect, stream, data + 1, size - 1, 0, p);
    FUZZ_CHECK(first.frames->len <= size - 1);
    for (way = 1; way < FUZZ_WAYS; way++) {
        fuzz_decode(&other, dialect, stream, data + 1, size - 1, way, p);
        FUZZ_CHECK(other.status == first.status);
        FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(first.events),
                                llmgw_buf_str(other.events)));
        FUZZ_CHECK(llmgw_str_eq(fuzz_frames(&first, p),
                                fuzz_frames(&other, p)));
    }
    if (first.status == APR_SUCCESS && first.started) {
        fuzz_round_trip(&llmgw_dialect_openai_chat, first.answer, 0, p);
        fuzz_round_trip(&llmgw_dialect_openai_chat, first.answer, 1, p);
    }
    /* Responses has one choice. */
    if (first.status == APR_SUCCESS && first.started
        && first.answer->choices->nelts == 1) {
        fuzz_round_trip(&llmgw_dialect_openai_responses, first.answer, 0, p);
        fuzz_round_trip(&llmgw_dialect_openai_responses, first.answer, 1, p);
    }
    llmgw_decoder_read_error(dialect, 400, (const char *)data + 1, size - 1,
                             &err, p);
    FUZZ_CHECK(err.message != NULL);
    apr_pool_destroy(p);
    return 0;
}

#endif /* LLMGW_TESTS_FUZZ_ANSWERS_H */
