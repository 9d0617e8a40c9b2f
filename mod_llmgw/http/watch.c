/* watch.c: waiting for a provider while the client may leave */
#include <poll.h>
#include <apr_portable.h>
#include <httpd.h>
#include <http_core.h>
#include "watch.h"

#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

/* Where the client's socket is not ours to watch (HTTP/2), how often to look
 * whether the stream was reset. */
#define LOOK_MSEC 100

#define WAIT_MSEC_MAX 60000

/* The client's socket, -1 where this connection is a stream of another, or is
 * none. */
static int client_fd(const request_rec *r)
{
    apr_socket_t *sock = r->connection->master
                         ? NULL : ap_get_conn_socket(r->connection);
    apr_os_sock_t fd = -1;

    if (sock) {
        apr_os_sock_get(&fd, sock);
    }
    return fd;
}

/* Milliseconds to wait, rounded up; bounded so that a look is taken. */
static int wait_msec(apr_time_t until, int client)
{
    apr_interval_time_t left = until - apr_time_now();
    apr_interval_time_t msec = left > 0 ? (left + 999) / 1000 : 0;
    apr_interval_time_t most = client < 0 ? LOOK_MSEC : WAIT_MSEC_MAX;

    return (int)(msec < most ? msec : most);
}

int llmgw_watch_wait(const request_rec *r, int fd, int events,
                     int client_events, apr_time_t until)
{
    int client = client_fd(r);
    struct pollfd fds[2] = {
        { client, (short)(POLLRDHUP | client_events), 0 },
        { fd, (short)events, 0 },
    };

    poll(fds, 2, wait_msec(until, client));
    return r->connection->aborted
           || (fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}
