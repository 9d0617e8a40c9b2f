/* encode_tools.c: writing tools and the choice among them */
#include "openai_chat.h"

static void write_function(openai_writing_t *wr, const llmgw_tool_t *tool)
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

static const llmgw_tool_t *get_tool(const openai_writing_t *wr, int i)
{
    return &APR_ARRAY_IDX(wr->req->tools, i, llmgw_tool_t);
}

/* {"type":"function","function":{"name":...}} */
static void write_named(openai_writing_t *wr, llmgw_str_t name)
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

static void write_allowed(openai_writing_t *wr)
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

static void write_tool(openai_writing_t *wr, int i)
{
    const llmgw_tool_t *tool = get_tool(wr, i);

    if (tool->type == LLMGW_TOOL_BUILTIN) {
        llmgw_json_raw_out(&wr->w, tool->raw);
    }
    else {
        write_function(wr, tool);
    }
}

apr_status_t llmgw_openai_chat_write_tools(openai_writing_t *wr)
{
    static const llmgw_openai_tool_fns_t fns = {
        write_tool, write_named, write_allowed, NULL
    };

    return llmgw_openai_write_tools(wr, &fns);
}
