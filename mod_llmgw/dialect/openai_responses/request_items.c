/* request_items.c: reading the input of a request: items become messages */
#include <string.h>
#include <apr_strings.h>
#include "openai_responses.h"

static llmgw_message_t *get_last(const llmgw_reading_t *r)
{
    const apr_array_header_t *messages = r->req->messages;

    return messages->nelts
        ? &APR_ARRAY_IDX(messages, messages->nelts - 1, llmgw_message_t)
        : NULL;
}

/* Has an assistant's message a part of this type? */
static int has_part(const llmgw_message_t *m, llmgw_part_e type)
{
    int i;

    for (i = 0; i < m->parts->nelts; i++) {
        if (APR_ARRAY_IDX(m->parts, i, llmgw_part_t).type == type) {
            return 1;
        }
    }
    return 0;
}

/*
 * Items of an assistant's that follow each other are one turn: other dialects
 * want reasoning, text and calls of a turn together. Only a text after a text
 * that called nothing is a turn of its own.
 */
static llmgw_message_t *get_turn(llmgw_reading_t *r, int is_message)
{
    llmgw_message_t *last = get_last(r);

    if (last && last->role == LLMGW_ROLE_ASSISTANT
        && !(is_message && has_part(last, LLMGW_PART_TEXT)
             && !has_part(last, LLMGW_PART_TOOL_CALL))) {
        return last;
    }
    return llmgw_reading_add_message(r, LLMGW_ROLE_ASSISTANT);
}

/* ---- messages ----------------------------------------------------------- */

static apr_status_t read_plain(llmgw_reading_t *r, const llmgw_json_t *item,
                               llmgw_role_e role, int developer)
{
    llmgw_message_t *m = llmgw_reading_add_message(r, role);
    const llmgw_json_t *content = llmgw_json_lookup(item, "content");

    m->developer = developer;
    if (!content) {
        return llmgw_reading_missing(r, "content");
    }
    return llmgw_openai_responses_read_content(r, content, "content",
                                               m->parts);
}

/* What says nothing is left out; a turn of nothing too. */
static void drop_empty(llmgw_reading_t *r, llmgw_message_t *m, int from)
{
    llmgw_part_t *part;
    int i, kept = from;

    for (i = from; i < m->parts->nelts; i++) {
        part = &APR_ARRAY_IDX(m->parts, i, llmgw_part_t);
        if (part->type != LLMGW_PART_TEXT || part->text.len) {
            APR_ARRAY_IDX(m->parts, kept++, llmgw_part_t) = *part;
        }
    }
    m->parts->nelts = kept;
    if (!kept) {
        apr_array_pop(r->req->messages);
    }
}

static apr_status_t read_assistant(llmgw_reading_t *r,
                                   const llmgw_json_t *item)
{
    const llmgw_json_t *content = llmgw_json_lookup(item, "content");
    llmgw_message_t *m = get_turn(r, 1);
    int from = m->parts->nelts;
    apr_status_t rv;

    if (!content || content->type == LLMGW_JSON_NULL) {
        return llmgw_reading_missing(r, "content");
    }
    rv = llmgw_openai_responses_read_content(r, content, "content", m->parts);
    if (rv == APR_SUCCESS) {
        drop_empty(r, m, from);
    }
    return rv;
}

static apr_status_t read_message(llmgw_reading_t *r,
                                 const llmgw_json_t *item)
{
    const llmgw_json_t *role = llmgw_json_lookup(item, "role");

    if (!role) {
        return llmgw_reading_missing(r, "role");
    }
    if (llmgw_json_string_is(role, "user")) {
        return read_plain(r, item, LLMGW_ROLE_USER, 0);
    }
    if (llmgw_json_string_is(role, "assistant")) {
        return read_assistant(r, item);
    }
    if (llmgw_json_string_is(role, "system")) {
        return read_plain(r, item, LLMGW_ROLE_SYSTEM, 0);
    }
    if (llmgw_json_string_is(role, "developer")) {
        return read_plain(r, item, LLMGW_ROLE_SYSTEM, 1);
    }
    return llmgw_reading_invalid(r, "role", "\"system\", \"developer\", "
                                 "\"user\" or \"assistant\"");
}

/* ---- calls and results -------------------------------------------------- */

