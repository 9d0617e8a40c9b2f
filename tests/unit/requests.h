/* requests.h: for tests of dialects: requests read, written, read again */
#ifndef LLMGW_TESTS_REQUESTS_H
#define LLMGW_TESTS_REQUESTS_H

#include "answers.h"

/** Read a request of a dialect; NULL and err set when it is refused.
 * @param address what the URL said; NULL: nothing */
static inline llmgw_request_t *read_request_at(
    const llmgw_dialect_t *dialect, const llmgw_address_t *address,
    llmgw_str_t body, llmgw_err_t *err)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    const llmgw_json_t *root;
    llmgw_request_t *req = NULL;
    apr_status_t rv;

    unit_assert_ok(llmgw_json_parse(doc, body.p, body.len, &root, NULL));
    rv = dialect->request_decode(&req, root, address, unit_pool, err);
    ck_assert_int_eq(rv, err->status);
    return rv == APR_SUCCESS ? req : NULL;
}

/** The same where the URL says nothing. */
static inline llmgw_request_t *read_request(const llmgw_dialect_t *dialect,
                                            llmgw_str_t body,
                                            llmgw_err_t *err)
{
    return read_request_at(dialect, NULL, body, err);
}

/** Read a chat request. */
static inline UNIT_UNUSED llmgw_request_t *read_chat(llmgw_str_t body,
                                                     llmgw_err_t *err)
{
    return read_request(&llmgw_dialect_openai_chat, body, err);
}

static inline void put_dropped(llmgw_buf_t *b, const apr_array_header_t *names)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        llmgw_buf_printf(b, "%s%s", i ? ", " : "\ndropped: ",
                         APR_ARRAY_IDX(names, i, const char *));
    }
}

/** What a request is in a dialect: its body and what was dropped, or the
 * error. */
static inline llmgw_str_t write_request(const llmgw_dialect_t *dialect,
                                        const llmgw_request_t *req,
                                        llmgw_unsupported_e unsupported,
                                        unsigned int quirks)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 64 << 20);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_encode_t how;
    llmgw_json_type_e type;

    memset(&how, 0, sizeof(how));
    how.model = req->model;
    how.stream = req->stream;
    how.unsupported = unsupported;
    how.quirks = quirks;
    how.dropped = apr_array_make(unit_pool, 4, sizeof(char *));
    if (dialect->request_encode(out, req, &how, unit_pool, &err)
        != APR_SUCCESS) {
        llmgw_buf_clear(out);
        llmgw_buf_printf(out, "%s %s: %s", llmgw_err_code(&err),
                         err.param ? err.param : "-", err.message);
        return llmgw_buf_str(out);
    }
    ck_assert_msg(llmgw_json_scan(out->data, out->len, NULL, NULL, NULL, &type,
                                  NULL) == APR_SUCCESS,
                  "not JSON: %s", out->data);
    put_dropped(out, how.dropped);
    return llmgw_buf_str(out);
}

/** The same from a request's text in another dialect. */
static inline UNIT_UNUSED const char *translate_from(
    const llmgw_dialect_t *from, const llmgw_dialect_t *dialect,
    const char *body)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req = read_request(from, llmgw_str_of(body), &err);

    ck_assert_msg(req != NULL, "%s", err.message);
    return llmgw_str_dupz(unit_pool, write_request(
        dialect, req, LLMGW_UNSUPPORTED_DEFAULT, LLMGW_QUIRK_REASONING));
}

/** The same from a chat request's text. */
static inline UNIT_UNUSED const char *translate(const llmgw_dialect_t *dialect,
                                                const char *body)
{
    return translate_from(&llmgw_dialect_openai_chat, dialect, body);
}

/** Fails unless the translation of a request has this text in it. */
#define assert_has(body, text) \
    do { \
        const char *ah_ = (body), *at_ = (text); \
        ck_assert_msg(strstr(ah_, at_) != NULL, "no %s in %s", at_, ah_); \
    } while (0)

/** Fails if it has. */
#define assert_lacks(body, text) \
    do { \
        const char *al_ = (body), *at_ = (text); \
        ck_assert_msg(strstr(al_, at_) == NULL, "%s in %s", at_, al_); \
    } while (0)

/** Requests of a folder, and how they are read and written. */
typedef struct golden_t {
    const llmgw_dialect_t *from;
    const char *folder;
    const char *ending;         /* of their names: ".req.json" */
    const llmgw_address_t *address;
    llmgw_unsupported_e unsupported;
} golden_t;

/** Read every request of a folder, write it in a dialect; see
 * NAME.req.json.DIALECT. Returns how many there were. */
static inline UNIT_UNUSED int check_golden_to(const golden_t *golden,
                                              const llmgw_dialect_t *to)
{
    const char *dir = unit_data(golden->folder), *name, *path;
    apr_array_header_t *names = unit_list(dir);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_request_t *req;
    int i, n = 0;

    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, char *);
        if (!with_ending(name, golden->ending, "")) {
            continue;
        }
        path = apr_pstrcat(unit_pool, dir, "/", name, NULL);
        req = read_request_at(golden->from, golden->address, unit_read(path),
                              &err);
        ck_assert_msg(req != NULL, "%s: %s", name, err.message);
        check_golden(apr_pstrcat(unit_pool, path, ".", to->name, NULL),
                     write_request(to, req, golden->unsupported,
                                   LLMGW_QUIRK_REASONING));
        n++;
    }
    return n;
}

/** The same of requests in files NAME.req.json. */
static inline UNIT_UNUSED int check_golden_requests_from(
    const llmgw_dialect_t *from, const char *folder,
    const llmgw_dialect_t *dialect)
{
    const golden_t golden = { from, folder, ".req.json", NULL,
                              LLMGW_UNSUPPORTED_DEFAULT };

    return check_golden_to(&golden, dialect);
}

/** The same of chat requests. */
static inline UNIT_UNUSED int check_golden_requests(
    const char *folder, const llmgw_dialect_t *dialect)
{
    return check_golden_requests_from(&llmgw_dialect_openai_chat, folder,
                                      dialect);
}

#endif /* LLMGW_TESTS_REQUESTS_H */
