/* request_decode.c: reading a request for Anthropic's Messages */
#include <stddef.h>
#include <string.h>
#include <apr_strings.h>
#include "anthropic.h"

/* ---- errors that say where ---------------------------------------------- */

static const char *get_path(const anthropic_place_t *place, apr_pool_t *p)
{
    const char *up;

    if (!place) {
        return "";
    }
    up = get_path(place->up, p);
    up = apr_pstrcat(p, up, *up ? "." : "", place->name, NULL);
    return place->index < 0 ? up : apr_psprintf(p, "%s[%d]", up,
                                                place->index);
}

static const char *get_place(const anthropic_reading_t *r, const char *field)
{
    const char *path = get_path(r->place, r->p);

    return field ? apr_pstrcat(r->p, path, *path ? "." : "", field, NULL)
                 : path;
}

apr_status_t llmgw_anthropic_invalid(anthropic_reading_t *r, const char *field,
                                     const char *expected)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EINVAL, place,
                         "Invalid value for '%s': expected %s.", place,
                         expected);
}

apr_status_t llmgw_anthropic_missing(anthropic_reading_t *r,
                                     const char *field)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EMISSING, place,
                         "Missing required parameter: '%s'.", place);
}

apr_status_t llmgw_anthropic_read_string(anthropic_reading_t *r,
                                         const llmgw_json_t *obj,
                                         const char *field, llmgw_str_t *out)
{
    const llmgw_json_t *v = llmgw_json_lookup(obj, field);

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_anthropic_invalid(r, field, "a string");
    }
    *out = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

apr_status_t llmgw_anthropic_read_required(anthropic_reading_t *r,
                                           const llmgw_json_t *obj,
                                           const char *field,
                                           llmgw_str_t *out)
{
    apr_status_t rv = llmgw_anthropic_read_string(r, obj, field, out);

    return rv == APR_SUCCESS && !out->p ? llmgw_anthropic_missing(r, field)
                                        : rv;
}

/* ---- members with a meaning of their own -------------------------------- */

/* Remember a member that the model has no place for, by its path. */
static void add_extra(anthropic_reading_t *r, const char *outer,
                      const llmgw_json_t *name, const llmgw_json_t *value)
{
    llmgw_extra_t *extra = apr_array_push(r->req->extras);
    llmgw_str_t s = llmgw_json_string(name, r->p);

    extra->name = *outer ? llmgw_str_of(apr_pstrcat(
        r->p, outer, ".", llmgw_str_dupz(r->p, s), NULL)) : s;
    extra->value = llmgw_json_raw(value);
}

static apr_status_t read_max_tokens(anthropic_reading_t *r,
                                    const llmgw_json_t *v)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 0) {
        return llmgw_anthropic_invalid(r, "max_tokens",
                                       "a whole number, not negative");
    }
    r->req->max_tokens = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t read_stop(anthropic_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *s;

    if (v->type != LLMGW_JSON_ARRAY) {
        return llmgw_anthropic_invalid(r, "stop_sequences",
                                       "an array of strings");
    }
    r->req->stop = apr_array_make(r->p, 4, sizeof(llmgw_str_t));
    for (s = llmgw_json_each(v, NULL); s; s = llmgw_json_each(v, s)) {
        if (s->type != LLMGW_JSON_STRING) {
            return llmgw_anthropic_invalid(r, "stop_sequences",
                                           "an array of strings");
        }
        APR_ARRAY_PUSH(r->req->stop, llmgw_str_t) = llmgw_json_string(s, r->p);
    }
    return APR_SUCCESS;
}

static apr_status_t read_metadata(anthropic_reading_t *r,
                                  const llmgw_json_t *v)
{
    anthropic_place_t here = { r->place, "metadata", -1 };
    const llmgw_json_t *name, *value;
    apr_status_t rv;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_anthropic_invalid(r, "metadata", "an object");
    }
    r->place = &here;
    rv = llmgw_anthropic_read_string(r, v, "user_id", &r->req->user);
    r->place = here.up;
    for (name = llmgw_json_member(v, NULL, &value); name;
         name = llmgw_json_member(v, value, &value)) {
        if (!llmgw_json_string_is(name, "user_id")) {
            add_extra(r, "metadata", name, value);
        }
    }
    return rv;
}

