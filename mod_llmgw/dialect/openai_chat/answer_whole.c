/* answer_whole.c: writing a whole chat completion */
#include <string.h>
#include "openai_chat.h"

void llmgw_openai_chat_put_top(llmgw_json_writer_t *w, const char *object,
                               llmgw_str_t id, apr_int64_t created_sec,
                               llmgw_str_t model,
                               const llmgw_answer_opts_t *opts)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "id");
    if (id.len) {
        llmgw_json_str(w, id);
    }
    else {
        llmgw_json_raw_out(w, LLMGW_STR_LIT("\"chatcmpl-"));
        llmgw_json_put_escaped(w->out, opts->id);
        llmgw_buf_putc(w->out, '"');
    }
    llmgw_json_key(w, "object");
    llmgw_json_strz(w, object);
    llmgw_json_key(w, "created");
    llmgw_json_int_out(w, created_sec > 0 ? created_sec : opts->now_sec);
    llmgw_json_key(w, "model");
    llmgw_json_str(w, model.len ? model
                      : opts->model.p ? opts->model : LLMGW_STR_LIT(""));
}

void llmgw_openai_chat_put_call(llmgw_json_writer_t *w, int choice, int index,
                                llmgw_str_t id, llmgw_str_t name,
                                llmgw_str_t args, int is_custom,
                                llmgw_str_t signature,
                                const llmgw_answer_opts_t *opts)
{
    const char *type = is_custom ? "custom" : "function";

    llmgw_json_key(w, "id");
    llmgw_openai_put_call_id(w, id, choice, index, opts);
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, type);
    llmgw_json_key(w, type);
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "name");
    llmgw_json_str(w, name.p ? name : LLMGW_STR_LIT(""));
    llmgw_json_key(w, is_custom ? "input" : "arguments");
    llmgw_json_str(w, args);
    llmgw_json_end(w, '}');
    llmgw_openai_put_signature(w, signature);
}

/* ---- one message -------------------------------------------------------- */

static llmgw_block_t *get_block(const llmgw_choice_t *c, int i)
{
    return APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *);
}

static int has_block(const llmgw_choice_t *c, llmgw_event_e type)
{
    int i;

    for (i = 0; i < c->blocks->nelts; i++) {
        if (get_block(c, i)->type == type) {
            return 1;
        }
    }
    return 0;
}

/* The text of all blocks of a kind as one string; null if there is none. */
static void put_joined(llmgw_json_writer_t *w, const llmgw_choice_t *c,
                       const char *name, llmgw_event_e type)
{
    int i;

    llmgw_json_key(w, name);
    if (!has_block(c, type)) {
        llmgw_json_null(w);
        return;
    }
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\""));
    for (i = 0; i < c->blocks->nelts; i++) {
        if (get_block(c, i)->type == type) {
            llmgw_json_put_escaped(w->out,
                                   llmgw_buf_str(get_block(c, i)->text));
        }
    }
    llmgw_buf_putc(w->out, '"');
}

static void put_detail(llmgw_json_writer_t *w, const llmgw_block_t *b,
                       int index)
{
    int redacted = b->type == LLMGW_EV_REDACTED;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, redacted ? "reasoning.encrypted" : "reasoning.text");
    llmgw_json_key(w, redacted ? "data" : "text");
    llmgw_json_str(w, llmgw_buf_str(b->text));
    if (b->signature) {
        llmgw_json_opt_str(w, "signature", llmgw_buf_str(b->signature));
    }
    llmgw_json_key(w, "index");
    llmgw_json_int_out(w, index);
    llmgw_json_end(w, '}');
}

static void put_reasoning(llmgw_json_writer_t *w, const llmgw_choice_t *c)
{
    const llmgw_block_t *b;
    int i, index = 0;

    if (has_block(c, LLMGW_EV_REASONING)) {
        put_joined(w, c, "reasoning_content", LLMGW_EV_REASONING);
    }
    else if (!has_block(c, LLMGW_EV_REDACTED)) {
        return;
    }
    llmgw_json_key(w, "reasoning_details");
    llmgw_json_begin(w, '[');
    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        if (b->type == LLMGW_EV_REASONING || b->type == LLMGW_EV_REDACTED) {
            put_detail(w, b, index++);
        }
    }
    llmgw_json_end(w, ']');
}

/* A function without arguments is called with {}, never with "". */
static llmgw_str_t get_args(const llmgw_block_t *b)
{
    return b->text->len || b->is_custom ? llmgw_buf_str(b->text)
                                        : LLMGW_STR_LIT("{}");
}

static void put_calls(llmgw_json_writer_t *w, const llmgw_choice_t *c,
                      int number, const llmgw_answer_opts_t *opts)
{
    const llmgw_block_t *b;
    int i;

    llmgw_json_key(w, "tool_calls");
    llmgw_json_begin(w, '[');
    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        if (b->type != LLMGW_EV_TOOL_START) {
            continue;
        }
        llmgw_json_begin(w, '{');
        llmgw_openai_chat_put_call(w, number, b->index, b->id, b->name,
                                   get_args(b), b->is_custom,
                                   b->signature ? llmgw_buf_str(b->signature)
                                                : LLMGW_STR_NULL, opts);
        llmgw_json_end(w, '}');
    }
    llmgw_json_end(w, ']');
}

