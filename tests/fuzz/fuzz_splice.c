/* fuzz_splice.c: changed members change, and no other byte does */
#include "fuzz.h"
#include "llmgw/error.h"
#include "llmgw/json.h"
#include "llmgw/splice.h"

static const llmgw_splice_t changes[] = {
    { "model", { "\"new\"", 5 } },
    { "a", { NULL, 0 } },
    { "stream_options", { "{\"include_usage\":true}", 22 } }
};
#define CHANGES_COUNT ((int)(sizeof(changes) / sizeof(changes[0])))

/* Index of the change a name falls under, or -1. */
static int find_change(const llmgw_json_t *name)
{
    int i;

    for (i = 0; i < CHANGES_COUNT; i++) {
        if (llmgw_json_string_is(name, changes[i].name)) {
            return i;
        }
    }
    return -1;
}

/* Members that no change names: their bytes, one after the other. */
static llmgw_buf_t *gather_others(const llmgw_json_t *obj, apr_pool_t *p)
{
    llmgw_buf_t *b = llmgw_buf_create(p, 1 << 24);
    const llmgw_json_t *k, *v = NULL;

    while ((k = llmgw_json_member(obj, v, &v)) != NULL) {
        if (find_change(k) < 0) {
            llmgw_buf_put(b, llmgw_json_raw(k));
            llmgw_buf_putc(b, ':');
            llmgw_buf_put(b, llmgw_json_raw(v));
            llmgw_buf_putc(b, ',');
        }
    }
    return b;
}

/* A member with a value stands just once, one without not at all. */
static void check_changed(const llmgw_json_t *obj)
{
    int counts[CHANGES_COUNT] = { 0 };
    const llmgw_json_t *k, *v = NULL;
    int i;

    while ((k = llmgw_json_member(obj, v, &v)) != NULL) {
        i = find_change(k);
        if (i >= 0) {
            counts[i]++;
            FUZZ_CHECK(llmgw_str_eq(llmgw_json_raw(v), changes[i].value));
        }
    }
    for (i = 0; i < CHANGES_COUNT; i++) {
        FUZZ_CHECK(counts[i] == (changes[i].value.p != NULL));
    }
}

static llmgw_str_t join(const llmgw_str_t *pieces, int npieces, apr_pool_t *p)
{
    llmgw_buf_t *b = llmgw_buf_create(p, 1 << 24);
    int i;

    for (i = 0; i < npieces; i++) {
        FUZZ_CHECK(pieces[i].p && pieces[i].len);
        llmgw_buf_put(b, pieces[i]);
    }
    return llmgw_buf_str(b);
}

static void check_object(const llmgw_json_t *before, llmgw_str_t after,
                         apr_pool_t *p)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(p, NULL);
    const llmgw_json_t *root;

    FUZZ_CHECK(llmgw_json_parse(doc, after.p, after.len, &root, NULL)
               == APR_SUCCESS);
    check_changed(root);
    FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(gather_others(before, p)),
                            llmgw_buf_str(gather_others(root, p))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    llmgw_json_doc_t *doc = llmgw_json_doc_create(p, NULL);
    const char *text = (const char *)data;
    const llmgw_json_t *root;
    llmgw_str_t *pieces;
    apr_status_t parsed, rv;
    int n;

    parsed = llmgw_json_parse(doc, text, size, &root, NULL);
    rv = llmgw_splice_make(text, size, changes, CHANGES_COUNT, &pieces, &n,
                           p);
    if (parsed == APR_SUCCESS && root->type == LLMGW_JSON_OBJECT) {
        FUZZ_CHECK(rv == APR_SUCCESS);
        check_object(root, join(pieces, n, p), p);
        FUZZ_CHECK(llmgw_splice_make(text, size, NULL, 0, &pieces, &n, p)
                   == APR_SUCCESS);
        FUZZ_CHECK(llmgw_str_eq(join(pieces, n, p),
                                llmgw_str_make(text, size)));
    }
    else if (parsed != LLMGW_ETOOBIG) {     /* splice allows greater depth */
        FUZZ_CHECK(rv == LLMGW_EJSON);
    }
    apr_pool_destroy(p);
    return 0;
}
