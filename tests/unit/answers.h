/* answers.h: for tests of dialects: answers as text, decoded in any split */
#ifndef LLMGW_TESTS_ANSWERS_H
#define LLMGW_TESTS_ANSWERS_H

#include "unit.h"
#include "llmgw/dialect.h"

static const char *const event_names[] = {
    "start", "text", "reasoning", "signature", "redacted", "tool_start",
    "tool_args", "tool_end", "annotation", "image", "audio", "refusal",
    "logprobs", "builtin", "usage", "stop", "error", "ping"
};

static const char *const stop_names[] = {
    "none", "end", "length", "sequence", "tool", "filter", "refusal", "pause",
    "context", "error"
};

/* ---- events as lines of text -------------------------------------------- */

static inline void put_named(llmgw_buf_t *b, const char *name, llmgw_str_t s)
{
    if (s.p && s.len) {
        llmgw_buf_printf(b, " %s=", name);
        llmgw_json_put_string(b, s);
    }
}

static inline void put_figures(llmgw_buf_t *b, const llmgw_usage_t *u)
{
    const struct {
        const char *name;
        apr_int64_t n;
    } all[] = {
        { "prompt", u->prompt }, { "completion", u->completion },
        { "total", u->total }, { "cache_read", u->cache_read },
        { "cache_write", u->cache_write }, { "reasoning", u->reasoning },
        { "audio_prompt", u->audio_prompt },
        { "audio_completion", u->audio_completion }
    };
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i].n >= 0) {
            llmgw_buf_printf(b, " %s=%" APR_INT64_T_FMT, all[i].name,
                             all[i].n);
        }
    }
}

static inline void put_error(llmgw_buf_t *b, const llmgw_err_t *err)
{
    llmgw_buf_printf(b, " status=%s kind=%d http=%d code=%s",
                     llmgw_status_get(err->status)->code, err->kind,
                     err->http_status, err->code ? err->code : "-");
    put_named(b, "message", llmgw_str_of(err->message));
    put_named(b, "param", llmgw_str_of(err->param));
}

/** One event as a line: an llmgw_event_fn, ctx being a buffer. */
static inline apr_status_t put_event(void *ctx, const llmgw_event_t *ev)
{
    llmgw_buf_t *b = ctx;

    llmgw_buf_puts(b, event_names[ev->type]);
    if (ev->choice) {
        llmgw_buf_printf(b, " choice=%d", ev->choice);
    }
    if (ev->type >= LLMGW_EV_TOOL_START && ev->type <= LLMGW_EV_TOOL_END) {
        llmgw_buf_printf(b, " index=%d", ev->index);
    }
    if (ev->type == LLMGW_EV_STOP) {
        llmgw_buf_printf(b, " %s", stop_names[ev->stop]);
    }
    put_named(b, "id", ev->id);
    put_named(b, "name", ev->name);
    put_named(b, "model", ev->model);
    put_named(b, "media_type", ev->media_type);
    if (ev->created_sec) {
        llmgw_buf_printf(b, " created=%" APR_INT64_T_FMT, ev->created_sec);
    }
    if (ev->is_custom) {
        llmgw_buf_puts(b, " custom");
    }
    if (ev->usage) {
        put_figures(b, ev->usage);
    }
    if (ev->error) {
        put_error(b, ev->error);
    }
    put_named(b, "text", ev->text);
    return llmgw_buf_putc(b, '\n');
}

/* ---- decoding ----------------------------------------------------------- */

/** What decoding one input gave. */
typedef struct decoded_t {
    llmgw_buf_t *events;        /* as text */
    llmgw_buf_t *frames;        /* all frames' bytes */
    llmgw_answer_t *answer;
    apr_status_t status;
    int ended;
    int marked;
    apr_pool_t *p;
} decoded_t;

static inline apr_status_t take_event(void *ctx, const llmgw_event_t *ev)
{
    decoded_t *out = ctx;

    put_event(out->events, ev);
    return llmgw_answer_event(out->answer, ev);
}

static inline apr_status_t take_frame(void *ctx, const char *data,
                                      apr_size_t len, unsigned int flags)
{
    decoded_t *out = ctx;

    (void)flags;
    return llmgw_buf_append(out->frames, data, len);
}

