/* anthropic.c: Anthropic's Messages */
#include "../common.h"
const llmgw_dialect_t llmgw_dialect_anthropic = { "anthropic" };
