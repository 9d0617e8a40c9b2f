/* decode_content.c: reading content, a text or blocks */
#include <string.h>
#include "anthropic.h"

/* ---- text and reasoning ------------------------------------------------- */

static apr_status_t read_text(llmgw_reading_t *r, const llmgw_json_t *v,
                              llmgw_part_t *out)
{
    const llmgw_json_t *citations = llmgw_json_lookup_type(v, "citations",
                                                           LLMGW_JSON_ARRAY);

    if (citations && citations->count) {
        out->annotations = llmgw_json_raw(citations);
    }
    return llmgw_reading_required(r, v, "text", &out->text);
}

static apr_status_t read_thinking(llmgw_reading_t *r,
                                  const llmgw_json_t *v, llmgw_part_t *out)
{
    apr_status_t rv = llmgw_reading_required(r, v, "thinking",
                                             &out->text);

    return rv == APR_SUCCESS
        ? llmgw_reading_string(r, v, "signature", &out->signature)
        : rv;
}

static apr_status_t read_redacted(llmgw_reading_t *r,
                                  const llmgw_json_t *v, llmgw_part_t *out)
{
    return llmgw_reading_required(r, v, "data", &out->data);
}

/* A tool that was found by searching for it: to others, its name. */
static apr_status_t read_reference(llmgw_reading_t *r,
                                   const llmgw_json_t *v, llmgw_part_t *out)
{
    out->raw = llmgw_json_raw(v);
    return llmgw_reading_required(r, v, "tool_name", &out->text);
}

/* What stands for all that was said before it: to others, a text. */
static apr_status_t read_compaction(llmgw_reading_t *r,
                                    const llmgw_json_t *v, llmgw_part_t *out)
{
    out->raw = llmgw_json_raw(v);
    return llmgw_reading_string(r, v, "content", &out->text);
}

/* What a provider-built tool did: only its provider can read it. */
static apr_status_t read_builtin(llmgw_reading_t *r,
                                 const llmgw_json_t *v, llmgw_part_t *out)
{
    out->raw = llmgw_json_raw(v);
    return llmgw_reading_string(r, v, "type", &out->name);
}

/* ---- calls and results -------------------------------------------------- */

/* Read an id; a signature that an answer put into it is taken out again. */
static apr_status_t read_id(llmgw_reading_t *r, const llmgw_json_t *v,
                            const char *field, llmgw_part_t *out)
{
    llmgw_buf_t *decoded;
    apr_status_t rv = llmgw_reading_filled(r, v, field, &out->id);

    if (rv == APR_SUCCESS && llmgw_anthropic_has_signature(out->id)) {
        decoded = llmgw_buf_create(r->p, 4 * out->id.len + 64);
        out->signature = llmgw_anthropic_split_id(&out->id, decoded);
    }
    return rv;
}

static apr_status_t read_call(llmgw_reading_t *r, const llmgw_json_t *v,
                              llmgw_part_t *out)
{
    const llmgw_json_t *input = llmgw_json_lookup(v, "input");
    apr_status_t rv = read_id(r, v, "id", out);

    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_required(r, v, "name", &out->name);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    out->arguments = LLMGW_STR_LIT("{}");
    if (input && input->type != LLMGW_JSON_NULL) {
        if (input->type != LLMGW_JSON_OBJECT) {
            return llmgw_reading_invalid(r, "input", "an object");
        }
        out->arguments = llmgw_json_raw(input);
    }
    llmgw_reading_add_call(r, out->id, out->name);
    return APR_SUCCESS;
}

static apr_status_t read_result(llmgw_reading_t *r, const llmgw_json_t *v,
                                llmgw_part_t *out)
{
    const llmgw_json_t *content = llmgw_json_lookup(v, "content");
    apr_status_t rv = read_id(r, v, "tool_use_id", out);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    out->signature = LLMGW_STR_NULL;    /* it is the call's */
    out->name = llmgw_reading_find_call(r, out->id);
    out->is_error = llmgw_json_bool(llmgw_json_lookup(v, "is_error"), 0);
    out->parts = apr_array_make(r->p, 1, sizeof(llmgw_part_t));
    if (!content || content->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    return llmgw_anthropic_read_content(r, content, "content",
                                        ANTHROPIC_IN_RESULT, out->parts);
}

/* ---- blocks ------------------------------------------------------------- */

typedef apr_status_t (*read_fn)(llmgw_reading_t *r, const llmgw_json_t *v,
                                llmgw_part_t *out);

#define ANYWHERE (ANTHROPIC_IN_USER | ANTHROPIC_IN_ASSISTANT \
                  | ANTHROPIC_IN_RESULT)

