/* request_decode.c: reading a Responses request */
#include <string.h>
#include "openai_responses.h"

/* ---- members that the answer repeats ------------------------------------ */

void llmgw_openai_responses_echo(openai_reading_t *r, const char *name,
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
static void keep(openai_reading_t *r, const char *name, const llmgw_json_t *v)
{
    llmgw_extra_t *extra = apr_array_push(r->req->extras);

    extra->name = llmgw_str_of(name);
    extra->value = llmgw_json_raw(v);
    extra->is_meaning = 0;
    llmgw_openai_responses_echo(r, name, v);
}

static apr_status_t read_max_tool_calls(openai_reading_t *r,
                                        const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 0) {
        return llmgw_openai_invalid(r, "max_tool_calls",
                                    "a whole number, not negative");
    }
    keep(r, "max_tool_calls", v);
    return APR_SUCCESS;
}

static apr_status_t read_truncation(openai_reading_t *r,
                                    const llmgw_json_t *v)
{
    if (llmgw_json_string_is(v, "auto")) {
        keep(r, "truncation", v);
        return APR_SUCCESS;
    }
    return llmgw_json_string_is(v, "disabled") ? APR_SUCCESS
        : llmgw_openai_invalid(r, "truncation", "\"auto\" or \"disabled\"");
}

static apr_status_t read_safety_identifier(openai_reading_t *r,
                                           const llmgw_json_t *v)
{
    llmgw_openai_responses_echo(r, "safety_identifier", v);
    return llmgw_openai_read_safety_identifier(r, v);
}

/* ---- members with a meaning of their own -------------------------------- */

/* They come first, wherever they stand. */
static apr_status_t read_instructions(openai_reading_t *r,
                                      const llmgw_json_t *v)
{
    llmgw_message_t *m;
    llmgw_str_t text;

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_openai_invalid(r, "instructions", "a string");
    }
    llmgw_openai_responses_echo(r, "instructions", v);
    text = llmgw_json_string(v, r->p);
    if (text.len) {
        m = llmgw_request_add_message(r->req, r->p, LLMGW_ROLE_SYSTEM);
        m->number = -1;
        llmgw_parts_add(m->parts, LLMGW_PART_TEXT)->text = text;
    }
    return APR_SUCCESS;
}

/* Done before all others, or of no concern here. */
static apr_status_t skip(openai_reading_t *r, const llmgw_json_t *v)
{
    (void)r;
    (void)v;
    return APR_SUCCESS;
}

static apr_status_t read_stream_options(openai_reading_t *r,
                                        const llmgw_json_t *v)
{
    return v->type == LLMGW_JSON_OBJECT ? APR_SUCCESS
        : llmgw_openai_invalid(r, "stream_options", "an object");
}

static apr_status_t read_reasoning(openai_reading_t *r, const llmgw_json_t *v)
{
    llmgw_request_t *req = r->req;
    apr_status_t rv;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_invalid(r, "reasoning", "an object");
    }
    r->sub = "reasoning";
    rv = llmgw_openai_read_string(r, v, "effort", &req->effort);
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_read_string(r, v, "generate_summary",
                                      &req->reasoning_summary);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_read_string(r, v, "summary",
                                      &req->reasoning_summary);
    }
    r->sub = NULL;
    return rv;
}

static apr_status_t read_include(openai_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *s;

    if (v->type != LLMGW_JSON_ARRAY) {
        return llmgw_openai_invalid(r, "include", "an array of strings");
    }
    for (s = llmgw_json_each(v, NULL); s; s = llmgw_json_each(v, s)) {
        if (s->type != LLMGW_JSON_STRING) {
            return llmgw_openai_invalid(r, "include", "an array of strings");
        }
        if (llmgw_json_string_is(s, "message.output_text.logprobs")) {
            r->req->logprobs = 1;
        }
    }
    if (v->count) {
        r->req->include = llmgw_json_raw(v);
    }
    return APR_SUCCESS;
}

/* ---- what needs a memory ------------------------------------------------ */

static apr_status_t refuse_previous(openai_reading_t *r,
                                    const llmgw_json_t *v)
{
    (void)v;
    return llmgw_openai_refuse(r, "previous_response_id", "Conversations are "
                               "not configured: send the items of the earlier "
                               "turns as input, not previous_response_id.");
}

