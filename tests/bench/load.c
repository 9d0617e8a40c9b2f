/* load.c: the clients of the bench: one thread, thousands of connections
 *
 *   load MODE --url URL... --model NAME... [options]
 *
 * closed   --connections C sends its next request when the last was answered,
 *          for --seconds
 * rate     --rate R requests a second over at most C connections, whatever
 *          becomes of them; times count from when a request was due
 * streams  C streams, begun over --spread seconds, each read to its end
 * churn    C clients, one stream after another for --seconds, of a URL and a
 *          model by chance; --leave percent of them go before the end
 *
 * A model with -tN in its name streams N tokens. Every answer is checked to the
 * letter (answer.h). Prints one JSON object; times are in microseconds. Exits
 * with 1 when it cannot start.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "answer.h"
#include "conn.h"
#include "load_options.h"

#define SECOND INT64_C(1000000000)
#define STALL (5 * SECOND)      /* without a token: stalled */
#define GIVE_UP (30 * SECOND)   /* without a byte: lost */
#define PAUSE_MAX (SECOND / 2)  /* of churning clients, between streams */
#define PAUSE_FAILED (SECOND / 10)
#define SCAN_EVERY (SECOND / 50)

/* One client. */
typedef struct client_t {
    conn_t conn;
    answer_t answer;
    const target_t *target;     /* of the connection */
    int is_busy;
    int has_stalled;
    unsigned int reuses;        /* requests before it, of the connection */
    int64_t due;                /* when it was to be sent */
    int64_t heard;              /* the last byte, or the sending */
    int64_t next;               /* when to begin anew; 0: not by the clock */
    int64_t leaves;             /* 0: stays */
} client_t;

static load_options_t o;
static client_t *clients;
static client_t **idle;         /* rate: those with nothing to do */
static unsigned int idle_count, busy_count;
static samples_t latencies, delays, firsts;
static unsigned int started;    /* streams, churn: clients that have begun */
static int timer_fd;            /* rate */
static int64_t began, until, last_scan;
static uint64_t last_id, tokens;
static struct {
    uint64_t sent, good, in_time, errors, lost, wrong, stalled, left, retried;
} n;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

static void begin(client_t *c, int64_t due);

/* ---- a request ----------------------------------------------------------- */

/* The user's words: a mark for the provider to repeat. For a provider that says
 * the words back, all of the tokens. */
static size_t write_words(char *out, const model_t *model, uint64_t id)
{
    unsigned int i, count = o.is_echo && model->tokens ? model->tokens : 1;
    size_t len = 0;

    for (i = 0; i < count; i++) {
        len += (size_t)sprintf(out + len, "%s~%" PRIu64 ".%u.0;",
                               i ? " " : "", id, i);
    }
    if (o.body_bytes) {
        out[len++] = ' ';
        memset(out + len, 'A', o.body_bytes);
        len += o.body_bytes;
    }
    out[len] = '\0';
    return len;
}

static void write_request(client_t *c, const model_t *model, uint64_t id)
{
    size_t size = 1024 + strlen(o.headers) + o.body_bytes
                  + 32 * ((size_t)model->tokens + 1);
    char *out = conn_get_room(&c->conn, 2 * size), *body = out + size;
    size_t len;

    len = (size_t)sprintf(body, "{\"model\":\"%s\",%s%s\"messages\":[{\"role\":"
                          "\"user\",\"content\":\"", model->name,
                          model->tokens ? "\"stream\":true," : "",
                          o.is_anthropic ? "\"max_tokens\":1024," : "");
    len += write_words(body + len, model, id);
    len += (size_t)sprintf(body + len, "\"}],\"temperature\":0.2}");
    c->conn.out_len = (size_t)sprintf(out, "POST %s HTTP/1.1\r\nHost: %s\r\n"
        "Content-Type: application/json\r\n%sContent-Length: %zu\r\n\r\n",
        c->target->path, c->target->host, o.headers, len);
    memmove(out + c->conn.out_len, body, len);
    c->conn.out_len += len;
    c->conn.out_at = 0;
}

static void expect(client_t *c, const model_t *model, uint64_t id)
{
    answer_init(&c->answer, id);
    c->answer.tokens = model->tokens ? model->tokens : 1;
    c->answer.delays = model->tokens ? &delays : NULL;
    c->answer.end = !model->tokens ? NULL
                    : o.is_anthropic ? "message_stop" : "data: [DONE]";
}

/* ---- the end of a request ------------------------------------------------ */

static void close_client(client_t *c)
{
    conn_close(&c->conn);
    c->reuses = 0;
}

static void go_on(client_t *c, int is_good, int64_t now)
{
    switch (o.mode) {
    case MODE_CLOSED:
        if (!is_good) {
            c->next = now + PAUSE_FAILED;
        }
        else if (now < until) {
            begin(c, now);
        }
        break;
    case MODE_RATE:
        idle[idle_count++] = c;
        break;
    case MODE_CHURN:
        c->next = now + random() % PAUSE_MAX + 1;
        if (random() % 2) {
            close_client(c);
        }
        break;
    case MODE_STREAMS:
        close_client(c);
        break;
    }
}

