/* exchange_http.c: an exchange over HTTP/1.1, on mod_proxy's connections */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <util_filter.h>
#include "exchange_http.h"
#include "log.h"
#include "proxy_api.h"
#include "socket_write.h"

/* Below the core output filter's threshold for blocking (64 KiB). */
#define WRITE_BYTES 32768
#define READ_BYTES 32768

/*
 * mod_ssl reads without SSL_MODE_AUTO_RETRY: each record that holds no data (a
 * TLS 1.3 session ticket, of which servers send two or so, a key update) ends a
 * read with EAGAIN, though the answer may lie in its buffers already, where
 * poll() does not see it.
 */
#define TLS_READS 6

/* ---- sending ----------------------------------------------------------- */

/* A head's lines; in one piece, as each bucket takes memory by the page. */
typedef struct head_t {
    char *at;                   /* NULL: only measure */
    apr_size_t len;
} head_t;

static void put_text(head_t *head, const char *text)
{
    apr_size_t len = strlen(text);

    if (head->at) {
        memcpy(head->at + head->len, text, len);
    }
    head->len += len;
}

static int put_header(void *head, const char *name, const char *value)
{
    put_text(head, name);
    put_text(head, ": ");
    put_text(head, value);
    put_text(head, CRLF);
    return 1;
}

/* How the body is framed; nothing for a method that seldom has one. */
static void put_framing(head_t *head, const llmgw_exchange_http_t *e)
{
    const llmgw_send_t *send = e->x.send;
    apr_uint64_t len = send->source ? send->source->length : send->body_len;

    if (send->source && !send->source->has_length) {
        put_header(head, "Transfer-Encoding", "chunked");
    }
    else if (len || send->source || !strcmp(send->method, "POST")
             || !strcmp(send->method, "PUT")
             || !strcmp(send->method, "PATCH")) {
        put_header(head, "Content-Length",
                   apr_off_t_toa(e->x.pool, (apr_off_t)len));
    }
}

static void write_head(head_t *head, const llmgw_exchange_http_t *e)
{
    const llmgw_send_t *send = e->x.send;

    put_text(head, send->method);
    put_text(head, " ");
    put_text(head, e->target);
    put_text(head, " HTTP/1.1" CRLF);
    put_header(head, "Host", e->x.provider->host);
    apr_table_do(put_header, head, send->headers, NULL);
    put_framing(head, e);
    put_text(head, CRLF);
}

static void put_head(llmgw_exchange_http_t *e)
{
    head_t head = { NULL, 0 };
    apr_bucket *b;

    write_head(&head, e);
    head.at = apr_palloc(e->x.pool, head.len);
    head.len = 0;
    write_head(&head, e);
    b = apr_bucket_immortal_create(head.at, head.len, e->out->bucket_alloc);
    APR_BRIGADE_INSERT_TAIL(e->out, b);
    e->piece = 0;
    e->offset = 0;
}

/* Add up to WRITE_BYTES of the body, uncopied. Non-zero when that was all. */
static int put_body(llmgw_exchange_http_t *e)
{
    const llmgw_send_t *send = e->x.send;
    apr_size_t room = WRITE_BYTES;

    while (e->piece < send->npieces && room > 0) {
        llmgw_str_t piece = send->pieces[e->piece];
        apr_size_t n = piece.len - e->offset;

        n = n < room ? n : room;
        if (n > 0) {
            apr_bucket *b = apr_bucket_immortal_create(piece.p + e->offset, n,
                                                       e->out->bucket_alloc);

            APR_BRIGADE_INSERT_TAIL(e->out, b);
        }
        e->offset += n;
        room -= n;
        if (e->offset == piece.len) {
            e->piece++;
            e->offset = 0;
        }
    }
    return e->piece == send->npieces;
}

/* Without TLS, past httpd's filters: see read_socket(). */
static apr_status_t write_socket(llmgw_exchange_http_t *e)
{
    apr_off_t written = 0;
    apr_status_t rv = llmgw_socket_write(e->x.wait.fd, e->out, &written);

    return APR_STATUS_IS_EAGAIN(rv) ? llmgw_socket_keep(e->out, e->x.pool)
           : rv;
}

/* Write what is in the brigade, as far as it goes now.
 * @param flush nothing may stay in filters, even if this takes time */
