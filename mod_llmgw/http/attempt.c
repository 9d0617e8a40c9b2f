/* attempt.c: making the request for one target */
#include <apr_atomic.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "llmgw/changes.h"
#include "llmgw/redact.h"
#include "attempt.h"
#include "incoming.h"
#include "mod_llmgw.h"
#include "override.h"
#include "relay.h"

/* ---- the body ---------------------------------------------------------- */

static llmgw_str_t quoted(llmgw_str_t s, apr_pool_t *p)
{
    llmgw_buf_t *b = llmgw_buf_create(p, 6 * s.len + 3);

    llmgw_json_put_string(b, s);
    return llmgw_buf_str(b);
}

static llmgw_str_t join(const llmgw_str_t *pieces, int n, apr_pool_t *p)
{
    apr_size_t len = 0;
    char *all, *at;
    int i;

    for (i = 0; i < n; i++) {
        len += pieces[i].len;
    }
    at = all = apr_palloc(p, len + 1);
    for (i = 0; i < n; i++) {
        memcpy(at, pieces[i].p, pieces[i].len);
        at += pieces[i].len;
    }
    return llmgw_str_make(all, len);
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
        return join(pieces, n, p);
    }
    return LLMGW_STR_LIT("{\"include_usage\":true}");
}

/* The changes the target's own options make, in an array that can grow. */
static apr_array_header_t *begin_changes(const llmgw_attempt_t *attempt)
{
    const llmgw_override_t *o = llmgw_override_get(attempt->target);

    return o ? apr_array_copy(attempt->pool, o->changes)
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
    apr_array_header_t *changes = begin_changes(attempt);

    if (!call->surface.id.p && !llmgw_str_is(call->model, attempt->model)) {
        add_change(changes, "model", quoted(llmgw_str_of(attempt->model),
                                            attempt->pool));
    }
    if (call->pin.p) {
        add_change(changes, "provider", LLMGW_STR_NULL);
    }
    if (call->stream && call->dialect->usage_member && !call->include_usage
        && !(kind->quirks & LLMGW_QUIRK_NO_STREAM_OPTIONS)) {
        add_change(changes, call->dialect->usage_member,
                   with_usage(call, attempt->pool));
    }
    return set_body(call, llmgw_buf_str(call->body), changes, err);
}

