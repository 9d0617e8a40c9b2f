/* test_model.c: making the neutral model */
#include "unit.h"
#include "llmgw/model.h"

START_TEST(test_request)
{
    llmgw_request_t *req = llmgw_request_create(unit_pool);

    ck_assert_int_eq(req->messages->nelts, 0);
    ck_assert_int_eq(req->tools->nelts, 0);
    ck_assert_int_eq(req->extras->nelts, 0);
    ck_assert_ptr_eq(req->allowed_tools, NULL);
    ck_assert_ptr_eq(req->stop, NULL);
    ck_assert_int_eq(req->parallel_tools, -1);
    ck_assert_int_eq(req->logprobs, -1);
    ck_assert_int_eq(req->schema_strict, -1);
    ck_assert_int_eq(req->store, -1);
    ck_assert_int_eq(req->stream, 0);
    unit_assert_null(req->model);
}
END_TEST

START_TEST(test_messages)
{
    llmgw_request_t *req = llmgw_request_create(unit_pool);
    llmgw_message_t *m;
    llmgw_part_t *part;
    int i;

    for (i = 0; i < 20; i++) {
        m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_ASSISTANT);
        ck_assert_int_eq(m->role, LLMGW_ROLE_ASSISTANT);
        ck_assert_int_eq(m->parts->nelts, 0);
        unit_assert_null(m->name);
    }
    ck_assert_int_eq(req->messages->nelts, 20);
    part = llmgw_parts_add(m->parts, LLMGW_PART_IMAGE);
    ck_assert_int_eq(part->type, LLMGW_PART_IMAGE);
    unit_assert_null(part->text);
    ck_assert_ptr_eq(part->parts, NULL);
    ck_assert_int_eq(m->parts->nelts, 1);
}
END_TEST

START_TEST(test_images)
{
    llmgw_request_t *req = llmgw_request_create(unit_pool);
    llmgw_message_t *m;
    llmgw_part_t *result;

    ck_assert_int_eq(llmgw_request_images(req), 0);
    m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_USER);
    llmgw_parts_add(m->parts, LLMGW_PART_TEXT);
    ck_assert_int_eq(llmgw_request_images(req), 0);
    llmgw_parts_add(m->parts, LLMGW_PART_IMAGE);
    llmgw_parts_add(m->parts, LLMGW_PART_DOCUMENT);
    llmgw_parts_add(m->parts, LLMGW_PART_IMAGE);
    m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_TOOL);
    result = llmgw_parts_add(m->parts, LLMGW_PART_TOOL_RESULT);
    result->parts = apr_array_make(unit_pool, 2, sizeof(llmgw_part_t));
    llmgw_parts_add(result->parts, LLMGW_PART_TEXT);
    llmgw_parts_add(result->parts, LLMGW_PART_IMAGE);
    ck_assert_int_eq(llmgw_request_images(req), 3);
}
END_TEST

UNIT_MAIN("model", test_request, test_messages, test_images)
