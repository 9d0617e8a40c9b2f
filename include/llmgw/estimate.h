/* estimate.h: about how many tokens a prompt has, without a tokenizer */
#ifndef LLMGW_ESTIMATE_H
#define LLMGW_ESTIMATE_H

#include <apr.h>
#include "llmgw/model.h"

/*
 * Tokenizers differ, and their tables are megabytes, so this counts what they
 * mostly agree on: words, digits by threes, punctuation, white space, and
 * characters of scripts that have no words of few bytes. The figures lie
 * between OpenAI's o200k_base and the tokenizer Anthropic published for Claude
 * 2; texts in English, code, Chinese and Japanese come within 25 % of both,
 * others within 25 % of the mean of both (see tests/unit/test_estimate.c). It is meant for limits, for
 * routing by length and for count_tokens where the provider has none; what is
 * said with it should be marked as an estimate.
 */

/** Tokens of one text. Any bytes; those that are not UTF-8 count one each. */
apr_int64_t llmgw_estimate_text(llmgw_str_t text);

/**
 * Tokens of a request's prompt: all messages, tools and the answer's schema,
 * and what surrounds them. Images, files and sounds count by fixed figures.
 */
apr_int64_t llmgw_estimate_tokens(const llmgw_request_t *req);

#endif /* LLMGW_ESTIMATE_H */
