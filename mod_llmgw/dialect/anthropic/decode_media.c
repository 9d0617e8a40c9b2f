/* decode_media.c: reading images, documents and search results */
#include "anthropic.h"

static const llmgw_json_t *get_source(const llmgw_json_t *v)
{
    return llmgw_json_lookup_type(v, "source", LLMGW_JSON_OBJECT);
}

/* A string within `source`, which must be there. */
static apr_status_t read_member(llmgw_reading_t *r, const llmgw_json_t *v,
                                const char *name, llmgw_str_t *out)
{
    llmgw_place_t here = { r->place, "source", -1 };
    apr_status_t rv;

    r->place = &here;
    rv = llmgw_reading_required(r, get_source(v), name, out);
    r->place = here.up;
    return rv;
}

static apr_status_t read_base64(llmgw_reading_t *r, const llmgw_json_t *v,
                                llmgw_part_t *out)
{
    apr_status_t rv = read_member(r, v, "media_type", &out->media_type);

    return rv == APR_SUCCESS ? read_member(r, v, "data", &out->data) : rv;
}

/* The forms that images and documents share. @param found 0: none of them */
static apr_status_t read_source(llmgw_reading_t *r, const llmgw_json_t *v,
                                llmgw_part_t *out, int *found)
{
    const llmgw_json_t *source = llmgw_json_lookup(v, "source");
    const llmgw_json_t *type = llmgw_json_lookup(source, "type");

    *found = 1;
    if (!source) {
        return llmgw_reading_missing(r, "source");
    }
    if (source->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, "source", "an object");
    }
    if (llmgw_json_string_is(type, "base64")) {
        return read_base64(r, v, out);
    }
    if (llmgw_json_string_is(type, "url")) {
        return read_member(r, v, "url", &out->url);
    }
    if (llmgw_json_string_is(type, "file")) {
        return read_member(r, v, "file_id", &out->file_id);
    }
    *found = 0;
    return APR_SUCCESS;
}

apr_status_t llmgw_anthropic_read_image(llmgw_reading_t *r,
                                        const llmgw_json_t *v,
                                        llmgw_part_t *out)
{
    int found;
    apr_status_t rv = read_source(r, v, out, &found);

    return rv != APR_SUCCESS || found ? rv
        : llmgw_reading_invalid(r, "source.type",
                                "\"base64\", \"url\" or \"file\"");
}

/* ---- documents ---------------------------------------------------------- */

/* The texts of blocks, a line end between; never given where one of them is
 * something else. */
static apr_status_t join_texts(llmgw_reading_t *r, const llmgw_json_t *v,
                               const char *field, llmgw_str_t *out)
{
    apr_array_header_t *parts = apr_array_make(r->p, 4, sizeof(llmgw_part_t));
    const llmgw_json_t *content = llmgw_json_lookup(v, "content");
    const llmgw_part_t *part;
    llmgw_buf_t *text;
    apr_status_t rv;
    int i;

    if (!content) {
        return llmgw_reading_missing(r, field);
    }
    rv = llmgw_anthropic_read_content(r, content, field, ANTHROPIC_IN_RESULT,
                                      parts);
    text = llmgw_buf_create(r->p, 2 * (apr_size_t)content->len + 1);
    for (i = 0; i < parts->nelts && rv == APR_SUCCESS; i++) {
        part = &APR_ARRAY_IDX(parts, i, llmgw_part_t);
        if (part->type != LLMGW_PART_TEXT) {
            return APR_SUCCESS;
        }
        if (i) {
            llmgw_buf_putc(text, '\n');
        }
        llmgw_buf_put(text, part->text);
    }
    if (rv == APR_SUCCESS) {
        *out = llmgw_buf_str(text);
    }
    return rv;
}

static apr_status_t read_document_source(llmgw_reading_t *r,
                                         const llmgw_json_t *v,
                                         llmgw_part_t *out)
{
    int found;
    apr_status_t rv = read_source(r, v, out, &found);
    const llmgw_json_t *type = llmgw_json_lookup(get_source(v), "type");

    if (rv != APR_SUCCESS || found) {
        return rv;
    }
    if (llmgw_json_string_is(type, "text")) {
        out->media_type = LLMGW_STR_LIT("text/plain");
        return read_member(r, v, "data", &out->text);
    }
    if (llmgw_json_string_is(type, "content")) {
        out->media_type = LLMGW_STR_LIT("text/plain");
        return join_texts(r, get_source(v), "source.content", &out->text);
    }
    return llmgw_reading_invalid(r, "source.type", "\"base64\", \"text\", "
                                 "\"url\", \"content\" or \"file\"");
}

/* "citations": {"enabled": true} asks the model to cite. */
static void read_citations(const llmgw_json_t *v, llmgw_part_t *out)
{
    const llmgw_json_t *citations = llmgw_json_lookup(v, "citations");

    if (llmgw_json_bool(llmgw_json_lookup(citations, "enabled"), 0)) {
        out->annotations = llmgw_json_raw(citations);
    }
}

apr_status_t llmgw_anthropic_read_document(llmgw_reading_t *r,
                                           const llmgw_json_t *v,
                                           llmgw_part_t *out)
{
    apr_status_t rv = llmgw_reading_string(r, v, "title",
                                           &out->filename);

    out->raw = llmgw_json_raw(v);
    read_citations(v, out);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, v, "context", &out->context);
    }
    return rv == APR_SUCCESS ? read_document_source(r, v, out) : rv;
}

/* Found by a tool of the client's: a text with a title and where it is from. */
apr_status_t llmgw_anthropic_read_search_result(llmgw_reading_t *r,
                                                const llmgw_json_t *v,
                                                llmgw_part_t *out)
{
    apr_status_t rv = llmgw_reading_required(r, v, "title",
                                             &out->filename);

    out->raw = llmgw_json_raw(v);
    out->media_type = LLMGW_STR_LIT("text/plain");
    read_citations(v, out);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_required(r, v, "source", &out->context);
    }
    return rv == APR_SUCCESS ? join_texts(r, v, "content", &out->text) : rv;
}

apr_status_t llmgw_anthropic_read_upload(llmgw_reading_t *r,
                                         const llmgw_json_t *v,
                                         llmgw_part_t *out)
{
    out->raw = llmgw_json_raw(v);
    return llmgw_reading_required(r, v, "file_id", &out->file_id);
}
