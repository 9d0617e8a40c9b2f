/* request_tools.c: writing tools and the choice among them for Anthropic */
#include "anthropic.h"

static const llmgw_tool_t *get_tool(const anthropic_writing_t *wr, int i)
{
    return &APR_ARRAY_IDX(wr->req->tools, i, llmgw_tool_t);
}

static void write_function(anthropic_writing_t *wr, const llmgw_tool_t *tool)
{
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "name");
    llmgw_json_str(w, llmgw_tool_name_legal(tool->name, wr->p));
    llmgw_json_opt_str(w, "description", tool->description);
    llmgw_json_key(w, "input_schema");
    llmgw_json_raw_out(w, tool->parameters.p && tool->parameters.len > 2
                       ? tool->parameters
                       : LLMGW_STR_LIT("{\"type\":\"object\","
                                       "\"properties\":{}}"));
    if (tool->strict == 1 && !(wr->model->flags & ANTHROPIC_NO_SCHEMA)) {
        llmgw_json_key(w, "strict");
        llmgw_json_bool_out(w, 1);
    }
    llmgw_json_opt_raw(w, "cache_control", tool->cache_control);
    llmgw_json_end(w, '}');
}

/* Tools of a kind Anthropic does not have: free-form, or another's own. */
static int is_foreign(const anthropic_writing_t *wr, const llmgw_tool_t *tool)
{
    return tool->type == LLMGW_TOOL_CUSTOM
        || (tool->type == LLMGW_TOOL_BUILTIN
            && wr->req->dialect != &llmgw_dialect_anthropic);
}

/* A definition in this dialect already, its name the one calls have. */
static int is_own(const anthropic_writing_t *wr, const llmgw_tool_t *tool)
{
    return wr->req->dialect == &llmgw_dialect_anthropic && tool->raw.p
        && llmgw_tool_name_legal(tool->name, wr->p).p == tool->name.p;
}

static apr_status_t write_tool(anthropic_writing_t *wr, int i, int *n)
{
    const llmgw_tool_t *tool = get_tool(wr, i);

    if (is_foreign(wr, tool)) {
        return llmgw_anthropic_cannot(wr, 0, "tools[%d]", i);
    }
    if (tool->type == LLMGW_TOOL_FUNCTION
        && !llmgw_tool_is_allowed(wr->req, tool->name)) {
        return APR_SUCCESS;     /* allowed_tools: the others are not shown */
    }
    if ((*n)++ == 0) {
        llmgw_json_key(&wr->w, "tools");
        llmgw_json_begin(&wr->w, '[');
    }
    if (tool->type == LLMGW_TOOL_BUILTIN || is_own(wr, tool)) {
        llmgw_json_raw_out(&wr->w, tool->raw);
    }
    else {
        write_function(wr, tool);
    }
    return APR_SUCCESS;
}

static void write_choice(anthropic_writing_t *wr)
{
    static const char *const types[] = {
        [LLMGW_CHOICE_UNSET] = "auto",
        [LLMGW_CHOICE_AUTO] = "auto",
        [LLMGW_CHOICE_NONE] = "none",
        [LLMGW_CHOICE_REQUIRED] = "any",
        [LLMGW_CHOICE_NAMED] = "tool"
    };
    const llmgw_request_t *req = wr->req;
    int one = req->parallel_tools == 0 && req->choice != LLMGW_CHOICE_NONE;
    llmgw_json_writer_t *w = &wr->w;

    if (req->choice == LLMGW_CHOICE_UNSET && !one) {
        return;
    }
    llmgw_json_key(w, "tool_choice");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, types[req->choice]);
    if (req->choice == LLMGW_CHOICE_NAMED) {
        llmgw_json_key(w, "name");
        llmgw_json_str(w, llmgw_tool_name_legal(req->choice_name, wr->p));
    }
    if (one) {
        llmgw_json_key(w, "disable_parallel_tool_use");
        llmgw_json_bool_out(w, 1);
    }
    llmgw_json_end(w, '}');
}

apr_status_t llmgw_anthropic_write_tools(anthropic_writing_t *wr)
{
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    for (i = 0; i < wr->req->tools->nelts && rv == APR_SUCCESS; i++) {
        rv = write_tool(wr, i, &n);
    }
    if (n) {
        llmgw_json_end(&wr->w, ']');
        write_choice(wr);
    }
    return rv;
}
