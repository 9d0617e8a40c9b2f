/* mock.c: a provider that answers every request at once with the same reply
 *
 *   mock [DELAY_MS]
 *
 * Listens on a free port of 127.0.0.1, prints its number, and serves
 * HTTP/1.1 with keep-alive until it is killed. With DELAY_MS each answer waits
 * that long after the request was read. Requests have a Content-Length. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNS_MAX 4096
#define HEAD_MAX 16384

#define BODY \
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\"," \
    "\"created\":1700000000,\"model\":\"bench\",\"choices\":[{\"index\":0," \
    "\"message\":{\"role\":\"assistant\",\"content\":\"All is well here, and " \
    "so it will be tomorrow.\"},\"finish_reason\":\"stop\"}],\"usage\":{" \
    "\"prompt_tokens\":12,\"completion_tokens\":11,\"total_tokens\":23}}"

/* A connection, by its descriptor. */
typedef struct conn_t {
    char head[HEAD_MAX + 1];
    size_t head_len;
    size_t body_left;   /* of the request now being read */
    int in_body;
    long long due_ms;   /* when to answer; 0: nothing is owed */
} conn_t;

static conn_t *conns[CONNS_MAX];
static int epoll_fd;
static long long delay_ms;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static long long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void drop(int fd)
{
    free(conns[fd]);
    conns[fd] = NULL;
    close(fd);
}

static int answer(int fd)
{
    char reply[1024];
    int len = snprintf(reply, sizeof(reply),
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       sizeof(BODY) - 1, BODY);

    return write(fd, reply, (size_t)len) == len ? 0 : -1;
}

/* The request has been read. */
static int finish(int fd, conn_t *c)
{
    c->in_body = 0;
    c->head_len = 0;
    if (!delay_ms) {
        return answer(fd);
    }
    c->due_ms = now_ms() + delay_ms;
    return 0;
}

/* Look for the end of the head; what follows it is body. */
static int read_head(int fd, conn_t *c)
{
    char *end = memmem(c->head, c->head_len, "\r\n\r\n", 4);
    const char *field;
    size_t length, got;

    if (!end) {
        return c->head_len < HEAD_MAX ? 0 : -1;
    }
    *end = '\0';
    field = strcasestr(c->head, "\r\ncontent-length:");
    length = field ? strtoul(field + 17, NULL, 10) : 0;
    got = c->head_len - (size_t)(end + 4 - c->head);
    if (got > length) {
        return -1;                      /* no pipelining here */
    }
    c->in_body = 1;
    c->body_left = length - got;
    return c->body_left ? 0 : finish(fd, c);
}

static int serve(int fd, conn_t *c)
{
    static char sink[65536];
    ssize_t n;

    if (!c->in_body) {
        n = read(fd, c->head + c->head_len, HEAD_MAX - c->head_len);
        if (n <= 0) {
            return n < 0 && errno == EAGAIN ? 0 : -1;
        }
        c->head_len += (size_t)n;
        c->head[c->head_len] = '\0';
        return read_head(fd, c);
    }
    n = read(fd, sink, sizeof(sink));
    if (n <= 0) {
        return n < 0 && errno == EAGAIN ? 0 : -1;
    }
    if ((size_t)n > c->body_left) {
        return -1;
    }
    c->body_left -= (size_t)n;
    return c->body_left ? 0 : finish(fd, c);
}

static void take(int listener)
{
    struct epoll_event ev = { .events = EPOLLIN };
    int one = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        return;
    }
    if (fd >= CONNS_MAX || !(conns[fd] = calloc(1, sizeof(conn_t)))) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    ev.data.fd = fd;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
        drop(fd);
    }
}

static void answer_due(void)
{
    long long now = now_ms();
    int fd;

    for (fd = 0; fd < CONNS_MAX; fd++) {
        if (conns[fd] && conns[fd]->due_ms && conns[fd]->due_ms <= now) {
            conns[fd]->due_ms = 0;
            if (answer(fd)) {
                drop(fd);
            }
        }
    }
}

static int listen_somewhere(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    struct epoll_event ev = { .events = EPOLLIN };
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))
        || listen(fd, 1024)
        || getsockname(fd, (struct sockaddr *)&addr, &len)) {
        die("listen");
    }
    ev.data.fd = fd;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev)) {
        die("epoll_ctl");
    }
    printf("%d\n", ntohs(addr.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct epoll_event events[256];
    int listener, i, n;

    delay_ms = argc > 1 ? atoi(argv[1]) : 0;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    listener = listen_somewhere();
    for (;;) {
        n = epoll_wait(epoll_fd, events, 256, delay_ms ? 5 : -1);
        for (i = 0; i < n; i++) {
            int fd = events[i].data.fd;

            if (fd == listener) {
                take(fd);
            }
            else if (conns[fd] && serve(fd, conns[fd])) {
                drop(fd);
            }
        }
        if (delay_ms) {
            answer_due();
        }
    }
}
