/* request_decode.c: reading a chat completions request */
#include <stddef.h>
#include <string.h>
#include <apr_strings.h>
#include "openai_chat.h"

/* ---- errors that say where ---------------------------------------------- */

static const char *get_place(const openai_chat_reading_t *r, const char *field)
{
    const char *place = "";

    if (r->list) {
        place = apr_psprintf(r->p, "%s[%d]", r->list, r->i);
    }
    if (r->sub) {
        place = apr_psprintf(r->p, "%s%s%s", place, *place ? "." : "", r->sub);
        if (r->j >= 0) {
            place = apr_psprintf(r->p, "%s[%d]", place, r->j);
        }
    }
    if (!field) {
        return place;
    }
    return apr_pstrcat(r->p, place, *place ? "." : "", field, NULL);
}

apr_status_t llmgw_openai_chat_invalid(openai_chat_reading_t *r,
                                       const char *field, const char *expected)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EINVAL, place,
                         "Invalid value for '%s': expected %s.", place,
                         expected);
}

apr_status_t llmgw_openai_chat_missing(openai_chat_reading_t *r,
                                       const char *field)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EMISSING, place,
                         "Missing required parameter: '%s'.", place);
}

apr_status_t llmgw_openai_chat_read_string(openai_chat_reading_t *r,
                                           const llmgw_json_t *obj,
                                           const char *field, llmgw_str_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup(obj, field);

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_openai_chat_invalid(r, field, "a string");
    }
    *out = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

/* ---- members with a meaning of their own -------------------------------- */

typedef apr_status_t (*read_fn)(openai_chat_reading_t *r,
                                const llmgw_json_t *v);

static apr_status_t read_stop(openai_chat_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *s;

    r->req->stop = apr_array_make(r->p, 4, sizeof(llmgw_str_t));
    if (v->type == LLMGW_JSON_STRING) {
        APR_ARRAY_PUSH(r->req->stop, llmgw_str_t) = llmgw_json_string(v, r->p);
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_ARRAY) {
        return llmgw_openai_chat_invalid(r, "stop",
                                         "a string or an array of strings");
    }
    for (s = llmgw_json_each(v, NULL); s; s = llmgw_json_each(v, s)) {
        if (s->type != LLMGW_JSON_STRING) {
            return llmgw_openai_chat_invalid(r, "stop", "an array of strings");
        }
        APR_ARRAY_PUSH(r->req->stop, llmgw_str_t) = llmgw_json_string(s, r->p);
    }
    return APR_SUCCESS;
}

static apr_status_t read_stream_options(openai_chat_reading_t *r,
                                        const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_chat_invalid(r, "stream_options", "an object");
    }
    r->req->include_usage = llmgw_json_bool(
        llmgw_json_lookup(v, "include_usage"), 0);
    return APR_SUCCESS;
}

/* Both spellings; the newer one wins. */
static apr_status_t read_max_tokens(openai_chat_reading_t *r,
                                    const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 0) {
        return llmgw_openai_chat_invalid(r, "max_tokens",
                                         "a whole number, not negative");
    }
    if (!r->req->max_tokens.p) {
        r->req->max_tokens = llmgw_json_raw(v);
    }
    return APR_SUCCESS;
}

static apr_status_t read_max_completion(openai_chat_reading_t *r,
                                        const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 0) {
        return llmgw_openai_chat_invalid(r, "max_completion_tokens",
                                         "a whole number, not negative");
    }
    r->req->max_tokens = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t read_n(openai_chat_reading_t *r, const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 1 || n > 128) {
        return llmgw_openai_chat_invalid(r, "n", "a whole number, 1 to 128");
    }
    r->req->n = llmgw_json_raw(v);
    return APR_SUCCESS;
}

