/* request_decode.c: reading a chat completions request */
#include <string.h>
#include "openai_chat.h"

/* ---- members with a meaning of their own -------------------------------- */

static apr_status_t read_stop(llmgw_reading_t *r, const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_reading_strings(r, v, "stop", &r->req->stop);
    }
    r->req->stop = apr_array_make(r->p, 1, sizeof(llmgw_str_t));
    APR_ARRAY_PUSH(r->req->stop, llmgw_str_t) = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

static apr_status_t read_stream_options(llmgw_reading_t *r,
                                        const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "stream_options", "an object");
    }
    r->req->include_usage = llmgw_json_bool(
        llmgw_json_lookup(v, "include_usage"), 0);
    return APR_SUCCESS;
}

/* Both spellings; the newer one wins. */
static apr_status_t read_max_tokens(llmgw_reading_t *r,
                                    const llmgw_json_t *v)
{
    llmgw_str_t older;
    apr_status_t rv = llmgw_reading_count(r, v, "max_tokens", &older);

    if (rv == APR_SUCCESS && !r->req->max_tokens.p) {
        r->req->max_tokens = older;
    }
    return rv;
}

static apr_status_t read_n(llmgw_reading_t *r, const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 1 || n > 128) {
        return llmgw_reading_invalid(r, "n", "a whole number, 1 to 128");
    }
    r->req->n = llmgw_json_raw(v);
    return APR_SUCCESS;
}

/* OpenRouter's form: {"effort"} or {"max_tokens"} or {"enabled"}. */
static apr_status_t read_reasoning(llmgw_reading_t *r,
                                   const llmgw_json_t *v)
{
    llmgw_request_t *req = r->req;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "reasoning", "an object");
    }
    if (!req->effort.p) {
        req->effort = llmgw_json_string(llmgw_json_lookup(v, "effort"), r->p);
    }
    req->reasoning_budget = llmgw_json_raw(
        llmgw_json_lookup_type(v, "max_tokens", LLMGW_JSON_NUMBER));
    if (!llmgw_json_bool(llmgw_json_lookup(v, "enabled"), 1)) {
        req->reasoning_off = 1;
    }
    return APR_SUCCESS;
}

/* {"type":"enabled"|"disabled"|"adaptive","budget_tokens"} */
static apr_status_t read_thinking(llmgw_reading_t *r,
                                  const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "thinking", "an object");
    }
    r->req->reasoning_budget = llmgw_json_raw(
        llmgw_json_lookup_type(v, "budget_tokens", LLMGW_JSON_NUMBER));
    if (llmgw_json_string_is(type, "disabled")) {
        r->req->reasoning_off = 1;
    }
    else if (!r->req->reasoning_budget.p) {
        r->req->reasoning_adaptive = 1;
    }
    return APR_SUCCESS;
}

/* Text is what there is anyway. */
static apr_status_t read_modalities(llmgw_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *first = llmgw_json_each(v, NULL);

    if (!first || v->count != 1 || !llmgw_json_string_is(first, "text")) {
        llmgw_reading_extra(r, LLMGW_STR_LIT("modalities"), v, 1);
    }
    return APR_SUCCESS;
}

/* ---- the table ---------------------------------------------------------- */

static const llmgw_member_t members[] = {
    LLMGW_MEMBER(STRING, "model", model),
    LLMGW_MEMBER(FLAG, "stream", stream),
    LLMGW_MEMBER_BY("messages", llmgw_openai_chat_read_messages),
    LLMGW_MEMBER_BY("tools", llmgw_openai_chat_read_tools),
    LLMGW_MEMBER_BY("functions", llmgw_openai_chat_read_functions),
    LLMGW_MEMBER_BY("tool_choice", llmgw_openai_chat_read_choice),
    LLMGW_MEMBER_BY("function_call", llmgw_openai_chat_read_choice),
    LLMGW_MEMBER(FLAG, "parallel_tool_calls", parallel_tools),
    LLMGW_MEMBER_BY("max_tokens", read_max_tokens),
    LLMGW_MEMBER(COUNT, "max_completion_tokens", max_tokens),
    LLMGW_MEMBER(NUMBER, "temperature", temperature),
    LLMGW_MEMBER(NUMBER, "top_p", top_p),
    LLMGW_MEMBER(NUMBER, "top_k", top_k),
    LLMGW_MEMBER_BY("n", read_n),
    LLMGW_MEMBER(NUMBER, "seed", seed),
    LLMGW_MEMBER(NUMBER, "presence_penalty", presence_penalty),
    LLMGW_MEMBER(NUMBER, "frequency_penalty", frequency_penalty),
    LLMGW_MEMBER(FLAG, "logprobs", logprobs),
    LLMGW_MEMBER(NUMBER, "top_logprobs", top_logprobs),
    LLMGW_MEMBER_BY("stop", read_stop),
    LLMGW_MEMBER_BY("stream_options", read_stream_options),
    LLMGW_MEMBER_BY("response_format", llmgw_openai_chat_read_format),
    LLMGW_MEMBER(STRING, "verbosity", verbosity),
    LLMGW_MEMBER(STRING, "reasoning_effort", effort),
    LLMGW_MEMBER_BY("reasoning", read_reasoning),
    LLMGW_MEMBER_BY("thinking", read_thinking),
    LLMGW_MEMBER(STRING, "user", user),
    LLMGW_MEMBER_BY("safety_identifier", llmgw_openai_read_safety_identifier),
    LLMGW_MEMBER(OBJECT, "metadata", metadata),
    LLMGW_MEMBER(STRING, "service_tier", service_tier),
    LLMGW_MEMBER(STRING, "prompt_cache_key", prompt_cache_key),
    LLMGW_MEMBER(ARRAY, "safety_settings", safety_settings),
    LLMGW_MEMBER(FLAG, "store", store),
    LLMGW_MEMBER_AS(MEANING, "web_search_options"),
    LLMGW_MEMBER_AS(MEANING, "audio"),
    LLMGW_MEMBER_BY("modalities", read_modalities)
};

/* ---- the whole ---------------------------------------------------------- */

apr_status_t llmgw_openai_chat_request_decode(llmgw_request_t **out,
                                              const llmgw_json_t *body,
                                              const llmgw_address_t *address,
                                              apr_pool_t *p, llmgw_err_t *err)
{
    llmgw_reading_t r;
    apr_status_t rv;

    rv = llmgw_reading_begin(&r, body, &llmgw_dialect_openai_chat, p, err);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_members(&r, body, LLMGW_MEMBERS(members));
    }
    if (rv == APR_SUCCESS && !llmgw_json_lookup(body, "messages")) {
        rv = llmgw_reading_missing(&r, "messages");
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}