static apr_status_t write_out(llmgw_exchange_http_t *e, int flush)
{
    conn_rec *c = e->conn->connection;
    apr_status_t rv;

    if (!c) {
        return write_socket(e);
    }
    if (flush) {
        APR_BRIGADE_INSERT_TAIL(e->out,
                                apr_bucket_flush_create(c->bucket_alloc));
    }
    rv = ap_pass_brigade(c->output_filters, e->out);
    apr_brigade_cleanup(e->out);
    return rv == APR_SUCCESS && c->aborted ? APR_ECONNABORTED : rv;
}

static int has_unwritten(const llmgw_exchange_http_t *e)
{
    const conn_rec *c = e->conn->connection;

    return c ? c->data_in_output_filters : !APR_BRIGADE_EMPTY(e->out);
}

/* Write what was left, as far as it goes now. */
static apr_status_t write_pending(llmgw_exchange_http_t *e)
{
    conn_rec *c = e->conn->connection;
    ap_filter_t *f;
    apr_status_t rv;

    if (!c) {
        return write_socket(e);
    }
    for (f = c->output_filters; f->next; f = f->next) {
    }
    rv = f->frec->filter_func.out_func(f, NULL);
    return rv == APR_SUCCESS && c->aborted ? APR_ECONNABORTED : rv;
}

static apr_status_t begin_reading(llmgw_exchange_http_t *e)
{
    llmgw_http1_limits_t limits = { 0 };

    limits.body_bytes_max = e->x.body_bytes_max;
    if (!e->answer) {
        e->answer = llmgw_http1_create(e->x.pool, &limits,
                                       !strcmp(e->x.send->method, "HEAD"));
    }
    e->x.phase = LLMGW_PHASE_HEAD;
    e->x.wait.events = POLLIN;
    e->x.wait.client = 0;
    e->x.wait.until = 0;
    return APR_EAGAIN;
}

static apr_status_t read_answer(llmgw_exchange_http_t *e);

/* Writing stalls or failed: the provider may have answered already, without
 * reading all of the request (too large, not allowed). An interim response is
 * no answer: sending goes on. */
static apr_status_t read_early(llmgw_exchange_http_t *e, apr_status_t failed)
{
    apr_status_t rv;

    begin_reading(e);
    rv = read_answer(e);
    if (e->x.phase != LLMGW_PHASE_HEAD
        || (failed != APR_SUCCESS && !e->x.untouched)
        || (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv))) {
        e->cut = 1;
        return rv;
    }
    if (failed != APR_SUCCESS) {
        return llmgw_exchange_fail(
            e, LLMGW_ERESET, "The provider closed the connection.", failed);
    }
    e->x.phase = LLMGW_PHASE_SENDING;
    e->x.wait.events = POLLOUT | POLLIN;
    return APR_EAGAIN;
}

/* Does the provider speak already, or has it closed? */
static int is_readable(const llmgw_exchange_http_t *e)
{
    struct pollfd pfd = { e->x.wait.fd, POLLIN, 0 };

    return poll(&pfd, 1, 0) > 0;
}

/* Nothing has come from the client: what came before goes out, and the answer
 * may be there. RequestReadTimeout is looked at whenever one reads. */
static apr_status_t wait_for_client(llmgw_exchange_http_t *e)
{
    apr_status_t rv = APR_SUCCESS;

    if (e->unflushed) {
        rv = write_out(e, 1);
        e->unflushed = 0;
    }
    rv = read_early(e, rv);
    if (e->x.phase == LLMGW_PHASE_SENDING) {
        e->x.wait.events = POLLIN;
        e->x.wait.client = 1;
        e->x.wait.until = apr_time_now() + apr_time_from_sec(1);
    }
    return rv;
}

/* Write more of the request's body; after the last of it, read. */
static apr_status_t send_more(llmgw_exchange_http_t *e)
{
    apr_status_t rv = APR_SUCCESS;
    int last = 0;

    if (e->x.send->source) {
        rv = llmgw_exchange_put_source(e, &last);
    }
    else {
        last = put_body(e);
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    e->unflushed |= !APR_BRIGADE_EMPTY(e->out);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return wait_for_client(e);
    }
    e->last |= last;
    rv = write_out(e, last);
    if (rv != APR_SUCCESS) {
        return read_early(e, rv);
    }
    return last && !has_unwritten(e) ? begin_reading(e) : APR_SUCCESS;
}

