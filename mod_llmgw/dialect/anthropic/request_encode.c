/* request_encode.c: writing a request for Anthropic's Messages */
#include <stdarg.h>
#include <string.h>
#include <apr_strings.h>
#include "anthropic.h"

apr_status_t llmgw_anthropic_cannot(anthropic_writing_t *wr, int is_hint,
                                    const char *fmt, ...)
{
    const char *name;
    va_list ap;

    va_start(ap, fmt);
    name = apr_pvsprintf(wr->p, fmt, ap);
    va_end(ap);
    return llmgw_encode_unsupported(wr->how, wr->req, is_hint, name, wr->p,
                                    wr->err);
}

/* ---- sampling ----------------------------------------------------------- */

/* Is this sampler of no use here? Saying what is the default is no loss. */
static int is_barred(const anthropic_writing_t *wr, llmgw_str_t value,
                     double lowest)
{
    double n = llmgw_raw_double(value, 1);

    if (wr->model->flags & ANTHROPIC_NO_SAMPLER) {
        return 1;
    }
    return wr->plan.thinks && (n < lowest || n > 1);
}

static apr_status_t write_temperature(anthropic_writing_t *wr)
{
    llmgw_str_t value = wr->req->temperature;
    double n = llmgw_raw_double(value, 1);

    if (!value.p) {
        return APR_SUCCESS;
    }
    if (is_barred(wr, value, 1)) {
        return n < 1 || n > 1 ? llmgw_anthropic_cannot(wr, 1, "temperature")
                              : APR_SUCCESS;
    }
    if (n > 1) {                /* the scale ends at 1 here */
        llmgw_json_opt_raw(&wr->w, "temperature", LLMGW_STR_LIT("1"));
        return llmgw_anthropic_cannot(wr, 1, "temperature");
    }
    llmgw_json_opt_raw(&wr->w, "temperature", value);
    return APR_SUCCESS;
}

static apr_status_t write_top_p(anthropic_writing_t *wr)
{
    llmgw_str_t value = wr->req->top_p;
    int both = wr->req->temperature.p
        && (wr->model->flags & ANTHROPIC_ONE_SAMPLER);

    if (!value.p) {
        return APR_SUCCESS;
    }
    if (both || is_barred(wr, value, 0.95)) {
        return llmgw_raw_double(value, 1) < 1
            ? llmgw_anthropic_cannot(wr, 1, "top_p") : APR_SUCCESS;
    }
    llmgw_json_opt_raw(&wr->w, "top_p", value);
    return APR_SUCCESS;
}

static apr_status_t write_top_k(anthropic_writing_t *wr)
{
    if (!wr->req->top_k.p) {
        return APR_SUCCESS;
    }
    if ((wr->model->flags & ANTHROPIC_NO_SAMPLER) || wr->plan.thinks) {
        return llmgw_anthropic_cannot(wr, 1, "top_k");
    }
    llmgw_json_opt_raw(&wr->w, "top_k", wr->req->top_k);
    return APR_SUCCESS;
}

/* Sequences of white space only are refused, so they are left out. */
static apr_status_t write_stop(anthropic_writing_t *wr)
{
    const apr_array_header_t *stop = wr->req->stop;
    llmgw_str_t s;
    int i, n = 0, blank = 0;

    for (i = 0; stop && i < stop->nelts; i++) {
        s = APR_ARRAY_IDX(stop, i, llmgw_str_t);
        if (llmgw_text_is_blank(s)) {
            blank = 1;
            continue;
        }
        if (n++ == 0) {
            llmgw_json_key(&wr->w, "stop_sequences");
            llmgw_json_begin(&wr->w, '[');
        }
        llmgw_json_str(&wr->w, s);
    }
    if (n) {
        llmgw_json_end(&wr->w, ']');
    }
    return blank ? llmgw_anthropic_cannot(wr, 1, "stop") : APR_SUCCESS;
}

static apr_status_t write_sampling(anthropic_writing_t *wr)
{
    apr_status_t rv = write_temperature(wr);

    if (rv == APR_SUCCESS) {
        rv = write_top_p(wr);
    }
    if (rv == APR_SUCCESS) {
        rv = write_top_k(wr);
    }
    return rv == APR_SUCCESS ? write_stop(wr) : rv;
}

