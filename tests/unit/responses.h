/* responses.h: for tests of Responses: the order of a stream's events */
#ifndef LLMGW_TESTS_RESPONSES_H
#define LLMGW_TESTS_RESPONSES_H

#include "requests.h"
#include "llmgw/json.h"

#define LIFE_ITEMS 256
#define LIFE_PARTS 64

/** A part of an item, and what its deltas made of it. */
typedef struct life_part_t {
    llmgw_buf_t *text;
    int is_open;                /* added, not done */
    int is_said;                /* its text is done */
} life_part_t;

typedef struct life_item_t {
    const char *id;
    llmgw_str_t type;
    llmgw_str_t done;           /* raw, from output_item.done */
    int is_open;
    int nparts;
    life_part_t parts[LIFE_PARTS];
    life_part_t args;           /* of a call */
    int nannotations;
} life_item_t;

/** What has been seen of a stream. */
typedef struct life_t {
    const char *what;           /* for messages */
    llmgw_json_doc_t *doc;
    apr_int64_t sequence;
    int nitems;
    life_item_t *items;
    int nterminal;              /* completed, incomplete, failed */
    int nerrors;
    int is_lone;                /* there is an error and nothing else */
    int has_done;               /* [DONE] */
    llmgw_str_t status;
    llmgw_str_t event;          /* the one at hand, for messages */
} life_t;

#define LIFE_CHECK(life, truth) \
    ck_assert_msg(truth, "%s: %s in %.*s", (life)->what, #truth, \
                  LLMGW_STR_ARG((life)->event))

static inline llmgw_str_t life_string(life_t *life, const llmgw_json_t *obj,
                                      const char *name)
{
    const llmgw_json_t *v = llmgw_json_lookup(obj, name);

    LIFE_CHECK(life, llmgw_json_is(v, LLMGW_JSON_STRING));
    return llmgw_str_dup(unit_pool, llmgw_json_string(v, unit_pool));
}

static inline int life_int(life_t *life, const llmgw_json_t *obj,
                           const char *name)
{
    apr_int64_t n = -1;

    LIFE_CHECK(life, llmgw_json_int(llmgw_json_lookup(obj, name), &n)
               == APR_SUCCESS);
    return (int)n;
}

/* The item of an event, which must be open. */
static inline life_item_t *life_item(life_t *life, const llmgw_json_t *ev)
{
    int n = life_int(life, ev, "output_index");
    life_item_t *item;

    LIFE_CHECK(life, n >= 0 && n < life->nitems);
    item = &life->items[n];
    LIFE_CHECK(life, item->is_open);
    if (llmgw_json_lookup(ev, "item_id")) {
        LIFE_CHECK(life, llmgw_str_is(life_string(life, ev, "item_id"),
                                      item->id));
    }
    return item;
}

static inline void life_has(life_t *life, const llmgw_json_t *obj,
                            const char *const *names)
{
    for (; *names; names++) {
        ck_assert_msg(llmgw_json_lookup(obj, *names) != NULL, "%s: no %s in "
                      "%.*s", life->what, *names,
                      LLMGW_STR_ARG(life->event));
    }
}

/* Every member that OpenAI or Open Responses demand. */
static inline void life_check_response(life_t *life, const llmgw_json_t *r)
{
    static const char *const names[] = {
        "id", "object", "created_at", "completed_at", "status", "error",
        "incomplete_details", "instructions", "max_output_tokens",
        "max_tool_calls", "metadata", "model", "output",
        "parallel_tool_calls", "previous_response_id", "presence_penalty",
        "frequency_penalty", "prompt_cache_key", "reasoning",
        "safety_identifier", "service_tier", "store", "background",
        "temperature", "text", "tool_choice", "tools", "top_logprobs",
        "top_p", "truncation", "usage", NULL
    };

    LIFE_CHECK(life, llmgw_json_is(r, LLMGW_JSON_OBJECT));
    life_has(life, r, names);
}

/* ---- items -------------------------------------------------------------- */

