/* test_event.c: usage, and which events are content */
#include "unit.h"
#include "llmgw/event.h"

START_TEST(test_usage_set)
{
    llmgw_usage_t usage = LLMGW_USAGE_INIT, more = LLMGW_USAGE_INIT;

    more.prompt = 5;
    more.cache_read = 0;
    llmgw_usage_set(&usage, &more);
    ck_assert_int_eq(usage.prompt, 5);
    ck_assert_int_eq(usage.cache_read, 0);
    ck_assert_int_eq(usage.completion, -1);
    more.prompt = -1;
    more.completion = 7;
    more.estimated = 1;
    llmgw_usage_set(&usage, &more);
    ck_assert_int_eq(usage.prompt, 5);
    ck_assert_int_eq(usage.completion, 7);
    ck_assert_int_eq(usage.estimated, 1);
    more.prompt = 3;            /* set, not added */
    llmgw_usage_set(&usage, &more);
    ck_assert_int_eq(usage.prompt, 3);
}
END_TEST

START_TEST(test_usage_total)
{
    llmgw_usage_t usage = LLMGW_USAGE_INIT;

    ck_assert_int_eq(llmgw_usage_total(&usage), -1);
    usage.completion = 4;
    ck_assert_int_eq(llmgw_usage_total(&usage), 4);
    usage.prompt = 3;
    ck_assert_int_eq(llmgw_usage_total(&usage), 7);
    usage.total = 9;
    ck_assert_int_eq(llmgw_usage_total(&usage), 9);
}
END_TEST

START_TEST(test_is_content)
{
    static const struct {
        llmgw_event_e type;
        int empty;              /* is it content without a text? */
        int full;
    } cases[] = {
        { LLMGW_EV_START, 0, 0 }, { LLMGW_EV_TEXT, 0, 1 },
        { LLMGW_EV_REASONING, 0, 1 }, { LLMGW_EV_SIGNATURE, 0, 1 },
        { LLMGW_EV_REDACTED, 0, 1 }, { LLMGW_EV_TOOL_START, 1, 1 },
        { LLMGW_EV_TOOL_ARGS, 0, 1 }, { LLMGW_EV_TOOL_END, 0, 0 },
        { LLMGW_EV_ANNOTATION, 0, 1 }, { LLMGW_EV_IMAGE, 0, 1 },
        { LLMGW_EV_AUDIO, 0, 1 }, { LLMGW_EV_REFUSAL, 0, 1 },
        { LLMGW_EV_LOGPROBS, 0, 1 }, { LLMGW_EV_BUILTIN, 1, 1 },
        { LLMGW_EV_USAGE, 0, 0 }, { LLMGW_EV_STOP, 0, 0 },
        { LLMGW_EV_ERROR, 0, 0 }, { LLMGW_EV_PING, 0, 0 }
    };
    llmgw_event_t ev;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&ev, 0, sizeof(ev));
        ev.type = cases[i].type;
        ck_assert_int_eq(llmgw_event_is_content(&ev), cases[i].empty);
        ev.text = LLMGW_STR_LIT("x");
        ck_assert_int_eq(llmgw_event_is_content(&ev), cases[i].full);
    }
}
END_TEST

UNIT_MAIN("event", test_usage_set, test_usage_total, test_is_content)
