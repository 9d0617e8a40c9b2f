/* test_decoder.c: the frame of decoding: framing, frames, bounds, errors */
#include "answers.h"

static const llmgw_dialect_t *const chat = &llmgw_dialect_openai_chat;

#define A "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n"
#define STOP "data: {\"choices\":[{\"index\":0,\"delta\":{}," \
    "\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n\n"
#define DONE "data: [DONE]\n\n"

/* ---- frames ------------------------------------------------------------- */

/* Frames as "flags:bytes|". */
static apr_status_t list_frame(void *ctx, const char *data, apr_size_t len,
                               unsigned int flags)
{
    llmgw_buf_printf(ctx, "%u:", flags);
    llmgw_buf_append(ctx, data, len);
    return llmgw_buf_putc(ctx, '|');
}

static apr_status_t ignore_event(void *ctx, const llmgw_event_t *ev)
{
    (void)ctx;
    (void)ev;
    return APR_SUCCESS;
}

static void list_pieces(void *ctx, const llmgw_str_t *pieces, int npieces)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_decoder_opts_t opts = { 1, 0, 0, ignore_event, NULL, list_frame,
                                  out };
    llmgw_decoder_t *dec = llmgw_decoder_create(unit_pool, chat, &opts);
    int i;

    for (i = 0; i < npieces; i++) {
        unit_assert_ok(llmgw_decoder_feed(dec, pieces[i].p, pieces[i].len));
    }
    unit_assert_ok(llmgw_decoder_finish(dec));
    unit_assert_str(llmgw_buf_str(out), (const char *)ctx);
}

START_TEST(test_frames)
{
    static const struct {
        const char *in;
        const char *frames;
    } cases[] = {
        { A STOP USAGE DONE, "0:" A "|0:" STOP "|1:" USAGE "|2:" DONE "|" },
        { ": one\n\n" A ": two\n\n" DONE,
          "0:: one\n\n|0:" A "|0:: two\n\n|2:" DONE "|" },
        { A "data: [DONE]", "0:" A "|2:data: [DONE]|" },
        { A DONE A ": after\n\n", "0:" A "|2:" DONE "|0:: after\n\n|" },
        { A DONE "\n\n", "0:" A "|2:" DONE "|0:\n\n|" }
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unit_each_split(llmgw_str_of(cases[i].in), list_pieces,
                        (void *)cases[i].frames);
    }
}
END_TEST

/* A frame that could not be read is not passed on. */
START_TEST(test_bad_frame)
{
    decoded_t got = decode(chat, 1, LLMGW_STR_LIT(A "data: {\n\n" A));

    unit_assert_status(got.status, LLMGW_EUPBODY);
    unit_assert_str(llmgw_buf_str(got.frames), A);
}
END_TEST

/* ---- ends --------------------------------------------------------------- */

static apr_status_t end_at_frame(void *ctx, const char *data, apr_size_t len,
                                 unsigned int flags)
{
    (void)ctx;
    (void)data;
    (void)len;
    (void)flags;
    return APR_EGENERAL;
}

static apr_status_t end_at_event(void *ctx, const llmgw_event_t *ev)
{
    (void)ctx;
    return ev->type == LLMGW_EV_TEXT ? APR_EGENERAL : APR_SUCCESS;
}

/* What a callback returns ends it, and stays. */
START_TEST(test_callbacks_end)
{
    llmgw_decoder_opts_t opts = { 1, 0, 0, end_at_event, NULL, NULL, NULL };
    llmgw_decoder_t *dec = llmgw_decoder_create(unit_pool, chat, &opts);

    unit_assert_status(llmgw_decoder_feed(dec, A, sizeof(A) - 1),
                       APR_EGENERAL);
    unit_assert_status(llmgw_decoder_feed(dec, A, sizeof(A) - 1),
                       APR_EGENERAL);
    unit_assert_status(llmgw_decoder_finish(dec), APR_EGENERAL);
    opts.emit = ignore_event;
    opts.frame = end_at_frame;
    dec = llmgw_decoder_create(unit_pool, chat, &opts);
    unit_assert_status(llmgw_decoder_feed(dec, A, sizeof(A) - 1),
                       APR_EGENERAL);
}
END_TEST

START_TEST(test_whole)
{
    static const char body[] = " {\"choices\":[{\"message\":{\"content\":"
        "\"a\"},\"finish_reason\":\"stop\"}]}\n";
    llmgw_decoder_opts_t opts = { 0, sizeof(body) - 1, 0, ignore_event, NULL,
                                  NULL, NULL };
    llmgw_decoder_t *dec = llmgw_decoder_create(unit_pool, chat, &opts);

    unit_assert_ok(llmgw_decoder_feed(dec, body, 5));
    unit_assert_ok(llmgw_decoder_feed(dec, body + 5, sizeof(body) - 6));
    unit_assert_ok(llmgw_decoder_finish(dec));
    unit_assert_ok(llmgw_decoder_finish(dec));
    unit_assert_str(llmgw_buf_str(llmgw_decoder_body(dec)), body);
    ck_assert_int_eq(llmgw_decoder_ended(dec), 0);

    dec = llmgw_decoder_create(unit_pool, chat, &opts);
    unit_assert_ok(llmgw_decoder_feed(dec, body, sizeof(body) - 1));
    unit_assert_status(llmgw_decoder_feed(dec, "x", 1), LLMGW_EUPTOOBIG);
    unit_assert_status(llmgw_decoder_finish(dec), LLMGW_EUPTOOBIG);
    ck_assert_int_eq(llmgw_decoder_error(dec)->status, LLMGW_EUPTOOBIG);
}
END_TEST

START_TEST(test_bounds)
{
    llmgw_decoder_opts_t opts = { 1, 0, 100, ignore_event, NULL, list_frame,
                                  NULL };
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 22);
    llmgw_decoder_t *dec;
    apr_status_t rv = APR_SUCCESS;
    int i;

    opts.frame_ctx = out;
    dec = llmgw_decoder_create(unit_pool, chat, &opts);
    for (i = 0; i < 200 && rv == APR_SUCCESS; i++) {
        rv = llmgw_decoder_feed(dec, "x", 1);
    }
    unit_assert_status(rv, LLMGW_EUPTOOBIG);
    /* a block of comments without an end */
    dec = llmgw_decoder_create(unit_pool, chat, &opts);
    for (i = 0, rv = APR_SUCCESS; i < 100000 && rv == APR_SUCCESS; i++) {
        rv = llmgw_decoder_feed(dec, ": comment\n", 10);
    }
    unit_assert_status(rv, LLMGW_EUPTOOBIG);
}
END_TEST

START_TEST(test_lookup)
{
    ck_assert_ptr_eq(llmgw_dialect_lookup("openai_chat"), chat);
    ck_assert_ptr_eq(llmgw_dialect_lookup("anthropic"),
                     &llmgw_dialect_anthropic);
    ck_assert_ptr_eq(llmgw_dialect_lookup("latin"), NULL);
    ck_assert_ptr_eq(llmgw_dialect_lookup(NULL), NULL);
}
END_TEST

UNIT_MAIN("decoder", test_frames, test_bad_frame, test_callbacks_end,
          test_whole, test_bounds, test_lookup)
