/* translate.c: a long stream, listened to or translated (make bench-translate)
 *
 *   translate PROVIDER CLIENT FILE KIND COUNT
 *
 * Decodes the stream in FILE, in the dialect PROVIDER, in which the first frame
 * that carries nothing but KIND (text, reasoning, arguments) comes COUNT times
 * more. CLIENT is the dialect to write it in; "-" passes the frames on as they
 * are. How many instructions that takes is for others to count: translate.sh.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <apr_general.h>
#include <apr_strings.h>
#include "llmgw/dialect.h"

#define BYTES_MAX (256 << 20)

typedef struct bench_t {
    apr_pool_t *pool;
    llmgw_encoder_t *encoder;   /* NULL: pass on */
    llmgw_buf_t *out;
    llmgw_event_e kind;
    int kinds;                  /* events of that kind so far */
    int others;
} bench_t;

static void die(const char *what, const char *which)
{
    fprintf(stderr, "translate: %s: %s\n", what, which);
    exit(2);
}

static const llmgw_dialect_t *get_dialect(const char *name)
{
    const llmgw_dialect_t *dialect = llmgw_dialect_lookup(name);

    if (!dialect) {
        die("no such dialect", name);
    }
    return dialect;
}

static llmgw_event_e get_kind(const char *name)
{
    return strcmp(name, "text") == 0        ? LLMGW_EV_TEXT
           : strcmp(name, "reasoning") == 0 ? LLMGW_EV_REASONING
                                            : LLMGW_EV_TOOL_ARGS;
}

static llmgw_str_t read_file(const char *path, apr_pool_t *p)
{
    FILE *f = fopen(path, "rb");
    char *data = apr_palloc(p, 1 << 20);
    size_t len;

    if (!f) {
        die("cannot be opened", path);
    }
    len = fread(data, 1, 1 << 20, f);
    fclose(f);
    return llmgw_str_make(data, len);
}

/* The next frame of a stream: up to its empty line, of LF or CRLF. */
static llmgw_str_t next_frame(llmgw_str_t *rest)
{
    const char *at = rest->p, *end = rest->p + rest->len;
    llmgw_str_t frame = *rest;
    int is_empty = 0;

    while (at < end && !is_empty) {
        const char *line = at;

        at = memchr(at, '\n', (apr_size_t)(end - at));
        at = at ? at + 1 : end;
        is_empty = *line == '\n' || *line == '\r';
    }
    frame.len = (apr_size_t)(at - rest->p);
    rest->p = at;
    rest->len -= frame.len;
    return frame;
}

static apr_status_t on_event(void *ctx, const llmgw_event_t *ev)
{
    bench_t *b = ctx;

    if (ev->type == b->kind && ev->text.len) {
        b->kinds++;
    }
    else if (ev->type != LLMGW_EV_USAGE && ev->type != LLMGW_EV_START) {
        b->others++;
    }
    return b->encoder ? llmgw_encoder_event(b->encoder, ev) : APR_SUCCESS;
}

static apr_status_t on_frame(void *ctx, const char *data, apr_size_t len,
                             unsigned int flags)
{
    bench_t *b = ctx;

    (void)flags;
    return b->encoder ? APR_SUCCESS : llmgw_buf_append(b->out, data, len);
}

static llmgw_decoder_t *make_decoder(bench_t *b, const char *provider)
{
    llmgw_decoder_opts_t opts = { 1, 0, 0, on_event, b, on_frame, b };

    return llmgw_decoder_create(b->pool, get_dialect(provider), &opts);
}

static void make_encoder(bench_t *b, const char *provider, const char *client)
{
    llmgw_answer_opts_t opts;

    memset(&opts, 0, sizeof(opts));
    opts.stream = 1;
    opts.include_usage = 1;
    opts.model = LLMGW_STR_LIT("some-model");
    opts.id = LLMGW_STR_LIT("req_0123456789abcdef0123456789abcdef");
    opts.now_sec = 1700000000;
    opts.maker = get_dialect(provider);
    b->encoder = llmgw_encoder_create(b->pool, get_dialect(client), &opts,
                                      b->out, BYTES_MAX);
}

static void feed(bench_t *b, llmgw_decoder_t *dec, llmgw_str_t frame)
{
    apr_status_t rv = llmgw_decoder_feed(dec, frame.p, frame.len);

    if (rv != APR_SUCCESS) {
        die("a frame failed", llmgw_status_get(rv)->code);
    }
    llmgw_buf_clear(b->out);
}

/* @return how many events of the kind there were */
static int run(bench_t *b, llmgw_decoder_t *dec, llmgw_str_t stream, int count)
{
    apr_status_t rv;
    int repeated = 0;

    while (stream.len) {
        llmgw_str_t frame = next_frame(&stream);
        int i, kinds = b->kinds, others = b->others;

        feed(b, dec, frame);
        if (!repeated && b->kinds > kinds && b->others == others) {
            repeated = 1;
            for (i = 0; i < count; i++) {
                feed(b, dec, frame);
            }
        }
    }
    rv = llmgw_decoder_finish(dec);
    if (rv == APR_SUCCESS && b->encoder) {
        rv = llmgw_encoder_finish(b->encoder);
    }
    if (rv != APR_SUCCESS) {
        die("the end failed", llmgw_status_get(rv)->code);
    }
    return repeated ? b->kinds : 0;
}

int main(int argc, char **argv)
{
    bench_t b;
    int n;

    if (argc != 6) {
        die("usage", "translate PROVIDER CLIENT|- FILE KIND COUNT");
    }
    apr_initialize();
    memset(&b, 0, sizeof(b));
    apr_pool_create(&b.pool, NULL);
    b.out = llmgw_buf_create(b.pool, BYTES_MAX);
    b.kind = get_kind(argv[4]);
    if (strcmp(argv[2], "-") != 0) {
        make_encoder(&b, argv[1], argv[2]);
    }
    n = run(&b, make_decoder(&b, argv[1]), read_file(argv[3], b.pool),
            atoi(argv[5]));
    if (n <= atoi(argv[5])) {
        die("no frame of that kind alone", argv[3]);
    }
    apr_pool_destroy(b.pool);
    return 0;
}