static void put_function_call(llmgw_json_writer_t *w, const llmgw_choice_t *c)
{
    const llmgw_block_t *b;
    int i;

    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        if (b->type == LLMGW_EV_TOOL_START) {
            llmgw_json_key(w, "function_call");
            llmgw_json_begin(w, '{');
            llmgw_json_opt_str(w, "name", b->name);
            llmgw_json_opt_str(w, "arguments", get_args(b));
            llmgw_json_end(w, '}');
            return;
        }
    }
}

static void put_annotations(llmgw_json_writer_t *w, const llmgw_choice_t *c)
{
    const llmgw_annotation_t *n;
    const llmgw_block_t *b;
    int i, j;

    llmgw_json_key(w, "annotations");
    llmgw_json_begin(w, '[');
    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        for (j = 0; b->annotations && j < b->annotations->nelts; j++) {
            n = &APR_ARRAY_IDX(b->annotations, j, llmgw_annotation_t);
            if (n->dialect == &llmgw_dialect_openai_chat || n->url.len) {
                llmgw_openai_chat_put_annotation(w, n->raw, n->url, n->title,
                                                 n->dialect);
            }
        }
    }
    llmgw_json_end(w, ']');
}

static void put_images(llmgw_json_writer_t *w, const llmgw_choice_t *c)
{
    const llmgw_block_t *b;
    int i;

    llmgw_json_key(w, "images");
    llmgw_json_begin(w, '[');
    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        if (b->type == LLMGW_EV_IMAGE) {
            llmgw_json_begin(w, '{');
            llmgw_json_key(w, "type");
            llmgw_json_strz(w, "image_url");
            llmgw_json_key(w, "image_url");
            llmgw_json_begin(w, '{');
            llmgw_json_key(w, "url");
            llmgw_openai_put_data_url(w, b->media_type,
                                      llmgw_buf_str(b->text));
            llmgw_json_end(w, '}');
            llmgw_json_end(w, '}');
        }
    }
    llmgw_json_end(w, ']');
}

static void put_audio(llmgw_json_writer_t *w, const llmgw_choice_t *c)
{
    const llmgw_block_t *b;
    int i;

    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        if (b->type == LLMGW_EV_AUDIO) {
            llmgw_json_key(w, "audio");
            llmgw_json_begin(w, '{');
            llmgw_json_key(w, "id");
            llmgw_json_str(w, b->id.p ? b->id : LLMGW_STR_LIT("audio"));
            llmgw_json_key(w, "expires_at");
            llmgw_json_int_out(w, 0);
            llmgw_json_key(w, "data");
            llmgw_json_str(w, llmgw_buf_str(b->text));
            llmgw_json_key(w, "transcript");
            llmgw_json_strz(w, "");
            llmgw_json_end(w, '}');
            return;
        }
    }
}

static void put_message(llmgw_json_writer_t *w, const llmgw_choice_t *c,
                        int number, const llmgw_answer_opts_t *opts)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "role");
    llmgw_json_strz(w, "assistant");
    put_joined(w, c, "content", LLMGW_EV_TEXT);
    put_joined(w, c, "refusal", LLMGW_EV_REFUSAL);
    put_reasoning(w, c);
    put_annotations(w, c);
    if (has_block(c, LLMGW_EV_TOOL_START)) {
        if (opts->request && opts->request->legacy_functions) {
            put_function_call(w, c);
        }
        else {
            put_calls(w, c, number, opts);
        }
    }
    if (has_block(c, LLMGW_EV_IMAGE)) {
        put_images(w, c);
    }
    put_audio(w, c);
    llmgw_json_end(w, '}');
}

/* ---- the answer --------------------------------------------------------- */

static void put_logprobs(llmgw_json_writer_t *w, const llmgw_buf_t *logprobs)
{
    llmgw_json_key(w, "logprobs");
    if (!logprobs) {
        llmgw_json_null(w);
        return;
    }
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "content");
    llmgw_json_raw_out(w, LLMGW_STR_LIT("["));
    llmgw_buf_put(w->out, llmgw_buf_str(logprobs));
    llmgw_buf_putc(w->out, ']');
    llmgw_json_key(w, "refusal");
    llmgw_json_null(w);
    llmgw_json_end(w, '}');
}

static void put_choice(llmgw_json_writer_t *w, const llmgw_choice_t *c,
                       int number, const llmgw_answer_opts_t *opts)
{
    int legacy = opts->request && opts->request->legacy_functions;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "index");
    llmgw_json_int_out(w, number);
    llmgw_json_key(w, "message");
    put_message(w, c, number, opts);
    put_logprobs(w, c->logprobs);
    llmgw_json_key(w, "finish_reason");
    llmgw_json_strz(w, llmgw_openai_chat_finish_reason(
        c->stop, has_block(c, LLMGW_EV_TOOL_START), legacy));
    llmgw_json_end(w, '}');
}

apr_status_t llmgw_openai_chat_encode_whole(llmgw_buf_t *out,
                                            const llmgw_answer_t *answer,
                                            const llmgw_answer_opts_t *opts)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);
    int i;

    llmgw_openai_chat_put_top(&w, "chat.completion", answer->id,
                              answer->created_sec, answer->model, opts);
    llmgw_json_key(&w, "choices");
    llmgw_json_begin(&w, '[');
    for (i = 0; i < answer->choices->nelts; i++) {
        put_choice(&w, APR_ARRAY_IDX(answer->choices, i, llmgw_choice_t *), i,
                   opts);
    }
    llmgw_json_end(&w, ']');
    llmgw_json_key(&w, "usage");
    llmgw_openai_chat_put_usage(&w, &answer->usage);
    llmgw_json_end(&w, '}');
    return out->failed;
}
