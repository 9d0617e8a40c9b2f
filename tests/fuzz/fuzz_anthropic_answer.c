/* fuzz_anthropic_answer.c: Anthropic's messages, in any split, and on as chat
 * completions */
#include "answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_answer(&llmgw_dialect_anthropic, data, size);
}
