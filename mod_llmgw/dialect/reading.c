/* reading.c: what the dialects have in common in reading a request */
#include <string.h>
#include <apr_strings.h>
#include "reading.h"

/* ---- one way of spelling ------------------------------------------------ */

static llmgw_str_t same_name(llmgw_str_t given, apr_pool_t *p)
{
    (void)p;
    return given;
}

static int plain_number(const llmgw_json_t *v, llmgw_str_t *raw)
{
    *raw = llmgw_json_raw(v);
    return v->type == LLMGW_JSON_NUMBER;
}

static const llmgw_spelling_t plain = {
    llmgw_json_lookup, same_name, plain_number
};

/* ---- the whole ---------------------------------------------------------- */

apr_status_t llmgw_reading_begin(llmgw_reading_t *r, const llmgw_json_t *body,
                                 const llmgw_dialect_t *dialect,
                                 apr_pool_t *p, llmgw_err_t *err)
{
    memset(r, 0, sizeof(*r));
    r->req = llmgw_request_create(p);
    r->req->dialect = dialect;
    r->p = p;
    r->err = err;
    r->spelling = &plain;
    r->calls = apr_hash_make(p);
    return llmgw_json_is(body, LLMGW_JSON_OBJECT) ? APR_SUCCESS
        : llmgw_err_set(err, p, LLMGW_EINVAL, NULL,
                        "The body must be a JSON object.");
}

apr_status_t llmgw_reading_settle(llmgw_reading_t *r,
                                  const llmgw_address_t *address)
{
    llmgw_request_t *req = r->req;

    if (!req->model.len && address && address->model.p) {
        req->model = address->model;
    }
    if (!req->model.p) {
        return llmgw_reading_missing(r, "model");
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

/* ---- errors that say where ---------------------------------------------- */

static const char *get_path(const llmgw_place_t *place, apr_pool_t *p)
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

static const char *get_place(const llmgw_reading_t *r, const char *field)
{
    const char *path = get_path(r->place, r->p);

    return field ? apr_pstrcat(r->p, path, *path ? "." : "", field, NULL)
                 : path;
}

apr_status_t llmgw_reading_invalid(llmgw_reading_t *r, const char *field,
                                   const char *expected)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EINVAL, place,
                         "Invalid value for '%s': expected %s.", place,
                         expected);
}

apr_status_t llmgw_reading_missing(llmgw_reading_t *r, const char *field)
{
    const char *place = get_place(r, field);

    return llmgw_err_set(r->err, r->p, LLMGW_EMISSING, place,
                         "Missing required parameter: '%s'.", place);
}

apr_status_t llmgw_reading_refuse(llmgw_reading_t *r, const char *field,
                                  const char *message)
{
    return llmgw_err_set(r->err, r->p, LLMGW_EUNSUPPORTED,
                         get_place(r, field), "%s", message);
}

/* ---- values ------------------------------------------------------------- */

apr_status_t llmgw_reading_string(llmgw_reading_t *r, const llmgw_json_t *obj,
                                  const char *field, llmgw_str_t *out)
{
    const llmgw_json_t *v = r->spelling->lookup(obj, field);

    if (!v || v->type == LLMGW_JSON_NULL) {
        return APR_SUCCESS;
    }
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_reading_invalid(r, field, "a string");
    }
    *out = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

apr_status_t llmgw_reading_required(llmgw_reading_t *r,
                                    const llmgw_json_t *obj,
                                    const char *field, llmgw_str_t *out)
{
    apr_status_t rv = llmgw_reading_string(r, obj, field, out);

    return rv == APR_SUCCESS && !out->p ? llmgw_reading_missing(r, field)
                                        : rv;
}

apr_status_t llmgw_reading_filled(llmgw_reading_t *r, const llmgw_json_t *obj,
                                  const char *field, llmgw_str_t *out)
{
    apr_status_t rv = llmgw_reading_string(r, obj, field, out);

    return rv == APR_SUCCESS && !out->len ? llmgw_reading_missing(r, field)
                                          : rv;
}

apr_status_t llmgw_reading_count(llmgw_reading_t *r, const llmgw_json_t *v,
                                 const char *field, llmgw_str_t *out)
{
    apr_int64_t n;

    if (llmgw_json_int(v, &n) != APR_SUCCESS || n < 0) {
        return llmgw_reading_invalid(r, field, "a whole number, not negative");
    }
    *out = llmgw_json_raw(v);
    return APR_SUCCESS;
}