static inline void life_item_added(life_t *life, const llmgw_json_t *ev)
{
    const llmgw_json_t *v = llmgw_json_lookup(ev, "item");
    life_item_t *item = &life->items[life->nitems];
    int i;

    LIFE_CHECK(life, life_int(life, ev, "output_index") == life->nitems);
    LIFE_CHECK(life, life->nitems < LIFE_ITEMS);
    item->id = llmgw_str_dupz(unit_pool, life_string(life, v, "id"));
    item->type = life_string(life, v, "type");
    item->is_open = 1;
    item->args.text = llmgw_buf_create(unit_pool, 1 << 24);
    for (i = 0; i < life->nitems; i++) {
        LIFE_CHECK(life, strcmp(life->items[i].id, item->id) != 0);
    }
    life->nitems++;
}

/* What the parts of a finished item must be: those that were gathered. */
static inline void life_check_parts(life_t *life, const life_item_t *item,
                                    const llmgw_json_t *list)
{
    const llmgw_json_t *v, *text;
    int n = 0;

    for (v = llmgw_json_each(list, NULL); v; v = llmgw_json_each(list, v)) {
        text = llmgw_json_lookup(v, "text");
        text = text ? text : llmgw_json_lookup(v, "refusal");
        LIFE_CHECK(life, n < item->nparts);
        LIFE_CHECK(life, !item->parts[n].is_open);
        unit_assert_same(llmgw_json_string(text, unit_pool),
                         llmgw_buf_str(item->parts[n].text));
        n++;
    }
    LIFE_CHECK(life, n == item->nparts);
}

static inline void life_item_done(life_t *life, const llmgw_json_t *ev)
{
    const llmgw_json_t *v = llmgw_json_lookup(ev, "item"), *content;
    life_item_t *item = life_item(life, ev);

    LIFE_CHECK(life, llmgw_str_is(life_string(life, v, "id"), item->id));
    unit_assert_same(life_string(life, v, "type"), item->type);
    item->is_open = 0;
    item->done = llmgw_str_dup(unit_pool, llmgw_json_raw(v));
    if (llmgw_str_is(item->type, "message")) {
        life_check_parts(life, item, llmgw_json_lookup(v, "content"));
    }
    else if (llmgw_str_is(item->type, "reasoning")) {
        content = llmgw_json_lookup(v, "content");
        life_check_parts(life, item, content && content->count ? content
                         : llmgw_json_lookup(v, "summary"));
    }
    else if (llmgw_str_is(item->type, "function_call")
             || llmgw_str_is(item->type, "custom_tool_call")) {
        int custom = llmgw_str_is(item->type, "custom_tool_call");

        LIFE_CHECK(life, item->args.is_said);
        life_string(life, v, "call_id");
        life_string(life, v, "name");
        unit_assert_same(life_string(life, v, custom ? "input" : "arguments"),
                         llmgw_buf_str(item->args.text));
    }
}

/* ---- parts -------------------------------------------------------------- */

static inline const char *life_index(const llmgw_json_t *ev)
{
    return llmgw_json_lookup(ev, "summary_index") ? "summary_index"
                                                  : "content_index";
}

static inline void life_part_added(life_t *life, const llmgw_json_t *ev)
{
    life_item_t *item = life_item(life, ev);
    int n = life_int(life, ev, life_index(ev));

    LIFE_CHECK(life, n == item->nparts && n < LIFE_PARTS);
    LIFE_CHECK(life, n == 0 || !item->parts[n - 1].is_open);
    LIFE_CHECK(life, llmgw_json_lookup(ev, "part") != NULL);
    item->parts[n].text = llmgw_buf_create(unit_pool, 1 << 24);
    item->parts[n].is_open = 1;
    item->nparts++;
}

static inline life_part_t *life_part(life_t *life, const llmgw_json_t *ev)
{
    life_item_t *item = life_item(life, ev);
    life_part_t *part = &item->args;
    int n;

    if (llmgw_json_lookup(ev, life_index(ev))) {
        n = life_int(life, ev, life_index(ev));
        LIFE_CHECK(life, n >= 0 && n < item->nparts);
        part = &item->parts[n];
        LIFE_CHECK(life, part->is_open);
    }
    return part;
}