static apr_status_t refuse_conversation(openai_reading_t *r,
                                        const llmgw_json_t *v)
{
    (void)v;
    return llmgw_openai_refuse(r, "conversation", "Conversations are not "
                               "configured: send the items of the earlier "
                               "turns as input, not conversation.");
}

static apr_status_t refuse_prompt(openai_reading_t *r, const llmgw_json_t *v)
{
    (void)v;
    return llmgw_openai_refuse(r, "prompt", "Stored prompts are not "
                               "configured: send instructions and input.");
}

static apr_status_t read_background(openai_reading_t *r,
                                    const llmgw_json_t *v)
{
    int truth = llmgw_json_bool(v, -1);

    if (truth < 0) {
        return llmgw_openai_invalid(r, "background", "true or false");
    }
    return truth ? llmgw_openai_refuse(r, "background", "Background answers "
                                       "need stored conversations, which are "
                                       "not configured.")
                 : APR_SUCCESS;
}

/* Nothing is stored, whatever the client says. */
static apr_status_t read_store(openai_reading_t *r, const llmgw_json_t *v)
{
    return llmgw_json_bool(v, -1) >= 0 ? APR_SUCCESS
        : llmgw_openai_invalid(r, "store", "true or false");
}

/* ---- the whole ---------------------------------------------------------- */

static const openai_member_t members[] = {
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "model", model),
    LLMGW_OPENAI_FIELD(OPENAI_FLAG, "stream", stream),
    LLMGW_OPENAI_READ("stream_options", read_stream_options),
    LLMGW_OPENAI_READ("instructions", skip),
    LLMGW_OPENAI_READ("input", llmgw_openai_responses_read_input),
    LLMGW_OPENAI_READ("tools", llmgw_openai_responses_read_tools),
    LLMGW_OPENAI_READ("tool_choice", llmgw_openai_responses_read_choice),
    LLMGW_OPENAI_FIELD(OPENAI_FLAG, "parallel_tool_calls", parallel_tools),
    LLMGW_OPENAI_READ("max_tool_calls", read_max_tool_calls),
    LLMGW_OPENAI_FIELD(OPENAI_COUNT, "max_output_tokens", max_tokens),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "temperature", temperature),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "top_p", top_p),
    LLMGW_OPENAI_FIELD(OPENAI_COUNT, "top_logprobs", top_logprobs),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "presence_penalty", presence_penalty),
    LLMGW_OPENAI_FIELD(OPENAI_NUMBER, "frequency_penalty", frequency_penalty),
    LLMGW_OPENAI_READ("text", llmgw_openai_responses_read_text),
    LLMGW_OPENAI_READ("reasoning", read_reasoning),
    LLMGW_OPENAI_READ("include", read_include),
    LLMGW_OPENAI_READ("truncation", read_truncation),
    LLMGW_OPENAI_FIELD(OPENAI_OBJECT, "metadata", metadata),
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "user", user),
    LLMGW_OPENAI_READ("safety_identifier", read_safety_identifier),
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "service_tier", service_tier),
    LLMGW_OPENAI_FIELD(OPENAI_STRING, "prompt_cache_key", prompt_cache_key),
    LLMGW_OPENAI_READ("store", read_store),
    LLMGW_OPENAI_READ("background", read_background),
    LLMGW_OPENAI_READ("previous_response_id", refuse_previous),
    LLMGW_OPENAI_READ("conversation", refuse_conversation),
    LLMGW_OPENAI_READ("prompt", refuse_prompt)
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
    openai_reading_t r;
    apr_status_t rv;

    rv = llmgw_openai_begin(&r, body, &llmgw_dialect_openai_responses, p, err);
    if (rv == APR_SUCCESS) {
        rv = read_instructions(&r, llmgw_json_lookup(body, "instructions"));
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_read_members(&r, body, members, (int)(
            sizeof(members) / sizeof(members[0])));
    }
    if (rv == APR_SUCCESS && !has_input(body)) {
        rv = llmgw_openai_missing(&r, "input");
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        settle_logprobs(r.req);
        *out = r.req;
    }
    return rv;
}
