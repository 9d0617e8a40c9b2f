/* request_media.c: writing images and documents as blocks */
#include <string.h>
#include <apr_base64.h>
#include <apr_strings.h>
#include "anthropic.h"

static int is_web_url(llmgw_str_t url)
{
    return url.len > 8 && (memcmp(url.p, "http://", 7) == 0
                           || memcmp(url.p, "https://", 8) == 0);
}

static int is_own_file(const anthropic_writing_t *wr, const llmgw_part_t *part)
{
    return part->file_id.len && wr->req->dialect == &llmgw_dialect_anthropic;
}

static void begin_block(anthropic_writing_t *wr, const char *type)
{
    llmgw_json_begin(&wr->w, '{');
    llmgw_json_key(&wr->w, "type");
    llmgw_json_strz(&wr->w, type);
    llmgw_json_key(&wr->w, "source");
    llmgw_json_begin(&wr->w, '{');
    llmgw_json_key(&wr->w, "type");
}

/* {"type":"url","url"} or {"type":"file","file_id"} or base64. */
static void write_source(anthropic_writing_t *wr, const llmgw_part_t *part)
{
    llmgw_json_writer_t *w = &wr->w;

    if (part->data.p) {
        llmgw_json_strz(w, "base64");
        llmgw_json_opt_str(w, "media_type", part->media_type);
        llmgw_json_opt_str(w, "data", part->data);
    }
    else if (part->url.p) {
        llmgw_json_strz(w, "url");
        llmgw_json_opt_str(w, "url", part->url);
    }
    else {
        llmgw_json_strz(w, "file");
        llmgw_json_opt_str(w, "file_id", part->file_id);
    }
}

static void end_block(anthropic_writing_t *wr, const llmgw_part_t *part)
{
    llmgw_json_end(&wr->w, '}');
    if (part->type == LLMGW_PART_DOCUMENT && part->filename.len) {
        llmgw_json_opt_str(&wr->w, "title", part->filename);
    }
    if (part->type == LLMGW_PART_DOCUMENT && part->context.len) {
        llmgw_json_opt_str(&wr->w, "context", part->context);
    }
    llmgw_json_opt_raw(&wr->w, "cache_control", part->cache_control);
    llmgw_json_end(&wr->w, '}');
}

static apr_status_t write_image(anthropic_writing_t *wr,
                                const llmgw_part_t *part, int i)
{
    if (!part->data.p && !is_web_url(part->url) && !is_own_file(wr, part)) {
        return llmgw_anthropic_cannot(wr, 0, "messages[%d].content", i);
    }
    begin_block(wr, "image");
    write_source(wr, part);
    end_block(wr, part);
    if (part->detail.len && !llmgw_str_is(part->detail, "auto")) {
        return llmgw_anthropic_cannot(wr, 1, "detail");
    }
    return APR_SUCCESS;
}

/* The text in base64; never given when it is no UTF-8. */
static llmgw_str_t decode_text(anthropic_writing_t *wr, llmgw_str_t data)
{
    char *encoded = llmgw_str_dupz(wr->p, data);
    char *text = apr_palloc(wr->p, (apr_size_t)
                            apr_base64_decode_len(encoded) + 1);
    int len = apr_base64_decode(text, encoded);

    if (llmgw_str_utf8_check(text, (apr_size_t)len) != (apr_size_t)len) {
        return LLMGW_STR_NULL;
    }
    return llmgw_str_make(text, (apr_size_t)len);
}

static void write_text_document(anthropic_writing_t *wr,
                                const llmgw_part_t *part, llmgw_str_t text)
{
    begin_block(wr, "document");
    llmgw_json_strz(&wr->w, "text");
    llmgw_json_opt_str(&wr->w, "media_type", LLMGW_STR_LIT("text/plain"));
    llmgw_json_opt_str(&wr->w, "data", text);
    end_block(wr, part);
}

/* PDF and text are known; text comes as text. */
static apr_status_t write_document(anthropic_writing_t *wr,
                                   const llmgw_part_t *part, int i)
{
    llmgw_str_t text = part->text;
    int pdf = llmgw_str_is(part->media_type, "application/pdf");

    if (!text.p && part->data.p && !pdf && part->media_type.len > 5
        && memcmp(part->media_type.p, "text/", 5) == 0) {
        text = decode_text(wr, part->data);
    }
    if (text.p) {
        write_text_document(wr, part, text);
        return APR_SUCCESS;
    }
    if (!(part->data.p && pdf) && !is_web_url(part->url)
        && !is_own_file(wr, part)) {
        return llmgw_anthropic_cannot(wr, 0, "messages[%d].content", i);
    }
    begin_block(wr, "document");
    write_source(wr, part);
    end_block(wr, part);
    return APR_SUCCESS;
}

apr_status_t llmgw_anthropic_write_media(anthropic_writing_t *wr,
                                         const llmgw_part_t *part, int i)
{
    return part->type == LLMGW_PART_IMAGE ? write_image(wr, part, i)
                                          : write_document(wr, part, i);
}
