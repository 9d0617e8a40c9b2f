/* accept.c: taking a request: its body, what it asks for, where it may go */
#include <apr_hash.h>
#include <apr_strings.h>
#include "accept.h"
#include "allow.h"
#include "body.h"
#include "call.h"
#include "op.h"
#include "prompt.h"
#include "relay.h"

typedef struct top_t {
    llmgw_call_t *call;
    llmgw_err_t *err;
    apr_hash_t *seen;           /* names, to find one that stands twice */
    int has_prompt;
} top_t;

static apr_status_t bad_type(top_t *top, const char *param, const char *what)
{
    return llmgw_err_set(top->err, top->call->pool, LLMGW_EINVAL, param,
                         "'%s' must be %s.", param, what);
}

/* An unescaped string value; parsing cannot fail, it has been scanned. */
static llmgw_str_t string_value(llmgw_call_t *call, llmgw_str_t raw)
{
    llmgw_json_doc_t *doc;
    const llmgw_json_t *v;

    if (!memchr(raw.p, '\\', raw.len)) {
        return llmgw_str_make(raw.p + 1, raw.len - 2);
    }
    doc = llmgw_json_doc_create(call->pool, NULL);
    return llmgw_json_parse(doc, raw.p, raw.len, &v, NULL) == APR_SUCCESS
           ? llmgw_json_string(v, call->pool) : LLMGW_STR_NULL;
}

/* Where the client says whether it wants usage in its stream. */
static apr_status_t take_usage_member(top_t *top, const char *name,
                                      llmgw_str_t raw, llmgw_json_type_e type)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(top->call->pool, NULL);
    const llmgw_json_t *v;

    if (type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (type != LLMGW_JSON_OBJECT) {
        return bad_type(top, name, "an object");
    }
    top->call->usage_member = raw;
    if (llmgw_json_parse(doc, raw.p, raw.len, &v, NULL) == APR_SUCCESS) {
        top->call->include_usage
            = llmgw_json_bool(llmgw_json_lookup(v, "include_usage"), 0);
    }
    return APR_SUCCESS;
}

static apr_status_t take_prompt(top_t *top, const char *name,
                                llmgw_json_type_e type)
{
    int is_text = top->call->dialect->prompt_is_text;

    if (type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;             /* as good as none */
    }
    top->has_prompt = 1;
    return type == LLMGW_JSON_ARRAY || (is_text && type == LLMGW_JSON_STRING)
           ? APR_SUCCESS
           : bad_type(top, name, is_text ? "a string or an array"
                                         : "an array");
}

