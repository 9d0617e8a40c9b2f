/* mock.c: a provider for the bench: one thread, thousands of connections
 *
 *   mock
 *
 * Listens on a free port of 127.0.0.1, prints its number, and serves HTTP/1.1
 * with keep-alive until it is killed. Each request's model says what to answer
 * and when (mock_text.h). Requests are not pipelined.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "mock_text.h"

#define IN_MAX 16384            /* head, and what is kept of the body */
#define OUT_MAX 1048576         /* unread by the peer: more, and it is cut */

/* A connection. One that owes an answer is in the heap, by when the next piece
 * of it is due. */
typedef struct conn_t {
    int fd;
    size_t in_len;
    size_t body_at;             /* 0: the head is not complete */
    size_t body_left;
    int is_chunked;             /* the request's body */
    mock_ask_t ask;
    unsigned int seq;           /* the next token */
    int has_started;
    int64_t began;
    int64_t due;
    size_t heap_at;             /* from 1; 0: owes nothing */
    char *out;                  /* what the peer has not taken yet */
    size_t out_len;
    size_t out_size;
    char in[IN_MAX + 1];
} conn_t;

static conn_t **heap;           /* from 1 */
static size_t heap_len, conns_max;
static int epoll_fd;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- what is due next ---------------------------------------------------- */

static void heap_put(size_t at, conn_t *c)
{
    heap[at] = c;
    c->heap_at = at;
}

/* Let c find its place, from a place that is free. */
static void heap_settle(size_t at, conn_t *c)
{
    size_t child;

    while (at > 1 && heap[at / 2]->due > c->due) {
        heap_put(at, heap[at / 2]);
        at /= 2;
    }
    while ((child = at * 2) <= heap_len) {
        if (child < heap_len && heap[child + 1]->due < heap[child]->due) {
            child++;
        }
        if (heap[child]->due >= c->due) {
            break;
        }
        heap_put(at, heap[child]);
        at = child;
    }
    heap_put(at, c);
}

static void set_due(conn_t *c, int64_t due)
{
    c->due = due;
    heap_settle(c->heap_at ? c->heap_at : ++heap_len, c);
}

static void unset_due(conn_t *c)
{
    size_t at = c->heap_at;
    conn_t *last;

    if (at) {
        last = heap[heap_len--];
        c->heap_at = 0;
        if (last != c) {
            heap_settle(at, last);
        }
    }
}

/* ---- writing ------------------------------------------------------------- */

static void drop(conn_t *c)
{
    unset_due(c);
    close(c->fd);
    free(c->out);
    free(c);
}

static void watch(conn_t *c, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = c };

    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev);
}

/* Keep what the peer does not take. */
static int keep(conn_t *c, const char *text, size_t len)
{
    if (c->out_len + len > OUT_MAX) {
        return -1;
    }
    if (c->out_len + len > c->out_size) {
        char *grown = realloc(c->out, (c->out_len + len) * 2);

        if (!grown) {
            return -1;
        }
        c->out = grown;
        c->out_size = (c->out_len + len) * 2;
    }
    if (c->out_len == 0) {
        watch(c, EPOLLIN | EPOLLOUT);
    }
    memcpy(c->out + c->out_len, text, len);
    c->out_len += len;
    return 0;
}

static int send_text(conn_t *c, const char *text, size_t len)
{
    ssize_t n = c->out_len ? 0 : write(c->fd, text, len);

    if (n < 0 && errno != EAGAIN) {
        return -1;
    }
    n = n < 0 ? 0 : n;
    return (size_t)n == len ? 0 : keep(c, text + n, len - (size_t)n);
}

static int flush(conn_t *c)
{
    ssize_t n = write(c->fd, c->out, c->out_len);

    if (n < 0) {
        return errno == EAGAIN ? 0 : -1;
    }
    c->out_len -= (size_t)n;
    memmove(c->out, c->out + n, c->out_len);
    if (c->out_len == 0) {
        watch(c, EPOLLIN);
    }
    return 0;
}

/* ---- answering ----------------------------------------------------------- */

static void await_request(conn_t *c)
{
    unset_due(c);
    c->in_len = 0;
    c->body_at = 0;
}

/* The time of a token is reckoned from the stream's beginning: a late one does
 * not delay those behind it. */
static void set_next_due(conn_t *c)
{
    int64_t wait = c->ask.per_sec
        ? (c->seq + 1) * (INT64_C(1000000000) / c->ask.per_sec) : 0;

    set_due(c, c->began + wait);
}

/* The next piece of the answer. */
static int answer(conn_t *c)
{
    char text[MOCK_PIECE_MAX];

    if (c->ask.tokens == 0) {
        await_request(c);
        return send_text(c, text, mock_say_whole(text, &c->ask));
    }
    if (!c->has_started) {
        c->has_started = 1;
        c->began = mock_now();
        set_next_due(c);
        return send_text(c, text, mock_say_start(text, &c->ask));
    }
    if (c->seq == c->ask.tokens) {
        await_request(c);
        return send_text(c, text, mock_say_end(text, &c->ask));
    }
    if (send_text(c, text, mock_say_token(text, &c->ask, c->seq))) {
        return -1;
    }
    /* the end comes with the last token */
    if (++c->seq < c->ask.tokens) {
        set_next_due(c);
    }
    return 0;
}

