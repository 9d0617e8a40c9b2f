/* driver_poll.c: drives a call on its own thread, watching both sides */
#include <poll.h>
#include <httpd.h>
#include "call.h"
#include "watch.h"

/* Nobody waits in vain for a target that usually takes so much longer; peaks
 * count in what is usual, so a little longer tells nothing. */
#define SPIN_WORTH 8

/* Wait for the provider, the time, or the client's leaving.
 * @param most_usec no longer than this; -1: as long as it takes */
static int client_left(const llmgw_call_t *call, apr_interval_time_t most_usec)
{
    apr_time_t until = apr_time_now() + most_usec;

    if (most_usec < 0 || call->wait.until < until) {
        until = call->wait.until;
    }
    return llmgw_watch_wait(call->r, call->wait.fd, call->wait.events,
                            call->wait.client ? POLLIN : 0, until);
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
    llmgw_turn_e turn;
    apr_time_t since;

    while ((turn = llmgw_call_step(call)) != LLMGW_TURN_DONE) {
        if (turn != LLMGW_TURN_WAIT) {
            continue;
        }
        if (can_leave(call, left)
            && (left == 0 || llmgw_pick_usual_usec(call)
                             > SPIN_WORTH * patience_usec)) {
            break;
        }
        since = apr_time_now();
        if (client_left(call, can_leave(call, left) ? left : -1)) {
            llmgw_call_cancel(call);
        }
        if (can_leave(call, left)) {
            left -= apr_time_now() - since;
            left = left > 0 ? left : 0;
        }
    }
    return turn;
}
