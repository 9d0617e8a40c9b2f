/* encode_content.c: writing the content of an item, and its parts */
#include <string.h>
#include "openai_responses.h"

static const llmgw_part_t *get_part(const apr_array_header_t *parts, int i)
{
    return &APR_ARRAY_IDX(parts, i, llmgw_part_t);
}

/* Has Responses a form for this part of a turn? Only texts and refusals are
 * an assistant's. */
static int is_known(const openai_writing_t *wr,
                    const llmgw_part_t *part, int is_input)
{
    int own = llmgw_openai_is_own(wr);

    switch (part->type) {
    case LLMGW_PART_TEXT:
        return 1;
    case LLMGW_PART_REFUSAL:
        return 1;
    case LLMGW_PART_IMAGE:
        return is_input && (part->data.p || (part->file_id.len && own)
                            || llmgw_openai_is_web_url(part->url));
    case LLMGW_PART_DOCUMENT:
        return is_input && (part->text.p || part->data.p
                            || (part->file_id.len && own)
                            || llmgw_openai_is_web_url(part->url));
    default:
        return 0;
    }
}

static void begin_part(llmgw_json_writer_t *w, const char *type)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, type);
}

static void write_text(llmgw_json_writer_t *w, const char *type,
                       llmgw_str_t text)
{
    begin_part(w, type);
    llmgw_json_key(w, "text");
    llmgw_json_str(w, text.p ? text : LLMGW_STR_LIT(""));
    llmgw_json_end(w, '}');
}

static void write_image(llmgw_json_writer_t *w, const llmgw_part_t *part)
{
    begin_part(w, "input_image");
    if (part->data.p) {
        llmgw_json_key(w, "image_url");
        llmgw_openai_put_data_url(w, part->media_type, part->data);
    }
    else if (part->url.p) {
        llmgw_json_opt_str(w, "image_url", part->url);
    }
    else {
        llmgw_json_opt_str(w, "file_id", part->file_id);
    }
    llmgw_json_opt_str(w, "detail", part->detail);
    llmgw_json_end(w, '}');
}

static void write_input_text(llmgw_json_writer_t *w, llmgw_str_t text)
{
    write_text(w, "input_text", text);
}

/* A document's text is text. */
static void write_document(llmgw_json_writer_t *w, const llmgw_part_t *part)
{
    llmgw_openai_write_about(w, part, write_input_text);
    if (part->text.p) {
        write_text(w, "input_text", part->text);
        return;
    }
    begin_part(w, "input_file");
    if (part->data.p) {
        llmgw_json_key(w, "filename");
        llmgw_json_str(w, part->filename.len ? part->filename
                                             : LLMGW_STR_LIT("document.pdf"));
        llmgw_json_key(w, "file_data");
        llmgw_openai_put_data_url(w, part->media_type, part->data);
    }
    else if (part->url.p) {
        llmgw_json_opt_str(w, "file_url", part->url);
    }
    else {
        llmgw_json_opt_str(w, "file_id", part->file_id);
    }
    llmgw_json_end(w, '}');
}

/* A refusal stands in an assistant's turn only; elsewhere it is a text. */
static void write_refusal(llmgw_json_writer_t *w, const llmgw_part_t *part,
                          const char *text)
{
    if (*text == 'i') {
        write_text(w, text, part->text);
        return;
    }
    begin_part(w, "refusal");
    llmgw_json_key(w, "refusal");
    llmgw_json_str(w, part->text.p ? part->text : LLMGW_STR_LIT(""));
    llmgw_json_end(w, '}');
}

static void write_part(llmgw_json_writer_t *w, const llmgw_part_t *part,
                       const char *text)
{
    switch (part->type) {
    case LLMGW_PART_REFUSAL:
        write_refusal(w, part, text);
        break;
    case LLMGW_PART_IMAGE:
        write_image(w, part);
        break;
    case LLMGW_PART_DOCUMENT:
        write_document(w, part);
        break;
    default:
        write_text(w, text, part->text);
        break;
    }
}

/* Report what is lost. @param n set to the parts that can be written; -1: it
 * is one text and nothing else */
static apr_status_t check_parts(openai_writing_t *wr,
                                const apr_array_header_t *parts, int from,
                                int to, int is_input, int i, int *n)
{
    const llmgw_part_t *part;
    apr_status_t rv = APR_SUCCESS;
    int j, plain = 1;

    *n = 0;
    for (j = from; j < to && rv == APR_SUCCESS; j++) {
        part = get_part(parts, j);
        if (!is_known(wr, part, is_input)) {
            rv = llmgw_openai_cannot(wr, 0, "messages[%d].content",
                                               i);
            continue;
        }
        plain &= part->type == LLMGW_PART_TEXT && ++*n == 1;
        *n += part->type != LLMGW_PART_TEXT;
        rv = llmgw_openai_check_marks(wr, part);
    }
    if (*n == 1 && plain) {
        *n = -1;
    }
    return rv;
}

apr_status_t llmgw_openai_responses_write_content(
    openai_writing_t *wr, const char *name,
    const apr_array_header_t *parts, int from, int to, const char *text,
    int i)
{
    const llmgw_part_t *part;
    int j, n, is_input = *text == 'i';
    apr_status_t rv = check_parts(wr, parts, from, to, is_input, i, &n);

    llmgw_json_key(&wr->w, name);
    if (n == 0) {
        llmgw_json_strz(&wr->w, "");
        return rv;
    }
    if (n > 0) {
        llmgw_json_begin(&wr->w, '[');
    }
    for (j = from; j < to && rv == APR_SUCCESS; j++) {
        part = get_part(parts, j);
        if (!is_known(wr, part, is_input)) {
            continue;
        }
        if (n < 0) {
            llmgw_json_str(&wr->w, part->text.p ? part->text
                                                : LLMGW_STR_LIT(""));
        }
        else {
            write_part(&wr->w, part, text);
        }
    }
    if (n > 0) {
        llmgw_json_end(&wr->w, ']');
    }
    return rv;
}
