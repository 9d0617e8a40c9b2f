/* request_contents.c: writing the conversation for Gemini */
#include <string.h>
#include <apr_hash.h>
#include "gemini.h"

static const llmgw_message_t *get_message(const gemini_writing_t *wr, int i)
{
    return &APR_ARRAY_IDX(wr->req->messages, i, llmgw_message_t);
}

static const llmgw_part_t *get_part(const apr_array_header_t *parts, int i)
{
    return &APR_ARRAY_IDX(parts, i, llmgw_part_t);
}

/* ---- system ------------------------------------------------------------- */

static int is_only_system(const gemini_writing_t *wr)
{
    int i;

    for (i = 0; i < wr->req->messages->nelts; i++) {
        if (get_message(wr, i)->role != LLMGW_ROLE_SYSTEM) {
            return 0;
        }
    }
    return 1;
}

/* Report the marks on a part that no member can hold. */
static apr_status_t check_marker(gemini_writing_t *wr,
                                 const llmgw_part_t *part)
{
    apr_status_t rv = APR_SUCCESS;

    if (part->cache_control.p) {
        rv = llmgw_gemini_cannot(wr, 1, "cache_control");
    }
    if (rv == APR_SUCCESS && part->annotations.p) {
        rv = llmgw_gemini_cannot(wr, 1, "citations");
    }
    return rv;
}

/* The texts of all system messages, in order. */
static apr_status_t write_system_parts(gemini_writing_t *wr, int *n,
                                       const char *key)
{
    const llmgw_message_t *m;
    const llmgw_part_t *part;
    apr_status_t rv = APR_SUCCESS;
    int i, j;

    for (i = 0; i < wr->req->messages->nelts; i++) {
        m = get_message(wr, i);
        for (j = 0; m->role == LLMGW_ROLE_SYSTEM && j < m->parts->nelts
             && rv == APR_SUCCESS; j++) {
            part = get_part(m->parts, j);
            if (part->type != LLMGW_PART_TEXT) {
                rv = llmgw_gemini_cannot(wr, 0, "messages[%d].content",
                                         m->number);
            }
            else if (part->text.len) {
                if ((*n)++ == 0 && key) {
                    llmgw_json_key(&wr->w, key);
                    llmgw_json_begin(&wr->w, '{');
                    llmgw_json_key(&wr->w, "parts");
                    llmgw_json_begin(&wr->w, '[');
                }
                llmgw_gemini_write_text(wr, part->text, LLMGW_STR_NULL);
                rv = check_marker(wr, part);
            }
        }
    }
    return rv;
}

apr_status_t llmgw_gemini_write_system(gemini_writing_t *wr)
{
    apr_status_t rv;
    int n = 0;

    wr->is_only_system = is_only_system(wr);
    if (wr->is_only_system || (wr->model->flags & GEMINI_NO_SYSTEM)) {
        return APR_SUCCESS;     /* it goes into the conversation */
    }
    rv = write_system_parts(wr, &n, "systemInstruction");
    if (n) {
        llmgw_json_end(&wr->w, ']');
        llmgw_json_end(&wr->w, '}');
    }
    return rv;
}

/* ---- parts -------------------------------------------------------------- */

/* A turn that is being written; its content opens with its first part. */
typedef struct turn_t {
    const char *role;
    int is_open;
    int ncalls;
} turn_t;

static void open_turn(gemini_writing_t *wr, turn_t *turn)
{
    if (!turn->is_open) {
        turn->is_open = 1;
        llmgw_json_begin(&wr->w, '{');
        llmgw_json_key(&wr->w, "role");
        llmgw_json_strz(&wr->w, turn->role);
        llmgw_json_key(&wr->w, "parts");
        llmgw_json_begin(&wr->w, '[');
    }
}

static void close_turn(gemini_writing_t *wr, turn_t *turn)
{
    if (turn->is_open) {
        llmgw_json_end(&wr->w, ']');
        llmgw_json_end(&wr->w, '}');
    }
}

/* Is there such a part, a text that is written? */
static int is_text(const apr_array_header_t *parts, int j)
{
    return j >= 0 && j < parts->nelts && get_part(parts, j)->text.len
        && get_part(parts, j)->type == LLMGW_PART_TEXT;
}

