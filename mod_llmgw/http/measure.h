/* measure.h: what all children have counted */
#ifndef LLMGW_HTTP_MEASURE_H
#define LLMGW_HTTP_MEASURE_H

#include "llmgw/hist.h"
#include "llmgw/series.h"
#include "call.h"

/*
 * Tables (series.h) in memory that children of all generations share
 * (shared.h): a sum is one of all that ever served, and nothing is counted
 * twice or lost when a child ends. Labels are what the configuration names: a
 * model that it does not name is "other", so that clients cannot fill a table.
 * Nothing of prompts, keys or users is in them.
 */

/** The tables, and the order of their labels. */
typedef enum llmgw_measure_e {
    LLMGW_MEASURE_CALLS,        /* operation, route, provider, model, code,
                                 * class: llmgw_word_t */
    LLMGW_MEASURE_ATTEMPTS,     /* route, provider, model, outcome:
                                 * llmgw_word_t */
    LLMGW_MEASURE_MOVES,        /* route, from, to, reason: llmgw_word_t. From
                                 * a target to itself: a retry */
    LLMGW_MEASURE_DURATIONS,    /* operation, system, provider, request model,
                                 * response model, error: llmgw_hist_t */
    LLMGW_MEASURE_USAGE,        /* the same but for the error:
                                 * llmgw_figures_t */
    LLMGW_MEASURE__COUNT
} llmgw_measure_e;

/** What is known of a model's answers. */
typedef struct llmgw_figures_t {
    llmgw_hist_t input;
    llmgw_hist_t output;
    llmgw_hist_t first_token;
    llmgw_hist_t per_token;
    llmgw_word_t cost_nano;
    llmgw_word_t unpriced;      /* calls with tokens but without a price */
} llmgw_figures_t;

/** What has no labels, or few. */
typedef struct llmgw_totals_t {
    llmgw_word_t head[2];       /* the layout of all of this, and its bytes */
    llmgw_hist_t overhead;
    llmgw_hist_t relay_lag;     /* its count is that of wakeups */
    llmgw_word_t aborts[2];     /* before the first token, and after it */
    llmgw_word_t spare[4];
} llmgw_totals_t;

/**
 * Make the tables, or take them over from before a graceful restart. In the
 * parent, before there are children.
 * @return error text or NULL
 */
const char *llmgw_measure_prepare(server_rec *servers, apr_pool_t *p);

/** Count a call that is over, and what the client was told; once. */
void llmgw_measure_call(llmgw_call_t *call);

/** Count a request that became no call, when it has been answered. */
void llmgw_measure_request(const request_rec *r,
                           const llmgw_surface_t *surface);

/** Count an attempt that is over, by what came of it.
 * @param err NULL for a success */
void llmgw_measure_attempt(const llmgw_call_t *call, const llmgw_err_t *err);

/** Count that the attempt at hand was followed by another one.
 * @param to its target */
void llmgw_measure_move(const llmgw_call_t *call, const llmgw_target_t *to);

/** Count a wakeup of a relay thread.
 * @param busy_usec until it waited again */
void llmgw_measure_wakeup(apr_interval_time_t busy_usec);

/** For reading. */
const llmgw_series_t *llmgw_measure_table(llmgw_measure_e table);
const llmgw_totals_t *llmgw_measure_totals(void);

#endif /* LLMGW_HTTP_MEASURE_H */
