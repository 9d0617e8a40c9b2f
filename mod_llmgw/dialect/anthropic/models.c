/* models.c: what differs between Anthropic's models, as data */
#include "anthropic.h"

#define OLD ANTHROPIC_NO_SCHEMA

/* The first pattern that fits counts; the last fits all. */
static const anthropic_model_t models[] = {
    { "*claude-2*", ANTHROPIC_THINKS_NOT, 4096, 4096, OLD },
    { "*claude-instant*", ANTHROPIC_THINKS_NOT, 4096, 4096, OLD },
    { "*claude-3-5-*", ANTHROPIC_THINKS_NOT, 8192, 8192, OLD },
    { "*claude-3-7-*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 64000, OLD },
    { "*claude-3-*", ANTHROPIC_THINKS_NOT, 4096, 4096, OLD },
    { "*claude-opus-4-1*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 32000,
      ANTHROPIC_ONE_SAMPLER },
    { "*claude-opus-4-5*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 64000,
      ANTHROPIC_ONE_SAMPLER },
    { "*claude-sonnet-4-5*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 64000,
      ANTHROPIC_ONE_SAMPLER },
    { "*claude-haiku-4-5*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 64000,
      ANTHROPIC_ONE_SAMPLER },
    { "*claude-opus-4-6*", ANTHROPIC_THINKS_BY_EFFORT, 16384, 64000,
      ANTHROPIC_ONE_SAMPLER },
    { "*claude-sonnet-4-6*", ANTHROPIC_THINKS_BY_EFFORT, 16384, 64000,
      ANTHROPIC_ONE_SAMPLER },
    { "*claude-opus-4", ANTHROPIC_THINKS_BY_BUDGET, 16384, 32000, OLD },
    { "*claude-opus-4@*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 32000, OLD },
    { "*claude-opus-4-0*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 32000, OLD },
    { "*claude-opus-4-2*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 32000, OLD },
    { "*claude-sonnet-4", ANTHROPIC_THINKS_BY_BUDGET, 16384, 64000, OLD },
    { "*claude-sonnet-4@*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 64000, OLD },
    { "*claude-sonnet-4-0*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 64000, OLD },
    { "*claude-sonnet-4-2*", ANTHROPIC_THINKS_BY_BUDGET, 16384, 64000, OLD },
    { "*claude-*", ANTHROPIC_THINKS_BY_EFFORT, 16384, 64000,
      ANTHROPIC_NO_SAMPLER | ANTHROPIC_XHIGH },
    { "*", ANTHROPIC_THINKS_BY_BUDGET, 8192, 32000, 0 }
};

const anthropic_model_t *llmgw_anthropic_model_get(llmgw_str_t name)
{
    apr_size_t i = 0;

    while (i < sizeof(models) / sizeof(models[0]) - 1
           && !llmgw_str_glob(models[i].pattern, name)) {
        i++;
    }
    return &models[i];
}
