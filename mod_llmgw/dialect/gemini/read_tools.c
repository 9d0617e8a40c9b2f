/* read_tools.c: reading tools and the choice among them */
#include <apr_strings.h>
#include "gemini.h"

/* Parameters are OpenAPI's schema, or JSON Schema under another name. */
static apr_status_t read_parameters(llmgw_reading_t *r, const llmgw_json_t *f,
                                    llmgw_tool_t *tool)
{
    const llmgw_json_t *v = llmgw_gemini_lookup(f, "parametersJsonSchema");
    const char *name = "parametersJsonSchema";
    int is_own = 0;

    if (!v || v->type == LLMGW_JSON_NULL) {
        v = llmgw_json_lookup(f, "parameters");
        name = "parameters";
        is_own = 1;
    }
    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, name, "an object");
    }
    tool->parameters = llmgw_json_raw(v);
    return is_own ? llmgw_gemini_schema_read(&tool->parameters,
                                             tool->parameters, r->p)
                  : APR_SUCCESS;
}

static apr_status_t read_function(llmgw_reading_t *r, const llmgw_json_t *f,
                                  void *ctx)
{
    llmgw_tool_t *tool;
    apr_status_t rv;

    (void)ctx;
    if (f->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    tool = llmgw_reading_add_tool(r, LLMGW_TOOL_FUNCTION, f);
    rv = llmgw_reading_filled(r, f, "name", &tool->name);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, f, "description",
                                  &tool->description);
    }
    return rv == APR_SUCCESS ? read_parameters(r, f, tool) : rv;
}

static apr_status_t read_functions(llmgw_reading_t *r,
                                   const llmgw_json_t *list)
{
    if (list->type != LLMGW_JSON_ARRAY || list->count > LLMGW_TOOLS_MAX) {
        return llmgw_reading_invalid(r, "functionDeclarations",
                                     "an array of at most 4096 functions");
    }
    return llmgw_reading_each(r, "functionDeclarations", list, read_function,
                              NULL);
}

/* {"googleSearch":{}}: one of the provider's own. */
static void add_builtin(llmgw_reading_t *r, const llmgw_json_t *name,
                        const llmgw_json_t *v)
{
    llmgw_tool_t *tool = llmgw_reading_add_tool(r, LLMGW_TOOL_BUILTIN, v);

    tool->name = llmgw_json_string(name, r->p);
    tool->raw = llmgw_str_of(apr_psprintf(r->p, "{%.*s:%.*s}",
                                          LLMGW_STR_ARG(llmgw_json_raw(name)),
                                          LLMGW_STR_ARG(tool->raw)));
}

/* Each member of a tool is a tool, or a list of functions. */
static apr_status_t read_tool(llmgw_reading_t *r, const llmgw_json_t *tool,
                              void *ctx)
{
    const llmgw_json_t *name, *v;
    apr_status_t rv = APR_SUCCESS;

    (void)ctx;
    if (tool->type != LLMGW_JSON_OBJECT || tool->count > LLMGW_TOOLS_MAX) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    for (name = llmgw_json_member(tool, NULL, &v); name && rv == APR_SUCCESS;
         name = llmgw_json_member(tool, v, &v)) {
        if (v->type == LLMGW_JSON_NULL) {
            continue;
        }
        if (llmgw_json_string_is(name, "functionDeclarations")
            || llmgw_json_string_is(name, "function_declarations")) {
            rv = read_functions(r, v);
        }
        else {
            add_builtin(r, name, v);
        }
    }
    return rv;
}

apr_status_t llmgw_gemini_read_tools(llmgw_reading_t *r,
                                     const llmgw_json_t *tools)
{
    return llmgw_reading_tools(r, "tools", tools, read_tool);
}

/* ---- choice ------------------------------------------------------------- */

static void read_names(llmgw_reading_t *r, const llmgw_json_t *list)
{
    llmgw_request_t *req = r->req;
    const llmgw_json_t *v;

    if (!llmgw_json_each(list, NULL) || list->count > LLMGW_TOOLS_MAX) {
        return;
    }
    req->allowed_tools = apr_array_make(r->p, 4, sizeof(llmgw_str_t));
    for (v = llmgw_json_each(list, NULL); v; v = llmgw_json_each(list, v)) {
        if (v->type == LLMGW_JSON_STRING) {
            APR_ARRAY_PUSH(req->allowed_tools, llmgw_str_t) =
                llmgw_json_string(v, r->p);
        }
    }
    if (req->choice == LLMGW_CHOICE_REQUIRED
        && req->allowed_tools->nelts == 1) {
        req->choice = LLMGW_CHOICE_NAMED;
        req->choice_name = APR_ARRAY_IDX(req->allowed_tools, 0, llmgw_str_t);
        req->allowed_tools = NULL;
    }
}

static apr_status_t read_calling(llmgw_reading_t *r, const llmgw_json_t *v)
{
    static const struct {
        const char *word;
        llmgw_choice_e choice;
    } modes[] = {
        { "MODE_UNSPECIFIED", LLMGW_CHOICE_UNSET },
        { "AUTO", LLMGW_CHOICE_AUTO },
        { "ANY", LLMGW_CHOICE_REQUIRED },
        { "NONE", LLMGW_CHOICE_NONE },
        { "VALIDATED", LLMGW_CHOICE_AUTO }
    };
    llmgw_str_t mode = LLMGW_STR_NULL;
    apr_status_t rv = llmgw_reading_string(r, v, "mode", &mode);
    apr_size_t i = 0, n = sizeof(modes) / sizeof(modes[0]);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    while (mode.len && i < n && !llmgw_str_is_nocase(mode, modes[i].word)) {
        i++;
    }
    if (i == n) {
        return llmgw_reading_invalid(r, "functionCallingConfig.mode",
                                     "\"AUTO\", \"ANY\", \"NONE\" or "
                                     "\"VALIDATED\"");
    }
    r->req->choice = modes[i].choice;
    read_names(r, llmgw_gemini_lookup(v, "allowedFunctionNames"));
    return APR_SUCCESS;
}

static apr_status_t read_config(llmgw_reading_t *r, const llmgw_json_t *v,
                                void *ctx)
{
    static const llmgw_member_t members[] = {
        LLMGW_MEMBER_BY("functionCallingConfig", read_calling)
    };

    (void)ctx;
    return llmgw_reading_members(r, v, LLMGW_MEMBERS(members));
}

apr_status_t llmgw_gemini_read_tool_config(llmgw_reading_t *r,
                                           const llmgw_json_t *config)
{
    return llmgw_reading_object(r, "toolConfig", config, read_config, NULL);
}
