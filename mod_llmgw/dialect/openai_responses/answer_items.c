/* answer_items.c: writing the items of an answer, as they begin and end */
#include <string.h>
#include "openai_responses.h"

/* ---- blocks ------------------------------------------------------------- */

/* Responses has one choice. */
static const llmgw_choice_t *get_choice(const openai_responses_view_t *view)
{
    return view->answer->choices->nelts
        ? APR_ARRAY_IDX(view->answer->choices, 0, llmgw_choice_t *) : NULL;
}

int llmgw_openai_responses_nblocks(const openai_responses_view_t *view)
{
    const llmgw_choice_t *c = get_choice(view);

    return c ? c->blocks->nelts : 0;
}

llmgw_block_t *llmgw_openai_responses_block(
    const openai_responses_view_t *view, int i)
{
    return APR_ARRAY_IDX(get_choice(view)->blocks, i, llmgw_block_t *);
}

openai_responses_item_e llmgw_openai_responses_kind(const llmgw_block_t *b)
{
    switch (b->type) {
    case LLMGW_EV_TEXT:
    case LLMGW_EV_REFUSAL:
        return OPENAI_RESPONSES_MESSAGE;
    case LLMGW_EV_REASONING:
    case LLMGW_EV_REDACTED:
        return OPENAI_RESPONSES_REASONING;
    case LLMGW_EV_TOOL_START:
        return OPENAI_RESPONSES_CALL;
    case LLMGW_EV_IMAGE:
        return OPENAI_RESPONSES_IMAGE;
    case LLMGW_EV_BUILTIN:
        return b->dialect == &llmgw_dialect_openai_responses
            ? OPENAI_RESPONSES_BUILTIN : OPENAI_RESPONSES_NOTHING;
    default:
        return OPENAI_RESPONSES_NOTHING;
    }
}

int llmgw_openai_responses_continues(const openai_responses_view_t *view,
                                     int i)
{
    return i > 0
        && llmgw_openai_responses_kind(llmgw_openai_responses_block(view, i))
            == OPENAI_RESPONSES_MESSAGE
        && llmgw_openai_responses_kind(llmgw_openai_responses_block(
            view, i - 1)) == OPENAI_RESPONSES_MESSAGE;
}

int llmgw_openai_responses_is_summary(const llmgw_answer_opts_t *opts)
{
    return opts->request && opts->request->reasoning_summary.len > 0;
}

/* A token limit or a filter ended the answer. */
static int is_cut(const openai_responses_view_t *view)
{
    const llmgw_choice_t *c = get_choice(view);

    return c && (c->stop == LLMGW_STOP_LENGTH || c->stop == LLMGW_STOP_CONTEXT
                 || c->stop == LLMGW_STOP_FILTER
                 || c->stop == LLMGW_STOP_REFUSAL);
}

const char *llmgw_openai_responses_status(const openai_responses_view_t *view)
{
    return is_cut(view) ? "incomplete" : "completed";
}

const char *llmgw_openai_responses_item_status(
    const openai_responses_view_t *view, int i)
{
    int n = llmgw_openai_responses_nblocks(view);

    while (++i < n && llmgw_openai_responses_continues(view, i)) {
    }
    return i == n && (is_cut(view) || view->answer->has_error) ? "incomplete"
                                                               : "completed";
}

/* ---- names -------------------------------------------------------------- */

static const char *get_prefix(const llmgw_block_t *b)
{
    switch (llmgw_openai_responses_kind(b)) {
    case OPENAI_RESPONSES_REASONING:
        return "rs_";
    case OPENAI_RESPONSES_CALL:
        return b->is_custom ? "ctc_" : "fc_";
    case OPENAI_RESPONSES_IMAGE:
        return "ig_";
    default:
        return "msg_";
    }
}

void llmgw_openai_responses_put_id(llmgw_json_writer_t *w,
                                   const openai_responses_view_t *view, int i)
{
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\""));
    llmgw_buf_puts(w->out, get_prefix(llmgw_openai_responses_block(view, i)));
    llmgw_json_put_escaped(w->out, view->opts->id);
    llmgw_buf_printf(w->out, "_%d\"", i);
}

