/* request_messages.c: writing system and messages for Anthropic */
#include <string.h>
#include "anthropic.h"

/* Ids of calls: ^[a-zA-Z0-9_-]+$. */
#define CALL_ID_MAX 128

/* A turn being written; its head is due when the first block comes. */
typedef struct turn_t {
    const char *role;
    int is_open;
} turn_t;

static const llmgw_message_t *get_message(const anthropic_writing_t *wr, int i)
{
    return &APR_ARRAY_IDX(wr->req->messages, i, llmgw_message_t);
}

static const llmgw_part_t *get_part(const apr_array_header_t *parts, int i)
{
    return &APR_ARRAY_IDX(parts, i, llmgw_part_t);
}

static void begin_block(anthropic_writing_t *wr, const char *type)
{
    llmgw_json_begin(&wr->w, '{');
    llmgw_json_key(&wr->w, "type");
    llmgw_json_strz(&wr->w, type);
}

static void end_block(anthropic_writing_t *wr, const llmgw_part_t *part)
{
    llmgw_json_opt_raw(&wr->w, "cache_control", part->cache_control);
    llmgw_json_end(&wr->w, '}');
}

/* What this dialect's clients said in more words than the model has. */
static int is_raw(const anthropic_writing_t *wr, const llmgw_part_t *part)
{
    return part->raw.p && wr->req->dialect == &llmgw_dialect_anthropic;
}

static void write_text(anthropic_writing_t *wr, const llmgw_part_t *part)
{
    if (is_raw(wr, part)) {
        llmgw_json_raw_out(&wr->w, part->raw);
        return;
    }
    begin_block(wr, "text");
    llmgw_json_opt_str(&wr->w, "text", part->text);
    if (wr->req->dialect == &llmgw_dialect_anthropic) {
        llmgw_json_opt_raw(&wr->w, "citations", part->annotations);
    }
    end_block(wr, part);
}

/* ---- system ------------------------------------------------------------- */

static void begin_system(anthropic_writing_t *wr, int *n)
{
    if ((*n)++ == 0) {
        llmgw_json_key(&wr->w, "system");
        llmgw_json_begin(&wr->w, '[');
    }
}

static apr_status_t write_system_parts(anthropic_writing_t *wr, int i, int *n)
{
    const llmgw_message_t *m = get_message(wr, i);
    apr_status_t rv = APR_SUCCESS;
    int j;

    for (j = 0; j < m->parts->nelts && rv == APR_SUCCESS; j++) {
        if (get_part(m->parts, j)->type != LLMGW_PART_TEXT) {
            rv = llmgw_anthropic_cannot(wr, 0, "messages[%d].content",
                                        m->number);
        }
        else if (!llmgw_text_is_blank(get_part(m->parts, j)->text)) {
            begin_system(wr, n);
            write_text(wr, get_part(m->parts, j));
        }
    }
    return rv;
}

/* An answer in JSON is asked for in words where the API has no member. */
static void ask_for_json(anthropic_writing_t *wr, int *n)
{
    llmgw_format_e format = wr->req->format;
    llmgw_json_writer_t *w = &wr->w;

    if ((format != LLMGW_FORMAT_JSON_OBJECT
         && format != LLMGW_FORMAT_JSON_SCHEMA)
        || llmgw_anthropic_has_schema(wr)) {
        return;
    }
    begin_system(wr, n);
    begin_block(wr, "text");
    llmgw_json_key(w, "text");
    llmgw_json_raw_out(w, LLMGW_STR_LIT(
        "\"Answer with one JSON object and nothing else: no code fence, no "
        "text around it."));
    if (format == LLMGW_FORMAT_JSON_SCHEMA && wr->req->schema.p) {
        llmgw_buf_puts(w->out, " It must match this JSON Schema: ");
        llmgw_json_put_escaped(w->out, wr->req->schema);
    }
    llmgw_buf_putc(w->out, '"');
    llmgw_json_end(w, '}');
}

/* Nothing but system messages: they are the user's turn then. */
static int is_only_system(const anthropic_writing_t *wr)
{
    int i;

    for (i = 0; i < wr->req->messages->nelts; i++) {
        if (get_message(wr, i)->role != LLMGW_ROLE_SYSTEM) {
            return 0;
        }
    }
    return 1;
}

