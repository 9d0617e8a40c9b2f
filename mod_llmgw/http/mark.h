/* mark.h: what the module keeps with a request */
#ifndef LLMGW_HTTP_MARK_H
#define LLMGW_HTTP_MARK_H

#include <httpd.h>

/** In r->request_config; lives as long as the request. */
typedef struct llmgw_mark_t {
    int is_location;            /* its location says SetHandler llmgw... */
    struct llmgw_call_t *call;  /* NULL until the handler has made one */
} llmgw_mark_t;

/** A request's own mark; makes an empty one where there is none. */
llmgw_mark_t *llmgw_mark_get(request_rec *r);

/** A request's own mark, NULL if it has none. */
llmgw_mark_t *llmgw_mark_lookup(const request_rec *r);

/**
 * The call of a request; of a request without one, that of the last it was
 * redirected to, then of those it was redirected from, then of the one whose
 * subrequest it is.
 * @return NULL if there is none (yet)
 */
struct llmgw_call_t *llmgw_mark_call(const request_rec *r);

#endif /* LLMGW_HTTP_MARK_H */
