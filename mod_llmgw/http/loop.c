/* loop.c: relay threads: each waits for thousands of sockets and times */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <httpd.h>
#include <http_log.h>
#include "llmgw/word.h"
#include "jobs.h"
#include "log.h"
#include "loop.h"
#include "measure.h"

#define LOOPS_MAX 64
#define EVENTS_MAX 256

/* With somebody waiting, it sleeps no longer: so it need not be woken for each
 * that waits a little less long than all the others. */
#define SLEEP_USEC_MAX apr_time_from_sec(1)

/* A descriptor's events come with its waiter's address; the last bit says
 * which of the two descriptors it is. */
#define TAG_FD 1u

struct llmgw_loop_t {
    int epoll_fd;
    int event_fd;               /* written to: look at the timers anew */
    apr_thread_mutex_t *mutex;  /* for what follows, and for `watched` */
    llmgw_heap_t timers;
    apr_time_t sleeps_until;    /* 0: it does not sleep */
    int stopping;               /* all have to be told */
    int end;
    /* The relay thread's own. */
    apr_thread_t *thread;
    llmgw_waiter_t *first;      /* to be woken */
    llmgw_waiter_t **last;
};

static struct {
    llmgw_loop_t loops[LOOPS_MAX];
    int n;
    llmgw_word_t next;          /* whose turn it is to get a new waiter */
    llmgw_word_t stopping;
} child;

int llmgw_loops_run(void)
{
    return child.n > 0;
}

int llmgw_loops_stopping(void)
{
    return llmgw_word_get(&child.stopping) != 0;
}

/* ---- descriptors --------------------------------------------------------- */

static void interrupt(llmgw_loop_t *loop)
{
    const apr_uint64_t one = 1;

    if (write(loop->event_fd, &one, sizeof(one)) < 0 && errno != EAGAIN) {
        ap_log_error(APLOG_MARK, APLOG_ERR, errno, ap_server_conf,
                     LLMGW_ID("LLMGW0601") "a relay thread cannot be woken");
    }
}

static void control(const llmgw_loop_t *loop, int op, int fd,
                    unsigned int events, const llmgw_waiter_t *waiter,
                    unsigned int tag)
{
    struct epoll_event ev;

    memset(&ev, 0, sizeof(ev));
    ev.events = events;
    ev.data.u64 = (apr_uint64_t)(apr_uintptr_t)waiter | tag;
    epoll_ctl(loop->epoll_fd, op, fd, &ev);
}

static unsigned int to_epoll(int events)
{
    return (events & POLLIN ? EPOLLIN : 0u)
           | (events & POLLOUT ? EPOLLOUT : 0u);
}

/* The client's: each change is told once, as a client that has sent its next
 * request already is not to be told of all the time. To set it anew tells of
 * what holds now. So that this is needed only after something was told, what it
 * sends is always told. */
static void know_client(llmgw_waiter_t *w)
{
    int op = w->known_client_events < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

    if (w->client < 0) {
        return;
    }
    control(w->loop, op, w->client, to_epoll(w->client_events | POLLIN)
            | EPOLLRDHUP | EPOLLET, w, 0);
    w->known_client_events = w->client_events | POLLIN;
    w->told = 0;
}

static int knows_client(const llmgw_waiter_t *w)
{
    return w->known_client_events == (w->client_events | POLLIN);
}

static void forget_fd(llmgw_waiter_t *w)
{
    if (w->known_fd >= 0) {
        control(w->loop, EPOLL_CTL_DEL, w->known_fd, 0, w, 0);
        w->known_fd = -1;
    }
}

static void know_fd(llmgw_waiter_t *w)
{
    if (w->known_fd == w->fd && w->known_events == w->events) {
        return;
    }
    if (w->known_fd != w->fd) {
        forget_fd(w);
    }
    if (w->fd >= 0) {
        control(w->loop, w->known_fd < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
                w->fd, to_epoll(w->events), w, TAG_FD);
        w->known_fd = w->fd;
        w->known_events = w->events;
    }
}

/* ---- waiters ------------------------------------------------------------- */

void llmgw_waiter_init(llmgw_waiter_t *waiter, int client,
                       void (*wake)(llmgw_waiter_t *waiter,
                                    unsigned int why))
{
    waiter->loop = &child.loops[llmgw_word_add(&child.next, 1)
                                % (apr_uint64_t)child.n];
    waiter->wake = wake;
    waiter->client = client;
    waiter->fd = waiter->known_fd = -1;
    waiter->known_client_events = -1;
}

/* A timer may be early: who is woken by it is looked at first. Without memory
 * for a timer, there is none: what is woken otherwise sees to its times. */
