/* handshake.c: TLS with a provider, while its client may leave */
#include <poll.h>
#include <apr_portable.h>
#include <httpd.h>
#include <http_connection.h>
#include <util_filter.h>
#include "llmgw/error.h"
#include "handshake.h"
#include "watch.h"

/*
 * mod_ssl reads what the provider says with blocking reads, which see neither
 * the client nor the clock. Below it, while the handshake lasts, stands a
 * filter that does its blocking reads by polling both sides.
 */

#define FILTER "LLMGW_HANDSHAKE"

typedef struct handshake_t {
    const request_rec *r;
    int fd;                     /* of the provider */
    apr_time_t until;
    int is_client_gone;
} handshake_t;

/* mod_ssl asks for bytes, nothing else; some may have been read already that
 * no poll() would tell of. */
static apr_status_t read_patiently(ap_filter_t *f, apr_bucket_brigade *bb,
                                   ap_input_mode_t mode, apr_read_type_e block,
                                   apr_off_t bytes)
{
    handshake_t *h = f->ctx;
    apr_status_t rv;

    for (;;) {
        rv = ap_get_brigade(f->next, bb, mode, APR_NONBLOCK_READ, bytes);
        if (block == APR_NONBLOCK_READ
            || (rv == APR_SUCCESS ? !APR_BRIGADE_EMPTY(bb)
                : !APR_STATUS_IS_EAGAIN(rv))) {
            return rv;
        }
        if (apr_time_now() >= h->until) {
            return APR_TIMEUP;
        }
        if (llmgw_watch_wait(h->r, h->fd, POLLIN, 0, h->until)) {
            h->is_client_gone = 1;
            return APR_ECONNABORTED;
        }
    }
}

void llmgw_handshake_register(void)
{
    /* Right above the socket. */
    ap_register_input_filter(FILTER, read_patiently, NULL,
                             AP_FTYPE_NETWORK - 1);
}

apr_status_t llmgw_handshake_run(conn_rec *c, apr_socket_t *sock,
                                 const request_rec *r, apr_time_t until)
{
    handshake_t h = { r, -1, until, 0 };
    apr_bucket_brigade *bb = apr_brigade_create(c->pool, c->bucket_alloc);
    apr_interval_time_t left = until - apr_time_now();
    ap_filter_t *filter = ap_add_input_filter(FILTER, &h, NULL, c);
    apr_status_t rv;

    apr_os_sock_get(&h.fd, sock);
    /* For what mod_ssl writes. APR waits for whole milliseconds, rounded down:
     * a time that is over must look so. */
    apr_socket_timeout_set(sock, (left > 0 ? left : 0) + 1000);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(c->bucket_alloc));
    rv = ap_pass_brigade(c->output_filters, bb);
    apr_brigade_destroy(bb);
    ap_remove_input_filter(filter);
    if (h.is_client_gone) {
        return LLMGW_ECLIENTGONE;
    }
    return rv == APR_SUCCESS && c->aborted ? APR_ECONNABORTED : rv;
}
