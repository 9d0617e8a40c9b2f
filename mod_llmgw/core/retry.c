/* retry.c: which failures are worth another attempt, and when to make it */
#include <string.h>
#include <apr_date.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include "llmgw/retry.h"

/* ---- sets ---------------------------------------------------------------- */

static const struct {
    const char *word;
    unsigned int bit;
} classes[] = {
    { "content-filter", LLMGW_RETRY_CONTENT_FILTER },
    { "context-length", LLMGW_RETRY_CONTEXT_LENGTH },
    { "credentials", LLMGW_RETRY_CREDENTIALS },
    { "connect", LLMGW_RETRY_CONNECT },
    { "timeout", LLMGW_RETRY_TIMEOUT },
    { "stream", LLMGW_RETRY_STREAM }
};
#define CLASSES_COUNT (sizeof(classes) / sizeof(classes[0]))

static void add_code(llmgw_retry_set_t *set, int code)
{
    unsigned int bit = (unsigned int)(code - LLMGW_RETRY_CODE_MIN);

    set->codes[bit / 32] |= 1u << bit % 32;
}

static int has_code(const llmgw_retry_set_t *set, int code)
{
    unsigned int bit = (unsigned int)(code - LLMGW_RETRY_CODE_MIN);

    return code >= LLMGW_RETRY_CODE_MIN && code <= LLMGW_RETRY_CODE_MAX
           && (set->codes[bit / 32] >> bit % 32 & 1);
}

static int add_class(llmgw_retry_set_t *set, llmgw_str_t word)
{
    apr_size_t i;

    for (i = 0; i < CLASSES_COUNT; i++) {
        if (llmgw_str_is(word, classes[i].word)) {
            set->classes |= classes[i].bit;
            return 1;
        }
    }
    return 0;
}

/* "429", "4xx", "5xx" */
static int add_codes(llmgw_retry_set_t *set, llmgw_str_t word)
{
    int i, first;

    if (word.len != 3 || (word.p[0] != '4' && word.p[0] != '5')) {
        return 0;
    }
    first = (word.p[0] - '0') * 100;
    if (word.p[1] == 'x' && word.p[2] == 'x') {
        for (i = 0; i < 100; i++) {
            add_code(set, first + i);
        }
        return 1;
    }
    if (!apr_isdigit(word.p[1]) || !apr_isdigit(word.p[2])) {
        return 0;
    }
    add_code(set, first + (word.p[1] - '0') * 10 + word.p[2] - '0');
    return 1;
}

const char *llmgw_retry_parse(apr_pool_t *p, const char *name,
                              const char *list, llmgw_retry_set_t *set)
{
    llmgw_retry_set_t found;
    const char *at = list;

    memset(&found, 0, sizeof(found));
    while (strcmp(list, "none")) {
        llmgw_str_t word = llmgw_str_make(at, strcspn(at, ","));

        if (!add_class(&found, word) && !add_codes(&found, word)) {
            return apr_psprintf(p, "%s: \"%.*s\" is no kind of failure: give "
                                "connect, timeout, stream, content-filter, "
                                "context-length, credentials, 4xx, 5xx or "
                                "statuses between 400 and 599, with commas "
                                "between, or none", name,
                                LLMGW_STR_ARG(word));
        }
        at += word.len;
        if (!*at) {
            break;
        }
        at++;
    }
    *set = found;
    return NULL;
}

/* ---- what a failure is --------------------------------------------------- */

static int contains(const char *text, const char *const *words)
{
    apr_size_t n, len;
    const char *at;

    for (; text && *words; words++) {
        len = strlen(*words);
        n = strlen(text);
        for (at = text; n >= len; at++, n--) {
            if (llmgw_str_is_nocase(llmgw_str_make(at, len), *words)) {
                return 1;
            }
        }
    }
    return 0;
}

/* Parts of codes and messages: OpenAI, Azure, Anthropic, Gemini, Bedrock,
 * Mistral, Perplexity, Alibaba and servers of one's own. */
static const char *const filter_words[] = {
    "content_filter", "content filter", "content_policy", "content policy",
    "content management policy", "ResponsibleAIPolicyViolation",
    "data_inspection_failed", "prohibited_content", "flagged as",
    "moderation", NULL
};

static const char *const length_words[] = {
    "context_length", "context length", "context window", "context limit",
    "maximum context", "prompt is too long", "input is too long",
    "messages is too long", "too_many_prompt_tokens",
    "exceeds the maximum number of tokens", "exceeds the limit of tokens",
    "too many tokens", "prompt too long", "string_above_max_length", NULL
};

/* A refusal of what the client sent: for its contents or its length? */
static unsigned int classify_words(const llmgw_err_t *err)
{
    unsigned int found = 0;

    if (contains(err->code, filter_words)
        || contains(err->message, filter_words)) {
        found |= LLMGW_RETRY_CONTENT_FILTER;
    }
    if (contains(err->code, length_words)
        || contains(err->message, length_words)
        || err->kind == LLMGW_ERRKIND_TOO_LARGE) {
        found |= LLMGW_RETRY_CONTEXT_LENGTH;
    }
    return found;
}

