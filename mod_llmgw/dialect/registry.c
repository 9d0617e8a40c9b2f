/* registry.c: the dialects by name */
#include <string.h>
#include "llmgw/dialect.h"

static const llmgw_dialect_t *const dialects[] = {
    &llmgw_dialect_openai_chat,
    &llmgw_dialect_openai_responses,
    &llmgw_dialect_anthropic,
    &llmgw_dialect_gemini
};

const llmgw_dialect_t *llmgw_dialect_get(unsigned int i)
{
    return i < sizeof(dialects) / sizeof(dialects[0]) ? dialects[i] : NULL;
}

const llmgw_dialect_t *llmgw_dialect_lookup(const char *name)
{
    const llmgw_dialect_t *dialect;
    unsigned int i;

    for (i = 0; name && (dialect = llmgw_dialect_get(i)) != NULL; i++) {
        if (strcmp(dialect->name, name) == 0) {
            return dialect;
        }
    }
    return NULL;
}
