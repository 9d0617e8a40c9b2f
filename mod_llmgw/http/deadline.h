/* deadline.h: which of a call's times is up first */
#ifndef LLMGW_HTTP_DEADLINE_H
#define LLMGW_HTTP_DEADLINE_H

#include "call.h"

typedef struct llmgw_deadline_t {
    apr_time_t at;
    apr_status_t status;        /* what passing it means */
    const char *message;        /* for the client, in a sentence */
} llmgw_deadline_t;

/** When the call as a whole is to be over: total=. */
llmgw_deadline_t llmgw_deadline_total(const llmgw_call_t *call);

/** The first of the times that hold for the state the call's attempt is in. */
llmgw_deadline_t llmgw_deadline_next(const llmgw_call_t *call);

/** While the client has yet to take what was passed on: it is given Timeout
 * from the last time that it took something. */
llmgw_deadline_t llmgw_deadline_client(const llmgw_call_t *call);

#endif /* LLMGW_HTTP_DEADLINE_H */
