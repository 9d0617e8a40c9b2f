/* http1.c: an HTTP/1.1 response read from any split of the bytes (RFC 9112) */
#include <string.h>
#include <apr_strings.h>
#include "llmgw/buf.h"
#include "llmgw/error.h"
#include "llmgw/http1.h"
#include "http1_framing.h"

/* What the next byte belongs to. */
typedef enum phase_e {
    STATUS_LINE,
    FIELD_LINE,
    BODY,                       /* counted: by Content-Length, or a chunk */
    BODY_UNTIL_CLOSE,
    CHUNK_LINE,
    CHUNK_CR,                   /* the line end after a chunk's data */
    CHUNK_LF,
    TRAILER_LINE,
    COMPLETE
} phase_e;

typedef struct reader_t {
    llmgw_http1_t pub;          /* first: what callers see */
    llmgw_http1_limits_t limits;
    apr_pool_t *pool;
    phase_e phase;
    int head;                   /* answers a HEAD request */
    int touched;                /* a byte has come */
    apr_status_t failed;
    llmgw_buf_t *line;          /* the line being read */
    apr_size_t line_room;       /* what it and those after it may take */
    unsigned int fields;
    unsigned int interims;
    apr_uint64_t left;          /* of the counted body or chunk */
} reader_t;

/* A run of input bytes, used up from the front. */
typedef struct input_t {
    const char *p;
    const char *end;
} input_t;

static apr_status_t fail(reader_t *r, apr_status_t status, const char *error)
{
    r->failed = status;
    r->pub.state = LLMGW_HTTP1_FAILED;
    r->pub.keep_alive = 0;
    r->pub.error = error;
    return status;
}

static apr_status_t refuse(reader_t *r, const char *error)
{
    return fail(r, LLMGW_EHTTP, error);
}

static apr_status_t exceed(reader_t *r, const char *error)
{
    return fail(r, LLMGW_EUPTOOBIG, error);
}

static void set_defaults(llmgw_http1_limits_t *l)
{
    l->head_bytes_max = l->head_bytes_max ? l->head_bytes_max : 65536;
    l->fields_max = l->fields_max ? l->fields_max : 256;
    l->interim_max = l->interim_max ? l->interim_max : 16;
    l->chunk_line_max = l->chunk_line_max ? l->chunk_line_max : 4096;
    l->body_bytes_max = l->body_bytes_max ? l->body_bytes_max
                                          : APR_UINT64_C(64) << 20;
}

/* Expect a head, the first one or the one after an interim response. */
static void start_head(reader_t *r)
{
    r->phase = STATUS_LINE;
    r->line_room = r->limits.head_bytes_max;
    r->fields = 0;
    apr_table_clear(r->pub.headers);
}

llmgw_http1_t *llmgw_http1_create(apr_pool_t *p,
                                  const llmgw_http1_limits_t *limits,
                                  int head)
{
    reader_t *r = apr_pcalloc(p, sizeof(*r));

    if (limits) {
        r->limits = *limits;
    }
    set_defaults(&r->limits);
    r->pool = p;
    r->head = head;
    r->line = llmgw_buf_create(p, r->limits.head_bytes_max
                                  > r->limits.chunk_line_max
                                  ? r->limits.head_bytes_max
                                  : r->limits.chunk_line_max);
    r->pub.state = LLMGW_HTTP1_HEAD;
    r->pub.reason = "";
    r->pub.headers = apr_table_make(p, 12);
    start_head(r);
    return &r->pub;
}

/* ---- lines -------------------------------------------------------------- */

/*
 * Gather a line, its LF included.
 * @return APR_SUCCESS when it is whole, APR_EAGAIN when it needs more bytes,
 *         LLMGW_EUPTOOBIG, APR_ENOMEM
 */
static apr_status_t gather_line(reader_t *r, input_t *in)
{
    apr_size_t len = (apr_size_t)(in->end - in->p);
    const char *lf = memchr(in->p, '\n', len);
    apr_status_t rv;

    if (lf) {
        len = (apr_size_t)(lf - in->p) + 1;
    }
    if (len > r->line_room) {
        return exceed(r, r->phase == CHUNK_LINE ? "chunk line too long"
                                                : "head too long");
    }
    rv = llmgw_buf_append(r->line, in->p, len);
    if (rv != APR_SUCCESS) {
        return fail(r, rv, "out of memory");
    }
    r->line_room -= len;
    in->p += len;
    return lf ? APR_SUCCESS : APR_EAGAIN;
}

