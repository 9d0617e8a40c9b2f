/* decoder.c: from the bytes of an answer to its events, whatever its dialect */
#include <string.h>
#include <apr_strings.h>
#include "common.h"

#define EVENT_BYTES_DEFAULT (16 * 1024 * 1024)
#define BODY_BYTES_DEFAULT (64 * 1024 * 1024)

/* What a frame's bytes may have more than its data: names, comments, ends. */
#define FRAME_BYTES_EXTRA (64 * 1024)

struct llmgw_decoder_t {
    const llmgw_dialect_t *dialect;
    llmgw_decoder_opts_t opts;
    llmgw_decode_t d;
    llmgw_err_t error;
    apr_status_t failed;        /* sticks */
    int ended;
    int marked;                 /* the dialect's stream_end has come */
    int has_error;              /* an error was emitted: nothing follows it */
    int finished;
    llmgw_sse_t *sse;           /* of a stream */
    llmgw_buf_t *body;          /* of a whole answer */
    /* Bytes of a frame: those of chunks before, then of the one being fed. */
    llmgw_buf_t *frame;
    const char *chunk;
    apr_size_t chunk_done;      /* bytes of it that were reported */
};

static apr_status_t fail(llmgw_decoder_t *dec, apr_status_t rv)
{
    if (rv != APR_SUCCESS && dec->failed == APR_SUCCESS) {
        dec->failed = rv;
        if (dec->error.status == APR_SUCCESS) {
            llmgw_err_set(&dec->error, dec->d.pool, rv, NULL,
                          "The provider's answer could not be read.");
        }
    }
    return rv;
}

/* Report the frame that ends `consumed` bytes into the chunk. */
static apr_status_t report_frame(llmgw_decoder_t *dec, apr_size_t consumed,
                                 unsigned int flags)
{
    const char *data = dec->chunk + dec->chunk_done;
    apr_size_t len = consumed - dec->chunk_done;
    apr_status_t rv;

    dec->chunk_done = consumed;
    if (!dec->opts.frame) {
        return APR_SUCCESS;
    }
    if (dec->frame->len) {
        rv = llmgw_buf_append(dec->frame, data, len);
        if (rv != APR_SUCCESS) {
            return rv == LLMGW_ETOOBIG ? LLMGW_EUPTOOBIG : rv;
        }
        data = dec->frame->data;
        len = dec->frame->len;
    }
    rv = dec->opts.frame(dec->opts.frame_ctx, data, len, flags);
    llmgw_buf_clear(dec->frame);
    return rv;
}

/* Hand an event on. */
static apr_status_t pass_event(void *ctx, const llmgw_event_t *ev)
{
    llmgw_decoder_t *dec = ctx;

    dec->has_error |= ev->type == LLMGW_EV_ERROR;
    return dec->opts.emit(dec->opts.emit_ctx, ev);
}

static apr_status_t emit_ping(llmgw_decoder_t *dec)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_PING;
    return dec->opts.emit(dec->opts.emit_ctx, &ev);
}

/* A block of comments keeps a connection alive: so it shall on the way on. */
static apr_status_t take_event(llmgw_decoder_t *dec,
                               const llmgw_sse_event_t *ev)
{
    if (!ev->data.p) {
        return dec->has_error ? APR_SUCCESS : emit_ping(dec);
    }
    llmgw_buf_clear(dec->d.scratch);
    return dec->dialect->decode_event(&dec->d, ev);
}

/* Is it the mark that ends a stream of this dialect ("data: [DONE]")? */
static int is_end_mark(const llmgw_decoder_t *dec, const llmgw_sse_event_t *ev)
{
    const char *mark = dec->dialect->stream_end;
    llmgw_str_t data = llmgw_str_trim(ev->data);

    return mark && data.len && strncmp(mark, "data: ", 6) == 0
        && strncmp(mark + 6, data.p, data.len) == 0
        && strcmp(mark + 6 + data.len, "\n\n") == 0;
}

static apr_status_t on_event(void *ctx, const llmgw_sse_event_t *ev)
{
    llmgw_decoder_t *dec = ctx;
    apr_size_t consumed = ev->consumed ? ev->consumed : dec->chunk_done;
    apr_status_t rv;

    dec->d.frame = 0;
    if (dec->ended) {
        /* nothing may follow the end, but one mark: it is not passed on */
        if (ev->data.p && (dec->marked || !is_end_mark(dec, ev))) {
            dec->chunk_done = consumed;
            llmgw_buf_clear(dec->frame);
            return APR_SUCCESS;
        }
        dec->marked |= ev->data.p != NULL;
        return report_frame(dec, consumed, 0);
    }
    dec->marked = is_end_mark(dec, ev);
    rv = take_event(dec, ev);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    dec->ended = (dec->d.frame & LLMGW_FRAME_END) != 0;
    return report_frame(dec, consumed, dec->d.frame);
}

static void open_stream(llmgw_decoder_t *dec, apr_pool_t *p)
{
    apr_size_t max = dec->opts.event_bytes_max;

    dec->sse = llmgw_sse_create(p, max, on_event, dec);
    dec->frame = llmgw_buf_create(p, 2 * max + FRAME_BYTES_EXTRA);
}

