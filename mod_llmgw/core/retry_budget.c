/* retry_budget.c: no more retries than a share of the calls */
#include "llmgw/retry_budget.h"

/* balance 32, signed, thousandths of a retry | stamp 32. The balance fades
 * towards 0 from both sides; it may fall to minus the reserve. */
#define ONE_RETRY 1000
#define BALANCE_MAX APR_INT64_C(0x7FFFFFFF)

typedef struct state_t {
    apr_int64_t balance;
    apr_uint32_t stamp;
} state_t;

static apr_uint64_t pack(state_t s)
{
    return (apr_uint64_t)(apr_uint32_t)(apr_int32_t)s.balance << 32 | s.stamp;
}

/* What is faded is counted in whole thousandths; the rest of the time waits
 * for the next call, so that many small steps fade no less than a large one. */
static state_t unpack(apr_uint64_t w, const llmgw_retry_budget_t *conf,
                      apr_time_t now)
{
    state_t s = { (apr_int32_t)(w >> 32), (apr_uint32_t)w };
    apr_int64_t msec = llmgw_word_msec_since(s.stamp, now), faded;
    apr_int64_t whole = conf->fade_usec / 1000;

    if (msec < 0 || msec >= whole) {
        faded = msec < 0 ? 0 : s.balance;
    }
    else {
        faded = s.balance * msec / whole;
    }
    if (faded || s.balance == 0 || msec < 0) {
        s.stamp = llmgw_word_stamp(now);
    }
    s.balance -= faded;
    return s;
}

void llmgw_retry_budget_deposit(llmgw_word_t *budget,
                                const llmgw_retry_budget_t *conf,
                                apr_time_t now)
{
    apr_uint64_t seen = llmgw_word_get(budget);
    state_t s;

    do {
        s = unpack(seen, conf, now);
        s.balance += conf->percent * (ONE_RETRY / 100);
        if (s.balance > BALANCE_MAX) {
            s.balance = BALANCE_MAX;
        }
    } while (!llmgw_word_cas(budget, &seen, pack(s)));
}

static apr_int64_t get_left(const llmgw_retry_budget_t *conf, state_t s)
{
    return s.balance + (apr_int64_t)conf->reserve * ONE_RETRY;
}

int llmgw_retry_budget_withdraw(llmgw_word_t *budget,
                                const llmgw_retry_budget_t *conf,
                                apr_time_t now)
{
    apr_uint64_t seen = llmgw_word_get(budget);
    state_t s;

    do {
        s = unpack(seen, conf, now);
        if (get_left(conf, s) < ONE_RETRY) {
            return 0;
        }
        s.balance -= ONE_RETRY;
    } while (!llmgw_word_cas(budget, &seen, pack(s)));
    return 1;
}

apr_int64_t llmgw_retry_budget_left(const llmgw_word_t *budget,
                                    const llmgw_retry_budget_t *conf,
                                    apr_time_t now)
{
    return get_left(conf, unpack(llmgw_word_get(budget), conf, now));
}
