/* fuzz_responses_request.c: Responses requests, to every provider, and back */
#include "requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_request(&llmgw_dialect_openai_responses, data, size);
}
