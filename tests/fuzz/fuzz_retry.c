/* fuzz_retry.c: headers, lists and messages of any bytes */
#include "fuzz.h"
#include "llmgw/promtext.h"
#include "llmgw/retry.h"

#define NOW APR_TIME_C(784111740000000)

static void check_after(const char *text)
{
    apr_interval_time_t week = APR_TIME_C(604800000000);
    apr_interval_time_t a = llmgw_retry_after(text, NULL, NOW);
    apr_interval_time_t b = llmgw_retry_after(NULL, text, NOW);

    FUZZ_CHECK(a >= 0 && a <= week && b >= 0 && b <= week);
    FUZZ_CHECK(a == 0 || b == 0 || b >= a);
}

static void check_list(apr_pool_t *p, const char *text)
{
    llmgw_retry_set_t set = { 0xFFFF, { 0 } };
    const char *err = llmgw_retry_parse(p, "on=", text, &set);

    FUZZ_CHECK((err == NULL) == (set.classes != 0xFFFF));
    FUZZ_CHECK(!err || strstr(err, "is no kind of failure"));
}

static void check_words(const char *text)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_retry_class_t c;

    llmgw_err_from_http(&err, 400);
    err.from_provider = 1;
    err.message = text;
    c = llmgw_retry_classify(&err);
    FUZZ_CHECK(c.code == 400);
    FUZZ_CHECK((c.classes & ~(unsigned int)(LLMGW_RETRY_CONTENT_FILTER
                                            | LLMGW_RETRY_CONTEXT_LENGTH))
               == 0);
}

/* As a label: one line, UTF-8, and no quote that is not escaped. */
static void check_label(apr_pool_t *p, llmgw_str_t text)
{
    llmgw_label_t label = { "a", text };
    llmgw_buf_t *out = llmgw_buf_create(p, 16 * 1024 * 1024);
    llmgw_promtext_t w;
    apr_size_t i;

    llmgw_promtext_init(&w, out);
    llmgw_promtext_family(&w, "m", "gauge", "");
    llmgw_buf_clear(out);
    llmgw_promtext_count(&w, &label, 1, 1);
    FUZZ_CHECK(llmgw_str_utf8_check(out->data, out->len) == out->len);
    FUZZ_CHECK(memchr(out->data, '\n', out->len) == out->data + out->len - 1);
    if (text.len) {
        FUZZ_CHECK(strncmp(out->data, "m{a=\"", 5) == 0);
        for (i = 5; i < out->len && out->data[i] != '"'; i++) {
            i += out->data[i] == '\\';
        }
        FUZZ_CHECK(strcmp(out->data + i, "\"} 1\n") == 0
                   || memchr(text.p, '\0', text.len));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    llmgw_str_t text = llmgw_str_make((const char *)data, size);
    const char *z = apr_pstrmemdup(p, (const char *)data, size);

    check_after(z);
    check_list(p, z);
    check_words(z);
    check_label(p, text);
    apr_pool_destroy(p);
    return 0;
}
