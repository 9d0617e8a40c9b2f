/* request_decode.c: reading a Responses request */
#include <string.h>
#include "openai_responses.h"

/* ---- members that the answer repeats ------------------------------------ */

void llmgw_openai_responses_echo(llmgw_reading_t *r, const char *name,
                                 const llmgw_json_t *v)
{
    llmgw_extra_t *echo;

    if (!r->req->echoed) {
        r->req->echoed = apr_array_make(r->p, 4, sizeof(llmgw_extra_t));
    }
    echo = apr_array_push(r->req->echoed);
    echo->name = llmgw_str_of(name);
    echo->value = llmgw_json_raw(v);
}

/* What only this dialect has: repeated, and reported by others. */
static void keep(llmgw_reading_t *r, const char *name, const llmgw_json_t *v)
{
    llmgw_reading_extra(r, llmgw_str_of(name), v, 0);
    llmgw_openai_responses_echo(r, name, v);
}

static apr_status_t read_max_tool_calls(llmgw_reading_t *r,
                                        const llmgw_json_t *v)
{
    llmgw_str_t raw;
    apr_status_t rv = llmgw_reading_count(r, v, "max_tool_calls", &raw);

    if (rv == APR_SUCCESS) {
        keep(r, "max_tool_calls", v);
    }
    return rv;
}

static apr_status_t read_truncation(llmgw_reading_t *r,
                                    const llmgw_json_t *v)
{
    if (llmgw_json_string_is(v, "auto")) {
        keep(r, "truncation", v);
        return APR_SUCCESS;
    }
    return llmgw_json_string_is(v, "disabled") ? APR_SUCCESS
        : llmgw_reading_invalid(r, "truncation", "\"auto\" or \"disabled\"");
}

static apr_status_t read_safety_identifier(llmgw_reading_t *r,
                                           const llmgw_json_t *v)
{
    llmgw_openai_responses_echo(r, "safety_identifier", v);
    return llmgw_openai_read_safety_identifier(r, v);
}

/* ---- members with a meaning of their own -------------------------------- */

/* They come first, wherever they stand. */
static apr_status_t read_instructions(llmgw_reading_t *r,
                                      const llmgw_json_t *v)
{
    llmgw_message_t *m;
    llmgw_str_t text;

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_reading_invalid(r, "instructions", "a string");
    }
    llmgw_openai_responses_echo(r, "instructions", v);
    text = llmgw_json_string(v, r->p);
    if (text.len) {
        m = llmgw_reading_add_message(r, LLMGW_ROLE_SYSTEM);
        llmgw_parts_add(m->parts, LLMGW_PART_TEXT)->text = text;
    }
    return APR_SUCCESS;
}

static apr_status_t read_stream_options(llmgw_reading_t *r,
                                        const llmgw_json_t *v)
{
    return v->type == LLMGW_JSON_OBJECT ? APR_SUCCESS
        : llmgw_reading_invalid(r, "stream_options", "an object");
}

static apr_status_t read_thinking(llmgw_reading_t *r, const llmgw_json_t *v,
                                  void *ctx)
{
    llmgw_request_t *req = r->req;
    apr_status_t rv;

    (void)ctx;
    rv = llmgw_reading_string(r, v, "effort", &req->effort);
    if (rv == APR_SUCCESS) {        /* its older name first */
        rv = llmgw_reading_string(r, v, "generate_summary",
                                  &req->reasoning_summary);
    }
    return rv == APR_SUCCESS ? llmgw_reading_string(
        r, v, "summary", &req->reasoning_summary) : rv;
}

static apr_status_t read_reasoning(llmgw_reading_t *r, const llmgw_json_t *v)
{
    return llmgw_reading_object(r, "reasoning", v, read_thinking, NULL);
}

static apr_status_t read_include(llmgw_reading_t *r, const llmgw_json_t *v)
{
    apr_array_header_t *names;
    apr_status_t rv = llmgw_reading_strings(r, v, "include", &names);
    int i;

    if (rv != APR_SUCCESS || !names->nelts) {
        return rv;
    }
    for (i = 0; i < names->nelts; i++) {
        if (llmgw_str_is(APR_ARRAY_IDX(names, i, llmgw_str_t),
                         "message.output_text.logprobs")) {
            r->req->logprobs = 1;
        }
    }
    r->req->include = llmgw_json_raw(v);
    return APR_SUCCESS;
}

/* ---- what needs a memory ------------------------------------------------ */