/* Another dialect: from the neutral model. */
static apr_status_t encode_body(llmgw_call_t *call, llmgw_err_t *err)
{
    llmgw_attempt_t *attempt = call->attempt;
    const llmgw_provider_kind_t *kind = attempt->provider->kind;
    llmgw_encode_t how;
    llmgw_buf_t *out;
    apr_status_t rv = llmgw_call_decode(call, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    out = llmgw_buf_create(attempt->pool,
                           (apr_size_t)call->conf->request_body * 2);
    memset(&how, 0, sizeof(how));
    how.model = llmgw_str_of(attempt->model);
    how.stream = call->stream;
    how.unsupported = call->conf->unsupported;
    how.quirks = kind->quirks;
    how.dropped = apr_array_make(call->pool, 4, sizeof(char *));
    rv = llmgw_request_write(out, kind->dialect, call->request, &how,
                             attempt->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    attempt->dropped = how.dropped;
    return set_body(call, llmgw_buf_str(out), begin_changes(attempt), err);
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

/* Keys take turns; after a refusal the next one of the pool has its turn. */
static const char *pick_key(llmgw_call_t *call)
{
    static apr_uint32_t turn;
    llmgw_attempt_t *attempt = call->attempt;
    unsigned int n = (unsigned int)attempt->provider->keys->nelts;

    if (n == 0) {
        return NULL;
    }
    if (call->keys_refused == 0) {
        call->key_turn = n == 1 ? 0 : apr_atomic_inc32(&turn);
    }
    return APR_ARRAY_IDX(attempt->provider->keys,
                         (call->key_turn + call->keys_refused) % n,
                         const char *);
}

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

static void put_version(apr_table_t *out, const llmgw_provider_t *provider)
{
    const llmgw_provider_kind_t *kind = provider->kind;

    if (kind->version_header) {
        apr_table_setn(out, kind->version_header,
                       provider->api_version ? provider->api_version
                       : kind->version_default);
    }
}

static apr_status_t put_key(apr_table_t *out, llmgw_call_t *call,
                            llmgw_err_t *err)
{
    const llmgw_provider_t *provider = call->attempt->provider;
    const llmgw_provider_kind_t *kind = provider->kind;
    const char *key = pick_key(call);

    if (key) {
        apr_table_setn(out, kind->auth_header,
                       apr_pstrcat(call->attempt->pool, kind->auth_prefix, key,
                                   NULL));
    }
    else if (kind->auth_header && !kind->key_optional) {
        return llmgw_err_set(err, call->pool, LLMGW_EKEY, NULL,
                             "The gateway has no key for provider '%s'.",
                             provider->name);
    }
    return APR_SUCCESS;
}

/* What header= options say. */
static void put_configured(apr_table_t *out, const apr_array_header_t *list)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const llmgw_header_t *h = &APR_ARRAY_IDX(list, i, llmgw_header_t);

        apr_table_setn(out, h->name, h->value);
    }
}

static apr_status_t make_headers(llmgw_call_t *call, llmgw_err_t *err)
{
    llmgw_attempt_t *attempt = call->attempt;
    const llmgw_override_t *o = llmgw_override_get(attempt->target);
    apr_table_t *out = apr_table_make(attempt->pool, 12);

    apr_table_setn(out, "User-Agent", "mod_llmgw/" LLMGW_VERSION);
    apr_table_setn(out, "Content-Type", "application/json");
    apr_table_setn(out, "Accept", call->stream ? "text/event-stream"
                                               : "application/json");
    apr_table_setn(out, "Accept-Encoding", "identity");
    apr_table_setn(out, "X-Request-Id", call->request_id);
    put_version(out, attempt->provider);
    put_client_headers(out, call, attempt->provider->kind);
    put_configured(out, attempt->provider->headers);
    if (o) {
        put_configured(out, o->headers);
    }
    attempt->send.headers = out;
    return put_key(out, call, err);
}

static void make_path(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;
    llmgw_op_t op;

    memset(&op, 0, sizeof(op));
    op.op = LLMGW_OP_CHAT;
    op.stream = call->stream;
    op.model = llmgw_str_of(attempt->model);
    op.deployment = attempt->provider->deployment;
    op.api_version = attempt->provider->api_version;
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
                     : llmgw_str_dupz(call->pool, call->model);
    llmgw_override_timeout(&attempt->timeout, target, &call->conf->timeout);
    attempt->began = apr_time_now();
    attempt->passes = attempt->provider->kind->dialect == call->dialect
                      && !llmgw_request_is_sealed(llmgw_buf_str(call->body));
    return attempt;
}

static void create_exchange(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;
    const llmgw_timeouts_t *t = &attempt->timeout;

    attempt->x = attempt->provider->worker
                 ? llmgw_exchange_http_create(attempt->pool, call->r,
                                              attempt->provider)
                 : llmgw_exchange_echo_create(attempt->pool, call->r,
                                              attempt->provider);
    attempt->x->send = &attempt->send;
    attempt->x->connect_until = attempt->began
        + (t->connect_usec < t->total_usec ? t->connect_usec : t->total_usec);
    attempt->x->body_bytes_max = (apr_uint64_t)call->conf->response_body;
    attempt->incoming = llmgw_incoming_create(call, &attempt->x->receive);
}

apr_status_t llmgw_attempt_begin(llmgw_call_t *call,
                                 const llmgw_target_t *target,
                                 llmgw_err_t *err)
{
    apr_status_t rv;

    call->attempt = create_attempt(call, target);
    rv = call->attempt->passes ? pass_body(call, err)
                               : encode_body(call, err);
    if (rv == APR_SUCCESS) {
        count_body(&call->attempt->send);
        make_path(call);
        rv = make_headers(call, err);
    }
    if (rv == APR_SUCCESS) {
        create_exchange(call);
    }
    return rv;
}

void llmgw_attempt_hide_keys(const llmgw_attempt_t *attempt, llmgw_err_t *err)
{
    const apr_array_header_t *keys = attempt->provider->keys;
    int i;

    for (i = 0; i < keys->nelts; i++) {
        llmgw_str_t key = llmgw_str_of(APR_ARRAY_IDX(keys, i, char *));

        err->message = llmgw_redact(attempt->pool, err->message, key);
        err->code = llmgw_redact(attempt->pool, err->code, key);
        err->param = llmgw_redact(attempt->pool, err->param, key);
    }
}

void llmgw_attempt_end(llmgw_call_t *call)
{
    llmgw_attempt_t *attempt = call->attempt;

    if (attempt && attempt->x) {
        call->upstream_usec += apr_time_now() - attempt->began;
        attempt->x->cls->finish(attempt->x);
        attempt->x = NULL;
    }
}
