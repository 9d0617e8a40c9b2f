/* request_tools.c: reading tools, the choice among them, the answer's format */
#include <string.h>
#include <apr_strings.h>
#include "openai_responses.h"

/* ---- tools -------------------------------------------------------------- */

/* {"type":"grammar","syntax","definition"}, as Chat Completions has it. */
static llmgw_str_t get_format(openai_reading_t *r, const llmgw_json_t *format)
{
    llmgw_str_t syntax = llmgw_json_raw(llmgw_json_lookup_type(
        format, "syntax", LLMGW_JSON_STRING));
    llmgw_str_t definition = llmgw_json_raw(llmgw_json_lookup_type(
        format, "definition", LLMGW_JSON_STRING));

    if (!syntax.p || !definition.p) {
        return llmgw_json_raw(format);
    }
    return llmgw_str_of(apr_psprintf(
        r->p, "{\"type\":\"grammar\",\"grammar\":{\"syntax\":%.*s,"
        "\"definition\":%.*s}}", LLMGW_STR_ARG(syntax),
        LLMGW_STR_ARG(definition)));
}

/* A function or a custom tool, of a namespace or of none. */
static apr_status_t read_own(openai_reading_t *r, const llmgw_json_t *v,
                             int is_custom, llmgw_str_t space,
                             const llmgw_json_t *raw)
{
    llmgw_tool_t *tool = llmgw_openai_add_tool(
        r, is_custom ? LLMGW_TOOL_CUSTOM : LLMGW_TOOL_FUNCTION, raw);
    apr_status_t rv = llmgw_openai_read_function(r, v, tool);

    if (rv == APR_SUCCESS && is_custom) {
        tool->format = get_format(r, llmgw_json_lookup_type(
            v, "format", LLMGW_JSON_OBJECT));
    }
    if (rv == APR_SUCCESS && space.len) {
        tool->space = space;
        tool->member = tool->name;
        tool->name = llmgw_openai_join(space, tool->member, r->p);
    }
    return rv;
}

/* {"type":"namespace","name","description","tools"} */
static apr_status_t read_namespace(openai_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *tools = llmgw_json_lookup(v, "tools"), *t, *type;
    llmgw_str_t space = LLMGW_STR_NULL;
    apr_status_t rv = llmgw_openai_need_string(r, v, "name", &space);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!llmgw_json_is(tools, LLMGW_JSON_ARRAY)
        || tools->count > LLMGW_OPENAI_TOOLS_MAX) {
        return llmgw_openai_invalid(r, "tools", "an array of tools");
    }
    r->sub = "tools";
    r->j = 0;
    for (t = llmgw_json_each(tools, NULL); t && rv == APR_SUCCESS;
         t = llmgw_json_each(tools, t)) {
        type = llmgw_json_lookup(t, "type");
        rv = t->type != LLMGW_JSON_OBJECT
            ? llmgw_openai_invalid(r, NULL, "an object")
            : read_own(r, t, llmgw_json_string_is(type, "custom"), space, v);
        r->j++;
    }
    r->sub = NULL;
    r->j = -1;
    return rv;
}

static apr_status_t read_tool(openai_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    llmgw_str_t name = LLMGW_STR_NULL;
    apr_status_t rv;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_invalid(r, NULL, "an object");
    }
    rv = llmgw_openai_need_string(r, v, "type", &name);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (llmgw_json_string_is(type, "function")) {
        return read_own(r, v, 0, LLMGW_STR_NULL, v);
    }
    if (llmgw_json_string_is(type, "custom")) {
        return read_own(r, v, 1, LLMGW_STR_NULL, v);
    }
    if (llmgw_json_string_is(type, "namespace")) {
        return read_namespace(r, v);
    }
    llmgw_openai_add_tool(r, LLMGW_TOOL_BUILTIN, v)->name = name;
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_responses_read_tools(openai_reading_t *r,
                                               const llmgw_json_t *tools)
{
    apr_status_t rv = llmgw_openai_read_list(r, tools, "tools", read_tool);

    if (rv == APR_SUCCESS && r->req->tools->nelts > LLMGW_OPENAI_TOOLS_MAX) {
        return llmgw_openai_invalid(r, "tools", "at most 4096 tools");
    }
    return rv;
}

/* ---- choice ------------------------------------------------------------- */

