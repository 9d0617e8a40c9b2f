/* seat.c: where the scoreboard shows what a worker thread does */
#include <apr_portable.h>
#include <httpd.h>
#include <ap_mpm.h>
#include "seat.h"

/* As the scoreboard has it: found once, as it takes a look at all. -1: not
 * looked for yet, -2: this thread has none. */
static __thread int this_thread = -1;

static int find_thread(int child_num, int threads)
{
    const apr_os_thread_t self = apr_os_thread_current();
    int i;

    for (i = 0; i < threads; i++) {
        if (apr_os_thread_equal(ap_scoreboard_image->servers[child_num][i].tid,
                                self)) {
            return i;
        }
    }
    return -2;
}

void llmgw_seat_take(conn_rec *c, ap_sb_handle_t *seat)
{
    int limit = 0, threads = 0;

    ap_mpm_query(AP_MPMQ_HARD_LIMIT_THREADS, &limit);
    c->current_thread = ap_thread_current();
    if (this_thread == -1 && limit > 0) {
        ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
        this_thread = find_thread((int)(c->id / limit), threads);
    }
    if (this_thread >= 0) {
        ap_update_sb_handle(seat, (int)(c->id / limit), this_thread);
        c->sbh = seat;
        ap_update_child_status(seat, SERVER_BUSY_WRITE, NULL);
    }
}

void llmgw_seat_leave(conn_rec *c)
{
    c->sbh = NULL;
}
