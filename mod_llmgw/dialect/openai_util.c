/* openai_util.c: words, values and errors that OpenAI's dialects share */
#include <string.h>
#include "openai.h"

/* ---- data: URLs and media ----------------------------------------------- */

void llmgw_openai_put_data_url(llmgw_json_writer_t *w, llmgw_str_t media_type,
                               llmgw_str_t data)
{
    apr_size_t len = 0;

    while (len < media_type.len && media_type.p[len] != ','
           && media_type.p[len] != ';') {
        len++;
    }
    media_type.len = len;       /* no parameters: they are of no use here */
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\"data:"));
    llmgw_json_put_escaped(w->out, media_type);
    llmgw_buf_puts(w->out, ";base64,");
    llmgw_json_put_escaped(w->out, data);
    llmgw_buf_putc(w->out, '"');
}

int llmgw_openai_split_data_url(llmgw_str_t url, llmgw_str_t *media_type,
                                llmgw_str_t *data)
{
    const char *comma, *semicolon;
    apr_size_t len;

    if (url.len < 5 || memcmp(url.p, "data:", 5) != 0) {
        return 0;
    }
    comma = memchr(url.p, ',', url.len);
    if (!comma) {
        return 0;
    }
    len = (apr_size_t)(comma - url.p);
    if (len < 12 || memcmp(comma - 7, ";base64", 7) != 0) {
        return 0;
    }
    semicolon = memchr(url.p + 5, ';', len - 5);
    *media_type = llmgw_str_make(url.p + 5,
                                 (apr_size_t)(semicolon - url.p) - 5);
    *data = llmgw_str_make(comma + 1, url.len - len - 1);
    return 1;
}

int llmgw_openai_is_web_url(llmgw_str_t url)
{
    return url.len > 7 && (memcmp(url.p, "http://", 7) == 0
                           || memcmp(url.p, "https:/", 7) == 0);
}

llmgw_str_t llmgw_openai_audio_format(llmgw_str_t type)
{
    static const char *const names[][2] = {
        { "audio/mpeg", "mp3" }, { "audio/x-wav", "wav" },
        { "audio/wave", "wav" }, { "audio/vnd.wave", "wav" }
    };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (llmgw_str_is(type, names[i][0])) {
            return llmgw_str_of(names[i][1]);
        }
    }
    return type.len > 6 ? llmgw_str_make(type.p + 6, type.len - 6)
                        : LLMGW_STR_LIT("wav");
}

/* ---- members ------------------------------------------------------------ */

void llmgw_openai_put_tokens(llmgw_json_writer_t *w, const char *name,
                             apr_int64_t n)
{
    llmgw_json_key(w, name);
    llmgw_json_int_out(w, n > 0 ? n : 0);
}

const llmgw_json_t *llmgw_openai_signature(const llmgw_json_t *call)
{
    const llmgw_json_t *v = llmgw_json_lookup(call, "extra_content");

    return llmgw_json_lookup(llmgw_json_lookup(v, "google"),
                             "thought_signature");
}

void llmgw_openai_put_signature(llmgw_json_writer_t *w, llmgw_str_t sig)
{
    if (sig.len) {
        llmgw_json_key(w, "extra_content");
        llmgw_json_begin(w, '{');
        llmgw_json_key(w, "google");
        llmgw_json_begin(w, '{');
        llmgw_json_opt_str(w, "thought_signature", sig);
        llmgw_json_end(w, '}');
        llmgw_json_end(w, '}');
    }
}

void llmgw_openai_put_call_id(llmgw_json_writer_t *w, llmgw_str_t id,
                              int choice, int index,
                              const llmgw_answer_opts_t *opts)
{
    if (id.len) {
        llmgw_json_str(w, id);
        return;
    }
    llmgw_json_raw_out(w, LLMGW_STR_LIT("\"call_"));
    llmgw_json_put_escaped(w->out, llmgw_str_make(
        opts->id.p, opts->id.len < 24 ? opts->id.len : 24));
    llmgw_buf_printf(w->out, "_%d_%d\"", choice, index);
}

static apr_status_t find_citation(void *ctx, const llmgw_json_member_t *m)
{
    if (m->type == LLMGW_JSON_OBJECT
        && llmgw_json_member_is(m, "url_citation")) {
        *(llmgw_str_t *)ctx = m->value;
    }
    return APR_SUCCESS;
}

