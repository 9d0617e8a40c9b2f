/* hist.c: histograms of tokens and times */
#include <string.h>
#include "llmgw/hist.h"

static const llmgw_hist_kind_t kinds[] = {
    [LLMGW_HIST_TOKENS] = {
        "gen_ai_client_token_usage",
        "Number of input and output tokens used.", 1, 14,
        { 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576,
          4194304, 16777216, 67108864 }
    },
    [LLMGW_HIST_DURATION] = {
        "gen_ai_server_request_duration_seconds",
        "Duration of calls, until the last byte of the answer.",
        APR_USEC_PER_SEC, 14,
        { 10000, 20000, 40000, 80000, 160000, 320000, 640000, 1280000,
          2560000, 5120000, 10240000, 20480000, 40960000, 81920000 }
    },
    [LLMGW_HIST_FIRST_TOKEN] = {
        "gen_ai_server_time_to_first_token_seconds",
        "Time until the first content of successful answers.",
        APR_USEC_PER_SEC, 16,
        { 1000, 5000, 10000, 20000, 40000, 60000, 80000, 100000, 250000,
          500000, 750000, 1000000, 2500000, 5000000, 7500000, 10000000 }
    },
    [LLMGW_HIST_PER_TOKEN] = {
        "gen_ai_server_time_per_output_token_seconds",
        "Time for each output token after the first, of successful answers.",
        APR_USEC_PER_SEC, 13,
        { 10000, 25000, 50000, 75000, 100000, 150000, 200000, 300000, 400000,
          500000, 750000, 1000000, 2500000 }
    },
    [LLMGW_HIST_OVERHEAD] = {
        "llmgw_overhead_seconds",
        "Time of calls that neither the client nor a provider took.",
        APR_USEC_PER_SEC, 13,
        { 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
          250000, 1000000 }
    },
    [LLMGW_HIST_RELAY_LAG] = {
        "llmgw_relay_lag_seconds",
        "Time that a relay thread took for all that was ready at once.",
        APR_USEC_PER_SEC, 13,
        { 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000,
          250000, 1000000 }
    }
};

const llmgw_hist_kind_t *llmgw_hist_kind(llmgw_hist_e kind)
{
    return &kinds[kind];
}

void llmgw_hist_add(llmgw_hist_t *h, llmgw_hist_e kind, apr_int64_t value)
{
    int i;

    if (value < 0) {
        return;
    }
    for (i = 0; i < kinds[kind].n && value > kinds[kind].bounds[i]; i++) {
    }
    llmgw_word_add(&h->sum, (apr_uint64_t)value);
    llmgw_word_add(&h->counts[i], 1);
}

apr_int64_t llmgw_hist_per_token(apr_interval_time_t total_usec,
                                 apr_interval_time_t first_token_usec,
                                 apr_int64_t completion_tokens)
{
    apr_int64_t n = completion_tokens - 1, rest = total_usec - first_token_usec;

    return n < 1 || rest < 0 ? -1 : (rest + n / 2) / n;
}

void llmgw_hist_get(const llmgw_hist_t *h, llmgw_hist_e kind,
                    llmgw_hist_view_t *view)
{
    int i;

    memset(view, 0, sizeof(*view));
    for (i = 0; i < kinds[kind].n; i++) {
        view->count += llmgw_word_get(&h->counts[i]);
        view->below[i] = view->count;
    }
    view->count += llmgw_word_get(&h->counts[i]);
    view->sum = llmgw_word_get(&h->sum);
}
