/* test_retry.c: kinds of failures, and times to wait */
#include "llmgw/hash.h"
#include "llmgw/retry.h"
#include "unit.h"

#define SEC APR_TIME_C(1000000)

/* ---- lists --------------------------------------------------------------- */

static const char *parse(const char *list, llmgw_retry_set_t *set)
{
    return llmgw_retry_parse(unit_pool, "LLMRetry on=", list, set);
}

static int names_code(const llmgw_retry_set_t *set, int code)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    err.status = LLMGW_EREJECTED;
    err.http_status = code;
    return llmgw_retry_matches(set, &err);
}

START_TEST(test_parse)
{
    llmgw_retry_set_t set;
    int code;

    ck_assert_ptr_eq(parse("connect,429,5xx", &set), NULL);
    ck_assert_uint_eq(set.classes, LLMGW_RETRY_CONNECT);
    for (code = 400; code < 600; code++) {
        ck_assert_int_eq(names_code(&set, code), code == 429 || code >= 500);
    }
    ck_assert_ptr_eq(parse("timeout,stream,content-filter,context-length,"
                           "credentials,4xx,599", &set), NULL);
    ck_assert_uint_eq(set.classes, 0x3E);
    ck_assert(names_code(&set, 400) && names_code(&set, 499));
    ck_assert(!names_code(&set, 500) && names_code(&set, 599));
    ck_assert_ptr_eq(parse("none", &set), NULL);
    ck_assert_uint_eq(set.classes, 0);
    ck_assert(!names_code(&set, 500));
    ck_assert_ptr_eq(parse(LLMGW_RETRY_DEFAULT, &set), NULL);
}
END_TEST

START_TEST(test_parse_errors)
{
    static const char *const lists[] = {
        "", ",", "connect,", ",connect", "connect,,429", "Connect", "399",
        "600", "42", "4290", "42x", "4x9", "x29", "5XX", "5x", "none,429",
        "connect 429", "429;500", "-29", "4 9"
    };
    llmgw_retry_set_t set;
    size_t i;

    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        set.classes = 99;
        ck_assert_msg(parse(lists[i], &set) != NULL, "\"%s\"", lists[i]);
        ck_assert_uint_eq(set.classes, 99);
    }
    ck_assert_str_eq(parse("429,often", &set),
                     "LLMRetry on=: \"often\" is no kind of failure: give "
                     "connect, timeout, stream, content-filter, "
                     "context-length, credentials, 4xx, 5xx or statuses "
                     "between 400 and 599, with commas between, or none");
}
END_TEST

/* ---- kinds --------------------------------------------------------------- */

#define C LLMGW_RETRY_CONNECT
#define T LLMGW_RETRY_TIMEOUT
#define S LLMGW_RETRY_STREAM
#define F LLMGW_RETRY_CONTENT_FILTER
#define L LLMGW_RETRY_CONTEXT_LENGTH
#define K LLMGW_RETRY_CREDENTIALS

/* Of own statuses: classes, the code, the word. */
static const struct {
    apr_status_t status;
    unsigned int classes;
    int code;
    const char *word;
} kinds[] = {
    { LLMGW_ECONNECT, C, 0, "connect" },
    { LLMGW_ETLS, C, 0, "connect" },
    { LLMGW_ECONNECTTIMEOUT, C | T, 0, "connect" },
    { LLMGW_EFIRSTTIMEOUT, T, 0, "timeout" },
    { LLMGW_EIDLETIMEOUT, T, 0, "timeout" },
    { LLMGW_ERESET, C | S, 502, "connect" },
    { LLMGW_EHTTP, S, 502, "stream" },
    { LLMGW_EUPBODY, S, 502, "stream" },
    { LLMGW_EEMPTY, S, 502, "stream" },
    { LLMGW_ETRUNCATED, S, 502, "stream" },
    { LLMGW_EKEY, K, 0, "credentials" },
    { LLMGW_ECREDENTIALS, K, 0, "credentials" },
    /* what no other target would mend, or nobody may try again */
    { LLMGW_EINTERNAL, 0, 0, "other" },
    { LLMGW_EJSON, 0, 0, "other" },
    { LLMGW_EINVAL, 0, 0, "other" },
    { LLMGW_ETOOBIG, 0, 0, "other" },
    { LLMGW_EMODEL, 0, 0, "other" },
    { LLMGW_EFORBIDDEN, 0, 0, "other" },
    { LLMGW_ECLIENTGONE, 0, 0, "other" },
    { LLMGW_EUPTOOBIG, 0, 0, "other" },
    { LLMGW_ETOTALTIMEOUT, 0, 0, "other" },
    { APR_SUCCESS, 0, 0, "other" },
    { APR_ENOMEM, 0, 0, "other" }
};