/* OpenRouter's form: {"effort"} or {"max_tokens"} or {"enabled"}. */
static apr_status_t read_reasoning(openai_chat_reading_t *r,
                                   const llmgw_json_t *v)
{
    llmgw_request_t *req = r->req;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_chat_invalid(r, "reasoning", "an object");
    }
    if (!req->effort.p) {
        req->effort = llmgw_json_string(llmgw_json_lookup(v, "effort"), r->p);
    }
    req->reasoning_budget = llmgw_json_raw(
        llmgw_json_lookup_type(v, "max_tokens", LLMGW_JSON_NUMBER));
    if (!llmgw_json_bool(llmgw_json_lookup(v, "enabled"), 1)) {
        req->reasoning_off = 1;
    }
    return APR_SUCCESS;
}

/* {"type":"enabled"|"disabled"|"adaptive","budget_tokens"} */
static apr_status_t read_thinking(openai_chat_reading_t *r,
                                  const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_openai_chat_invalid(r, "thinking", "an object");
    }
    r->req->reasoning_budget = llmgw_json_raw(
        llmgw_json_lookup_type(v, "budget_tokens", LLMGW_JSON_NUMBER));
    if (llmgw_json_string_is(type, "disabled")) {
        r->req->reasoning_off = 1;
    }
    else if (!r->req->reasoning_budget.p) {
        r->req->reasoning_adaptive = 1;
    }
    return APR_SUCCESS;
}

/* The newer name of "user". */
static apr_status_t read_safety_identifier(openai_chat_reading_t *r,
                                           const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_openai_chat_invalid(r, "safety_identifier", "a string");
    }
    if (!r->req->user.p) {
        r->req->user = llmgw_json_string(v, r->p);
    }
    return APR_SUCCESS;
}

/* ---- the table ---------------------------------------------------------- */

typedef enum kind_e {
    IS_NUMBER,                  /* raw */
    IS_STRING,
    IS_FLAG,                    /* 1 or 0 */
    IS_OBJECT,                  /* raw */
    IS_ARRAY,                   /* raw */
    IS_READ                     /* by a function */
} kind_e;

typedef struct member_t {
    const char *name;
    kind_e kind;
    apr_size_t offset;          /* in llmgw_request_t */
    read_fn read;
} member_t;

#define FIELD(kind, name, field) \
    { name, kind, offsetof(llmgw_request_t, field), NULL }
#define READ(name, fn) { name, IS_READ, 0, fn }

static const member_t members[] = {
    FIELD(IS_STRING, "model", model),
    FIELD(IS_FLAG, "stream", stream),
    READ("messages", llmgw_openai_chat_read_messages),
    READ("tools", llmgw_openai_chat_read_tools),
    READ("functions", llmgw_openai_chat_read_functions),
    READ("tool_choice", llmgw_openai_chat_read_choice),
    READ("function_call", llmgw_openai_chat_read_choice),
    FIELD(IS_FLAG, "parallel_tool_calls", parallel_tools),
    READ("max_tokens", read_max_tokens),
    READ("max_completion_tokens", read_max_completion),
    FIELD(IS_NUMBER, "temperature", temperature),
    FIELD(IS_NUMBER, "top_p", top_p),
    FIELD(IS_NUMBER, "top_k", top_k),
    READ("n", read_n),
    FIELD(IS_NUMBER, "seed", seed),
    FIELD(IS_NUMBER, "presence_penalty", presence_penalty),
    FIELD(IS_NUMBER, "frequency_penalty", frequency_penalty),
    FIELD(IS_FLAG, "logprobs", logprobs),
    FIELD(IS_NUMBER, "top_logprobs", top_logprobs),
    READ("stop", read_stop),
    READ("stream_options", read_stream_options),
    READ("response_format", llmgw_openai_chat_read_format),
    FIELD(IS_STRING, "verbosity", verbosity),
    FIELD(IS_STRING, "reasoning_effort", effort),
    READ("reasoning", read_reasoning),
    READ("thinking", read_thinking),
    FIELD(IS_STRING, "user", user),
    READ("safety_identifier", read_safety_identifier),
    FIELD(IS_OBJECT, "metadata", metadata),
    FIELD(IS_STRING, "service_tier", service_tier),
    FIELD(IS_STRING, "prompt_cache_key", prompt_cache_key),
    FIELD(IS_ARRAY, "safety_settings", safety_settings),
    FIELD(IS_FLAG, "store", store)
};

