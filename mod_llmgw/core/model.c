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
