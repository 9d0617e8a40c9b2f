/* answer_whole.c: writing a whole answer */
#include <string.h>
#include "gemini.h"

static const llmgw_block_t *get_block(const llmgw_choice_t *c, int i)
{
    return i < c->blocks->nelts ? APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *)
                                : NULL;
}

static llmgw_str_t get_signature(const llmgw_block_t *b)
{
    return b && b->signature ? llmgw_buf_str(b->signature) : LLMGW_STR_NULL;
}

/* Reasoning without text that follows a text: the text's signature. */
static int is_of_text(const llmgw_block_t *b)
{
    return b && b->type == LLMGW_EV_REASONING && !b->text->len && b->signature;
}

static void put_item(llmgw_json_writer_t *w, const llmgw_block_t *b)
{
    llmgw_str_t value;

    if (b->dialect == &llmgw_dialect_gemini
        && !llmgw_gemini_is_metadata(llmgw_buf_str(b->text), &value)) {
        llmgw_json_raw_out(w, llmgw_buf_str(b->text));
    }
}

static void put_block(llmgw_json_writer_t *w, const llmgw_block_t *b,
                      llmgw_str_t signature)
{
    llmgw_str_t text = llmgw_buf_str(b->text);

    switch (b->type) {
    case LLMGW_EV_TEXT:
    case LLMGW_EV_REFUSAL:
        llmgw_gemini_put_text(w, text, 0, signature);
        break;
    case LLMGW_EV_REASONING:
        llmgw_gemini_put_text(w, text, text.len > 0, get_signature(b));
        break;
    case LLMGW_EV_REDACTED:
        llmgw_gemini_put_redacted(w, text);
        break;
    case LLMGW_EV_TOOL_START:
        llmgw_gemini_put_call(w, b->id, b->name, text, b->is_custom,
                              get_signature(b), 0);
        break;
    case LLMGW_EV_IMAGE:
        llmgw_gemini_put_data(w, b->media_type, "image/png", text);
        break;
    case LLMGW_EV_AUDIO:
        llmgw_gemini_put_data(w, b->media_type, "audio/wav", text);
        break;
    default:
        put_item(w, b);
        break;
    }
}

static void put_parts(llmgw_json_writer_t *w, const llmgw_choice_t *c)
{
    const llmgw_block_t *b, *next;
    int i;

    llmgw_json_key(w, "parts");
    llmgw_json_begin(w, '[');
    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        next = get_block(c, i + 1);
        if (b->type == LLMGW_EV_TEXT && is_of_text(next)) {
            put_block(w, b, get_signature(next));
            i++;
        }
        else {
            put_block(w, b, LLMGW_STR_NULL);
        }
    }
    llmgw_json_end(w, ']');
}

/* ---- beside the content ------------------------------------------------- */

/* What was said last counts. @return whether it is what grounds the answer */
static int put_metadata(llmgw_json_writer_t *w, const llmgw_choice_t *c,
                        const char *name)
{
    llmgw_str_t value, last = LLMGW_STR_NULL;
    const llmgw_block_t *b;
    const char *found;
    int i;

    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        if (b->type == LLMGW_EV_BUILTIN
            && b->dialect == &llmgw_dialect_gemini) {
            found = llmgw_gemini_is_metadata(llmgw_buf_str(b->text), &value);
            last = found && strcmp(found, name) == 0 ? value : last;
        }
    }
    llmgw_json_opt_raw(w, name, last);
    return last.p != NULL;
}

/* What other providers' answers refer to. */
static void put_sources(llmgw_json_writer_t *w, const llmgw_choice_t *c)
{
    const llmgw_annotation_t *a;
    const llmgw_block_t *b;
    int i, j, n = 0;

    for (i = 0; i < c->blocks->nelts; i++) {
        b = get_block(c, i);
        for (j = 0; b->annotations && j < b->annotations->nelts; j++) {
            a = &APR_ARRAY_IDX(b->annotations, j, llmgw_annotation_t);
            if (a->dialect == &llmgw_dialect_gemini || !a->url.len) {
                continue;
            }
            if (n++ == 0) {
                llmgw_json_key(w, "groundingMetadata");
                llmgw_json_begin(w, '{');
                llmgw_json_key(w, "groundingChunks");
                llmgw_json_begin(w, '[');
            }
            llmgw_gemini_put_source(w, a->url, a->title);
        }
    }
    if (n) {
        llmgw_json_end(w, ']');
        llmgw_json_end(w, '}');
    }
}

static void put_candidate(llmgw_json_writer_t *w, const llmgw_choice_t *c,
                          int number, apr_pool_t *p)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "content");
    llmgw_json_begin(w, '{');
    put_parts(w, c);
    llmgw_json_opt_str(w, "role", LLMGW_STR_LIT("model"));
    llmgw_json_end(w, '}');
    llmgw_json_key(w, "finishReason");
    llmgw_json_strz(w, llmgw_gemini_finish_reason(c->stop));
    llmgw_json_key(w, "index");
    llmgw_json_int_out(w, number);
    if (!put_metadata(w, c, "groundingMetadata")) {
        put_sources(w, c);
    }
    put_metadata(w, c, "citationMetadata");
    put_metadata(w, c, "urlContextMetadata");
    if (c->logprobs) {
        llmgw_gemini_put_logprobs(w, llmgw_buf_str(c->logprobs), p);
    }
    llmgw_json_end(w, '}');
}

apr_status_t llmgw_gemini_encode_whole(llmgw_buf_t *out,
                                       const llmgw_answer_t *answer,
                                       const llmgw_answer_opts_t *opts)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);
    int i;

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "candidates");
    llmgw_json_begin(&w, '[');
    for (i = 0; i < answer->choices->nelts; i++) {
        put_candidate(&w, APR_ARRAY_IDX(answer->choices, i, llmgw_choice_t *),
                      i, answer->pool);
    }
    llmgw_json_end(&w, ']');
    llmgw_gemini_put_usage(&w, &answer->usage);
    llmgw_gemini_put_ids(&w, answer->model, answer->id, opts);
    llmgw_json_end(&w, '}');
    return out->failed;
}