apr_status_t llmgw_reading_strings(llmgw_reading_t *r, const llmgw_json_t *v,
                                   const char *field,
                                   apr_array_header_t **out)
{
    apr_array_header_t *list = apr_array_make(r->p, 4, sizeof(llmgw_str_t));
    const llmgw_json_t *s;

    if (!llmgw_json_is(v, LLMGW_JSON_ARRAY)) {
        return llmgw_reading_invalid(r, field, "an array of strings");
    }
    for (s = llmgw_json_each(v, NULL); s; s = llmgw_json_each(v, s)) {
        if (s->type != LLMGW_JSON_STRING) {
            return llmgw_reading_invalid(r, field, "an array of strings");
        }
        APR_ARRAY_PUSH(list, llmgw_str_t) = llmgw_json_string(s, r->p);
    }
    *out = list;
    return APR_SUCCESS;
}

/* ---- lists and objects -------------------------------------------------- */

apr_status_t llmgw_reading_each(llmgw_reading_t *r, const char *field,
                                const llmgw_json_t *list, llmgw_reading_fn fn,
                                void *ctx)
{
    llmgw_place_t here = { r->place, field, 0 };
    const llmgw_json_t *v;
    apr_status_t rv = APR_SUCCESS;

    r->place = &here;
    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        rv = fn(r, v, ctx);
        here.index++;
    }
    r->place = here.up;
    return rv;
}

apr_status_t llmgw_reading_object(llmgw_reading_t *r, const char *field,
                                  const llmgw_json_t *v, llmgw_reading_fn fn,
                                  void *ctx)
{
    llmgw_place_t here = { r->place, field, -1 };
    apr_status_t rv;

    if (!llmgw_json_is(v, LLMGW_JSON_OBJECT)) {
        return llmgw_reading_invalid(r, field, "an object");
    }
    r->place = &here;
    rv = fn(r, v, ctx);
    r->place = here.up;
    return rv;
}

/* ---- members by table --------------------------------------------------- */

void llmgw_reading_extra(llmgw_reading_t *r, llmgw_str_t name,
                         const llmgw_json_t *value, int is_meaning)
{
    llmgw_extra_t *extra = apr_array_push(r->req->extras);
    const char *path = get_path(r->place, r->p);

    extra->name = *path ? llmgw_str_of(apr_pstrcat(
        r->p, path, ".", llmgw_str_dupz(r->p, name), NULL)) : name;
    extra->value = llmgw_json_raw(value);
    extra->is_meaning = is_meaning;
}

static apr_status_t store_raw(llmgw_reading_t *r, const llmgw_member_t *m,
                              const llmgw_json_t *v, llmgw_json_type_e type,
                              const char *expected)
{
    if (v->type != type) {
        return llmgw_reading_invalid(r, m->name, expected);
    }
    *(llmgw_str_t *)((char *)r->req + m->offset) = llmgw_json_raw(v);
    return APR_SUCCESS;
}

static apr_status_t store_number(llmgw_reading_t *r, const llmgw_member_t *m,
                                 const llmgw_json_t *v)
{
    llmgw_str_t raw;

    if (!r->spelling->number(v, &raw)) {
        return llmgw_reading_invalid(r, m->name, "a number");
    }
    *(llmgw_str_t *)((char *)r->req + m->offset) = raw;
    return APR_SUCCESS;
}

static apr_status_t store_string(llmgw_reading_t *r, const llmgw_member_t *m,
                                 const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_STRING) {
        return llmgw_reading_invalid(r, m->name, "a string");
    }
    *(llmgw_str_t *)((char *)r->req + m->offset) = llmgw_json_string(v, r->p);
    return APR_SUCCESS;
}

static apr_status_t store_flag(llmgw_reading_t *r, const llmgw_member_t *m,
                               const llmgw_json_t *v)
{
    int truth = llmgw_json_bool(v, -1);

    if (truth < 0) {
        return llmgw_reading_invalid(r, m->name, "true or false");
    }
    *(int *)((char *)r->req + m->offset) = truth;
    return APR_SUCCESS;
}

