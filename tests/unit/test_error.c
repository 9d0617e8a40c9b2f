/* test_error.c: the table of statuses and errors made from it */
#include "unit.h"
#include "llmgw/error.h"

START_TEST(test_table)
{
    const llmgw_status_t *row = llmgw_status_get(LLMGW_EMODEL);
    int off, rows = 0;

    ck_assert_str_eq(row->code, "model_not_found");
    ck_assert_int_eq(row->http_status, 404);
    ck_assert_int_eq(row->kind, LLMGW_ERRKIND_NOT_FOUND);
    ck_assert_int_eq(llmgw_status_get(LLMGW_ERESET)->breaker,
                     LLMGW_BREAKER_FAILURE);
    for (off = 0; off < 100; off++) {
        row = llmgw_status_get(LLMGW_STATUS_START + off);
        ck_assert_ptr_ne(row->code, NULL);
        ck_assert_int_ge(row->http_status, 400);
        ck_assert_int_le(row->http_status, 599);
        ck_assert_int_lt(row->kind, LLMGW_ERRKIND__COUNT);
        rows += row->status == LLMGW_STATUS_START + off;
    }
    ck_assert_int_ge(rows, 30);
}
END_TEST

START_TEST(test_table_miss)
{
    static const apr_status_t strange[] = {
        APR_SUCCESS, APR_ENOMEM, LLMGW_STATUS_START - 1,
        LLMGW_STATUS_START + 19, LLMGW_STATUS__END, 0x7fffffff, -1
    };
    size_t i;

    for (i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        ck_assert_int_eq(llmgw_status_get(strange[i])->status,
                         LLMGW_EINTERNAL);
    }
}
END_TEST

START_TEST(test_set)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    err.http_status = 418;
    err.code = "old";
    unit_assert_status(llmgw_err_set(&err, unit_pool, LLMGW_EINVAL,
                                     "messages[2].role", "%s is no role",
                                     "wizard"), LLMGW_EINVAL);
    ck_assert_int_eq(err.status, LLMGW_EINVAL);
    ck_assert_int_eq(err.kind, LLMGW_ERRKIND_INVALID_REQUEST);
    ck_assert_str_eq(err.message, "wizard is no role");
    ck_assert_str_eq(err.param, "messages[2].role");
    ck_assert_int_eq(llmgw_err_http_status(&err), 400);
    ck_assert_str_eq(llmgw_err_code(&err), "invalid_value");
    unit_assert_status(llmgw_err_set(NULL, unit_pool, LLMGW_EJSON, NULL,
                                     "unused"), LLMGW_EJSON);
}
END_TEST

START_TEST(test_overrides)
{
    llmgw_err_t err = LLMGW_ERR_INIT;

    llmgw_err_set(&err, unit_pool, LLMGW_EREJECTED, NULL, "no");
    err.code = "context_length_exceeded";
    err.http_status = 422;
    ck_assert_int_eq(llmgw_err_http_status(&err), 422);
    ck_assert_str_eq(llmgw_err_code(&err), "context_length_exceeded");
    err.http_status = 200;      /* never a success */
    ck_assert_int_eq(llmgw_err_http_status(&err), 400);
}
END_TEST

START_TEST(test_from_http)
{
    static const struct {
        int http;
        apr_status_t status;
        llmgw_errkind_e kind;
        int client;
    } cases[] = {
        { 400, LLMGW_EREJECTED, LLMGW_ERRKIND_INVALID_REQUEST, 400 },
        { 401, LLMGW_ECREDENTIALS, LLMGW_ERRKIND_UPSTREAM, 502 },
        { 402, LLMGW_ECREDENTIALS, LLMGW_ERRKIND_UPSTREAM, 502 },
        { 403, LLMGW_ECREDENTIALS, LLMGW_ERRKIND_UPSTREAM, 502 },
        { 404, LLMGW_EREJECTED, LLMGW_ERRKIND_NOT_FOUND, 404 },
        { 408, LLMGW_EUPSTREAM, LLMGW_ERRKIND_TIMEOUT, 408 },
        { 409, LLMGW_EUPSTREAM, LLMGW_ERRKIND_UPSTREAM, 409 },
        { 413, LLMGW_EREJECTED, LLMGW_ERRKIND_TOO_LARGE, 413 },
        { 422, LLMGW_EREJECTED, LLMGW_ERRKIND_INVALID_REQUEST, 422 },
        { 429, LLMGW_ERATELIMIT, LLMGW_ERRKIND_RATE_LIMIT, 429 },
        { 500, LLMGW_EUPSTREAM, LLMGW_ERRKIND_UPSTREAM, 500 },
        { 502, LLMGW_EUPSTREAM, LLMGW_ERRKIND_UPSTREAM, 502 },
        { 503, LLMGW_EOVERLOADED, LLMGW_ERRKIND_OVERLOADED, 503 },
        { 504, LLMGW_EUPSTREAM, LLMGW_ERRKIND_TIMEOUT, 504 },
        { 529, LLMGW_EOVERLOADED, LLMGW_ERRKIND_OVERLOADED, 529 },
        { 200, LLMGW_EUPSTREAM, LLMGW_ERRKIND_UPSTREAM, 502 },
        { 302, LLMGW_EUPSTREAM, LLMGW_ERRKIND_UPSTREAM, 502 }
    };
    llmgw_err_t err;
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&err, 0, sizeof(err));
        llmgw_err_from_http(&err, cases[i].http);
        ck_assert_msg(err.status == cases[i].status
                      && err.kind == cases[i].kind
                      && llmgw_err_http_status(&err) == cases[i].client,
                      "HTTP status %d", cases[i].http);
    }
}
END_TEST

START_TEST(test_copy)
{
    char message[] = "gone soon", param[] = "messages";
    llmgw_err_t err = LLMGW_ERR_INIT, copy;

    err.status = LLMGW_EINVAL;
    err.message = message;
    err.param = param;
    err.retry_after_usec = 5;
    llmgw_err_copy(&copy, &err, unit_pool);
    memset(message, 'x', sizeof(message) - 1);
    memset(param, 'x', sizeof(param) - 1);
    ck_assert_str_eq(copy.message, "gone soon");
    ck_assert_str_eq(copy.param, "messages");
    ck_assert_ptr_eq(copy.code, NULL);
    ck_assert_ptr_eq(copy.detail, NULL);
    ck_assert_int_eq((int)copy.retry_after_usec, 5);
    unit_assert_status(copy.status, LLMGW_EINVAL);
}
END_TEST

UNIT_MAIN("error", test_copy, test_table, test_table_miss, test_set, test_overrides,
          test_from_http)
