/* read_calls.c: reading the calls and results of a conversation */
#include <string.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include "gemini.h"

/* A call of the history. */
typedef struct call_t {
    llmgw_str_t id;
    llmgw_str_t name;
    int is_answered;
    struct call_t *next;        /* of the same name */
} call_t;

/* The calls of a name, in order. */
typedef struct queue_t {
    call_t *first;              /* NULL: all have their answers */
    call_t *last;
} queue_t;

/* What a reading knows of calls. */
typedef struct calls_t {
    apr_hash_t *ids;            /* of call_t, by id */
    apr_hash_t *names;          /* of queue_t, by name */
} calls_t;

void llmgw_gemini_begin_calls(llmgw_reading_t *r)
{
    calls_t *calls = apr_palloc(r->p, sizeof(*calls));

    calls->ids = apr_hash_make(r->p);
    calls->names = apr_hash_make(r->p);
    r->own = calls;
}

static void *get_by(apr_hash_t *hash, llmgw_str_t key)
{
    return key.len ? apr_hash_get(hash, key.p, (apr_ssize_t)key.len) : NULL;
}

/* Calls seldom have ids here; results belong to them in order, by name. */
static void add_call(llmgw_reading_t *r, llmgw_part_t *part)
{
    call_t *call = apr_pcalloc(r->p, sizeof(*call));
    calls_t *calls = r->own;
    queue_t *queue = get_by(calls->names, part->name);

    r->ncalls++;
    if (!part->id.len) {
        part->id = llmgw_str_of(apr_psprintf(r->p, "call_%d", r->ncalls));
    }
    call->id = part->id;
    call->name = part->name;
    apr_hash_set(calls->ids, call->id.p, (apr_ssize_t)call->id.len, call);
    if (!queue) {
        queue = apr_pcalloc(r->p, sizeof(*queue));
        apr_hash_set(calls->names, call->name.p,
                     (apr_ssize_t)call->name.len, queue);
    }
    if (queue->first) {
        queue->last->next = call;
    }
    else {
        queue->first = call;
    }
    queue->last = call;
}

apr_status_t llmgw_gemini_read_call(llmgw_reading_t *r,
                                    const llmgw_json_t *v,
                                    const llmgw_json_t *outer,
                                    llmgw_message_t *m)
{
    const llmgw_json_t *args = llmgw_json_lookup(v, "args");
    llmgw_part_t *part = llmgw_parts_add(m->parts, LLMGW_PART_TOOL_CALL);
    apr_status_t rv;

    rv = llmgw_reading_string(r, v, "name", &part->name);
    if (rv == APR_SUCCESS && !part->name.len) {
        rv = llmgw_reading_missing(r, "functionCall.name");
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, v, "id", &part->id);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, outer, "thoughtSignature",
                                  &part->signature);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    part->arguments = LLMGW_STR_LIT("{}");
    if (args && args->type != LLMGW_JSON_NULL) {
        if (args->type != LLMGW_JSON_OBJECT) {
            return llmgw_reading_invalid(r, "functionCall.args", "an object");
        }
        part->arguments = llmgw_json_raw(args);
    }
    if (llmgw_str_is(part->signature, LLMGW_GEMINI_NO_SIGNATURE)) {
        part->signature = LLMGW_STR_NULL;
    }
    add_call(r, part);
    return APR_SUCCESS;
}

/* The call a result answers: by its id, else the first of its name that has
 * no answer yet. */
static void find_call(llmgw_reading_t *r, llmgw_part_t *result)
{
    const calls_t *calls = r->own;
    queue_t *queue = get_by(calls->names, result->name);
    call_t *call = get_by(calls->ids, result->id);

    while (!result->id.len && queue && queue->first && !call) {
        call = queue->first->is_answered ? NULL : queue->first;
        queue->first = queue->first->next;
    }
    if (call) {
        call->is_answered = 1;
        result->id = call->id;
        result->name = result->name.len ? result->name : call->name;
    }
    else if (!result->id.len) {
        result->id = llmgw_str_of(apr_psprintf(
            r->p, "call_of_%d_%d", r->place->up ? r->place->up->index : 0,
            r->place->index));
    }
}

/* {"output":"text"} is the text, {"error":...} an error; all else is JSON. */
static llmgw_str_t read_response(llmgw_reading_t *r, const llmgw_json_t *v,
                                 int *is_error)
{
    const llmgw_json_t *inner = v, *name;

    if (llmgw_json_is(v, LLMGW_JSON_OBJECT) && v->count == 1) {
        name = llmgw_json_member(v, NULL, &inner);
        *is_error = llmgw_json_string_is(name, "error");
        if (!*is_error && (inner->type != LLMGW_JSON_STRING
                           || (!llmgw_json_string_is(name, "output")
                               && !llmgw_json_string_is(name, "result")))) {
            inner = v;
        }
    }
    if (!inner) {
        return LLMGW_STR_LIT("");
    }
    return inner->type == LLMGW_JSON_STRING ? llmgw_json_string(inner, r->p)
                                            : llmgw_json_raw(inner);
}

static apr_status_t read_result_parts(llmgw_reading_t *r,
                                      const llmgw_json_t *list,
                                      apr_array_header_t *parts)
{
    const llmgw_json_t *v, *data;
    apr_status_t rv = APR_SUCCESS;
    int is_file;

    for (v = llmgw_json_each(list, NULL); v && rv == APR_SUCCESS;
         v = llmgw_json_each(list, v)) {
        data = llmgw_gemini_lookup_type(v, "inlineData", LLMGW_JSON_OBJECT);
        is_file = !data;
        data = data ? data : llmgw_gemini_lookup_type(v, "fileData",
                                                      LLMGW_JSON_OBJECT);
        rv = data ? llmgw_gemini_read_media(r, data, is_file, parts)
            : llmgw_reading_invalid(r, "functionResponse.parts",
                                    "inlineData or fileData");
    }
    return rv;
}

apr_status_t llmgw_gemini_read_result(llmgw_reading_t *r,
                                      const llmgw_json_t *v,
                                      llmgw_message_t *m)
{
    llmgw_part_t *part = llmgw_parts_add(m->parts, LLMGW_PART_TOOL_RESULT);
    apr_status_t rv;

    part->parts = apr_array_make(r->p, 1, sizeof(llmgw_part_t));
    rv = llmgw_reading_string(r, v, "name", &part->name);
    if (rv == APR_SUCCESS) {
        rv = llmgw_reading_string(r, v, "id", &part->id);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!part->name.len && !part->id.len) {
        return llmgw_reading_missing(r, "functionResponse.name");
    }
    find_call(r, part);
    llmgw_parts_add(part->parts, LLMGW_PART_TEXT)->text = read_response(
        r, llmgw_json_lookup(v, "response"), &part->is_error);
    return read_result_parts(r, llmgw_json_lookup(v, "parts"), part->parts);
}
