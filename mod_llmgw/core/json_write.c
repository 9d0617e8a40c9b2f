/* json_write.c: writing JSON into a buffer */
#include <string.h>
#include "llmgw/error.h"
#include "llmgw/json.h"
#include "json_text.h"
#include "utf8.h"

#define DEPTH_MAX 64

/* Append what stands for a byte below 0x20, the quote or the backslash. */
static apr_status_t put_escape(llmgw_buf_t *b, unsigned char c)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    static const char hex[] = "0123456789abcdef";
    const char *known = c ? strchr(from, c) : NULL;
    char out[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

    if (known) {
        out[1] = to[known - from];
    }
    return llmgw_buf_append(b, out, known ? 2 : 6);
}

apr_status_t llmgw_json_put_escaped(llmgw_buf_t *b, llmgw_str_t s)
{
    const char *p = s.p ? s.p : "", *run = p, *end = p + s.len;
    unsigned int n;

    /* run .. p is what can be copied in one go */
    while ((p = skip_json_plain(p, end)) < end) {
        n = (unsigned char)*p < 0x80 ? 0 : utf8_sequence(p, end);
        if (n) {
            p += n;
            continue;
        }
        llmgw_buf_append(b, run, (apr_size_t)(p - run));
        if ((unsigned char)*p < 0x80) {
            put_escape(b, (unsigned char)*p);
        }
        else {
            llmgw_buf_puts(b, LLMGW_UTF8_REPLACEMENT);
        }
        run = ++p;
    }
    return llmgw_buf_append(b, run, (apr_size_t)(end - run));
}

apr_status_t llmgw_json_put_string(llmgw_buf_t *b, llmgw_str_t s)
{
    llmgw_buf_putc(b, '"');
    llmgw_json_put_escaped(b, s);
    return llmgw_buf_putc(b, '"');
}

/* ---- the writer --------------------------------------------------------- */

/* Write the comma a value or name needs before it. */
static void put_comma(llmgw_json_writer_t *w)
{
    apr_uint64_t bit;

    if (w->after_key) {
        w->after_key = 0;
    }
    else if (w->depth) {
        bit = APR_UINT64_C(1) << (w->depth - 1);
        if (w->comma & bit) {
            llmgw_buf_putc(w->out, ',');
        }
        w->comma |= bit;
    }
}

void llmgw_json_begin(llmgw_json_writer_t *w, char open)
{
    put_comma(w);
    if (w->depth == DEPTH_MAX) {
        w->out->failed = w->out->failed ? w->out->failed : LLMGW_ETOOBIG;
        return;
    }
    w->comma &= ~(APR_UINT64_C(1) << w->depth);
    w->depth++;
    llmgw_buf_putc(w->out, open);
}

void llmgw_json_end(llmgw_json_writer_t *w, char close)
{
    if (w->depth) {
        w->depth--;
    }
    llmgw_buf_putc(w->out, close);
}

void llmgw_json_key(llmgw_json_writer_t *w, const char *name)
{
    llmgw_json_key_str(w, llmgw_str_of(name));
}

void llmgw_json_key_str(llmgw_json_writer_t *w, llmgw_str_t name)
{
    put_comma(w);
    llmgw_json_put_string(w->out, name);
    llmgw_buf_putc(w->out, ':');
    w->after_key = 1;
}

void llmgw_json_str(llmgw_json_writer_t *w, llmgw_str_t s)
{
    if (!s.p) {
        llmgw_json_null(w);
        return;
    }
    put_comma(w);
    llmgw_json_put_string(w->out, s);
}

void llmgw_json_strz(llmgw_json_writer_t *w, const char *z)
{
    llmgw_json_str(w, llmgw_str_of(z));
}

void llmgw_json_int_out(llmgw_json_writer_t *w, apr_int64_t n)
{
    put_comma(w);
    llmgw_buf_printf(w->out, "%" APR_INT64_T_FMT, n);
}

void llmgw_json_bool_out(llmgw_json_writer_t *w, int truth)
{
    llmgw_json_raw_out(w, truth ? LLMGW_STR_LIT("true")
                                : LLMGW_STR_LIT("false"));
}

void llmgw_json_null(llmgw_json_writer_t *w)
{
    llmgw_json_raw_out(w, LLMGW_STR_LIT("null"));
}

void llmgw_json_raw_out(llmgw_json_writer_t *w, llmgw_str_t raw)
{
    put_comma(w);
    llmgw_buf_put(w->out, raw.p ? raw : LLMGW_STR_LIT("null"));
}

void llmgw_json_opt_str(llmgw_json_writer_t *w, const char *name,
                        llmgw_str_t s)
{
    if (s.p) {
        llmgw_json_key(w, name);
        llmgw_json_str(w, s);
    }
}

void llmgw_json_opt_raw(llmgw_json_writer_t *w, const char *name,
                        llmgw_str_t raw)
{
    if (raw.p) {
        llmgw_json_key(w, name);
        llmgw_json_raw_out(w, raw);
    }
}
