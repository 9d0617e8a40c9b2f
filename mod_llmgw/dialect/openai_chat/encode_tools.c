/* encode_tools.c: writing tools and the choice among them */
#include "openai_chat.h"

static void write_function(openai_chat_writing_t *wr, const llmgw_tool_t *tool)
{
    llmgw_json_writer_t *w = &wr->w;
    const char *type = tool->type == LLMGW_TOOL_CUSTOM ? "custom" : "function";

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, type);
    llmgw_json_key(w, type);
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "name");
    llmgw_json_str(w, llmgw_tool_name_legal(tool->name, wr->p));
    llmgw_json_opt_str(w, "description", tool->description);
    llmgw_json_opt_raw(w, "parameters", tool->parameters);
    llmgw_json_opt_raw(w, "format", tool->format);
    if (tool->strict >= 0) {
        llmgw_json_key(w, "strict");
        llmgw_json_bool_out(w, tool->strict);
    }
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

static const llmgw_tool_t *get_tool(const openai_chat_writing_t *wr, int i)
{
    return &APR_ARRAY_IDX(wr->req->tools, i, llmgw_tool_t);
}

/* A built-in tool of another provider's. */
static int is_foreign(const openai_chat_writing_t *wr, const llmgw_tool_t *tool)
{
    return tool->type == LLMGW_TOOL_BUILTIN
        && wr->req->dialect != &llmgw_dialect_openai_chat;
}

/* Report what OpenAI cannot take. @param kept set to the number that stay */
static apr_status_t check_tools(openai_chat_writing_t *wr, int *kept)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    *kept = 0;
    for (i = 0; i < wr->req->tools->nelts && rv == APR_SUCCESS; i++) {
        if (is_foreign(wr, get_tool(wr, i))) {
            rv = llmgw_openai_chat_cannot(wr, 0, "tools[%d]", i);
            continue;
        }
        ++*kept;
        if (get_tool(wr, i)->cache_control.p) {
            rv = llmgw_openai_chat_cannot(wr, 1, "cache_control");
        }
    }
    return rv;
}

/* {"type":"function","function":{"name":...}} */
static void write_named(openai_chat_writing_t *wr, llmgw_str_t name)
{
    const char *type = llmgw_openai_is_custom(wr->req, name) ? "custom"
                                                             : "function";
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, type);
    llmgw_json_key(w, type);
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "name");
    llmgw_json_str(w, llmgw_tool_name_legal(name, wr->p));
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

static void write_allowed(openai_chat_writing_t *wr)
{
    llmgw_json_writer_t *w = &wr->w;
    int i;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "allowed_tools");
    llmgw_json_key(w, "allowed_tools");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "mode");
    llmgw_json_strz(w, llmgw_openai_choice_word(wr->req->choice));
    llmgw_json_key(w, "tools");
    llmgw_json_begin(w, '[');
    for (i = 0; i < wr->req->allowed_tools->nelts; i++) {
        write_named(wr, APR_ARRAY_IDX(wr->req->allowed_tools, i,
                                      llmgw_str_t));
    }
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

/* Was the tool that must be called left out? */
static int is_choice_gone(const openai_chat_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    int i;

    if (req->choice != LLMGW_CHOICE_NAMED
        || req->dialect == &llmgw_dialect_openai_chat) {
        return 0;
    }
    for (i = 0; i < req->tools->nelts; i++) {
        if (!is_foreign(wr, get_tool(wr, i))
            && llmgw_str_eq(get_tool(wr, i)->name, req->choice_name)) {
            return 0;
        }
    }
    return 1;
}

static void write_choice(openai_chat_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;

    if ((req->choice == LLMGW_CHOICE_UNSET && !req->allowed_tools)
        || is_choice_gone(wr)) {
        return;
    }
    llmgw_json_key(&wr->w, "tool_choice");
    if (req->choice == LLMGW_CHOICE_NAMED) {
        write_named(wr, req->choice_name);
    }
    else if (req->allowed_tools && req->choice != LLMGW_CHOICE_NONE) {
        write_allowed(wr);
    }
    else {
        llmgw_json_strz(&wr->w, llmgw_openai_choice_word(req->choice));
    }
}

apr_status_t llmgw_openai_chat_write_tools(openai_chat_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    apr_status_t rv;
    int i, kept;

    rv = check_tools(wr, &kept);
    if (rv != APR_SUCCESS || kept == 0) {
        return rv;
    }
    llmgw_json_key(&wr->w, "tools");
    llmgw_json_begin(&wr->w, '[');
    for (i = 0; i < req->tools->nelts; i++) {
        if (get_tool(wr, i)->type == LLMGW_TOOL_BUILTIN) {
            if (!is_foreign(wr, get_tool(wr, i))) {
                llmgw_json_raw_out(&wr->w, get_tool(wr, i)->raw);
            }
        }
        else {
            write_function(wr, get_tool(wr, i));
        }
    }
    llmgw_json_end(&wr->w, ']');
    write_choice(wr);
    if (req->parallel_tools >= 0) {
        llmgw_json_key(&wr->w, "parallel_tool_calls");
        llmgw_json_bool_out(&wr->w, req->parallel_tools);
    }
    return APR_SUCCESS;
}
