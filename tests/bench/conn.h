/* conn.h: a client's connection, plain or TLS, that never blocks */
#ifndef CONN_H
#define CONN_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/types.h>
#include <openssl/ssl.h>

/** Where requests go: http[s]://A.B.C.D:PORT/PATH. */
typedef struct target_t {
    struct sockaddr_in addr;
    char host[32];              /* A.B.C.D:PORT */
    const char *path;
    SSL_CTX *tls;               /* NULL: plain */
} target_t;

typedef struct conn_t {
    int fd;                     /* -1: closed */
    SSL *ssl;
    int is_open;                /* connected, and shaken hands */
    char *out;                  /* what is to be sent */
    size_t out_size;
    size_t out_len;
    size_t out_at;
    unsigned int events;        /* being watched for */
} conn_t;

/** @return 0, -1 when it is no such URL */
int target_parse(target_t *target, const char *url);

/** The epoll that conns are watched by; their data.ptr is ctx. */
int conn_setup(void);

/** Begin to connect. @return 0, -1 with errno */
int conn_open(conn_t *conn, const target_t *target, void *ctx);

void conn_close(conn_t *conn);

/** Room for what is to be sent. @return it; exits when there is none */
char *conn_get_room(conn_t *conn, size_t size);

/** Go on connecting and sending. @return 0, -1 when the connection failed */
int conn_advance(conn_t *conn, void *ctx);

/** @return bytes; 0 at the end; -1: none now; -2: it failed */
ssize_t conn_read(conn_t *conn, char *data, size_t size);

#endif
