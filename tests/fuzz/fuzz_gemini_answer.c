/* fuzz_gemini_answer.c: generateContent's answers, in any split, and on as chat
 * completions */
#include "answers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_answer(&llmgw_dialect_gemini, data, size);
}
