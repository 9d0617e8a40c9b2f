/* relay.c: the way of an answer to the client: the output filter LLMGW */
#include <apr_strings.h>
#include <httpd.h>
#include <http_protocol.h>
#include <util_filter.h>
#include "llmgw/event.h"
#include "attempt.h"
#include "log.h"
#include "next.h"
#include "op.h"
#include "raw.h"
#include "relay.h"
#include "reply.h"

/* What is held back before the first content, at most. */
#define HELD_EVENTS_MAX 64
#define HELD_BYTES_MAX (256 * 1024)

struct llmgw_relay_t {
    llmgw_call_t *call;
    ap_filter_t *filter;
    apr_bucket_brigade *in;     /* to the filter */
    apr_bucket_brigade *down;   /* from it */
    llmgw_decoder_t *decoder;   /* NULL: idle, everything passes */
    llmgw_encoder_t *encoder;   /* NULL: the provider's bytes pass */
    llmgw_buf_t *whole;         /* of an answer that is no inference; NULL */
    llmgw_buf_t *out;           /* for the client: held back, or of this turn */
    const apr_table_t *headers; /* the provider's */
    int streamed;               /* by the provider */
    int held_events;
    int has_content;            /* content was seen */
    int committed;
    int ended;                  /* EOS has gone down */
    apr_time_t sent;            /* when something last went to the client */
    llmgw_err_t err;
};

static int is_own(apr_status_t status)
{
    return llmgw_status_get(status)->status == status;
}

/* ---- metering ---------------------------------------------------------- */

static void meter_content(llmgw_relay_t *relay, const llmgw_event_t *ev)
{
    llmgw_meter_t *meter = &relay->call->meter;

    if (!meter->first_content) {
        meter->first_content = apr_time_now();
    }
    meter->text_bytes += ev->text.len;
    relay->has_content = 1;
}

static void meter_event(llmgw_relay_t *relay, const llmgw_event_t *ev)
{
    llmgw_meter_t *meter = &relay->call->meter;

    switch (ev->type) {
    case LLMGW_EV_START:
        meter->model = llmgw_str_dup(relay->call->attempt->pool, ev->model);
        break;
    case LLMGW_EV_USAGE:
        llmgw_usage_set(&meter->usage, ev->usage);
        break;
    case LLMGW_EV_STOP:
        meter->stop = ev->stop;
        relay->has_content = 1;
        break;
    default:
        if (llmgw_event_is_content(ev)) {
            meter_content(relay, ev);
        }
        break;
    }
}

/* An error event of the provider. While the client has seen nothing it ends
 * the attempt; later it is passed on (or encoded) and remembered. */
static apr_status_t take_error(llmgw_relay_t *relay, const llmgw_err_t *err)
{
    /* What the decoder has of it lasts as long as the event. */
    llmgw_err_copy(&relay->err, err, relay->call->attempt->pool);
    llmgw_attempt_hide_keys(relay->call->attempt, &relay->err);
    if (relay->err.status == APR_SUCCESS) {
        relay->err.status = LLMGW_EUPSTREAM;
    }
    return relay->committed || (relay->has_content && relay->call->stream)
           ? APR_SUCCESS : relay->err.status;
}

/* A filter of the provider's kept back all there was to say, and somebody else
 * may say it: a failure then, else an answer like any other. */
static apr_status_t check_withheld(llmgw_relay_t *relay,
                                   const llmgw_event_t *ev)
{
    llmgw_call_t *call = relay->call;
    llmgw_err_t err = LLMGW_ERR_INIT;

    if (ev->type != LLMGW_EV_STOP || relay->committed || relay->has_content
        || (ev->stop != LLMGW_STOP_FILTER && ev->stop != LLMGW_STOP_REFUSAL)) {
        return APR_SUCCESS;
    }
    llmgw_err_set(&err, call->attempt->pool, LLMGW_EREJECTED,
                  call->dialect->prompt_member,
                  "The provider's content filter withheld the answer.");
    err.code = "content_filter";
    err.http_status = HTTP_BAD_REQUEST;
    if (!llmgw_next_wants(call, &err)) {
        return APR_SUCCESS;
    }
    relay->err = err;
    return err.status;
}

static apr_status_t on_event(void *ctx, const llmgw_event_t *ev)
{
    llmgw_relay_t *relay = ctx;
    llmgw_event_t shown = *ev;
    apr_status_t rv = check_withheld(relay, ev);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    meter_event(relay, ev);
    if (ev->type == LLMGW_EV_ERROR) {
        rv = take_error(relay, ev->error);
        shown.error = &relay->err;
    }
    if (rv == APR_SUCCESS && relay->encoder) {
        rv = llmgw_encoder_event(relay->encoder, &shown);
    }
    if (!relay->has_content && ++relay->held_events > HELD_EVENTS_MAX) {
        relay->has_content = 1;         /* enough held: let it go */
    }
    return rv;
}