/* {"type":"enabled","budget_tokens"} or "disabled", "adaptive" ... */
static apr_status_t read_thinking(anthropic_reading_t *r,
                                  const llmgw_json_t *v)
{
    const llmgw_json_t *type = llmgw_json_lookup(v, "type");
    const llmgw_json_t *budget = llmgw_json_lookup(v, "budget_tokens");
    apr_int64_t n;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_anthropic_invalid(r, "thinking", "an object");
    }
    if (!llmgw_json_is(type, LLMGW_JSON_STRING)) {
        return llmgw_anthropic_invalid(r, "thinking.type", "a string");
    }
    if (llmgw_json_string_is(type, "disabled")) {
        r->req->reasoning_off = 1;
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(llmgw_json_lookup(v, "display"), "summarized")) {
        r->req->reasoning_summary = LLMGW_STR_LIT("auto");
    }
    if (!llmgw_json_string_is(type, "enabled") || !budget) {
        r->req->reasoning_adaptive = 1;
        return APR_SUCCESS;
    }
    if (llmgw_json_int(budget, &n) != APR_SUCCESS || n < 0) {
        return llmgw_anthropic_invalid(r, "thinking.budget_tokens",
                                       "a whole number, not negative");
    }
    r->req->reasoning_budget = llmgw_json_raw(budget);
    return APR_SUCCESS;
}

/* {"type":"json_schema","schema"}, within output_config or by itself. */
static apr_status_t read_format(anthropic_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *schema = llmgw_json_lookup_type(v, "schema",
                                                        LLMGW_JSON_OBJECT);

    if (!llmgw_json_string_is(llmgw_json_lookup(v, "type"), "json_schema")) {
        return llmgw_anthropic_invalid(r, "type", "\"json_schema\"");
    }
    if (!schema) {
        return llmgw_anthropic_invalid(r, "schema", "an object");
    }
    r->req->format = LLMGW_FORMAT_JSON_SCHEMA;
    r->req->schema = llmgw_json_raw(schema);
    return APR_SUCCESS;
}

static apr_status_t read_format_in(anthropic_reading_t *r, const char *field,
                                   const llmgw_json_t *v)
{
    anthropic_place_t here = { r->place, field, -1 };
    apr_status_t rv;

    r->place = &here;
    rv = v->type == LLMGW_JSON_OBJECT
        ? read_format(r, v) : llmgw_anthropic_invalid(r, NULL, "an object");
    r->place = here.up;
    return rv;
}

static apr_status_t read_output_format(anthropic_reading_t *r,
                                       const llmgw_json_t *v)
{
    return read_format_in(r, "output_format", v);
}

static apr_status_t read_output_member(anthropic_reading_t *r,
                                       const llmgw_json_t *config,
                                       const llmgw_json_t *name,
                                       const llmgw_json_t *value)
{
    if (value->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(name, "effort")) {
        return llmgw_anthropic_read_string(r, config, "effort",
                                           &r->req->effort);
    }
    if (llmgw_json_string_is(name, "format")) {
        return read_format_in(r, "format", value);
    }
    add_extra(r, "output_config", name, value);
    return APR_SUCCESS;
}

static apr_status_t read_output_config(anthropic_reading_t *r,
                                       const llmgw_json_t *v)
{
    anthropic_place_t here = { r->place, "output_config", -1 };
    const llmgw_json_t *name, *value;
    apr_status_t rv = APR_SUCCESS;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_anthropic_invalid(r, "output_config", "an object");
    }
    r->place = &here;
    for (name = llmgw_json_member(v, NULL, &value);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(v, value, &value)) {
        rv = read_output_member(r, v, name, value);
    }
    r->place = here.up;
    return rv;
}

/* {"type":"create"} or "continue": a conversation that Anthropic keeps, so that
 * requests hold only what is new. Another API sees nothing of the rest: whatever
 * LLMUnsupported says, clients must be told, and then send it all. */
static apr_status_t read_thread(anthropic_reading_t *r,
                                const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_anthropic_invalid(r, "thread", "an object");
    }
    llmgw_err_set(r->err, r->p, LLMGW_EUNSUPPORTED, "thread",
                  "The model this request goes to keeps no conversations: "
                  "send all messages, and no \"thread\".");
    if (r->err) {
        r->err->code = "thread_unsupported_request";
    }
    return LLMGW_EUNSUPPORTED;
}

/* ---- the table ---------------------------------------------------------- */

typedef apr_status_t (*read_fn)(anthropic_reading_t *r,
                                const llmgw_json_t *v);

