/* request_parts.c: writing the parts of a content for Gemini */
#include <string.h>
#include <apr_hash.h>
#include "gemini.h"

static const llmgw_part_t *get_part(const apr_array_header_t *parts, int i)
{
    return &APR_ARRAY_IDX(parts, i, llmgw_part_t);
}

void llmgw_gemini_write_text(gemini_writing_t *wr, llmgw_str_t text,
                             llmgw_str_t signature)
{
    llmgw_json_begin(&wr->w, '{');
    llmgw_json_key(&wr->w, "text");
    llmgw_json_str(&wr->w, text.p ? text : LLMGW_STR_LIT(""));
    if (signature.len) {
        llmgw_json_opt_str(&wr->w, "thoughtSignature", signature);
    }
    llmgw_json_end(&wr->w, '}');
}

/* ---- media -------------------------------------------------------------- */

/* The type of a file by its name's ending, where nobody said it. */
static llmgw_str_t guess_type(llmgw_str_t url)
{
    static const char *const types[][2] = {
        { "*.png", "image/png" }, { "*.jpg", "image/jpeg" },
        { "*.jpeg", "image/jpeg" }, { "*.webp", "image/webp" },
        { "*.gif", "image/gif" }, { "*.heic", "image/heic" },
        { "*.pdf", "application/pdf" }, { "*.txt", "text/plain" },
        { "*.mp3", "audio/mp3" }, { "*.wav", "audio/wav" },
        { "*.mp4", "video/mp4" }, { "*.mov", "video/mov" },
        { "*.webm", "video/webm" }
    };
    const char *query = url.p ? memchr(url.p, '?', url.len) : NULL;
    apr_size_t i;

    if (query) {
        url.len = (apr_size_t)(query - url.p);
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (llmgw_str_glob(types[i][0], url)) {
            return llmgw_str_of(types[i][1]);
        }
    }
    return LLMGW_STR_NULL;
}

/* PDF is what a document is where its type is not said. */
static llmgw_str_t get_type(const llmgw_part_t *part)
{
    if (part->media_type.len) {
        return part->media_type;
    }
    if (part->data.p) {
        return part->type == LLMGW_PART_DOCUMENT
            ? LLMGW_STR_LIT("application/pdf")
            : part->type == LLMGW_PART_AUDIO ? LLMGW_STR_LIT("audio/wav")
            : part->type == LLMGW_PART_VIDEO ? LLMGW_STR_LIT("video/mp4")
            : LLMGW_STR_LIT("image/jpeg");
    }
    return guess_type(part->url);
}

static void write_blob(gemini_writing_t *wr, const llmgw_part_t *part)
{
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, part->data.p ? "inlineData" : "fileData");
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "mimeType", get_type(part));
    llmgw_json_opt_str(w, part->data.p ? "data" : "fileUri",
                       part->data.p ? part->data : part->url);
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
}

/* What the client says about a document has no place but before it. */
static void write_about(gemini_writing_t *wr, const llmgw_part_t *part)
{
    if (part->text.p && part->filename.len) {
        llmgw_gemini_write_text(wr, part->filename, LLMGW_STR_NULL);
    }
    if (part->context.len) {
        llmgw_gemini_write_text(wr, part->context, LLMGW_STR_NULL);
    }
}

apr_status_t llmgw_gemini_write_media(gemini_writing_t *wr,
                                      const llmgw_part_t *part, int i)
{
    write_about(wr, part);
    if (part->type == LLMGW_PART_DOCUMENT && part->text.p) {
        llmgw_gemini_write_text(wr, part->text, LLMGW_STR_NULL);
        return APR_SUCCESS;
    }
    if (!part->data.p && !part->url.len) {
        return llmgw_gemini_cannot(wr, 0, "messages[%d].content", i);
    }
    write_blob(wr, part);
    if (part->detail.len && !llmgw_str_is(part->detail, "auto")) {
        return llmgw_gemini_cannot(wr, 1, "detail");
    }
    return APR_SUCCESS;
}

/* ---- calls -------------------------------------------------------------- */

/* Arguments are an object; a text that is none is wrapped into one. */
static void write_args(gemini_writing_t *wr, const llmgw_part_t *part)
{
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_key(w, "args");
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

void llmgw_gemini_write_call(gemini_writing_t *wr, const llmgw_part_t *part,
                             llmgw_str_t signature)
{
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "functionCall");
    llmgw_json_begin(w, '{');
    if (part->id.len) {
        llmgw_json_opt_str(w, "id", part->id);
    }
    llmgw_json_key(w, "name");
    llmgw_json_str(w, llmgw_tool_name_legal(part->name, wr->p));
    write_args(wr, part);
    llmgw_json_end(w, '}');
    signature = part->signature.len ? part->signature : signature;
    if (signature.len) {
        llmgw_json_opt_str(w, "thoughtSignature", signature);
    }
    llmgw_json_end(w, '}');
}

