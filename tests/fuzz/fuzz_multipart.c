/* fuzz_multipart.c: the first line is a Content-Type, the rest a form */
#include "fuzz.h"
#include "llmgw/error.h"
#include "llmgw/multipart.h"

typedef struct form_t {
    llmgw_str_t body;
    llmgw_str_t boundary;
    const char *last;           /* where the part before ended */
    llmgw_multipart_part_t part;
    unsigned int count;
} form_t;

static int lies_in(llmgw_str_t s, llmgw_str_t body)
{
    return s.p >= body.p && s.p + s.len <= body.p + body.len;
}

/* Parts follow each other, and no value holds the boundary's line. */
static apr_status_t check_part(void *ctx, const llmgw_multipart_part_t *part)
{
    form_t *form = ctx;
    apr_size_t i;

    FUZZ_CHECK(part->name.len && lies_in(part->name, form->body));
    FUZZ_CHECK(!part->filename.p || lies_in(part->filename, form->body));
    FUZZ_CHECK(part->value.p && lies_in(part->value, form->body));
    FUZZ_CHECK(part->name.p > form->last && part->value.p > part->name.p);
    FUZZ_CHECK(!memchr(part->name.p, '\r', part->name.len));
    for (i = 0; i + form->boundary.len + 4 <= part->value.len; i++) {
        FUZZ_CHECK(memcmp(part->value.p + i, "\r\n--", 4)
                   || memcmp(part->value.p + i + 4, form->boundary.p,
                             form->boundary.len));
    }
    form->last = part->value.p + part->value.len;
    form->part = *part;
    form->count++;
    return APR_SUCCESS;
}

static apr_status_t keep_part(void *ctx, const llmgw_multipart_part_t *part)
{
    form_t *form = ctx;

    form->part = *part;
    form->count++;
    return APR_SUCCESS;
}

/* Another value in place of the last part's gives the same form with it. */
static void check_replaced(const form_t *form, apr_pool_t *p)
{
    static const char text[] = "another-model";
    apr_size_t before = (apr_size_t)(form->part.value.p - form->body.p);
    apr_size_t after = form->body.len - before - form->part.value.len;
    char *body = apr_palloc(p, before + sizeof(text) + after);
    form_t again = { { body, before + sizeof(text) - 1 + after },
                     form->boundary, body, form->part, 0 };
    const char *why;

    memcpy(body, form->body.p, before);
    memcpy(body + before, text, sizeof(text) - 1);
    memcpy(body + before + sizeof(text) - 1,
           form->part.value.p + form->part.value.len, after);
    FUZZ_CHECK(llmgw_multipart_scan(again.body, form->boundary, NULL,
                                    keep_part, &again, &why) == APR_SUCCESS);
    FUZZ_CHECK(again.count == form->count);
    FUZZ_CHECK(llmgw_str_is(again.part.value, text));
    FUZZ_CHECK(llmgw_str_eq(again.part.name, form->part.name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    const char *text = (const char *)data;
    const char *lf = size ? memchr(text, '\n', size) : NULL;
    const char *type = apr_pstrmemdup(p, text, lf ? (size_t)(lf - text) : 0);
    form_t form = { { NULL, 0 }, { NULL, 0 }, NULL, { { NULL, 0 }, { NULL, 0 },
                    { NULL, 0 } }, 0 };
    const char *why = NULL;
    apr_status_t rv;

    if (lf && llmgw_multipart_boundary(type, &form.boundary) == APR_SUCCESS) {
        /* In memory of its own, so that reading past its end shows. */
        char *body = malloc(size - (size_t)(lf + 1 - text) + 1);

        FUZZ_CHECK(body != NULL && llmgw_multipart_is(type));
        form.body.len = size - (size_t)(lf + 1 - text);
        form.body.p = form.last = memcpy(body, lf + 1, form.body.len);
        rv = llmgw_multipart_scan(form.body, form.boundary, NULL, check_part,
                                  &form, &why);
        FUZZ_CHECK(rv == APR_SUCCESS ? !why : rv == LLMGW_EBODY && why);
        if (rv == APR_SUCCESS && form.count) {
            check_replaced(&form, p);
        }
        free(body);
    }
    apr_pool_destroy(p);
    return 0;
}