START_TEST(test_own_statuses)
{
    llmgw_retry_set_t all;
    size_t i;

    parse("connect,timeout,stream,content-filter,context-length,credentials,"
          "4xx,5xx", &all);
    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;
        llmgw_retry_class_t c;

        err.status = kinds[i].status;
        err.kind = llmgw_status_get(err.status)->kind;
        c = llmgw_retry_classify(&err);
        ck_assert_msg(c.classes == kinds[i].classes && c.code == kinds[i].code,
                      "%d: %x, %d", (int)i, c.classes, c.code);
        ck_assert_str_eq(llmgw_retry_word(&err), kinds[i].word);
        ck_assert_int_eq(llmgw_retry_matches(&all, &err),
                         kinds[i].classes || kinds[i].code);
    }
}
END_TEST

/* The default goes on after these, and nothing else. */
static const apr_status_t tried_again[] = {
    LLMGW_EKEY, LLMGW_ECONNECT, LLMGW_ETLS, LLMGW_ERESET, LLMGW_EHTTP,
    LLMGW_EUPBODY, LLMGW_EEMPTY, LLMGW_ETRUNCATED, LLMGW_ECREDENTIALS,
    LLMGW_EUPSTREAM, LLMGW_ERATELIMIT, LLMGW_EOVERLOADED,
    LLMGW_ECONNECTTIMEOUT, LLMGW_EFIRSTTIMEOUT, LLMGW_EIDLETIMEOUT,
    LLMGW_EATTEMPTTIMEOUT
};

static int is_tried_again(apr_status_t status)
{
    unsigned int i;

    for (i = 0; i < sizeof(tried_again) / sizeof(tried_again[0]); i++) {
        if (tried_again[i] == status) {
            return 1;
        }
    }
    return 0;
}

START_TEST(test_default)
{
    llmgw_retry_set_t set;
    apr_status_t status;

    parse(LLMGW_RETRY_DEFAULT, &set);
    for (status = LLMGW_EINTERNAL; status < LLMGW_STATUS__END; status++) {
        llmgw_err_t err = LLMGW_ERR_INIT;

        err.status = status;
        err.kind = llmgw_status_get(status)->kind;
        ck_assert_int_eq(llmgw_retry_matches(&set, &err),
                         is_tried_again(status));
    }
}
END_TEST

/* Of what a provider answers: by its status. */
static const struct {
    int http;
    unsigned int classes;
    int code;
    const char *word;
} answers[] = {
    { 400, 0, 400, "4xx" }, { 404, 0, 404, "4xx" }, { 408, T, 408, "timeout" },
    { 409, 0, 409, "4xx" }, { 413, L, 413, "context-length" },
    { 422, 0, 422, "4xx" }, { 429, 0, 429, "429" }, { 500, 0, 500, "5xx" },
    { 502, 0, 502, "5xx" }, { 503, 0, 503, "5xx" }, { 504, T, 504, "timeout" },
    { 529, 0, 529, "5xx" }, { 401, K, 0, "credentials" },
    { 402, K, 0, "credentials" }, { 403, K, 0, "credentials" },
    { 302, S, 502, "stream" }, { 200, S, 502, "stream" }
};

START_TEST(test_answers)
{
    size_t i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;
        llmgw_retry_class_t c;

        err.from_provider = 1;
        llmgw_err_from_http(&err, answers[i].http);
        c = llmgw_retry_classify(&err);
        ck_assert_msg(c.classes == answers[i].classes
                      && c.code == answers[i].code, "%d: %x, %d",
                      answers[i].http, c.classes, c.code);
        ck_assert_str_eq(llmgw_retry_word(&err), answers[i].word);
    }
    /* whatever kind the body says it is */
    {
        llmgw_err_t err = LLMGW_ERR_INIT;

        llmgw_err_from_http(&err, 504);
        err.kind = LLMGW_ERRKIND_UPSTREAM;
        ck_assert(llmgw_retry_classify(&err).classes & LLMGW_RETRY_TIMEOUT);
    }
}
END_TEST

/* Error events in an answer with status 200. */
START_TEST(test_events)
{
    static const apr_status_t statuses[] = { LLMGW_EUPSTREAM,
                                             LLMGW_EOVERLOADED,
                                             LLMGW_ERATELIMIT };
    static const int codes[] = { 502, 503, 429 };
    size_t i;

    for (i = 0; i < 3; i++) {
        llmgw_err_t err = LLMGW_ERR_INIT;
        llmgw_retry_class_t c;

        err.from_provider = 1;
        err.status = statuses[i];
        err.kind = llmgw_status_get(err.status)->kind;
        c = llmgw_retry_classify(&err);
        ck_assert_uint_eq(c.classes, S);
        ck_assert_int_eq(c.code, codes[i]);
    }
}
END_TEST

/* Refusals as providers word them. */
static const struct {
    const char *code;
    const char *message;
    unsigned int classes;
} refusals[] = {
    { "context_length_exceeded", "Your input exceeds the context window of "
      "this model. Please adjust your input and try again.", L },
    { NULL, "This model's maximum context length is 8192 tokens. However, "
      "your messages resulted in 9001 tokens.", L },
    { NULL, "prompt is too long: 215432 tokens > 200000 maximum", L },
    { NULL, "input length and `max_tokens` exceed context limit: 190000 + "
      "20000 > 200000", L },
    { "400", "The input token count (1200000) exceeds the maximum number of "
      "tokens allowed (1048576).", L },
    { "400", "The total length of all messages is too long.", L },
    { NULL, "Input is too long for requested model.", L },
    { "content_filter", "The response was filtered due to the prompt "
      "triggering Azure OpenAI's content management policy.", F },
    { "content_policy_violation", "Your request was rejected.", F },
    { NULL, "Output blocked by content filtering policy", F },
    { "data_inspection_failed", "Input data may contain inappropriate "
      "content.", F },
    { "invalid_value", "Invalid value: 'tokens'.", 0 },
    { NULL, "max_tokens: 9000 > 8192, which is the maximum allowed number of "
      "output tokens", 0 },
    { NULL, "", 0 },
    { NULL, NULL, 0 }
};