static apr_status_t put_citation(void *ctx, const llmgw_json_member_t *m)
{
    llmgw_json_writer_t *w = ctx;

    if (!m->escaped && !llmgw_json_member_is(m, "type")) {
        llmgw_json_key_str(w, m->name);
        llmgw_json_raw_out(w, m->value);
    }
    return APR_SUCCESS;
}

int llmgw_openai_put_citation(llmgw_json_writer_t *w, llmgw_str_t raw)
{
    llmgw_json_type_e type;

    return llmgw_json_scan(raw.p, raw.len, NULL, find_citation, &raw, &type,
                           NULL) == APR_SUCCESS
        && type == LLMGW_JSON_OBJECT
        && llmgw_json_scan(raw.p, raw.len, NULL, put_citation, w, NULL, NULL)
            == APR_SUCCESS;
}

llmgw_choice_e llmgw_openai_choice_mode(const llmgw_json_t *v)
{
    static const struct {
        const char *word;
        llmgw_choice_e choice;
    } modes[] = {
        { "auto", LLMGW_CHOICE_AUTO },
        { "none", LLMGW_CHOICE_NONE },
        { "required", LLMGW_CHOICE_REQUIRED },
        { "any", LLMGW_CHOICE_REQUIRED }
    };
    apr_size_t i;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (llmgw_json_string_is(v, modes[i].word)) {
            return modes[i].choice;
        }
    }
    return LLMGW_CHOICE_UNSET;
}

/* ---- answers ------------------------------------------------------------ */

apr_status_t llmgw_openai_reserve(llmgw_decode_t *d, apr_size_t len)
{
    apr_status_t rv = llmgw_buf_reserve(d->scratch, len + 1);

    return rv == LLMGW_ETOOBIG ? LLMGW_EUPTOOBIG : rv;
}

void llmgw_openai_flatten(llmgw_buf_t *b, apr_size_t start)
{
    apr_size_t i;

    for (i = start; i < b->len; i++) {
        if (b->data[i] == '\n' || b->data[i] == '\r') {
            b->data[i] = ' ';
        }
    }
}

/* ---- errors ------------------------------------------------------------- */

const char *llmgw_openai_error_type(llmgw_errkind_e kind)
{
    static const char *const types[] = {
        [LLMGW_ERRKIND_INVALID_REQUEST] = "invalid_request_error",
        [LLMGW_ERRKIND_AUTHENTICATION] = "authentication_error",
        [LLMGW_ERRKIND_BILLING] = "insufficient_quota",
        [LLMGW_ERRKIND_PERMISSION] = "permission_error",
        [LLMGW_ERRKIND_NOT_FOUND] = "invalid_request_error",
        [LLMGW_ERRKIND_TOO_LARGE] = "invalid_request_error",
        [LLMGW_ERRKIND_RATE_LIMIT] = "rate_limit_error",
        [LLMGW_ERRKIND_INTERNAL] = "server_error",
        [LLMGW_ERRKIND_UPSTREAM] = "server_error",
        [LLMGW_ERRKIND_OVERLOADED] = "server_error",
        [LLMGW_ERRKIND_TIMEOUT] = "server_error",
        [LLMGW_ERRKIND_CANCELLED] = "server_error"
    };

    return types[kind];
}

void llmgw_openai_put_error(llmgw_json_writer_t *w, const llmgw_err_t *err)
{
    llmgw_json_key(w, "message");
    llmgw_json_strz(w, llmgw_error_text(err));
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, llmgw_openai_error_type(err->kind));
    llmgw_json_key(w, "param");
    llmgw_json_strz(w, err->param);
    llmgw_json_key(w, "code");
    llmgw_json_strz(w, llmgw_err_code(err));
}

void llmgw_openai_error_decode(llmgw_err_t *err, const llmgw_json_t *body,
                               apr_pool_t *p)
{
    llmgw_error_body_decode(err, body, p);
}

apr_status_t llmgw_openai_error_encode(llmgw_buf_t *out, const llmgw_err_t *err,
                                       const char *request_id)
{
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    llmgw_json_begin(&w, '{');
    llmgw_json_key(&w, "error");
    llmgw_json_begin(&w, '{');
    llmgw_openai_put_error(&w, err);
    llmgw_json_end(&w, '}');
    llmgw_json_opt_str(&w, "request_id", llmgw_str_of(request_id));
    llmgw_json_end(&w, '}');
    return out->failed;
}