/* The line without its end: CRLF, or a single LF (RFC 9112, 2.2). */
static llmgw_str_t get_line(const reader_t *r)
{
    llmgw_str_t line = llmgw_buf_str(r->line);

    line.len--;
    if (line.len && line.p[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

/* Visible characters, spaces, tabs and bytes above ASCII; so no CR or NUL. */
static int is_text(llmgw_str_t s)
{
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t')
            || s.p[i] == 0x7f) {
            return 0;
        }
    }
    return 1;
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110, 5.6.2 */
static int is_token(llmgw_str_t s)
{
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        if (!is_digit(s.p[i]) && !((s.p[i] | 0x20) >= 'a'
                                   && (s.p[i] | 0x20) <= 'z')
            && (!s.p[i] || !strchr("!#$%&'*+-.^_`|~", s.p[i]))) {
            return 0;
        }
    }
    return s.len > 0;
}

/* HTTP/1.x SP 3DIGIT [SP reason]; the last space is often left out. */
static apr_status_t read_status_line(reader_t *r, llmgw_str_t line)
{
    const char *z = line.p + 9;
    llmgw_http1_t *h = &r->pub;

    if (line.len < 12 || memcmp(line.p, "HTTP/1.", 7) != 0
        || !is_digit(line.p[7]) || line.p[8] != ' ' || !is_digit(z[0])
        || !is_digit(z[1]) || !is_digit(z[2])
        || (line.len > 12 && line.p[12] != ' ') || !is_text(line)) {
        return refuse(r, "malformed status line");
    }
    h->minor = line.p[7] - '0';
    h->status = (z[0] - '0') * 100 + (z[1] - '0') * 10 + (z[2] - '0');
    if (h->status < 100 || h->status > 599) {
        return refuse(r, "status code out of range");
    }
    h->reason = line.len > 13 ? apr_pstrmemdup(r->pool, line.p + 13,
                                               line.len - 13) : "";
    r->phase = FIELD_LINE;
    return APR_SUCCESS;
}

/* A field of the head or of the trailer; those of the trailer are dropped. */
static apr_status_t read_field(reader_t *r, llmgw_str_t line)
{
    const char *colon = memchr(line.p, ':', line.len);
    llmgw_str_t name, value;

    if (*line.p == ' ' || *line.p == '\t') {
        return refuse(r, "folded field line");
    }
    if (!colon) {
        return refuse(r, "field line without a colon");
    }
    name = llmgw_str_make(line.p, (apr_size_t)(colon - line.p));
    value = llmgw_str_trim(llmgw_str_make(colon + 1, line.len - name.len - 1));
    if (!is_token(name)) {
        return refuse(r, "malformed field name");
    }
    if (!is_text(value)) {
        return refuse(r, "control character in a field");
    }
    if (++r->fields > r->limits.fields_max) {
        return exceed(r, "too many fields");
    }
    if (r->phase == FIELD_LINE) {
        apr_table_addn(r->pub.headers, llmgw_str_dupz(r->pool, name),
                       llmgw_str_dupz(r->pool, value));
    }
    return APR_SUCCESS;
}

/* ---- from the head to the body ------------------------------------------ */

static apr_status_t complete(reader_t *r)
{
    r->phase = COMPLETE;
    r->pub.state = LLMGW_HTTP1_DONE;
    return APR_SUCCESS;
}

static void start_chunk_line(reader_t *r)
{
    r->phase = CHUNK_LINE;
    r->line_room = r->limits.chunk_line_max;
}

/* The head is whole: get ready for the body, or for the next head. */
static apr_status_t end_head(reader_t *r)
{
    llmgw_http1_t *h = &r->pub;
    const char *error;

    if (h->status < 200) {
        if (h->status == 101) {
            return refuse(r, "101 without an upgrade having been asked for");
        }
        if (++r->interims > r->limits.interim_max) {
            return exceed(r, "too many interim responses");
        }
        start_head(r);
        return APR_SUCCESS;
    }
    error = llmgw_http1_framing_find(h, r->head, &r->left);
    if (error) {
        return refuse(r, error);
    }
    h->state = LLMGW_HTTP1_BODY;
    switch (h->framing) {
    case LLMGW_HTTP1_CHUNKED:
        start_chunk_line(r);
        return APR_SUCCESS;
    case LLMGW_HTTP1_LENGTH:
        if (r->left > r->limits.body_bytes_max) {
            return exceed(r, "body longer than the limit");
        }
        r->phase = BODY;
        return r->left ? APR_SUCCESS : complete(r);
    case LLMGW_HTTP1_UNTIL_CLOSE:
        r->phase = BODY_UNTIL_CLOSE;
        return APR_SUCCESS;
    default:
        return complete(r);
    }
}

/* ---- body --------------------------------------------------------------- */

static int get_hex(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
         ? (c | 0x20) - 'a' + 10 : -1;
}

/* chunk-size [chunk-ext] CRLF; a single LF is not allowed for here. */
static apr_status_t read_chunk_line(reader_t *r, llmgw_str_t line)
{
    apr_size_t i;

    if (r->line->len < 2 || r->line->data[r->line->len - 2] != '\r') {
        return refuse(r, "chunk line without CRLF");
    }
    r->left = 0;
    for (i = 0; i < line.len && get_hex(line.p[i]) >= 0; i++) {
        if (r->left >> 60) {
            return refuse(r, "chunk size out of range");
        }
        r->left = r->left << 4 | (apr_uint64_t)get_hex(line.p[i]);
    }
    line = llmgw_str_make(line.p + i, line.len - i);
    if (i == 0 || !is_text(line)
        || (llmgw_str_trim(line).len && *llmgw_str_trim(line).p != ';')) {
        return refuse(r, "malformed chunk line");
    }
    if (r->left > r->limits.body_bytes_max - r->pub.body_bytes) {
        return exceed(r, "body longer than the limit");
    }
    if (r->left) {
        r->phase = BODY;
        return APR_SUCCESS;
    }
    r->phase = TRAILER_LINE;
    r->line_room = r->limits.head_bytes_max;
    r->fields = 0;
    return APR_SUCCESS;
}

static apr_status_t read_line(reader_t *r, input_t *in)
{
    apr_status_t rv = gather_line(r, in);
    llmgw_str_t line;

    if (rv != APR_SUCCESS) {
        return rv == APR_EAGAIN ? APR_SUCCESS : rv;
    }
    line = get_line(r);
    if (r->phase == STATUS_LINE) {
        rv = read_status_line(r, line);
    }
    else if (r->phase == CHUNK_LINE) {
        rv = read_chunk_line(r, line);
    }
    else if (line.len) {
        rv = read_field(r, line);
    }
    else {
        rv = r->phase == FIELD_LINE ? end_head(r) : complete(r);
    }
    llmgw_buf_clear(r->line);
    return rv;
}

/* Hand out len bytes of body. */
static apr_status_t give_body(reader_t *r, input_t *in, apr_size_t len,
                              llmgw_http1_body_fn fn, void *ctx)
{
    const char *data = in->p;
    apr_status_t rv;

    in->p += len;
    r->pub.body_bytes += len;
    rv = len ? fn(ctx, data, len) : APR_SUCCESS;
    return rv == APR_SUCCESS ? rv : fail(r, rv, "body not wanted");
}

static apr_status_t read_body(reader_t *r, input_t *in,
                              llmgw_http1_body_fn fn, void *ctx)
{
    apr_size_t len = (apr_size_t)(in->end - in->p);
    apr_status_t rv;

    if (len > r->left) {
        len = (apr_size_t)r->left;
    }
    rv = give_body(r, in, len, fn, ctx);
    r->left -= len;
    if (rv != APR_SUCCESS || r->left) {
        return rv;
    }
    if (r->pub.framing == LLMGW_HTTP1_LENGTH) {
        return complete(r);
    }
    r->phase = CHUNK_CR;
    return APR_SUCCESS;
}

static apr_status_t read_until_close(reader_t *r, input_t *in,
                                     llmgw_http1_body_fn fn, void *ctx)
{
    apr_uint64_t room = r->limits.body_bytes_max - r->pub.body_bytes;
    apr_size_t len = (apr_size_t)(in->end - in->p);
    apr_status_t rv;

    rv = give_body(r, in, len > room ? (apr_size_t)room : len, fn, ctx);
    if (rv == APR_SUCCESS && len > room) {
        rv = exceed(r, "body longer than the limit");
    }
    return rv;
}

static apr_status_t read_chunk_end(reader_t *r, input_t *in)
{
    if (*in->p++ != (r->phase == CHUNK_CR ? '\r' : '\n')) {
        return refuse(r, "chunk longer than its size");
    }
    if (r->phase == CHUNK_CR) {
        r->phase = CHUNK_LF;
    }
    else {
        start_chunk_line(r);
    }
    return APR_SUCCESS;
}

/* ---- feeding ------------------------------------------------------------ */

static apr_status_t read_some(reader_t *r, input_t *in,
                              llmgw_http1_body_fn fn, void *ctx)
{
    switch (r->phase) {
    case BODY:
        return read_body(r, in, fn, ctx);
    case BODY_UNTIL_CLOSE:
        return read_until_close(r, in, fn, ctx);
    case CHUNK_CR:
    case CHUNK_LF:
        return read_chunk_end(r, in);
    default:
        return read_line(r, in);
    }
}

apr_status_t llmgw_http1_feed(llmgw_http1_t *h, const char *data,
                              apr_size_t len, apr_size_t *used,
                              llmgw_http1_body_fn fn, void *ctx)
{
    reader_t *r = (reader_t *)h;
    input_t in = { data, data + len };
    llmgw_http1_state_e before = h->state;
    apr_status_t rv = r->failed;

    r->touched |= len > 0;
    while (rv == APR_SUCCESS && in.p < in.end && r->phase != COMPLETE
           && h->state == before) {
        rv = read_some(r, &in, fn, ctx);
    }
    if (h->state == LLMGW_HTTP1_DONE && in.p < in.end) {
        h->keep_alive = 0;          /* nobody asked for more */
    }
    *used = (apr_size_t)(in.p - data);
    return rv;
}

apr_status_t llmgw_http1_finish(llmgw_http1_t *h)
{
    reader_t *r = (reader_t *)h;

    if (r->failed) {
        return r->failed;
    }
    h->keep_alive = 0;
    if (r->phase == BODY_UNTIL_CLOSE) {
        return complete(r);
    }
    if (r->phase == COMPLETE) {
        return APR_SUCCESS;
    }
    return r->touched ? fail(r, LLMGW_ETRUNCATED, "closed within the answer")
                      : fail(r, LLMGW_ERESET, "closed without an answer");
}

int llmgw_http1_untouched(const llmgw_http1_t *h)
{
    return !((const reader_t *)h)->touched;
}
