/* anthropic_wire.h: for tests: is a stream of messages as it must be, and what
 * of an answer survives the way through it */
#ifndef LLMGW_TESTS_ANTHROPIC_WIRE_H
#define LLMGW_TESTS_ANTHROPIC_WIRE_H

#include "answers.h"

/* ---- structure ---------------------------------------------------------- */

typedef struct wire_t {
    const char *id;             /* for messages */
    llmgw_json_doc_t *doc;
    int started;
    int open;                   /* a block is */
    int nblocks;
    char kind[64];              /* its type */
    int has_text;               /* it got some */
    int deltas;                 /* message_delta events */
    int stopped;
    int failed;
} wire_t;

#define wire_check(w, what) \
    ck_assert_msg((what), "%s: %s, event %d", (w)->id, #what, (w)->nblocks)

static inline void check_members(const wire_t *w, const llmgw_json_t *obj,
                                 const char *const *names)
{
    for (; *names; names++) {
        ck_assert_msg(llmgw_json_lookup(obj, *names) != NULL, "%s: no %s in "
                      "%.*s", w->id, *names,
                      LLMGW_STR_ARG(llmgw_json_raw(obj)));
    }
}

static inline void check_delta_kind(wire_t *w, const llmgw_json_t *delta)
{
    static const char *const kinds[][3] = {
        { "text", "text_delta", "text" },
        { "text", "citations_delta", "citation" },
        { "thinking", "thinking_delta", "thinking" },
        { "thinking", "signature_delta", "signature" },
        { "tool_use", "input_json_delta", "partial_json" }
    };
    const llmgw_json_t *type = llmgw_json_lookup(delta, "type");
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i][0], w->kind) == 0
            && llmgw_json_string_is(type, kinds[i][1])) {
            wire_check(w, llmgw_json_lookup(delta, kinds[i][2]));
            w->has_text |= i == 0 && llmgw_json_lookup(delta, "text")->len > 2;
            return;
        }
    }
    ck_abort_msg("%s: %.*s in a block %s", w->id,
                 LLMGW_STR_ARG(llmgw_json_raw(delta)), w->kind);
}

static inline void check_index(const wire_t *w, const llmgw_json_t *ev)
{
    apr_int64_t n;

    unit_assert_ok(llmgw_json_int(llmgw_json_lookup(ev, "index"), &n));
    wire_check(w, n == w->nblocks);
}

static inline void check_block(wire_t *w, const llmgw_json_t *ev,
                               const char *type)
{
    const llmgw_json_t *block = llmgw_json_lookup(ev, "content_block");
    llmgw_str_t kind;

    wire_check(w, w->started && !w->deltas && !w->stopped);
    check_index(w, ev);
    if (strcmp(type, "content_block_start") == 0) {
        wire_check(w, !w->open);
        kind = llmgw_json_string(llmgw_json_lookup(block, "type"), unit_pool);
        apr_snprintf(w->kind, sizeof(w->kind), "%.*s", LLMGW_STR_ARG(kind));
        w->open = 1;
        w->has_text = 0;
    }
    else if (strcmp(type, "content_block_delta") == 0) {
        wire_check(w, w->open);
        check_delta_kind(w, llmgw_json_lookup(ev, "delta"));
    }
    else {
        wire_check(w, w->open);
        wire_check(w, strcmp(w->kind, "text") != 0 || w->has_text);
        w->open = 0;
        w->nblocks++;
    }
}

static inline apr_int64_t get_figure(const llmgw_json_t *usage,
                                     const char *name)
{
    apr_int64_t n = -1;

    llmgw_json_int(llmgw_json_lookup(usage, name), &n);
    return n;
}

static inline void check_start(wire_t *w, const llmgw_json_t *message)
{
    static const char *const names[] = {
        "id", "type", "role", "model", "content", "stop_reason",
        "stop_sequence", "stop_details", "container", "diagnostics", "usage",
        NULL
    };
    static const char *const figures[] = {
        "input_tokens", "output_tokens", "cache_read_input_tokens",
        "cache_creation_input_tokens", "cache_creation", "server_tool_use",
        "service_tier", "output_tokens_details", "inference_geo", "speed",
        NULL
    };
    const llmgw_json_t *usage = llmgw_json_lookup(message, "usage");

    check_members(w, message, names);
    check_members(w, usage, figures);
    wire_check(w, get_figure(usage, "input_tokens") >= 0);
    w->started = 1;
}

