/* request_tools.c: reading tools, the choice among them, the answer's format */
#include <string.h>
#include <apr_strings.h>
#include "openai_responses.h"

/* ---- tools -------------------------------------------------------------- */

/* {"type":"grammar","syntax","definition"}, as Chat Completions has it. */
static llmgw_str_t get_format(llmgw_reading_t *r, const llmgw_json_t *format)
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
static apr_status_t read_own(llmgw_reading_t *r, const llmgw_json_t *v,
                             int is_custom, llmgw_str_t space,
                             const llmgw_json_t *raw)
{
    llmgw_tool_t *tool = llmgw_reading_add_tool(
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

/* A namespace whose tools are read. */
typedef struct space_t {
    llmgw_str_t name;
    const llmgw_json_t *raw;
} space_t;

static apr_status_t read_member(llmgw_reading_t *r, const llmgw_json_t *v,
                                void *ctx)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    const space_t *space = ctx;

    return v->type != LLMGW_JSON_OBJECT
        ? llmgw_reading_invalid(r, NULL, "an object")
        : read_own(r, v, llmgw_json_string_is(type, "custom"), space->name,
                   space->raw);
}

/* {"type":"namespace","name","description","tools"} */
static apr_status_t read_namespace(llmgw_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *tools = llmgw_json_lookup(v, "tools");
    space_t space = { LLMGW_STR_NULL, v };
    apr_status_t rv = llmgw_reading_filled(r, v, "name", &space.name);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!llmgw_json_is(tools, LLMGW_JSON_ARRAY)
        || tools->count > LLMGW_TOOLS_MAX) {
        return llmgw_reading_invalid(r, "tools", "an array of tools");
    }
    return llmgw_reading_each(r, "tools", tools, read_member, &space);
}

static apr_status_t read_tool(llmgw_reading_t *r, const llmgw_json_t *v,
                              void *ctx)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    llmgw_str_t name = LLMGW_STR_NULL;
    apr_status_t rv;

    (void)ctx;
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    rv = llmgw_reading_filled(r, v, "type", &name);
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
    llmgw_reading_add_tool(r, LLMGW_TOOL_BUILTIN, v)->name = name;
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_responses_read_tools(llmgw_reading_t *r,
                                               const llmgw_json_t *tools)
{
    return llmgw_reading_tools(r, "tools", tools, read_tool);
}

/* ---- choice ------------------------------------------------------------- */

static llmgw_str_t get_name(llmgw_reading_t *r, const llmgw_json_t *v)
{
    llmgw_str_t name = llmgw_json_string(llmgw_json_lookup(v, "name"), r->p);
    llmgw_str_t space = llmgw_json_string(llmgw_json_lookup(v, "namespace"),
                                          r->p);

    return llmgw_openai_join(space, name, r->p);
}

/* Tools of the provider's are allowed by their type. */
static apr_status_t read_allowed(llmgw_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *tools = llmgw_json_lookup(v, "tools"), *t;
    llmgw_str_t name;

    if (!llmgw_json_is(tools, LLMGW_JSON_ARRAY)
        || tools->count > LLMGW_TOOLS_MAX) {
        return llmgw_reading_invalid(r, "tool_choice.tools",
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

apr_status_t llmgw_openai_responses_read_choice(llmgw_reading_t *r,
                                                const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");

    llmgw_openai_responses_echo(r, "tool_choice", v);
    if (v->type != LLMGW_JSON_OBJECT) {
        r->req->choice = llmgw_openai_choice_mode(v);
        return r->req->choice != LLMGW_CHOICE_UNSET ? APR_SUCCESS
            : llmgw_reading_invalid(r, "tool_choice", "\"none\", \"auto\", "
                                    "\"required\" or an object");
    }
    if (!llmgw_json_is(type, LLMGW_JSON_STRING)) {
        return llmgw_reading_missing(r, "tool_choice.type");
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
        return llmgw_reading_missing(r, "tool_choice.name");
    }
    r->req->choice = LLMGW_CHOICE_NAMED;
    return APR_SUCCESS;
}

/* ---- format ------------------------------------------------------------- */

static apr_status_t read_format(llmgw_reading_t *r,
                                const llmgw_json_t *format, void *ctx)
{
    const llmgw_json_t *type = llmgw_json_lookup(format, "type");

    (void)ctx;
    if (llmgw_json_string_is(type, "text")) {
        r->req->format = LLMGW_FORMAT_TEXT;
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(type, "json_object")) {
        r->req->format = LLMGW_FORMAT_JSON_OBJECT;
        return APR_SUCCESS;
    }
    if (!llmgw_json_string_is(type, "json_schema")) {
        return llmgw_reading_invalid(r, "type", "\"text\", "
                                     "\"json_object\" or \"json_schema\"");
    }
    if (!llmgw_json_lookup_type(format, "schema", LLMGW_JSON_OBJECT)) {
        return llmgw_reading_missing(r, "schema");
    }
    llmgw_openai_read_schema(r, format);
    return APR_SUCCESS;
}

static apr_status_t read_text(llmgw_reading_t *r, const llmgw_json_t *text,
                              void *ctx)
{
    const llmgw_json_t *format = llmgw_json_lookup(text, "format");
    apr_status_t rv;

    (void)ctx;
    rv = llmgw_reading_string(r, text, "verbosity", &r->req->verbosity);
    return rv == APR_SUCCESS && format && format->type != LLMGW_JSON_NULL
        ? llmgw_reading_object(r, "format", format, read_format, NULL) : rv;
}

apr_status_t llmgw_openai_responses_read_text(llmgw_reading_t *r,
                                              const llmgw_json_t *text)
{
    return llmgw_reading_object(r, "text", text, read_text, NULL);
}
