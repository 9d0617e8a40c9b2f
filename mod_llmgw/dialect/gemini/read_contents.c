/* read_contents.c: reading the conversation of a request */
#include <string.h>
#include <apr_strings.h>
#include "gemini.h"

/* ---- text --------------------------------------------------------------- */

static void add_signature(apr_array_header_t *parts, llmgw_str_t signature)
{
    llmgw_str_t data;
    llmgw_part_t *part;

    if (!signature.len) {
        return;
    }
    if (llmgw_gemini_is_redacted(signature, &data)) {
        llmgw_parts_add(parts, LLMGW_PART_REDACTED)->data = data;
        return;
    }
    part = llmgw_parts_add(parts, LLMGW_PART_REASONING);
    part->text = LLMGW_STR_LIT("");
    part->signature = signature;
}

/* A thought keeps its signature; that of a text follows it. */
static apr_status_t read_text(llmgw_reading_t *r, const llmgw_json_t *v,
                              llmgw_str_t text, llmgw_message_t *m)
{
    llmgw_str_t signature = LLMGW_STR_NULL, data;
    llmgw_part_t *part;
    apr_status_t rv = llmgw_reading_string(r, v, "thoughtSignature",
                                           &signature);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (llmgw_json_bool(llmgw_json_lookup(v, "thought"), 0) && text.len) {
        part = llmgw_parts_add(m->parts, LLMGW_PART_REASONING);
        part->text = text;
        if (!llmgw_gemini_is_redacted(signature, &data)) {
            part->signature = signature;
            return APR_SUCCESS;
        }
    }
    else if (text.len || m->role != LLMGW_ROLE_ASSISTANT) {
        part = llmgw_parts_add(m->parts, LLMGW_PART_TEXT);
        part->text = text;
    }
    add_signature(m->parts, signature);
    return APR_SUCCESS;
}

/* ---- media -------------------------------------------------------------- */

static int begins_with(llmgw_str_t s, const char *start)
{
    apr_size_t n = strlen(start);

    return s.len >= n && memcmp(s.p, start, n) == 0;
}

static llmgw_part_e get_kind(llmgw_str_t type, llmgw_str_t url)
{
    static const char *const images[] = { "*.png", "*.jpg", "*.jpeg",
                                          "*.webp", "*.gif" };
    apr_size_t i;

    if (begins_with(type, "image/")) {
        return LLMGW_PART_IMAGE;
    }
    if (begins_with(type, "audio/")) {
        return LLMGW_PART_AUDIO;
    }
    if (begins_with(type, "video/")) {
        return LLMGW_PART_VIDEO;
    }
    for (i = 0; !type.len && i < sizeof(images) / sizeof(images[0]); i++) {
        if (llmgw_str_glob(images[i], url)) {
            return LLMGW_PART_IMAGE;
        }
    }
    return LLMGW_PART_DOCUMENT;
}

/* Both alphabets of base64 are taken; others know the first only. */
static llmgw_str_t get_base64(llmgw_str_t data, apr_pool_t *p)
{
    char *out;
    apr_size_t i;

    if (!memchr(data.p, '-', data.len) && !memchr(data.p, '_', data.len)) {
        return data;
    }
    out = apr_pstrmemdup(p, data.p, data.len);
    for (i = 0; i < data.len; i++) {
        out[i] = out[i] == '-' ? '+' : out[i] == '_' ? '/' : out[i];
    }
    return llmgw_str_make(out, data.len);
}

/* inlineData or fileData. */
apr_status_t llmgw_gemini_read_media(llmgw_reading_t *r,
                                     const llmgw_json_t *v, int is_file,
                                     apr_array_header_t *parts)
{
    llmgw_part_t media;
    apr_status_t rv;

    memset(&media, 0, sizeof(media));
    rv = llmgw_reading_string(r, v, "mimeType", &media.media_type);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, v, "displayName", &media.filename);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, v, is_file ? "fileUri" : "data",
                                  is_file ? &media.url : &media.data);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!media.url.len && !media.data.p) {
        return llmgw_reading_missing(r, is_file ? "fileData.fileUri"
                                     : "inlineData.data");
    }
    if (!is_file && !media.media_type.len) {
        return llmgw_reading_missing(r, "inlineData.mimeType");
    }
    if (media.data.p) {
        media.data = get_base64(media.data, r->p);
    }
    media.type = get_kind(media.media_type, media.url);
    *llmgw_parts_add(parts, media.type) = media;
    return APR_SUCCESS;
}

