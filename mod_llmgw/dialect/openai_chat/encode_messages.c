/* encode_messages.c: writing the messages of a request */
#include <apr_strings.h>
#include "openai_chat.h"

/* The longest id of a call that OpenAI takes. */
#define CALL_ID_MAX 40

static const llmgw_message_t *get_message(const openai_writing_t *wr,
                                          int i)
{
    return &APR_ARRAY_IDX(wr->req->messages, i, llmgw_message_t);
}

static const llmgw_part_t *get_part(const apr_array_header_t *parts, int i)
{
    return &APR_ARRAY_IDX(parts, i, llmgw_part_t);
}

/* ids are opaque to OpenAI but for their length */
static llmgw_str_t get_call_id(const openai_writing_t *wr, llmgw_str_t id)
{
    return id.len > CALL_ID_MAX ? llmgw_name_legal(id, CALL_ID_MAX, wr->p)
                                : id;
}

/* ---- assistant ---------------------------------------------------------- */

static void write_call(openai_writing_t *wr, const llmgw_part_t *part)
{
    const char *type = part->is_custom ? "custom" : "function";
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "id");
    llmgw_json_str(w, get_call_id(wr, part->id));
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, type);
    llmgw_json_key(w, type);
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "name");
    llmgw_json_str(w, llmgw_tool_name_legal(part->name, wr->p));
    llmgw_json_key(w, part->is_custom ? "input" : "arguments");
    llmgw_json_str(w, part->arguments.p ? part->arguments
                                        : LLMGW_STR_LIT(""));
    llmgw_json_end(w, '}');
    llmgw_openai_put_signature(w, part->signature);
    llmgw_json_end(w, '}');
}

static apr_status_t write_calls(openai_writing_t *wr,
                                const llmgw_message_t *m)
{
    apr_status_t rv = APR_SUCCESS;
    int j, n = 0;

    for (j = 0; j < m->parts->nelts && rv == APR_SUCCESS; j++) {
        if (get_part(m->parts, j)->type == LLMGW_PART_TOOL_CALL) {
            if (n++ == 0) {
                llmgw_json_key(&wr->w, "tool_calls");
                llmgw_json_begin(&wr->w, '[');
            }
            write_call(wr, get_part(m->parts, j));
            rv = llmgw_openai_check_marks(wr, get_part(m->parts, j));
        }
    }
    if (n) {
        llmgw_json_end(&wr->w, ']');
    }
    return rv;
}

static void write_detail(openai_writing_t *wr, const llmgw_part_t *part,
                         int index)
{
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    if (part->type == LLMGW_PART_REDACTED) {
        llmgw_json_strz(w, "reasoning.encrypted");
        llmgw_json_opt_str(w, "data", part->data);
    }
    else {
        llmgw_json_strz(w, "reasoning.text");
        llmgw_json_opt_str(w, "text", part->text);
        llmgw_json_opt_str(w, "signature", part->signature);
    }
    llmgw_json_key(w, "index");
    llmgw_json_int_out(w, index);
    llmgw_json_end(w, '}');
}

/*
 * Reasoning of earlier turns. OpenAI itself takes none, so it goes only to
 * servers that say they do.
 */
static void write_reasoning(openai_writing_t *wr,
                            const llmgw_message_t *m)
{
    llmgw_json_writer_t *w = &wr->w;
    const llmgw_part_t *part;
    int j, texts = 0, n = 0;

    if (!(wr->how->quirks & LLMGW_QUIRK_REASONING)) {
        return;
    }
    for (j = 0; j < m->parts->nelts; j++) {
        part = get_part(m->parts, j);
        if (part->type == LLMGW_PART_REASONING && part->text.len) {
            if (texts++ == 0) {
                llmgw_json_key(w, "reasoning_content");
                llmgw_json_raw_out(w, LLMGW_STR_LIT("\""));
            }
            llmgw_json_put_escaped(w->out, part->text);
        }
    }
    if (texts) {
        llmgw_buf_putc(w->out, '"');
    }
    for (j = 0; j < m->parts->nelts; j++) {
        part = get_part(m->parts, j);
        if (part->type == LLMGW_PART_REASONING
            || part->type == LLMGW_PART_REDACTED) {
            if (n == 0) {
                llmgw_json_key(w, "reasoning_details");
                llmgw_json_begin(w, '[');
            }
            write_detail(wr, part, n++);
        }
    }
    if (n) {
        llmgw_json_end(w, ']');
    }
}

