/* call_id.c: ids of tool calls that have a signature in them */
#include <string.h>
#include <apr_base64.h>
#include "anthropic.h"

static const char mark[] = "_llmgwsig_";

#define MARK_LEN (sizeof(mark) - 1)

/* More than any provider's signature has; what is longer is an id. */
#define SIGNATURE_BYTES_MAX (8 * 1024 * 1024)

/* Where the mark stands, NULL if nowhere or with nothing around it. */
static const char *find_mark(llmgw_str_t id)
{
    const char *at;

    if (id.len < MARK_LEN + 3) {
        return NULL;
    }
    for (at = id.p + id.len - MARK_LEN - 2; at > id.p; at--) {
        if (*at == '_' && memcmp(at, mark, MARK_LEN) == 0) {
            return at;
        }
    }
    return NULL;
}

int llmgw_anthropic_has_signature(llmgw_str_t id)
{
    return find_mark(id) != NULL;
}

/* base64url to base64, with its padding and a NUL; 0 if it is neither. */
static int put_base64(llmgw_buf_t *out, llmgw_str_t s)
{
    apr_size_t i;
    char c;

    for (i = 0; i < s.len; i++) {
        c = s.p[i] == '-' ? '+' : s.p[i] == '_' ? '/' : s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '+' || c == '/')
            || s.p[i] == '+' || s.p[i] == '/') {
            return 0;
        }
        llmgw_buf_putc(out, c);
    }
    while (i++ % 4) {
        llmgw_buf_putc(out, '=');
    }
    return llmgw_buf_putc(out, '\0') == APR_SUCCESS;
}

llmgw_str_t llmgw_anthropic_split_id(llmgw_str_t *id, llmgw_buf_t *scratch)
{
    const char *at = find_mark(*id);
    apr_size_t text, len, start;
    llmgw_str_t tail;

    if (!at) {
        return LLMGW_STR_NULL;
    }
    tail = llmgw_str_make(at + MARK_LEN,
                          id->len - (apr_size_t)(at - id->p) - MARK_LEN);
    /* room for all, so that nothing moves: the id may stand in it too */
    if (tail.len > SIGNATURE_BYTES_MAX || tail.len % 4 == 1
        || llmgw_buf_reserve(scratch, 3 * tail.len + 64) != APR_SUCCESS) {
        return LLMGW_STR_NULL;
    }
    text = scratch->len;
    if (!put_base64(scratch, tail)) {
        return LLMGW_STR_NULL;
    }
    start = scratch->len;
    len = (apr_size_t)apr_base64_decode(scratch->data + start,
                                        scratch->data + text);
    if (len == 0
        || llmgw_str_utf8_check(scratch->data + start, len) != len) {
        return LLMGW_STR_NULL;
    }
    llmgw_buf_commit(scratch, len);
    id->len = (apr_size_t)(at - id->p);
    return llmgw_str_make(scratch->data + start, len);
}

void llmgw_anthropic_put_signature(llmgw_buf_t *out, llmgw_str_t signature)
{
    apr_size_t len, i;
    char *text;

    if (!signature.len || signature.len > SIGNATURE_BYTES_MAX / 2
        || llmgw_buf_puts(out, mark) != APR_SUCCESS
        || llmgw_buf_reserve(out, 2 * signature.len + 64) != APR_SUCCESS) {
        return;
    }
    text = out->data + out->len;
    len = (apr_size_t)apr_base64_encode_binary(
        text, (const unsigned char *)signature.p, (int)signature.len) - 1;
    while (len && text[len - 1] == '=') {
        len--;
    }
    for (i = 0; i < len; i++) {
        text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
    }
    llmgw_buf_commit(out, len);
}
