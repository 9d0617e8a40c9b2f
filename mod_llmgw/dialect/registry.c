/* registry.c: the dialects by name */
#include <string.h>
#include "llmgw/dialect.h"

static const llmgw_dialect_t *const dialects[] = {
    &llmgw_dialect_openai_chat,
    &llmgw_dialect_anthropic
};

const llmgw_dialect_t *llmgw_dialect_lookup(const char *name)
{
    apr_size_t i;

    for (i = 0; name && i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (strcmp(dialects[i]->name, name) == 0) {
            return dialects[i];
        }
    }
    return NULL;
}