/* ---- parts -------------------------------------------------------------- */

/* Code the provider ran, and what came of it, are told as text. */
static apr_status_t read_code(llmgw_reading_t *r, const llmgw_json_t *v,
                              const char *name, const char *language,
                              llmgw_message_t *m)
{
    llmgw_str_t text = LLMGW_STR_NULL;
    apr_status_t rv = llmgw_reading_string(r, v, name, &text);

    if (rv == APR_SUCCESS && text.len) {
        llmgw_parts_add(m->parts, LLMGW_PART_TEXT)->text = llmgw_str_of(
            apr_psprintf(r->p, "\n```%s\n%.*s\n```\n", language,
                         LLMGW_STR_ARG(text)));
    }
    return rv;
}

/* The message that a part of a content goes to: results have their own. */
static llmgw_message_t *get_message(llmgw_reading_t *r, llmgw_role_e role,
                                    llmgw_message_t *m)
{
    return m && m->role == role ? m : llmgw_reading_add_message(r, role);
}

/* One of the members that make up a part, in either spelling. */
static const llmgw_json_t *get_inner(const llmgw_json_t *part,
                                     const char *name)
{
    return llmgw_gemini_lookup_type(part, name, LLMGW_JSON_OBJECT);
}

static apr_status_t read_inner(llmgw_reading_t *r, const llmgw_json_t *part,
                               llmgw_message_t *m)
{
    const llmgw_json_t *v;

    if ((v = get_inner(part, "inlineData"))) {
        return llmgw_gemini_read_media(r, v, 0, m->parts);
    }
    if ((v = get_inner(part, "fileData"))) {
        return llmgw_gemini_read_media(r, v, 1, m->parts);
    }
    if ((v = get_inner(part, "functionCall"))) {
        return llmgw_gemini_read_call(r, v, part, m);
    }
    if ((v = get_inner(part, "executableCode"))) {
        return read_code(r, v, "code", "python", m);
    }
    if ((v = get_inner(part, "codeExecutionResult"))) {
        return read_code(r, v, "output", "", m);
    }
    if (get_inner(part, "toolCall") || get_inner(part, "toolResponse")) {
        return APR_SUCCESS;         /* a search of the provider's own */
    }
    if (llmgw_gemini_lookup(part, "thoughtSignature")) {
        return read_text(r, part, LLMGW_STR_LIT(""), m);
    }
    return llmgw_reading_invalid(r, NULL, "text, data, a call or a result");
}

/* Parts that are being read. */
typedef struct parts_t {
    llmgw_role_e role;
    llmgw_message_t *m;         /* that they go to; NULL before the first */
} parts_t;

