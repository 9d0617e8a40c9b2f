/* choice.h: what choosing and eligibility share */
#ifndef LLMGW_CORE_CHOICE_H
#define LLMGW_CORE_CHOICE_H

#include "llmgw/balance.h"

/* Beside the reasons that stay for the call: it was asked about. */
#define MARK_ASKED 0x100

/* An eligible candidate, while one is chosen. */
typedef struct entry_t {
    int index;
    double figure;              /* what the method compares */
    /* WEIGHTED: copies, side by side */
    apr_uint64_t seen;          /* its turn, as read */
    double weight;
    double slack;
} entry_t;

struct llmgw_picks_t {
    apr_uint16_t *marks;        /* of each candidate */
    entry_t *entries;           /* room for all */
};

/* What is true of most candidates, at the price of a few loads. */
static inline int is_plainly_eligible(const llmgw_balance_t *balance,
                                      const llmgw_picks_t *choice,
                                      const llmgw_need_t *need, int index)
{
    const llmgw_candidate_t *c = &balance->candidates[index];

    return choice->marks[index] == 0 && !c->ask && !c->drained
           && (c->context_max <= 0 || need->prompt_tokens <= c->context_max)
           && (llmgw_word_get(&c->slot->flags)
               | llmgw_word_get(&c->slot->bench)) == 0
           && llmgw_breaker_is_closed(&c->slot->breaker);
}

#endif /* LLMGW_CORE_CHOICE_H */