static void set_timer(llmgw_waiter_t *w)
{
    if (w->until) {
        llmgw_heap_put(&w->loop->timers, &w->timer, w->until);
    }
    else {
        llmgw_heap_remove(&w->loop->timers, &w->timer);
    }
    w->timed = w->until;
}

void llmgw_loop_watch(llmgw_waiter_t *waiter)
{
    llmgw_loop_t *loop = waiter->loop;
    int early;

    apr_thread_mutex_lock(loop->mutex);
    waiter->watched = 1;
    if (waiter->told || !knows_client(waiter)) {
        know_client(waiter);
    }
    know_fd(waiter);
    set_timer(waiter);
    early = waiter->until && loop->sleeps_until
            && waiter->until < loop->sleeps_until;
    apr_thread_mutex_unlock(loop->mutex);
    /* From here on it may be woken, and gone. */
    if (early) {
        interrupt(loop);
    }
}

void llmgw_loop_go_on(llmgw_waiter_t *waiter)
{
    if (!knows_client(waiter)) {
        know_client(waiter);
    }
    know_fd(waiter);
    if (waiter->until
        && (!waiter->timed || waiter->until < waiter->timed)) {
        apr_thread_mutex_lock(waiter->loop->mutex);
        set_timer(waiter);
        apr_thread_mutex_unlock(waiter->loop->mutex);
    }
}

static void enqueue(llmgw_loop_t *loop, llmgw_waiter_t *waiter)
{
    waiter->queued = 1;
    waiter->next = NULL;
    *loop->last = waiter;
    loop->last = &waiter->next;
}

void llmgw_loop_call_again(llmgw_waiter_t *waiter)
{
    if (!waiter->queued) {
        enqueue(waiter->loop, waiter);
    }
}

void llmgw_loop_release(llmgw_waiter_t *waiter)
{
    forget_fd(waiter);
    apr_thread_mutex_lock(waiter->loop->mutex);
    waiter->watched = 0;
    llmgw_heap_remove(&waiter->loop->timers, &waiter->timer);
    apr_thread_mutex_unlock(waiter->loop->mutex);
}

void llmgw_loop_forget(llmgw_waiter_t *waiter)
{
    if (waiter->known_client_events >= 0) {
        control(waiter->loop, EPOLL_CTL_DEL, waiter->client, 0, waiter, 0);
        waiter->known_client_events = -1;
    }
    llmgw_loop_release(waiter);
}

/* ---- the thread ---------------------------------------------------------- */

static void queue(llmgw_loop_t *loop, llmgw_waiter_t *w, unsigned int why)
{
    if (!w->watched) {
        return;                 /* set anew, its sockets tell again */
    }
    w->why |= why;
    if (!w->queued) {
        enqueue(loop, w);
    }
}

static void queue_event(llmgw_loop_t *loop, const struct epoll_event *ev)
{
    apr_uintptr_t tagged = (apr_uintptr_t)ev->data.u64;
    llmgw_waiter_t *w = (llmgw_waiter_t *)(tagged & ~(apr_uintptr_t)TAG_FD);
    apr_uint64_t count;

    if (!w) {
        if (read(loop->event_fd, &count, sizeof(count)) < 0) {
            return;             /* it was for nothing */
        }
    }
    else if (tagged & TAG_FD) {
        queue(loop, w, LLMGW_WAKE_FD);
    }
    else {
        w->told = 1;
        queue(loop, w, LLMGW_WAKE_CLIENT
              | (ev->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)
                 ? LLMGW_WAKE_GONE : 0u)
              | (ev->events & (EPOLLHUP | EPOLLERR) ? LLMGW_WAKE_BROKEN
                 : 0u));
    }
}

static llmgw_waiter_t *first_timer(const llmgw_loop_t *loop)
{
    return (llmgw_waiter_t *)llmgw_heap_first(&loop->timers);
}

static void queue_due(llmgw_loop_t *loop, apr_time_t now)
{
    llmgw_waiter_t *w;

    while ((w = first_timer(loop)) != NULL && w->timer.at <= now) {
        llmgw_heap_remove(&loop->timers, &w->timer);
        w->timed = 0;
        if (w->until > now) {
            set_timer(w);       /* it moved on meanwhile */
        }
        else if (w->until) {
            queue(loop, w, LLMGW_WAKE_TIME);
        }
    }
}

/* All that wait have a time. */
static void queue_all(llmgw_loop_t *loop)
{
    apr_size_t i;

    for (i = 1; i <= loop->timers.n; i++) {
        queue(loop, (llmgw_waiter_t *)loop->timers.timers[i],
              LLMGW_WAKE_STOPPING);
    }
    loop->stopping = 0;
}

/* Find out who is to be woken. Nobody can take a waiter away meanwhile, and
 * after this the events are done with: whoever is woken may destroy it.
 * @return 0: this loop has to end */