static void count_end(client_t *c, answer_e how, int64_t now)
{
    static unsigned int told;

    if (how == ANSWER_GOOD) {
        n.good++;
        if (now <= until) {
            n.in_time++;
        }
        samples_add(&latencies, now - c->due);
        return;
    }
    n.errors += how == ANSWER_ERROR;
    n.lost += how == ANSWER_SHORT;
    n.wrong += how == ANSWER_WRONG;
    if (told++ < 10) {
        fprintf(stderr, "load: id %" PRIu64 ", %s: status %d, %u of %u tokens, "
                "%.1f s, at the end \"%.*s\"\n", c->answer.id,
                how == ANSWER_ERROR ? "an error" : how == ANSWER_SHORT
                ? "cut" : "wrong", c->answer.status, c->answer.seq,
                c->answer.tokens, (double)(now - c->due) / SECOND,
                (int)c->answer.tail_len, c->answer.tail);
    }
}

static void end(client_t *c, answer_e how, int64_t now)
{
    c->is_busy = 0;
    busy_count--;
    tokens += c->answer.seq;
    count_end(c, how, now);
    if (how != ANSWER_GOOD || !c->answer.keeps_alive) {
        close_client(c);
    }
    else {
        c->reuses++;
    }
    go_on(c, how == ANSWER_GOOD, now);
}

/* A kept connection may be closed just as the next request is sent: that one
 * is sent again, over a connection of its own. */
static void fail(client_t *c, int64_t now)
{
    if (c->reuses && !answer_has_begun(&c->answer)) {
        n.retried++;
        c->is_busy = 0;
        busy_count--;
        close_client(c);
        begin(c, c->due);
        return;
    }
    end(c, answer_cut(&c->answer), now);
}

static void leave(client_t *c, int64_t now)
{
    n.left++;
    c->is_busy = 0;
    busy_count--;
    tokens += c->answer.seq;
    close_client(c);
    go_on(c, 1, now);
}

/* ---- sending ------------------------------------------------------------- */

static void begin(client_t *c, int64_t due)
{
    const model_t *model = &o.models[random() % o.models_count];
    uint64_t id = ++last_id;

    n.sent++;
    c->is_busy = 1;
    busy_count++;
    c->has_stalled = 0;
    c->due = due;
    c->heard = now_ns();
    c->next = 0;
    c->leaves = 0;
    if (model->tokens && random() % 100 < o.leave_percent) {
        c->leaves = c->heard + random() % o.leave_within;
    }
    expect(c, model, id);
    if (c->conn.fd < 0) {
        c->target = &o.targets[random() % o.targets_count];
        if (conn_open(&c->conn, c->target, c)) {
            perror("load: connect");
            end(c, ANSWER_SHORT, c->heard);
            return;
        }
    }
    write_request(c, model, id);
    if (c->conn.is_open && conn_advance(&c->conn, c)) {
        fail(c, c->heard);
    }
}

/* Rate: requests that are due, as far as there are connections. */
static void send_due(int64_t now)
{
    static uint64_t count;
    int64_t due;

    while (idle_count && now < until
           && (due = began + (int64_t)((double)count / o.rate * 1e9)) <= now) {
        count++;
        begin(idle[--idle_count], due);
    }
}

/* Streams, churn: clients whose turn it is to begin. */
static void start_due(int64_t now)
{
    int64_t due;

    while (started < o.connections
           && (due = began + (int64_t)(o.spread * 1e9 * started
                                       / o.connections)) <= now) {
        begin(&clients[started++], due);
    }
}

/* ---- reading ------------------------------------------------------------- */

static void hear(client_t *c, const char *data, size_t len, int64_t now)
{
    unsigned int seq = c->answer.seq;
    answer_e how = answer_feed(&c->answer, data, len, now);

    if (c->answer.seq > seq) {
        if (seq == 0 && c->answer.delays) {
            samples_add(&firsts, now - c->due);
        }
        c->heard = now;
    }
    if (how != ANSWER_MORE) {
        end(c, how, now);
    }
}

static void read_some(client_t *c)
{
    static char data[65536];
    ssize_t len;

    do {
        len = conn_read(&c->conn, data, sizeof(data));
        if (len > 0) {
            if (!c->is_busy) {
                n.wrong++;
                close_client(c);
                return;
            }
            hear(c, data, (size_t)len, now_ns());
        }
        else if (len != -1 && c->is_busy) {
            fail(c, now_ns());
        }
        else if (len != -1) {
            close_client(c);
        }
    } while (len > 0 && c->conn.ssl);
}

static void handle(client_t *c, uint32_t events)
{
    if (c->conn.fd < 0) {
        return;
    }
    if ((!c->conn.is_open || c->conn.out_at < c->conn.out_len)
        && conn_advance(&c->conn, c)) {
        if (c->is_busy) {
            fail(c, now_ns());
        }
        else {
            close_client(c);
        }
        return;
    }
    if (events & ~(uint32_t)EPOLLOUT) {
        read_some(c);
    }
}