static inline void decode_pieces(decoded_t *out, const llmgw_dialect_t *dialect,
                                 int stream, const llmgw_str_t *pieces,
                                 int npieces, apr_pool_t *p)
{
    llmgw_decoder_opts_t opts = { stream, 64 << 20, 0, take_event, out,
                                  take_frame, out };
    llmgw_decoder_t *dec;
    int i;

    memset(out, 0, sizeof(*out));
    out->p = p;
    out->events = llmgw_buf_create(p, 64 << 20);
    out->frames = llmgw_buf_create(p, 64 << 20);
    out->answer = llmgw_answer_create(p, 64 << 20);
    dec = llmgw_decoder_create(p, dialect, &opts);
    out->status = APR_SUCCESS;
    for (i = 0; i < npieces && out->status == APR_SUCCESS; i++) {
        out->status = llmgw_decoder_feed(dec, pieces[i].p, pieces[i].len);
    }
    if (out->status == APR_SUCCESS) {
        out->status = llmgw_decoder_finish(dec);
    }
    if (out->status != APR_SUCCESS) {
        ck_assert_int_eq(llmgw_decoder_error(dec)->status, out->status);
        llmgw_buf_printf(out->events, "failed %s\n",
                         llmgw_status_get(out->status)->code);
    }
    out->ended = llmgw_decoder_ended(dec);
    out->marked = llmgw_decoder_marked(dec);
}

static inline UNIT_UNUSED decoded_t decode(const llmgw_dialect_t *dialect,
                                           int stream, llmgw_str_t in)
{
    decoded_t out;

    decode_pieces(&out, dialect, stream, &in, 1, unit_pool);
    return out;
}

/* What every split must give. */
typedef struct expected_t {
    const llmgw_dialect_t *dialect;
    int stream;
    llmgw_str_t events;
    llmgw_str_t frames;
} expected_t;

static inline void check_pieces(void *ctx, const llmgw_str_t *pieces,
                                int npieces)
{
    const expected_t *want = ctx;
    apr_pool_t *p;
    decoded_t got;

    apr_pool_create(&p, unit_pool);
    decode_pieces(&got, want->dialect, want->stream, pieces, npieces, p);
    ck_assert_msg(llmgw_str_eq(llmgw_buf_str(got.events), want->events),
                  "in %d pieces, the first of %d bytes:\n%.*s", npieces,
                  (int)pieces[0].len, LLMGW_STR_ARG(llmgw_buf_str(
                      got.events)));
    unit_assert_same(llmgw_buf_str(got.frames), want->frames);
    apr_pool_destroy(p);
}

/* At most so many bytes are cut at every byte; longer ones at some. */
#define EVERY_SPLIT_MAX 6000

static inline void check_some_splits(expected_t *want, llmgw_str_t in)
{
    llmgw_str_t *pieces = apr_palloc(unit_pool, in.len * sizeof(*pieces));
    apr_size_t i;

    for (i = 1; i < in.len; i += 1 + in.len / 40) {
        pieces[0] = llmgw_str_make(in.p, i);
        pieces[1] = llmgw_str_make(in.p + i, in.len - i);
        check_pieces(want, pieces, 2);
    }
    for (i = 0; i < in.len; i++) {
        pieces[i] = llmgw_str_make(in.p + i, 1);
    }
    check_pieces(want, pieces, (int)in.len);
}

/** Decode an input whole and in all splits; all must give the same. */
static inline UNIT_UNUSED decoded_t decode_splits(
    const llmgw_dialect_t *dialect, int stream, llmgw_str_t in)
{
    decoded_t whole = decode(dialect, stream, in);
    expected_t want = { dialect, stream, llmgw_buf_str(whole.events),
                        llmgw_buf_str(whole.frames) };

    if (in.len <= EVERY_SPLIT_MAX) {
        unit_each_split(in, check_pieces, &want);
    }
    else {
        check_some_splits(&want, in);
    }
    return whole;
}

/** An answer as text, in its canonical order. */
static inline UNIT_UNUSED llmgw_str_t answer_text(const llmgw_answer_t *answer)
{
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 64 << 20);

    unit_assert_ok(llmgw_answer_replay(answer, put_event, b));
    return llmgw_buf_str(b);
}

/* ---- encoding ----------------------------------------------------------- */

static inline UNIT_UNUSED llmgw_answer_opts_t answer_opts(int stream)
{
    llmgw_answer_opts_t opts;

    memset(&opts, 0, sizeof(opts));
    opts.stream = stream;
    opts.include_usage = 1;
    opts.model = LLMGW_STR_LIT("some-model");
    opts.id = LLMGW_STR_LIT("token");
    opts.now_sec = 1700000000;
    return opts;
}

