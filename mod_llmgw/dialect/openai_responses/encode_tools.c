/* encode_tools.c: writing tools and the choice among them */
#include "openai_responses.h"

static const llmgw_tool_t *get_tool(const openai_writing_t *wr,
                                    int i)
{
    return &APR_ARRAY_IDX(wr->req->tools, i, llmgw_tool_t);
}

static apr_status_t find_grammar(void *ctx, const llmgw_json_member_t *m)
{
    if (m->type == LLMGW_JSON_OBJECT && llmgw_json_member_is(m, "grammar")) {
        *(llmgw_str_t *)ctx = m->value;
    }
    return APR_SUCCESS;
}

static apr_status_t write_member(void *ctx, const llmgw_json_member_t *m)
{
    llmgw_json_writer_t *w = ctx;

    if (!m->escaped && !llmgw_json_member_is(m, "type")) {
        llmgw_json_key_str(w, m->name);
        llmgw_json_raw_out(w, m->value);
    }
    return APR_SUCCESS;
}

/* {"type":"grammar","grammar":{...}} without the inner object. */
static void write_format(openai_writing_t *wr, llmgw_str_t format)
{
    llmgw_str_t grammar = LLMGW_STR_NULL;
    llmgw_json_writer_t *w = &wr->w;

    if (!format.p) {
        return;
    }
    llmgw_json_scan(format.p, format.len, NULL, find_grammar, &grammar, NULL,
                    NULL);
    if (!grammar.p) {
        llmgw_json_opt_raw(w, "format", format);
        return;
    }
    llmgw_json_key(w, "format");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "grammar");
    llmgw_json_scan(grammar.p, grammar.len, NULL, write_member, w, NULL,
                    NULL);
    llmgw_json_end(w, '}');
}

/* Without a word on it Responses takes a schema strictly, others do not. */
static void write_function(openai_writing_t *wr,
                           const llmgw_tool_t *tool)
{
    llmgw_json_writer_t *w = &wr->w;
    int is_custom = tool->type == LLMGW_TOOL_CUSTOM;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, is_custom ? "custom" : "function");
    llmgw_json_key(w, "name");
    llmgw_json_str(w, llmgw_tool_name_legal(tool->name, wr->p));
    llmgw_json_opt_str(w, "description", tool->description);
    if (is_custom) {
        write_format(wr, tool->format);
    }
    else {
        llmgw_json_key(w, "parameters");
        llmgw_json_raw_out(w, tool->parameters.p ? tool->parameters
                           : LLMGW_STR_LIT("{\"type\":\"object\","
                                           "\"properties\":{}}"));
        llmgw_openai_opt_flag(w, "strict", tool->strict < 0
                              && !llmgw_openai_is_own(wr)
                              ? 0 : tool->strict);
    }
    llmgw_json_end(w, '}');
}

/* A namespace is written once, as it came. */
static void write_tool(openai_writing_t *wr, int i)
{
    const llmgw_tool_t *tool = get_tool(wr, i);
    int raw = tool->type == LLMGW_TOOL_BUILTIN
        || (tool->space.p && llmgw_openai_is_own(wr));

    if (!raw) {
        write_function(wr, tool);
    }
    else if (i == 0 || get_tool(wr, i - 1)->raw.p != tool->raw.p) {
        llmgw_json_raw_out(&wr->w, tool->raw);
    }
}

/* ---- choice ------------------------------------------------------------- */

static void write_named(openai_writing_t *wr, llmgw_str_t name)
{
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, llmgw_openai_is_custom(wr->req, name) ? "custom"
                                                             : "function");
    llmgw_json_key(w, "name");
    llmgw_json_str(w, llmgw_tool_name_legal(name, wr->p));
    llmgw_json_end(w, '}');
}

static void write_allowed(openai_writing_t *wr)
{
    const apr_array_header_t *names = wr->req->allowed_tools;
    llmgw_json_writer_t *w = &wr->w;
    int i;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "allowed_tools");
    llmgw_json_key(w, "mode");
    llmgw_json_strz(w, llmgw_openai_choice_word(wr->req->choice));
    llmgw_json_key(w, "tools");
    llmgw_json_begin(w, '[');
    for (i = 0; i < names->nelts; i++) {
        write_named(wr, APR_ARRAY_IDX(names, i, llmgw_str_t));
    }
    llmgw_json_end(w, ']');
    llmgw_json_end(w, '}');
}

/* The client's own words, where they came in this dialect. */
static int write_raw_choice(openai_writing_t *wr)
{
    const apr_array_header_t *echoed = wr->req->echoed;
    const llmgw_extra_t *echo;
    int i;

    for (i = 0; llmgw_openai_is_own(wr) && echoed && i < echoed->nelts; i++) {
        echo = &APR_ARRAY_IDX(echoed, i, llmgw_extra_t);
        if (llmgw_str_is(echo->name, "tool_choice")) {
            llmgw_json_opt_raw(&wr->w, "tool_choice", echo->value);
            return 1;
        }
    }
    return 0;
}

apr_status_t llmgw_openai_responses_write_tools(openai_writing_t *wr)
{
    static const llmgw_openai_tool_fns_t fns = {
        write_tool, write_named, write_allowed, write_raw_choice
    };

    return llmgw_openai_write_tools(wr, &fns);
}
