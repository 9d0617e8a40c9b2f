/* test_answer.c: gathering answers and replaying them */
#include "answers.h"

/* Feed events that are written as TYPE, choice, index, text. */
typedef struct piece_t {
    llmgw_event_e type;
    int choice;
    int index;
    const char *text;
} piece_t;

static apr_status_t feed(llmgw_answer_t *a, const piece_t *pieces, int n)
{
    apr_status_t rv = APR_SUCCESS;
    llmgw_event_t ev;
    int i;

    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        memset(&ev, 0, sizeof(ev));
        ev.type = pieces[i].type;
        ev.choice = pieces[i].choice;
        ev.index = pieces[i].index;
        ev.text = llmgw_str_of(pieces[i].text);
        if (ev.type == LLMGW_EV_STOP) {
            ev.stop = LLMGW_STOP_END;
        }
        if (ev.type == LLMGW_EV_TOOL_START) {
            ev.id = LLMGW_STR_LIT("id");
            ev.name = LLMGW_STR_LIT("name");
        }
        rv = llmgw_answer_event(a, &ev);
    }
    return rv;
}

#define FEED(a, pieces) feed(a, pieces, sizeof(pieces) / sizeof(pieces[0]))

START_TEST(test_joins)
{
    static const piece_t pieces[] = {
        { LLMGW_EV_REASONING, 0, 0, "a" }, { LLMGW_EV_REASONING, 0, 0, "b" },
        { LLMGW_EV_SIGNATURE, 0, 0, "s1" }, { LLMGW_EV_REASONING, 0, 0, "c" },
        { LLMGW_EV_REDACTED, 0, 0, "r1" }, { LLMGW_EV_REDACTED, 0, 0, "r2" },
        { LLMGW_EV_SIGNATURE, 0, 0, "s2" }, { LLMGW_EV_SIGNATURE, 0, 0, "" },
        { LLMGW_EV_TEXT, 0, 0, "x" }, { LLMGW_EV_REASONING, 0, 0, "" },
        { LLMGW_EV_TEXT, 0, 0, "y" }, { LLMGW_EV_ANNOTATION, 0, 0, "{}" },
        { LLMGW_EV_TEXT, 0, 0, "z" }, { LLMGW_EV_IMAGE, 0, 0, "i1" },
        { LLMGW_EV_IMAGE, 0, 0, "i2" }, { LLMGW_EV_AUDIO, 0, 0, "a1" },
        { LLMGW_EV_AUDIO, 0, 0, "a2" }, { LLMGW_EV_BUILTIN, 0, 0, "b" },
        { LLMGW_EV_REFUSAL, 0, 0, "n" }, { LLMGW_EV_REFUSAL, 0, 0, "o" },
        { LLMGW_EV_LOGPROBS, 0, 0, "[1, 2]" },
        { LLMGW_EV_LOGPROBS, 0, 0, " [ ] " }, { LLMGW_EV_LOGPROBS, 0, 0, "[3]" },
        { LLMGW_EV_STOP, 0, 0, NULL }
    };
    llmgw_answer_t *a = llmgw_answer_create(unit_pool, 1000);

    ck_assert_int_eq(llmgw_answer_is_empty(a), 1);
    unit_assert_ok(FEED(a, pieces));
    ck_assert_int_eq(llmgw_answer_is_empty(a), 0);
    unit_assert_str(answer_text(a),
                    "start\n"
                    "reasoning text=\"ab\"\nsignature text=\"s1\"\n"
                    "reasoning text=\"c\"\nredacted text=\"r1\"\n"
                    "redacted text=\"r2\"\nreasoning\nsignature text=\"s2\"\n"
                    "text text=\"xyz\"\nannotation text=\"{}\"\n"
                    "image text=\"i1\"\nimage text=\"i2\"\n"
                    "audio text=\"a1a2\"\nbuiltin text=\"b\"\n"
                    "refusal text=\"no\"\nlogprobs text=\"[1, 2,3]\"\n"
                    "stop end\n");
}
END_TEST

