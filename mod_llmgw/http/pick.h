/* pick.h: which target a call goes to, and what is told of it after */
#ifndef LLMGW_HTTP_PICK_H
#define LLMGW_HTTP_PICK_H

#include <httpd.h>
#include "llmgw/balance.h"
#include "llmgw/error.h"
#include "llmgw/slot.h"
#include "view.h"

struct llmgw_call_t;

/** A call's way through its targets. */
typedef struct llmgw_pick_t {
    const llmgw_view_t *view;   /* NULL: not begun */
    llmgw_picks_t *choice;     /* what may still be tried */
    llmgw_need_t need;
    int index;                  /* of the target in hand; -1: none */
    unsigned int failed_on;     /* llmgw_target_on_e: what went wrong before */
    int only_typed;             /* only targets for that may follow */
    llmgw_hold_t hold;          /* of the target in hand */
} llmgw_pick_t;

/**
 * Take the next target: choose it, ask its breaker, count the call as in
 * flight there. Let go of it with llmgw_pick_release().
 * @return NULL when there is none, with err filled in: the model is not to be
 *         had (LLMGW_EMODEL), the prompt is too long for all
 *         (LLMGW_ECONTEXT), or nobody can serve it now (LLMGW_ENOTARGET, with
 *         the time to wait)
 */
const llmgw_target_t *llmgw_pick_next(struct llmgw_call_t *call,
                                      llmgw_err_t *err);

/** Take the target of before again. @return NULL when its breaker refuses */
const llmgw_target_t *llmgw_pick_again(struct llmgw_call_t *call);

/** Is there a target that was not tried and may be now? */
int llmgw_pick_has_more(struct llmgw_call_t *call);

/** How long until a target may be tried that asked to be left alone and has
 * nothing else against it. @return 0: one may be now; -1: there is none */
apr_interval_time_t llmgw_pick_wait(struct llmgw_call_t *call, apr_time_t now);

/** Begin anew: all targets may be tried again. */
void llmgw_pick_restart(struct llmgw_call_t *call);

/**
 * A failure that some targets are there for: from now on those, and no others
 * if only_typed.
 * @param failed_on one of llmgw_target_on_e
 */
void llmgw_pick_narrow(struct llmgw_call_t *call, unsigned int failed_on,
                       int only_typed);

/** Is there a target for these failures that was not tried?
 * @param failed_on of llmgw_target_on_e */
int llmgw_pick_has_typed(const struct llmgw_call_t *call,
                         unsigned int failed_on);

/** Tell what became of the attempt at the target in hand.
 * @param err NULL for a success */
void llmgw_pick_report(struct llmgw_call_t *call, const llmgw_err_t *err);

/** Let go of the target in hand, if any. */
void llmgw_pick_release(struct llmgw_call_t *call);

/** How long the target of the attempt usually takes until its first token; 0:
 * nobody knows. */
apr_interval_time_t llmgw_pick_usual_usec(const struct llmgw_call_t *call);

#endif /* LLMGW_HTTP_PICK_H */
