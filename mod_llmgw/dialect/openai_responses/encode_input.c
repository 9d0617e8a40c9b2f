/* encode_input.c: writing the messages of a request as items */
#include <string.h>
#include "openai_responses.h"

/* The longest id of a call that OpenAI takes here. */
#define CALL_ID_MAX 64

static const llmgw_part_t *get_part(const llmgw_message_t *m, int i)
{
    return &APR_ARRAY_IDX(m->parts, i, llmgw_part_t);
}

static llmgw_str_t get_call_id(const openai_writing_t *wr,
                               llmgw_str_t id)
{
    return id.len > CALL_ID_MAX ? llmgw_name_legal(id, CALL_ID_MAX, wr->p)
                                : id;
}

static void begin_item(llmgw_json_writer_t *w, const char *type)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, type);
}

/* ---- messages ----------------------------------------------------------- */

static const char *get_role(const llmgw_message_t *m)
{
    switch (m->role) {
    case LLMGW_ROLE_SYSTEM:
        return m->developer ? "developer" : "system";
    case LLMGW_ROLE_ASSISTANT:
        return "assistant";
    default:
        return "user";
    }
}

/* The parts of a message from one up to another. */
static apr_status_t write_message(openai_writing_t *wr,
                                  const llmgw_message_t *m, int from, int to)
{
    llmgw_json_writer_t *w = &wr->w;
    apr_status_t rv;

    begin_item(w, "message");
    llmgw_json_key(w, "role");
    llmgw_json_strz(w, get_role(m));
    rv = llmgw_openai_responses_write_content(
        wr, "content", m->parts, from, to,
        m->role == LLMGW_ROLE_ASSISTANT ? "output_text" : "input_text",
        m->number);
    llmgw_json_end(w, '}');
    if (rv == APR_SUCCESS && m->name.len) {
        rv = llmgw_openai_cannot(wr, 1, "messages[%d].name",
                                           m->number);
    }
    return rv;
}

/* ---- an assistant's items ----------------------------------------------- */

/* The namespace that a tool's name is made of, if it is. */
static const llmgw_tool_t *find_spaced(const openai_writing_t *wr,
                                       llmgw_str_t name)
{
    const llmgw_tool_t *tool;
    int i;

    for (i = 0; llmgw_openai_is_own(wr)
         && i < wr->req->tools->nelts; i++) {
        tool = &APR_ARRAY_IDX(wr->req->tools, i, llmgw_tool_t);
        if (tool->space.p && llmgw_str_eq(tool->name, name)) {
            return tool;
        }
    }
    return NULL;
}

static void write_call(openai_writing_t *wr,
                       const llmgw_part_t *part)
{
    const llmgw_tool_t *spaced = find_spaced(wr, part->name);
    llmgw_json_writer_t *w = &wr->w;

    if (part->is_custom) {
        apr_hash_set(wr->custom, part->id.p, (apr_ssize_t)part->id.len, part);
    }
    begin_item(w, part->is_custom ? "custom_tool_call" : "function_call");
    llmgw_json_key(w, "call_id");
    llmgw_json_str(w, get_call_id(wr, part->id));
    if (spaced) {
        llmgw_json_opt_str(w, "namespace", spaced->space);
    }
    llmgw_json_key(w, "name");
    llmgw_json_str(w, spaced ? spaced->member
                             : llmgw_tool_name_legal(part->name, wr->p));
    llmgw_json_key(w, part->is_custom ? "input" : "arguments");
    llmgw_json_str(w, part->arguments.p ? part->arguments
                                        : LLMGW_STR_LIT(""));
    llmgw_openai_put_signature(w, part->signature);
    llmgw_json_end(w, '}');
}

static void write_texts(llmgw_json_writer_t *w, const char *name,
                        const char *type, llmgw_str_t text)
{
    llmgw_json_key(w, name);
    llmgw_json_begin(w, '[');
    if (text.p) {
        begin_item(w, type);
        llmgw_json_opt_str(w, "text", text);
        llmgw_json_end(w, '}');
    }
    llmgw_json_end(w, ']');
}

/*
 * Signed reasoning is what its maker gave, with its text as the summary.
 * OpenAI takes no other, so that goes only to servers that say they do.
 */