apr_status_t llmgw_anthropic_write_system(anthropic_writing_t *wr)
{
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    wr->is_only_system = is_only_system(wr);
    for (i = 0; i < wr->req->messages->nelts && rv == APR_SUCCESS
         && !wr->is_only_system; i++) {
        if (get_message(wr, i)->role == LLMGW_ROLE_SYSTEM) {
            rv = write_system_parts(wr, i, &n);
        }
    }
    ask_for_json(wr, &n);
    if (n) {
        llmgw_json_end(&wr->w, ']');
    }
    return rv;
}

/* ---- blocks ------------------------------------------------------------- */

/* A call's input is an object; a text that is none is wrapped into one. */
static void write_input(anthropic_writing_t *wr, const llmgw_part_t *part)
{
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_key(w, "input");
    if (!part->is_custom && llmgw_raw_is_object(part->arguments)) {
        llmgw_json_raw_out(w, part->arguments);
        return;
    }
    llmgw_json_begin(w, '{');
    if (part->arguments.len) {
        llmgw_json_opt_str(w, "input", part->arguments);
    }
    llmgw_json_end(w, '}');
}

static void write_call(anthropic_writing_t *wr, const llmgw_part_t *part)
{
    begin_block(wr, "tool_use");
    llmgw_json_opt_str(&wr->w, "id",
                       llmgw_name_legal(part->id, CALL_ID_MAX, wr->p));
    llmgw_json_opt_str(&wr->w, "name",
                       llmgw_tool_name_legal(part->name, wr->p));
    write_input(wr, part);
    end_block(wr, part);
}

static apr_status_t write_result_parts(anthropic_writing_t *wr,
                                       const llmgw_part_t *result, int i)
{
    const llmgw_part_t *part;
    apr_status_t rv = APR_SUCCESS;
    int j;

    llmgw_json_key(&wr->w, "content");
    llmgw_json_begin(&wr->w, '[');
    for (j = 0; result->parts && j < result->parts->nelts
         && rv == APR_SUCCESS; j++) {
        part = get_part(result->parts, j);
        if (is_raw(wr, part)) {
            llmgw_json_raw_out(&wr->w, part->raw);
        }
        else if (part->type == LLMGW_PART_IMAGE
            || part->type == LLMGW_PART_DOCUMENT) {
            rv = llmgw_anthropic_write_media(wr, part, i);
        }
        else if (part->type != LLMGW_PART_TEXT) {
            rv = llmgw_anthropic_cannot(wr, 0, "messages[%d].content", i);
        }
        else if (!llmgw_text_is_blank(part->text)) {
            write_text(wr, part);
        }
    }
    llmgw_json_end(&wr->w, ']');
    return rv;
}

static apr_status_t write_result(anthropic_writing_t *wr,
                                 const llmgw_part_t *result, int i)
{
    apr_status_t rv;

    begin_block(wr, "tool_result");
    llmgw_json_opt_str(&wr->w, "tool_use_id",
                       llmgw_name_legal(result->id, CALL_ID_MAX, wr->p));
    rv = write_result_parts(wr, result, i);
    if (result->is_error) {
        llmgw_json_key(&wr->w, "is_error");
        llmgw_json_bool_out(&wr->w, 1);
    }
    end_block(wr, result);
    return rv;
}

static void write_thinking(anthropic_writing_t *wr, const llmgw_part_t *part)
{
    if (part->type == LLMGW_PART_REDACTED) {
        begin_block(wr, "redacted_thinking");
        llmgw_json_opt_str(&wr->w, "data", part->data);
    }
    else {
        begin_block(wr, "thinking");
        llmgw_json_opt_str(&wr->w, "thinking", part->text);
        llmgw_json_opt_str(&wr->w, "signature", part->signature);
    }
    llmgw_json_end(&wr->w, '}');
}

/* ---- turns -------------------------------------------------------------- */

static void open_turn(anthropic_writing_t *wr, turn_t *turn)
{
    if (!turn->is_open) {
        turn->is_open = 1;
        llmgw_json_begin(&wr->w, '{');
        llmgw_json_key(&wr->w, "role");
        llmgw_json_strz(&wr->w, turn->role);
        llmgw_json_key(&wr->w, "content");
        llmgw_json_begin(&wr->w, '[');
    }
}

static void close_turn(anthropic_writing_t *wr, turn_t *turn)
{
    if (turn->is_open) {
        llmgw_json_end(&wr->w, ']');
        llmgw_json_end(&wr->w, '}');
    }
}