/* ---- thinking and format ------------------------------------------------ */

static void write_thinking(anthropic_writing_t *wr)
{
    int adaptive = wr->plan.thinks == ANTHROPIC_THINKS_BY_EFFORT;
    llmgw_json_writer_t *w = &wr->w;

    if (wr->plan.thinks == ANTHROPIC_THINKS_NOT) {
        return;
    }
    llmgw_json_key(w, "thinking");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, adaptive ? "adaptive" : "enabled");
    if (!adaptive) {
        llmgw_json_key(w, "budget_tokens");
        llmgw_json_int_out(w, wr->plan.budget);
    }
    if (wr->req->reasoning_summary.len) {
        llmgw_json_key(w, "display");
        llmgw_json_strz(w, "summarized");
    }
    llmgw_json_end(w, '}');
}

int llmgw_anthropic_has_schema(const anthropic_writing_t *wr)
{
    return wr->req->format == LLMGW_FORMAT_JSON_SCHEMA && wr->req->schema.p
        && !(wr->model->flags & ANTHROPIC_NO_SCHEMA);
}

/* Is it a member within this one ("output_config.")? */
static int is_within(llmgw_str_t name, const char *outer)
{
    apr_size_t n = strlen(outer);

    return name.len > n && memcmp(name.p, outer, n) == 0;
}

/* The extras within a member; 0 if there are none. */
static int write_inner(anthropic_writing_t *wr, const char *outer, int dry)
{
    apr_size_t skip = strlen(outer);
    const llmgw_extra_t *extra;
    int i, n = 0;

    for (i = 0; wr->req->dialect == &llmgw_dialect_anthropic
         && i < wr->req->extras->nelts; i++) {
        extra = &APR_ARRAY_IDX(wr->req->extras, i, llmgw_extra_t);
        if (!is_within(extra->name, outer)) {
            continue;
        }
        n++;
        if (!dry) {
            llmgw_json_key_str(&wr->w, llmgw_str_make(extra->name.p + skip,
                                                      extra->name.len - skip));
            llmgw_json_raw_out(&wr->w, extra->value);
        }
    }
    return n;
}

static void write_output_config(anthropic_writing_t *wr)
{
    int schema = llmgw_anthropic_has_schema(wr);
    llmgw_json_writer_t *w = &wr->w;

    if (!schema && !wr->plan.effort && !write_inner(wr, "output_config.", 1)) {
        return;
    }
    llmgw_json_key(w, "output_config");
    llmgw_json_begin(w, '{');
    llmgw_json_opt_str(w, "effort", llmgw_str_of(wr->plan.effort));
    if (schema) {
        llmgw_json_key(w, "format");
        llmgw_json_begin(w, '{');
        llmgw_json_key(w, "type");
        llmgw_json_strz(w, "json_schema");
        llmgw_json_opt_raw(w, "schema", wr->req->schema);
        llmgw_json_end(w, '}');
    }
    write_inner(wr, "output_config.", 0);
    llmgw_json_end(w, '}');
}

/* ---- what else is said -------------------------------------------------- */

static apr_status_t write_account(anthropic_writing_t *wr)
{
    llmgw_str_t tier = wr->req->service_tier;
    llmgw_json_writer_t *w = &wr->w;

    if (wr->req->user.p || write_inner(wr, "metadata.", 1)) {
        llmgw_json_key(w, "metadata");
        llmgw_json_begin(w, '{');
        llmgw_json_opt_str(w, "user_id", wr->req->user);
        write_inner(wr, "metadata.", 0);
        llmgw_json_end(w, '}');
    }
    if (!tier.p) {
        return APR_SUCCESS;
    }
    if (llmgw_str_is(tier, "auto") || llmgw_str_is(tier, "standard_only")) {
        llmgw_json_opt_str(w, "service_tier", tier);
        return APR_SUCCESS;
    }
    if (llmgw_str_is(tier, "default")) {
        llmgw_json_opt_str(w, "service_tier", LLMGW_STR_LIT("standard_only"));
        return APR_SUCCESS;
    }
    return llmgw_anthropic_cannot(wr, 1, "service_tier");
}

