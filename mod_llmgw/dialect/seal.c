/* seal.c: signatures that say whose they are */
#include <string.h>
#include <apr_base64.h>
#include "seal.h"

/* How a seal begins, and the same in base64: six bytes make eight. */
static const char head[] = "llmgw:";
static const char mark[] = "bGxtZ3c6";

#define HEAD_LEN (sizeof(head) - 1)
#define MARK_LEN (sizeof(mark) - 1)

/* More than any provider signs with. */
#define BYTES_MAX (64 * 1024 * 1024)

apr_status_t llmgw_seal_put(llmgw_buf_t *out, const llmgw_dialect_t *maker,
                            llmgw_str_t bytes)
{
    apr_size_t named = HEAD_LEN + strlen(maker->name) + 1;
    apr_size_t len = named + bytes.len, start = out->len;
    apr_status_t rv;

    if (len > BYTES_MAX) {
        return LLMGW_ETOOBIG;
    }
    /* the text, and behind it what it is in base64 */
    rv = llmgw_buf_reserve(out, len + 4 * (len / 3 + 1) + 1);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    llmgw_buf_puts(out, head);
    llmgw_buf_puts(out, maker->name);
    llmgw_buf_putc(out, ':');
    llmgw_buf_put(out, bytes);
    len = (apr_size_t)apr_base64_encode_binary(
        out->data + out->len, (unsigned char *)out->data + start,
        (int)len) - 1;
    memmove(out->data + start, out->data + out->len, len);
    out->len = start;
    llmgw_buf_commit(out, len);
    return APR_SUCCESS;
}

static int is_digit64(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* Is it base64 of this alphabet, with its padding? */
static int is_base64(llmgw_str_t s)
{
    apr_size_t i = 0;

    while (i < s.len && is_digit64(s.p[i])) {
        i++;
    }
    return s.len % 4 == 0
        && (i == s.len || (i + 1 == s.len && s.p[i] == '=')
            || (i + 2 == s.len && s.p[i] == '=' && s.p[i + 1] == '='));
}

const llmgw_dialect_t *llmgw_seal_open(llmgw_str_t *bytes, apr_pool_t *p)
{
    const llmgw_dialect_t *maker;
    char *text, *name, *colon;
    apr_size_t len;

    if (bytes->len <= MARK_LEN || bytes->len > 2 * (apr_size_t)BYTES_MAX
        || memcmp(bytes->p, mark, MARK_LEN) != 0 || !is_base64(*bytes)) {
        return NULL;
    }
    text = apr_palloc(p, bytes->len + 1);
    len = (apr_size_t)apr_base64_decode(text, llmgw_str_dupz(p, *bytes));
    text[len] = '\0';
    name = text + HEAD_LEN;
    colon = strchr(name, ':');
    if (!colon || llmgw_str_utf8_check(text, len) != len) {
        return NULL;
    }
    *colon = '\0';
    maker = llmgw_dialect_lookup(name);
    if (maker) {
        *bytes = llmgw_str_make(colon + 1,
                                len - (apr_size_t)(colon + 1 - text));
    }
    return maker;
}

/* The letter of the mark that is the rarest in texts, and where it stands. */
#define RARE_AT 4

int llmgw_request_is_sealed(llmgw_str_t body)
{
    const char *at, *last;

    if (body.len < MARK_LEN) {
        return 0;
    }
    at = body.p + RARE_AT;
    last = body.p + body.len - MARK_LEN + RARE_AT;
    while (at <= last) {
        at = memchr(at, mark[RARE_AT], (apr_size_t)(last - at) + 1);
        if (!at) {
            return 0;
        }
        if (memcmp(at - RARE_AT, mark, MARK_LEN) == 0) {
            return 1;
        }
        at++;
    }
    return 0;
}
