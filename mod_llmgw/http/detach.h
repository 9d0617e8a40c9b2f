/* detach.h: calls that wait without a thread, and their connections */
#ifndef LLMGW_HTTP_DETACH_H
#define LLMGW_HTTP_DETACH_H

#include "call.h"

/*
 * On the event MPM the handler of a call that has to wait returns SUSPENDED.
 * A relay thread (loop.h) waits in its place and moves what comes; whatever may
 * block is done by a worker thread (jobs.h). httpd 2.4 has no way to give a
 * suspended connection back to its MPM: from then on its keep-alive, its next
 * requests and its closing are seen to here.
 */

/** Register what this needs. */
void llmgw_detach_register(void);

/** In a new child: start the relay threads, if LLMDetach says so and the MPM
 * can. */
void llmgw_detach_child_init(server_rec *servers, apr_pool_t *pchild);

/**
 * Is there room for one more call, or does LLMDetach let it have its thread?
 * @return APR_SUCCESS; LLMGW_EFULL with err filled in: refuse it
 */
apr_status_t llmgw_detach_admit(const llmgw_call_t *call, llmgw_err_t *err);

/**
 * Drive an accepted call to its end, or until it waits without this thread.
 * @return what the handler has to return
 */
int llmgw_detach_run(llmgw_call_t *call);

#endif /* LLMGW_HTTP_DETACH_H */
