/* http1_framing.c: where a response's body ends, as its fields have it */
#include <string.h>
#include <apr_tables.h>
#include "http1_framing.h"

/* Walks the elements of all fields of one name, as if they were one list. */
typedef int (*element_fn)(void *ctx, llmgw_str_t element);

typedef struct walk_t {
    element_fn fn;
    void *ctx;
} walk_t;

static int walk_value(void *ctx, const char *key, const char *value)
{
    walk_t *w = ctx;
    apr_size_t len;
    int more;

    (void)key;
    do {
        len = strcspn(value, ",");
        more = value[len] == ',';
        if (!w->fn(w->ctx, llmgw_str_trim(llmgw_str_make(value, len)))) {
            return 0;
        }
        value += len + 1;
    } while (more);
    return 1;
}

/* Non-zero when fn returned so for every element there is. */
static int each_element(const llmgw_http1_t *h, const char *name, element_fn fn,
                        void *ctx)
{
    walk_t w = { fn, ctx };

    return apr_table_do(walk_value, &w, h->headers, name, NULL);
}

typedef struct connection_t {
    int close;
    int keep;
} connection_t;

static int note_connection(void *ctx, llmgw_str_t option)
{
    connection_t *c = ctx;

    c->close |= llmgw_str_is_nocase(option, "close");
    c->keep |= llmgw_str_is_nocase(option, "keep-alive");
    return 1;
}

/* RFC 9112, 9.3 */
static int wants_keep_alive(const llmgw_http1_t *h)
{
    connection_t c = { 0, 0 };

    each_element(h, "Connection", note_connection, &c);
    return !c.close && (h->minor > 0 || c.keep);
}

typedef struct length_t {
    int given;
    apr_uint64_t value;
} length_t;

/* Several are one when they all say the same (RFC 9112, 6.3). */
static int note_length(void *ctx, llmgw_str_t s)
{
    length_t *length = ctx;
    apr_uint64_t n = 0;
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || n > (APR_UINT64_MAX - 9) / 10) {
            return 0;
        }
        n = n * 10 + (apr_uint64_t)(s.p[i] - '0');
    }
    if (!s.len || (length->given && length->value != n)) {
        return 0;
    }
    length->given = 1;
    length->value = n;
    return 1;
}

/* Just "chunked", just once: no other coding is undone here. */
static int note_coding(void *ctx, llmgw_str_t coding)
{
    int *count = ctx;

    return ++*count == 1 && llmgw_str_is_nocase(coding, "chunked");
}

const char *llmgw_http1_framing_find(llmgw_http1_t *h, int head,
                                     apr_uint64_t *body_length)
{
    length_t length = { 0, 0 };
    int codings = 0;

    if (!each_element(h, "Transfer-Encoding", note_coding, &codings)) {
        return "unknown transfer coding";
    }
    if (!each_element(h, "Content-Length", note_length, &length)) {
        return "malformed or differing Content-Length";
    }
    if (codings && length.given) {
        return "Content-Length beside Transfer-Encoding";
    }
    if (codings && h->minor == 0) {
        return "Transfer-Encoding in HTTP/1.0";
    }
    h->keep_alive = wants_keep_alive(h);
    *body_length = length.value;
    if (head || h->status == 204 || h->status == 304) {
        h->framing = LLMGW_HTTP1_NO_BODY;
        if (h->status == 204 && (codings || length.value)) {
            h->keep_alive = 0;      /* a body may follow all the same */
        }
    }
    else if (codings) {
        h->framing = LLMGW_HTTP1_CHUNKED;
    }
    else if (length.given) {
        h->framing = LLMGW_HTTP1_LENGTH;
    }
    else {
        h->framing = LLMGW_HTTP1_UNTIL_CLOSE;
        h->keep_alive = 0;
    }
    return NULL;
}
