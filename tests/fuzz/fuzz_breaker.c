/* fuzz_breaker.c: any course of calls keeps to the breaker's rules */
#include "fuzz.h"
#include "llmgw/breaker.h"

#define CALLS 16

static const llmgw_breaker_conf_t conf = {
    0, 50, 50, 4, 3, APR_TIME_C(10000000), APR_TIME_C(2000000),
    APR_TIME_C(1000000)
};

typedef struct run_t {
    llmgw_breaker_t b;
    llmgw_word_t held;
    apr_time_t now;
    llmgw_breaker_state_e state;        /* as the changes told it */
    apr_uint32_t generation;            /* how many changes there were */
    struct {
        llmgw_permit_t permit;
        apr_uint32_t generation;
        int in_flight;
    } calls[CALLS];
} run_t;

static void follow(run_t *run, const llmgw_breaker_change_t *change)
{
    if (change->reason) {
        FUZZ_CHECK(change->from == run->state);
        FUZZ_CHECK(change->to != run->state);
        run->state = change->to;
        run->generation++;
    }
}

static void acquire(run_t *run, int i)
{
    llmgw_breaker_change_t change;
    int may = llmgw_breaker_peek(&run->b, &conf, run->now), got;

    if (run->calls[i].in_flight) {
        return;
    }
    got = llmgw_breaker_acquire(&run->b, &conf, &run->held, run->now,
                                &run->calls[i].permit, &change);
    FUZZ_CHECK(got == may);
    follow(run, &change);
    run->calls[i].in_flight = got;
    run->calls[i].generation = run->generation;
    FUZZ_CHECK(!got || run->state != LLMGW_BREAKER_OPEN);
    FUZZ_CHECK(!got || run->state != LLMGW_BREAKER_FORCED_OPEN);
    FUZZ_CHECK(!got || run->calls[i].permit.is_probe
                       == (run->state == LLMGW_BREAKER_HALF_OPEN));
}

static void report(run_t *run, int i, unsigned int how)
{
    llmgw_breaker_change_t change;
    llmgw_breaker_e outcome = (llmgw_breaker_e)(how % 3);

    if (!run->calls[i].in_flight) {
        return;
    }
    run->calls[i].in_flight = 0;
    llmgw_breaker_report(&run->b, &conf, &run->held, &run->calls[i].permit,
                         outcome, how & 4 ? conf.slow_usec : 0, run->now,
                         &change);
    FUZZ_CHECK(!change.reason || run->calls[i].generation == run->generation);
    FUZZ_CHECK(!change.reason || outcome != LLMGW_BREAKER_NEUTRAL);
    follow(run, &change);
}

static void check(const run_t *run)
{
    llmgw_breaker_view_t view;
    unsigned int probes = 0;
    int i;

    for (i = 0; i < CALLS; i++) {
        probes += run->calls[i].in_flight && run->calls[i].permit.is_probe
                  && run->calls[i].generation == run->generation;
    }
    llmgw_breaker_get(&run->b, &conf, run->now, &view);
    FUZZ_CHECK(view.state == run->state);
    FUZZ_CHECK(view.probes == probes && probes <= conf.probes);
    FUZZ_CHECK(probes == 0 || (apr_uint32_t)run->held == probes);
    FUZZ_CHECK(view.successes < conf.probes);
    FUZZ_CHECK(view.counts.failed <= view.counts.total);
    FUZZ_CHECK(view.counts.slow <= view.counts.total);
    FUZZ_CHECK(view.wait_usec >= 0 && view.wait_usec <= 2 * conf.open_usec);
}

/* Two bytes a step: what, and with what. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    llmgw_breaker_change_t change;
    run_t run;
    size_t i;

    memset(&run, 0, sizeof(run));
    run.now = APR_TIME_C(1750000000000000);
    for (i = 0; i + 1 < size; i += 2) {
        unsigned int arg = data[i + 1];

        switch (data[i] % 8) {
        case 0:
        case 1:
        case 2:
            acquire(&run, (int)(arg % CALLS));
            break;
        case 3:
        case 4:
        case 5:
            report(&run, (int)(arg % CALLS), arg / CALLS);
            break;
        case 6:
            /* mostly on, now and then back */
            run.now += arg < 240 ? (apr_time_t)arg * 20000
                       : -(apr_time_t)(arg - 239) * 1000000;
            break;
        default:
            if (arg < 5) {
                llmgw_breaker_set(&run.b, (llmgw_breaker_state_e)arg, run.now,
                                  &change);
                run.generation += !change.reason;
                follow(&run, &change);
            }
        }
        check(&run);
    }
    return 0;
}