void llmgw_openai_responses_put_name(llmgw_json_writer_t *w,
                                     const openai_responses_view_t *view,
                                     const llmgw_block_t *b)
{
    const llmgw_request_t *req = view->opts->request;
    const llmgw_tool_t *tool;
    llmgw_str_t name = b->name;
    int i;

    for (i = 0; req && i < req->tools->nelts; i++) {
        tool = &APR_ARRAY_IDX(req->tools, i, llmgw_tool_t);
        if (tool->space.p && llmgw_str_eq(tool->name, b->name)) {
            llmgw_json_opt_str(w, "namespace", tool->space);
            name = tool->member;
            break;
        }
    }
    llmgw_json_key(w, "name");
    llmgw_json_str(w, name.p ? name : LLMGW_STR_LIT(""));
}

/* ---- parts -------------------------------------------------------------- */

void llmgw_openai_responses_put_logprobs(llmgw_json_writer_t *w,
                                         const openai_responses_view_t *view,
                                         int i)
{
    const llmgw_choice_t *c = get_choice(view);
    apr_size_t len = c->logprobs ? c->logprobs->len : 0;
    int first = 0;

    while (first < i && llmgw_openai_responses_block(view, first)->type
           != LLMGW_EV_TEXT) {
        first++;
    }
    if (len > view->logprobs_max) {
        len = view->logprobs_max;
    }
    llmgw_json_raw_out(w, LLMGW_STR_LIT("["));
    if (first == i && len) {
        llmgw_buf_append(w->out, c->logprobs->data, len);
    }
    llmgw_buf_putc(w->out, ']');
}

int llmgw_openai_responses_is_annotation(llmgw_str_t url,
                                         const llmgw_dialect_t *dialect)
{
    return url.len || dialect == &llmgw_dialect_openai_responses;
}

void llmgw_openai_responses_put_annotation(llmgw_json_writer_t *w,
                                           llmgw_str_t raw, llmgw_str_t url,
                                           llmgw_str_t title,
                                           const llmgw_dialect_t *dialect)
{
    if (dialect == &llmgw_dialect_openai_responses) {
        llmgw_json_raw_out(w, raw);
        return;
    }
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "url_citation");
    if (dialect != &llmgw_dialect_openai_chat
        || !llmgw_openai_put_citation(w, raw)) {
        llmgw_openai_put_tokens(w, "end_index", 0);
        llmgw_openai_put_tokens(w, "start_index", 0);
        llmgw_json_opt_str(w, "url", url);
        llmgw_json_key(w, "title");
        llmgw_json_str(w, title.p ? title : url);
    }
    llmgw_json_end(w, '}');
}

static void put_annotations(llmgw_json_writer_t *w, const llmgw_block_t *b)
{
    const llmgw_annotation_t *n;
    int i;

    llmgw_json_key(w, "annotations");
    llmgw_json_begin(w, '[');
    for (i = 0; b->annotations && i < b->annotations->nelts; i++) {
        n = &APR_ARRAY_IDX(b->annotations, i, llmgw_annotation_t);
        if (llmgw_openai_responses_is_annotation(n->url, n->dialect)) {
            llmgw_openai_responses_put_annotation(w, n->raw, n->url, n->title,
                                                  n->dialect);
        }
    }
    llmgw_json_end(w, ']');
}

static const char *get_part_type(const openai_responses_view_t *view,
                                 const llmgw_block_t *b)
{
    if (b->type == LLMGW_EV_REFUSAL) {
        return "refusal";
    }
    if (b->type == LLMGW_EV_TEXT) {
        return "output_text";
    }
    return llmgw_openai_responses_is_summary(view->opts) ? "summary_text"
                                                         : "reasoning_text";
}

void llmgw_openai_responses_put_part(llmgw_json_writer_t *w,
                                     const openai_responses_view_t *view,
                                     int i, int is_begun)
{
    const llmgw_block_t *b = llmgw_openai_responses_block(view, i);

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, get_part_type(view, b));
    llmgw_json_key(w, b->type == LLMGW_EV_REFUSAL ? "refusal" : "text");
    llmgw_json_str(w, is_begun ? LLMGW_STR_LIT("") : llmgw_buf_str(b->text));
    if (b->type == LLMGW_EV_TEXT && is_begun) {
        llmgw_json_opt_raw(w, "annotations", LLMGW_STR_LIT("[]"));
        llmgw_json_opt_raw(w, "logprobs", LLMGW_STR_LIT("[]"));
    }
    else if (b->type == LLMGW_EV_TEXT) {
        put_annotations(w, b);
        llmgw_json_key(w, "logprobs");
        llmgw_openai_responses_put_logprobs(w, view, i);
    }
    llmgw_json_end(w, '}');
}

/* ---- items -------------------------------------------------------------- */

