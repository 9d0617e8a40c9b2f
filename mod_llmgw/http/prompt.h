/* prompt.h: figures of a call's prompt, for conditions and for choosing */
#ifndef LLMGW_HTTP_PROMPT_H
#define LLMGW_HTTP_PROMPT_H

#include <apr.h>
#include "llmgw/error.h"

struct llmgw_call_t;

/*
 * The first figure asked for makes the call's body be decoded, which costs
 * little more than the scan every body gets; until then nothing is spent. All
 * run on the thread that has the call, and are 0 for a call without a body, as
 * one is for a list of models.
 */

/**
 * About how many tokens the prompt has. What the decoder does not understand
 * and may yet be passed on is estimated by its length, images included, which
 * is rather too much than too little.
 */
apr_int64_t llmgw_prompt_tokens(struct llmgw_call_t *call);

/** How many tools it offers, how many images it holds; 0 for a body that the
 * decoder does not understand, see llmgw_prompt_check(). */
int llmgw_prompt_tools(struct llmgw_call_t *call);
int llmgw_prompt_images(struct llmgw_call_t *call);

/**
 * Was tools or images asked of a body that could not be decoded? Whatever was
 * decided by the answer must not stand.
 * @return APR_SUCCESS; else the decoder's status, with err filled in
 */
apr_status_t llmgw_prompt_check(const struct llmgw_call_t *call,
                                llmgw_err_t *err);

#endif /* LLMGW_HTTP_PROMPT_H */