static apr_status_t store_raw(openai_chat_reading_t *r, const member_t *m,
                              const llmgw_json_t *v, llmgw_json_type_e type,
                              const char *expected)
{
    if (v->type != type) {
        return llmgw_openai_chat_invalid(r, m->name, expected);
    }
    *(llmgw_str_t *)((char *)r->req + m->offset) = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t store_flag(openai_chat_reading_t *r, const member_t *m,
                               const llmgw_json_t *v)
{
    int truth = llmgw_json_bool(v, -1);

    if (truth < 0) {
        return llmgw_openai_chat_invalid(r, m->name, "true or false");
    }
    *(int *)((char *)r->req + m->offset) = truth;
    return APR_SUCCESS;
}

static apr_status_t store_member(openai_chat_reading_t *r, const member_t *m,
                                 const llmgw_json_t *v)
{
    switch (m->kind) {
    case IS_NUMBER:
        return store_raw(r, m, v, LLMGW_JSON_NUMBER, "a number");
    case IS_OBJECT:
        return store_raw(r, m, v, LLMGW_JSON_OBJECT, "an object");
    case IS_ARRAY:
        return store_raw(r, m, v, LLMGW_JSON_ARRAY, "an array");
    case IS_FLAG:
        return store_flag(r, m, v);
    case IS_STRING:
        if (v->type != LLMGW_JSON_STRING) {
            return llmgw_openai_chat_invalid(r, m->name, "a string");
        }
        *(llmgw_str_t *)((char *)r->req + m->offset) =
            llmgw_json_string(v, r->p);
        return APR_SUCCESS;
    case IS_READ:
        break;
    }
    return m->read(r, v);
}

static apr_status_t read_member(openai_chat_reading_t *r,
                                const llmgw_json_t *name,
                                const llmgw_json_t *value)
{
    llmgw_extra_t *extra;
    apr_size_t i;

    if (value->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (llmgw_json_string_is(name, members[i].name)) {
            return store_member(r, &members[i], value);
        }
    }
    extra = apr_array_push(r->req->extras);
    extra->name = llmgw_json_string(name, r->p);
    extra->value = llmgw_json_raw(value);
    extra->is_meaning = 0;
    return APR_SUCCESS;
}

/* ---- the whole ---------------------------------------------------------- */

/* What follows from several members together. */
static apr_status_t settle(openai_chat_reading_t *r,
                           const llmgw_address_t *address)
{
    llmgw_request_t *req = r->req;

    if (!req->model.len && address && address->model.p) {
        req->model = address->model;
    }
    if (!req->model.p) {
        return llmgw_openai_chat_missing(r, "model");
    }
    if (!req->tools->nelts) {
        req->choice = LLMGW_CHOICE_UNSET;
        req->choice_name = LLMGW_STR_NULL;
        req->allowed_tools = NULL;
        req->parallel_tools = -1;
    }
    if (!req->stream) {
        req->include_usage = 0;
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_openai_chat_request_decode(llmgw_request_t **out,
                                              const llmgw_json_t *body,
                                              const llmgw_address_t *address,
                                              apr_pool_t *p, llmgw_err_t *err)
{
    openai_chat_reading_t r;
    const llmgw_json_t *name, *value;
    apr_status_t rv = APR_SUCCESS;

    memset(&r, 0, sizeof(r));
    r.req = llmgw_request_create(p);
    r.req->dialect = &llmgw_dialect_openai_chat;
    r.p = p;
    r.err = err;
    r.j = -1;
    if (!llmgw_json_is(body, LLMGW_JSON_OBJECT)) {
        return llmgw_err_set(err, p, LLMGW_EINVAL, NULL,
                             "The body must be a JSON object.");
    }
    for (name = llmgw_json_member(body, NULL, &value);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(body, value, &value)) {
        rv = read_member(&r, name, value);
    }
    if (rv == APR_SUCCESS && !llmgw_json_lookup(body, "messages")) {
        rv = llmgw_openai_chat_missing(&r, "messages");
    }
    if (rv == APR_SUCCESS) {
        rv = settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}
