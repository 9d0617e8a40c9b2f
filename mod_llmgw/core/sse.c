/* sse.c: server-sent events (WHATWG HTML, 9.2), read and written */
#include <string.h>
#include "llmgw/error.h"
#include "llmgw/sse.h"

struct llmgw_sse_t {
    llmgw_sse_fn fn;
    void *ctx;
    apr_size_t bytes_max;
    apr_status_t failed;        /* ends feeding, and sticks */
    llmgw_buf_t *line;          /* what has come of the line being read */
    llmgw_buf_t *type;
    llmgw_buf_t *data;          /* each line followed by an LF */
    llmgw_buf_t *id;
    int has_type;
    int has_data;
    int has_id;
    int in_block;               /* a line has come since the last blank one */
    int started;                /* the first line has been read */
    int after_cr;               /* an LF that comes next ended no line */
};

llmgw_sse_t *llmgw_sse_create(apr_pool_t *p, apr_size_t event_bytes_max,
                              llmgw_sse_fn fn, void *ctx)
{
    llmgw_sse_t *sse = apr_pcalloc(p, sizeof(*sse));

    sse->fn = fn;
    sse->ctx = ctx;
    sse->bytes_max = event_bytes_max;
    sse->line = llmgw_buf_create(p, event_bytes_max);
    sse->type = llmgw_buf_create(p, event_bytes_max);
    sse->data = llmgw_buf_create(p, event_bytes_max + 1);
    sse->id = llmgw_buf_create(p, event_bytes_max);
    return sse;
}

/* The buffers' bound is one on what the upstream may send. */
static apr_status_t blame_upstream(apr_status_t rv)
{
    return rv == LLMGW_ETOOBIG ? LLMGW_EUPTOOBIG : rv;
}

/* Keep a field's value in place of the one it had. */
static apr_status_t set_field(llmgw_buf_t *b, int *given, llmgw_str_t value)
{
    *given = 1;
    llmgw_buf_clear(b);
    return llmgw_buf_put(b, value);
}

static apr_status_t take_field(llmgw_sse_t *sse, llmgw_str_t name,
                               llmgw_str_t value)
{
    if (llmgw_str_is(name, "data")) {
        sse->has_data = 1;
        llmgw_buf_put(sse->data, value);
        return llmgw_buf_putc(sse->data, '\n');
    }
    if (llmgw_str_is(name, "event")) {
        return set_field(sse->type, &sse->has_type, value);
    }
    if (llmgw_str_is(name, "id")
        && (!value.len || !memchr(value.p, '\0', value.len))) {
        return set_field(sse->id, &sse->has_id, value);
    }
    return APR_SUCCESS;
}

static llmgw_str_t get_field(const llmgw_buf_t *b, int given)
{
    return given ? llmgw_buf_str(b) : LLMGW_STR_NULL;
}

/* A blank line, or the end of the stream: hand out the block, if any. */
static apr_status_t dispatch(llmgw_sse_t *sse, apr_size_t consumed)
{
    llmgw_sse_event_t ev;
    apr_status_t rv;

    if (!sse->in_block) {
        return APR_SUCCESS;
    }
    ev.type = get_field(sse->type, sse->has_type);
    ev.data = get_field(sse->data, sse->has_data);
    ev.id = get_field(sse->id, sse->has_id);
    ev.consumed = consumed;
    if (ev.data.p) {
        ev.data.len--;              /* the last line's LF */
    }
    rv = sse->fn(sse->ctx, &ev);
    sse->in_block = sse->has_type = sse->has_data = 0;
    llmgw_buf_clear(sse->data);
    return rv;
}

/*
 * A whole line without its end.
 * @param consumed bytes of the chunk up to and including its end
 */
static apr_status_t take_line(llmgw_sse_t *sse, llmgw_str_t line,
                              apr_size_t consumed)
{
    llmgw_str_t name = line, value = LLMGW_STR_LIT("");
    const char *colon;

    if (line.len == 0) {
        return dispatch(sse, consumed);
    }
    sse->in_block = 1;
    colon = memchr(line.p, ':', line.len);
    if (colon) {
        name.len = (apr_size_t)(colon - line.p);
        value = llmgw_str_make(colon + 1, line.len - name.len - 1);
        if (value.len && *value.p == ' ') {
            value.p++;
            value.len--;
        }
    }
    return blame_upstream(take_field(sse, name, value));
}

