/* read_config.c: reading generationConfig */
#include "gemini.h"

/* ---- stop, format, thinking --------------------------------------------- */

static apr_status_t read_stop(llmgw_reading_t *r, const llmgw_json_t *v)
{
    return llmgw_reading_strings(r, v, "stopSequences", &r->req->stop);
}

static apr_status_t read_candidates(llmgw_reading_t *r, const llmgw_json_t *v)
{
    llmgw_str_t raw;
    apr_int64_t n;

    if (!llmgw_gemini_spelling.number(v, &raw)) {
        return llmgw_reading_invalid(r, "candidateCount", "a number");
    }
    n = llmgw_raw_int(raw, 0);
    if (n < 1 || n > 128) {
        return llmgw_reading_invalid(r, "candidateCount",
                                     "a whole number, 1 to 128");
    }
    r->req->n = raw;
    return APR_SUCCESS;
}

static apr_status_t read_type(llmgw_reading_t *r, const llmgw_json_t *v)
{
    if (llmgw_json_string_is(v, "application/json")) {
        if (r->req->format == LLMGW_FORMAT_UNSET) {
            r->req->format = LLMGW_FORMAT_JSON_OBJECT;
        }
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(v, "text/plain")) {
        return APR_SUCCESS;
    }
    llmgw_reading_extra(r, LLMGW_STR_LIT("responseMimeType"), v, 1);
    return APR_SUCCESS;
}

static apr_status_t read_schema(llmgw_reading_t *r, const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "responseSchema", "an object");
    }
    r->req->format = LLMGW_FORMAT_JSON_SCHEMA;
    return llmgw_gemini_schema_read(&r->req->schema, llmgw_json_raw(v), r->p);
}

static apr_status_t read_json_schema(llmgw_reading_t *r,
                                     const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "responseJsonSchema", "an object");
    }
    r->req->format = LLMGW_FORMAT_JSON_SCHEMA;
    r->req->schema = llmgw_json_raw(v);
    return APR_SUCCESS;
}

/* 0 turns thinking off, -1 leaves it to the model. */
static apr_status_t read_budget(llmgw_reading_t *r, const llmgw_json_t *v)
{
    llmgw_str_t raw;
    apr_int64_t n;

    if (!llmgw_gemini_spelling.number(v, &raw)) {
        return llmgw_reading_invalid(r, "thinkingBudget",
                                     "a number");
    }
    n = llmgw_raw_int(raw, -1);
    if (n > 0) {
        r->req->reasoning_budget = raw;
    }
    r->req->reasoning_off = n == 0;
    r->req->reasoning_adaptive = n < 0;
    return APR_SUCCESS;
}

static llmgw_str_t get_effort(llmgw_str_t level)
{
    static const char *const words[] = { "minimal", "low", "medium", "high" };
    apr_size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (llmgw_str_is_nocase(level, words[i])) {
            return llmgw_str_of(words[i]);
        }
    }
    return LLMGW_STR_NULL;
}

static apr_status_t read_thinking(llmgw_reading_t *r, const llmgw_json_t *v,
                                  void *ctx)
{
    const llmgw_json_t *budget = llmgw_gemini_lookup(v, "thinkingBudget");
    llmgw_str_t level = LLMGW_STR_NULL;
    apr_status_t rv = APR_SUCCESS;

    (void)ctx;
    if (budget && budget->type != LLMGW_JSON_NULL) {
        rv = read_budget(r, budget);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, v, "thinkingLevel", &level);
    }
    r->req->effort = get_effort(level);
    if (llmgw_json_bool(llmgw_gemini_lookup(v, "includeThoughts"), 0)) {
        r->req->reasoning_summary = LLMGW_STR_LIT("auto");
    }
    return rv;
}

static apr_status_t read_thinking_config(llmgw_reading_t *r,
                                         const llmgw_json_t *v)
{
    return llmgw_reading_object(r, "thinkingConfig", v, read_thinking, NULL);
}

/* As for logprobs, a word that is no flag is as good as none. */
static apr_status_t read_logprobs(llmgw_reading_t *r, const llmgw_json_t *v)
{
    r->req->logprobs = llmgw_json_bool(v, -1);
    return APR_SUCCESS;
}

/* Text is what there is anyway. */
static apr_status_t read_modalities(llmgw_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *first = llmgw_json_each(v, NULL);

    if (!first || v->count != 1 || !llmgw_json_string_is(first, "TEXT")) {
        llmgw_reading_extra(r, LLMGW_STR_LIT("responseModalities"), v,
                            first != NULL);
    }
    return APR_SUCCESS;
}

/* ---- the table ---------------------------------------------------------- */

static const llmgw_member_t members[] = {
    LLMGW_MEMBER(NUMBER, "temperature", temperature),
    LLMGW_MEMBER(NUMBER, "topP", top_p),
    LLMGW_MEMBER(NUMBER, "topK", top_k),
    LLMGW_MEMBER(NUMBER, "maxOutputTokens", max_tokens),
    LLMGW_MEMBER(NUMBER, "seed", seed),
    LLMGW_MEMBER(NUMBER, "presencePenalty", presence_penalty),
    LLMGW_MEMBER(NUMBER, "frequencyPenalty", frequency_penalty),
    LLMGW_MEMBER(NUMBER, "logprobs", top_logprobs),
    LLMGW_MEMBER_BY("responseLogprobs", read_logprobs),
    LLMGW_MEMBER_BY("candidateCount", read_candidates),
    LLMGW_MEMBER_BY("stopSequences", read_stop),
    LLMGW_MEMBER_BY("responseMimeType", read_type),
    LLMGW_MEMBER_BY("responseSchema", read_schema),
    LLMGW_MEMBER_BY("responseJsonSchema", read_json_schema),
    LLMGW_MEMBER_BY("responseModalities", read_modalities),
    LLMGW_MEMBER_BY("thinkingConfig", read_thinking_config),
    LLMGW_MEMBER_AS(MEANING, "speechConfig")
};

static apr_status_t read_members(llmgw_reading_t *r, const llmgw_json_t *v,
                                 void *ctx)
{
    (void)ctx;
    return llmgw_reading_members(r, v, LLMGW_MEMBERS(members));
}

apr_status_t llmgw_gemini_read_config(llmgw_reading_t *r,
                                      const llmgw_json_t *config)
{
    return llmgw_reading_object(r, "generationConfig", config, read_members,
                                NULL);
}
