/* request_tools.c: reading tools, the choice among them, the answer's format */
#include <string.h>
#include "openai_chat.h"

/* What a tool that is being read is. */
static apr_status_t read_own(llmgw_reading_t *r, const llmgw_json_t *inner,
                             void *ctx)
{
    llmgw_tool_t *tool = ctx;

    tool->format = llmgw_json_raw(llmgw_json_lookup_type(inner, "format",
                                                         LLMGW_JSON_OBJECT));
    return llmgw_openai_read_function(r, inner, tool);
}

static apr_status_t read_tool(llmgw_reading_t *r, const llmgw_json_t *v,
                              void *ctx)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    const llmgw_json_t *inner;
    const char *sub;
    llmgw_tool_t *tool;

    (void)ctx;
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    sub = llmgw_json_string_is(type, "custom") ? "custom" : "function";
    if (type && !llmgw_json_string_is(type, sub)) {
        tool = llmgw_reading_add_tool(r, LLMGW_TOOL_BUILTIN, v);
        return llmgw_reading_string(r, v, "type", &tool->name);
    }
    inner = llmgw_json_lookup_type(v, sub, LLMGW_JSON_OBJECT);
    if (!inner) {
        return type ? llmgw_reading_missing(r, sub)
                    : llmgw_reading_missing(r, "type");
    }
    tool = llmgw_reading_add_tool(r, *sub == 'c' ? LLMGW_TOOL_CUSTOM
                                                 : LLMGW_TOOL_FUNCTION, v);
    return llmgw_reading_object(r, sub, inner, read_own, tool);
}

apr_status_t llmgw_openai_chat_read_tools(llmgw_reading_t *r,
                                          const llmgw_json_t *tools)
{
    return llmgw_reading_tools(r, "tools", tools, read_tool);
}

static apr_status_t read_legacy(llmgw_reading_t *r, const llmgw_json_t *v,
                                void *ctx)
{
    (void)ctx;
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    return llmgw_openai_read_function(
        r, v, llmgw_reading_add_tool(r, LLMGW_TOOL_FUNCTION, v));
}

apr_status_t llmgw_openai_chat_read_functions(llmgw_reading_t *r,
                                              const llmgw_json_t *functions)
{
    r->req->legacy_functions = 1;
    return llmgw_reading_tools(r, "functions", functions, read_legacy);
}

/* ---- choice ------------------------------------------------------------- */

/* The name in {"name"}, {"function":{"name"}} or {"custom":{"name"}}. */
static llmgw_str_t get_name(const llmgw_json_t *v, apr_pool_t *p)
{
    const llmgw_json_t *inner = llmgw_json_lookup(v, "function");

    inner = inner ? inner : llmgw_json_lookup(v, "custom");
    return llmgw_json_string(llmgw_json_lookup(inner ? inner : v, "name"), p);
}

static apr_status_t read_allowed(llmgw_reading_t *r,
                                 const llmgw_json_t *v)
{
    const llmgw_json_t *allowed = llmgw_json_lookup(v, "allowed_tools");
    const llmgw_json_t *tools, *t;
    llmgw_str_t name;

    allowed = allowed ? allowed : v;
    tools = llmgw_json_lookup_type(allowed, "tools", LLMGW_JSON_ARRAY);
    r->req->choice = llmgw_openai_choice_mode(
        llmgw_json_lookup(allowed, "mode"));
    if (!tools || tools->count > LLMGW_TOOLS_MAX) {
        return llmgw_reading_missing(r, "tool_choice.allowed_tools.tools");
    }
    if (r->req->choice == LLMGW_CHOICE_UNSET) {
        r->req->choice = LLMGW_CHOICE_AUTO;
    }
    r->req->allowed_tools = apr_array_make(r->p, 4, sizeof(llmgw_str_t));
    for (t = llmgw_json_each(tools, NULL); t; t = llmgw_json_each(tools, t)) {
        name = get_name(t, r->p);
        if (name.p) {
            APR_ARRAY_PUSH(r->req->allowed_tools, llmgw_str_t) = name;
        }
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_chat_read_choice(llmgw_reading_t *r,
                                           const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");

    if (llmgw_json_string_is(type, "allowed_tools")) {
        return read_allowed(r, v);
    }
    r->req->choice = llmgw_openai_choice_mode(
        v->type == LLMGW_JSON_OBJECT ? type : v);
    if (r->req->choice != LLMGW_CHOICE_UNSET) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "tool_choice", "\"none\", "
                                     "\"auto\", \"required\" or an "
                                     "object");
    }
    r->req->choice_name = get_name(v, r->p);
    if (!r->req->choice_name.len) {
        return llmgw_reading_missing(r, "tool_choice.function.name");
    }
    r->req->choice = LLMGW_CHOICE_NAMED;
    return APR_SUCCESS;
}

/* ---- format ------------------------------------------------------------- */

static apr_status_t read_schema(llmgw_reading_t *r,
                                const llmgw_json_t *format)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(format, "json_schema",
                                                   LLMGW_JSON_OBJECT);

    if (!v) {
        return llmgw_reading_missing(r, "response_format.json_schema");
    }
    llmgw_openai_read_schema(r, v);
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_chat_read_format(llmgw_reading_t *r,
                                           const llmgw_json_t *format)
{
    const llmgw_json_t *type = llmgw_json_lookup(format, "type");

    if (format->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "response_format", "an object");
    }
    if (llmgw_json_string_is(type, "text")) {
        r->req->format = LLMGW_FORMAT_TEXT;
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(type, "json_object")) {
        r->req->format = LLMGW_FORMAT_JSON_OBJECT;
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(type, "json_schema")) {
        return read_schema(r, format);
    }
    return llmgw_reading_invalid(r, "response_format.type", "\"text\", "
                                 "\"json_object\" or \"json_schema\"");
}