static apr_status_t write_assistant(openai_writing_t *wr,
                                    const llmgw_message_t *m)
{
    apr_status_t rv = llmgw_openai_chat_write_content(wr, m->parts,
                                                      m->number);

    write_reasoning(wr, m);
    return rv == APR_SUCCESS ? write_calls(wr, m) : rv;
}

/* What a tool message can hold. */
static int is_text(const llmgw_part_t *part)
{
    return part->type == LLMGW_PART_TEXT
        || (part->type == LLMGW_PART_DOCUMENT && part->text.p);
}

/* ---- tool results ------------------------------------------------------- */

/* Report what a tool message has no member for. */
static apr_status_t check_result(openai_writing_t *wr,
                                 const llmgw_part_t *result, int i)
{
    apr_status_t rv = llmgw_openai_check_marks(wr, result);
    int j;

    if (rv == APR_SUCCESS && result->is_error) {
        rv = llmgw_openai_cannot(wr, 1, "messages[%d].is_error", i);
    }
    for (j = 0; result->parts && j < result->parts->nelts
         && rv == APR_SUCCESS; j++) {
        if (is_text(get_part(result->parts, j))) {
            rv = llmgw_openai_check_marks(wr,
                                               get_part(result->parts, j));
        }
    }
    return rv;
}

/* The texts of a result; its images follow in a message of their own. */
static apr_status_t write_result(openai_writing_t *wr,
                                 const llmgw_part_t *result, int i)
{
    llmgw_json_writer_t *w = &wr->w;
    int j, n = 0;

    if (check_result(wr, result, i) != APR_SUCCESS) {
        return LLMGW_EUNSUPPORTED;
    }
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "role");
    llmgw_json_strz(w, "tool");
    llmgw_json_key(w, "tool_call_id");
    llmgw_json_str(w, get_call_id(wr, result->id));
    llmgw_json_key(w, "content");
    for (j = 0; result->parts && j < result->parts->nelts; j++) {
        n += is_text(get_part(result->parts, j));
    }
    if (n == 0) {
        llmgw_json_strz(w, "");
    }
    else if (n > 1) {
        llmgw_json_begin(w, '[');
    }
    for (j = 0; result->parts && j < result->parts->nelts; j++) {
        if (is_text(get_part(result->parts, j)) && n > 1) {
            llmgw_openai_chat_write_text(w, get_part(result->parts, j)->text);
        }
        else if (is_text(get_part(result->parts, j))) {
            llmgw_json_str(w, get_part(result->parts, j)->text);
        }
    }
    if (n > 1) {
        llmgw_json_end(w, ']');
    }
    llmgw_json_end(w, '}');
    return APR_SUCCESS;
}

static int has_media(const llmgw_part_t *result)
{
    int j;

    for (j = 0; result->parts && j < result->parts->nelts; j++) {
        if (!is_text(get_part(result->parts, j))) {
            return 1;
        }
    }
    return 0;
}

/* Images and the like of one result, named by its call. */
static apr_status_t write_media(openai_writing_t *wr,
                                const llmgw_part_t *result, int i)
{
    llmgw_json_writer_t *w = &wr->w;
    apr_status_t rv = APR_SUCCESS;
    int j;

    llmgw_openai_chat_write_text(w, llmgw_str_of(apr_psprintf(
        wr->p, "Result of %.*s:",
        LLMGW_STR_ARG(get_call_id(wr, result->id)))));
    for (j = 0; j < result->parts->nelts && rv == APR_SUCCESS; j++) {
        if (!is_text(get_part(result->parts, j))) {
            rv = llmgw_openai_chat_write_part(
                wr, get_part(result->parts, j), i);
        }
    }
    return rv;
}