/* Does an error frame repeat a key of ours? */
static int holds_key(const llmgw_relay_t *relay, const char *data,
                     apr_size_t len)
{
    const llmgw_provider_t *provider = relay->call->attempt->provider;
    const char *text = apr_pstrmemdup(relay->call->attempt->pool, data, len);
    int i;

    for (i = 0; i < provider->keys->nelts; i++) {
        if (strstr(text, APR_ARRAY_IDX(provider->keys, i, char *))) {
            return 1;
        }
    }
    return 0;
}

/* A frame as the provider sent it, on its way through unchanged. */
static apr_status_t on_frame(void *ctx, const char *data, apr_size_t len,
                             unsigned int flags)
{
    llmgw_relay_t *relay = ctx;

    if (relay->encoder
        || ((flags & LLMGW_FRAME_USAGE_ONLY) && !relay->call->include_usage)) {
        return APR_SUCCESS;
    }
    if (relay->err.status != APR_SUCCESS && holds_key(relay, data, len)) {
        return relay->err.status;       /* told in our own words instead */
    }
    return llmgw_buf_append(relay->out, data, len);
}

/* ---- the filter -------------------------------------------------------- */

static void commit(llmgw_relay_t *relay)
{
    request_rec *r = relay->call->r;

    relay->committed = 1;
    r->status = HTTP_OK;
    ap_set_content_type(r, relay->call->stream && !relay->call->array_framing
                        ? "text/event-stream" : "application/json");
    if (relay->call->stream) {
        apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
        apr_table_setn(r->headers_out, "X-Accel-Buffering", "no");
    }
    llmgw_reply_provider_headers(relay->call, relay->headers);
    llmgw_reply_call_headers(relay->call);
}

/* Pass on what is in out, then flush, or end. */
static apr_status_t pass_out(llmgw_relay_t *relay, llmgw_str_t bytes, int end)
{
    apr_bucket_alloc_t *alloc = relay->call->r->connection->bucket_alloc;
    apr_status_t rv;

    if (!relay->committed) {
        commit(relay);
        if (!relay->call->stream) {
            ap_set_content_length(relay->call->r, bytes.len);
        }
    }
    if (bytes.len) {
        APR_BRIGADE_INSERT_TAIL(relay->down,
                                apr_bucket_transient_create(bytes.p, bytes.len,
                                                            alloc));
    }
    APR_BRIGADE_INSERT_TAIL(relay->down, end ? apr_bucket_eos_create(alloc)
                            : apr_bucket_flush_create(alloc));
    relay->ended |= end;
    relay->sent = apr_time_now();
    rv = ap_pass_brigade(relay->filter->next, relay->down);
    apr_brigade_cleanup(relay->down);
    llmgw_buf_clear(relay->out);
    return rv == APR_SUCCESS && !relay->call->r->connection->aborted
           ? APR_SUCCESS : LLMGW_ECLIENTGONE;
}

static apr_status_t gather(llmgw_relay_t *relay, const char *data,
                           apr_size_t len)
{
    if (llmgw_buf_append(relay->whole, data, len) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    return llmgw_err_set(&relay->err, relay->call->attempt->pool,
                         LLMGW_EUPTOOBIG, NULL,
                         "The provider's answer is too large.");
}

/* The answer of an operation beside inference goes as a whole. */
static apr_status_t finish_whole(llmgw_relay_t *relay)
{
    llmgw_str_t bytes;
    apr_status_t rv = llmgw_op_take_answer(relay->call,
                                           llmgw_buf_str(relay->whole),
                                           relay->out, &bytes, &relay->err);

    return rv == APR_SUCCESS ? pass_out(relay, bytes, 1) : rv;
}

static apr_status_t filter_data(llmgw_relay_t *relay, const char *data,
                                apr_size_t len)
{
    apr_status_t rv;

    if (relay->whole) {
        return gather(relay, data, len);
    }
    rv = llmgw_decoder_feed(relay->decoder, data, len);
    if (rv == APR_SUCCESS && relay->out->failed) {
        rv = LLMGW_EUPTOOBIG;
    }
    if (relay->call->stream && rv == APR_SUCCESS
        && relay->out->len > HELD_BYTES_MAX) {
        relay->has_content = 1;
        return pass_out(relay, llmgw_buf_str(relay->out), 0);
    }
    return rv;
}

static apr_status_t filter_end(llmgw_relay_t *relay)
{
    llmgw_str_t bytes;
    apr_status_t rv;

    if (relay->whole) {
        return finish_whole(relay);
    }
    rv = llmgw_decoder_finish(relay->decoder);
    if (rv == APR_SUCCESS && relay->encoder) {
        rv = llmgw_encoder_finish(relay->encoder);
    }
    else if (rv == APR_SUCCESS && relay->streamed
             && !llmgw_decoder_marked(relay->decoder)
             && relay->call->dialect->stream_end) {
        /* The provider left its end mark off; clients wait for it. */
        rv = llmgw_buf_puts(relay->out, relay->call->dialect->stream_end);
    }
    if (rv != APR_SUCCESS) {            /* what came has been seen all the same */
        apr_status_t sent = llmgw_relay_flush(relay);

        return sent != APR_SUCCESS ? sent : rv;
    }
    bytes = relay->encoder || relay->streamed
            ? llmgw_buf_str(relay->out)
            : llmgw_buf_str(llmgw_decoder_body(relay->decoder));
    return pass_out(relay, bytes, 1);
}

static apr_status_t filter_bucket(llmgw_relay_t *relay, apr_bucket *b)
{
    const char *data;
    apr_size_t len;
    apr_status_t rv;

    if (APR_BUCKET_IS_EOS(b)) {
        return filter_end(relay);
    }
    if (APR_BUCKET_IS_METADATA(b)) {
        return APR_SUCCESS;
    }
    rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ);
    return rv == APR_SUCCESS && len ? filter_data(relay, data, len) : rv;
}