/* An error the provider sent: by its HTTP status, or as an event. */
static llmgw_retry_class_t classify_answer(const llmgw_err_t *err)
{
    llmgw_retry_class_t c = { 0, llmgw_err_http_status(err) };

    if (!err->http_status && err->status != LLMGW_EREJECTED) {
        c.classes |= LLMGW_RETRY_STREAM;
    }
    if (err->kind == LLMGW_ERRKIND_TIMEOUT || c.code == 408
        || c.code == 504) {
        c.classes |= LLMGW_RETRY_TIMEOUT;
    }
    if (err->status == LLMGW_EREJECTED) {
        c.classes |= classify_words(err);
    }
    return c;
}

llmgw_retry_class_t llmgw_retry_classify(const llmgw_err_t *err)
{
    llmgw_retry_class_t c = { 0, 0 };

    switch (err->status) {
    case LLMGW_EKEY:
    case LLMGW_ECREDENTIALS:
        c.classes = LLMGW_RETRY_CREDENTIALS;
        break;
    case LLMGW_ECONNECT:
    case LLMGW_ETLS:
        c.classes = LLMGW_RETRY_CONNECT;
        break;
    case LLMGW_ECONNECTTIMEOUT:
        c.classes = LLMGW_RETRY_CONNECT | LLMGW_RETRY_TIMEOUT;
        break;
    case LLMGW_EFIRSTTIMEOUT:
    case LLMGW_EIDLETIMEOUT:
    case LLMGW_EATTEMPTTIMEOUT:
        c.classes = LLMGW_RETRY_TIMEOUT;
        break;
    case LLMGW_ERESET:
        c.classes = LLMGW_RETRY_CONNECT | LLMGW_RETRY_STREAM;
        c.code = 502;
        break;
    case LLMGW_EHTTP:
    case LLMGW_EUPBODY:
    case LLMGW_ETRUNCATED:
        c.classes = LLMGW_RETRY_STREAM;
        c.code = 502;
        break;
    case LLMGW_EEMPTY:
        c.classes = LLMGW_RETRY_STREAM | classify_words(err);
        c.code = 502;
        break;
    case LLMGW_EUPSTREAM:
    case LLMGW_EOVERLOADED:
    case LLMGW_ERATELIMIT:
    case LLMGW_EREJECTED:
        return classify_answer(err);
    default:
        break;
    }
    return c;
}

int llmgw_retry_matches(const llmgw_retry_set_t *set, const llmgw_err_t *err)
{
    llmgw_retry_class_t c = llmgw_retry_classify(err);

    return (set->classes & c.classes) != 0 || has_code(set, c.code);
}

const char *llmgw_retry_word(const llmgw_err_t *err)
{
    llmgw_retry_class_t c = llmgw_retry_classify(err);
    apr_size_t i;

    for (i = 0; i < CLASSES_COUNT; i++) {
        if (c.classes & classes[i].bit) {
            return classes[i].word;
        }
    }
    return c.code == 429 ? "429" : c.code >= 500 ? "5xx"
           : c.code >= 400 ? "4xx" : "other";
}

/* ---- when ---------------------------------------------------------------- */

apr_interval_time_t llmgw_retry_delay(apr_interval_time_t backoff_usec,
                                      apr_interval_time_t max_usec,
                                      unsigned int n, apr_uint64_t random)
{
    apr_interval_time_t most = backoff_usec;

    while (n-- > 1 && most < max_usec) {
        most *= 2;
    }
    if (most > max_usec) {
        most = max_usec;
    }
    return most > 0 ? (apr_interval_time_t)(random % ((apr_uint64_t)most + 1))
           : 0;
}

#define RETRY_AFTER_MAX APR_TIME_C(604800000000)    /* a week */

/* A number of units of usec microseconds, with or without a fraction; -1 when
 * it is none. As large as you like is as large as can be. */
static apr_interval_time_t parse_units(const char *s, apr_interval_time_t usec)
{
    apr_interval_time_t sum = 0;

    if (!apr_isdigit(*s)) {
        return -1;
    }
    for (; apr_isdigit(*s); s++) {
        sum = sum > RETRY_AFTER_MAX ? sum : sum * 10 + (*s - '0') * usec;
    }
    if (*s == '.') {
        for (s++; apr_isdigit(*s); s++) {
            usec /= 10;
            sum += (*s - '0') * usec;
        }
    }
    while (apr_isspace(*s)) {
        s++;
    }
    return *s ? -1 : sum;
}

apr_interval_time_t llmgw_retry_after(const char *msec, const char *value,
                                      apr_time_t now)
{
    apr_interval_time_t left = msec ? parse_units(msec, 1000) : -1;

    if (left < 0 && value) {
        left = parse_units(value, APR_USEC_PER_SEC);
        if (left < 0) {
            left = apr_date_parse_http(value) - now;
        }
    }
    return left > 0 && left <= RETRY_AFTER_MAX ? left : 0;
}