typedef enum kind_e {
    IS_NUMBER,                  /* raw */
    IS_STRING,
    IS_FLAG,                    /* 1 or 0 */
    IS_READ,                    /* by a function */
    IS_DONE                     /* read before, for its place in the order */
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
#define DONE(name) { name, IS_DONE, 0, NULL }

static const member_t members[] = {
    FIELD(IS_STRING, "model", model),
    FIELD(IS_FLAG, "stream", stream),
    DONE("system"),
    DONE("messages"),
    READ("max_tokens", read_max_tokens),
    READ("tools", llmgw_anthropic_read_tools),
    READ("tool_choice", llmgw_anthropic_read_choice),
    FIELD(IS_NUMBER, "temperature", temperature),
    FIELD(IS_NUMBER, "top_p", top_p),
    FIELD(IS_NUMBER, "top_k", top_k),
    READ("stop_sequences", read_stop),
    READ("metadata", read_metadata),
    READ("thinking", read_thinking),
    READ("output_config", read_output_config),
    READ("output_format", read_output_format),
    READ("thread", read_thread),
    FIELD(IS_STRING, "service_tier", service_tier)
};

static apr_status_t store_member(anthropic_reading_t *r, const member_t *m,
                                 const llmgw_json_t *v)
{
    void *field = (char *)r->req + m->offset;

    switch (m->kind) {
    case IS_NUMBER:
        if (v->type != LLMGW_JSON_NUMBER) {
            return llmgw_anthropic_invalid(r, m->name, "a number");
        }
        *(llmgw_str_t *)field = llmgw_json_raw(v);
        return APR_SUCCESS;
    case IS_STRING:
        if (v->type != LLMGW_JSON_STRING) {
            return llmgw_anthropic_invalid(r, m->name, "a string");
        }
        *(llmgw_str_t *)field = llmgw_json_string(v, r->p);
        return APR_SUCCESS;
    case IS_FLAG:
        if (llmgw_json_bool(v, -1) < 0) {
            return llmgw_anthropic_invalid(r, m->name, "true or false");
        }
        *(int *)field = llmgw_json_bool(v, 0);
        return APR_SUCCESS;
    case IS_READ:
        return m->read(r, v);
    case IS_DONE:
        break;
    }
    return APR_SUCCESS;
}

static apr_status_t read_member(anthropic_reading_t *r,
                                const llmgw_json_t *name,
                                const llmgw_json_t *value)
{
    apr_size_t i;

    if (value->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (llmgw_json_string_is(name, members[i].name)) {
            return store_member(r, &members[i], value);
        }
    }
    add_extra(r, "", name, value);
    return APR_SUCCESS;
}

/* ---- the whole ---------------------------------------------------------- */

static apr_status_t read_body(anthropic_reading_t *r,
                              const llmgw_json_t *body)
{
    const llmgw_json_t *name, *value;
    apr_status_t rv;

    rv = llmgw_anthropic_read_system(r, llmgw_json_lookup(body, "system"));
    if (rv == APR_SUCCESS) {
        rv = llmgw_anthropic_read_messages(r, llmgw_json_lookup(body,
                                                                "messages"));
    }
    for (name = llmgw_json_member(body, NULL, &value);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(body, value, &value)) {
        rv = read_member(r, name, value);
    }
    return rv;
}

/* What follows from several members together. */
static apr_status_t settle(anthropic_reading_t *r,
                           const llmgw_address_t *address)
{
    llmgw_request_t *req = r->req;

    if (!req->model.len && address && address->model.p) {
        req->model = address->model;
    }
    if (!req->model.p) {
        return llmgw_anthropic_missing(r, "model");
    }
    if (!req->tools->nelts) {
        req->choice = LLMGW_CHOICE_UNSET;
        req->choice_name = LLMGW_STR_NULL;
        req->parallel_tools = -1;
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_anthropic_request_decode(llmgw_request_t **out,
                                            const llmgw_json_t *body,
                                            const llmgw_address_t *address,
                                            apr_pool_t *p, llmgw_err_t *err)
{
    anthropic_reading_t r;
    apr_status_t rv;

    if (!llmgw_json_is(body, LLMGW_JSON_OBJECT)) {
        return llmgw_err_set(err, p, LLMGW_EINVAL, NULL,
                             "The body must be a JSON object.");
    }
    memset(&r, 0, sizeof(r));
    r.req = llmgw_request_create(p);
    r.req->dialect = &llmgw_dialect_anthropic;
    r.p = p;
    r.err = err;
    r.calls = apr_hash_make(p);
    rv = read_body(&r, body);
    if (rv == APR_SUCCESS) {
        rv = settle(&r, address);
    }
    if (rv == APR_SUCCESS) {
        *out = r.req;
    }
    return rv;
}