/* The line's last part, which may be all of it, has come. */
static apr_status_t end_line(llmgw_sse_t *sse, llmgw_str_t line,
                             apr_size_t consumed)
{
    apr_status_t rv;

    if (line.len > sse->bytes_max) {
        return LLMGW_EUPTOOBIG;
    }
    if (sse->line->len) {
        rv = llmgw_buf_put(sse->line, line);
        if (rv != APR_SUCCESS) {
            return blame_upstream(rv);
        }
        line = llmgw_buf_str(sse->line);
    }
    if (!sse->started) {
        sse->started = 1;
        if (line.len >= 3 && memcmp(line.p, "\xef\xbb\xbf", 3) == 0) {
            line = llmgw_str_make(line.p + 3, line.len - 3);
        }
    }
    rv = take_line(sse, line, consumed);
    llmgw_buf_clear(sse->line);
    return rv;
}

static const char *find_line_end(const char *p, const char *end)
{
    while (p < end && *p != '\n' && *p != '\r') {
        p++;
    }
    return p;
}

static apr_status_t feed_lines(llmgw_sse_t *sse, const char *data,
                               apr_size_t len)
{
    const char *p = data, *end = data + len, *stop;
    apr_status_t rv = APR_SUCCESS;
    llmgw_str_t line;

    while (p < end && rv == APR_SUCCESS) {
        if (sse->after_cr) {
            sse->after_cr = 0;
            p += *p == '\n';
            continue;
        }
        stop = find_line_end(p, end);
        line = llmgw_str_make(p, (apr_size_t)(stop - p));
        if (stop == end) {
            return blame_upstream(llmgw_buf_put(sse->line, line));
        }
        p = stop + 1;
        if (*stop == '\r') {
            sse->after_cr = p == end;
            p += p < end && *p == '\n';
        }
        rv = end_line(sse, line, (apr_size_t)(p - data));
    }
    return rv;
}

apr_status_t llmgw_sse_feed(llmgw_sse_t *sse, const char *data,
                            apr_size_t len)
{
    if (sse->failed == APR_SUCCESS) {
        sse->failed = feed_lines(sse, data, len);
    }
    return sse->failed;
}

apr_status_t llmgw_sse_finish(llmgw_sse_t *sse)
{
    if (sse->failed == APR_SUCCESS && sse->line->len) {
        sse->failed = end_line(sse, LLMGW_STR_LIT(""), 0);
    }
    if (sse->failed == APR_SUCCESS && sse->has_data) {
        sse->failed = dispatch(sse, 0);
    }
    return sse->failed;
}

int llmgw_sse_pending(const llmgw_sse_t *sse)
{
    return sse->in_block || sse->line->len > 0;
}

/* ---- writing ------------------------------------------------------------ */

apr_status_t llmgw_sse_put(llmgw_buf_t *out, const char *type,
                           llmgw_str_t data)
{
    const char *p = data.p, *end = p ? p + data.len : NULL, *stop;

    if (type) {
        llmgw_buf_puts(out, "event: ");
        llmgw_buf_puts(out, type);
        llmgw_buf_putc(out, '\n');
    }
    while (p) {
        stop = find_line_end(p, end);
        llmgw_buf_puts(out, "data: ");
        llmgw_buf_append(out, p, (apr_size_t)(stop - p));
        llmgw_buf_putc(out, '\n');
        if (stop == end) {
            break;
        }
        p = stop + 1;
        p += *stop == '\r' && p < end && *p == '\n';
    }
    return llmgw_buf_putc(out, '\n');
}

apr_status_t llmgw_sse_put_comment(llmgw_buf_t *out, const char *text)
{
    llmgw_buf_puts(out, ": ");
    llmgw_buf_puts(out, text);
    return llmgw_buf_puts(out, "\n\n");
}
