/* model.c: making the neutral model of a request */
#include <string.h>
#include "llmgw/model.h"

llmgw_request_t *llmgw_request_create(apr_pool_t *p)
{
    llmgw_request_t *req = apr_pcalloc(p, sizeof(*req));

    req->messages = apr_array_make(p, 8, sizeof(llmgw_message_t));
    req->tools = apr_array_make(p, 4, sizeof(llmgw_tool_t));
    req->extras = apr_array_make(p, 4, sizeof(llmgw_extra_t));
    req->parallel_tools = -1;
    req->logprobs = -1;
    req->schema_strict = -1;
    req->store = -1;
    return req;
}

llmgw_message_t *llmgw_request_add_message(llmgw_request_t *req,
                                           apr_pool_t *p, llmgw_role_e role)
{
    llmgw_message_t *m = apr_array_push(req->messages);

    memset(m, 0, sizeof(*m));
    m->role = role;
    m->number = req->messages->nelts - 1;
    m->parts = apr_array_make(p, 2, sizeof(llmgw_part_t));
    return m;
}

llmgw_part_t *llmgw_parts_add(apr_array_header_t *parts, llmgw_part_e type)
{
    llmgw_part_t *part = apr_array_push(parts);

    memset(part, 0, sizeof(*part));
    part->type = type;
    return part;
}

static int count_images(const apr_array_header_t *parts)
{
    int i, n = 0;

    for (i = 0; parts && i < parts->nelts; i++) {
        const llmgw_part_t *part = &APR_ARRAY_IDX(parts, i, llmgw_part_t);

        n += (part->type == LLMGW_PART_IMAGE) + count_images(part->parts);
    }
    return n;
}

int llmgw_request_images(const llmgw_request_t *req)
{
    int i, n = 0;

    for (i = 0; i < req->messages->nelts; i++) {
        n += count_images(APR_ARRAY_IDX(req->messages, i, llmgw_message_t)
                          .parts);
    }
    return n;
}