apr_status_t llmgw_accept_check_name(llmgw_call_t *call, const char *param,
                                     llmgw_str_t name)
{
    apr_size_t i;

    for (i = 0; i < name.len; i++) {
        if ((unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f) {
            return llmgw_err_set(&call->err, call->pool, LLMGW_EINVAL, param,
                                 "'%s' holds a control character.", param);
        }
    }
    return APR_SUCCESS;
}

/* A string pins a provider of ours; an object is for the provider itself, as
 * OpenRouter has it. */
static apr_status_t take_provider(top_t *top, const llmgw_json_member_t *m)
{
    if (m->type == LLMGW_JSON_OBJECT || m->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (m->type != LLMGW_JSON_STRING) {
        return bad_type(top, "provider", "a string");
    }
    top->call->pin = string_value(top->call, m->value);
    return llmgw_accept_check_name(top->call, "provider", top->call->pin);
}

static apr_status_t take_member(top_t *top, const char *name,
                                const llmgw_json_member_t *m)
{
    llmgw_call_t *call = top->call;
    const llmgw_dialect_t *dialect = call->dialect;

    if (!strcmp(name, "model") && !call->surface.id.p) {
        if (call->raw && m->type == LLMGW_JSON_NULL) {
            return APR_SUCCESS;
        }
        if (m->type != LLMGW_JSON_STRING) {
            return bad_type(top, name, "a string");
        }
        call->model = string_value(call, m->value);
        return llmgw_accept_check_name(call, name, call->model);
    }
    else if (!strcmp(name, "provider") && call->conf->auto_route) {
        return take_provider(top, m);
    }
    else if (call->raw) {
        return APR_SUCCESS;     /* the rest is the provider's business */
    }
    else if (call->surface.op != LLMGW_OP_CHAT && strcmp(name, "provider")) {
        return APR_SUCCESS;     /* for whoever reads this form */
    }
    else if (!strcmp(name, "stream") && m->type != LLMGW_JSON_NULL) {
        if (m->type != LLMGW_JSON_TRUE && m->type != LLMGW_JSON_FALSE) {
            return bad_type(top, name, "true or false");
        }
        call->stream = m->type == LLMGW_JSON_TRUE;
    }
    else if (dialect->usage_member && !strcmp(name, dialect->usage_member)) {
        return take_usage_member(top, name, m->value, m->type);
    }
    else if (!strcmp(name, dialect->prompt_member)) {
        return take_prompt(top, name, m->type);
    }
    return APR_SUCCESS;
}

static apr_status_t on_member(void *ctx, const llmgw_json_member_t *m)
{
    top_t *top = ctx;
    apr_pool_t *p = top->call->pool;
    llmgw_str_t name = m->name;
    apr_status_t rv = APR_SUCCESS;
    const char *key;

    if (m->escaped) {
        name = string_value(top->call, llmgw_str_make(m->name.p - 1,
                                                      m->name.len + 2));
    }
    key = llmgw_str_dupz(p, name);
    if (apr_hash_get(top->seen, key, name.len)) {
        return llmgw_err_set(top->err, p, LLMGW_EINVAL, key,
                             "'%s' stands twice in the request.", key);
    }
    apr_hash_set(top->seen, key, name.len, top);
    if (top->call->dialect->member_check) {
        rv = top->call->dialect->member_check(name, m->type, p, top->err);
    }
    return rv == APR_SUCCESS ? take_member(top, key, m) : rv;
}

static apr_status_t check_top(top_t *top, llmgw_json_type_e type)
{
    llmgw_call_t *call = top->call;

    if (type != LLMGW_JSON_OBJECT) {
        return llmgw_err_set(top->err, call->pool, LLMGW_EJSON, NULL,
                             "The request body must be a JSON object.");
    }
    if (call->raw) {
        return APR_SUCCESS;
    }
    if (!call->model.len) {
        return llmgw_err_set(top->err, call->pool, LLMGW_EMISSING, "model",
                             "You must provide a model.");
    }
    if (!top->has_prompt && call->surface.op == LLMGW_OP_CHAT) {
        return llmgw_err_set(top->err, call->pool, LLMGW_EMISSING,
                             call->dialect->prompt_member,
                             "You must provide '%s'.",
                             call->dialect->prompt_member);
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_accept_scan(llmgw_call_t *call)
{
    llmgw_json_limits_t limits = { 0 };
    llmgw_json_error_t why = { 0, NULL };
    llmgw_json_type_e type;
    top_t top = { call, &call->err, apr_hash_make(call->pool), 0 };
    apr_status_t rv;

    if (call->surface.id.p
        && llmgw_accept_check_name(call, "model", call->model)
           != APR_SUCCESS) {
        return call->err.status;
    }
    limits.bytes_max = (apr_size_t)call->conf->request_body;
    rv = llmgw_json_scan(call->body->data ? call->body->data : "",
                         call->body->len, &limits, on_member, &top, &type,
                         &why);
    if (rv != APR_SUCCESS && call->err.status == APR_SUCCESS) {
        /* A text nested too deeply is wrong, not too large. */
        return llmgw_err_set(&call->err, call->pool, LLMGW_EJSON, NULL,
                             "The request body is not valid JSON: %s at byte "
                             "%" APR_SIZE_T_FMT ".",
                             why.reason ? why.reason : "unexpected end",
                             why.offset);
    }
    return rv == APR_SUCCESS ? check_top(&top, type) : rv;
}

llmgw_str_t llmgw_accept_pin(const llmgw_call_t *call)
{
    return call->pin.p ? call->pin
           : llmgw_str_of(apr_table_get(call->r->headers_in,
                                        "X-LLMGW-Provider"));
}

apr_status_t llmgw_call_route(llmgw_call_t *call, llmgw_err_t *err)
{
    apr_status_t rv = llmgw_routes_find(&call->plan, call->r, call->model,
                                        llmgw_accept_pin(call), call->dialect,
                                        err);

    return rv == APR_SUCCESS ? llmgw_allow_check(call, err) : rv;
}

/* Decide who serves the call, and whether anybody may. */
static apr_status_t plan_call(llmgw_call_t *call)
{
    llmgw_err_t err = LLMGW_ERR_INIT;
    apr_status_t rv = llmgw_call_route(call, &call->err);

    if (llmgw_prompt_check(call, &err) != APR_SUCCESS) {
        call->err = err;
        rv = err.status;
    }
    return rv;
}

apr_status_t llmgw_accept_route(llmgw_call_t *call)
{
    apr_status_t rv = plan_call(call);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    call->conf = llmgw_config_effective(call->r->server, call->plan.route);
    return call->body && call->body->len > (apr_size_t)call->conf->request_body
           ? llmgw_body_too_large(call->pool, call->conf->request_body,
                                  &call->err)
           : APR_SUCCESS;
}

apr_status_t llmgw_call_accept(llmgw_call_t *call)
{
    apr_time_t began = apr_time_now();
    apr_status_t rv = llmgw_body_read(call->r, &call->body,
                                      call->conf->request_body, &call->err);

    call->waited_usec += apr_time_now() - began;
    if (rv == APR_SUCCESS) {
        rv = llmgw_accept_scan(call);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_accept_route(call);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_op_choose_targets(call);
    }
    call->relay = rv == APR_SUCCESS ? llmgw_relay_create(call) : NULL;
    return rv;
}
