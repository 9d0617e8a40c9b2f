/* request_content.c: reading the content of a message, a string or parts */
#include <string.h>
#include <apr_strings.h>
#include "openai_chat.h"

/* {"url": "...", "detail": "..."}, or just the URL. */
static apr_status_t read_url(llmgw_reading_t *r,
                             const llmgw_json_t *part, const char *field,
                             llmgw_part_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup(part, field);
    const char *name = field;
    apr_status_t rv = APR_SUCCESS;

    if (llmgw_json_is(v, LLMGW_JSON_OBJECT)) {
        rv = llmgw_reading_string(r, v, "detail", &out->detail);
        v = llmgw_json_lookup(v, "url");
        name = apr_pstrcat(r->p, field, ".url", NULL);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!v) {
        return llmgw_reading_missing(r, name);
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_reading_invalid(r, name, "a string");
    }
    return llmgw_openai_set_url(r, out, llmgw_json_string(v, r->p), name);
}

static apr_status_t read_file(llmgw_reading_t *r, const llmgw_json_t *part,
                              llmgw_part_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup_type(part, "file",
                                                   LLMGW_JSON_OBJECT);
    apr_status_t rv = llmgw_openai_read_file(r, v, out, "file.file_data");

    return rv == APR_SUCCESS && !out->data.p && !out->url.p
        && !out->file_id.len ? llmgw_reading_missing(r, "file") : rv;
}

/* The parts this dialect knows, and what reads them. */
static const struct {
    const char *type;
    llmgw_part_e part;
    const char *member;         /* of text; NULL: read by a function */
} known[] = {
    { "text", LLMGW_PART_TEXT, "text" },
    { "input_text", LLMGW_PART_TEXT, "text" },
    { "output_text", LLMGW_PART_TEXT, "text" },
    { "refusal", LLMGW_PART_REFUSAL, "refusal" },
    { "image_url", LLMGW_PART_IMAGE, NULL },
    { "input_audio", LLMGW_PART_AUDIO, NULL },
    { "file", LLMGW_PART_DOCUMENT, NULL },
    { "video_url", LLMGW_PART_VIDEO, NULL }
};

static apr_status_t read_body(llmgw_reading_t *r,
                              const llmgw_json_t *part, llmgw_part_t *out,
                              const char *member)
{
    switch (out->type) {
    case LLMGW_PART_IMAGE:
        return read_url(r, part, "image_url", out);
    case LLMGW_PART_VIDEO:
        return read_url(r, part, "video_url", out);
    case LLMGW_PART_AUDIO:
        return llmgw_openai_read_audio(r, part, out);
    case LLMGW_PART_DOCUMENT:
        return read_file(r, part, out);
    default:
        return llmgw_reading_required(r, part, member, &out->text);
    }
}

/* @param parts to which it is appended */
static apr_status_t read_part(llmgw_reading_t *r, const llmgw_json_t *part,
                              void *parts)
{
    const llmgw_json_t *type = llmgw_json_lookup(part, "type");
    llmgw_part_t *out;
    apr_size_t i;

    if (part->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    if (!type) {
        return llmgw_reading_missing(r, "type");
    }
    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (llmgw_json_string_is(type, known[i].type)) {
            out = llmgw_parts_add(parts, known[i].part);
            out->cache_control = llmgw_json_raw(llmgw_json_lookup_type(
                part, "cache_control", LLMGW_JSON_OBJECT));
            return read_body(r, part, out, known[i].member);
        }
    }
    return llmgw_reading_invalid(r, "type", "\"text\", \"image_url\", "
                                 "\"input_audio\", \"file\" or "
                                 "\"refusal\"");
}

apr_status_t llmgw_openai_chat_read_content(llmgw_reading_t *r,
                                            const llmgw_json_t *content,
                                            apr_array_header_t *parts)
{
    return llmgw_openai_read_content(r, content, "content", read_part, parts);
}
