/* redact.c: keeping secrets out of texts that others see */
#include <apr_strings.h>
#include "llmgw/redact.h"

#define SECRET_BYTES_MIN 8

const char *llmgw_redact(apr_pool_t *p, const char *text, llmgw_str_t secret)
{
    const char *z = llmgw_str_dupz(p, secret);
    const char *at;

    if (!text || secret.len < SECRET_BYTES_MIN) {
        return text;
    }
    while ((at = strstr(text, z)) != NULL) {
        text = apr_pstrcat(p, apr_pstrmemdup(p, text, at - text), "***",
                           at + secret.len, NULL);
    }
    return text;
}