/* The blocks this dialect knows, where they may stand, and what reads them. */
static const struct {
    const char *type;
    llmgw_part_e part;
    unsigned int where;
    read_fn read;
} known[] = {
    { "text", LLMGW_PART_TEXT, ANYWHERE | ANTHROPIC_IN_SYSTEM, read_text },
    { "image", LLMGW_PART_IMAGE, ANYWHERE, llmgw_anthropic_read_image },
    { "document", LLMGW_PART_DOCUMENT, ANYWHERE,
      llmgw_anthropic_read_document },
    { "search_result", LLMGW_PART_DOCUMENT, ANYWHERE,
      llmgw_anthropic_read_search_result },
    { "container_upload", LLMGW_PART_DOCUMENT, ANYWHERE,
      llmgw_anthropic_read_upload },
    { "tool_use", LLMGW_PART_TOOL_CALL, ANTHROPIC_IN_ASSISTANT, read_call },
    { "tool_result", LLMGW_PART_TOOL_RESULT, ANTHROPIC_IN_USER, read_result },
    { "thinking", LLMGW_PART_REASONING, ANTHROPIC_IN_ASSISTANT,
      read_thinking },
    { "redacted_thinking", LLMGW_PART_REDACTED, ANTHROPIC_IN_ASSISTANT,
      read_redacted },
    { "tool_reference", LLMGW_PART_TEXT, ANTHROPIC_IN_RESULT,
      read_reference },
    { "compaction", LLMGW_PART_TEXT, ANTHROPIC_IN_ASSISTANT,
      read_compaction }
};

static int ends_with(llmgw_str_t s, const char *end)
{
    apr_size_t n = strlen(end);

    return s.len >= n && memcmp(s.p + s.len - n, end, n) == 0;
}

/*
 * An assistant's turn is what a provider once answered: blocks of a new kind in
 * it are that provider's own. In what the client itself makes a word that is
 * not known is an error.
 */
static int is_record(const llmgw_json_t *type, anthropic_where_e where)
{
    return where == ANTHROPIC_IN_ASSISTANT
        || (where == ANTHROPIC_IN_USER
            && ends_with(llmgw_str_make(type->text + 1, type->len - 2),
                         "_tool_result"));
}

static apr_status_t read_known(llmgw_reading_t *r, const llmgw_json_t *v,
                               llmgw_part_e type, read_fn read,
                               apr_array_header_t *parts)
{
    llmgw_part_t part;
    apr_status_t rv;

    memset(&part, 0, sizeof(part));
    part.type = type;
    part.cache_control = llmgw_json_raw(llmgw_json_lookup_type(
        v, "cache_control", LLMGW_JSON_OBJECT));
    rv = read(r, v, &part);
    /* an empty text says nothing, and the API refuses it */
    if (rv == APR_SUCCESS && (type != LLMGW_PART_TEXT || part.text.len)) {
        APR_ARRAY_PUSH(parts, llmgw_part_t) = part;
    }
    return rv;
}

/* Content that is being read. */
typedef struct content_t {
    anthropic_where_e where;
    apr_array_header_t *parts;
} content_t;

static apr_status_t read_block(llmgw_reading_t *r, const llmgw_json_t *v,
                               void *ctx)
{
    const content_t *content = ctx;
    anthropic_where_e where = content->where;
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    apr_size_t i;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    if (!type) {
        return llmgw_reading_missing(r, "type");
    }
    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if ((known[i].where & where)
            && llmgw_json_string_is(type, known[i].type)) {
            return read_known(r, v, known[i].part, known[i].read,
                              content->parts);
        }
    }
    if (type->type == LLMGW_JSON_STRING && is_record(type, where)) {
        return read_known(r, v, LLMGW_PART_BUILTIN, read_builtin,
                          content->parts);
    }
    return llmgw_reading_invalid(r, "type", where == ANTHROPIC_IN_SYSTEM
                                 ? "\"text\""
                                 : "the type of a content block that may "
                                   "stand here");
}

apr_status_t llmgw_anthropic_read_content(llmgw_reading_t *r,
                                          const llmgw_json_t *content,
                                          const char *field,
                                          anthropic_where_e where,
                                          apr_array_header_t *parts)
{
    content_t ctx = { where, parts };

    if (content->type == LLMGW_JSON_STRING) {
        if (content->len > 2) {
            llmgw_parts_add(parts, LLMGW_PART_TEXT)->text =
                llmgw_json_string(content, r->p);
        }
        return APR_SUCCESS;
    }
    if (content->type != LLMGW_JSON_ARRAY) {
        return llmgw_reading_invalid(r, field,
                                     "a string or an array of blocks");
    }
    return llmgw_reading_each(r, field, content, read_block, &ctx);
}