static llmgw_str_t get_name(openai_reading_t *r, const llmgw_json_t *v)
{
    llmgw_str_t name = llmgw_json_string(llmgw_json_lookup(v, "name"), r->p);
    llmgw_str_t space = llmgw_json_string(llmgw_json_lookup(v, "namespace"),
                                          r->p);

    return llmgw_openai_join(space, name, r->p);
}

/* Tools of the provider's are allowed by their type. */
static apr_status_t read_allowed(openai_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *tools = llmgw_json_lookup(v, "tools"), *t;
    llmgw_str_t name;

    if (!llmgw_json_is(tools, LLMGW_JSON_ARRAY)
        || tools->count > LLMGW_OPENAI_TOOLS_MAX) {
        return llmgw_openai_invalid(r, "tool_choice.tools",
                                    "an array of tools");
    }
    r->req->choice = llmgw_openai_choice_mode(llmgw_json_lookup(v, "mode"));
    if (r->req->choice == LLMGW_CHOICE_UNSET) {
        r->req->choice = LLMGW_CHOICE_AUTO;
    }
    r->req->allowed_tools = apr_array_make(r->p, 4, sizeof(llmgw_str_t));
    for (t = llmgw_json_each(tools, NULL); t; t = llmgw_json_each(tools, t)) {
        name = get_name(r, t);
        if (!name.len) {
            name = llmgw_json_string(llmgw_json_lookup(t, "type"), r->p);
        }
        if (name.len) {
            APR_ARRAY_PUSH(r->req->allowed_tools, llmgw_str_t) = name;
        }
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_responses_read_choice(openai_reading_t *r,
                                                const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");

    llmgw_openai_responses_echo(r, "tool_choice", v);
    if (v->type != LLMGW_JSON_OBJECT) {
        r->req->choice = llmgw_openai_choice_mode(v);
        return r->req->choice != LLMGW_CHOICE_UNSET ? APR_SUCCESS
            : llmgw_openai_invalid(r, "tool_choice", "\"none\", \"auto\", "
                                   "\"required\" or an object");
    }
    if (!llmgw_json_is(type, LLMGW_JSON_STRING)) {
        return llmgw_openai_missing(r, "tool_choice.type");
    }
    if (llmgw_json_string_is(type, "allowed_tools")) {
        return read_allowed(r, v);
    }
    if (!llmgw_json_string_is(type, "function")
        && !llmgw_json_string_is(type, "custom")) {
        return APR_SUCCESS;     /* a tool that only its maker has */
    }
    r->req->choice_name = get_name(r, v);
    if (!r->req->choice_name.len) {
        return llmgw_openai_missing(r, "tool_choice.name");
    }
    r->req->choice = LLMGW_CHOICE_NAMED;
    return APR_SUCCESS;
}

/* ---- format ------------------------------------------------------------- */

static apr_status_t read_format(openai_reading_t *r,
                                const llmgw_json_t *format)
{
    const llmgw_json_t *type = llmgw_json_lookup(format, "type");

    if (format->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_invalid(r, "format", "an object");
    }
    if (llmgw_json_string_is(type, "text")) {
        r->req->format = LLMGW_FORMAT_TEXT;
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(type, "json_object")) {
        r->req->format = LLMGW_FORMAT_JSON_OBJECT;
        return APR_SUCCESS;
    }
    if (!llmgw_json_string_is(type, "json_schema")) {
        return llmgw_openai_invalid(r, "format.type", "\"text\", "
                                    "\"json_object\" or \"json_schema\"");
    }
    if (!llmgw_json_lookup_type(format, "schema", LLMGW_JSON_OBJECT)) {
        return llmgw_openai_missing(r, "format.schema");
    }
    llmgw_openai_read_schema(r, format);
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_responses_read_text(openai_reading_t *r,
                                              const llmgw_json_t *text)
{
    const llmgw_json_t *format = llmgw_json_lookup(text, "format");
    apr_status_t rv;

    if (text->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_invalid(r, "text", "an object");
    }
    r->sub = "text";
    rv = llmgw_openai_read_string(r, text, "verbosity", &r->req->verbosity);
    if (rv == APR_SUCCESS && format && format->type != LLMGW_JSON_NULL) {
        rv = read_format(r, format);
    }
    r->sub = NULL;
    return rv;
}
