/* hist.h: histograms of tokens and times, with OpenTelemetry's buckets */
#ifndef LLMGW_HIST_H
#define LLMGW_HIST_H

#include <apr.h>
#include <apr_time.h>
#include "llmgw/word.h"

/** What is measured; each has its buckets. */
typedef enum llmgw_hist_e {
    LLMGW_HIST_TOKENS,          /* gen_ai.client.token.usage, in tokens */
    LLMGW_HIST_DURATION,        /* gen_ai.server.request.duration, in usec */
    LLMGW_HIST_FIRST_TOKEN,     /* gen_ai.server.time_to_first_token, usec */
    LLMGW_HIST_PER_TOKEN,       /* gen_ai.server.time_per_output_token, usec */
    LLMGW_HIST_OVERHEAD,        /* the gateway's own share of a call, usec */
    LLMGW_HIST_RELAY_LAG,       /* how long a relay thread was busy, usec */
    LLMGW_HIST__COUNT
} llmgw_hist_e;

#define LLMGW_HIST_BOUNDS_MAX 16

/** A kind's constants. */
typedef struct llmgw_hist_kind_t {
    const char *name;           /* as Prometheus spells it, with its unit */
    const char *help;
    apr_int64_t unit;           /* values are divided by this when shown */
    int n;                      /* bounds */
    apr_int64_t bounds[LLMGW_HIST_BOUNDS_MAX];  /* upper, inclusive */
} llmgw_hist_kind_t;

/** OpenTelemetry's semantic conventions for generative AI metrics. */
const llmgw_hist_kind_t *llmgw_hist_kind(llmgw_hist_e kind);

/**
 * A histogram, in shared memory; all zero: empty. Any thread of any process
 * may add to it and read it at the same time.
 */
typedef struct llmgw_hist_t {
    llmgw_word_t counts[LLMGW_HIST_BOUNDS_MAX + 1];
    llmgw_word_t sum;           /* exact, in the kind's smallest unit */
} llmgw_hist_t;

/** Add a value, in tokens or microseconds; one below 0 is not known. */
void llmgw_hist_add(llmgw_hist_t *h, llmgw_hist_e kind, apr_int64_t value);

/**
 * Microseconds for each token after the first, rounded to the nearest.
 * @return -1: there were fewer than two tokens, or the times make no sense
 */
apr_int64_t llmgw_hist_per_token(apr_interval_time_t total_usec,
                                 apr_interval_time_t first_token_usec,
                                 apr_int64_t completion_tokens);

/** What a histogram held at one time. */
typedef struct llmgw_hist_view_t {
    apr_uint64_t below[LLMGW_HIST_BOUNDS_MAX];  /* values up to each bound */
    apr_uint64_t count;         /* all values; never less than the last of
                                 * these */
    apr_uint64_t sum;           /* may lag by what is added meanwhile */
} llmgw_hist_view_t;

void llmgw_hist_get(const llmgw_hist_t *h, llmgw_hist_e kind,
                    llmgw_hist_view_t *view);

#endif /* LLMGW_HIST_H */
