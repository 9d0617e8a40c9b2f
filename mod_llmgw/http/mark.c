/* mark.c: what the module keeps with a request */
#include <httpd.h>
#include <http_config.h>
#include "config.h"
#include "mark.h"

llmgw_mark_t *llmgw_mark_lookup(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &llmgw_module);
}

llmgw_mark_t *llmgw_mark_get(request_rec *r)
{
    llmgw_mark_t *mark = llmgw_mark_lookup(r);

    if (!mark) {
        mark = apr_pcalloc(r->pool, sizeof(*mark));
        ap_set_module_config(r->request_config, &llmgw_module, mark);
    }
    return mark;
}

static struct llmgw_call_t *own_call(const request_rec *r)
{
    const llmgw_mark_t *mark = llmgw_mark_lookup(r);

    return mark ? mark->call : NULL;
}

struct llmgw_call_t *llmgw_mark_call(const request_rec *r)
{
    struct llmgw_call_t *call = own_call(r);
    const request_rec *at;

    /* The access log asks with the first request of a chain. */
    for (at = r->next; at && !call; at = at->next) {
        call = own_call(at);
    }
    for (at = r->prev; at && !call; at = at->prev) {
        call = own_call(at);
    }
    return call || !r->main ? call : llmgw_mark_call(r->main);
}
