/* encode_content.c: writing the content of a message, and its parts */
#include <string.h>
#include "openai_chat.h"

static const llmgw_part_t *get_part(const apr_array_header_t *parts, int i)
{
    return &APR_ARRAY_IDX(parts, i, llmgw_part_t);
}

/* ---- what can be written ------------------------------------------------ */

/* Has chat completions a form for this part? */
static int is_known(const openai_writing_t *wr, const llmgw_part_t *part)
{
    int own = llmgw_openai_is_own(wr);

    switch (part->type) {
    case LLMGW_PART_IMAGE:
        return part->data.p || llmgw_openai_is_web_url(part->url);
    case LLMGW_PART_AUDIO:
        return part->data.p != NULL;
    case LLMGW_PART_DOCUMENT:
        return part->text.p || part->data.p || (part->file_id.len && own);
    case LLMGW_PART_VIDEO:
        return part->url.p && own;
    case LLMGW_PART_BUILTIN:
        return 0;
    default:
        return 1;
    }
}

static int is_content(const llmgw_part_t *part)
{
    return part->type != LLMGW_PART_TOOL_CALL
        && part->type != LLMGW_PART_TOOL_RESULT
        && part->type != LLMGW_PART_REASONING
        && part->type != LLMGW_PART_REDACTED;
}

/* ---- parts -------------------------------------------------------------- */

static void begin_part(llmgw_json_writer_t *w, const char *type)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, type);
    llmgw_json_key(w, type);
}

void llmgw_openai_chat_write_text(llmgw_json_writer_t *w, llmgw_str_t text)
{
    begin_part(w, "text");
    llmgw_json_str(w, text.p ? text : LLMGW_STR_LIT(""));
    llmgw_json_end(w, '}');
}

static void write_image(llmgw_json_writer_t *w, const llmgw_part_t *part)
{
    begin_part(w, "image_url");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "url");
    if (part->data.p) {
        llmgw_openai_put_data_url(w, part->media_type, part->data);
    }
    else {
        llmgw_json_str(w, part->url);
    }
    llmgw_json_opt_str(w, "detail", part->detail);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

static void write_audio(llmgw_json_writer_t *w, const llmgw_part_t *part)
{
    begin_part(w, "input_audio");
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "data", part->data);
    llmgw_json_opt_str(w, "format",
                       llmgw_openai_audio_format(part->media_type));
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

/* A document's text is text; OpenAI takes no URL of one. */
static void write_document(llmgw_json_writer_t *w, const llmgw_part_t *part)
{
    llmgw_openai_write_about(w, part, llmgw_openai_chat_write_text);
    if (part->text.p) {
        llmgw_openai_chat_write_text(w, part->text);
        return;
    }
    begin_part(w, "file");
    llmgw_json_begin(w, '{');
    if (part->data.p) {
        llmgw_json_key(w, "filename");
        llmgw_json_str(w, part->filename.len ? part->filename
                                             : LLMGW_STR_LIT("document.pdf"));
        llmgw_json_key(w, "file_data");
        llmgw_openai_put_data_url(w, part->media_type, part->data);
    }
    else {
        llmgw_json_opt_str(w, "file_id", part->file_id);
    }
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

static void write_video(llmgw_json_writer_t *w, const llmgw_part_t *part)
{
    begin_part(w, "video_url");
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "url", part->url);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

static void write_known(llmgw_json_writer_t *w, const llmgw_part_t *part)
{
    switch (part->type) {
    case LLMGW_PART_TEXT:
        llmgw_openai_chat_write_text(w, part->text);
        break;
    case LLMGW_PART_REFUSAL:
        begin_part(w, "refusal");
        llmgw_json_str(w, part->text);
        llmgw_json_end(w, '}');
        break;
    case LLMGW_PART_IMAGE:
        write_image(w, part);
        break;
    case LLMGW_PART_AUDIO:
        write_audio(w, part);
        break;
    case LLMGW_PART_DOCUMENT:
        write_document(w, part);
        break;
    case LLMGW_PART_VIDEO:
        write_video(w, part);
        break;
    default:                    /* calls, results, reasoning: not content */
        break;
    }
}

apr_status_t llmgw_openai_chat_write_part(openai_writing_t *wr,
                                          const llmgw_part_t *part, int i)
{
    if (!is_known(wr, part)) {  /* what a tool did there is history */
        return llmgw_openai_cannot(wr, part->type == LLMGW_PART_BUILTIN,
                                        "messages[%d].content", i);
    }
    write_known(&wr->w, part);
    return llmgw_openai_check_marks(wr, part);
}

/* ---- content ------------------------------------------------------------ */

/* How many parts can be written; a text alone is a plain string. */
static int count_known(const openai_writing_t *wr,
                       const apr_array_header_t *parts, int *is_plain)
{
    const llmgw_part_t *part;
    int i, n = 0;

    *is_plain = 1;
    for (i = 0; i < parts->nelts; i++) {
        part = get_part(parts, i);
        if (is_content(part) && is_known(wr, part)) {
            *is_plain &= n++ == 0 && part->type == LLMGW_PART_TEXT;
        }
    }
    return n;
}

static apr_status_t write_parts(openai_writing_t *wr,
                                const apr_array_header_t *parts, int i,
                                int is_plain)
{
    const llmgw_part_t *part;
    apr_status_t rv = APR_SUCCESS;
    int j;

    for (j = 0; j < parts->nelts && rv == APR_SUCCESS; j++) {
        part = get_part(parts, j);
        if (!is_content(part)) {
            continue;
        }
        if (is_plain && part->type == LLMGW_PART_TEXT) {
            llmgw_json_str(&wr->w, part->text.p ? part->text
                                                : LLMGW_STR_LIT(""));
            rv = llmgw_openai_check_marks(wr, part);
        }
        else {
            rv = llmgw_openai_chat_write_part(wr, part, i);
        }
    }
    return rv;
}

/* A turn of calls has no content, which is not the same as an empty one. */
static int has_calls(const apr_array_header_t *parts)
{
    int i;

    for (i = 0; i < parts->nelts; i++) {
        if (!is_content(get_part(parts, i))) {
            return 1;
        }
    }
    return 0;
}

apr_status_t llmgw_openai_chat_write_content(openai_writing_t *wr,
                                             const apr_array_header_t *parts,
                                             int i)
{
    int is_plain, n = count_known(wr, parts, &is_plain);
    apr_status_t rv;

    llmgw_json_key(&wr->w, "content");
    if (n == 0) {
        llmgw_json_str(&wr->w, has_calls(parts) ? LLMGW_STR_NULL
                                                : LLMGW_STR_LIT(""));
        return write_parts(wr, parts, i, 0);
    }
    if (!is_plain) {
        llmgw_json_begin(&wr->w, '[');
    }
    rv = write_parts(wr, parts, i, is_plain);
    if (!is_plain) {
        llmgw_json_end(&wr->w, ']');
    }
    return rv;
}
