/* fuzz_openai_chat_answer.c: chat completions, in any split, and back */
#include "answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_answer(&llmgw_dialect_openai_chat, data, size);
}
