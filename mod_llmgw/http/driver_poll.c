/* driver_poll.c: drives a call on its own thread, watching both sides */
#include <poll.h>
#include <httpd.h>
#include "call.h"
#include "watch.h"

/* Wait for the provider, the time, or the client's leaving. */
static int client_left(const llmgw_call_t *call)
{
    return llmgw_watch_wait(call->r, call->wait.fd, call->wait.events,
                            call->wait.client ? POLLIN : 0, call->wait.until);
}

void llmgw_driver_poll_run(llmgw_call_t *call)
{
    llmgw_turn_e turn;

    while ((turn = llmgw_call_step(call)) != LLMGW_TURN_DONE) {
        if (turn == LLMGW_TURN_WAIT && client_left(call)) {
            llmgw_call_cancel(call);
        }
    }
}
