/* decode_messages.c: reading system and the messages of a request */
#include <string.h>
#include "anthropic.h"

/* ---- system ------------------------------------------------------------- */

apr_status_t llmgw_anthropic_read_system(llmgw_reading_t *r,
                                         const llmgw_json_t *v)
{
    apr_array_header_t *parts = apr_array_make(r->p, 4, sizeof(llmgw_part_t));
    llmgw_message_t *m;
    apr_status_t rv;

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    rv = llmgw_anthropic_read_content(r, v, "system", ANTHROPIC_IN_SYSTEM,
                                      parts);
    if (rv == APR_SUCCESS && parts->nelts) {
        m = llmgw_reading_add_message(r, LLMGW_ROLE_SYSTEM);
        m->parts = parts;
    }
    return rv;
}

/* ---- turns -------------------------------------------------------------- */

static void add_message(llmgw_reading_t *r, llmgw_role_e role,
                        apr_array_header_t *parts)
{
    llmgw_reading_add_message(r, role)->parts = parts;
}

/* Take the results of tools out of a user's turn: they are messages of their
 * own, and stand before the rest, as providers want them. */
static void add_results(llmgw_reading_t *r, apr_array_header_t *parts)
{
    apr_array_header_t *results = NULL;
    const llmgw_part_t *part;
    int i, kept = 0;

    for (i = 0; i < parts->nelts; i++) {
        part = &APR_ARRAY_IDX(parts, i, llmgw_part_t);
        if (part->type != LLMGW_PART_TOOL_RESULT) {
            APR_ARRAY_IDX(parts, kept++, llmgw_part_t) = *part;
            continue;
        }
        if (!results) {
            results = apr_array_make(r->p, 4, sizeof(llmgw_part_t));
        }
        APR_ARRAY_PUSH(results, llmgw_part_t) = *part;
    }
    parts->nelts = kept;
    if (results) {
        add_message(r, LLMGW_ROLE_TOOL, results);
    }
}

static apr_status_t read_turn(llmgw_reading_t *r, const llmgw_json_t *v,
                              llmgw_role_e role, anthropic_where_e where)
{
    const llmgw_json_t *content = llmgw_json_lookup(v, "content");
    apr_array_header_t *parts = apr_array_make(r->p, 2, sizeof(llmgw_part_t));
    apr_status_t rv;

    if (!content || content->type == LLMGW_JSON_NULL) {
        return llmgw_reading_missing(r, "content");
    }
    rv = llmgw_anthropic_read_content(r, content, "content", where, parts);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (role == LLMGW_ROLE_USER) {
        add_results(r, parts);
    }
    if (parts->nelts) {         /* a turn with nothing in it is left out */
        add_message(r, role, parts);
    }
    return APR_SUCCESS;
}

static apr_status_t read_message(llmgw_reading_t *r, const llmgw_json_t *v,
                                 void *ctx)
{
    const llmgw_json_t *role = llmgw_json_lookup(v, "role");

    (void)ctx;
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    if (!role) {
        return llmgw_reading_missing(r, "role");
    }
    if (llmgw_json_string_is(role, "user")) {
        return read_turn(r, v, LLMGW_ROLE_USER, ANTHROPIC_IN_USER);
    }
    if (llmgw_json_string_is(role, "assistant")) {
        return read_turn(r, v, LLMGW_ROLE_ASSISTANT, ANTHROPIC_IN_ASSISTANT);
    }
    if (llmgw_json_string_is(role, "system")) {
        return read_turn(r, v, LLMGW_ROLE_SYSTEM, ANTHROPIC_IN_SYSTEM);
    }
    return llmgw_reading_invalid(r, "role", "\"user\", \"assistant\" or "
                                 "\"system\"");
}

apr_status_t llmgw_anthropic_read_messages(llmgw_reading_t *r,
                                           const llmgw_json_t *messages)
{
    if (!messages || messages->type == LLMGW_JSON_NULL) {
        return llmgw_reading_missing(r, "messages");
    }
    if (messages->type != LLMGW_JSON_ARRAY || !messages->count) {
        return llmgw_reading_invalid(r, "messages",
                                     "an array with at least one message");
    }
    return llmgw_reading_each(r, "messages", messages, read_message, NULL);
}