/* Is there such a part, a signature that stands for one of a text? */
static int is_signature(const apr_array_header_t *parts, int j)
{
    return j >= 0 && j < parts->nelts && !get_part(parts, j)->text.len
        && get_part(parts, j)->type == LLMGW_PART_REASONING
        && get_part(parts, j)->signature.len;
}

/* The text it is of: the one before it, or the one after, as clients that keep
 * reasoning apart give that first. -1: none */
static int find_text(const apr_array_header_t *parts, int j)
{
    if (is_text(parts, j - 1)) {
        return j - 1;
    }
    return is_text(parts, j + 1) && !is_signature(parts, j + 2) ? j + 1 : -1;
}

/*
 * Thoughts go back with their signature only: without one they are of no use to
 * the model, or another's.
 */
static void write_thought(gemini_writing_t *wr, turn_t *turn,
                          const apr_array_header_t *parts, int j)
{
    const llmgw_part_t *part = get_part(parts, j);
    llmgw_json_writer_t *w = &wr->w;

    if (is_signature(parts, j)) {
        if (find_text(parts, j) < 0) {
            open_turn(wr, turn);
            llmgw_gemini_write_text(wr, LLMGW_STR_LIT(""), part->signature);
        }
        return;
    }
    if (!part->signature.len && !llmgw_gemini_is_own(wr)) {
        return;
    }
    open_turn(wr, turn);
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "text", part->text);
    llmgw_json_key(w, "thought");
    llmgw_json_bool_out(w, 1);
    if (part->signature.len) {
        llmgw_json_opt_str(w, "thoughtSignature", part->signature);
    }
    llmgw_json_end(w, '}');
}

static void write_text(gemini_writing_t *wr, turn_t *turn,
                       const apr_array_header_t *parts, int j)
{
    llmgw_str_t signature = LLMGW_STR_NULL;

    if (!get_part(parts, j)->text.len) {
        return;
    }
    if (is_signature(parts, j + 1) && find_text(parts, j + 1) == j) {
        signature = get_part(parts, j + 1)->signature;
    }
    else if (is_signature(parts, j - 1) && find_text(parts, j - 1) == j) {
        signature = get_part(parts, j - 1)->signature;
    }
    open_turn(wr, turn);
    llmgw_gemini_write_text(wr, get_part(parts, j)->text, signature);
}

/* The first call of a turn must be signed, where the model looks for it. */
static void write_call(gemini_writing_t *wr, turn_t *turn,
                       const llmgw_part_t *part)
{
    int wanted = turn->ncalls++ == 0 && (wr->model->flags & GEMINI_SIGNED);

    open_turn(wr, turn);
    llmgw_gemini_write_call(wr, part, wanted
                            ? LLMGW_STR_LIT(LLMGW_GEMINI_NO_SIGNATURE)
                            : LLMGW_STR_NULL);
}

static apr_status_t write_part(gemini_writing_t *wr, turn_t *turn,
                               const llmgw_message_t *m, int j)
{
    const llmgw_part_t *part = get_part(m->parts, j);
    apr_status_t rv = APR_SUCCESS;

    switch (part->type) {
    case LLMGW_PART_TEXT:
    case LLMGW_PART_REFUSAL:
        write_text(wr, turn, m->parts, j);
        break;
    case LLMGW_PART_REASONING:
        write_thought(wr, turn, m->parts, j);
        break;
    case LLMGW_PART_TOOL_CALL:
        write_call(wr, turn, part);
        break;
    case LLMGW_PART_TOOL_RESULT:
        open_turn(wr, turn);
        rv = llmgw_gemini_write_result(wr, part, m->number);
        break;
    case LLMGW_PART_REDACTED:
        break;                      /* only its maker can read it */
    case LLMGW_PART_BUILTIN:        /* what a tool did there is history */
        rv = llmgw_gemini_cannot(wr, 1, "messages[%d].content", m->number);
        break;
    default:
        open_turn(wr, turn);
        rv = llmgw_gemini_write_media(wr, part, m->number);
        break;
    }
    return rv == APR_SUCCESS ? check_marker(wr, part) : rv;
}