/* Parts that write no block at all. */
static int is_nothing(const llmgw_part_t *part)
{
    switch (part->type) {
    case LLMGW_PART_TEXT:
    case LLMGW_PART_REFUSAL:
        return llmgw_text_is_blank(part->text);
    case LLMGW_PART_REASONING:
        return !part->signature.len;
    default:
        return 0;
    }
}

static apr_status_t write_part(anthropic_writing_t *wr, turn_t *turn,
                               const llmgw_part_t *part, int i)
{
    if (is_nothing(part)) {
        return APR_SUCCESS;
    }
    if (part->type == LLMGW_PART_AUDIO || part->type == LLMGW_PART_VIDEO) {
        return llmgw_anthropic_cannot(wr, 0, "messages[%d].content", i);
    }
    if (part->type == LLMGW_PART_BUILTIN && !is_raw(wr, part)) {
        return llmgw_anthropic_cannot(wr, 1, "messages[%d].content", i);
    }
    open_turn(wr, turn);
    if (is_raw(wr, part)) {
        llmgw_json_raw_out(&wr->w, part->raw);
        return APR_SUCCESS;
    }
    switch (part->type) {
    case LLMGW_PART_IMAGE:
    case LLMGW_PART_DOCUMENT:
        return llmgw_anthropic_write_media(wr, part, i);
    case LLMGW_PART_TOOL_RESULT:
        return write_result(wr, part, i);
    case LLMGW_PART_TOOL_CALL:
        write_call(wr, part);
        return APR_SUCCESS;
    case LLMGW_PART_REASONING:
    case LLMGW_PART_REDACTED:
        write_thinking(wr, part);
        return APR_SUCCESS;
    default:
        write_text(wr, part);
        return APR_SUCCESS;
    }
}

static const char *get_role(const llmgw_message_t *m)
{
    return m->role == LLMGW_ROLE_ASSISTANT ? "assistant" : "user";
}

/* A system message has its place already, unless there is nothing else. */
static int is_elsewhere(const anthropic_writing_t *wr,
                        const llmgw_message_t *m)
{
    return m->role == LLMGW_ROLE_SYSTEM && !wr->is_only_system;
}

/* Write the parts of a run of messages that are results, or those that are
 * not. */
static apr_status_t write_run(anthropic_writing_t *wr, turn_t *turn, int from,
                              int to, int results)
{
    const llmgw_message_t *m;
    apr_status_t rv = APR_SUCCESS;
    int i, j;

    for (i = from; i < to && rv == APR_SUCCESS; i++) {
        m = get_message(wr, i);
        if (is_elsewhere(wr, m)) {
            continue;
        }
        for (j = 0; j < m->parts->nelts && rv == APR_SUCCESS; j++) {
            if ((get_part(m->parts, j)->type == LLMGW_PART_TOOL_RESULT)
                == results) {
                rv = write_part(wr, turn, get_part(m->parts, j), m->number);
            }
        }
        if (m->name.len && !results && rv == APR_SUCCESS) {
            rv = llmgw_anthropic_cannot(wr, 1, "messages[%d].name",
                                        m->number);
        }
    }
    return rv;
}

/* Where the run of messages ends that make up one turn. */
static int find_end(const anthropic_writing_t *wr, int from,
                    const char **role)
{
    int i;

    *role = NULL;
    for (i = from; i < wr->req->messages->nelts; i++) {
        const llmgw_message_t *m = get_message(wr, i);

        if (is_elsewhere(wr, m)) {
            continue;
        }
        if (*role && strcmp(*role, get_role(m)) != 0) {
            break;
        }
        *role = get_role(m);
    }
    return i;
}

apr_status_t llmgw_anthropic_write_messages(anthropic_writing_t *wr)
{
    apr_status_t rv = APR_SUCCESS;
    turn_t turn;
    int i = 0, end;

    llmgw_json_key(&wr->w, "messages");
    llmgw_json_begin(&wr->w, '[');
    while (i < wr->req->messages->nelts && rv == APR_SUCCESS) {
        end = find_end(wr, i, &turn.role);
        turn.is_open = 0;
        rv = write_run(wr, &turn, i, end, 1);
        if (rv == APR_SUCCESS) {
            rv = write_run(wr, &turn, i, end, 0);
        }
        close_turn(wr, &turn);
        i = end;
    }
    llmgw_json_end(&wr->w, ']');
    return rv;
}
