/* multipart.c: the fields of a form: multipart/form-data (RFC 7578, 2046) */
#include "llmgw/error.h"
#include "llmgw/multipart.h"

#define BOUNDARY_BYTES_MAX 70   /* RFC 2046, 5.1.1 */

/* ---- parameters of header fields ---------------------------------------- */

/* RFC 9110, 5.6.2 */
static int is_token_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* What is left of a header field's value, used up from the front. */
typedef struct value_t {
    const char *p;
    const char *end;
} value_t;

static void skip_space(value_t *v)
{
    while (v->p < v->end && (*v->p == ' ' || *v->p == '\t')) {
        v->p++;
    }
}

static llmgw_str_t take_token(value_t *v)
{
    const char *start = v->p;

    while (v->p < v->end && is_token_char(*v->p)) {
        v->p++;
    }
    return llmgw_str_make(start, (apr_size_t)(v->p - start));
}

/* What lies between quotes; v->p is at the first. Never given if it does not
 * end. A backslash means two things to as many servers: no quote follows one
 * here. */
static llmgw_str_t take_quoted(value_t *v)
{
    const char *start = v->p + 1;
    const char *quote = memchr(start, '"', (apr_size_t)(v->end - start));

    if (!quote || quote[-1] == '\\') {
        return LLMGW_STR_NULL;
    }
    v->p = quote + 1;
    return llmgw_str_make(start, (apr_size_t)(quote - start));
}

/*
 * The next parameter: ";" name "=" value, space allowed before the name.
 * @return APR_SUCCESS; APR_EOF when there is none left; LLMGW_EBODY
 */
static apr_status_t take_param(value_t *v, llmgw_str_t *name,
                               llmgw_str_t *value)
{
    skip_space(v);
    if (v->p == v->end) {
        return APR_EOF;
    }
    if (*v->p++ != ';') {
        return LLMGW_EBODY;
    }
    skip_space(v);
    if (v->p == v->end) {
        return APR_EOF;                 /* "; " at the end: often so */
    }
    *name = take_token(v);
    if (!name->len || v->p == v->end || *v->p++ != '=' || v->p == v->end) {
        return LLMGW_EBODY;
    }
    *value = *v->p == '"' ? take_quoted(v) : take_token(v);
    return value->p ? APR_SUCCESS : LLMGW_EBODY;
}

/* ---- the boundary ------------------------------------------------------- */

/* v is set behind the media type. */
static int take_media_type(value_t *v, const char *content_type)
{
    v->p = content_type;
    v->end = content_type + strlen(content_type);
    skip_space(v);
    v->p += strcspn(v->p, "; \t");
    return llmgw_str_is_nocase(
        llmgw_str_trim(llmgw_str_make(content_type,
                                      (apr_size_t)(v->p - content_type))),
        "multipart/form-data");
}

int llmgw_multipart_is(const char *content_type)
{
    value_t v;

    return content_type && take_media_type(&v, content_type);
}

