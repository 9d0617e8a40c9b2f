/* seat.h: where the scoreboard shows what a worker thread does */
#ifndef LLMGW_HTTP_SEAT_H
#define LLMGW_HTTP_SEAT_H

#include <httpd.h>
#include <scoreboard.h>

/**
 * This thread, a worker of the MPM, goes on with a suspended connection: show
 * so in the scoreboard, in the place of this thread.
 * @param seat the connection's own handle, from ap_create_sb_handle()
 */
void llmgw_seat_take(conn_rec *c, ap_sb_handle_t *seat);

/** It is done with it. */
void llmgw_seat_leave(conn_rec *c);

#endif /* LLMGW_HTTP_SEAT_H */