/* Arguments find their call, also between other pieces. */
START_TEST(test_tools)
{
    static const piece_t pieces[] = {
        { LLMGW_EV_TOOL_START, 0, 0, "sig" }, { LLMGW_EV_TOOL_ARGS, 0, 0, "{" },
        { LLMGW_EV_TOOL_START, 0, 1, NULL }, { LLMGW_EV_TEXT, 0, 0, "t" },
        { LLMGW_EV_TOOL_ARGS, 0, 1, "{}" }, { LLMGW_EV_TOOL_ARGS, 0, 0, "}" },
        { LLMGW_EV_TOOL_ARGS, 0, 9, "lost" }, { LLMGW_EV_TOOL_END, 0, 0, NULL },
        { LLMGW_EV_TOOL_END, 0, 9, NULL }, { LLMGW_EV_TOOL_END, 0, 1, NULL }
    };
    llmgw_answer_t *a = llmgw_answer_create(unit_pool, 1000);

    unit_assert_ok(FEED(a, pieces));
    unit_assert_str(answer_text(a),
                    "start\n"
                    "tool_start index=0 id=\"id\" name=\"name\" text=\"sig\"\n"
                    "tool_args index=0 id=\"id\" name=\"name\" text=\"{}\"\n"
                    "tool_end index=0 id=\"id\" name=\"name\"\n"
                    "tool_start index=1 id=\"id\" name=\"name\"\n"
                    "tool_args index=1 id=\"id\" name=\"name\" text=\"{}\"\n"
                    "tool_end index=1 id=\"id\" name=\"name\"\n"
                    "text text=\"t\"\n");
}
END_TEST

START_TEST(test_bounds)
{
    static const piece_t far[] = { { LLMGW_EV_TEXT, 127, 0, "a" } };
    static const piece_t beyond[] = { { LLMGW_EV_TEXT, 128, 0, "a" } };
    static const piece_t below[] = { { LLMGW_EV_TEXT, -1, 0, "a" } };
    static const piece_t large[] = { { LLMGW_EV_TEXT, 0, 0, "12345" },
                                     { LLMGW_EV_TEXT, 0, 0, "67890" } };
    llmgw_answer_t *a = llmgw_answer_create(unit_pool, 8);

    unit_assert_ok(FEED(a, far));
    ck_assert_int_eq(a->choices->nelts, 128);
    unit_assert_status(FEED(a, beyond), LLMGW_EUPBODY);
    unit_assert_status(FEED(a, below), LLMGW_EUPBODY);
    unit_assert_status(FEED(a, large), LLMGW_EUPTOOBIG);
}
END_TEST

/* Usage and error come back last; their strings are the answer's own. */
START_TEST(test_usage_and_error)
{
    llmgw_answer_t *a = llmgw_answer_create(unit_pool, 100), *b;
    llmgw_usage_t usage = LLMGW_USAGE_INIT;
    llmgw_err_t err = LLMGW_ERR_INIT;
    char message[] = "oops";
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_USAGE;
    usage.prompt = 3;
    ev.usage = &usage;
    unit_assert_ok(llmgw_answer_event(a, &ev));
    ev.type = LLMGW_EV_ERROR;
    err.status = LLMGW_EUPSTREAM;
    err.message = message;
    ev.error = &err;
    unit_assert_ok(llmgw_answer_event(a, &ev));
    ev.type = LLMGW_EV_PING;
    unit_assert_ok(llmgw_answer_event(a, &ev));
    message[0] = 'X';
    ck_assert_int_eq(a->has_error, 1);
    ck_assert_str_eq(a->error.message, "oops");
    b = llmgw_answer_create(unit_pool, 100);
    unit_assert_ok(llmgw_answer_replay(a, llmgw_answer_event, b));
    ck_assert_int_eq(b->usage.prompt, 3);
    ck_assert_str_eq(b->error.message, "oops");
}
END_TEST

static apr_status_t refuse(void *ctx, const llmgw_event_t *ev)
{
    int *left = ctx;

    (void)ev;
    return (*left)-- > 0 ? APR_SUCCESS : APR_EGENERAL;
}

/* Whoever takes the events may end it at any of them. */
START_TEST(test_replay_ends)
{
    static const piece_t pieces[] = {
        { LLMGW_EV_TEXT, 0, 0, "a" }, { LLMGW_EV_ANNOTATION, 0, 0, "{}" },
        { LLMGW_EV_TOOL_START, 0, 0, NULL }, { LLMGW_EV_TOOL_ARGS, 0, 0, "{}" },
        { LLMGW_EV_LOGPROBS, 0, 0, "[1]" }, { LLMGW_EV_STOP, 0, 0, NULL }
    };
    llmgw_answer_t *a = llmgw_answer_create(unit_pool, 100);
    int i, left;

    unit_assert_ok(FEED(a, pieces));
    for (i = 0; i < 8; i++) {
        left = i;
        unit_assert_status(llmgw_answer_replay(a, refuse, &left),
                           APR_EGENERAL);
    }
    left = 8;
    unit_assert_ok(llmgw_answer_replay(a, refuse, &left));
}
END_TEST

UNIT_MAIN("answer", test_joins, test_tools, test_bounds, test_usage_and_error,
          test_replay_ends)