llmgw_decoder_t *llmgw_decoder_create(apr_pool_t *p,
                                      const llmgw_dialect_t *dialect,
                                      const llmgw_decoder_opts_t *opts)
{
    llmgw_decoder_t *dec = apr_pcalloc(p, sizeof(*dec));

    dec->dialect = dialect;
    dec->opts = *opts;
    if (!dec->opts.event_bytes_max) {
        dec->opts.event_bytes_max = EVENT_BYTES_DEFAULT;
    }
    if (!dec->opts.body_bytes_max) {
        dec->opts.body_bytes_max = BODY_BYTES_DEFAULT;
    }
    dec->d.pool = p;
    dec->d.doc = llmgw_json_doc_create(p, NULL);
    dec->d.scratch = llmgw_buf_create(p, 2 * dec->opts.body_bytes_max);
    dec->d.state = apr_pcalloc(p, dialect->decode_state_size + 1);
    dec->d.emit = pass_event;
    dec->d.emit_ctx = dec;
    dec->d.error = &dec->error;
    dec->body = llmgw_buf_create(p, dec->opts.body_bytes_max);
    if (opts->stream) {
        open_stream(dec, p);
    }
    return dec;
}

static apr_status_t feed_stream(llmgw_decoder_t *dec, const char *data,
                                apr_size_t len)
{
    apr_status_t rv;

    dec->chunk = data;
    dec->chunk_done = 0;
    rv = llmgw_sse_feed(dec->sse, data, len);
    if (rv == APR_SUCCESS && dec->opts.frame && dec->chunk_done < len) {
        rv = llmgw_buf_append(dec->frame, data + dec->chunk_done,
                              len - dec->chunk_done);
    }
    dec->chunk = "";
    dec->chunk_done = 0;
    return rv == LLMGW_ETOOBIG ? LLMGW_EUPTOOBIG : rv;
}

apr_status_t llmgw_decoder_feed(llmgw_decoder_t *dec, const char *data,
                                apr_size_t len)
{
    apr_status_t rv;

    if (dec->failed != APR_SUCCESS) {
        return dec->failed;
    }
    if (dec->opts.stream) {
        rv = feed_stream(dec, data, len);
    }
    else {
        rv = llmgw_buf_append(dec->body, data, len);
        rv = rv == LLMGW_ETOOBIG ? LLMGW_EUPTOOBIG : rv;
    }
    return fail(dec, rv);
}

/* Bytes after the last event that are no part of one: blank lines. */
static apr_status_t finish_stream(llmgw_decoder_t *dec)
{
    apr_status_t rv;

    dec->chunk = "";
    dec->chunk_done = 0;
    rv = llmgw_sse_finish(dec->sse);
    if (rv == APR_SUCCESS) {
        llmgw_buf_clear(dec->d.scratch);
        rv = dec->dialect->decode_end(&dec->d);
    }
    if (rv == APR_SUCCESS && dec->frame->len
        && !llmgw_sse_pending(dec->sse)) {
        rv = report_frame(dec, 0, 0);
    }
    return rv;
}

static apr_status_t finish_whole(llmgw_decoder_t *dec)
{
    llmgw_json_error_t why = { 0, "" };
    const llmgw_json_t *root;
    llmgw_str_t body = llmgw_buf_str(dec->body);
    apr_status_t rv;

    rv = llmgw_json_parse(dec->d.doc, body.p, body.len, &root, &why);
    if (rv != APR_SUCCESS) {
        llmgw_err_set(&dec->error, dec->d.pool, LLMGW_EUPBODY, NULL,
                      "The provider's answer is not JSON.");
        dec->error.detail = apr_psprintf(dec->d.pool,
                                         "%s at byte %" APR_SIZE_T_FMT
                                         " of %" APR_SIZE_T_FMT, why.reason,
                                         why.offset, body.len);
        return LLMGW_EUPBODY;
    }
    llmgw_buf_clear(dec->d.scratch);
    return dec->dialect->decode_whole(&dec->d, root);
}

apr_status_t llmgw_decoder_finish(llmgw_decoder_t *dec)
{
    if (dec->failed != APR_SUCCESS || dec->finished) {
        return dec->failed;
    }
    dec->finished = 1;
    return fail(dec, dec->opts.stream ? finish_stream(dec)
                                      : finish_whole(dec));
}

int llmgw_decoder_ended(const llmgw_decoder_t *dec)
{
    return dec->ended;
}

int llmgw_decoder_marked(const llmgw_decoder_t *dec)
{
    return dec->marked;
}

const llmgw_buf_t *llmgw_decoder_body(const llmgw_decoder_t *dec)
{
    return dec->body;
}

const llmgw_err_t *llmgw_decoder_error(const llmgw_decoder_t *dec)
{
    return &dec->error;
}

void llmgw_decoder_read_error(const llmgw_dialect_t *dialect, int http_status,
                              const char *body, apr_size_t len,
                              llmgw_err_t *err, apr_pool_t *p)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(p, NULL);
    const llmgw_json_t *root = NULL;

    llmgw_err_from_http(err, http_status);
    err->from_provider = 1;
    if (len && llmgw_json_parse(doc, body, len, &root, NULL) != APR_SUCCESS) {
        root = NULL;
    }
    dialect->error_decode(err, root, p);
    if (!err->message) {
        err->message = apr_psprintf(p, "The provider answered with HTTP "
                                    "status %d and gave no reason.",
                                    http_status);
        err->detail = apr_psprintf(p, "error body of %" APR_SIZE_T_FMT
                                   " bytes without a message", len);
    }
}
