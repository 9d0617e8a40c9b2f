/* request_tools.c: reading tools, the choice among them, the answer's format */
#include <string.h>
#include "openai_chat.h"

/* More than any provider takes; it bounds what looking them up costs. */
#define TOOLS_MAX 4096

static llmgw_tool_t *add_tool(openai_chat_reading_t *r, llmgw_tool_e type,
                              const llmgw_json_t *raw)
{
    llmgw_tool_t *tool = apr_array_push(r->req->tools);

    memset(tool, 0, sizeof(*tool));
    tool->type = type;
    tool->strict = -1;
    tool->raw = llmgw_json_raw(raw);
    tool->cache_control = llmgw_json_raw(llmgw_json_lookup_type(
        raw, "cache_control", LLMGW_JSON_OBJECT));
    return tool;
}

/* Name, description, parameters, strict: of a function in both its forms. */
static apr_status_t read_function(openai_chat_reading_t *r,
                                  const llmgw_json_t *f, llmgw_tool_t *tool)
{
    const llmgw_json_t *parameters = llmgw_json_lookup(f, "parameters");
    apr_status_t rv;

    rv = llmgw_openai_chat_read_string(r, f, "name", &tool->name);
    if (rv == APR_SUCCESS && !tool->name.len) {
        rv = llmgw_openai_chat_missing(r, "name");
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_chat_read_string(r, f, "description",
                                           &tool->description);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (parameters && parameters->type != LLMGW_JSON_NULL) {
        if (parameters->type != LLMGW_JSON_OBJECT) {
            return llmgw_openai_chat_invalid(r, "parameters", "an object");
        }
        tool->parameters = llmgw_json_raw(parameters);
    }
    tool->strict = llmgw_json_bool(llmgw_json_lookup(f, "strict"), -1);
    return APR_SUCCESS;
}

static apr_status_t read_tool(openai_chat_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    const llmgw_json_t *inner;
    const char *sub;
    llmgw_tool_t *tool;
    apr_status_t rv;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_chat_invalid(r, NULL, "an object");
    }
    sub = llmgw_json_string_is(type, "custom") ? "custom" : "function";
    if (type && !llmgw_json_string_is(type, sub)) {
        tool = add_tool(r, LLMGW_TOOL_BUILTIN, v);
        return llmgw_openai_chat_read_string(r, v, "type", &tool->name);
    }
    inner = llmgw_json_lookup_type(v, sub, LLMGW_JSON_OBJECT);
    if (!inner) {
        return type ? llmgw_openai_chat_missing(r, sub)
                    : llmgw_openai_chat_missing(r, "type");
    }
    r->sub = sub;
    tool = add_tool(r, *sub == 'c' ? LLMGW_TOOL_CUSTOM : LLMGW_TOOL_FUNCTION,
                    v);
    rv = read_function(r, inner, tool);
    tool->format = llmgw_json_raw(llmgw_json_lookup_type(inner, "format",
                                                         LLMGW_JSON_OBJECT));
    r->sub = NULL;
    return rv;
}

typedef apr_status_t (*read_fn)(openai_chat_reading_t *r,
                                const llmgw_json_t *v);

static apr_status_t read_list(openai_chat_reading_t *r,
                              const llmgw_json_t *list, const char *name,
                              read_fn read)
{
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    if (list->type != LLMGW_JSON_ARRAY) {
        return llmgw_openai_chat_invalid(r, name, "an array");
    }
    if (list->count > TOOLS_MAX) {
        return llmgw_openai_chat_invalid(r, name, "at most 4096 tools");
    }
    r->list = name;
    r->i = 0;
    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        rv = read(r, v);
        r->i++;
    }
    r->list = NULL;
    r->i = 0;
    return rv;
}

apr_status_t llmgw_openai_chat_read_tools(openai_chat_reading_t *r,
                                          const llmgw_json_t *tools)
{
    return read_list(r, tools, "tools", read_tool);
}

static apr_status_t read_legacy(openai_chat_reading_t *r,
                                const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_chat_invalid(r, NULL, "an object");
    }
    return read_function(r, v, add_tool(r, LLMGW_TOOL_FUNCTION, v));
}

