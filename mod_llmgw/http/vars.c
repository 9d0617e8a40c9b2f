/* vars.c: a call's figures as variables of expressions: %{LLM_MODEL} ... */
#include <apr_strings.h>
#include <httpd.h>
#include <ap_expr.h>
#include "call.h"
#include "log.h"
#include "mark.h"
#include "prompt.h"
#include "vars.h"

/* ---- the variables ----------------------------------------------------- */

typedef const char *(*get_fn)(llmgw_call_t *call, apr_pool_t *p);

static const char *get_model(llmgw_call_t *call, apr_pool_t *p)
{
    return llmgw_str_dupz(p, call->model);
}

static const char *get_route(llmgw_call_t *call, apr_pool_t *p LLMGW_UNUSED)
{
    return call->plan.route_name;
}

static const char *get_provider(llmgw_call_t *call, apr_pool_t *p LLMGW_UNUSED)
{
    return call->attempt ? call->attempt->provider->name : NULL;
}

static const char *get_stream(llmgw_call_t *call, apr_pool_t *p LLMGW_UNUSED)
{
    return call->stream ? "1" : "0";
}

static const char *get_prompt_tokens(llmgw_call_t *call, apr_pool_t *p)
{
    return apr_off_t_toa(p, llmgw_prompt_tokens(call));
}

static const char *get_tools(llmgw_call_t *call, apr_pool_t *p)
{
    return apr_itoa(p, llmgw_prompt_tools(call));
}

static const char *get_images(llmgw_call_t *call, apr_pool_t *p)
{
    return apr_itoa(p, llmgw_prompt_images(call));
}

typedef struct variable_t {
    const char *name;
    get_fn get;
} variable_t;

static const variable_t variables[] = {
    { "LLM_MODEL", get_model },
    { "LLM_ROUTE", get_route },
    { "LLM_PROVIDER", get_provider },
    { "LLM_STREAM", get_stream },
    { "LLM_PROMPT_TOKENS", get_prompt_tokens },
    { "LLM_TOOLS", get_tools },
    { "LLM_IMAGES", get_images },
};

/* ---- looking them up --------------------------------------------------- */

/* Is this asked before the handler could know? In the gateway's own locations
 * the handler's name is set after Require, <If> and SetEnvIfExpr were asked. */
static int is_too_early(const request_rec *r)
{
    const llmgw_mark_t *mark = llmgw_mark_lookup(r);

    return mark && mark->is_location && !mark->call && !r->handler
           && r->status == HTTP_OK;
}

/* An ap_expr_var_func_t. Too early, the expression fails rather than comparing
 * with nothing: a Require that says != would let everybody in. */
static const char *get_variable(ap_expr_eval_ctx_t *ctx, const void *data)
{
    const variable_t *v = data;
    llmgw_call_t *call;
    const char *value = NULL;

    if (ctx->r && is_too_early(ctx->r)) {
        *ctx->err = apr_psprintf(ctx->p, "%%{%s} has no value before the "
                                 "request's body has been read: see LLMAllow",
                                 v->name);
        return "";
    }
    call = ctx->r ? llmgw_mark_call(ctx->r) : NULL;
    if (call) {
        value = v->get(call, ctx->p);
    }
    return value ? value : "";
}

int llmgw_vars_lookup(ap_expr_lookup_parms *parms)
{
    unsigned int i;

    if (parms->type != AP_EXPR_FUNC_VAR) {
        return DECLINED;
    }
    for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        if (!ap_cstr_casecmp(variables[i].name, parms->name)) {
            *parms->func = get_variable;
            *parms->data = &variables[i];
            return OK;
        }
    }
    return DECLINED;
}