static apr_status_t send_request(llmgw_exchange_http_t *e)
{
    apr_status_t rv;

    if (has_unwritten(e)) {
        rv = write_pending(e);
        if (rv != APR_SUCCESS || has_unwritten(e)) {
            return read_early(e, rv);
        }
    }
    if (e->last) {
        return begin_reading(e);
    }
    if (e->piece < 0) {
        put_head(e);
    }
    else if (e->x.send->source && is_readable(e)) {
        rv = read_early(e, APR_SUCCESS);
        if (e->x.phase != LLMGW_PHASE_SENDING) {
            return rv;
        }
    }
    return send_more(e);
}

/* ---- reading ----------------------------------------------------------- */

static apr_status_t bad_answer(llmgw_exchange_http_t *e, apr_status_t rv)
{
    if (rv == LLMGW_EHTTP) {
        llmgw_exchange_fail(e, rv, "The provider's answer is not valid HTTP.",
                            0);
        e->x.err.detail = apr_pstrcat(e->x.pool, e->x.provider->url, ": ",
                                      e->answer->error, NULL);
    }
    else if (rv == LLMGW_EUPTOOBIG) {
        llmgw_exchange_fail(e, rv, "The provider's answer is too large.", 0);
        e->x.err.detail =
            apr_pstrcat(e->x.pool, e->x.provider->url, ": ",
                        e->answer->error ? e->answer->error : "body", NULL);
    }
    return rv;
}

/* Feed what was read; APR_EOF when the answer is complete. */
static apr_status_t take_bytes(llmgw_exchange_http_t *e, const char *data,
                               apr_size_t len)
{
    llmgw_exchange_t *x = &e->x;

    x->untouched = 0;
    for (;;) {
        apr_size_t used;
        apr_status_t rv = llmgw_http1_feed(e->answer, data, len, &used,
                                           x->receive.body, x->receive.ctx);

        if (rv != APR_SUCCESS) {
            return bad_answer(e, rv);
        }
        data += used;
        len -= used;
        if (x->phase == LLMGW_PHASE_HEAD
            && e->answer->state != LLMGW_HTTP1_HEAD) {
            x->phase = LLMGW_PHASE_BODY;
            rv = x->receive.head(x->receive.ctx, e->answer->status,
                                 e->answer->headers);
            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        if (e->answer->state == LLMGW_HTTP1_DONE) {
            x->phase = LLMGW_PHASE_DONE;
            return APR_EOF;
        }
        if (len == 0) {
            return APR_SUCCESS;
        }
    }
}

static apr_status_t connection_ended(llmgw_exchange_http_t *e, apr_status_t why)
{
    apr_status_t rv = llmgw_http1_finish(e->answer);

    if (rv == APR_SUCCESS) {
        e->x.phase = LLMGW_PHASE_DONE;
        e->answer->keep_alive = 0;
        return APR_EOF;
    }
    if (APR_STATUS_IS_EOF(why)) {
        why = APR_SUCCESS;
    }
    return llmgw_exchange_fail(
        e, rv,
        rv == LLMGW_ERESET
            ? "The provider closed the connection without an answer."
            : "The provider's answer ended before it was complete.",
        why);
}

/* Without TLS: from the socket itself. The core input filter would ask it twice
 * for each answer, and copy into buckets what is used up at once here. */
static apr_status_t read_socket(llmgw_exchange_http_t *e)
{
    char data[READ_BYTES];
    ssize_t n = recv(e->x.wait.fd, data, sizeof(data), MSG_DONTWAIT);
    apr_status_t rv;

    if (n < 0) {
        return APR_STATUS_IS_EAGAIN(errno) || errno == EINTR
                   ? APR_EAGAIN
                   : connection_ended(e, APR_FROM_OS_ERROR(errno));
    }
    if (n == 0) {
        return connection_ended(e, APR_EOF);
    }
    rv = llmgw_exchange_pause(&e->x, take_bytes(e, data, (apr_size_t)n));
    /* That was all there is; poll() tells of more. */
    return rv == APR_SUCCESS && n < READ_BYTES ? APR_EAGAIN : rv;
}

static apr_status_t take_brigade(llmgw_exchange_http_t *e)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && !APR_BRIGADE_EMPTY(e->in)) {
        apr_bucket *b = APR_BRIGADE_FIRST(e->in);
        const char *data;
        apr_size_t len;

        if (APR_BUCKET_IS_EOS(b)) {
            return connection_ended(e, APR_EOF);
        }
        if (!APR_BUCKET_IS_METADATA(b)) {
            rv = apr_bucket_read(b, &data, &len, APR_NONBLOCK_READ);
            if (rv != APR_SUCCESS) {
                return APR_STATUS_IS_EAGAIN(rv) ? rv : connection_ended(e, rv);
            }
            rv = len ? take_bytes(e, data, len) : APR_SUCCESS;
        }
        apr_bucket_delete(b);
    }
    return rv;
}