apr_status_t llmgw_openai_chat_read_functions(openai_chat_reading_t *r,
                                              const llmgw_json_t *functions)
{
    r->req->legacy_functions = 1;
    return read_list(r, functions, "functions", read_legacy);
}

/* ---- choice ------------------------------------------------------------- */

/* The name in {"name"}, {"function":{"name"}} or {"custom":{"name"}}. */
static llmgw_str_t get_name(const llmgw_json_t *v, apr_pool_t *p)
{
    const llmgw_json_t *inner = llmgw_json_lookup(v, "function");

    inner = inner ? inner : llmgw_json_lookup(v, "custom");
    return llmgw_json_string(llmgw_json_lookup(inner ? inner : v, "name"), p);
}

static llmgw_choice_e get_mode(const llmgw_json_t *v)
{
    static const struct {
        const char *word;
        llmgw_choice_e choice;
    } modes[] = {
        { "auto", LLMGW_CHOICE_AUTO },
        { "none", LLMGW_CHOICE_NONE },
        { "required", LLMGW_CHOICE_REQUIRED },
        { "any", LLMGW_CHOICE_REQUIRED }
    };
    apr_size_t i;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (llmgw_json_string_is(v, modes[i].word)) {
            return modes[i].choice;
        }
    }
    return LLMGW_CHOICE_UNSET;
}

static apr_status_t read_allowed(openai_chat_reading_t *r,
                                 const llmgw_json_t *v)
{
    const llmgw_json_t *allowed = llmgw_json_lookup(v, "allowed_tools");
    const llmgw_json_t *tools, *t;
    llmgw_str_t name;

    allowed = allowed ? allowed : v;
    tools = llmgw_json_lookup_type(allowed, "tools", LLMGW_JSON_ARRAY);
    r->req->choice = get_mode(llmgw_json_lookup(allowed, "mode"));
    if (!tools || tools->count > TOOLS_MAX) {
        return llmgw_openai_chat_missing(r, "tool_choice.allowed_tools.tools");
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

apr_status_t llmgw_openai_chat_read_choice(openai_chat_reading_t *r,
                                           const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");

    if (llmgw_json_string_is(type, "allowed_tools")) {
        return read_allowed(r, v);
    }
    r->req->choice = get_mode(v->type == LLMGW_JSON_OBJECT ? type : v);
    if (r->req->choice != LLMGW_CHOICE_UNSET) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_chat_invalid(r, "tool_choice", "\"none\", "
                                         "\"auto\", \"required\" or an "
                                         "object");
    }
    r->req->choice_name = get_name(v, r->p);
    if (!r->req->choice_name.len) {
        return llmgw_openai_chat_missing(r, "tool_choice.function.name");
    }
    r->req->choice = LLMGW_CHOICE_NAMED;
    return APR_SUCCESS;
}

/* ---- format ------------------------------------------------------------- */

static apr_status_t read_schema(openai_chat_reading_t *r,
                                const llmgw_json_t *format)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(format, "json_schema",
                                                   LLMGW_JSON_OBJECT);
    llmgw_request_t *req = r->req;

    if (!v) {
        return llmgw_openai_chat_missing(r, "response_format.json_schema");
    }
    req->format = LLMGW_FORMAT_JSON_SCHEMA;
    req->schema = llmgw_json_raw(llmgw_json_lookup_type(v, "schema",
                                                        LLMGW_JSON_OBJECT));
    req->schema_name = llmgw_json_string(llmgw_json_lookup(v, "name"), r->p);
    req->schema_description = llmgw_json_string(
        llmgw_json_lookup(v, "description"), r->p);
    req->schema_strict = llmgw_json_bool(llmgw_json_lookup(v, "strict"), -1);
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_chat_read_format(openai_chat_reading_t *r,
                                           const llmgw_json_t *format)
{
    const llmgw_json_t *type = llmgw_json_lookup(format, "type");

    if (format->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_chat_invalid(r, "response_format", "an object");
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
    return llmgw_openai_chat_invalid(r, "response_format.type", "\"text\", "
                                     "\"json_object\" or \"json_schema\"");
}
