/* encoder.c: from the events of an answer to its bytes, whatever the dialect */
#include <string.h>
#include "common.h"
#include "seal.h"

/* A tool whose name was made legal for the provider, and what it was. */
typedef struct rename_t {
    llmgw_str_t sent;
    llmgw_str_t name;
} rename_t;

struct llmgw_encoder_t {
    const llmgw_dialect_t *dialect;
    llmgw_encoding_t e;
    llmgw_answer_t *answer;     /* of a whole answer */
    apr_array_header_t *renames;    /* of rename_t; NULL: none */
    llmgw_buf_t *sealed;        /* a signature; NULL: they are the client's
                                 * dialect's own */
    int failed;                 /* an error was written: nothing follows */
    int finished;
};

static apr_array_header_t *list_renames(const llmgw_request_t *req,
                                        apr_pool_t *p)
{
    apr_array_header_t *list = NULL;
    rename_t r;
    int i;

    for (i = 0; req && i < req->tools->nelts; i++) {
        r.name = APR_ARRAY_IDX(req->tools, i, llmgw_tool_t).name;
        r.sent = llmgw_tool_name_legal(r.name, p);
        if (r.sent.p != r.name.p) {
            if (!list) {
                list = apr_array_make(p, 4, sizeof(rename_t));
            }
            APR_ARRAY_PUSH(list, rename_t) = r;
        }
    }
    return list;
}

llmgw_encoder_t *llmgw_encoder_create(apr_pool_t *p,
                                      const llmgw_dialect_t *dialect,
                                      const llmgw_answer_opts_t *opts,
                                      llmgw_buf_t *out,
                                      apr_size_t body_bytes_max)
{
    llmgw_encoder_t *enc = apr_pcalloc(p, sizeof(*enc));

    enc->dialect = dialect;
    enc->e.pool = p;
    enc->e.out = out;
    enc->e.opts = *opts;
    enc->renames = list_renames(opts->request, p);
    if (opts->maker && opts->maker != dialect) {
        enc->sealed = llmgw_buf_create(p, 2 * body_bytes_max + 64);
    }
    if (opts->stream) {
        enc->e.scratch = llmgw_buf_create(p, body_bytes_max);
        enc->e.state = apr_pcalloc(p, dialect->encode_state_size + 1);
    }
    else {
        enc->answer = llmgw_answer_create(p, body_bytes_max);
    }
    return enc;
}

static llmgw_str_t restore_name(const llmgw_encoder_t *enc, llmgw_str_t name)
{
    const rename_t *r;
    int i;

    for (i = 0; i < enc->renames->nelts; i++) {
        r = &APR_ARRAY_IDX(enc->renames, i, rename_t);
        if (llmgw_str_eq(r->sent, name)) {
            return r->name;
        }
    }
    return name;
}

static apr_status_t write_event(llmgw_encoder_t *enc, const llmgw_event_t *ev)
{
    if (enc->answer) {
        return llmgw_answer_event(enc->answer, ev);
    }
    llmgw_buf_clear(enc->e.scratch);
    return enc->dialect->encode_event(&enc->e, ev);
}

/* Put what only the provider can read under its seal. */
static apr_status_t seal(llmgw_encoder_t *enc, llmgw_event_t *ev)
{
    apr_status_t rv;

    llmgw_buf_clear(enc->sealed);
    rv = llmgw_seal_put(enc->sealed, enc->e.opts.maker, ev->text);
    ev->text = llmgw_buf_str(enc->sealed);
    return rv == LLMGW_ETOOBIG ? LLMGW_EUPTOOBIG : rv;
}

static int has_signature(const llmgw_event_t *ev)
{
    return ev->text.len && (ev->type == LLMGW_EV_SIGNATURE
                            || ev->type == LLMGW_EV_REDACTED
                            || ev->type == LLMGW_EV_TOOL_START);
}

apr_status_t llmgw_encoder_event(void *encoder, const llmgw_event_t *ev)
{
    llmgw_encoder_t *enc = encoder;
    llmgw_event_t changed = *ev;
    apr_status_t rv = APR_SUCCESS;

    if (enc->failed || enc->finished) {
        return APR_SUCCESS;
    }
    if (ev->type == LLMGW_EV_ERROR) {
        enc->failed = 1;
    }
    if (ev->type == LLMGW_EV_TOOL_START && enc->renames) {
        changed.name = restore_name(enc, ev->name);
    }
    if (enc->sealed && has_signature(ev)) {
        rv = seal(enc, &changed);
    }
    return rv == APR_SUCCESS ? write_event(enc, &changed) : rv;
}

apr_status_t llmgw_encoder_finish(llmgw_encoder_t *enc)
{
    if (enc->finished) {
        return APR_SUCCESS;
    }
    enc->finished = 1;
    if (enc->answer) {
        return enc->answer->has_error
            ? enc->dialect->error_encode(enc->e.out, &enc->answer->error, NULL)
            : enc->dialect->encode_whole(enc->e.out, enc->answer,
                                         &enc->e.opts);
    }
    llmgw_buf_clear(enc->e.scratch);
    return enc->dialect->encode_end(&enc->e);
}

const char *llmgw_encoder_content_type(const llmgw_encoder_t *enc)
{
    return enc->answer || enc->e.opts.array_framing ? "application/json"
                                                    : "text/event-stream";
}
