/* request_messages.c: reading the messages of a request */
#include <string.h>
#include <apr_strings.h>
#include "openai_chat.h"

/* ---- calls of the history ----------------------------------------------- */

/* @param parts to which it is appended */
static apr_status_t read_call(llmgw_reading_t *r, const llmgw_json_t *call,
                              void *parts)
{
    const llmgw_json_t *custom = llmgw_json_lookup_type(call, "custom",
                                                        LLMGW_JSON_OBJECT);
    const llmgw_json_t *f = custom
        ? custom : llmgw_json_lookup_type(call, "function", LLMGW_JSON_OBJECT);
    llmgw_part_t *part;
    apr_status_t rv;

    if (call->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    if (!f) {
        return llmgw_reading_missing(r, "function");
    }
    if (!llmgw_json_lookup_type(f, "name", LLMGW_JSON_STRING)) {
        return llmgw_reading_missing(r, custom ? "custom.name"
                                     : "function.name");
    }
    part = llmgw_parts_add(parts, LLMGW_PART_TOOL_CALL);
    part->is_custom = custom != NULL;
    part->name = llmgw_json_string(llmgw_json_lookup(f, "name"), r->p);
    part->arguments = custom
        ? llmgw_json_string(llmgw_json_lookup(f, "input"), r->p)
        : llmgw_openai_arguments(llmgw_json_lookup(f, "arguments"), r->p);
    part->signature = llmgw_json_string(llmgw_openai_signature(call),
                                        r->p);
    part->cache_control = llmgw_json_raw(llmgw_json_lookup_type(
        call, "cache_control", LLMGW_JSON_OBJECT));
    rv = llmgw_reading_filled(r, call, "id", &part->id);
    if (rv == APR_SUCCESS) {
        llmgw_reading_add_call(r, part->id, part->name);
    }
    return rv;
}

static apr_status_t read_calls(llmgw_reading_t *r,
                               const llmgw_json_t *message,
                               apr_array_header_t *parts)
{
    const llmgw_json_t *calls = llmgw_json_lookup(message, "tool_calls");

    if (!calls || calls->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (calls->type != LLMGW_JSON_ARRAY) {
        return llmgw_reading_invalid(r, "tool_calls", "an array");
    }
    return llmgw_reading_each(r, "tool_calls", calls, read_call, parts);
}

/* The one call of the time before tools: it has no id, so one is made. */
static apr_status_t read_function_call(llmgw_reading_t *r,
                                       const llmgw_json_t *f,
                                       apr_array_header_t *parts)
{
    llmgw_part_t *part;

    if (!llmgw_json_is(f, LLMGW_JSON_OBJECT)) {
        return APR_SUCCESS;
    }
    if (!llmgw_json_lookup_type(f, "name", LLMGW_JSON_STRING)) {
        return llmgw_reading_missing(r, "function_call.name");
    }
    part = llmgw_parts_add(parts, LLMGW_PART_TOOL_CALL);
    part->id = llmgw_str_of(apr_psprintf(r->p, "call_function_%d",
                                         ++r->ncalls));
    part->name = llmgw_json_string(llmgw_json_lookup(f, "name"), r->p);
    part->arguments = llmgw_openai_arguments(
        llmgw_json_lookup(f, "arguments"), r->p);
    return APR_SUCCESS;
}

/* ---- reasoning of the history ------------------------------------------- */

/* What reading the details of one message works with. */
typedef struct details_t {
    apr_array_header_t *parts;
    llmgw_str_t index;          /* raw, of the entry before */
    llmgw_buf_t *text;          /* of a part that several entries make up */
} details_t;

/* The part that a detail continues: text of the same entry, not yet signed. */
static llmgw_part_t *join_detail(details_t *d, const llmgw_json_t *v)
{
    llmgw_part_t *last = d->parts->nelts
        ? &APR_ARRAY_IDX(d->parts, d->parts->nelts - 1, llmgw_part_t) : NULL;
    llmgw_str_t number = llmgw_json_raw(llmgw_json_lookup(v, "index"));
    int same = llmgw_str_eq(number, d->index);

    d->index = number;
    if (last && last->type == LLMGW_PART_REASONING && !last->signature.len
        && same) {
        return last;
    }
    d->text = NULL;
    return llmgw_parts_add(d->parts, LLMGW_PART_REASONING);
}

/* Add to a part's text; a buffer keeps many small pieces cheap. */
static void join_text(llmgw_reading_t *r, details_t *d,
                      llmgw_part_t *part, llmgw_str_t text)
{
    if (!part->text.len || !text.len) {
        part->text = part->text.len ? part->text : text;
        return;
    }
    if (!d->text) {
        d->text = llmgw_buf_create(r->p, APR_INT32_MAX);
        llmgw_buf_put(d->text, part->text);
    }
    llmgw_buf_put(d->text, text);
    part->text = llmgw_buf_str(d->text);
}

static void read_detail(llmgw_reading_t *r, const llmgw_json_t *v,
                        details_t *d)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    const llmgw_json_t *data = llmgw_json_lookup(v, "data");
    const llmgw_json_t *text = llmgw_json_lookup(
        v, llmgw_json_string_is(type, "reasoning.summary") ? "summary"
                                                 : "text");
    llmgw_part_t *part;

    if (llmgw_json_string_is(type, "reasoning.encrypted")) {
        if (llmgw_json_is(data, LLMGW_JSON_STRING)) {
            part = llmgw_parts_add(d->parts, LLMGW_PART_REDACTED);
            part->data = llmgw_json_string(data, r->p);
        }
        return;
    }
    part = join_detail(d, v);
    join_text(r, d, part, llmgw_json_string(text, r->p));
    if (llmgw_json_lookup_type(v, "signature", LLMGW_JSON_STRING)) {
        part->signature = llmgw_json_string(
            llmgw_json_lookup(v, "signature"), r->p);
    }
    if (!part->text.p) {
        part->text = LLMGW_STR_LIT("");
    }
}

static void read_reasoning(llmgw_reading_t *r,
                           const llmgw_json_t *message,
                           apr_array_header_t *parts)
{
    const llmgw_json_t *details = llmgw_json_lookup(message,
                                                    "reasoning_details");
    const llmgw_json_t *v;
    details_t d = { parts, LLMGW_STR_NULL, NULL };
    llmgw_str_t text;
    llmgw_part_t *part;

    if (llmgw_json_each(details, NULL)) {
        for (v = llmgw_json_each(details, NULL); v;
             v = llmgw_json_each(details, v)) {
            read_detail(r, v, &d);
        }
        return;
    }
    v = llmgw_json_lookup(message, "reasoning_content");
    if (!llmgw_json_is(v, LLMGW_JSON_STRING)) {
        v = llmgw_json_lookup(message, "reasoning");
    }
    text = llmgw_json_string(v, r->p);
    if (text.len) {
        part = llmgw_parts_add(parts, LLMGW_PART_REASONING);
        part->text = text;
    }
}

/* ---- messages by role --------------------------------------------------- */

static apr_status_t read_content(llmgw_reading_t *r,
                                 const llmgw_json_t *message, int required,
                                 apr_array_header_t *parts)
{
    const llmgw_json_t *content = llmgw_json_lookup(message, "content");
    llmgw_str_t marker = llmgw_json_raw(llmgw_json_lookup_type(
        message, "cache_control", LLMGW_JSON_OBJECT));
    apr_status_t rv;

    if (!content || content->type == LLMGW_JSON_NULL) {
        return required ? llmgw_reading_missing(r, "content")
                        : APR_SUCCESS;
    }
    rv = llmgw_openai_chat_read_content(r, content, parts);
    if (rv == APR_SUCCESS && marker.p && parts->nelts) {
        APR_ARRAY_IDX(parts, parts->nelts - 1, llmgw_part_t).cache_control =
            marker;
    }
    return rv;
}

static apr_status_t read_plain(llmgw_reading_t *r,
                               const llmgw_json_t *message, llmgw_role_e role)
{
    llmgw_message_t *m = llmgw_reading_add_message(r, role);
    apr_status_t rv;

    m->developer = llmgw_json_string_is(llmgw_json_lookup(message, "role"),
                                        "developer");
    rv = llmgw_reading_string(r, message, "name", &m->name);
    return rv == APR_SUCCESS ? read_content(r, message, 1, m->parts) : rv;
}

/* Drop text parts of nothing: an empty content is no content. */
static void drop_empty(apr_array_header_t *parts)
{
    llmgw_part_t *part;
    int i, kept = 0;

    for (i = 0; i < parts->nelts; i++) {
        part = &APR_ARRAY_IDX(parts, i, llmgw_part_t);
        if (part->type != LLMGW_PART_TEXT || part->text.len) {
            APR_ARRAY_IDX(parts, kept++, llmgw_part_t) = *part;
        }
    }
    parts->nelts = kept;
}

/* A turn with nothing in it is left out. */
static apr_status_t read_assistant(llmgw_reading_t *r,
                                   const llmgw_json_t *message)
{
    llmgw_message_t *m = llmgw_reading_add_message(r, LLMGW_ROLE_ASSISTANT);
    llmgw_str_t refusal = LLMGW_STR_NULL;
    apr_status_t rv;

    read_reasoning(r, message, m->parts);
    rv = read_content(r, message, 0, m->parts);
    if (rv == APR_SUCCESS) {
        drop_empty(m->parts);
        rv = llmgw_reading_string(r, message, "name", &m->name);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, message, "refusal", &refusal);
    }
    if (rv == APR_SUCCESS && refusal.len) {
        llmgw_parts_add(m->parts, LLMGW_PART_REFUSAL)->text = refusal;
    }
    if (rv == APR_SUCCESS) {
        rv = read_calls(r, message, m->parts);
    }
    if (rv == APR_SUCCESS) {
        rv = read_function_call(r, llmgw_json_lookup(message, "function_call"),
                                m->parts);
    }
    if (rv == APR_SUCCESS && !m->parts->nelts) {
        apr_array_pop(r->req->messages);
    }
    return rv;
}