static int collect(llmgw_loop_t *loop, const struct epoll_event *events,
                   int n, apr_time_t now)
{
    int i, end;

    apr_thread_mutex_lock(loop->mutex);
    loop->sleeps_until = 0;
    for (i = 0; i < n; i++) {
        queue_event(loop, &events[i]);
    }
    queue_due(loop, now);
    if (loop->stopping) {
        queue_all(loop);
    }
    end = loop->end;
    apr_thread_mutex_unlock(loop->mutex);
    return !end;
}

static void wake_all(llmgw_loop_t *loop)
{
    llmgw_waiter_t *w = loop->first, *next;

    loop->first = NULL;
    loop->last = &loop->first;
    for (; w; w = next) {
        unsigned int why = w->why;

        next = w->next;
        w->queued = 0;
        w->why = 0;
        w->wake(w, why);
    }
}

/* Milliseconds to sleep, rounded up; -1: for ever. */
static int begin_sleep(llmgw_loop_t *loop)
{
    const llmgw_waiter_t *w;
    apr_interval_time_t left;
    apr_time_t now;
    int msec = -1;

    if (loop->first) {
        return 0;
    }
    apr_thread_mutex_lock(loop->mutex);
    w = first_timer(loop);
    loop->sleeps_until = APR_INT64_MAX;
    if (w) {
        now = apr_time_now();
        left = w->timer.at - now;
        left = left < SLEEP_USEC_MAX ? left : SLEEP_USEC_MAX;
        loop->sleeps_until = now + left;
        msec = left <= 0 ? 0 : (int)((left + 999) / 1000);
    }
    if (loop->end || loop->stopping) {
        msec = 0;
    }
    apr_thread_mutex_unlock(loop->mutex);
    return msec;
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread LLMGW_UNUSED,
                                 void *data)
{
    llmgw_loop_t *loop = data;
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int msec = begin_sleep(loop);
        int n = epoll_wait(loop->epoll_fd, events, EVENTS_MAX,
                           llmgw_jobs_look() && msec != 0 ? 1 : msec);
        apr_time_t woke = apr_time_now();

        if (!collect(loop, events, n > 0 ? n : 0, woke)) {
            return NULL;
        }
        wake_all(loop);
        llmgw_measure_wakeup(apr_time_now() - woke);
    }
}

/* ---- the child's loops --------------------------------------------------- */

static apr_status_t start_loop(llmgw_loop_t *loop, apr_pool_t *p)
{
    apr_status_t rv;

    loop->last = &loop->first;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->event_fd < 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    control(loop, EPOLL_CTL_ADD, loop->event_fd, EPOLLIN, NULL, 0);
    rv = apr_thread_mutex_create(&loop->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    return rv != APR_SUCCESS ? rv
           : ap_thread_create(&loop->thread, NULL, run, loop, p);
}

apr_status_t llmgw_loops_start(int threads, apr_pool_t *pchild)
{
    apr_status_t rv;

    for (child.n = 0; child.n < threads && child.n < LOOPS_MAX; child.n++) {
        rv = start_loop(&child.loops[child.n], pchild);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static void tell(llmgw_loop_t *loop, int *flag)
{
    apr_thread_mutex_lock(loop->mutex);
    *flag = 1;
    apr_thread_mutex_unlock(loop->mutex);
    interrupt(loop);
}

void llmgw_loops_tell_stopping(void)
{
    int i;

    llmgw_word_set(&child.stopping, 1);
    for (i = 0; i < child.n; i++) {
        tell(&child.loops[i], &child.loops[i].stopping);
    }
}

static void leave(llmgw_waiter_t *w)
{
    if (w->watched) {
        w->watched = 0;
        if (w->left) {
            w->left(w);
        }
    }
}

/* A waiter that was to be woken may have no timer any more. */
static void leave_all(llmgw_loop_t *loop)
{
    llmgw_waiter_t *w, *next;

    while ((w = first_timer(loop)) != NULL) {
        llmgw_heap_remove(&loop->timers, &w->timer);
        if (!w->queued) {
            leave(w);
        }
    }
    for (w = loop->first; w; w = next) {
        next = w->next;
        leave(w);
    }
}

void llmgw_loops_stop(void)
{
    apr_status_t rv;
    int i;

    for (i = 0; i < child.n; i++) {
        tell(&child.loops[i], &child.loops[i].end);
        apr_thread_join(&rv, child.loops[i].thread);
        leave_all(&child.loops[i]);
        close(child.loops[i].epoll_fd);
        close(child.loops[i].event_fd);
        llmgw_heap_free(&child.loops[i].timers);
    }
    child.n = 0;
}