/** Write an answer in a dialect. */
static inline UNIT_UNUSED llmgw_str_t encode_answer(
    const llmgw_dialect_t *dialect, const llmgw_answer_opts_t *opts,
    const llmgw_answer_t *answer)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 64 << 20);
    llmgw_encoder_t *enc = llmgw_encoder_create(unit_pool, dialect, opts, out,
                                                64 << 20);

    unit_assert_ok(llmgw_answer_replay(answer, llmgw_encoder_event, enc));
    unit_assert_ok(llmgw_encoder_finish(enc));
    return llmgw_buf_str(out);
}

/* ---- golden files ------------------------------------------------------- */

/** A file's name with another ending; NULL when it does not end so. */
static inline const char *with_ending(const char *name, const char *from,
                                      const char *to)
{
    size_t n = strlen(name), m = strlen(from);

    if (n <= m || strcmp(name + n - m, from) != 0) {
        return NULL;
    }
    return apr_pstrcat(unit_pool, apr_pstrndup(unit_pool, name, n - m), to,
                       NULL);
}

/**
 * Compare with what a file says; with LLMGW_GOLDEN_WRITE in the environment
 * write it, to be looked at before it is committed.
 */
static inline UNIT_UNUSED void check_golden(const char *path, llmgw_str_t got)
{
    llmgw_str_t want;
    FILE *f;

    if (getenv("LLMGW_GOLDEN_WRITE")) {
        f = fopen(path, "wb");
        ck_assert_ptr_ne(f, NULL);
        ck_assert_uint_eq(fwrite(got.p, 1, got.len, f), got.len);
        fclose(f);
        return;
    }
    want = unit_read(path);
    ck_assert_msg(llmgw_str_eq(want, got), "%s differs; got:\n%.*s", path,
                  LLMGW_STR_ARG(got));
}

/** An answer's bytes, and what decoding them comes to. */
typedef struct status_case_t {
    const char *body;
    apr_status_t status;
} status_case_t;

/** Decode each, and compare. */
static inline UNIT_UNUSED void check_statuses(const llmgw_dialect_t *dialect,
                                              int stream,
                                              const status_case_t *cases,
                                              size_t n)
{
    decoded_t got;
    size_t i;

    for (i = 0; i < n; i++) {
        got = decode(dialect, stream, llmgw_str_of(cases[i].body));
        ck_assert_msg(got.status == cases[i].status, "%s: %d", cases[i].body,
                      got.status);
    }
}

/** Decode every NAME.sse and NAME.json of a folder; see NAME.events. Where
 * both are there, they must be the same answer. Returns how many there were. */
static inline UNIT_UNUSED int check_golden_answers(const char *folder,
                                          const llmgw_dialect_t *dialect)
{
    const char *dir = unit_data(folder), *name, *path, *twin;
    apr_array_header_t *names = unit_list(dir);
    decoded_t got, other;
    apr_finfo_t info;
    int i, n = 0, stream;

    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, char *);
        stream = with_ending(name, ".sse", "") != NULL;
        if (with_ending(name, ".req.json", "")
            || (!stream && !with_ending(name, ".json", ""))) {
            continue;
        }
        path = apr_pstrcat(unit_pool, dir, "/", name, NULL);
        got = decode_splits(dialect, stream, unit_read(path));
        check_golden(apr_pstrcat(unit_pool, path, ".events", NULL),
                     llmgw_buf_str(got.events));
        twin = with_ending(path, ".sse", ".json");
        if (twin && apr_stat(&info, twin, APR_FINFO_TYPE, unit_pool)
                == APR_SUCCESS) {
            other = decode(dialect, 0, unit_read(twin));
            unit_assert_same(answer_text(got.answer),
                             answer_text(other.answer));
        }
        n++;
    }
    return n;
}

/* ---- recorded exchanges ------------------------------------------------- */

/** A row of the index of recorded exchanges. */
typedef struct fixture_t {
    const char *id;
    const char *dialect;
    int stream;
    int status;
    const char *request;        /* path, NULL: none was kept */
    const char *response;
} fixture_t;

static inline const char *fixture_path(const char *name)
{
    return name && *name ? unit_shared(apr_pstrcat(unit_pool, "fixtures/",
                                                   name, NULL)) : NULL;
}

