/* choice.c: which candidates are eligible, and why the others are not */
#include <string.h>
#include <apr_strings.h>
#include "choice.h"

/* How long to wait for a place among the probes: nobody knows. */
#define PROBES_WAIT_USEC APR_USEC_PER_SEC

llmgw_picks_t *llmgw_choice_create(apr_pool_t *p,
                                    const llmgw_balance_t *balance)
{
    llmgw_picks_t *choice = apr_palloc(p, sizeof(*choice));
    apr_size_t n = (apr_size_t)balance->n;

    choice->marks = apr_pcalloc(p, n * sizeof(*choice->marks));
    choice->entries = apr_palloc(p, n * sizeof(*choice->entries));
    return choice;
}

void llmgw_choice_exclude(llmgw_picks_t *choice, int index)
{
    choice->marks[index] |= LLMGW_OUT_TRIED;
}

int llmgw_choice_excludes(const llmgw_picks_t *choice, int index)
{
    return (choice->marks[index] & LLMGW_OUT_TRIED) != 0;
}

void llmgw_choice_ask_again(llmgw_picks_t *choice,
                            const llmgw_balance_t *balance)
{
    int i;

    for (i = 0; i < balance->n; i++) {
        choice->marks[i] &= LLMGW_OUT_TRIED;
    }
}

/* What the slot says, but for the breaker's clock, is read from one line. */
static unsigned int test_slot(const llmgw_slot_t *slot,
                              const llmgw_breaker_conf_t *breaker,
                              apr_time_t now)
{
    unsigned int out = 0;

    if (llmgw_word_get(&slot->flags) & LLMGW_SLOT_UNHEALTHY) {
        out |= LLMGW_OUT_UNHEALTHY;
    }
    if (llmgw_word_get(&slot->bench) && llmgw_bench_left(&slot->bench, now)) {
        out |= LLMGW_OUT_BENCHED;
    }
    if (!llmgw_breaker_is_closed(&slot->breaker)
        && !llmgw_breaker_peek(&slot->breaker, breaker, now)) {
        out |= LLMGW_OUT_BREAKER;
    }
    return out;
}

unsigned int llmgw_balance_test(const llmgw_balance_t *balance,
                                llmgw_picks_t *choice,
                                const llmgw_need_t *need, int index,
                                apr_time_t now)
{
    const llmgw_candidate_t *c = &balance->candidates[index];
    unsigned int mark = choice->marks[index];
    unsigned int out = (mark & ~MARK_ASKED)
                       | test_slot(c->slot, llmgw_balance_breaker(balance, c),
                                   now);

    if (c->drained) {
        out |= LLMGW_OUT_DRAINED;
    }
    if (c->context_max > 0 && need->prompt_tokens > c->context_max) {
        out |= LLMGW_OUT_CONTEXT;
    }
    if (!out && c->ask && need->ask && !(mark & MARK_ASKED)) {
        out = need->ask(need->ask_ctx, index)
              & (LLMGW_OUT_WHEN | LLMGW_OUT_OTHER | LLMGW_OUT_DRAINED);
        choice->marks[index] |= (apr_uint16_t)(MARK_ASKED | out);
    }
    return out;
}

/* ---- in words ------------------------------------------------------------ */

/* The first of these that holds is told of a candidate. */
static const struct {
    unsigned int bit;
    const char *one;
    const char *many;
} reasons[] = {
    { LLMGW_OUT_TRIED, "was tried already", "were tried already" },
    { LLMGW_OUT_DRAINED, "is drained or disabled", "are drained or disabled" },
    { LLMGW_OUT_UNHEALTHY, "is unhealthy", "are unhealthy" },
    { LLMGW_OUT_CONTEXT, "is too small for about ",
      "are too small for about " },
    { LLMGW_OUT_WHEN, "is excluded by its condition",
      "are excluded by their conditions" },
    { LLMGW_OUT_OTHER, "cannot be used", "cannot be used" },
    { LLMGW_OUT_BENCHED, "asked to be left alone for a while",
      "asked to be left alone for a while" },
    { LLMGW_OUT_BREAKER, "is behind an open breaker",
      "are behind an open breaker" }
};
#define REASONS_COUNT ((int)(sizeof(reasons) / sizeof(reasons[0])))

static int get_reason(unsigned int out)
{
    int i;

    for (i = 0; i < REASONS_COUNT && !(out & reasons[i].bit); i++) {
    }
    return i;
}

const char *llmgw_balance_explain(const llmgw_balance_t *balance,
                                  llmgw_picks_t *choice,
                                  const llmgw_need_t *need, apr_time_t now,
                                  apr_pool_t *p)
{
    int counts[REASONS_COUNT + 1] = { 0 };
    const char *text = apr_psprintf(p, "Of %d targets", balance->n);
    int i;

    for (i = 0; i < balance->n; i++) {
        counts[get_reason(llmgw_balance_test(balance, choice, need, i,
                                             now))]++;
    }
    for (i = 0; i < REASONS_COUNT; i++) {
        if (counts[i]) {
            text = apr_psprintf(p, "%s, %d %s", text, counts[i],
                                counts[i] == 1 ? reasons[i].one
                                : reasons[i].many);
        }
        if (counts[i] && reasons[i].bit == LLMGW_OUT_CONTEXT) {
            text = apr_psprintf(p, "%s%" APR_INT64_T_FMT " tokens", text,
                                need->prompt_tokens);
        }
    }
    if (counts[REASONS_COUNT]) {
        text = apr_psprintf(p, "%s, %d may be tried", text,
                            counts[REASONS_COUNT]);
    }
    return apr_pstrcat(p, text, ".", NULL);
}

static apr_interval_time_t get_wait(const llmgw_balance_t *balance,
                                    const llmgw_candidate_t *c, apr_time_t now)
{
    const llmgw_slot_t *slot = c->slot;
    apr_interval_time_t bench = llmgw_bench_left(&slot->bench, now);
    llmgw_breaker_view_t view;

    llmgw_breaker_get(&slot->breaker, llmgw_balance_breaker(balance, c), now,
                      &view);
    if (view.state == LLMGW_BREAKER_FORCED_OPEN) {
        return -1;
    }
    if (view.state == LLMGW_BREAKER_HALF_OPEN) {
        view.wait_usec = PROBES_WAIT_USEC;
    }
    return bench > view.wait_usec ? bench : view.wait_usec;
}

apr_interval_time_t llmgw_balance_wait(const llmgw_balance_t *balance,
                                       llmgw_picks_t *choice,
                                       const llmgw_need_t *need,
                                       apr_time_t now)
{
    const unsigned int passing = LLMGW_OUT_BENCHED | LLMGW_OUT_BREAKER;
    apr_interval_time_t least = -1, wait;
    unsigned int out;
    int i;

    for (i = 0; i < balance->n; i++) {
        out = llmgw_balance_test(balance, choice, need, i, now);
        if (!out) {
            return 0;
        }
        wait = out & ~passing
               ? -1 : get_wait(balance, &balance->candidates[i], now);
        if (wait >= 0 && (least < 0 || wait < least)) {
            least = wait;
        }
    }
    return least;
}
