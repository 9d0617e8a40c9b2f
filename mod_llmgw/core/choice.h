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

struct llmgw_choice_t {
    apr_uint16_t *marks;        /* of each candidate */
    entry_t *entries;           /* room for all */
};

#endif /* LLMGW_CORE_CHOICE_H */