static inline int split_row(char *line, char **fields, int max)
{
    int n = 0;

    while (line && n < max) {
        fields[n++] = line;
        line = strchr(line, '\t');
        if (line) {
            *line++ = '\0';
        }
    }
    return n;
}

typedef void (*fixture_fn)(const fixture_t *f);

/** Call fn for each recorded exchange of a dialect; 0 where there are none. */
static inline UNIT_UNUSED int each_fixture(const char *dialect, fixture_fn fn)
{
    const char *index = unit_shared("fixtures/INDEX.tsv");
    char *text, *line, *last, *fields[20];
    fixture_t f;
    int n = 0;

    if (!index) {
        return 0;
    }
    text = (char *)unit_read(index).p;
    for (line = apr_strtok(text, "\n", &last); line;
         line = apr_strtok(NULL, "\n", &last)) {
        if (split_row(line, fields, 20) < 16
            || strcmp(fields[1], dialect) != 0) {
            continue;
        }
        f.id = fields[0];
        f.dialect = fields[1];
        f.stream = strcmp(fields[4], "stream") == 0;
        f.status = atoi(fields[5]);
        f.request = fixture_path(fields[14]);
        f.response = fixture_path(fields[15]);
        if (f.response) {
            fn(&f);
            n++;
        }
    }
    return n;
}

/** The dialect of a recorded answer; NULL: none that is known. Some recordings
 * of OpenAI's and alike are of another API of theirs. */
static inline UNIT_UNUSED const llmgw_dialect_t *fixture_dialect(
    const fixture_t *f)
{
    static const char *const openai[] = { "openai-chat", "openai-responses",
                                          "openai-compatible",
                                          "azure-openai" };
    llmgw_str_t body = unit_read(f->response);
    size_t i;

    if (strcmp(f->dialect, "anthropic") == 0) {
        return &llmgw_dialect_anthropic;
    }
    if (strcmp(f->dialect, "gemini") == 0
        || strcmp(f->dialect, "vertex-gemini") == 0) {
        return &llmgw_dialect_gemini;
    }
    for (i = 0; i < sizeof(openai) / sizeof(openai[0]); i++) {
        if (strcmp(f->dialect, openai[i]) == 0) {
            return i == 1 || strstr(body.p, "\"type\":\"response.")
                || strstr(body.p, "\"type\": \"response.")
                || strstr(body.p, "\"object\":\"response\"")
                || strstr(body.p, "\"object\": \"response\"")
                ? &llmgw_dialect_openai_responses
                : &llmgw_dialect_openai_chat;
        }
    }
    return NULL;
}

/** Call fn for each recorded exchange of whatever dialect. */
static inline UNIT_UNUSED int each_recorded(fixture_fn fn)
{
    static const char *const families[] = {
        "openai-chat", "openai-responses", "openai-compatible",
        "azure-openai", "anthropic", "gemini", "vertex-gemini"
    };
    size_t i;
    int n = 0;

    for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        n += each_fixture(families[i], fn);
    }
    return n;
}

typedef void (*answer_fn)(const char *id, const llmgw_answer_t *a);

static answer_fn each_answer_fn;
static int each_answer_count;

static inline void read_recorded(const fixture_t *f)
{
    const llmgw_dialect_t *dialect = fixture_dialect(f);
    decoded_t got;

    if (f->status == 200 && dialect) {
        got = decode(dialect, f->stream, unit_read(f->response));
        if (got.status == APR_SUCCESS) {
            each_answer_fn(f->id, got.answer);
            each_answer_count++;
        }
    }
}

/** Call fn for each recorded answer, of whatever dialect, that can be read.
 * Returns how many there were, -1 if nothing is recorded here. */
static inline UNIT_UNUSED int each_recorded_answer(answer_fn fn)
{
    each_answer_fn = fn;
    each_answer_count = 0;
    return each_recorded(read_recorded) ? each_answer_count : -1;
}

/* An id that the encoder made, as the provider gave none. */
static inline int is_made_up(llmgw_str_t id)
{
    return id.len > 11 && memcmp(id.p, "call_token_", 11) == 0;
}

/* What survives a way through chat completions: its choices, joined by kind
 * (a message has one text and one reasoning), its usage and its stop. */
