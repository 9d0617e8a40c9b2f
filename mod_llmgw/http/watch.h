/* watch.h: waiting for a provider while the client may leave */
#ifndef LLMGW_HTTP_WATCH_H
#define LLMGW_HTTP_WATCH_H

#include <httpd.h>

/**
 * Wait for a socket, the client's leaving, or the time; it may end early, so
 * what was waited for has to be looked at. A client of HTTP/2 is looked at
 * every tenth of a second; one that has closed its side only counts as gone.
 * @param fd of the provider; -1: none
 * @param events of POLLIN, POLLOUT
 * @param client_events also wait for this from the client: POLLIN, or 0
 * @param until 0 or past: look, but do not wait
 * @return non-zero if the client has left
 */
int llmgw_watch_wait(const request_rec *r, int fd, int events,
                     int client_events, apr_time_t until);

#endif /* LLMGW_HTTP_WATCH_H */