static apr_status_t relay_filter(ap_filter_t *f, apr_bucket_brigade *bb)
{
    llmgw_relay_t *relay = f->ctx;
    apr_status_t rv = APR_SUCCESS;

    if (!relay->decoder && !relay->whole) {
        return llmgw_raw_catch_error(relay->call, bb)
               ? AP_FILTER_ERROR : ap_pass_brigade(f->next, bb);
    }
    while (rv == APR_SUCCESS && !APR_BRIGADE_EMPTY(bb)) {
        apr_bucket *b = APR_BRIGADE_FIRST(bb);

        rv = filter_bucket(relay, b);
        apr_bucket_delete(b);
    }
    apr_brigade_cleanup(bb);
    return rv;
}

void llmgw_relay_register(void)
{
    /* Before every other content filter: those see the client's format. */
    ap_register_output_filter(LLMGW_RELAY_FILTER, relay_filter, NULL,
                              AP_FTYPE_RESOURCE - 1);
}

/* ---- the call's side --------------------------------------------------- */

llmgw_relay_t *llmgw_relay_create(llmgw_call_t *call)
{
    request_rec *r = call->r;
    llmgw_relay_t *relay = apr_pcalloc(call->pool, sizeof(*relay));

    relay->call = call;
    relay->in = apr_brigade_create(call->pool, r->connection->bucket_alloc);
    relay->down = apr_brigade_create(call->pool, r->connection->bucket_alloc);
    relay->out = llmgw_buf_create(call->pool,
                                  (apr_size_t)call->conf->response_body * 2);
    relay->filter = ap_add_output_filter(LLMGW_RELAY_FILTER, relay, r,
                                         r->connection);
    return relay;
}

static void begin_encoder(llmgw_relay_t *relay)
{
    llmgw_call_t *call = relay->call;
    llmgw_answer_opts_t opts = { 0 };

    opts.stream = call->stream;
    opts.array_framing = call->array_framing;
    opts.include_usage = call->include_usage;
    opts.model = call->model;
    opts.id = llmgw_str_of(call->request_id);
    opts.now_sec = apr_time_sec(call->began);
    opts.request = call->request;
    opts.maker = call->attempt->provider->kind->dialect;
    relay->encoder = llmgw_encoder_create(call->attempt->pool, call->dialect,
                                          &opts, relay->out,
                                          (apr_size_t)call->conf
                                          ->response_body);
}

void llmgw_relay_begin(llmgw_relay_t *relay, int streamed,
                       const apr_table_t *headers)
{
    llmgw_call_t *call = relay->call;
    const llmgw_dialect_t *dialect = call->attempt->provider->kind->dialect;
    llmgw_decoder_opts_t opts = { 0 };

    opts.stream = relay->streamed = streamed;
    opts.body_bytes_max = (apr_size_t)call->conf->response_body;
    opts.emit = on_event;
    opts.emit_ctx = relay;
    opts.frame = on_frame;
    opts.frame_ctx = relay;
    llmgw_meter_init(&call->meter);
    relay->headers = headers;
    relay->held_events = 0;
    relay->has_content = 0;
    memset(&relay->err, 0, sizeof(relay->err));
    llmgw_buf_clear(relay->out);
    relay->encoder = NULL;
    if (call->surface.op != LLMGW_OP_CHAT) {
        relay->whole = llmgw_buf_create(call->attempt->pool,
                                        opts.body_bytes_max);
        return;
    }
    relay->decoder = llmgw_decoder_create(call->attempt->pool, dialect, &opts);
    if (dialect != call->dialect || streamed != call->stream
        || call->array_framing) {
        begin_encoder(relay);
    }
}

