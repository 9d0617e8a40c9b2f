/* attempt.c: making the request for one target */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "llmgw/changes.h"
#include "llmgw/redact.h"
#include "attempt.h"
#include "incoming.h"
#include "keys.h"
#include "mod_llmgw.h"
#include "op.h"
#include "override.h"
#include "raw.h"
#include "relay.h"

/* Of an answer the gateway makes itself. */
#define OWN_BYTES_MAX 4096

/* ---- the body ---------------------------------------------------------- */

static llmgw_str_t quoted(llmgw_str_t s, apr_pool_t *p)
{
    llmgw_buf_t *b = llmgw_buf_create(p, 6 * s.len + 3);

    llmgw_json_put_string(b, s);
    return llmgw_buf_str(b);
}

/* The client's own stream options, asking for usage too. */
static llmgw_str_t with_usage(const llmgw_call_t *call, apr_pool_t *p)
{
    const llmgw_splice_t change = { "include_usage", LLMGW_STR_LIT("true") };
    llmgw_str_t *pieces, old = call->usage_member;
    int n;

    if (old.p && old.p[0] == '{'
        && llmgw_splice_make(old.p, old.len, &change, 1, &pieces, &n, p)
           == APR_SUCCESS) {
        return llmgw_splice_join(pieces, n, p);
    }
    return LLMGW_STR_LIT("{\"include_usage\":true}");
}

/* The changes the target's own options make, in an array that can grow. A
 * counter refuses what is for a run. */
static apr_array_header_t *begin_changes(const llmgw_call_t *call)
{
    const llmgw_attempt_t *attempt = call->attempt;
    const llmgw_override_t *o = llmgw_override_get(attempt->target);

    return o && call->surface.op != LLMGW_OP_COUNT
           ? apr_array_copy(attempt->pool, o->changes)
           : apr_array_make(attempt->pool, 3, sizeof(llmgw_splice_t));
}

/* A change the gateway makes, where the target's options say nothing.
 * value never given: the member is removed. */
static void add_change(apr_array_header_t *changes, const char *name,
                       llmgw_str_t value)
{
    if (!llmgw_changes_lookup(changes, name)) {
        llmgw_splice_t *change = apr_array_push(changes);

        change->name = name;
        change->value = value;
    }
}

/* Send this text, with these changes made in it. */
static apr_status_t set_body(llmgw_call_t *call, llmgw_str_t text,
                             const apr_array_header_t *changes,
                             llmgw_err_t *err)
{
    llmgw_attempt_t *attempt = call->attempt;
    llmgw_str_t *pieces;

    if (changes->nelts == 0) {
        pieces = apr_pmemdup(attempt->pool, &text, sizeof(text));
        attempt->send.npieces = 1;
    }
    else if (llmgw_splice_make(text.p, text.len,
                               (llmgw_splice_t *)changes->elts, changes->nelts,
                               &pieces, &attempt->send.npieces, attempt->pool)
             != APR_SUCCESS) {
        return llmgw_err_set(err, call->pool, LLMGW_EINTERNAL, NULL,
                             "The request could not be rewritten.");
    }
    attempt->send.pieces = pieces;
    return APR_SUCCESS;
}

/* Same dialect: the client's own bytes, but for what must change. */
static apr_status_t pass_body(llmgw_call_t *call, llmgw_err_t *err)
{
    const llmgw_attempt_t *attempt = call->attempt;
    const llmgw_provider_kind_t *kind = attempt->provider->kind;
    apr_array_header_t *changes = begin_changes(call);
    llmgw_str_t body = llmgw_buf_str(call->body);
    apr_status_t rv = llmgw_op_rename(call, &body, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!call->surface.id.p && !llmgw_str_is(call->model, attempt->model)) {
        add_change(changes, "model",
                   quoted(call->raw ? llmgw_raw_model(call)
                          : llmgw_str_of(attempt->model), attempt->pool));
    }
    if (call->pin.p) {
        add_change(changes, "provider", LLMGW_STR_NULL);
    }
    if (call->stream && !call->raw && call->dialect->usage_member
        && !call->include_usage
        && !(kind->quirks & LLMGW_QUIRK_NO_STREAM_OPTIONS)) {
        add_change(changes, call->dialect->usage_member,
                   with_usage(call, attempt->pool));
    }
    return set_body(call, body, changes, err);
}