/* Members without a counterpart: what is given, and whether it is a hint. */
static apr_status_t check_rest(anthropic_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    const struct {
        const char *name;
        int given;
        int is_hint;
    } rest[] = {
        { "n", llmgw_raw_int(req->n, 1) > 1, 0 },
        { "seed", req->seed.p != NULL, 1 },
        { "presence_penalty", req->presence_penalty.p != NULL, 1 },
        { "frequency_penalty", req->frequency_penalty.p != NULL, 1 },
        { "logprobs", req->logprobs == 1, 1 },
        { "top_logprobs", req->top_logprobs.p != NULL, 1 },
        { "verbosity", req->verbosity.p != NULL, 1 },
        { "metadata", req->metadata.p
                      && req->dialect != &llmgw_dialect_anthropic, 1 },
        { "prompt_cache_key", req->prompt_cache_key.p != NULL, 1 },
        { "safety_settings", req->safety_settings.p != NULL, 1 },
        { "store", req->store == 1, 1 }
    };
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i;

    for (i = 0; i < sizeof(rest) / sizeof(rest[0]) && rv == APR_SUCCESS;
         i++) {
        if (rest[i].given) {
            rv = llmgw_anthropic_cannot(wr, rest[i].is_hint, "%s",
                                        rest[i].name);
        }
    }
    return rv;
}

static apr_status_t write_extras(anthropic_writing_t *wr)
{
    const llmgw_extra_t *extra;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < wr->req->extras->nelts && rv == APR_SUCCESS; i++) {
        extra = &APR_ARRAY_IDX(wr->req->extras, i, llmgw_extra_t);
        if (wr->req->dialect == &llmgw_dialect_anthropic) {
            if (is_within(extra->name, "output_config.")
                || is_within(extra->name, "metadata.")) {
                continue;
            }
            llmgw_json_key_str(&wr->w, extra->name);
            llmgw_json_raw_out(&wr->w, extra->value);
        }
        else {
            rv = llmgw_anthropic_cannot(wr, !extra->is_meaning, "%.*s",
                                        LLMGW_STR_ARG(extra->name));
        }
    }
    return rv;
}

/* ---- all ---------------------------------------------------------------- */

static apr_status_t write_members(anthropic_writing_t *wr)
{
    llmgw_json_writer_t *w = &wr->w;
    apr_status_t rv;

    llmgw_json_key(w, "model");
    llmgw_json_str(w, wr->how->model);
    if (!wr->how->counting) {
        llmgw_json_key(w, "max_tokens");
        llmgw_json_int_out(w, wr->plan.max_tokens);
    }
    rv = llmgw_anthropic_write_system(wr);
    if (rv == APR_SUCCESS) {
        rv = llmgw_anthropic_write_messages(wr);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_anthropic_write_tools(wr);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (wr->how->stream) {
        llmgw_json_key(w, "stream");
        llmgw_json_bool_out(w, 1);
    }
    if (!wr->how->counting) {   /* the counter takes none of these */
        rv = write_sampling(wr);
    }
    write_thinking(wr);
    write_output_config(wr);
    if (rv == APR_SUCCESS && !wr->how->counting) {
        rv = write_account(wr);
        rv = rv == APR_SUCCESS ? check_rest(wr) : rv;
    }
    return rv == APR_SUCCESS ? write_extras(wr) : rv;
}

apr_status_t llmgw_anthropic_request_encode(llmgw_buf_t *out,
                                            const llmgw_request_t *req,
                                            llmgw_encode_t *how,
                                            apr_pool_t *p, llmgw_err_t *err)
{
    anthropic_writing_t wr;
    apr_status_t rv;

    memset(&wr, 0, sizeof(wr));
    wr.w.out = out;
    wr.req = req;
    wr.how = how;
    wr.p = p;
    wr.err = err;
    wr.model = llmgw_anthropic_model_get(how->model);
    rv = llmgw_anthropic_plan(&wr);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    llmgw_json_begin(&wr.w, '{');
    rv = write_members(&wr);
    llmgw_json_end(&wr.w, '}');
    if (rv == APR_SUCCESS && out->failed != APR_SUCCESS) {
        rv = llmgw_err_set(err, p, out->failed, NULL,
                           "The request is too large.");
    }
    return rv;
}