static void answer_due(void)
{
    int64_t now = mock_now();

    while (heap_len && heap[1]->due <= now) {
        conn_t *c = heap[1];

        if (answer(c)) {
            drop(c);
        }
    }
}

/* ---- reading ------------------------------------------------------------- */

/* The request has been read. */
static int finish(conn_t *c)
{
    mock_ask_parse(&c->ask, c->in, c->in + c->body_at);
    c->seq = 0;
    c->has_started = 0;
    if (c->ask.delay_ms) {
        set_due(c, mock_now() + c->ask.delay_ms * INT64_C(1000000));
        return 0;
    }
    return answer(c);
}

static int is_complete(const conn_t *c)
{
    return c->is_chunked ? c->in_len >= 5
                           && !memcmp(c->in + c->in_len - 5, "0\r\n\r\n", 5)
                         : c->body_left == 0;
}

/* Look for the end of the head; what follows it is body. */
static int read_head(conn_t *c)
{
    char *end = memmem(c->in, c->in_len, "\r\n\r\n", 4);
    const char *field;
    size_t length, got;

    if (!end) {
        return c->in_len < IN_MAX ? 0 : -1;
    }
    *end = '\0';
    field = strcasestr(c->in, "\r\ncontent-length:");
    length = field ? strtoul(field + 17, NULL, 10) : 0;
    c->is_chunked = strcasestr(c->in, "\r\ntransfer-encoding:") != NULL;
    *end = '\r';
    c->body_at = (size_t)(end + 4 - c->in);
    got = c->in_len - c->body_at;
    if (got > length && !c->is_chunked) {
        return -1;
    }
    c->body_left = length - got;
    return is_complete(c) ? finish(c) : 0;
}

/* More of a body; what has no room is not looked at. */
static int read_body(conn_t *c, const char *data, size_t len)
{
    size_t room = IN_MAX - c->in_len;

    if (c->is_chunked ? len > room : len > c->body_left) {
        return -1;
    }
    memcpy(c->in + c->in_len, data, len < room ? len : room);
    c->in_len += len < room ? len : room;
    c->in[c->in_len] = '\0';
    c->body_left -= c->is_chunked ? 0 : len;
    return is_complete(c) ? finish(c) : 0;
}

static int serve(conn_t *c)
{
    static char data[65536];
    ssize_t n = read(c->fd, data, sizeof(data));

    if (n <= 0) {
        return n < 0 && errno == EAGAIN ? 0 : -1;
    }
    if (c->heap_at) {
        return -1;                      /* no pipelining here */
    }
    if (c->body_at) {
        return read_body(c, data, (size_t)n);
    }
    if ((size_t)n > IN_MAX - c->in_len) {
        /* the beginning of a long body: the head is in what is kept */
        size_t room = IN_MAX - c->in_len;

        memcpy(c->in + c->in_len, data, room);
        c->in_len = IN_MAX;
        c->in[IN_MAX] = '\0';
        return read_head(c) || !c->body_at
               ? -1 : read_body(c, data + room, (size_t)n - room);
    }
    memcpy(c->in + c->in_len, data, (size_t)n);
    c->in_len += (size_t)n;
    c->in[c->in_len] = '\0';
    return read_head(c);
}

/* ---- connections --------------------------------------------------------- */

static int take(int listener)
{
    struct epoll_event ev = { .events = EPOLLIN };
    int one = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    conn_t *c;

    if (fd < 0) {
        return -1;
    }
    c = (size_t)fd < conns_max ? malloc(sizeof(*c)) : NULL;
    if (!c) {
        close(fd);
        return 0;
    }
    memset(c, 0, offsetof(conn_t, in));
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    ev.data.ptr = c;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
        drop(c);
    }
    return 0;
}

static int listen_somewhere(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET };
    struct epoll_event ev = { .events = EPOLLIN };
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr))
        || listen(fd, 4096)
        || getsockname(fd, (struct sockaddr *)&addr, &len)) {
        die("listen");
    }
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev)) {
        die("epoll_ctl");
    }
    printf("%d\n", ntohs(addr.sin_port));
    fflush(stdout);
    return fd;
}

/* As many descriptors as there may be. */
static void prepare(void)
{
    struct rlimit limit;

    signal(SIGPIPE, SIG_IGN);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    conns_max = limit.rlim_max < 1000000 ? limit.rlim_max : 1000000;
    heap = calloc(conns_max + 1, sizeof(*heap));
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!heap || epoll_fd < 0) {
        die("start");
    }
}

static int wait_ms(void)
{
    int64_t left;

    if (!heap_len) {
        return -1;
    }
    left = heap[1]->due - mock_now();
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

static void handle(conn_t *c, uint32_t events)
{
    if (((events & EPOLLOUT) && flush(c))
        || ((events & ~(uint32_t)EPOLLOUT) && serve(c))) {
        drop(c);
    }
}

int main(void)
{
    struct epoll_event events[512];
    int listener, i, n;

    prepare();
    listener = listen_somewhere();
    for (;;) {
        n = epoll_wait(epoll_fd, events, 512, wait_ms());
        for (i = 0; i < n; i++) {
            if (events[i].data.ptr) {
                handle(events[i].data.ptr, events[i].events);
            }
            else {
                while (take(listener) == 0) {
                    continue;
                }
            }
        }
        answer_due();
    }
}
