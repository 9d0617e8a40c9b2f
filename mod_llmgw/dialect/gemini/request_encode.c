/* request_encode.c: writing a request for generateContent */
#include <stdarg.h>
#include <string.h>
#include <apr_strings.h>
#include "gemini.h"

apr_status_t llmgw_gemini_cannot(gemini_writing_t *wr, int is_hint,
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

int llmgw_gemini_is_own(const gemini_writing_t *wr)
{
    return wr->req->dialect == &llmgw_dialect_gemini;
}

/* ---- members ------------------------------------------------------------ */

static apr_status_t write_tier(gemini_writing_t *wr)
{
    llmgw_str_t tier = wr->req->service_tier;

    if (!tier.p || llmgw_str_is(tier, "auto") || llmgw_str_is(tier, "default")
        || llmgw_str_is(tier, "standard_only")) {
        return APR_SUCCESS;
    }
    if (llmgw_str_is(tier, "flex") || llmgw_str_is(tier, "priority")
        || llmgw_str_is(tier, "standard")) {
        llmgw_json_opt_str(&wr->w, "serviceTier", tier);
        return APR_SUCCESS;
    }
    return llmgw_gemini_cannot(wr, 1, "service_tier");
}

/* Hints without a counterpart. */
static apr_status_t check_hints(gemini_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    const struct {
        const char *name;
        int given;
    } hints[] = {
        { "verbosity", req->verbosity.p != NULL },
        { "user", req->user.p != NULL },
        { "metadata", req->metadata.p != NULL },
        { "prompt_cache_key", req->prompt_cache_key.p != NULL },
        { "store", req->store == 1 }
    };
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i;

    for (i = 0; i < sizeof(hints) / sizeof(hints[0]) && rv == APR_SUCCESS;
         i++) {
        if (hints[i].given) {
            rv = llmgw_gemini_cannot(wr, 1, "%s", hints[i].name);
        }
    }
    return rv;
}

/* Members of a member ("toolConfig.retrievalConfig") have their own place. */
static int is_inner(llmgw_str_t name)
{
    return memchr(name.p, '.', name.len) != NULL;
}

static apr_status_t write_extras(gemini_writing_t *wr)
{
    const llmgw_extra_t *extra;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < wr->req->extras->nelts && rv == APR_SUCCESS; i++) {
        extra = &APR_ARRAY_IDX(wr->req->extras, i, llmgw_extra_t);
        if (llmgw_gemini_is_own(wr)) {
            if (!is_inner(extra->name)) {
                llmgw_json_key_str(&wr->w, extra->name);
                llmgw_json_raw_out(&wr->w, extra->value);
            }
        }
        else {
            rv = llmgw_gemini_cannot(wr, !extra->is_meaning, "%.*s",
                                     LLMGW_STR_ARG(extra->name));
        }
    }
    return rv;
}

static apr_status_t write_members(gemini_writing_t *wr)
{
    apr_status_t rv;

    if (wr->how->counting) {    /* beside the URL; a run has it there only */
        llmgw_json_opt_str(&wr->w, "model",
                           llmgw_gemini_resource(wr->how->model, wr->p));
    }
    rv = llmgw_gemini_write_system(wr);
    if (rv == APR_SUCCESS) {
        rv = llmgw_gemini_write_contents(wr);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_gemini_write_tools(wr);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_gemini_write_config(wr);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!wr->how->counting) {
        llmgw_json_opt_raw(&wr->w, "safetySettings",
                           wr->req->safety_settings);
        rv = write_tier(wr);
        rv = rv == APR_SUCCESS ? check_hints(wr) : rv;
    }
    return rv == APR_SUCCESS ? write_extras(wr) : rv;
}

apr_status_t llmgw_gemini_request_encode(llmgw_buf_t *out,
                                         const llmgw_request_t *req,
                                         llmgw_encode_t *how, apr_pool_t *p,
                                         llmgw_err_t *err)
{
    gemini_writing_t wr;
    apr_status_t rv;

    memset(&wr, 0, sizeof(wr));
    wr.w.out = out;
    wr.req = req;
    wr.how = how;
    wr.p = p;
    wr.err = err;
    wr.model = llmgw_gemini_model_get(how->model);
    llmgw_json_begin(&wr.w, '{');
    rv = write_members(&wr);
    llmgw_json_end(&wr.w, '}');
    if (rv == APR_SUCCESS && out->failed != APR_SUCCESS) {
        rv = llmgw_err_set(err, p, out->failed, NULL,
                           "The request is too large.");
    }
    return rv;
}
