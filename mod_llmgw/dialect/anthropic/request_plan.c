/* request_plan.c: how much a model shall think, and how many tokens it has */
#include <string.h>
#include "anthropic.h"

/* The least budget the API takes. */
#define BUDGET_MIN 1024

/* Words of effort: as a budget, and in Anthropic's own words. */
static const struct {
    const char *word;
    apr_int64_t budget;
    const char *effort;
} efforts[] = {
    { "minimal", 1024, "low" },
    { "low", 2048, "low" },
    { "medium", 8192, "medium" },
    { "high", 16384, "high" },
    { "xhigh", 32768, "xhigh" },
    { "max", 32768, "max" }
};

#define NEFFORTS (sizeof(efforts) / sizeof(efforts[0]))

static int find_effort(llmgw_str_t word)
{
    apr_size_t i;

    for (i = 0; i < NEFFORTS; i++) {
        if (llmgw_str_is(word, efforts[i].word)) {
            return (int)i;
        }
    }
    return 2;                   /* a word not known: medium */
}

/* The word that is nearest to a budget. */
static int nearest_effort(apr_int64_t budget)
{
    return budget <= 4096 ? 1 : budget <= 12288 ? 2 : 3;
}

static int is_asked(const llmgw_request_t *req)
{
    if (req->reasoning_off || llmgw_str_is(req->effort, "none")) {
        return 0;
    }
    return req->effort.len || req->reasoning_adaptive
        || req->reasoning_budget.p;
}

int llmgw_anthropic_is_forced(const llmgw_request_t *req)
{
    return req->tools->nelts && (req->choice == LLMGW_CHOICE_REQUIRED
                                 || req->choice == LLMGW_CHOICE_NAMED);
}

static int is_signed(const llmgw_part_t *part)
{
    return part->type == LLMGW_PART_REDACTED
        || (part->type == LLMGW_PART_REASONING && part->signature.len);
}

/*
 * Within a loop of tools the assistant's turn must begin with its thinking. A
 * client that did not keep it cannot have more of it before the loop is over.
 */
static int is_unsigned_loop(const llmgw_request_t *req)
{
    const llmgw_message_t *m;
    int i = req->messages->nelts - 1, j, calls = 0;

    while (i >= 0 && APR_ARRAY_IDX(req->messages, i, llmgw_message_t).role
           == LLMGW_ROLE_TOOL) {
        i--;
    }
    if (i < 0 || i == req->messages->nelts - 1) {
        return 0;
    }
    m = &APR_ARRAY_IDX(req->messages, i, llmgw_message_t);
    for (j = 0; j < m->parts->nelts; j++) {
        if (is_signed(&APR_ARRAY_IDX(m->parts, j, llmgw_part_t))) {
            return 0;
        }
        calls += APR_ARRAY_IDX(m->parts, j, llmgw_part_t).type
            == LLMGW_PART_TOOL_CALL;
    }
    return calls > 0;
}

/* A budget must leave room for an answer below max_tokens. */
static apr_status_t plan_budget(anthropic_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    anthropic_plan_t *plan = &wr->plan;
    apr_int64_t wanted = llmgw_raw_int(req->reasoning_budget, 0), max;

    if (wanted <= 0) {
        wanted = efforts[find_effort(req->effort)].budget;
    }
    if (!req->max_tokens.p) {
        max = wanted + wr->model->max_tokens;
        plan->max_tokens = max < wr->model->max_tokens_max
            ? max : wr->model->max_tokens_max;
    }
    if (wanted >= plan->max_tokens) {
        wanted = plan->max_tokens / 2;
    }
    plan->budget = wanted < BUDGET_MIN ? BUDGET_MIN : wanted;
    if (is_unsigned_loop(req) || llmgw_anthropic_is_forced(req)
        || plan->budget >= plan->max_tokens) {
        return llmgw_anthropic_cannot(wr, 1, "reasoning_effort");
    }
    plan->thinks = ANTHROPIC_THINKS_BY_BUDGET;
    return APR_SUCCESS;
}

static void plan_effort(anthropic_writing_t *wr)
{
    apr_int64_t budget = llmgw_raw_int(wr->req->reasoning_budget, 0);
    int i = -1;

    if (wr->req->effort.len) {
        i = find_effort(wr->req->effort);
    }
    else if (budget > 0) {
        i = nearest_effort(budget);
    }
    if (i >= 0) {
        wr->plan.effort = efforts[i].effort;
        if (strcmp(wr->plan.effort, "xhigh") == 0
            && !(wr->model->flags & ANTHROPIC_XHIGH)) {
            wr->plan.effort = "max";
        }
    }
    /* a forced call and thinking exclude each other; effort may stay */
    if (!llmgw_anthropic_is_forced(wr->req)) {
        wr->plan.thinks = ANTHROPIC_THINKS_BY_EFFORT;
    }
}

apr_status_t llmgw_anthropic_plan(anthropic_writing_t *wr)
{
    apr_int64_t given = llmgw_raw_int(wr->req->max_tokens, 0);

    wr->plan.max_tokens = given > 0 ? given : wr->model->max_tokens;
    if (!is_asked(wr->req)) {
        return APR_SUCCESS;
    }
    switch (wr->model->thinking) {
    case ANTHROPIC_THINKS_BY_BUDGET:
        return plan_budget(wr);
    case ANTHROPIC_THINKS_BY_EFFORT:
        plan_effort(wr);
        return APR_SUCCESS;
    case ANTHROPIC_THINKS_NOT:
        break;
    }
    return llmgw_anthropic_cannot(wr, 1, "reasoning_effort");
}