/* Tell the provider's fault from a client's that has gone. */
static apr_status_t outcome(llmgw_relay_t *relay, apr_status_t rv)
{
    const llmgw_err_t *why;

    if (rv == APR_SUCCESS || rv == LLMGW_ECLIENTGONE) {
        return rv;
    }
    if (!is_own(rv)) {
        return LLMGW_ECLIENTGONE;
    }
    if (relay->err.status == APR_SUCCESS) {
        why = llmgw_decoder_error(relay->decoder);
        if (why && why->status != APR_SUCCESS) {
            relay->err = *why;
        }
        else {
            llmgw_err_set(&relay->err, relay->call->pool, rv, NULL,
                          "The provider's answer cannot be understood.");
        }
    }
    return relay->err.status;
}

apr_status_t llmgw_relay_feed(llmgw_relay_t *relay, const char *data,
                              apr_size_t len)
{
    APR_BRIGADE_INSERT_TAIL(relay->in,
                            apr_bucket_transient_create(data, len,
                                relay->in->bucket_alloc));
    return outcome(relay, ap_pass_brigade(relay->call->r->output_filters,
                                          relay->in));
}

apr_status_t llmgw_relay_flush(llmgw_relay_t *relay)
{
    return relay->call->stream && relay->has_content && relay->out->len
           ? pass_out(relay, llmgw_buf_str(relay->out), 0) : APR_SUCCESS;
}

apr_status_t llmgw_relay_pass(llmgw_relay_t *relay, apr_bucket_brigade *bb)
{
    request_rec *r = relay->call->r;
    apr_status_t rv;

    relay->committed = 1;
    rv = ap_pass_brigade(r->output_filters, bb);
    apr_brigade_cleanup(bb);
    return rv == APR_SUCCESS && !r->connection->aborted ? APR_SUCCESS
           : LLMGW_ECLIENTGONE;
}

apr_status_t llmgw_relay_finish(llmgw_relay_t *relay)
{
    request_rec *r = relay->call->r;
    apr_status_t rv;

    APR_BRIGADE_INSERT_TAIL(relay->in,
                            apr_bucket_eos_create(relay->in->bucket_alloc));
    rv = outcome(relay, ap_pass_brigade(r->output_filters, relay->in));
    r->eos_sent = relay->ended;     /* it may have ended at this filter */
    return rv;
}

void llmgw_relay_reset(llmgw_relay_t *relay)
{
    if (!relay->committed) {
        relay->decoder = NULL;
        relay->encoder = NULL;
        relay->whole = NULL;
    }
}

/* All that was decoded has been sent, so this stands between two frames. */
static apr_status_t send_ping(llmgw_relay_t *relay)
{
    const char *ping = relay->call->dialect->stream_ping;
    llmgw_event_t ev;

    relay->sent = apr_time_now();
    if (relay->encoder) {
        memset(&ev, 0, sizeof(ev));
        ev.type = LLMGW_EV_PING;
        llmgw_encoder_event(relay->encoder, &ev);
    }
    else if (ping) {
        llmgw_buf_puts(relay->out, ping);
    }
    return relay->out->len ? pass_out(relay, llmgw_buf_str(relay->out), 0)
           : APR_SUCCESS;
}

apr_status_t llmgw_relay_keep_alive(llmgw_relay_t *relay,
                                    apr_interval_time_t every_usec,
                                    apr_time_t *next)
{
    apr_status_t rv = APR_SUCCESS;

    *next = 0;
    if (!every_usec || !relay->committed || !relay->call->stream
        || llmgw_relay_ended(relay)) {
        return APR_SUCCESS;
    }
    if (apr_time_now() >= relay->sent + every_usec) {
        rv = send_ping(relay);
    }
    *next = relay->sent + every_usec;
    return rv;
}

void llmgw_relay_fail(llmgw_relay_t *relay, const llmgw_err_t *err)
{
    llmgw_event_t ev;

    if (relay->call->raw) {
        llmgw_raw_break(relay->call);
        return;
    }
    if (relay->ended) {
        return;
    }
    llmgw_buf_clear(relay->out);
    if (!relay->encoder) {
        begin_encoder(relay);
    }
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_ERROR;
    ev.error = err;
    llmgw_encoder_event(relay->encoder, &ev);
    llmgw_encoder_finish(relay->encoder);
    pass_out(relay, llmgw_buf_str(relay->out), 1);
}

const llmgw_err_t *llmgw_relay_error(const llmgw_relay_t *relay)
{
    return relay->err.status != APR_SUCCESS ? &relay->err : NULL;
}

int llmgw_relay_committed(const llmgw_relay_t *relay)
{
    return relay->committed;
}

int llmgw_relay_ended(const llmgw_relay_t *relay)
{
    return relay->decoder && llmgw_decoder_ended(relay->decoder);
}
