/* conn.c: a client's connection, plain or TLS, that never blocks */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <openssl/err.h>
#include "conn.h"

static int epoll_fd;

int conn_setup(void)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return epoll_fd;
}

/* The certificate is the bench's own: nothing is verified. */
static SSL_CTX *create_tls(void)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (tls) {
        SSL_CTX_set_verify(tls, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS
                              | SSL_MODE_ENABLE_PARTIAL_WRITE);
    }
    return tls;
}

int target_parse(target_t *target, const char *url)
{
    int is_tls = strncmp(url, "https://", 8) == 0;
    const char *host = url + (is_tls ? 8 : 7), *path = strchr(host, '/');
    char *port;

    memset(target, 0, sizeof(*target));
    if ((!is_tls && strncmp(url, "http://", 7) != 0) || !path
        || (size_t)(path - host) >= sizeof(target->host)) {
        return -1;
    }
    memcpy(target->host, host, (size_t)(path - host));
    target->path = path;
    port = strchr(target->host, ':');
    if (!port) {
        return -1;
    }
    *port = '\0';
    target->addr.sin_family = AF_INET;
    target->addr.sin_port = htons((uint16_t)atoi(port + 1));
    if (inet_pton(AF_INET, target->host, &target->addr.sin_addr) != 1) {
        return -1;
    }
    *port = ':';
    target->tls = is_tls ? create_tls() : NULL;
    return is_tls && !target->tls ? -1 : 0;
}

static void watch(conn_t *conn, unsigned int events, void *ctx)
{
    struct epoll_event ev = { .events = events, .data.ptr = ctx };

    if (events != conn->events) {
        epoll_ctl(epoll_fd, conn->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                  conn->fd, &ev);
        conn->events = events;
    }
}

int conn_open(conn_t *conn, const target_t *target, void *ctx)
{
    int one = 1;

    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0) {
        return -1;
    }
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    conn->is_open = 0;
    conn->events = 0;
    if (connect(conn->fd, (const struct sockaddr *)&target->addr,
                sizeof(target->addr)) && errno != EINPROGRESS) {
        conn_close(conn);
        return -1;
    }
    if (target->tls) {
        conn->ssl = SSL_new(target->tls);
        SSL_set_fd(conn->ssl, conn->fd);
    }
    watch(conn, EPOLLIN | EPOLLOUT, ctx);
    return 0;
}

void conn_close(conn_t *conn)
{
    if (conn->ssl) {
        SSL_free(conn->ssl);
        conn->ssl = NULL;
    }
    if (conn->fd >= 0) {
        close(conn->fd);
        conn->fd = -1;
    }
    conn->out_len = conn->out_at = 0;
}

char *conn_get_room(conn_t *conn, size_t size)
{
    if (size > conn->out_size) {
        conn->out = realloc(conn->out, size);
        conn->out_size = size;
        if (!conn->out) {
            perror("room for a request");
            exit(1);
        }
    }
    return conn->out;
}

/* What came of a TLS call: -1 for try again, -2 for failed, 0 for the end. */
static ssize_t read_tls_error(conn_t *conn, int n)
{
    int why = SSL_get_error(conn->ssl, n);

    ERR_clear_error();
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1
           : why == SSL_ERROR_ZERO_RETURN ? 0 : -2;
}

static ssize_t send_some(conn_t *conn)
{
    const char *data = conn->out + conn->out_at;
    size_t len = conn->out_len - conn->out_at;
    ssize_t n;

    if (conn->ssl) {
        int sent = SSL_write(conn->ssl, data, (int)len);

        return sent > 0 ? sent : read_tls_error(conn, sent) == -1 ? -1 : -2;
    }
    n = send(conn->fd, data, len, MSG_NOSIGNAL);
    return n >= 0 ? n : errno == EAGAIN ? -1 : -2;
}

static int shake_hands(conn_t *conn)
{
    int done = SSL_connect(conn->ssl);

    if (done == 1) {
        conn->is_open = 1;
        return 0;
    }
    return read_tls_error(conn, done) == -1 ? 0 : -1;
}

int conn_advance(conn_t *conn, void *ctx)
{
    ssize_t n = 0;

    if (!conn->is_open && conn->ssl) {
        if (shake_hands(conn)) {
            return -1;
        }
        if (!conn->is_open) {
            watch(conn, SSL_want_write(conn->ssl) ? EPOLLIN | EPOLLOUT
                                                  : EPOLLIN, ctx);
            return 0;
        }
    }
    while (conn->out_at < conn->out_len && (n = send_some(conn)) > 0) {
        conn->out_at += (size_t)n;
        conn->is_open = 1;
    }
    if (n < -1) {
        return -1;
    }
    watch(conn, conn->out_at < conn->out_len ? EPOLLIN | EPOLLOUT : EPOLLIN,
          ctx);
    return 0;
}

ssize_t conn_read(conn_t *conn, char *data, size_t size)
{
    ssize_t n;

    if (conn->ssl) {
        int got = SSL_read(conn->ssl, data, (int)size);

        return got > 0 ? got : read_tls_error(conn, got);
    }
    n = read(conn->fd, data, size);
    return n >= 0 ? n : errno == EAGAIN ? -1 : -2;
}