static inline void check_message_delta(wire_t *w, const llmgw_json_t *ev)
{
    static const char *const names[] = { "stop_reason", "stop_sequence",
                                         "stop_details", "container", NULL };
    static const char *const figures[] = {
        "input_tokens", "output_tokens", "cache_read_input_tokens",
        "cache_creation_input_tokens", "server_tool_use",
        "output_tokens_details", NULL
    };

    wire_check(w, w->started && !w->open && !w->stopped);
    check_members(w, llmgw_json_lookup(ev, "delta"), names);
    check_members(w, llmgw_json_lookup(ev, "usage"), figures);
    wire_check(w, llmgw_json_is(llmgw_json_lookup(llmgw_json_lookup(
        ev, "delta"), "stop_reason"), LLMGW_JSON_STRING));
    w->deltas++;
}

static inline apr_status_t check_wire_event(void *ctx,
                                            const llmgw_sse_event_t *ev)
{
    wire_t *w = ctx;
    const llmgw_json_t *root;
    const char *type;

    wire_check(w, ev->data.p && !w->stopped && !w->failed);
    unit_assert_ok(llmgw_json_parse(w->doc, ev->data.p, ev->data.len, &root,
                                    NULL));
    type = llmgw_str_dupz(unit_pool, ev->type);
    wire_check(w, llmgw_json_string_is(llmgw_json_lookup(root, "type"), type));
    if (strncmp(type, "content_block_", 14) == 0) {
        check_block(w, root, type);
    }
    else if (strcmp(type, "message_start") == 0) {
        wire_check(w, !w->started);
        check_start(w, llmgw_json_lookup(root, "message"));
    }
    else if (strcmp(type, "message_delta") == 0) {
        check_message_delta(w, root);
    }
    else if (strcmp(type, "message_stop") == 0) {
        wire_check(w, w->deltas == 1);
        w->stopped = 1;
    }
    else if (strcmp(type, "error") == 0) {
        w->failed = 1;
    }
    else {
        ck_assert_str_eq(type, "ping");
    }
    return APR_SUCCESS;
}

/** Fails unless a stream is one: one block open at a time, each start stopped,
 * indexes rise, message_delta before message_stop; or it ends with an error. */
static inline void check_wire(const char *id, llmgw_str_t stream)
{
    wire_t w;
    llmgw_sse_t *sse;

    memset(&w, 0, sizeof(w));
    w.id = id;
    w.doc = llmgw_json_doc_create(unit_pool, NULL);
    sse = llmgw_sse_create(unit_pool, 64 << 20, check_wire_event, &w);
    unit_assert_ok(llmgw_sse_feed(sse, stream.p, stream.len));
    unit_assert_ok(llmgw_sse_finish(sse));
    ck_assert_msg(w.stopped || w.failed, "%s: the stream does not end", id);
}

/* ---- substance ---------------------------------------------------------- */

static inline int is_made_up_id(llmgw_str_t id)
{
    return id.len == 0 || (id.len > 12 && memcmp(id.p, "toolu_token_", 12)
                           == 0);
}

/* The arguments as a message has them: {} for none, wrapped where they are no
 * object (whole messages only) or a free-form text. */
static inline void put_arguments(llmgw_buf_t *b, const llmgw_block_t *block,
                                 int stream)
{
    llmgw_str_t args = llmgw_str_trim(llmgw_buf_str(block->text));
    llmgw_json_type_e type = LLMGW_JSON_NULL;
    int is_object = llmgw_json_scan(args.p, args.len, NULL, NULL, NULL, &type,
                                    NULL) == APR_SUCCESS
        && type == LLMGW_JSON_OBJECT;

    if (!args.len) {
        llmgw_buf_puts(b, "{}");
    }
    else if (block->is_custom || (!stream && !is_object)) {
        llmgw_buf_puts(b, "{\"input\":");
        llmgw_json_put_string(b, args);
        llmgw_buf_puts(b, "}");
    }
    else {
        llmgw_buf_put(b, args);
    }
}