static int is_boundary(llmgw_str_t s)
{
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        if (!(s.p[i] >= '0' && s.p[i] <= '9')
            && !((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z')
            && (!s.p[i] || !strchr("'()+_,-./:=? ", s.p[i]))) {
            return 0;
        }
    }
    return s.len && s.len <= BOUNDARY_BYTES_MAX && s.p[s.len - 1] != ' ';
}

apr_status_t llmgw_multipart_boundary(const char *content_type,
                                      llmgw_str_t *boundary)
{
    llmgw_str_t name, value, found = LLMGW_STR_NULL;
    apr_status_t rv;
    value_t v;

    if (!content_type || !take_media_type(&v, content_type)) {
        return LLMGW_EBODY;
    }
    while ((rv = take_param(&v, &name, &value)) == APR_SUCCESS) {
        if (llmgw_str_is_nocase(name, "boundary")) {
            if (found.p) {
                return LLMGW_EBODY;
            }
            found = value;
        }
    }
    if (rv != APR_EOF || !found.p || !is_boundary(found)) {
        return LLMGW_EBODY;
    }
    *boundary = found;
    return APR_SUCCESS;
}

/* ---- the body ----------------------------------------------------------- */

typedef struct scanner_t {
    const char *p;
    const char *end;
    llmgw_str_t boundary;
    llmgw_multipart_limits_t limits;
    const char *why;
} scanner_t;

static apr_status_t refuse(scanner_t *s, const char *why)
{
    s->why = why;
    return LLMGW_EBODY;
}

/* Does this text stand at p? */
static int stands_at(const scanner_t *s, const char *p, llmgw_str_t text)
{
    return (apr_size_t)(s->end - p) >= text.len
           && memcmp(p, text.p, text.len) == 0;
}

/* "--" and the boundary, at p? */
static int is_delimiter(const scanner_t *s, const char *p)
{
    return stands_at(s, p, LLMGW_STR_LIT("--"))
           && stands_at(s, p + 2, s->boundary);
}

/* The CRLF before the next delimiter; NULL if there is none. A boundary holds
 * no CR, so that no byte is looked at more than twice. */
static const char *find_delimiter(const scanner_t *s)
{
    const char *p = s->p;

    while (p < s->end
           && (p = memchr(p, '\r', (apr_size_t)(s->end - p))) != NULL) {
        if (stands_at(s, p, LLMGW_STR_LIT("\r\n"))
            && is_delimiter(s, p + 2)) {
            return p;
        }
        p++;
    }
    return NULL;
}

/* The rest of a delimiter's line: CRLF, or "--" and line ends to the end.
 * *last is set for the latter. */
static apr_status_t take_delimiter_end(scanner_t *s, int *last)
{
    *last = stands_at(s, s->p, LLMGW_STR_LIT("--"));
    if (*last) {
        s->p += 2;
    }
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t')) {
        s->p++;
    }
    if (!*last) {
        if (!stands_at(s, s->p, LLMGW_STR_LIT("\r\n"))) {
            return refuse(s, "a boundary that does not end its line");
        }
        s->p += 2;
        return APR_SUCCESS;
    }
    while (stands_at(s, s->p, LLMGW_STR_LIT("\r\n"))) {
        s->p += 2;
    }
    return s->p == s->end ? APR_SUCCESS
           : refuse(s, "something after the last boundary");
}

/* The next header line of a part without its CRLF; empty at their end. */
static apr_status_t take_line(scanner_t *s, const char *head,
                              llmgw_str_t *line)
{
    apr_size_t room = s->limits.head_bytes_max - (apr_size_t)(s->p - head);
    apr_size_t left = (apr_size_t)(s->end - s->p), i;

    left = left < room ? left : room;
    for (i = 0; i < left && s->p[i] != '\r'; i++) {
        if ((unsigned char)s->p[i] < ' ' && s->p[i] != '\t') {
            return refuse(s, "a control character in a part's header");
        }
    }
    if (i + 2 > left || s->p[i + 1] != '\n') {
        return refuse(s, i + 2 > room ? "a part's header that is too long"
                                      : "a part's header that does not end");
    }
    *line = llmgw_str_make(s->p, i);
    s->p += i + 2;
    return APR_SUCCESS;
}

static apr_status_t take_name(scanner_t *s, llmgw_multipart_part_t *part,
                              llmgw_str_t name)
{
    if (part->name.p) {
        return refuse(s, "a part with two names");
    }
    if (!name.len || memchr(name.p, '\\', name.len)) {
        return refuse(s, "a part whose name is empty or escaped");
    }
    part->name = name;
    return APR_SUCCESS;
}

