/* redact.c: keeping secrets out of texts that others see */
#include "llmgw/redact.h"

#define SECRET_BYTES_MIN 8
#define STARS "***"             /* shorter than any secret */

/* Where the secret stands next; NULL if it does not. */
static const char *find(const char *p, const char *end, llmgw_str_t secret)
{
    while ((apr_size_t)(end - p) >= secret.len
           && (p = memchr(p, *secret.p, (apr_size_t)(end - p))) != NULL
           && (apr_size_t)(end - p) >= secret.len) {
        if (memcmp(p, secret.p, secret.len) == 0) {
            return p;
        }
        p++;
    }
    return NULL;
}

llmgw_str_t llmgw_redact_str(apr_pool_t *p, llmgw_str_t text,
                             llmgw_str_t secret)
{
    const char *from = text.p, *end = text.p + text.len, *at;
    char *out, *to;

    if (secret.len < SECRET_BYTES_MIN || !text.p
        || !(at = find(from, end, secret))) {
        return text;
    }
    out = to = apr_palloc(p, text.len + 1);
    for (; at; at = find(from, end, secret)) {
        memcpy(to, from, (apr_size_t)(at - from));
        to += at - from;
        memcpy(to, STARS, sizeof(STARS) - 1);
        to += sizeof(STARS) - 1;
        from = at + secret.len;
    }
    memcpy(to, from, (apr_size_t)(end - from));
    to += end - from;
    *to = '\0';
    return llmgw_str_make(out, (apr_size_t)(to - out));
}

const char *llmgw_redact(apr_pool_t *p, const char *text, llmgw_str_t secret)
{
    return llmgw_redact_str(p, llmgw_str_of(text), secret).p;
}
