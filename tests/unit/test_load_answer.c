/* test_load_answer.c: the bench's clients see every fault in what they get */
#include "../bench/answer.h"
#include "unit.h"

#define NOW 5000
#define STREAM \
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" \
    "1b\r\ndata: {\"c\":\"~7.0.1000; \"}\n\n\r\n" \
    "1B\r\ndata: {\"c\":\"~7.1.2000; \"}\n\n\r\n" \
    "e\r\ndata: [DONE]\n\n\r\n" \
    "0\r\n\r\n"

static samples_t delays;

static void setup(answer_t *a, unsigned int tokens)
{
    answer_init(a, 7);
    a->tokens = tokens;
    a->end = tokens > 1 ? "data: [DONE]" : NULL;
    delays.count = 0;
    a->delays = &delays;
}

/* Fed in pieces of so many bytes. */
static answer_e feed(answer_t *a, const char *text, size_t piece)
{
    size_t len = strlen(text), at;
    answer_e how = ANSWER_MORE;

    for (at = 0; at < len && how == ANSWER_MORE; at += piece) {
        how = answer_feed(a, text + at, len - at < piece ? len - at : piece,
                          NOW);
    }
    return how;
}

static answer_e judge(const char *text, unsigned int tokens)
{
    answer_t a;
    answer_e how;

    setup(&a, tokens);
    how = feed(&a, text, strlen(text));
    return how == ANSWER_MORE ? answer_cut(&a) : how;
}

/* The stream with something else in the place of a part of it. */
static answer_e judge_with(const char *part, const char *other)
{
    const char *at = strstr(STREAM, part);

    ck_assert_ptr_nonnull(at);
    return judge(apr_psprintf(unit_pool, "%.*s%s%s", (int)(at - STREAM), STREAM,
                              other, at + strlen(part)), 2);
}

START_TEST(test_split)
{
    size_t piece;
    answer_t a;

    for (piece = 1; piece <= sizeof(STREAM); piece++) {
        setup(&a, 2);
        ck_assert_int_eq(feed(&a, STREAM, piece), ANSWER_GOOD);
        ck_assert_uint_eq(a.seq, 2);
        ck_assert(a.keeps_alive);
        ck_assert_uint_eq(delays.count, 2);
        ck_assert(delays.ns[0] == 4000 && delays.ns[1] == 3000);
    }
}
END_TEST

START_TEST(test_wrong)
{
    ck_assert_int_eq(judge_with("~7.1", "~8.1"), ANSWER_WRONG);
    ck_assert_int_eq(judge_with("~7.1", "~7.2"), ANSWER_WRONG);
    ck_assert_int_eq(judge_with("~7.1", "~7.0"), ANSWER_WRONG);
    ck_assert_int_eq(judge_with("~7.1.2000;", "~7.1.x000;"), ANSWER_WRONG);
    ck_assert_int_eq(judge_with("~7.1.2000;", "~7.1.9000;"), ANSWER_WRONG);
    ck_assert_int_eq(judge_with("~7.1.2000;", "~7.1~2000;"), ANSWER_WRONG);
    ck_assert_int_eq(judge_with("1B", "1C"), ANSWER_WRONG);
    ck_assert_int_eq(judge_with("0\r\n\r\n", "0\r\n\r\nmore"), ANSWER_WRONG);
    ck_assert_int_eq(judge_with("1B", "1A"), ANSWER_WRONG);
    ck_assert_int_eq(judge(STREAM, 1), ANSWER_WRONG);
}
END_TEST

START_TEST(test_short)
{
    ck_assert_int_eq(judge_with("0\r\n\r\n", ""), ANSWER_SHORT);
    ck_assert_int_eq(judge_with("[DONE]", "[EOF!]"), ANSWER_SHORT);
    ck_assert_int_eq(judge(STREAM, 3), ANSWER_SHORT);
    ck_assert_int_eq(judge("", 1), ANSWER_SHORT);
}
END_TEST

START_TEST(test_whole)
{
    static const char known[] = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n"
                                "Connection: close\r\n\r\n\"~7.0.100;";
    static const char until_close[] = "HTTP/1.1 200 OK\r\n\r\n~7.0.0; Yes.";
    answer_t a;

    setup(&a, 1);
    ck_assert(!answer_has_begun(&a));
    ck_assert_int_eq(feed(&a, known, 3), ANSWER_GOOD);
    ck_assert(!a.keeps_alive);
    ck_assert(answer_has_begun(&a));
    setup(&a, 1);
    ck_assert_int_eq(feed(&a, until_close, 5), ANSWER_MORE);
    ck_assert_int_eq(answer_cut(&a), ANSWER_GOOD);
    ck_assert_uint_eq(delays.count, 0);
}
END_TEST

START_TEST(test_status)
{
    ck_assert_int_eq(judge("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", 1),
                     ANSWER_ERROR);
    ck_assert_int_eq(judge("HTTP/1.1 429 No\r\nContent-Length: 2\r\n\r\n~~", 1),
                     ANSWER_ERROR);
    ck_assert_int_eq(judge("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1),
                     ANSWER_SHORT);
}
END_TEST

UNIT_MAIN("load_answer", test_split, test_wrong, test_short, test_whole,
          test_status)