/* ---- results ------------------------------------------------------------ */

/* The name of the tool whose result it is: results must say it. */
static llmgw_str_t get_name(gemini_writing_t *wr, const llmgw_part_t *result)
{
    const llmgw_part_t *call = apr_hash_get(wr->calls, result->id.p
                                            ? result->id.p : "",
                                            (apr_ssize_t)result->id.len);
    llmgw_str_t name = call ? call->name : result->name;

    name = name.len ? name : result->id.len ? result->id
                                            : LLMGW_STR_LIT("tool");
    return llmgw_tool_name_legal(name, wr->p);
}

static int is_text(const llmgw_part_t *part)
{
    return part->type == LLMGW_PART_TEXT
        || (part->type == LLMGW_PART_DOCUMENT && part->text.p);
}

static int count_texts(const llmgw_part_t *result, llmgw_str_t *only)
{
    int j, n = 0;

    *only = LLMGW_STR_NULL;
    for (j = 0; result->parts && j < result->parts->nelts; j++) {
        if (is_text(get_part(result->parts, j))) {
            *only = get_part(result->parts, j)->text;
            n++;
        }
    }
    return n;
}

/* All texts as one string. */
static void write_texts(gemini_writing_t *wr, const llmgw_part_t *result)
{
    int j;

    llmgw_json_raw_out(&wr->w, LLMGW_STR_LIT("\""));
    for (j = 0; result->parts && j < result->parts->nelts; j++) {
        if (is_text(get_part(result->parts, j))) {
            llmgw_json_put_escaped(wr->w.out,
                                   get_part(result->parts, j)->text);
        }
    }
    llmgw_buf_putc(wr->w.out, '"');
}

/* An object is the response itself; a text is its output, or its error. */
static void write_response(gemini_writing_t *wr, const llmgw_part_t *result)
{
    llmgw_json_writer_t *w = &wr->w;
    llmgw_str_t only;
    int is_object = count_texts(result, &only) == 1
        && llmgw_raw_is_object(only);

    llmgw_json_key(w, "response");
    if (is_object && !result->is_error) {
        llmgw_json_raw_out(w, only);
        return;
    }
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, result->is_error ? "error" : "output");
    if (is_object) {
        llmgw_json_raw_out(w, only);
    }
    else {
        write_texts(wr, result);
    }
    llmgw_json_end(w, '}');
}

static apr_status_t write_result_parts(gemini_writing_t *wr,
                                       const llmgw_part_t *result, int i)
{
    const llmgw_part_t *part;
    apr_status_t rv = APR_SUCCESS;
    int j;

    for (j = 0; result->parts && j < result->parts->nelts
         && rv == APR_SUCCESS; j++) {
        part = get_part(result->parts, j);
        if (!is_text(part)) {
            rv = llmgw_gemini_write_media(wr, part, i);
        }
    }
    return rv;
}

static int has_media(const llmgw_part_t *result)
{
    llmgw_str_t only;

    return result->parts
        && count_texts(result, &only) < result->parts->nelts;
}

apr_status_t llmgw_gemini_write_result(gemini_writing_t *wr,
                                       const llmgw_part_t *result, int i)
{
    llmgw_json_writer_t *w = &wr->w;
    apr_status_t rv = APR_SUCCESS;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "functionResponse");
    llmgw_json_begin(w, '{');
    if (result->id.len) {
        llmgw_json_opt_str(w, "id", result->id);
    }
    llmgw_json_key(w, "name");
    llmgw_json_str(w, get_name(wr, result));
    write_response(wr, result);
    if ((wr->model->flags & GEMINI_RESULT_MEDIA) && has_media(result)) {
        llmgw_json_key(w, "parts");
        llmgw_json_begin(w, '[');
        rv = write_result_parts(wr, result, i);
        llmgw_json_end(w, ']');
    }
    llmgw_json_end(w, '}');
    llmgw_json_end(w, '}');
    return rv;
}

apr_status_t llmgw_gemini_write_result_media(gemini_writing_t *wr,
                                             const llmgw_part_t *result, int i)
{
    return wr->model->flags & GEMINI_RESULT_MEDIA
        ? APR_SUCCESS : write_result_parts(wr, result, i);
}
