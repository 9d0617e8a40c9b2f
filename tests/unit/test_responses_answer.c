/* test_responses_answer.c: reading Responses answers, whole and streamed */
#include "responses.h"

static const llmgw_dialect_t *const responses =
    &llmgw_dialect_openai_responses;

START_TEST(test_golden)
{
    ck_assert_int_gt(check_golden_answers("openai_responses", responses), 15);
}
END_TEST

/* Bodies that are no answer. */
START_TEST(test_bad_bodies)
{
    static const status_case_t cases[] = {
        { "null", LLMGW_EUPBODY },
        { "{}", LLMGW_EUPBODY },
        { "[]", LLMGW_EUPBODY },
        { "", LLMGW_EUPBODY },
        { "<html></html>", LLMGW_EUPBODY },
        { "{\"output\":null}", LLMGW_EUPBODY },
        { "{\"output\":{}}", LLMGW_EUPBODY },
        { "{\"output\":[]}", LLMGW_EEMPTY },
        { "{\"output\":[],\"status\":\"queued\"}", LLMGW_EEMPTY },
        { "{\"output\":[],\"status\":\"completed\"}", APR_SUCCESS },
        { "{\"output\":[],\"status\":\"incomplete\",\"incomplete_details\":"
          "{\"reason\":\"max_output_tokens\"}}", APR_SUCCESS },
        { "{\"output\":[5,null,{},{\"type\":7}],\"status\":\"completed\"}",
          APR_SUCCESS }
    };

    check_statuses(responses, 0, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

#define CREATED "data: {\"type\":\"response.created\",\"response\":{\"id\":" \
    "\"r\"}}\n\n"
#define TEXT "data: {\"type\":\"response.output_text.delta\"," \
    "\"output_index\":0,\"content_index\":0,\"delta\":\"a\"}\n\n"
#define COMPLETED "data: {\"type\":\"response.completed\",\"response\":" \
    "{\"status\":\"completed\",\"output\":[]}}\n\n"

/* Streams that do not end as they should, or hardly begin. */
START_TEST(test_bad_streams)
{
    static const status_case_t cases[] = {
        { "", LLMGW_EEMPTY },
        { ": nothing\n\n", LLMGW_EEMPTY },
        { "data: [DONE]\n\n", LLMGW_EEMPTY },
        { "data: hello\n\n", LLMGW_EUPBODY },
        { "data: []\n\n", LLMGW_EUPBODY },
        { CREATED, LLMGW_ETRUNCATED },
        { CREATED TEXT, LLMGW_ETRUNCATED },
        { CREATED TEXT COMPLETED, APR_SUCCESS },
        { CREATED TEXT "data: [DONE]\n\n", APR_SUCCESS },
        { TEXT COMPLETED TEXT, APR_SUCCESS },
        { "data: {\"type\":\"response.output_text.delta\",\"output_index\":"
          "99999,\"delta\":\"a\"}\n\n", LLMGW_EUPBODY },
        { "data: {\"type\":\"response.output_text.delta\",\"output_index\":"
          "-1,\"delta\":\"a\"}\n\n", LLMGW_EUPBODY },
        { "data: {\"type\":\"response.new_thing\"}\n\n" TEXT COMPLETED,
          APR_SUCCESS }
    };

    check_statuses(responses, 1, cases, sizeof(cases) / sizeof(cases[0]));
}
END_TEST

#define DONE "data: [DONE]\n\n"

/* A stream has ended with its response; [DONE] may follow, once, and where it
 * is missing the relay adds it. */
START_TEST(test_end_mark)
{
    static const struct {
        const char *body;
        const char *frames;
        int ended;
        int marked;
    } cases[] = {
        { CREATED TEXT COMPLETED, CREATED TEXT COMPLETED, 1, 0 },
        { CREATED TEXT COMPLETED DONE, CREATED TEXT COMPLETED DONE, 1, 1 },
        { CREATED TEXT DONE, CREATED TEXT DONE, 1, 1 },
        { CREATED TEXT COMPLETED TEXT DONE TEXT DONE,
          CREATED TEXT COMPLETED DONE, 1, 1 },
        { CREATED TEXT COMPLETED "data: [DONE\n\n", CREATED TEXT COMPLETED,
          1, 0 }
    };
    decoded_t got;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        got = decode(responses, 1, llmgw_str_of(cases[i].body));
        unit_assert_ok(got.status);
        unit_assert_str(llmgw_buf_str(got.frames), cases[i].frames);
        ck_assert_int_eq(got.ended, cases[i].ended);
        ck_assert_int_eq(got.marked, cases[i].marked);
    }
}
END_TEST

/* ---- recorded exchanges ------------------------------------------------- */

/* Can Responses hold all of it? One choice, and no sound. */
static int is_expressible(const llmgw_answer_t *a)
{
    const llmgw_choice_t *c;
    int i;

    if (a->choices->nelts != 1) {
        return 0;
    }
    c = APR_ARRAY_IDX(a->choices, 0, llmgw_choice_t *);
    for (i = 0; i < c->blocks->nelts; i++) {
        if (APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *)->type
            == LLMGW_EV_AUDIO) {
            return 0;
        }
    }
    return 1;
}

static int nread;

static void check_own(const fixture_t *f)
{
    if (fixture_dialect(f) == responses) {
        check_fixture_answer(f, responses);
        nread++;
    }
}

/* Whatever came from whomever is written as a proper stream. */
static void check_written(const char *id, const llmgw_answer_t *a)
{
    llmgw_answer_opts_t opts = answer_opts(1);

    check_lifecycle(id, encode_answer(responses, &opts, a));
    if (!a->has_error && is_expressible(a)) {
        check_round_trip_in(responses, id, a);
    }
}

START_TEST(test_recorded)
{
    int n;

    nread = 0;
    ck_assert(!each_recorded(check_own) || nread > 40);
    n = each_recorded_answer(check_written);
    ck_assert(n < 0 || n > 150);
}
END_TEST

UNIT_MAIN("responses_answer", test_golden, test_bad_bodies, test_bad_streams,
          test_end_mark, test_recorded)
