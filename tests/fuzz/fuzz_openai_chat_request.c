/* fuzz_openai_chat_request.c: chat requests, to every provider, and back */
#include "requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_request(&llmgw_dialect_openai_chat, data, size);
}
