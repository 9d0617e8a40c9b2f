/* answer_whole.c: writing a whole message */
#include "anthropic.h"

static void begin_block(llmgw_json_writer_t *w, const char *type)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, type);
}

static int has_citation(const llmgw_annotation_t *n)
{
    return n->dialect == &llmgw_dialect_anthropic || n->url.len;
}

static void put_citations(llmgw_json_writer_t *w, const llmgw_block_t *b)
{
    const llmgw_annotation_t *n;
    int i;

    llmgw_json_key(w, "citations");
    llmgw_json_begin(w, '[');
    for (i = 0; b->annotations && i < b->annotations->nelts; i++) {
        n = &APR_ARRAY_IDX(b->annotations, i, llmgw_annotation_t);
        if (has_citation(n)) {
            llmgw_anthropic_put_citation(w, n->raw, n->url, n->title,
                                         n->dialect);
        }
    }
    llmgw_json_end(w, ']');
}

static void put_text(llmgw_json_writer_t *w, const llmgw_block_t *b)
{
    if (b->text->len) {
        begin_block(w, "text");
        llmgw_json_opt_str(w, "text", llmgw_buf_str(b->text));
        put_citations(w, b);
        llmgw_json_end(w, '}');
    }
}

static void put_thinking(llmgw_json_writer_t *w, const llmgw_block_t *b)
{
    begin_block(w, "thinking");
    llmgw_json_opt_str(w, "thinking", llmgw_buf_str(b->text));
    llmgw_json_opt_str(w, "signature", b->signature
                       ? llmgw_buf_str(b->signature) : LLMGW_STR_LIT(""));
    llmgw_json_end(w, '}');
}

static void put_redacted(llmgw_json_writer_t *w, const llmgw_block_t *b)
{
    begin_block(w, "redacted_thinking");
    llmgw_json_opt_str(w, "data", llmgw_buf_str(b->text));
    llmgw_json_end(w, '}');
}

/* Arguments that are no object are kept as text within one. */
static void put_input(llmgw_json_writer_t *w, const llmgw_block_t *b)
{
    llmgw_str_t args = llmgw_buf_str(b->text);

    llmgw_json_key(w, "input");
    if (!b->is_custom && llmgw_raw_is_object(args)) {
        llmgw_json_raw_out(w, args);
        return;
    }
    llmgw_json_begin(w, '{');
    if (args.len) {
        llmgw_json_opt_str(w, "input", args);
    }
    llmgw_json_end(w, '}');
}

static void put_call(llmgw_json_writer_t *w, const llmgw_block_t *b,
                     const llmgw_answer_opts_t *opts)
{
    llmgw_anthropic_put_call(w, b->index, b->id, b->name, b->signature
                             ? llmgw_buf_str(b->signature) : LLMGW_STR_NULL,
                             opts);
    put_input(w, b);
    llmgw_json_end(w, '}');
}

static void put_block(llmgw_json_writer_t *w, const llmgw_block_t *b,
                      const llmgw_answer_opts_t *opts)
{
    switch (b->type) {
    case LLMGW_EV_TEXT:
        put_text(w, b);
        break;
    case LLMGW_EV_REASONING:
        put_thinking(w, b);
        break;
    case LLMGW_EV_REDACTED:
        put_redacted(w, b);
        break;
    case LLMGW_EV_TOOL_START:
        put_call(w, b, opts);
        break;
    case LLMGW_EV_BUILTIN:
        if (b->dialect == &llmgw_dialect_anthropic) {
            llmgw_json_raw_out(w, llmgw_buf_str(b->text));
        }
        break;
    default:                    /* refusals stand elsewhere, media nowhere */
        break;
    }
}

/* ---- the message -------------------------------------------------------- */

static const llmgw_block_t *get_block(const llmgw_choice_t *c, int i)
{
    return APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *);
}

/* The first block of a kind; NULL if there is none. */
static const llmgw_block_t *find_block(const llmgw_choice_t *c,
                                       llmgw_event_e type)
{
    int i;

    for (i = 0; c && i < c->blocks->nelts; i++) {
        if (get_block(c, i)->type == type) {
            return get_block(c, i);
        }
    }
    return NULL;
}

/* All that was said in refusing. */
static llmgw_str_t get_refusal(const llmgw_answer_t *answer,
                               const llmgw_choice_t *c)
{
    llmgw_buf_t *text;
    int i;

    if (!find_block(c, LLMGW_EV_REFUSAL)) {
        return LLMGW_STR_NULL;
    }
    text = llmgw_buf_create(answer->pool, answer->bytes_max);
    for (i = 0; i < c->blocks->nelts; i++) {
        if (get_block(c, i)->type == LLMGW_EV_REFUSAL) {
            llmgw_buf_put(text, llmgw_buf_str(get_block(c, i)->text));
        }
    }
    return llmgw_buf_str(text);
}

apr_status_t llmgw_anthropic_encode_whole(llmgw_buf_t *out,
                                          const llmgw_answer_t *answer,
                                          const llmgw_answer_opts_t *opts)
{
    const llmgw_choice_t *c = answer->choices->nelts
        ? APR_ARRAY_IDX(answer->choices, 0, llmgw_choice_t *) : NULL;
    llmgw_str_t refusal = get_refusal(answer, c);
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);
    int i;

    llmgw_json_begin(&w, '{');
    llmgw_anthropic_put_top(&w, answer->id, answer->model, opts);
    llmgw_json_key(&w, "content");
    llmgw_json_begin(&w, '[');
    for (i = 0; c && i < c->blocks->nelts; i++) {
        put_block(&w, get_block(c, i), opts);
    }
    llmgw_json_end(&w, ']');
    llmgw_anthropic_put_stop(&w, llmgw_anthropic_stop_reason(
        c ? c->stop : LLMGW_STOP_NONE,
        find_block(c, LLMGW_EV_TOOL_START) != NULL, refusal.len > 0),
        c ? c->stop_sequence : LLMGW_STR_NULL, refusal);
    llmgw_json_key(&w, "diagnostics");
    llmgw_json_null(&w);
    llmgw_json_key(&w, "usage");
    llmgw_anthropic_put_usage(&w, &answer->usage);
    llmgw_json_end(&w, '}');
    return out->failed;
}