static apr_status_t store_member(llmgw_reading_t *r, const llmgw_member_t *m,
                                 const llmgw_json_t *v)
{
    switch (m->kind) {
    case LLMGW_MEMBER_NUMBER:
        return store_number(r, m, v);
    case LLMGW_MEMBER_COUNT:
        return llmgw_reading_count(r, v, m->name, (llmgw_str_t *)(
            (char *)r->req + m->offset));
    case LLMGW_MEMBER_STRING:
        return store_string(r, m, v);
    case LLMGW_MEMBER_FLAG:
        return store_flag(r, m, v);
    case LLMGW_MEMBER_OBJECT:
        return store_raw(r, m, v, LLMGW_JSON_OBJECT, "an object");
    case LLMGW_MEMBER_ARRAY:
        return store_raw(r, m, v, LLMGW_JSON_ARRAY, "an array");
    case LLMGW_MEMBER_READ:
        return m->read(r, v);
    case LLMGW_MEMBER_MEANING:
        llmgw_reading_extra(r, llmgw_str_of(m->name), v, 1);
        break;
    case LLMGW_MEMBER_DONE:
        break;
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_reading_members(llmgw_reading_t *r,
                                   const llmgw_json_t *obj,
                                   const llmgw_member_t *members, int n)
{
    const llmgw_json_t *key, *value;
    llmgw_str_t name;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (key = llmgw_json_member(obj, NULL, &value); key && rv == APR_SUCCESS;
         key = llmgw_json_member(obj, value, &value)) {
        if (value->type == LLMGW_JSON_NULL) {
            continue;
        }
        name = r->spelling->name(llmgw_json_string(key, r->p), r->p);
        for (i = 0; i < n && !llmgw_str_is(name, members[i].name); i++) {
        }
        if (i < n) {
            rv = store_member(r, &members[i], value);
        }
        else {
            llmgw_reading_extra(r, name, value, 0);
        }
    }
    return rv;
}

/* ---- messages, calls, tools --------------------------------------------- */

llmgw_message_t *llmgw_reading_add_message(llmgw_reading_t *r,
                                           llmgw_role_e role)
{
    llmgw_message_t *m = llmgw_request_add_message(r->req, r->p, role);
    const llmgw_place_t *place;

    m->number = -1;
    for (place = r->place; place; place = place->up) {
        m->number = place->index;
    }
    return m;
}

void llmgw_reading_add_call(llmgw_reading_t *r, llmgw_str_t id,
                            llmgw_str_t name)
{
    llmgw_str_t *copy = apr_palloc(r->p, sizeof(*copy));

    *copy = name;
    apr_hash_set(r->calls, id.p, (apr_ssize_t)id.len, copy);
}

llmgw_str_t llmgw_reading_find_call(const llmgw_reading_t *r, llmgw_str_t id)
{
    const llmgw_str_t *name = apr_hash_get(r->calls, id.p,
                                           (apr_ssize_t)id.len);

    return name ? *name : LLMGW_STR_NULL;
}

/* One element may define many tools. @param ctx what reads it */
static apr_status_t read_bounded(llmgw_reading_t *r, const llmgw_json_t *v,
                                 void *ctx)
{
    apr_status_t rv = (*(llmgw_reading_fn *)ctx)(r, v, NULL);

    return rv == APR_SUCCESS && r->req->tools->nelts > LLMGW_TOOLS_MAX
        ? llmgw_reading_invalid(r, NULL, "at most 4096 tools") : rv;
}

apr_status_t llmgw_reading_tools(llmgw_reading_t *r, const char *field,
                                 const llmgw_json_t *list,
                                 llmgw_reading_fn read)
{
    if (!llmgw_json_is(list, LLMGW_JSON_ARRAY)) {
        return llmgw_reading_invalid(r, field, "an array");
    }
    if (list->count > LLMGW_TOOLS_MAX) {
        return llmgw_reading_invalid(r, field, "at most 4096 tools");
    }
    return llmgw_reading_each(r, field, list, read_bounded, &read);
}

llmgw_tool_t *llmgw_reading_add_tool(llmgw_reading_t *r, llmgw_tool_e type,
                                     const llmgw_json_t *raw)
{
    llmgw_tool_t *tool = apr_array_push(r->req->tools);

    memset(tool, 0, sizeof(*tool));
    tool->type = type;
    tool->strict = -1;
    tool->raw = llmgw_json_raw(raw);
    tool->cache_control = llmgw_json_raw(llmgw_json_lookup_type(
        raw, "cache_control", LLMGW_JSON_OBJECT));
    return tool;
}