static apr_status_t write_message(gemini_writing_t *wr, turn_t *turn, int i)
{
    const llmgw_message_t *m = get_message(wr, i);
    apr_status_t rv = APR_SUCCESS;
    int j;

    for (j = 0; j < m->parts->nelts && rv == APR_SUCCESS; j++) {
        rv = write_part(wr, turn, m, j);
    }
    if (m->name.len && rv == APR_SUCCESS) {
        rv = llmgw_gemini_cannot(wr, 1, "messages[%d].name", m->number);
    }
    return rv;
}

/* Images and the like of results, for models that want them beside these. */
static apr_status_t write_media(gemini_writing_t *wr, turn_t *turn, int i)
{
    const llmgw_message_t *m = get_message(wr, i);
    apr_status_t rv = APR_SUCCESS;
    int j;

    for (j = 0; j < m->parts->nelts && turn->is_open && rv == APR_SUCCESS;
         j++) {
        if (get_part(m->parts, j)->type == LLMGW_PART_TOOL_RESULT) {
            rv = llmgw_gemini_write_result_media(wr, get_part(m->parts, j),
                                                 m->number);
        }
    }
    return rv;
}

/* ---- turns -------------------------------------------------------------- */

static int is_elsewhere(const gemini_writing_t *wr, const llmgw_message_t *m)
{
    return m->role == LLMGW_ROLE_SYSTEM && !wr->is_only_system;
}

/*
 * Where the run of messages ends that make up one turn. Results have one of
 * their own, right after the calls they belong to.
 */
static int find_end(const gemini_writing_t *wr, int from, llmgw_role_e *role)
{
    int i, found = 0;

    *role = LLMGW_ROLE_USER;
    for (i = from; i < wr->req->messages->nelts; i++) {
        const llmgw_message_t *m = get_message(wr, i);

        if (is_elsewhere(wr, m)) {
            continue;
        }
        if (found && *role != m->role) {
            break;
        }
        *role = m->role;
        found = 1;
    }
    return i;
}

static apr_status_t write_turn(gemini_writing_t *wr, int from, int end,
                               llmgw_role_e role, int *has_system)
{
    turn_t turn = { role == LLMGW_ROLE_ASSISTANT ? "model" : "user", 0,
                    0 };
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    if (role == LLMGW_ROLE_USER && !*has_system && !wr->is_only_system
        && (wr->model->flags & GEMINI_NO_SYSTEM)) {
        *has_system = 1;
        open_turn(wr, &turn);
        rv = write_system_parts(wr, &n, NULL);
    }
    for (i = from; i < end && rv == APR_SUCCESS; i++) {
        if (!is_elsewhere(wr, get_message(wr, i))) {
            rv = write_message(wr, &turn, i);
        }
    }
    for (i = from; i < end && rv == APR_SUCCESS; i++) {
        rv = write_media(wr, &turn, i);
    }
    close_turn(wr, &turn);
    return rv;
}

/* The calls by their ids: results need to know the names. */
static void list_calls(gemini_writing_t *wr)
{
    const llmgw_message_t *m;
    const llmgw_part_t *part;
    int i, j;

    wr->calls = apr_hash_make(wr->p);
    for (i = 0; i < wr->req->messages->nelts; i++) {
        m = get_message(wr, i);
        for (j = 0; j < m->parts->nelts; j++) {
            part = get_part(m->parts, j);
            if (part->type == LLMGW_PART_TOOL_CALL && part->id.p) {
                apr_hash_set(wr->calls, part->id.p,
                             (apr_ssize_t)part->id.len, part);
            }
        }
    }
}

apr_status_t llmgw_gemini_write_contents(gemini_writing_t *wr)
{
    apr_status_t rv = APR_SUCCESS;
    llmgw_role_e role;
    int i = 0, end, has_system = 0;

    list_calls(wr);
    llmgw_json_key(&wr->w, "contents");
    llmgw_json_begin(&wr->w, '[');
    while (i < wr->req->messages->nelts && rv == APR_SUCCESS) {
        end = find_end(wr, i, &role);
        rv = write_turn(wr, i, end, role, &has_system);
        i = end;
    }
    llmgw_json_end(&wr->w, ']');
    return rv;
}