static apr_status_t read_any_call(llmgw_reading_t *r,
                                  const llmgw_json_t *item, int is_custom)
{
    llmgw_part_t *part = llmgw_parts_add(get_turn(r, 0)->parts,
                                         LLMGW_PART_TOOL_CALL);
    llmgw_str_t space = LLMGW_STR_NULL;
    apr_status_t rv;

    part->is_custom = is_custom;
    rv = llmgw_reading_filled(r, item, "call_id", &part->id);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_filled(r, item, "name", &part->name);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, item, "namespace", &space);
    }
    if (rv == APR_SUCCESS && is_custom) {
        rv = llmgw_reading_string(r, item, "input", &part->arguments);
    }
    else if (rv == APR_SUCCESS) {
        part->arguments = llmgw_openai_arguments(
            llmgw_json_lookup(item, "arguments"), r->p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    part->name = llmgw_openai_join(space, part->name, r->p);
    part->signature = llmgw_json_string(llmgw_openai_signature(item), r->p);
    llmgw_reading_add_call(r, part->id, part->name);
    return APR_SUCCESS;
}

static apr_status_t read_call(llmgw_reading_t *r, const llmgw_json_t *item)
{
    return read_any_call(r, item, 0);
}

static apr_status_t read_custom_call(llmgw_reading_t *r,
                                     const llmgw_json_t *item)
{
    return read_any_call(r, item, 1);
}

static apr_status_t read_result(llmgw_reading_t *r, const llmgw_json_t *item)
{
    const llmgw_json_t *output = llmgw_json_lookup(item, "output");
    llmgw_message_t *m = llmgw_reading_add_message(r, LLMGW_ROLE_TOOL);
    llmgw_part_t *part = llmgw_parts_add(m->parts, LLMGW_PART_TOOL_RESULT);
    apr_status_t rv;

    part->parts = apr_array_make(r->p, 1, sizeof(llmgw_part_t));
    part->is_custom = llmgw_json_string_is(llmgw_json_lookup(item, "type"),
                                           "custom_tool_call_output");
    rv = llmgw_reading_filled(r, item, "call_id", &part->id);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    part->name = llmgw_reading_find_call(r, part->id);
    if (!output) {
        return llmgw_reading_missing(r, "output");
    }
    return llmgw_openai_responses_read_content(r, output, "output",
                                               part->parts);
}

/* ---- reasoning ---------------------------------------------------------- */

/*
 * The texts of a list as one. @return how many there were, -1: it is no list
 */
static int join_texts(llmgw_reading_t *r, const llmgw_json_t *list,
                      llmgw_str_t *out)
{
    const llmgw_json_t *v;
    llmgw_buf_t *b = NULL;
    llmgw_str_t text;
    int n = 0;

    if (list && list->type != LLMGW_JSON_NULL
        && list->type != LLMGW_JSON_ARRAY) {
        return -1;
    }
    for (v = llmgw_json_each(list, NULL); v; v = llmgw_json_each(list, v)) {
        text = llmgw_json_string(llmgw_json_lookup(v, "text"), r->p);
        if (n++ == 0) {
            *out = text.p ? text : LLMGW_STR_LIT("");
            continue;
        }
        if (!b) {
            b = llmgw_buf_create(r->p, APR_INT32_MAX);
            llmgw_buf_put(b, *out);
        }
        llmgw_buf_puts(b, LLMGW_OPENAI_RESPONSES_PARAGRAPH);
        llmgw_buf_put(b, text);
        *out = llmgw_buf_str(b);
    }
    return n;
}

/* Text, or only what its maker can read; neither is nothing. */
static apr_status_t read_reasoning(llmgw_reading_t *r,
                                   const llmgw_json_t *item)
{
    llmgw_str_t content = LLMGW_STR_NULL, summary = LLMGW_STR_NULL;
    llmgw_str_t data = LLMGW_STR_NULL;
    llmgw_part_t *part;
    apr_status_t rv;
    int n, m;

    n = join_texts(r, llmgw_json_lookup(item, "content"), &content);
    m = join_texts(r, llmgw_json_lookup(item, "summary"), &summary);
    if (n < 0 || m < 0) {
        return llmgw_reading_invalid(r, n < 0 ? "content" : "summary",
                                     "an array of texts");
    }
    rv = llmgw_reading_string(r, item, "encrypted_content", &data);
    if (rv != APR_SUCCESS || (n + m == 0 && !data.len)) {
        return rv;
    }
    if (n + m == 0) {
        part = llmgw_parts_add(get_turn(r, 0)->parts, LLMGW_PART_REDACTED);
        part->data = data;
        return APR_SUCCESS;
    }
    if (!content.len && !summary.len && !data.len) {
        return APR_SUCCESS;
    }
    part = llmgw_parts_add(get_turn(r, 0)->parts, LLMGW_PART_REASONING);
    part->text = content.len ? content : m ? summary : content;
    part->signature = data;
    return APR_SUCCESS;
}

/* ---- items of a provider's tools ---------------------------------------- */

static apr_status_t refuse_reference(llmgw_reading_t *r,
                                     const llmgw_json_t *item)
{
    (void)item;
    return llmgw_reading_refuse(r, NULL, "Items cannot be referred to: "
                                "conversations are not configured. Send the "
                                "item itself.");
}

static int ends_with(llmgw_str_t s, const char *end)
{
    apr_size_t n = strlen(end);

    return s.len > n && memcmp(s.p + s.len - n, end, n) == 0;
}

/* Tools come with new items; their names are all of these forms. */
static int is_builtin(llmgw_str_t type)
{
    return ends_with(type, "_call") || ends_with(type, "_output")
        || llmgw_str_is(type, "mcp_list_tools")
        || llmgw_str_is(type, "mcp_approval_request")
        || llmgw_str_is(type, "mcp_approval_response")
        || llmgw_str_is(type, "additional_tools")
        || llmgw_str_is(type, "compaction");
}

static apr_status_t read_builtin(llmgw_reading_t *r,
                                 const llmgw_json_t *item, llmgw_str_t type)
{
    llmgw_part_t *part;

    if (!is_builtin(type)) {
        return llmgw_reading_invalid(r, "type", "the type of an input item");
    }
    part = llmgw_parts_add(get_turn(r, 0)->parts, LLMGW_PART_BUILTIN);
    part->name = type;
    part->raw = llmgw_json_raw(item);
    return APR_SUCCESS;
}

/* ---- all ---------------------------------------------------------------- */

static const struct {
    const char *type;
    apr_status_t (*read)(llmgw_reading_t *r, const llmgw_json_t *item);
} items[] = {
    { "message", read_message },
    { "function_call", read_call },
    { "function_call_output", read_result },
    { "custom_tool_call", read_custom_call },
    { "custom_tool_call_output", read_result },
    { "reasoning", read_reasoning },
    { "item_reference", refuse_reference }
};

static apr_status_t read_item(llmgw_reading_t *r, const llmgw_json_t *item,
                              void *ctx)
{
    const llmgw_json_t *type = llmgw_json_lookup(item, "type");
    llmgw_str_t name = LLMGW_STR_NULL;
    apr_status_t rv;
    apr_size_t i;

    (void)ctx;
    if (item->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    if (!type || type->type == LLMGW_JSON_NULL) {
        return !llmgw_json_lookup(item, "role")
            && llmgw_json_lookup(item, "id")
            ? refuse_reference(r, item) : read_message(r, item);
    }
    rv = llmgw_reading_string(r, item, "type", &name);
    for (i = 0; rv == APR_SUCCESS && i < sizeof(items) / sizeof(items[0]);
         i++) {
        if (llmgw_str_is(name, items[i].type)) {
            return items[i].read(r, item);
        }
    }
    return rv == APR_SUCCESS ? read_builtin(r, item, name) : rv;
}

apr_status_t llmgw_openai_responses_read_input(llmgw_reading_t *r,
                                               const llmgw_json_t *input)
{
    if (input->type == LLMGW_JSON_STRING) {
        llmgw_parts_add(llmgw_reading_add_message(r, LLMGW_ROLE_USER)->parts,
                        LLMGW_PART_TEXT)->text = llmgw_json_string(input,
                                                                   r->p);
        return APR_SUCCESS;
    }
    if (input->type != LLMGW_JSON_ARRAY || !input->count) {
        return llmgw_reading_invalid(r, "input", "a string or an array with "
                                     "at least one item");
    }
    return llmgw_reading_each(r, "input", input, read_item, NULL);
}
