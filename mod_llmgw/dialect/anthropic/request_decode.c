/* request_decode.c: reading a request for Anthropic's Messages */
#include "anthropic.h"

/* ---- members with a meaning of their own -------------------------------- */

static apr_status_t read_stop(llmgw_reading_t *r, const llmgw_json_t *v)
{
    return llmgw_reading_strings(r, v, "stop_sequences", &r->req->stop);
}

static apr_status_t read_user(llmgw_reading_t *r, const llmgw_json_t *v,
                              void *ctx)
{
    static const llmgw_member_t members[] = {
        LLMGW_MEMBER(STRING, "user_id", user)
    };

    (void)ctx;
    return llmgw_reading_members(r, v, LLMGW_MEMBERS(members));
}

static apr_status_t read_metadata(llmgw_reading_t *r, const llmgw_json_t *v)
{
    return llmgw_reading_object(r, "metadata", v, read_user, NULL);
}

/* {"type":"enabled","budget_tokens"} or "disabled", "adaptive" ... */
static apr_status_t read_mode(llmgw_reading_t *r, const llmgw_json_t *v,
                              void *ctx)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    const llmgw_json_t *budget = llmgw_json_lookup(v, "budget_tokens");

    (void)ctx;
    if (!llmgw_json_is(type, LLMGW_JSON_STRING)) {
        return llmgw_reading_invalid(r, "type", "a string");
    }
    if (llmgw_json_string_is(type, "disabled")) {
        r->req->reasoning_off = 1;
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(llmgw_json_lookup(v, "display"), "summarized")) {
        r->req->reasoning_summary = LLMGW_STR_LIT("auto");
    }
    if (!llmgw_json_string_is(type, "enabled") || !budget) {
        r->req->reasoning_adaptive = 1;
        return APR_SUCCESS;
    }
    return llmgw_reading_count(r, budget, "budget_tokens",
                               &r->req->reasoning_budget);
}

static apr_status_t read_thinking(llmgw_reading_t *r, const llmgw_json_t *v)
{
    return llmgw_reading_object(r, "thinking", v, read_mode, NULL);
}

/* {"type":"json_schema","schema"}, within output_config or by itself. */
static apr_status_t read_schema(llmgw_reading_t *r, const llmgw_json_t *v,
                                void *ctx)
{
    const llmgw_json_t *schema = llmgw_json_lookup_type(v, "schema",
                                                        LLMGW_JSON_OBJECT);

    (void)ctx;
    if (!llmgw_json_string_is(llmgw_json_lookup(v, "type"), "json_schema")) {
        return llmgw_reading_invalid(r, "type", "\"json_schema\"");
    }
    if (!schema) {
        return llmgw_reading_invalid(r, "schema", "an object");
    }
    r->req->format = LLMGW_FORMAT_JSON_SCHEMA;
    r->req->schema = llmgw_json_raw(schema);
    return APR_SUCCESS;
}

static apr_status_t read_format(llmgw_reading_t *r, const llmgw_json_t *v)
{
    return llmgw_reading_object(r, "format", v, read_schema, NULL);
}

static apr_status_t read_output_format(llmgw_reading_t *r,
                                       const llmgw_json_t *v)
{
    return llmgw_reading_object(r, "output_format", v, read_schema, NULL);
}

static apr_status_t read_output(llmgw_reading_t *r, const llmgw_json_t *v,
                                void *ctx)
{
    static const llmgw_member_t members[] = {
        LLMGW_MEMBER(STRING, "effort", effort),
        LLMGW_MEMBER_BY("format", read_format)
    };

    (void)ctx;
    return llmgw_reading_members(r, v, LLMGW_MEMBERS(members));
}

static apr_status_t read_output_config(llmgw_reading_t *r,
                                       const llmgw_json_t *v)
{
    return llmgw_reading_object(r, "output_config", v, read_output, NULL);
}

/* {"type":"create"} or "continue": a conversation that Anthropic keeps, so that
 * requests hold only what is new. Another API sees nothing of the rest: whatever
 * LLMUnsupported says, clients must be told, and then send it all. */
static apr_status_t read_thread(llmgw_reading_t *r, const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "thread", "an object");
    }
    llmgw_err_set(r->err, r->p, LLMGW_EUNSUPPORTED, "thread",
                  "The model this request goes to keeps no conversations: "
                  "send all messages, and no \"thread\".");
    if (r->err) {
        r->err->code = "thread_unsupported_request";
    }
    return LLMGW_EUNSUPPORTED;
}

/* ---- the whole ---------------------------------------------------------- */

static const llmgw_member_t members[] = {
    LLMGW_MEMBER(STRING, "model", model),
    LLMGW_MEMBER(FLAG, "stream", stream),
    LLMGW_MEMBER_AS(DONE, "system"),    /* for its place in the order */
    LLMGW_MEMBER_AS(DONE, "messages"),
    LLMGW_MEMBER(COUNT, "max_tokens", max_tokens),
    LLMGW_MEMBER_BY("tools", llmgw_anthropic_read_tools),
    LLMGW_MEMBER_BY("tool_choice", llmgw_anthropic_read_choice),
    LLMGW_MEMBER(NUMBER, "temperature", temperature),
    LLMGW_MEMBER(NUMBER, "top_p", top_p),
    LLMGW_MEMBER(NUMBER, "top_k", top_k),
    LLMGW_MEMBER_BY("stop_sequences", read_stop),
    LLMGW_MEMBER_BY("metadata", read_metadata),
    LLMGW_MEMBER_BY("thinking", read_thinking),
    LLMGW_MEMBER_BY("output_config", read_output_config),
    LLMGW_MEMBER_BY("output_format", read_output_format),
    LLMGW_MEMBER_BY("thread", read_thread),
    LLMGW_MEMBER(STRING, "service_tier", service_tier),
    LLMGW_MEMBER_AS(MEANING, "mcp_servers")
};

static apr_status_t read_body(llmgw_reading_t *r, const llmgw_json_t *body)
{
    apr_status_t rv;

    rv = llmgw_anthropic_read_system(r, llmgw_json_lookup(body, "system"));
    if (rv == APR_SUCCESS) {
        rv = llmgw_anthropic_read_messages(r, llmgw_json_lookup(body,
                                                                "messages"));
    }
    return rv == APR_SUCCESS
        ? llmgw_reading_members(r, body, LLMGW_MEMBERS(members)) : rv;
}

apr_status_t llmgw_anthropic_request_decode(llmgw_request_t **out,
                                            const llmgw_json_t *body,
                                            const llmgw_address_t *address,
                                            apr_pool_t *p, llmgw_err_t *err)
{
    llmgw_reading_t r;
    apr_status_t rv;

    rv = llmgw_reading_begin(&r, body, &llmgw_dialect_anthropic, p, err);
    if (rv == APR_SUCCESS) {
        rv = read_body(&r, body);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}
