/* reply.c: what the client is told: errors, documents, headers, notes */
#include <math.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include <http_protocol.h>
#include "llmgw/price.h"
#include "chance.h"
#include "log.h"
#include "mod_llmgw.h"
#include "prompt.h"
#include "relay.h"
#include "reply.h"

#define ID_MAX 128
#define ERROR_BYTES_MAX (256 * 1024)

/* ---- the request's id -------------------------------------------------- */

static int is_sane_id(const char *id)
{
    const char *c;

    for (c = id; *c; c++) {
        if (!apr_isalnum(*c) && !strchr("-_.:", *c)) {
            return 0;
        }
    }
    return c > id && c - id <= ID_MAX;
}

static const char *make_id(apr_pool_t *p)
{
    apr_uint64_t bytes[2];
    char *id = apr_palloc(p, 4 + 2 * sizeof(bytes) + 1);

    bytes[0] = llmgw_chance_bits();
    bytes[1] = llmgw_chance_bits();
    memcpy(id, "req_", 4);
    ap_bin2hex(bytes, sizeof(bytes), id + 4);
    return id;
}

const char *llmgw_reply_request_id(request_rec *r)
{
    const char *id = apr_table_get(r->notes, LLMGW_NOTE_REQUEST_ID);

    if (!id) {
        id = apr_table_get(r->headers_in, "X-Request-Id");
        if (!id || !is_sane_id(id)) {
            id = make_id(r->pool);
        }
        apr_table_setn(r->notes, LLMGW_NOTE_REQUEST_ID, id);
        apr_table_setn(r->headers_out, "X-Request-Id", id);
    }
    return id;
}

/* For headers and logs: what is not printable ASCII becomes '?'. */
static const char *clean_value(apr_pool_t *p, const char *value)
{
    char *clean = apr_pstrdup(p, value), *c;

    for (c = clean; *c; c++) {
        if (!apr_isascii(*c) || apr_iscntrl(*c)) {
            *c = '?';
        }
    }
    return clean;
}

/* ---- documents and errors ---------------------------------------------- */

int llmgw_reply_body(request_rec *r, int status, const char *type,
                     llmgw_str_t body)
{
    r->status = status;
    r->status_line = ap_get_status_line_ex(r->pool, status);   /* 529 */
    ap_set_content_type(r, type);
    ap_set_content_length(r, body.len);
    if (!r->header_only) {
        ap_rwrite(body.p, (int)body.len, r);
    }
    return OK;
}

int llmgw_reply_json(request_rec *r, int status, const llmgw_buf_t *body)
{
    return llmgw_reply_body(r, status, "application/json",
                            llmgw_buf_str(body));
}

void llmgw_reply_note_error(request_rec *r, const llmgw_err_t *err)
{
    apr_table_setn(r->notes, LLMGW_NOTE_ERROR,
                   clean_value(r->pool, llmgw_err_code(err)));
}

/* Seconds for Retry-After: rounded up, at least one. */
static void put_retry_after(request_rec *r, apr_interval_time_t usec)
{
    if (usec > 0) {
        apr_table_setn(r->headers_out, "Retry-After",
                       apr_psprintf(r->pool, "%" APR_INT64_T_FMT,
                                    (usec + APR_USEC_PER_SEC - 1)
                                    / APR_USEC_PER_SEC));
    }
}

int llmgw_reply_error(request_rec *r, const llmgw_dialect_t *dialect,
                      const llmgw_err_t *err)
{
    llmgw_buf_t *body = llmgw_buf_create(r->pool, ERROR_BYTES_MAX);
    const char *id = llmgw_reply_request_id(r);

    llmgw_reply_note_error(r, err);
    put_retry_after(r, err->retry_after_usec);
    if (dialect->error_encode(body, err, id) != APR_SUCCESS) {
        llmgw_buf_clear(body);
        llmgw_buf_puts(body, "{\"error\":{\"message\":\"internal error\"}}");
    }
    return llmgw_reply_json(r, llmgw_err_http_status(err), body);
}

/* ---- headers ----------------------------------------------------------- */

static void put_number(request_rec *r, const char *name, apr_int64_t n)
{
    apr_table_setn(r->headers_out, name, apr_off_t_toa(r->pool, n));
}

void llmgw_reply_call_headers(llmgw_call_t *call)
{
    apr_table_t *out = call->r->headers_out;
    const llmgw_attempt_t *attempt = call->attempt;

    if (!attempt) {
        return;
    }
    apr_table_setn(out, "X-LLMGW-Provider", attempt->provider->name);
    if (*attempt->model) {
        apr_table_setn(out, "X-LLMGW-Model", clean_value(call->pool,
                                                         attempt->model));
    }
    put_number(call->r, "X-LLMGW-Attempts", call->attempts);
    if (attempt->dropped && attempt->dropped->nelts) {
        apr_table_setn(out, "X-LLMGW-Dropped",
                       clean_value(call->pool,
                                   apr_array_pstrcat(call->pool,
                                                     attempt->dropped, ',')));
    }
}