/* ---- time ---------------------------------------------------------------- */

static void look_after(client_t *c, int64_t now)
{
    if (c->next && c->next <= now && now < until) {
        begin(c, c->next);
    }
    if (!c->is_busy) {
        return;
    }
    if (c->leaves && c->leaves <= now) {
        leave(c, now);
    }
    else if (now - c->heard > STALL && !c->has_stalled) {
        c->has_stalled = 1;
        n.stalled++;
    }
    else if (now - c->heard > GIVE_UP) {
        end(c, ANSWER_SHORT, now);
    }
}

static void scan(int64_t now)
{
    unsigned int i;

    if (now - last_scan >= SCAN_EVERY) {
        last_scan = now;
        for (i = 0; i < o.connections; i++) {
            look_after(&clients[i], now);
        }
    }
}

/* Whose time has come. */
static void look_at_clock(int64_t now)
{
    if (o.mode == MODE_RATE) {
        send_due(now);
    }
    else if (o.mode != MODE_CLOSED) {
        start_due(now);
    }
    scan(now);
}

/* A clock that wakes for each request that is due: epoll's own is too coarse
 * for times that count from then. */
static void set_pace(int epoll_fd)
{
    struct epoll_event ev = { .events = EPOLLIN };
    int64_t every = (int64_t)(1e9 / o.rate);
    struct itimerspec pace = {
        .it_interval = { every / SECOND, every % SECOND },
        .it_value = { every / SECOND, every % SECOND }
    };

    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer_fd < 0 || timerfd_settime(timer_fd, 0, &pace, NULL)
        || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &ev)) {
        perror("load: timer");
        exit(1);
    }
}

static void start(int epoll_fd)
{
    unsigned int i;

    began = last_scan = now_ns();
    until = began + (int64_t)(o.seconds * 1e9);
    for (i = 0; i < o.connections; i++) {
        clients[i].conn.fd = -1;
        if (o.mode == MODE_CLOSED) {
            begin(&clients[i], began);
        }
        else if (o.mode == MODE_RATE) {
            idle[idle_count++] = &clients[i];
        }
    }
    if (o.mode == MODE_RATE) {
        set_pace(epoll_fd);
    }
}

static int is_over(int64_t now)
{
    return busy_count == 0
           && (o.mode == MODE_STREAMS ? started == o.connections
                                      : now >= until);
}

static void run(int epoll_fd)
{
    struct epoll_event events[512];
    int64_t now;
    int i, count, is_starting;
    uint64_t wakes;

    start(epoll_fd);
    while (now = now_ns(), !is_over(now)) {
        is_starting = o.mode >= MODE_STREAMS && started < o.connections;
        count = epoll_wait(epoll_fd, events, 512, is_starting ? 1 : 20);
        for (i = 0; i < count; i++) {
            if (events[i].data.ptr) {
                handle(events[i].data.ptr, events[i].events);
            }
            else if (read(timer_fd, &wakes, sizeof(wakes)) < 0) {
                continue;               /* nothing is due yet */
            }
        }
        look_at_clock(now_ns());
    }
}

/* ---- the whole ----------------------------------------------------------- */

static void prepare(void)
{
    struct rlimit limit;
    unsigned int wanted = o.connections + 32;

    signal(SIGPIPE, SIG_IGN);
    srandom(20250101);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < wanted) {
        fprintf(stderr, "load: %u connections want a limit of %u open files; "
                "the hard limit is %lu (ulimit -Hn)\n", o.connections, wanted,
                (unsigned long)limit.rlim_max);
        exit(1);
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    clients = calloc(o.connections, sizeof(*clients));
    idle = calloc(o.connections, sizeof(client_t *));
    if (!clients || !idle) {
        perror("load");
        exit(1);
    }
}

static void report(void)
{
    double seconds = (double)(now_ns() - began) / SECOND;

    printf("{\"mode\":\"%s\",\"connections\":%u,\"seconds\":%.2f,"
           "\"sent\":%" PRIu64 ",\"good\":%" PRIu64 ",\"per_second\":%.1f,"
           "\"tokens\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"lost\":%" PRIu64
           ",\"wrong\":%" PRIu64 ",\"stalled\":%" PRIu64 ",\"left\":%" PRIu64
           ",\"retried\":%" PRIu64 ",", o.mode_name, o.connections, seconds,
           n.sent, n.good, o.seconds > 0 ? (double)n.in_time / o.seconds
                                         : (double)n.good / seconds,
           tokens, n.errors, n.lost, n.wrong, n.stalled, n.left, n.retried);
    samples_print("latency_us", &latencies);
    putchar(',');
    samples_print("first_us", &firsts);
    putchar(',');
    samples_print("delay_us", &delays);
    puts("}");
}

int main(int argc, char **argv)
{
    load_options_read(&o, argc, argv);
    prepare();
    run(conn_setup());
    report();
    return 0;
}
