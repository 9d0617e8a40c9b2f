/* fuzz_anthropic_request.c: requests of Anthropic's clients, to every provider, and back */
#include "requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_request(&llmgw_dialect_anthropic, data, size);
}
