/* request_tools.c: writing tools and the choice among them for Gemini */
#include "gemini.h"

static const llmgw_tool_t *get_tool(const gemini_writing_t *wr, int i)
{
    return &APR_ARRAY_IDX(wr->req->tools, i, llmgw_tool_t);
}

static apr_status_t write_function(gemini_writing_t *wr,
                                   const llmgw_tool_t *tool)
{
    llmgw_json_writer_t *w = &wr->w;
    llmgw_str_t schema;
    apr_status_t rv;

    rv = llmgw_gemini_schema_write(&schema, tool->parameters, wr->p);
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "name");
    llmgw_json_str(w, llmgw_tool_name_legal(tool->name, wr->p));
    llmgw_json_opt_str(w, "description", tool->description);
    llmgw_json_opt_raw(w, "parameters", schema);
    llmgw_json_end(w, '}');
    if (rv == APR_SUCCESS && tool->cache_control.p) {
        rv = llmgw_gemini_cannot(wr, 1, "cache_control");
    }
    return rv;
}

/* With a free choice among some, the others are not shown. */
static int is_shown(const gemini_writing_t *wr, const llmgw_tool_t *tool)
{
    return tool->type == LLMGW_TOOL_FUNCTION
        && (wr->req->choice == LLMGW_CHOICE_REQUIRED
            || llmgw_tool_is_allowed(wr->req, tool->name));
}

/* Tools of a kind Gemini does not have: free-form, or another's own. */
static apr_status_t check_tools(gemini_writing_t *wr, int *nshown, int *nall)
{
    const llmgw_tool_t *tool;
    apr_status_t rv = APR_SUCCESS;
    int i;

    *nshown = *nall = 0;
    for (i = 0; i < wr->req->tools->nelts && rv == APR_SUCCESS; i++) {
        tool = get_tool(wr, i);
        if (is_shown(wr, tool)) {
            ++*nshown;
            ++*nall;
        }
        else if (tool->type == LLMGW_TOOL_BUILTIN && llmgw_gemini_is_own(wr)) {
            ++*nall;
        }
        else if (tool->type != LLMGW_TOOL_FUNCTION) {
            rv = llmgw_gemini_cannot(wr, 0, "tools[%d]", i);
        }
    }
    return rv;
}

static apr_status_t write_list(gemini_writing_t *wr, int nshown)
{
    llmgw_json_writer_t *w = &wr->w;
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (nshown) {
        llmgw_json_begin(w, '{');
        llmgw_json_key(w, "functionDeclarations");
        llmgw_json_begin(w, '[');
        for (i = 0; i < wr->req->tools->nelts && rv == APR_SUCCESS; i++) {
            if (is_shown(wr, get_tool(wr, i))) {
                rv = write_function(wr, get_tool(wr, i));
            }
        }
        llmgw_json_end(w, ']');
        llmgw_json_end(w, '}');
    }
    for (i = 0; i < wr->req->tools->nelts; i++) {
        if (get_tool(wr, i)->type == LLMGW_TOOL_BUILTIN
            && llmgw_gemini_is_own(wr)) {
            llmgw_json_raw_out(w, get_tool(wr, i)->raw);
        }
    }
    return rv;
}

static void write_names(gemini_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    llmgw_json_writer_t *w = &wr->w;
    int i;

    if (req->choice != LLMGW_CHOICE_NAMED
        && (req->choice != LLMGW_CHOICE_REQUIRED || !req->allowed_tools)) {
        return;
    }
    llmgw_json_key(w, "allowedFunctionNames");
    llmgw_json_begin(w, '[');
    if (req->choice == LLMGW_CHOICE_NAMED) {
        llmgw_json_str(w, llmgw_tool_name_legal(req->choice_name, wr->p));
    }
    else {
        for (i = 0; i < req->allowed_tools->nelts; i++) {
            llmgw_json_str(w, llmgw_tool_name_legal(
                APR_ARRAY_IDX(req->allowed_tools, i, llmgw_str_t), wr->p));
        }
    }
    llmgw_json_end(w, ']');
}

static void write_choice(gemini_writing_t *wr)
{
    static const char *const modes[] = {
        [LLMGW_CHOICE_AUTO] = "AUTO",
        [LLMGW_CHOICE_NONE] = "NONE",
        [LLMGW_CHOICE_REQUIRED] = "ANY",
        [LLMGW_CHOICE_NAMED] = "ANY"
    };
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_key(w, "toolConfig");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "functionCallingConfig");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "mode");
    llmgw_json_strz(w, modes[wr->req->choice]);
    write_names(wr);
    llmgw_json_end(w, '}');
}

static void write_tool_config(gemini_writing_t *wr, int nshown)
{
    int n = 0;

    if (nshown && wr->req->choice != LLMGW_CHOICE_UNSET) {
        write_choice(wr);
        n++;
    }
    llmgw_gemini_write_inner(wr, "toolConfig", &n);
    if (n) {
        llmgw_json_end(&wr->w, '}');
    }
}

apr_status_t llmgw_gemini_write_tools(gemini_writing_t *wr)
{
    int nshown, nall;
    apr_status_t rv = check_tools(wr, &nshown, &nall);

    if (rv != APR_SUCCESS || !nall) {
        return rv;
    }
    llmgw_json_key(&wr->w, "tools");
    llmgw_json_begin(&wr->w, '[');
    rv = write_list(wr, nshown);
    llmgw_json_end(&wr->w, ']');
    write_tool_config(wr, nshown);
    if (rv == APR_SUCCESS && nshown && wr->req->parallel_tools == 0) {
        rv = llmgw_gemini_cannot(wr, 1, "parallel_tool_calls");
    }
    return rv;
}