static inline int put_message_kinds(llmgw_buf_t *b, const llmgw_choice_t *c,
                                    int stream, int *refused)
{
    static const llmgw_event_e kinds[] = {
        LLMGW_EV_TEXT, LLMGW_EV_REASONING, LLMGW_EV_REDACTED,
        LLMGW_EV_REFUSAL, LLMGW_EV_TOOL_START
    };
    const llmgw_block_t *block;
    int i, ncalls = 0;
    size_t k;

    *refused = 0;
    for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        llmgw_buf_printf(b, "\n%s:", event_names[kinds[k]]);
        for (i = 0; i < c->blocks->nelts; i++) {
            block = APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *);
            if (block->type != kinds[k]) {
                continue;
            }
            *refused |= block->type == LLMGW_EV_REFUSAL;
            if (block->type == LLMGW_EV_TOOL_START) {
                ncalls++;
                put_named(b, "id", is_made_up_id(block->id)
                          ? LLMGW_STR_NULL : block->id);
                put_named(b, "name", block->name);
                put_arguments(b, block, stream);
            }
            else {
                llmgw_buf_put(b, llmgw_buf_str(block->text));
            }
            if (block->signature) {
                put_named(b, "signature", llmgw_buf_str(block->signature));
            }
        }
    }
    return ncalls;
}

/** What of an answer a message holds, as text. */
static inline llmgw_str_t message_substance(const llmgw_answer_t *a,
                                            int stream)
{
    static const char *const classes[] = {
        "end", "end", "length", "sequence", "tool", "refusal", "refusal",
        "pause", "context", "end"
    };
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 64 << 20);
    const llmgw_usage_t *u = &a->usage;
    apr_int64_t cached = known(u->cache_read) + known(u->cache_write);
    const llmgw_choice_t *c;
    const char *stop;
    int ncalls, refused;

    if (a->choices->nelts) {
        c = APR_ARRAY_IDX(a->choices, 0, llmgw_choice_t *);
        ncalls = put_message_kinds(b, c, stream, &refused);
        stop = classes[c->stop];
        if (strcmp(stop, "end") == 0) {
            stop = ncalls ? "tool" : refused ? "refusal" : "end";
        }
        llmgw_buf_printf(b, "\n%s %.*s", stop,
                         LLMGW_STR_ARG(c->stop_sequence));
    }
    /* some providers count less in the prompt than in the cache */
    llmgw_buf_printf(b, "\n%ld %ld %ld %ld %ld",
                     (long)(u->prompt < cached ? cached : known(u->prompt)),
                     (long)known(u->completion), (long)known(u->cache_read),
                     (long)known(u->cache_write), (long)known(u->reasoning));
    return llmgw_buf_str(b);
}

/** Write it as a message, whole and streamed, and read both back. */
static inline UNIT_UNUSED void check_message_round_trip(
    const char *id, const llmgw_answer_t *a, int splits)
{
    const llmgw_dialect_t *anthropic = &llmgw_dialect_anthropic;
    llmgw_answer_opts_t opts;
    llmgw_str_t wire, want, have;
    decoded_t back;
    int stream;

    for (stream = 0; stream < 2; stream++) {
        opts = answer_opts(stream);
        wire = encode_answer(anthropic, &opts, a);
        if (stream) {
            check_wire(id, wire);
        }
        back = splits && stream ? decode_splits(anthropic, stream, wire)
                                : decode(anthropic, stream, wire);
        ck_assert_msg(back.status == APR_SUCCESS, "%s: cannot be read back",
                      id);
        want = message_substance(a, stream);
        have = message_substance(back.answer, 1);
        ck_assert_msg(llmgw_str_eq(want, have),
                      "%s, stream %d:\n%.*s\n-- read back --\n%.*s\n%.*s", id,
                      stream, LLMGW_STR_ARG(want), LLMGW_STR_ARG(have),
                      LLMGW_STR_ARG(wire));
    }
}

#endif /* LLMGW_TESTS_ANTHROPIC_WIRE_H */