static apr_status_t read_part(llmgw_reading_t *r, const llmgw_json_t *part,
                              void *ctx)
{
    parts_t *parts = ctx;
    const llmgw_json_t *v;

    if (part->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    v = get_inner(part, "functionResponse");
    if (v) {
        parts->m = get_message(r, LLMGW_ROLE_TOOL, parts->m);
        return llmgw_gemini_read_result(r, v, parts->m);
    }
    parts->m = get_message(r, parts->role, parts->m);
    v = llmgw_json_lookup(part, "text");
    if (v && v->type != LLMGW_JSON_NULL) {
        return v->type == LLMGW_JSON_STRING
            ? read_text(r, part, llmgw_json_string(v, r->p), parts->m)
            : llmgw_reading_invalid(r, "text", "a string");
    }
    return read_inner(r, part, parts->m);
}

/* ---- contents ----------------------------------------------------------- */

static apr_status_t read_role(llmgw_reading_t *r, const llmgw_json_t *content,
                              llmgw_role_e *role)
{
    llmgw_str_t name = LLMGW_STR_NULL;
    apr_status_t rv = llmgw_reading_string(r, content, "role", &name);

    *role = LLMGW_ROLE_USER;
    if (rv != APR_SUCCESS || !name.len || llmgw_str_is(name, "user")
        || llmgw_str_is(name, "function") || llmgw_str_is(name, "tool")) {
        return rv;
    }
    if (llmgw_str_is(name, "model")) {
        *role = LLMGW_ROLE_ASSISTANT;
        return APR_SUCCESS;
    }
    if (llmgw_str_is(name, "system")) {
        *role = LLMGW_ROLE_SYSTEM;
        return APR_SUCCESS;
    }
    return llmgw_reading_invalid(r, "role", "\"user\" or \"model\"");
}

/* A turn of the model with nothing in it is left out. */
static void drop_empty(llmgw_reading_t *r)
{
    const llmgw_message_t *last = r->req->messages->nelts
        ? &APR_ARRAY_IDX(r->req->messages, r->req->messages->nelts - 1,
                         llmgw_message_t) : NULL;

    if (last && last->role == LLMGW_ROLE_ASSISTANT && !last->parts->nelts) {
        apr_array_pop(r->req->messages);
    }
}

/* A list of parts, or one of them alone. */
static apr_status_t read_parts(llmgw_reading_t *r, const llmgw_json_t *list,
                               llmgw_role_e role)
{
    llmgw_place_t here = { r->place, "parts", 0 };
    parts_t parts = { role, NULL };
    apr_status_t rv;

    if (llmgw_json_is(list, LLMGW_JSON_OBJECT)) {
        r->place = &here;
        rv = read_part(r, list, &parts);
        r->place = here.up;
    }
    else {
        rv = llmgw_reading_each(r, "parts", list, read_part, &parts);
    }
    drop_empty(r);
    return rv;
}

static apr_status_t read_content(llmgw_reading_t *r, const llmgw_json_t *v,
                                 void *ctx)
{
    const llmgw_json_t *parts = llmgw_json_lookup(v, "parts");
    llmgw_role_e role;
    apr_status_t rv;

    (void)ctx;
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_reading_invalid(r, NULL, "an object");
    }
    rv = read_role(r, v, &role);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (parts && parts->type != LLMGW_JSON_ARRAY
        && parts->type != LLMGW_JSON_OBJECT
        && parts->type != LLMGW_JSON_NULL) {
        return llmgw_reading_invalid(r, "parts", "an array");
    }
    return read_parts(r, parts, role);
}

/* A list of contents, or one alone. */
apr_status_t llmgw_gemini_read_contents(llmgw_reading_t *r,
                                        const llmgw_json_t *contents)
{
    llmgw_place_t here = { r->place, "contents", 0 };
    apr_status_t rv;

    if (contents->type == LLMGW_JSON_OBJECT) {
        r->place = &here;
        rv = read_content(r, contents, NULL);
        r->place = here.up;
        return rv;
    }
    if (contents->type != LLMGW_JSON_ARRAY || !contents->count) {
        return llmgw_reading_invalid(r, "contents",
                                     "an array with at least one content");
    }
    return llmgw_reading_each(r, "contents", contents, read_content, NULL);
}

static apr_status_t read_system(llmgw_reading_t *r, const llmgw_json_t *v,
                                void *ctx)
{
    (void)ctx;
    return read_parts(r, llmgw_json_lookup(v, "text")
                      ? v : llmgw_json_lookup(v, "parts"), LLMGW_ROLE_SYSTEM);
}

/* A text, or a content of texts. */
apr_status_t llmgw_gemini_read_system(llmgw_reading_t *r,
                                      const llmgw_json_t *v)
{
    llmgw_message_t *m;

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type == LLMGW_JSON_STRING) {
        m = llmgw_reading_add_message(r, LLMGW_ROLE_SYSTEM);
        llmgw_parts_add(m->parts, LLMGW_PART_TEXT)->text =
            llmgw_json_string(v, r->p);
        return APR_SUCCESS;
    }
    return llmgw_reading_object(r, "systemInstruction", v, read_system, NULL);
}