/*
 * A run of tool messages from i on: first all results, then, in a user turn,
 * what a tool message cannot hold. Sets *next to the message after the run.
 */
static apr_status_t write_results(openai_writing_t *wr, int i, int *next)
{
    const llmgw_message_t *m;
    apr_status_t rv = APR_SUCCESS;
    int end, j, k, open = 0;

    for (end = i; end < wr->req->messages->nelts
         && get_message(wr, end)->role == LLMGW_ROLE_TOOL
         && rv == APR_SUCCESS; end++) {
        m = get_message(wr, end);
        for (j = 0; j < m->parts->nelts && rv == APR_SUCCESS; j++) {
            rv = write_result(wr, get_part(m->parts, j), m->number);
        }
    }
    *next = end;
    for (k = i; k < end && rv == APR_SUCCESS; k++) {
        m = get_message(wr, k);
        for (j = 0; j < m->parts->nelts && rv == APR_SUCCESS; j++) {
            if (!has_media(get_part(m->parts, j))) {
                continue;
            }
            if (!open) {
                llmgw_json_begin(&wr->w, '{');
                llmgw_json_key(&wr->w, "role");
                llmgw_json_strz(&wr->w, "user");
                llmgw_json_key(&wr->w, "content");
                llmgw_json_begin(&wr->w, '[');
                open = 1;
            }
            rv = write_media(wr, get_part(m->parts, j), m->number);
        }
    }
    if (open) {
        llmgw_json_end(&wr->w, ']');
        llmgw_json_end(&wr->w, '}');
    }
    return rv;
}

/* ---- all ---------------------------------------------------------------- */

static const char *get_role(const openai_writing_t *wr,
                            const llmgw_message_t *m)
{
    switch (m->role) {
    case LLMGW_ROLE_SYSTEM:
        return m->developer && !(wr->how->quirks & LLMGW_QUIRK_NO_DEVELOPER)
            ? "developer" : "system";
    case LLMGW_ROLE_ASSISTANT:
        return "assistant";
    default:
        return "user";
    }
}

/* Is there nothing in it but items of another provider's tools? */
static int is_foreign_only(const llmgw_message_t *m)
{
    int j = 0;

    while (j < m->parts->nelts
           && get_part(m->parts, j)->type == LLMGW_PART_BUILTIN) {
        j++;
    }
    return j && j == m->parts->nelts;
}

static apr_status_t write_message(openai_writing_t *wr, int i)
{
    const llmgw_message_t *m = get_message(wr, i);
    apr_status_t rv;

    if (is_foreign_only(m)) {
        return llmgw_openai_cannot(wr, 1, "messages[%d].content",
                                        m->number);
    }
    llmgw_json_begin(&wr->w, '{');
    llmgw_json_key(&wr->w, "role");
    llmgw_json_strz(&wr->w, get_role(wr, m));
    llmgw_json_opt_str(&wr->w, "name", m->name);
    rv = m->role == LLMGW_ROLE_ASSISTANT
        ? write_assistant(wr, m)
        : llmgw_openai_chat_write_content(wr, m->parts, m->number);
    llmgw_json_end(&wr->w, '}');
    return rv;
}

apr_status_t llmgw_openai_chat_write_messages(openai_writing_t *wr)
{
    apr_status_t rv = APR_SUCCESS;
    int i = 0;

    llmgw_json_key(&wr->w, "messages");
    llmgw_json_begin(&wr->w, '[');
    while (i < wr->req->messages->nelts && rv == APR_SUCCESS) {
        if (get_message(wr, i)->role == LLMGW_ROLE_TOOL) {
            rv = write_results(wr, i, &i);
        }
        else {
            rv = write_message(wr, i);
            i++;
        }
    }
    llmgw_json_end(&wr->w, ']');
    return rv;
}