static inline void put_kinds(llmgw_buf_t *b, const llmgw_choice_t *c)
{
    static const llmgw_event_e kinds[] = {
        LLMGW_EV_TEXT, LLMGW_EV_REASONING, LLMGW_EV_REDACTED,
        LLMGW_EV_REFUSAL, LLMGW_EV_TOOL_START, LLMGW_EV_IMAGE, LLMGW_EV_AUDIO
    };
    const llmgw_block_t *block;
    size_t k;
    int i;

    for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        llmgw_buf_printf(b, "\n%s:", event_names[kinds[k]]);
        for (i = 0; i < c->blocks->nelts; i++) {
            block = APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *);
            if (block->type != kinds[k]) {
                continue;
            }
            put_named(b, "id", is_made_up(block->id) ? LLMGW_STR_NULL
                                                     : block->id);
            put_named(b, "name", block->name);
            llmgw_buf_put(b, block->type == LLMGW_EV_TOOL_START
                          && !block->text->len ? LLMGW_STR_LIT("{}")
                          : llmgw_buf_str(block->text));
            if (block->signature) {
                put_named(b, "signature", llmgw_buf_str(block->signature));
            }
        }
    }
}

static inline apr_int64_t known(apr_int64_t n)
{
    return n > 0 ? n : 0;
}

/** The substance of an answer, as text. */
static inline UNIT_UNUSED llmgw_str_t answer_substance(const llmgw_answer_t *a)
{
    static const char *const classes[] = {
        "-", "stop", "length", "stop", "tool", "filter", "filter", "stop",
        "length", "stop"
    };
    llmgw_buf_t *b = llmgw_buf_create(unit_pool, 64 << 20);
    const llmgw_usage_t *u = &a->usage;
    int i;

    for (i = 0; i < a->choices->nelts; i++) {
        const llmgw_choice_t *c = APR_ARRAY_IDX(a->choices, i,
                                                llmgw_choice_t *);

        put_kinds(b, c);
        llmgw_buf_printf(b, "\n%s", classes[c->stop]);
    }
    llmgw_buf_printf(b, "\n%ld %ld %ld %ld %ld", (long)known(u->prompt),
                     (long)known(u->completion), (long)known(u->cache_read),
                     (long)known(u->cache_write), (long)known(u->reasoning));
    return llmgw_buf_str(b);
}

/** Write it in a dialect, whole and streamed, and read it back. */
static inline UNIT_UNUSED void check_round_trip_in(
    const llmgw_dialect_t *dialect, const char *id, const llmgw_answer_t *a)
{
    llmgw_answer_opts_t opts;
    llmgw_str_t want = answer_substance(a), wire, have;
    decoded_t back;
    int stream;

    for (stream = 0; stream < 2; stream++) {
        opts = answer_opts(stream);
        wire = encode_answer(dialect, &opts, a);
        back = decode(dialect, stream, wire);
        ck_assert_msg(back.status == APR_SUCCESS, "%s: cannot be read back",
                      id);
        have = answer_substance(back.answer);
        ck_assert_msg(llmgw_str_eq(want, have),
                      "%s, stream %d:\n%.*s\n-- read back --\n%.*s", id,
                      stream, LLMGW_STR_ARG(want), LLMGW_STR_ARG(have));
    }
}

/** The same in chat completions. */
static inline UNIT_UNUSED void check_round_trip(const char *id,
                                                const llmgw_answer_t *a)
{
    check_round_trip_in(&llmgw_dialect_openai_chat, id, a);
}

/** Read a recorded answer or error, in splits, and send it the way round. */
static inline UNIT_UNUSED void check_fixture_answer(
    const fixture_t *f, const llmgw_dialect_t *dialect)
{
    llmgw_str_t body = unit_read(f->response);
    llmgw_err_t err = LLMGW_ERR_INIT;
    decoded_t got;

    if (f->status != 200) {
        llmgw_decoder_read_error(dialect, f->status, body.p, body.len, &err,
                                 unit_pool);
        ck_assert_ptr_ne(err.message, NULL);
        ck_assert_msg(!err.detail, "%s: no message was found", f->id);
        return;
    }
    got = decode_splits(dialect, f->stream, body);
    ck_assert_msg(got.status == APR_SUCCESS, "%s: %s", f->id,
                  llmgw_status_get(got.status)->code);
    if (!got.answer->has_error) {
        check_round_trip(f->id, got.answer);
    }
}

#endif /* LLMGW_TESTS_ANSWERS_H */