static apr_status_t read_tool(llmgw_reading_t *r,
                              const llmgw_json_t *message, int legacy)
{
    llmgw_message_t *m = llmgw_reading_add_message(r, LLMGW_ROLE_TOOL);
    llmgw_part_t *part = llmgw_parts_add(m->parts, LLMGW_PART_TOOL_RESULT);
    apr_status_t rv;

    part->parts = apr_array_make(r->p, 1, sizeof(llmgw_part_t));
    part->is_error = llmgw_json_bool(llmgw_json_lookup(message, "is_error"),
                                     0);
    rv = llmgw_reading_string(r, message, "name", &part->name);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (legacy) {
        part->id = llmgw_str_of(apr_psprintf(r->p, "call_function_%d",
                                             r->ncalls));
    }
    else {
        rv = llmgw_reading_filled(r, message, "tool_call_id", &part->id);
    }
    if (rv == APR_SUCCESS && !part->name.p) {
        part->name = llmgw_reading_find_call(r, part->id);
    }
    return rv == APR_SUCCESS ? read_content(r, message, 0, part->parts) : rv;
}

static apr_status_t read_message(llmgw_reading_t *r,
                                 const llmgw_json_t *message, void *ctx)
{
    const llmgw_json_t *role = llmgw_json_lookup(message, "role");

    (void)ctx;
    if (message->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    if (!role) {
        return llmgw_reading_missing(r, "role");
    }
    if (llmgw_json_string_is(role, "user")) {
        return read_plain(r, message, LLMGW_ROLE_USER);
    }
    if (llmgw_json_string_is(role, "system")
        || llmgw_json_string_is(role, "developer")) {
        return read_plain(r, message, LLMGW_ROLE_SYSTEM);
    }
    if (llmgw_json_string_is(role, "assistant")) {
        return read_assistant(r, message);
    }
    if (llmgw_json_string_is(role, "tool")) {
        return read_tool(r, message, 0);
    }
    if (llmgw_json_string_is(role, "function")) {
        return read_tool(r, message, 1);
    }
    return llmgw_reading_invalid(r, "role", "\"system\", \"developer\", "
                                 "\"user\", \"assistant\" or \"tool\"");
}

apr_status_t llmgw_openai_chat_read_messages(llmgw_reading_t *r,
                                             const llmgw_json_t *messages)
{
    if (messages->type != LLMGW_JSON_ARRAY || !messages->count) {
        return llmgw_reading_invalid(r, "messages",
                                     "an array with at least one message");
    }
    return llmgw_reading_each(r, "messages", messages, read_message, NULL);
}