/* Content-Disposition: form-data; name="..."; filename="...". */
static apr_status_t take_disposition(scanner_t *s, value_t v,
                                     llmgw_multipart_part_t *part)
{
    llmgw_str_t name, value;
    apr_status_t rv;

    if (part->name.p) {
        return refuse(s, "a part with two Content-Disposition fields");
    }
    if (!llmgw_str_is_nocase(take_token(&v), "form-data")) {
        return refuse(s, "a part that is not form-data");
    }
    while ((rv = take_param(&v, &name, &value)) == APR_SUCCESS) {
        if (llmgw_str_is_nocase(name, "name")) {
            rv = take_name(s, part, value);
        }
        else if (llmgw_str_is_nocase(name, "filename")
                 || llmgw_str_is_nocase(name, "filename*")) {
            part->filename = value;
        }
        else {
            rv = refuse(s, "an unknown parameter of Content-Disposition");
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return rv == APR_EOF ? APR_SUCCESS
           : refuse(s, "a malformed Content-Disposition");
}

/* A value that is written in another way than it is meant. */
static int is_encoded(llmgw_str_t coding)
{
    return !llmgw_str_is_nocase(coding, "binary")
           && !llmgw_str_is_nocase(coding, "8bit")
           && !llmgw_str_is_nocase(coding, "7bit");
}

static apr_status_t take_field(scanner_t *s, llmgw_str_t line,
                               llmgw_multipart_part_t *part)
{
    value_t v = { line.p, line.p + line.len };
    llmgw_str_t name = take_token(&v);

    if (!name.len || v.p == v.end || *v.p++ != ':') {
        return refuse(s, "a malformed header field of a part");
    }
    skip_space(&v);
    if (llmgw_str_is_nocase(name, "Content-Disposition")) {
        return take_disposition(s, v, part);
    }
    if (llmgw_str_is_nocase(name, "Content-Transfer-Encoding")
        && is_encoded(llmgw_str_trim(
               llmgw_str_make(v.p, (apr_size_t)(v.end - v.p))))) {
        return refuse(s, "a part with a Content-Transfer-Encoding");
    }
    return APR_SUCCESS;
}

static apr_status_t take_head(scanner_t *s, llmgw_multipart_part_t *part)
{
    const char *head = s->p;
    unsigned int fields = 0;
    llmgw_str_t line;
    apr_status_t rv;

    while ((rv = take_line(s, head, &line)) == APR_SUCCESS && line.len) {
        if (++fields > s->limits.fields_max) {
            return refuse(s, "a part with too many header fields");
        }
        rv = take_field(s, line, part);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (rv == APR_SUCCESS && !part->name.p) {
        rv = refuse(s, "a part without a name");
    }
    return rv;
}

/* One part, up to and with the delimiter's boundary after it. */
static apr_status_t take_part(scanner_t *s, llmgw_multipart_part_t *part)
{
    const char *stop;
    apr_status_t rv;

    memset(part, 0, sizeof(*part));
    rv = take_head(s, part);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* RFC 2046 lets a part end with its head: to some servers this is the next
     * boundary, to others it is text. */
    if (is_delimiter(s, s->p)) {
        return refuse(s, "a boundary where a value should be");
    }
    stop = find_delimiter(s);
    if (!stop) {
        return refuse(s, "no last boundary");
    }
    part->value = llmgw_str_make(s->p, (apr_size_t)(stop - s->p));
    s->p = stop + 4 + s->boundary.len;
    return APR_SUCCESS;
}

static void set_defaults(llmgw_multipart_limits_t *l)
{
    l->parts_max = l->parts_max ? l->parts_max : 1000;
    l->fields_max = l->fields_max ? l->fields_max : 16;
    l->head_bytes_max = l->head_bytes_max ? l->head_bytes_max : 8192;
}

static apr_status_t scan_parts(scanner_t *s, llmgw_multipart_part_fn fn,
                               void *ctx)
{
    llmgw_multipart_part_t part;
    unsigned int parts = 0;
    apr_status_t rv;
    int last;

    if (!is_delimiter(s, s->p)) {
        return refuse(s, "no boundary at its start");
    }
    s->p += 2 + s->boundary.len;
    while ((rv = take_delimiter_end(s, &last)) == APR_SUCCESS && !last) {
        if (++parts > s->limits.parts_max) {
            return refuse(s, "too many parts");
        }
        rv = take_part(s, &part);
        if (rv == APR_SUCCESS) {
            rv = fn(ctx, &part);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return rv;
}

apr_status_t llmgw_multipart_scan(llmgw_str_t body, llmgw_str_t boundary,
                                  const llmgw_multipart_limits_t *limits,
                                  llmgw_multipart_part_fn fn, void *ctx,
                                  const char **why)
{
    scanner_t s = { body.p, body.p + body.len, boundary, { 0, 0, 0 }, NULL };
    apr_status_t rv;

    if (limits) {
        s.limits = *limits;
    }
    set_defaults(&s.limits);
    rv = scan_parts(&s, fn, ctx);
    *why = s.why;
    return rv;
}