static void write_reasoning(openai_writing_t *wr,
                            const llmgw_part_t *part)
{
    llmgw_json_writer_t *w = &wr->w;
    int redacted = part->type == LLMGW_PART_REDACTED;
    int is_signed = redacted || part->signature.len;

    if (!is_signed && !(wr->how->quirks & LLMGW_QUIRK_REASONING)) {
        return;
    }
    begin_item(w, "reasoning");
    write_texts(w, "summary", "summary_text",
                redacted || !is_signed ? LLMGW_STR_NULL
                : part->text.p ? part->text : LLMGW_STR_LIT(""));
    if (is_signed) {
        llmgw_json_opt_str(w, "encrypted_content", redacted ? part->data
                                                            : part->signature);
    }
    else {
        write_texts(w, "content", "reasoning_text", part->text);
    }
    llmgw_json_end(w, '}');
}

/* A part that is an item. */
static apr_status_t write_item(openai_writing_t *wr,
                               const llmgw_part_t *part, int i)
{
    switch (part->type) {
    case LLMGW_PART_TOOL_CALL:
        write_call(wr, part);
        return llmgw_openai_check_marks(wr, part);
    case LLMGW_PART_REASONING:
    case LLMGW_PART_REDACTED:
        write_reasoning(wr, part);
        return APR_SUCCESS;
    default:
        if (llmgw_openai_is_own(wr)) {
            llmgw_json_raw_out(&wr->w, part->raw);
            return APR_SUCCESS;
        }
        return llmgw_openai_cannot(wr, 1, "messages[%d].content",
                                             i);
    }
}

static int is_item(const llmgw_part_t *part)
{
    return part->type == LLMGW_PART_TOOL_CALL
        || part->type == LLMGW_PART_REASONING
        || part->type == LLMGW_PART_REDACTED
        || part->type == LLMGW_PART_BUILTIN;
}

static apr_status_t write_assistant(openai_writing_t *wr,
                                    const llmgw_message_t *m)
{
    apr_status_t rv = APR_SUCCESS;
    int j = 0, to;

    while (j < m->parts->nelts && rv == APR_SUCCESS) {
        if (is_item(get_part(m, j))) {
            rv = write_item(wr, get_part(m, j++), m->number);
            continue;
        }
        for (to = j; to < m->parts->nelts && !is_item(get_part(m, to));
             to++) {
        }
        rv = write_message(wr, m, j, to);
        j = to;
    }
    return rv;
}

/* ---- results ------------------------------------------------------------ */

static apr_status_t write_result(openai_writing_t *wr,
                                 const llmgw_part_t *part, int i)
{
    llmgw_json_writer_t *w = &wr->w;
    int is_custom = part->is_custom
        || apr_hash_get(wr->custom, part->id.p, (apr_ssize_t)part->id.len);
    apr_status_t rv = APR_SUCCESS;

    begin_item(w, is_custom ? "custom_tool_call_output"
                            : "function_call_output");
    llmgw_json_key(w, "call_id");
    llmgw_json_str(w, get_call_id(wr, part->id));
    if (part->parts) {
        rv = llmgw_openai_responses_write_content(wr, "output", part->parts, 0,
                                                  part->parts->nelts,
                                                  "input_text", i);
    }
    else {
        llmgw_json_opt_str(w, "output", LLMGW_STR_LIT(""));
    }
    llmgw_json_end(w, '}');
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_check_marks(wr, part);
    }
    if (rv == APR_SUCCESS && part->is_error) {
        rv = llmgw_openai_cannot(wr, 1, "messages[%d].is_error", i);
    }
    return rv;
}

static apr_status_t write_results(openai_writing_t *wr,
                                  const llmgw_message_t *m)
{
    apr_status_t rv = APR_SUCCESS;
    int j;

    for (j = 0; j < m->parts->nelts && rv == APR_SUCCESS; j++) {
        rv = write_result(wr, get_part(m, j), m->number);
    }
    return rv;
}

/* ---- all ---------------------------------------------------------------- */

apr_status_t llmgw_openai_responses_write_input(
    openai_writing_t *wr)
{
    const llmgw_message_t *m;
    apr_status_t rv = APR_SUCCESS;
    int i;

    llmgw_json_key(&wr->w, "input");
    llmgw_json_begin(&wr->w, '[');
    for (i = 0; i < wr->req->messages->nelts && rv == APR_SUCCESS; i++) {
        m = &APR_ARRAY_IDX(wr->req->messages, i, llmgw_message_t);
        if (m->role == LLMGW_ROLE_TOOL) {
            rv = write_results(wr, m);
        }
        else if (m->role == LLMGW_ROLE_ASSISTANT) {
            rv = write_assistant(wr, m);
        }
        else {
            rv = write_message(wr, m, 0, m->parts->nelts);
        }
    }
    llmgw_json_end(&wr->w, ']');
    return rv;
}