apr_status_t llmgw_openai_responses_member_check(llmgw_str_t name,
                                                 llmgw_json_type_e type,
                                                 apr_pool_t *p,
                                                 llmgw_err_t *err)
{
    static const char *const names[] = { "previous_response_id",
                                         "conversation", "background" };
    apr_size_t i;

    if (type == LLMGW_JSON_NULL || type == LLMGW_JSON_FALSE) {
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (llmgw_str_is(name, names[i])) {
            return llmgw_err_set(err, p, LLMGW_EUNSUPPORTED, names[i],
                                 "'%s' needs stored conversations, which are "
                                 "not configured: send the items of earlier "
                                 "turns as input.", names[i]);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t check_members(const llmgw_json_t *body, apr_pool_t *p,
                                  llmgw_err_t *err)
{
    const llmgw_json_t *name, *value;
    apr_status_t rv = APR_SUCCESS;

    for (name = llmgw_json_member(body, NULL, &value);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(body, value, &value)) {
        rv = llmgw_openai_responses_member_check(llmgw_json_string(name, p),
                                                 value->type, p, err);
    }
    return rv;
}

static apr_status_t refuse_prompt(llmgw_reading_t *r, const llmgw_json_t *v)
{
    (void)v;
    return llmgw_reading_refuse(r, "prompt", "Stored prompts are not "
                                "configured: send instructions and input.");
}

/* Nothing is stored, whatever the client says. */
static apr_status_t read_store(llmgw_reading_t *r, const llmgw_json_t *v)
{
    return llmgw_json_bool(v, -1) >= 0 ? APR_SUCCESS
        : llmgw_reading_invalid(r, "store", "true or false");
}

/* ---- the whole ---------------------------------------------------------- */

static const llmgw_member_t members[] = {
    LLMGW_MEMBER(STRING, "model", model),
    LLMGW_MEMBER(FLAG, "stream", stream),
    LLMGW_MEMBER_BY("stream_options", read_stream_options),
    LLMGW_MEMBER_AS(DONE, "instructions"),
    LLMGW_MEMBER_BY("input", llmgw_openai_responses_read_input),
    LLMGW_MEMBER_BY("tools", llmgw_openai_responses_read_tools),
    LLMGW_MEMBER_BY("tool_choice", llmgw_openai_responses_read_choice),
    LLMGW_MEMBER(FLAG, "parallel_tool_calls", parallel_tools),
    LLMGW_MEMBER_BY("max_tool_calls", read_max_tool_calls),
    LLMGW_MEMBER(COUNT, "max_output_tokens", max_tokens),
    LLMGW_MEMBER(NUMBER, "temperature", temperature),
    LLMGW_MEMBER(NUMBER, "top_p", top_p),
    LLMGW_MEMBER(COUNT, "top_logprobs", top_logprobs),
    LLMGW_MEMBER(NUMBER, "presence_penalty", presence_penalty),
    LLMGW_MEMBER(NUMBER, "frequency_penalty", frequency_penalty),
    LLMGW_MEMBER_BY("text", llmgw_openai_responses_read_text),
    LLMGW_MEMBER_BY("reasoning", read_reasoning),
    LLMGW_MEMBER_BY("include", read_include),
    LLMGW_MEMBER_BY("truncation", read_truncation),
    LLMGW_MEMBER(OBJECT, "metadata", metadata),
    LLMGW_MEMBER(STRING, "user", user),
    LLMGW_MEMBER_BY("safety_identifier", read_safety_identifier),
    LLMGW_MEMBER(STRING, "service_tier", service_tier),
    LLMGW_MEMBER(STRING, "prompt_cache_key", prompt_cache_key),
    LLMGW_MEMBER_BY("store", read_store),
    LLMGW_MEMBER_AS(DONE, "background"),
    LLMGW_MEMBER_AS(DONE, "previous_response_id"),
    LLMGW_MEMBER_AS(DONE, "conversation"),
    LLMGW_MEMBER_BY("prompt", refuse_prompt)
};

/* Log probabilities are asked for in two ways; the number alone is enough,
 * and none of them is no wish at all. */
static void settle_logprobs(llmgw_request_t *req)
{
    if (llmgw_raw_int(req->top_logprobs, 0) > 0) {
        req->logprobs = 1;
    }
    else if (req->logprobs != 1) {
        req->top_logprobs = LLMGW_STR_NULL;
    }
}

static int has_input(const llmgw_json_t *body)
{
    const llmgw_json_t *v = llmgw_json_lookup(body, "input");

    return v && v->type != LLMGW_JSON_NULL;
}

apr_status_t llmgw_openai_responses_request_decode(
    llmgw_request_t **out, const llmgw_json_t *body,
    const llmgw_address_t *address, apr_pool_t *p, llmgw_err_t *err)
{
    llmgw_reading_t r;
    apr_status_t rv;

    rv = llmgw_reading_begin(&r, body, &llmgw_dialect_openai_responses, p, err);
    if (rv == APR_SUCCESS) {
        rv = check_members(body, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = read_instructions(&r, llmgw_json_lookup(body, "instructions"));
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_members(&r, body, LLMGW_MEMBERS(members));
    }
    if (rv == APR_SUCCESS && !has_input(body)) {
        rv = llmgw_reading_missing(&r, "input");
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        settle_logprobs(r.req);
        *out = r.req;
    }
    return rv;
}
