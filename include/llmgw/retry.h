/* retry.h: which failures are worth another attempt, and when to make it */
#ifndef LLMGW_RETRY_H
#define LLMGW_RETRY_H

#include <apr.h>
#include <apr_pools.h>
#include <apr_time.h>
#include "llmgw/error.h"

/* ---- classes of failures ------------------------------------------------- */

/** Classes; bits. Each is a word of LLMRetry on=. */
#define LLMGW_RETRY_CONNECT        0x01 /* connect: not reached, TLS failed,
                                         * or closed without an answer */
#define LLMGW_RETRY_TIMEOUT        0x02 /* timeout: ours, or their 408, 504 */
#define LLMGW_RETRY_STREAM         0x04 /* stream: the answer broke off, is no
                                         * answer, or is an error with status
                                         * 2xx; before its first content */
#define LLMGW_RETRY_CONTENT_FILTER 0x08 /* content-filter */
#define LLMGW_RETRY_CONTEXT_LENGTH 0x10 /* context-length: too long a prompt */
#define LLMGW_RETRY_CREDENTIALS    0x20 /* credentials: no key is accepted */

/** The HTTP statuses that a set can hold. */
#define LLMGW_RETRY_CODE_MIN 400
#define LLMGW_RETRY_CODE_MAX 599

/** What on= names: classes and HTTP statuses. */
typedef struct llmgw_retry_set_t {
    unsigned int classes;
    apr_uint32_t codes[7];      /* a bit for each status from 400 on */
} llmgw_retry_set_t;

/** The default of on=: what another target may well answer. */
#define LLMGW_RETRY_DEFAULT \
    "connect,timeout,408,409,429,5xx,stream,credentials"

/**
 * Read a list: the classes' words, statuses ("429"), "4xx" and "5xx", with
 * commas between; or "none".
 * @param name what to begin an error with ("LLMRetry on=")
 * @param set filled in on success
 * @return NULL, or what is wrong, as a sentence in pool p
 */
const char *llmgw_retry_parse(apr_pool_t *p, const char *name,
                              const char *list, llmgw_retry_set_t *set);

/** What a failure is. */
typedef struct llmgw_retry_class_t {
    unsigned int classes;       /* all that apply; 0 is possible */
    int code;                   /* the HTTP status it counts as; 0: none */
} llmgw_retry_class_t;

/**
 * Classify an error. What is the client's or the gateway's own, the time for
 * the whole call, and an answer that is too large, are of no class and have no
 * code: they end the call. An answer that is none counts as a 502 as well, so
 * that 5xx covers it.
 * Content filters and prompts that are too long are told by the provider's
 * code or words.
 */
llmgw_retry_class_t llmgw_retry_classify(const llmgw_err_t *err);

/** Non-zero when the set names the error's class or status. */
int llmgw_retry_matches(const llmgw_retry_set_t *set, const llmgw_err_t *err);

/**
 * One word for an error, for logs and metrics: a class's ("content-filter"),
 * else "429", "5xx", "4xx", else "other". A constant.
 */
const char *llmgw_retry_word(const llmgw_err_t *err);

/* ---- when ---------------------------------------------------------------- */

/**
 * How long to wait before an attempt at a target that has just failed: evenly
 * drawn between 0 and backoff * 2^(n-1), or max if that is less ("full
 * jitter", so that those that failed together do not come back together).
 * @param n which retry it is, from 1
 * @param random 64 random bits
 */
apr_interval_time_t llmgw_retry_delay(apr_interval_time_t backoff_usec,
                                      apr_interval_time_t max_usec,
                                      unsigned int n, apr_uint64_t random);

/**
 * What a provider asks for: retry-after-ms (a number of milliseconds) if
 * given, else Retry-After (RFC 9110, 10.2.3: seconds or a date).
 * @param msec, value the headers' values, or NULL
 * @param now the date's clock
 * @return 0: nothing, the past, nothing readable, or more than a week
 */
apr_interval_time_t llmgw_retry_after(const char *msec, const char *value,
                                      apr_time_t now);

#endif /* LLMGW_RETRY_H */
