/* request_decode.c: reading a chat completions request */
#include <string.h>
#include "openai_chat.h"

/* ---- members with a meaning of their own -------------------------------- */

static apr_status_t read_stop(openai_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *s;

    r->req->stop = apr_array_make(r->p, 4, sizeof(llmgw_str_t));
    if (v->type == LLMGW_JSON_STRING) {
        APR_ARRAY_PUSH(r->req->stop, llmgw_str_t) = llmgw_json_string(v, r->p);
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_ARRAY) {
        return llmgw_openai_invalid(r, "stop",
                                    "a string or an array of strings");
    }
    for (s = llmgw_json_each(v, NULL); s; s = llmgw_json_each(v, s)) {
        if (s->type != LLMGW_JSON_STRING) {
            return llmgw_openai_invalid(r, "stop", "an array of strings");
        }
        APR_ARRAY_PUSH(r->req->stop, llmgw_str_t) = llmgw_json_string(s, r->p);
    }
    return APR_SUCCESS;
}

static apr_status_t read_stream_options(openai_reading_t *r,
                                        const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_invalid(r, "stream_options", "an object");
    }
    r->req->include_usage = llmgw_json_bool(
        llmgw_json_lookup(v, "include_usage"), 0);
    return APR_SUCCESS;
}

/* Both spellings; the newer one wins. */
static apr_status_t read_max_tokens(openai_reading_t *r,
                                    const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 0) {
        return llmgw_openai_invalid(r, "max_tokens",
                                    "a whole number, not negative");
    }
    if (!r->req->max_tokens.p) {
        r->req->max_tokens = llmgw_json_raw(v);
    }
    return APR_SUCCESS;
}

static apr_status_t read_max_completion(openai_reading_t *r,
                                        const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 0) {
        return llmgw_openai_invalid(r, "max_completion_tokens",
                                    "a whole number, not negative");
    }
    r->req->max_tokens = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t read_n(openai_reading_t *r, const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 1 || n > 128) {
        return llmgw_openai_invalid(r, "n", "a whole number, 1 to 128");
    }
    r->req->n = llmgw_json_raw(v);
    return APR_SUCCESS;
}

/* OpenRouter's form: {"effort"} or {"max_tokens"} or {"enabled"}. */
static apr_status_t read_reasoning(openai_reading_t *r,
                                   const llmgw_json_t *v)
{
    llmgw_request_t *req = r->req;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_invalid(r, "reasoning", "an object");
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
static apr_status_t read_thinking(openai_reading_t *r,
                                  const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_invalid(r, "thinking", "an object");
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

/* ---- the table ---------------------------------------------------------- */

static const openai_member_t members[] = {
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "model", model),
    LLMGW_OPENAI_FIELD(OPENAI_FLAG, "stream", stream),
    LLMGW_OPENAI_READ("messages", llmgw_openai_chat_read_messages),
    LLMGW_OPENAI_READ("tools", llmgw_openai_chat_read_tools),
    LLMGW_OPENAI_READ("functions", llmgw_openai_chat_read_functions),
    LLMGW_OPENAI_READ("tool_choice", llmgw_openai_chat_read_choice),
    LLMGW_OPENAI_READ("function_call", llmgw_openai_chat_read_choice),
    LLMGW_OPENAI_FIELD(OPENAI_FLAG, "parallel_tool_calls", parallel_tools),
    LLMGW_OPENAI_READ("max_tokens", read_max_tokens),
    LLMGW_OPENAI_READ("max_completion_tokens", read_max_completion),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "temperature", temperature),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "top_p", top_p),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "top_k", top_k),
    LLMGW_OPENAI_READ("n", read_n),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "seed", seed),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "presence_penalty", presence_penalty),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "frequency_penalty", frequency_penalty),
    LLMGW_OPENAI_FIELD(OPENAI_FLAG, "logprobs", logprobs),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "top_logprobs", top_logprobs),
    LLMGW_OPENAI_READ("stop", read_stop),
    LLMGW_OPENAI_READ("stream_options", read_stream_options),
    LLMGW_OPENAI_READ("response_format", llmgw_openai_chat_read_format),
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "verbosity", verbosity),
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "reasoning_effort", effort),
    LLMGW_OPENAI_READ("reasoning", read_reasoning),
    LLMGW_OPENAI_READ("thinking", read_thinking),
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "user", user),
    LLMGW_OPENAI_READ("safety_identifier", llmgw_openai_read_safety_identifier),
    LLMGW_OPENAI_FIELD(OPENAI_OBJECT, "metadata", metadata),
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "service_tier", service_tier),
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "prompt_cache_key", prompt_cache_key),
    LLMGW_OPENAI_FIELD(OPENAI_ARRAY, "safety_settings", safety_settings),
    LLMGW_OPENAI_FIELD(OPENAI_FLAG, "store", store)
};

/* ---- the whole ---------------------------------------------------------- */

apr_status_t llmgw_openai_chat_request_decode(llmgw_request_t **out,
                                              const llmgw_json_t *body,
                                              const llmgw_address_t *address,
                                              apr_pool_t *p, llmgw_err_t *err)
{
    openai_reading_t r;
    apr_status_t rv;

    rv = llmgw_openai_begin(&r, body, &llmgw_dialect_openai_chat, p, err);
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_read_members(&r, body, members, (int)(
            sizeof(members) / sizeof(members[0])));
    }
    if (rv == APR_SUCCESS && !llmgw_json_lookup(body, "messages")) {
        rv = llmgw_openai_missing(&r, "messages");
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}