static inline void life_delta(life_t *life, const llmgw_json_t *ev)
{
    life_part_t *part = life_part(life, ev);

    LIFE_CHECK(life, !part->is_said);
    llmgw_buf_put(part->text, life_string(life, ev, "delta"));
}

/* The member of a text's end that has all of it. */
static inline void life_said(life_t *life, const llmgw_json_t *ev,
                             const char *member)
{
    life_part_t *part = life_part(life, ev);

    LIFE_CHECK(life, !part->is_said);
    part->is_said = 1;
    unit_assert_same(life_string(life, ev, member),
                     llmgw_buf_str(part->text));
}

static inline void life_part_done(life_t *life, const llmgw_json_t *ev)
{
    const llmgw_json_t *v = llmgw_json_lookup(ev, "part");
    life_part_t *part = life_part(life, ev);

    LIFE_CHECK(life, part->is_said);
    part->is_open = 0;
    unit_assert_same(life_string(life, v, llmgw_json_lookup(v, "text")
                                 ? "text" : "refusal"),
                     llmgw_buf_str(part->text));
}

static inline void life_annotation(life_t *life, const llmgw_json_t *ev)
{
    life_item_t *item = life_item(life, ev);

    life_part(life, ev);
    LIFE_CHECK(life, llmgw_json_is(llmgw_json_lookup(ev, "annotation"),
                                   LLMGW_JSON_OBJECT));
    life_int(life, ev, "annotation_index");
    item->nannotations++;
}

/* ---- the response ------------------------------------------------------- */

static inline void life_begin(life_t *life, const llmgw_json_t *ev)
{
    const llmgw_json_t *r = llmgw_json_lookup(ev, "response");

    LIFE_CHECK(life, life->sequence <= 1);
    life_check_response(life, r);
    LIFE_CHECK(life, llmgw_str_is(life_string(life, r, "status"),
                                  "in_progress"));
    LIFE_CHECK(life, llmgw_json_lookup(r, "output")->count == 0);
}

/* The final output is what the items' ends said. */
static inline void life_end(life_t *life, const llmgw_json_t *ev)
{
    const llmgw_json_t *r = llmgw_json_lookup(ev, "response"), *v;
    int n = 0, failed;

    life->nterminal++;
    life_check_response(life, r);
    life->status = llmgw_str_dup(unit_pool, life_string(life, r, "status"));
    failed = llmgw_str_is(life->status, "failed");
    LIFE_CHECK(life, failed == (life->nerrors > 0));
    for (v = llmgw_json_each(llmgw_json_lookup(r, "output"), NULL); v;
         v = llmgw_json_each(llmgw_json_lookup(r, "output"), v)) {
        LIFE_CHECK(life, n < life->nitems);
        if (!failed) {
            LIFE_CHECK(life, !life->items[n].is_open);
            unit_assert_same(llmgw_json_raw(v), life->items[n].done);
        }
        n++;
    }
    LIFE_CHECK(life, n == life->nitems);
}

static inline void life_error(life_t *life, const llmgw_json_t *ev)
{
    static const char *const flat[] = { "code", "message", "param", "error",
                                        NULL };
    static const char *const nested[] = { "type", "code", "message", "param",
                                          NULL };

    life->nerrors++;
    life_has(life, ev, flat);
    life_has(life, llmgw_json_lookup(ev, "error"), nested);
}

