/* request_content.c: reading the content of a message, a string or parts */
#include <string.h>
#include "openai_responses.h"

static apr_status_t read_image(llmgw_reading_t *r, const llmgw_json_t *part,
                               llmgw_part_t *out)
{
    llmgw_str_t url = LLMGW_STR_NULL;
    apr_status_t rv;

    rv = llmgw_reading_string(r, part, "detail", &out->detail);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, part, "file_id", &out->file_id);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, part, "image_url", &url);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!url.len) {
        return out->file_id.len ? APR_SUCCESS
                                : llmgw_reading_missing(r, "image_url");
    }
    return llmgw_openai_set_url(r, out, url, "image_url");
}

static apr_status_t read_file(llmgw_reading_t *r, const llmgw_json_t *part,
                              llmgw_part_t *out)
{
    llmgw_str_t url = LLMGW_STR_NULL;
    apr_status_t rv = llmgw_openai_read_file(r, part, out, "file_data");

    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, part, "file_url", &url);
    }
    if (rv == APR_SUCCESS && url.len) {
        rv = llmgw_openai_set_url(r, out, url, "file_url");
    }
    return rv == APR_SUCCESS && !out->data.p && !out->url.p
        && !out->file_id.len ? llmgw_reading_missing(r, "file_data") : rv;
}

/* The parts this dialect knows, and what reads them. */
static const struct {
    const char *type;
    llmgw_part_e part;
    const char *member;         /* of text; NULL: read by a function */
} known[] = {
    { "input_text", LLMGW_PART_TEXT, "text" },
    { "output_text", LLMGW_PART_TEXT, "text" },
    { "text", LLMGW_PART_TEXT, "text" },
    { "refusal", LLMGW_PART_REFUSAL, "refusal" },
    { "input_image", LLMGW_PART_IMAGE, NULL },
    { "input_file", LLMGW_PART_DOCUMENT, NULL },
    { "input_audio", LLMGW_PART_AUDIO, NULL }
};

static apr_status_t read_body(llmgw_reading_t *r, const llmgw_json_t *part,
                              llmgw_part_t *out, const char *member)
{
    switch (out->type) {
    case LLMGW_PART_IMAGE:
        return read_image(r, part, out);
    case LLMGW_PART_DOCUMENT:
        return read_file(r, part, out);
    case LLMGW_PART_AUDIO:
        return llmgw_openai_read_audio(r, part, out);
    default:
        return llmgw_reading_required(r, part, member, &out->text);
    }
}

/* @param parts to which it is appended */
static apr_status_t read_part(llmgw_reading_t *r, const llmgw_json_t *part,
                              void *parts)
{
    const llmgw_json_t *type = llmgw_json_lookup(part, "type"), *list;
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
            list = llmgw_json_lookup_type(part, "annotations",
                                          LLMGW_JSON_ARRAY);
            if (list && list->count) {
                out->annotations = llmgw_json_raw(list);
            }
            return read_body(r, part, out, known[i].member);
        }
    }
    return llmgw_reading_invalid(r, "type", "\"input_text\", \"input_image\", "
                                 "\"input_file\", \"output_text\" or "
                                 "\"refusal\"");
}

apr_status_t llmgw_openai_responses_read_content(llmgw_reading_t *r,
                                                 const llmgw_json_t *content,
                                                 const char *field,
                                                 apr_array_header_t *parts)
{
    return llmgw_openai_read_content(r, content, field, read_part, parts);
}