static int may_pass(const llmgw_provider_kind_t *kind, const char *name)
{
    const char *const *pattern = kind->answer_headers;
    char lower[64];

    if (strlen(name) >= sizeof(lower)) {
        return 0;
    }
    ap_str_tolower(strcpy(lower, name));
    for (; pattern && *pattern; pattern++) {
        if (llmgw_str_glob(*pattern, llmgw_str_of(lower))) {
            return 1;
        }
    }
    return 0;
}

void llmgw_reply_provider_headers(llmgw_call_t *call,
                                  const apr_table_t *headers)
{
    const apr_array_header_t *list = apr_table_elts(headers);
    const llmgw_provider_kind_t *kind = call->attempt->provider->kind;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const apr_table_entry_t *e = &APR_ARRAY_IDX(list, i,
                                                    apr_table_entry_t);

        if (may_pass(kind, e->key)) {
            apr_table_set(call->r->headers_out, e->key,
                          clean_value(call->pool, e->val));
        }
    }
}

/* ---- notes ------------------------------------------------------------- */

static void note_number(llmgw_call_t *call, const char *name, apr_int64_t n)
{
    if (n >= 0) {
        apr_table_addn(call->r->notes, name, apr_off_t_toa(call->pool, n));
    }
}

static const char *stop_name(llmgw_stop_e stop)
{
    static const char *const names[] = {
        NULL, "end", "length", "sequence", "tool", "filter", "refusal",
        "pause", "context", "error"
    };

    return (unsigned int)stop < sizeof(names) / sizeof(names[0])
           ? names[stop] : NULL;
}

static void note_attempt(llmgw_call_t *call)
{
    const llmgw_attempt_t *attempt = call->attempt;
    apr_table_t *notes = call->r->notes;

    apr_table_addn(notes, LLMGW_NOTE_PROVIDER, attempt->provider->name);
    apr_table_addn(notes, LLMGW_NOTE_TARGET,
                   clean_value(call->pool,
                               apr_pstrcat(call->pool,
                                           attempt->provider->name,
                                           *attempt->model ? "/" : "",
                                           attempt->model, NULL)));
    note_number(call, LLMGW_NOTE_UPSTREAM_MS,
                apr_time_as_msec(call->upstream_usec));
    note_number(call, LLMGW_NOTE_OVERHEAD_US,
                llmgw_call_overhead_usec(call));
}

/* Cut short before the provider said what it cost: about four bytes a token,
 * and the prompt is paid for as well. */
static void estimate_usage(llmgw_call_t *call)
{
    llmgw_usage_t *usage = &call->meter.usage;

    if (usage->completion < 0 && call->meter.text_bytes > 0) {
        usage->completion = (apr_int64_t)(call->meter.text_bytes + 3) / 4;
        usage->estimated = 1;
        if (usage->prompt < 0) {
            usage->prompt = llmgw_prompt_tokens(call);
        }
    }
}

static void note_usage(llmgw_call_t *call)
{
    const llmgw_usage_t *usage = &call->meter.usage;
    apr_int64_t cost = llmgw_call_cost_nano(call);

    if (usage->estimated) {
        apr_table_addn(call->r->notes, LLMGW_NOTE_ESTIMATED, "1");
    }
    note_number(call, LLMGW_NOTE_PROMPT_TOKENS, usage->prompt);
    note_number(call, LLMGW_NOTE_COMPLETION_TOKENS, usage->completion);
    note_number(call, LLMGW_NOTE_CACHED_TOKENS, usage->cache_read);
    note_number(call, LLMGW_NOTE_REASONING_TOKENS, usage->reasoning);
    if (cost >= 0) {
        apr_table_addn(call->r->notes, LLMGW_NOTE_COST,
                       llmgw_price_format(cost, call->pool));
    }
}

/* The notes are new: once a call, nothing to look for in the table. */
void llmgw_reply_notes(llmgw_call_t *call)
{
    const llmgw_meter_t *meter = &call->meter;
    apr_table_t *notes = call->r->notes;

    estimate_usage(call);
    note_usage(call);
    if (call->model.p) {
        apr_table_addn(notes, LLMGW_NOTE_MODEL,
                       clean_value(call->pool, llmgw_str_dupz(call->pool,
                                                              call->model)));
        apr_table_addn(notes, LLMGW_NOTE_STREAM, call->stream ? "1" : "0");
    }
    if (call->plan.route_name) {
        apr_table_addn(notes, LLMGW_NOTE_ROUTE, call->plan.route_name);
        note_number(call, LLMGW_NOTE_ATTEMPTS, call->attempts);
    }
    if (call->attempt) {
        note_attempt(call);
    }
    if (stop_name(meter->stop)) {
        apr_table_addn(notes, LLMGW_NOTE_STOP, stop_name(meter->stop));
    }
    if (meter->first_content) {
        note_number(call, LLMGW_NOTE_TTFT_MS,
                    apr_time_as_msec(meter->first_content - call->began));
    }
}
