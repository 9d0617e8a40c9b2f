/* decode_tools.c: reading tools and the choice among them */
#include "anthropic.h"

/* A tool of the client's; what it has more than these stays in `raw`. */
static apr_status_t read_custom(llmgw_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *schema = llmgw_json_lookup(v, "input_schema");
    llmgw_tool_t *tool = llmgw_reading_add_tool(r, LLMGW_TOOL_FUNCTION, v);
    apr_status_t rv;

    rv = llmgw_reading_filled(r, v, "name", &tool->name);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, v, "description",
                                  &tool->description);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (schema && schema->type != LLMGW_JSON_NULL) {
        if (schema->type != LLMGW_JSON_OBJECT) {
            return llmgw_reading_invalid(r, "input_schema", "an object");
        }
        tool->parameters = llmgw_json_raw(schema);
    }
    tool->strict = llmgw_json_bool(llmgw_json_lookup(v, "strict"), -1);
    return APR_SUCCESS;
}

static apr_status_t read_tool(llmgw_reading_t *r, const llmgw_json_t *v,
                              void *ctx)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");

    (void)ctx;
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    if (!type || type->type == LLMGW_JSON_NULL
        || llmgw_json_string_is(type, "custom")) {
        return read_custom(r, v);
    }
    return llmgw_reading_string(
        r, v, "type", &llmgw_reading_add_tool(r, LLMGW_TOOL_BUILTIN, v)->name);
}

apr_status_t llmgw_anthropic_read_tools(llmgw_reading_t *r,
                                        const llmgw_json_t *tools)
{
    return llmgw_reading_tools(r, "tools", tools, read_tool);
}

/* ---- choice ------------------------------------------------------------- */

static llmgw_choice_e get_mode(const llmgw_json_t *type)
{
    static const struct {
        const char *word;
        llmgw_choice_e choice;
    } modes[] = {
        { "auto", LLMGW_CHOICE_AUTO },
        { "any", LLMGW_CHOICE_REQUIRED },
        { "none", LLMGW_CHOICE_NONE },
        { "tool", LLMGW_CHOICE_NAMED }
    };
    apr_size_t i;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (llmgw_json_string_is(type, modes[i].word)) {
            return modes[i].choice;
        }
    }
    return LLMGW_CHOICE_UNSET;
}

apr_status_t llmgw_anthropic_read_choice(llmgw_reading_t *r,
                                         const llmgw_json_t *v)
{
    llmgw_request_t *req = r->req;
    apr_status_t rv;
    int one;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "tool_choice", "an object");
    }
    req->choice = get_mode(llmgw_json_lookup(v, "type"));
    if (req->choice == LLMGW_CHOICE_UNSET) {
        return llmgw_reading_invalid(r, "tool_choice.type", "\"auto\", "
                                     "\"any\", \"tool\" or \"none\"");
    }
    one = llmgw_json_bool(llmgw_json_lookup(v, "disable_parallel_tool_use"),
                          -1);
    req->parallel_tools = one < 0 ? -1 : !one;
    if (req->choice != LLMGW_CHOICE_NAMED) {
        return APR_SUCCESS;
    }
    rv = llmgw_reading_string(r, v, "name", &req->choice_name);
    return rv == APR_SUCCESS && !req->choice_name.len
        ? llmgw_reading_missing(r, "tool_choice.name") : rv;
}
