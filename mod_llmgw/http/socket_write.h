/* socket_write.h: writing buckets to a socket, as far as it takes them */
#ifndef LLMGW_HTTP_SOCKET_WRITE_H
#define LLMGW_HTTP_SOCKET_WRITE_H

#include <apr_buckets.h>

/**
 * Write what the socket takes now. What is written, and all metadata, is taken
 * out of the brigade.
 * @param written in, out: the bytes are added
 * @return APR_SUCCESS: the brigade is empty; APR_EAGAIN: some is left; else the
 *         connection is broken
 */
apr_status_t llmgw_socket_write(int fd, apr_bucket_brigade *bb,
                                apr_off_t *written);

/** See to it that what is left may outlast what the bytes came from.
 * @param p lives as long as the bytes are to
 * @return APR_SUCCESS, or why a bucket cannot be kept */
apr_status_t llmgw_socket_keep(apr_bucket_brigade *bb, apr_pool_t *p);

#endif /* LLMGW_HTTP_SOCKET_WRITE_H */
