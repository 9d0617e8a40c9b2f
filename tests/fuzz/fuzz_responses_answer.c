/* fuzz_responses_answer.c: Responses answers, in any split, and back */
#include "answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_answer(&llmgw_dialect_openai_responses, data, size);
}
