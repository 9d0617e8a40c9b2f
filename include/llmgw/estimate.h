/* estimate.h: about how many tokens a prompt has, without a tokenizer */
#ifndef LLMGW_ESTIMATE_H
#define LLMGW_ESTIMATE_H

#include <apr.h>
#include "llmgw/model.h"

/*
 * Tokenizers differ, and their tables are megabytes, so this counts what they
 * mostly agree on: words, digits, punctuation, white space, and characters of
 * scripts that have no words of few bytes. Texts in English, source code, JSON
 * and Markdown come within 25 % of OpenAI's o200k_base, of Claude 2, Gemma 3,
 * Llama 3, Qwen 3 and DeepSeek v3 alike. Of Chinese and Japanese these make up
 * to twice as many tokens as one another: those come within 25 % of o200k_base
 * and Claude 2, and of the mean of all six, as do other languages (see
 * tests/unit/test_estimate.c).
 *
 * What providers put around a request is counted as OpenAI does. Others add
 * words of their own where there are tools (Anthropic 300 to 500 tokens), which
 * are not counted.
 *
 * It is meant for limits, for routing by length and for count_tokens where the
 * provider has none; what is said with it should be marked as an estimate.
 */

/** Tokens of one text. Any bytes; those that are not UTF-8 count one each. */
apr_int64_t llmgw_estimate_text(llmgw_str_t text);

/**
 * Tokens of a request's prompt: all messages, tools and the answer's schema,
 * and what surrounds them. Images, files and sounds count by fixed figures.
 */
apr_int64_t llmgw_estimate_tokens(const llmgw_request_t *req);

#endif /* LLMGW_ESTIMATE_H */