static inline void life_handle(life_t *life, const llmgw_json_t *ev,
                               llmgw_str_t type)
{
    static const struct {
        const char *type;
        void (*fn)(life_t *life, const llmgw_json_t *ev);
        const char *member;     /* of a text's end */
    } all[] = {
        { "response.created", life_begin, NULL },
        { "response.in_progress", life_begin, NULL },
        { "response.output_item.added", life_item_added, NULL },
        { "response.output_item.done", life_item_done, NULL },
        { "response.content_part.added", life_part_added, NULL },
        { "response.content_part.done", life_part_done, NULL },
        { "response.reasoning_summary_part.added", life_part_added, NULL },
        { "response.reasoning_summary_part.done", life_part_done, NULL },
        { "response.output_text.delta", life_delta, NULL },
        { "response.refusal.delta", life_delta, NULL },
        { "response.reasoning_text.delta", life_delta, NULL },
        { "response.reasoning_summary_text.delta", life_delta, NULL },
        { "response.function_call_arguments.delta", life_delta, NULL },
        { "response.custom_tool_call_input.delta", life_delta, NULL },
        { "response.output_text.done", NULL, "text" },
        { "response.refusal.done", NULL, "refusal" },
        { "response.reasoning_text.done", NULL, "text" },
        { "response.reasoning_summary_text.done", NULL, "text" },
        { "response.function_call_arguments.done", NULL, "arguments" },
        { "response.custom_tool_call_input.done", NULL, "input" },
        { "response.output_text.annotation.added", life_annotation, NULL },
        { "response.completed", life_end, NULL },
        { "response.incomplete", life_end, NULL },
        { "response.failed", life_end, NULL },
        { "error", life_error, NULL }
    };
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (llmgw_str_is(type, all[i].type)) {
            if (all[i].fn) {
                all[i].fn(life, ev);
            }
            else {
                life_said(life, ev, all[i].member);
            }
            return;
        }
    }
    ck_abort_msg("%s: unknown event %.*s", life->what, LLMGW_STR_ARG(type));
}

static inline apr_status_t life_event(void *ctx, const llmgw_sse_event_t *sse)
{
    life_t *life = ctx;
    const llmgw_json_t *ev;
    llmgw_str_t type;

    if (!sse->data.p) {
        return APR_SUCCESS;     /* a comment */
    }
    life->event = sse->data;
    LIFE_CHECK(life, !life->has_done);
    if (llmgw_str_is(sse->data, "[DONE]")) {
        life->has_done = 1;
        return APR_SUCCESS;
    }
    LIFE_CHECK(life, life->nterminal == 0);
    unit_assert_ok(llmgw_json_parse(life->doc, sse->data.p, sse->data.len,
                                    &ev, NULL));
    type = life_string(life, ev, "type");
    unit_assert_same(type, sse->type);
    LIFE_CHECK(life, life_int(life, ev, "sequence_number")
               == life->sequence);
    if (life->sequence == 0 && llmgw_str_is(type, "error")) {
        life->is_lone = 1;      /* it may follow what a provider said */
    }
    LIFE_CHECK(life, (life->sequence == 0 && !life->is_lone)
               == llmgw_str_is(type, "response.created"));
    LIFE_CHECK(life, (life->sequence == 1 && !life->is_lone)
               == llmgw_str_is(type, "response.in_progress"));
    life_handle(life, ev, type);
    life->sequence++;
    return APR_SUCCESS;
}

/** Check all of a stream as the gateway writes it. Returns its status. */
static inline UNIT_UNUSED const char *check_lifecycle(const char *what,
                                                      llmgw_str_t wire)
{
    llmgw_sse_t *sse;
    life_t life;
    int i;

    memset(&life, 0, sizeof(life));
    life.what = what;
    life.doc = llmgw_json_doc_create(unit_pool, NULL);
    life.items = apr_pcalloc(unit_pool, (LIFE_ITEMS + 1)
                             * sizeof(life_item_t));
    sse = llmgw_sse_create(unit_pool, 1 << 26, life_event, &life);
    unit_assert_ok(llmgw_sse_feed(sse, wire.p, wire.len));
    ck_assert_int_eq(llmgw_sse_pending(sse), 0);
    unit_assert_ok(llmgw_sse_finish(sse));
    ck_assert_msg(life.nterminal == 1 && life.has_done,
                  "%s: no proper end", what);
    for (i = 0; i < life.nitems && !life.nerrors; i++) {
        ck_assert_msg(!life.items[i].is_open, "%s: an item has no end", what);
    }
    return llmgw_str_dupz(unit_pool, life.status);
}

#endif /* LLMGW_TESTS_RESPONSES_H */