/* With TLS: through mod_ssl's filter. */
static apr_status_t read_filters(llmgw_exchange_http_t *e)
{
    int tries = TLS_READS;
    apr_status_t rv;

    do {
        rv = ap_get_brigade(e->conn->connection->input_filters, e->in,
                            AP_MODE_READBYTES, APR_NONBLOCK_READ, READ_BYTES);
        if (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(e->in)) {
            rv = APR_EAGAIN;
        }
    } while (APR_STATUS_IS_EAGAIN(rv) && --tries > 0);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return rv;
    }
    rv = rv == APR_SUCCESS ? llmgw_exchange_pause(&e->x, take_brigade(e))
         : connection_ended(e, rv);
    apr_brigade_cleanup(e->in);
    return rv;
}

static apr_status_t read_answer(llmgw_exchange_http_t *e)
{
    return e->x.provider->is_tls ? read_filters(e) : read_socket(e);
}

/* ---- the exchange ------------------------------------------------------ */

/* A kept-alive connection that was closed at the other end meanwhile: the
 * request has not been answered, so it may be sent again on a fresh one. */
static int may_retry_fresh(const llmgw_exchange_http_t *e, apr_status_t rv)
{
    return rv == LLMGW_ERESET && e->x.reused && e->x.untouched
           && !e->fresh_only;
}

static apr_status_t retry_fresh(llmgw_exchange_http_t *e)
{
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, e->x.r, LLMGW_ID("LLMGW0101")
                  "provider %s closed a kept-alive connection: once more on "
                  "a fresh one", e->x.provider->name);
    e->fresh_only = 1;
    e->last = 0;
    e->answer = NULL;
    memset(&e->x.err, 0, sizeof(e->x.err));
    e->x.phase = LLMGW_PHASE_OPEN;
    return APR_SUCCESS;
}

static apr_status_t step_phase(llmgw_exchange_http_t *e)
{
    switch (e->x.phase) {
    case LLMGW_PHASE_OPEN:
        return llmgw_exchange_open(e);
    case LLMGW_PHASE_CONNECTING:
        return llmgw_exchange_check_connect(e);
    case LLMGW_PHASE_CONNECTED:
        return llmgw_exchange_complete_connect(e);
    case LLMGW_PHASE_SENDING:
        return send_request(e);
    case LLMGW_PHASE_HEAD:
    case LLMGW_PHASE_BODY:
        return read_answer(e);
    default:
        return APR_EOF;
    }
}

static apr_status_t http_step(llmgw_exchange_t *x)
{
    llmgw_exchange_http_t *e = (llmgw_exchange_http_t *)x;
    apr_status_t rv = step_phase(e);

    return may_retry_fresh(e, rv) ? retry_fresh(e) : rv;
}

static void http_finish(llmgw_exchange_t *x)
{
    llmgw_exchange_http_t *e = (llmgw_exchange_http_t *)x;
    int keep = x->phase == LLMGW_PHASE_DONE && e->answer
               && e->answer->keep_alive && !e->cut;

    if (e->sock) {
        apr_socket_close(e->sock);
        e->sock = NULL;
    }
    if (!e->conn) {
        return;
    }
    if (e->out) {
        apr_brigade_cleanup(e->out);
    }
    if (e->in) {
        apr_brigade_cleanup(e->in);
    }
    e->conn->close = !keep;
    if (!keep && e->conn->connection) {
        e->conn->connection->aborted = 1; /* nothing more is written */
    }
    ap_proxy_release_connection(LLMGW_PROXY_SCHEME, e->conn, x->r->server);
    e->conn = NULL;
}

static const llmgw_exchange_class_t http_class = { http_step, http_finish };

llmgw_exchange_t *llmgw_exchange_http_create(apr_pool_t *p, request_rec *r,
                                             const llmgw_provider_t *provider)
{
    llmgw_exchange_http_t *e = apr_pcalloc(p, sizeof(*e));

    llmgw_exchange_init(&e->x, &http_class, p, r, provider);
    return &e->x;
}