/* Another dialect: from the neutral model. */
static apr_status_t encode_body(llmgw_call_t *call, llmgw_err_t *err)
{
    llmgw_attempt_t *attempt = call->attempt;
    const llmgw_provider_kind_t *kind = attempt->provider->kind;
    llmgw_encode_t how;
    llmgw_buf_t *out;
    apr_status_t rv;

    out = llmgw_buf_create(attempt->pool,
                           (apr_size_t)call->conf->request_body * 2);
    memset(&how, 0, sizeof(how));
    how.model = llmgw_str_of(attempt->model);
    how.stream = call->stream;
    how.unsupported = call->conf->unsupported;
    how.quirks = kind->quirks;
    how.dropped = apr_array_make(call->pool, 4, sizeof(char *));
    rv = llmgw_op_encode(call, out, &how, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    attempt->dropped = how.dropped;
    return set_body(call, llmgw_buf_str(out), begin_changes(call), err);
}

/* No request: what would have been its answer. */
static apr_status_t answer_own(llmgw_call_t *call, llmgw_err_t *err)
{
    apr_pool_t *p = call->attempt->pool;
    llmgw_buf_t *out = llmgw_buf_create(p, OWN_BYTES_MAX);
    apr_status_t rv = llmgw_op_answer_own(call, out, err);

    return rv == APR_SUCCESS
           ? set_body(call, llmgw_buf_str(out),
                      apr_array_make(p, 1, sizeof(llmgw_splice_t)), err) : rv;
}

static apr_status_t make_body(llmgw_call_t *call, llmgw_err_t *err)
{
    if (call->raw && call->raw->body != LLMGW_RAW_JSON) {
        llmgw_raw_put_body(call);
        return APR_SUCCESS;
    }
    return call->attempt->passes ? pass_body(call, err)
                                 : encode_body(call, err);
}

static void count_body(llmgw_send_t *send)
{
    int i;

    send->body_len = 0;
    for (i = 0; i < send->npieces; i++) {
        send->body_len += send->pieces[i].len;
    }
}

/* ---- the head ---------------------------------------------------------- */

static void put_client_headers(apr_table_t *out, const llmgw_call_t *call,
                               const llmgw_provider_kind_t *kind)
{
    const char *const *name = kind->request_headers;

    for (; name && *name; name++) {
        const char *value = apr_table_get(call->r->headers_in, *name);

        if (value && *value) {
            apr_table_setn(out, *name, value);
        }
    }
}

static apr_status_t make_headers(llmgw_call_t *call, llmgw_err_t *err)
{
    llmgw_attempt_t *attempt = call->attempt;
    const llmgw_provider_kind_t *kind = attempt->provider->kind;
    apr_table_t *out = apr_table_make(attempt->pool, 12);
    const llmgw_override_t *o = llmgw_override_get(attempt->target);
    const char *key;
    apr_status_t rv = llmgw_keys_choose(call, &key, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_table_setn(out, "Content-Type", "application/json");
    apr_table_setn(out, "Accept", call->stream ? "text/event-stream"
                                               : "application/json");
    apr_table_setn(out, "X-Request-Id", call->request_id);
    put_client_headers(out, call, kind);
    if (call->raw) {
        llmgw_raw_put_headers(call, out);
    }
    llmgw_provider_head(attempt->provider, out, o ? o->headers : NULL, key);
    attempt->send.headers = out;
    return APR_SUCCESS;
}

static void make_path(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;
    llmgw_op_t op;

    if (call->raw) {
        llmgw_raw_put_path(call);
        return;
    }
    memset(&op, 0, sizeof(op));
    op.op = call->surface.op;
    op.batch = call->surface.batch || !attempt->passes;
    op.stream = call->stream;
    op.model = llmgw_str_of(attempt->model);
    op.deployment = attempt->provider->deployment;
    op.api_version = attempt->provider->api_version;
    attempt->send.op = op.op;
    attempt->send.method = "POST";
    attempt->send.path = llmgw_provider_path(attempt->provider->kind, &op,
                                             attempt->provider->base_path,
                                             attempt->pool);
}

/* ---- the attempt ------------------------------------------------------- */

static llmgw_attempt_t *create_attempt(llmgw_call_t *call,
                                       const llmgw_target_t *target)
{
    llmgw_attempt_t *attempt = apr_pcalloc(call->pool, sizeof(*attempt));

    if (call->attempt) {
        apr_pool_destroy(call->attempt->pool);
    }
    apr_pool_create(&attempt->pool, call->pool);
    apr_pool_tag(attempt->pool, "llmgw_attempt");
    attempt->target = target;
    attempt->provider = target->provider_data;
    attempt->model = target->model ? target->model
                     : call->model.p ? llmgw_str_dupz(call->pool, call->model)
                     : "";
    llmgw_override_timeout(&attempt->timeout, target, &call->conf->timeout);
    attempt->key = -1;
    attempt->began = apr_time_now();
    attempt->own = llmgw_op_is_own(call, attempt->provider->kind);
    attempt->passes = call->raw || attempt->own
                      || (llmgw_op_passes(call, attempt->provider->kind)
                          && !llmgw_request_is_sealed(
                                  llmgw_buf_str(call->body)));
    return attempt;
}

static llmgw_exchange_t *new_exchange(const llmgw_call_t *call)
{
    const llmgw_attempt_t *attempt = call->attempt;

    if (attempt->own) {
        return llmgw_exchange_own_create(attempt->pool, call->r,
                                         attempt->provider);
    }
    return attempt->provider->worker
           ? llmgw_exchange_http_create(attempt->pool, call->r,
                                        attempt->provider)
           : llmgw_exchange_echo_create(attempt->pool, call->r,
                                        attempt->provider);
}

static void create_exchange(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;
    const llmgw_timeouts_t *t = &attempt->timeout;

    attempt->x = new_exchange(call);
    attempt->x->send = &attempt->send;
    attempt->x->connect_until = attempt->began
        + (t->connect_usec < t->total_usec ? t->connect_usec : t->total_usec);
    attempt->x->body_bytes_max = call->raw ? APR_INT64_MAX
                                 : (apr_uint64_t)call->conf->response_body;
    attempt->incoming = llmgw_incoming_create(call, &attempt->x->receive);
}

static apr_status_t make_request(llmgw_call_t *call, llmgw_err_t *err)
{
    apr_status_t rv = make_body(call, err);

    if (rv == APR_SUCCESS) {
        count_body(&call->attempt->send);
        make_path(call);
        rv = make_headers(call, err);
    }
    return rv;
}

apr_status_t llmgw_attempt_begin(llmgw_call_t *call,
                                 const llmgw_target_t *target,
                                 llmgw_err_t *err)
{
    apr_status_t rv;

    call->attempt = create_attempt(call, target);
    rv = call->attempt->own ? answer_own(call, err) : make_request(call, err);
    if (rv == APR_SUCCESS) {
        create_exchange(call);
    }
    return rv;
}

llmgw_str_t llmgw_attempt_cut_keys(const llmgw_attempt_t *attempt,
                                   llmgw_str_t text, apr_pool_t *p)
{
    const apr_array_header_t *keys = attempt->provider->keys;
    int i;

    for (i = 0; i < keys->nelts; i++) {
        text = llmgw_redact_str(p, text,
                                llmgw_str_of(APR_ARRAY_IDX(keys, i, char *)));
    }
    return text;
}

static const char *cut_keys(const llmgw_attempt_t *attempt, const char *text)
{
    return llmgw_attempt_cut_keys(attempt, llmgw_str_of(text),
                                  attempt->pool).p;
}

void llmgw_attempt_hide_keys(const llmgw_attempt_t *attempt, llmgw_err_t *err)
{
    err->message = cut_keys(attempt, err->message);
    err->code = cut_keys(attempt, err->code);
    err->param = cut_keys(attempt, err->param);
}

void llmgw_attempt_end(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;

    llmgw_pick_release(call);
    if (attempt && attempt->x) {
        call->upstream_usec += apr_time_now() - attempt->began;
        attempt->x->cls->finish(attempt->x);
        attempt->x = NULL;
    }
}
