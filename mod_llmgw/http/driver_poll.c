/* driver_poll.c: drives a call on its own thread, watching both sides */
#include <poll.h>
#include <apr_portable.h>
#include <httpd.h>
#include <http_core.h>
#include "call.h"

#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif

/* Where the client's socket is not ours to watch (HTTP/2), how often to look
 * whether the stream was reset. */
#define LOOK_MSEC 100

/* The client's socket, -1 where this connection is a stream of another. */
static int client_fd(const request_rec *r)
{
    apr_os_sock_t fd = -1;

    if (!r->connection->master) {
        apr_os_sock_get(&fd, ap_get_conn_socket(r->connection));
    }
    return fd;
}

/* Milliseconds to wait, rounded up; bounded so that a look is taken. */
static int wait_msec(const llmgw_call_t *call, apr_interval_time_t most_usec,
                     int client)
{
    apr_interval_time_t left = call->wait.until - apr_time_now();
    apr_interval_time_t msec, most = client < 0 ? LOOK_MSEC : 60000;

    if (most_usec >= 0 && left > most_usec) {
        left = most_usec;
    }
    msec = left > 0 ? (left + 999) / 1000 : 0;
    return (int)(msec < most ? msec : most);
}

/* Wait for the provider, the time, or the client's leaving. */
static int client_left(const llmgw_call_t *call, apr_interval_time_t most_usec,
                       int client)
{
    struct pollfd fds[2] = {
        { client, (short)(POLLRDHUP | (call->wait.client ? POLLIN : 0)), 0 },
        { call->wait.fd, (short)call->wait.events, 0 },
    };

    poll(fds, 2, wait_msec(call, most_usec, client));
    return call->r->connection->aborted
           || (fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* Another thread cannot read a body from the client. */
static int can_leave(const llmgw_call_t *call, apr_interval_time_t patience)
{
    return patience >= 0 && !call->wait.client;
}

llmgw_turn_e llmgw_driver_poll_run(llmgw_call_t *call,
                                   apr_interval_time_t patience_usec)
{
    apr_interval_time_t left = patience_usec;
    int client = client_fd(call->r);
    llmgw_turn_e turn;
    apr_time_t since;

    while ((turn = llmgw_call_step(call)) != LLMGW_TURN_DONE) {
        if (turn != LLMGW_TURN_WAIT) {
            continue;
        }
        if (can_leave(call, left)
            && (left == 0 || llmgw_pick_usual_usec(call) > 2 * left)) {
            break;
        }
        since = apr_time_now();
        if (client_left(call, can_leave(call, left) ? left : -1, client)) {
            llmgw_call_cancel(call);
        }
        if (can_leave(call, left)) {
            left -= apr_time_now() - since;
            left = left > 0 ? left : 0;
        }
    }
    return turn;
}