START_TEST(test_refusals)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_retry_set_t set;
    size_t i;

    parse("content-filter", &set);
    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        llmgw_err_from_http(&err, 400);
        err.from_provider = 1;
        err.code = refusals[i].code;
        err.message = refusals[i].message;
        ck_assert_msg(llmgw_retry_classify(&err).classes
                      == refusals[i].classes, "%s", err.message);
        ck_assert_int_eq(llmgw_retry_matches(&set, &err),
                         refusals[i].classes == F);
    }
    /* a finish without content, for what the filter did */
    err.status = LLMGW_EEMPTY;
    err.code = "content_filter";
    ck_assert(llmgw_retry_matches(&set, &err));
    ck_assert_str_eq(llmgw_retry_word(&err), "content-filter");
    /* a 5xx that speaks of such things is a 5xx */
    llmgw_err_from_http(&err, 500);
    ck_assert(!llmgw_retry_matches(&set, &err));
}
END_TEST

/* ---- times --------------------------------------------------------------- */

START_TEST(test_delay)
{
    apr_interval_time_t most[12] = { 0 }, sum[12] = { 0 }, d;
    unsigned int n, i;

    for (n = 1; n < 12; n++) {
        for (i = 0; i < 20000; i++) {
            d = llmgw_retry_delay(250000, 8 * SEC, n,
                                  llmgw_hash_mix(n * 100000 + i + 1));
            ck_assert(d >= 0);
            most[n] = d > most[n] ? d : most[n];
            sum[n] += d;
        }
    }
    for (n = 1; n < 12; n++) {
        apr_interval_time_t top = n > 6 ? 8 * SEC : 250000 << (n - 1);

        ck_assert(most[n] <= top && most[n] > top * 99 / 100);
        ck_assert(sum[n] / 20000 > top * 48 / 100);
        ck_assert(sum[n] / 20000 < top * 52 / 100);
    }
    ck_assert(llmgw_retry_delay(250000, 8 * SEC, 4000000000u, 1) <= 8 * SEC);
    ck_assert(llmgw_retry_delay(0, 8 * SEC, 1, 12345) == 0);
    ck_assert(llmgw_retry_delay(250000, 0, 1, 12345) == 0);
    ck_assert(llmgw_retry_delay(9 * SEC, 8 * SEC, 1, 0xFFFFFFFFFFFFFFFF)
              <= 8 * SEC);
    ck_assert(llmgw_retry_delay(250000, 8 * SEC, 3, 42)
              == llmgw_retry_delay(250000, 8 * SEC, 3, 42));
}
END_TEST

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define A_DATE (APR_TIME_C(784111777) * SEC)

static const struct {
    const char *msec;
    const char *value;
    apr_interval_time_t want;
} afters[] = {
    { NULL, NULL, 0 },
    { NULL, "20", 20 * SEC },
    { NULL, "0", 0 },
    { NULL, "1.5", 1500000 },
    { NULL, "7 ", 7 * SEC },
    { NULL, "604800", 604800 * SEC },
    { NULL, "604801", 0 },
    { NULL, "99999999999999999999999999", 0 },
    { NULL, "-5", 0 },
    { NULL, "soon", 0 },
    { NULL, "5 s", 0 },
    { NULL, "", 0 },
    { "1234", "20", 1234000 },
    { "20.25", NULL, 20250 },
    { "0.0000001", NULL, 0 },
    { "x", "20", 20 * SEC },
    { "", "20", 20 * SEC },
    { NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 37 * SEC },
    { NULL, "Sunday, 06-Nov-94 08:49:37 GMT", 37 * SEC },
    { NULL, "Sun Nov  6 08:49:37 1994", 37 * SEC },
    { NULL, "Sun, 06 Nov 1994 08:48:00 GMT", 0 },
    { NULL, "Sun, 20 Nov 1994 08:48:00 GMT", 0 }
};

START_TEST(test_after)
{
    size_t i;

    for (i = 0; i < sizeof(afters) / sizeof(afters[0]); i++) {
        apr_interval_time_t got = llmgw_retry_after(afters[i].msec,
                                                    afters[i].value,
                                                    A_DATE - 37 * SEC);

        ck_assert_msg(got == afters[i].want, "%s, %s: %ld", afters[i].msec,
                      afters[i].value, (long)got);
    }
}
END_TEST

UNIT_MAIN("retry", test_parse, test_parse_errors, test_own_statuses,
          test_default, test_answers, test_events, test_refusals,
          test_delay, test_after)
