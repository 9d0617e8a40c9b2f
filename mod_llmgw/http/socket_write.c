/* socket_write.c: writing buckets to a socket, as far as it takes them */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "socket_write.h"

#define PIECES_MAX 16

/* Describe the first buckets that hold data. @return how many */
static apr_status_t gather(struct iovec *vec, int *n, apr_bucket_brigade *bb)
{
    apr_bucket *b = APR_BRIGADE_FIRST(bb), *next;
    apr_status_t rv = APR_SUCCESS;

    for (*n = 0; *n < PIECES_MAX && b != APR_BRIGADE_SENTINEL(bb); b = next) {
        const char *data = NULL;
        apr_size_t len = 0;

        if (!APR_BUCKET_IS_METADATA(b)) {
            rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        next = APR_BUCKET_NEXT(b);
        if (len) {
            vec[*n].iov_base = (void *)data;
            vec[(*n)++].iov_len = len;
        }
        else {
            apr_bucket_delete(b);
        }
    }
    return rv;
}

/* Take the first bytes out. */
static void consume(apr_bucket_brigade *bb, apr_size_t len)
{
    while (len > 0) {
        apr_bucket *b = APR_BRIGADE_FIRST(bb);

        if (b->length > len) {
            apr_bucket_split(b, len);
        }
        len -= b->length;
        apr_bucket_delete(b);
    }
}

apr_status_t llmgw_socket_write(int fd, apr_bucket_brigade *bb,
                                apr_off_t *written)
{
    struct iovec vec[PIECES_MAX];
    struct msghdr msg;
    apr_status_t rv;
    ssize_t n;
    int pieces;

    for (;;) {
        rv = gather(vec, &pieces, bb);
        if (rv != APR_SUCCESS || pieces == 0) {
            return rv;
        }
        memset(&msg, 0, sizeof(msg));
        msg.msg_iov = vec;
        msg.msg_iovlen = (size_t)pieces;
        n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return errno == EWOULDBLOCK ? APR_EAGAIN
                   : APR_FROM_OS_ERROR(errno);
        }
        if (n > 0) {
            *written += n;
            consume(bb, (apr_size_t)n);
        }
    }
}

apr_status_t llmgw_socket_keep(apr_bucket_brigade *bb, apr_pool_t *p)
{
    apr_bucket *b;

    for (b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb);
         b = APR_BUCKET_NEXT(b)) {
        apr_status_t rv = apr_bucket_setaside(b, p);

        if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOTIMPL(rv)) {
            return rv;
        }
    }
    return APR_SUCCESS;
}
