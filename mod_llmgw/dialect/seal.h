/* seal.h: signatures that say whose they are */
#ifndef LLMGW_DIALECT_SEAL_H
#define LLMGW_DIALECT_SEAL_H

#include "llmgw/dialect.h"

/*
 * What a provider signed or made opaque (Anthropic's thinking, OpenAI's
 * encrypted reasoning, Gemini's thought signatures) only it can read, and it
 * refuses what others made. A client keeps it in its own dialect's member and
 * gives it back, maybe when the conversation has moved to another provider. So
 * towards a client of another dialect it is sealed: base64 of
 * "llmgw:DIALECT:BYTES". Base64, because some clients decode that member.
 */

/** Append bytes under the seal of their maker. */
apr_status_t llmgw_seal_put(llmgw_buf_t *out, const llmgw_dialect_t *maker,
                            llmgw_str_t bytes);

/**
 * Take a seal off.
 * @param bytes set to what was sealed, in pool p
 * @return the maker; NULL: there is no seal, bytes are as they were
 */
const llmgw_dialect_t *llmgw_seal_open(llmgw_str_t *bytes, apr_pool_t *p);

#endif /* LLMGW_DIALECT_SEAL_H */