static void put_message(llmgw_json_writer_t *w,
                        const openai_responses_view_t *view, int i,
                        int is_begun)
{
    int n = is_begun ? i : llmgw_openai_responses_nblocks(view), j = i;

    llmgw_json_key(w, "role");
    llmgw_json_strz(w, "assistant");
    llmgw_json_key(w, "content");
    llmgw_json_begin(w, '[');
    while (j < n && (j == i || llmgw_openai_responses_continues(view, j))) {
        llmgw_openai_responses_put_part(w, view, j++, 0);
    }
    llmgw_json_end(w, ']');
}

static void put_texts(llmgw_json_writer_t *w, const char *name,
                      const openai_responses_view_t *view, int i, int is_here)
{
    llmgw_json_key(w, name);
    llmgw_json_begin(w, '[');
    if (is_here) {
        llmgw_openai_responses_put_part(w, view, i, 0);
    }
    llmgw_json_end(w, ']');
}

static void put_reasoning(llmgw_json_writer_t *w,
                          const openai_responses_view_t *view, int i,
                          int is_begun)
{
    const llmgw_block_t *b = llmgw_openai_responses_block(view, i);
    int is_summary = llmgw_openai_responses_is_summary(view->opts);
    int has_text = b->type == LLMGW_EV_REASONING && !is_begun;

    put_texts(w, "summary", view, i, has_text && is_summary);
    put_texts(w, "content", view, i, has_text && !is_summary);
    if (is_begun) {
        return;
    }
    if (b->type == LLMGW_EV_REDACTED) {
        llmgw_json_opt_str(w, "encrypted_content", llmgw_buf_str(b->text));
    }
    else if (b->signature) {
        llmgw_json_opt_str(w, "encrypted_content",
                           llmgw_buf_str(b->signature));
    }
}

static void put_call(llmgw_json_writer_t *w,
                     const openai_responses_view_t *view, int i, int is_begun)
{
    const llmgw_block_t *b = llmgw_openai_responses_block(view, i);
    llmgw_str_t args = llmgw_buf_str(b->text);

    llmgw_json_key(w, "call_id");
    llmgw_openai_put_call_id(w, b->id, 0, b->index, view->opts);
    llmgw_openai_responses_put_name(w, view, b);
    llmgw_json_key(w, b->is_custom ? "input" : "arguments");
    if (is_begun) {
        args = LLMGW_STR_LIT("");
    }
    else if (!args.len && !b->is_custom) {
        args = LLMGW_STR_LIT("{}");
    }
    llmgw_json_str(w, args);
    if (b->signature) {
        llmgw_openai_put_signature(w, llmgw_buf_str(b->signature));
    }
}

static const char *get_type(const llmgw_block_t *b)
{
    switch (llmgw_openai_responses_kind(b)) {
    case OPENAI_RESPONSES_REASONING:
        return "reasoning";
    case OPENAI_RESPONSES_CALL:
        return b->is_custom ? "custom_tool_call" : "function_call";
    case OPENAI_RESPONSES_IMAGE:
        return "image_generation_call";
    default:
        return "message";
    }
}

void llmgw_openai_responses_put_item(llmgw_json_writer_t *w,
                                     const openai_responses_view_t *view,
                                     int i, const char *status)
{
    const llmgw_block_t *b = llmgw_openai_responses_block(view, i);
    openai_responses_item_e kind = llmgw_openai_responses_kind(b);
    int is_begun = strcmp(status, "in_progress") == 0;

    if (kind == OPENAI_RESPONSES_BUILTIN) {
        llmgw_json_raw_out(w, llmgw_buf_str(b->text));
        return;
    }
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "id");
    llmgw_openai_responses_put_id(w, view, i);
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, get_type(b));
    llmgw_json_key(w, "status");
    llmgw_json_strz(w, kind == OPENAI_RESPONSES_IMAGE && !is_begun
                    ? "completed" : status);
    switch (kind) {
    case OPENAI_RESPONSES_REASONING:
        put_reasoning(w, view, i, is_begun);
        break;
    case OPENAI_RESPONSES_CALL:
        put_call(w, view, i, is_begun);
        break;
    case OPENAI_RESPONSES_IMAGE:
        llmgw_json_key(w, "result");
        llmgw_json_str(w, is_begun ? LLMGW_STR_NULL : llmgw_buf_str(b->text));
        break;
    default:
        put_message(w, view, i, is_begun);
        break;
    }
    llmgw_json_end(w, '}');
}
