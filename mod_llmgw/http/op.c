/* op.c: what a call does that is no inference: counting tokens, embeddings */
#include <apr_strings.h>
#include "llmgw/count.h"
#include "llmgw/embed.h"
#include "llmgw/estimate.h"
#include "op.h"

/* ---- who can ------------------------------------------------------------ */

static int is_able(const llmgw_call_t *call,
                   const llmgw_provider_kind_t *kind)
{
    return call->surface.op != LLMGW_OP_EMBED || kind->dialect->embed;
}

apr_status_t llmgw_op_choose_targets(llmgw_call_t *call)
{
    const apr_array_header_t *all = call->plan.targets;
    apr_array_header_t *able;
    int i;

    if (call->surface.op != LLMGW_OP_EMBED) {
        return APR_SUCCESS;             /* all of them can */
    }
    able = apr_array_make(call->pool, all->nelts + 1,
                          sizeof(llmgw_target_t *));
    for (i = 0; i < all->nelts; i++) {
        const llmgw_target_t *t = APR_ARRAY_IDX(all, i, llmgw_target_t *);
        const llmgw_provider_t *provider = t->provider_data;

        if (is_able(call, provider->kind)) {
            APR_ARRAY_PUSH(able, const llmgw_target_t *) = t;
        }
    }
    call->plan.targets = able;
    if (able->nelts) {
        return APR_SUCCESS;
    }
    return llmgw_err_set(&call->err, call->pool, LLMGW_EUNSUPPORTED, "model",
                         "No provider of the model '%s' has embeddings.",
                         llmgw_str_dupz(call->pool, call->model));
}

int llmgw_op_passes(const llmgw_call_t *call,
                    const llmgw_provider_kind_t *kind)
{
    switch (call->surface.op) {
    case LLMGW_OP_COUNT:
        return kind->dialect->count == call->dialect->count;
    case LLMGW_OP_EMBED:
        return kind->dialect->embed == call->dialect->embed;
    default:
        return kind->dialect == call->dialect;
    }
}

int llmgw_op_is_own(const llmgw_call_t *call,
                    const llmgw_provider_kind_t *kind)
{
    return call->surface.op == LLMGW_OP_COUNT && !kind->dialect->count;
}

/* ---- requests ----------------------------------------------------------- */

apr_status_t llmgw_op_rename(llmgw_call_t *call, llmgw_str_t *body,
                             llmgw_err_t *err)
{
    const llmgw_attempt_t *attempt = call->attempt;
    const llmgw_dialect_t *dialect = call->dialect;
    apr_status_t (*rename)(llmgw_str_t *text, llmgw_str_t model,
                           apr_pool_t *p) = NULL;

    if (call->surface.op == LLMGW_OP_COUNT) {
        rename = dialect->count->rename;
    }
    else if (call->surface.op == LLMGW_OP_EMBED) {
        rename = dialect->embed->rename;
    }
    if (!rename || llmgw_str_is(call->model, attempt->model)
        || rename(body, llmgw_str_of(attempt->model), attempt->pool)
           == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    return llmgw_err_set(err, call->pool, LLMGW_EINTERNAL, NULL,
                         "The request could not be rewritten.");
}

apr_status_t llmgw_op_decode_embed(llmgw_call_t *call, llmgw_err_t *err)
{
    const llmgw_json_t *root;
    apr_status_t rv;

    if (call->embed) {
        return APR_SUCCESS;
    }
    rv = llmgw_call_parse(call, &root, err);
    return rv == APR_SUCCESS
        ? call->dialect->embed->request_decode(&call->embed, root,
                                               call->surface.batch, call->pool,
                                               err) : rv;
}

apr_status_t llmgw_op_encode(llmgw_call_t *call, llmgw_buf_t *out,
                             llmgw_encode_t *how, llmgw_err_t *err)
{
    const llmgw_attempt_t *attempt = call->attempt;
    const llmgw_dialect_t *to = attempt->provider->kind->dialect;
    const llmgw_request_t *req;
    apr_status_t rv = call->surface.op == LLMGW_OP_EMBED
        ? llmgw_op_decode_embed(call, err) : llmgw_call_decode(call, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (call->surface.op == LLMGW_OP_EMBED) {
        return to->embed->request_encode(out, call->embed, how, attempt->pool,
                                         err);
    }
    req = llmgw_request_for(call->request, to, attempt->pool);
    return call->surface.op == LLMGW_OP_COUNT
        ? to->count->request_encode(out, req, how, attempt->pool, err)
        : to->request_encode(out, req, how, attempt->pool, err);
}

/* ---- answers ------------------------------------------------------------ */

/* Figures of this answer are the gateway's guess, and it says so. */
static void mark_estimated(llmgw_call_t *call)
{
    call->meter.usage.estimated = 1;
    apr_table_setn(call->r->headers_out, "X-LLMGW-Estimate", "tokens");
}

apr_status_t llmgw_op_answer_own(llmgw_call_t *call, llmgw_buf_t *out,
                                 llmgw_err_t *err)
{
    apr_status_t rv = llmgw_call_decode(call, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = call->dialect->count->answer_encode(
        out, llmgw_estimate_tokens(call->request));
    return rv == APR_SUCCESS ? rv
        : llmgw_err_set(err, call->pool, LLMGW_EINTERNAL, NULL,
                        "The answer could not be written.");
}

/* A count spends nothing: it is no usage. */
static apr_status_t take_count(llmgw_call_t *call, llmgw_str_t body,
                               llmgw_buf_t *out, llmgw_err_t *err)
{
    const llmgw_attempt_t *attempt = call->attempt;
    const llmgw_count_t *from = attempt->own
        ? call->dialect->count : attempt->provider->kind->dialect->count;
    apr_int64_t tokens;
    apr_status_t rv = from->answer_decode(&tokens, body, attempt->pool, err);

    if (attempt->own) {
        mark_estimated(call);
    }
    return rv != APR_SUCCESS || attempt->passes
        ? rv : call->dialect->count->answer_encode(out, tokens);
}

/* An answer that passes is listened to only. */
static apr_status_t listen_embed(llmgw_call_t *call, llmgw_str_t body,
                                 llmgw_err_t *err)
{
    return call->dialect->embed->usage_decode(&call->meter.usage, body,
                                              call->attempt->pool, err);
}

static apr_status_t refuse_vectors(llmgw_call_t *call, int n,
                                   llmgw_err_t *err)
{
    apr_pool_t *p = call->attempt->pool;

    llmgw_err_set(err, p, LLMGW_EUPBODY, NULL,
                  "The provider's answer does not hold a vector for each "
                  "input.");
    err->detail = apr_psprintf(p, "%d vectors for %d inputs", n,
                               call->embed->inputs->nelts);
    return err->status;
}

static apr_status_t take_embed(llmgw_call_t *call, llmgw_str_t body,
                               llmgw_buf_t *out, llmgw_err_t *err)
{
    const llmgw_attempt_t *attempt = call->attempt;
    llmgw_embed_answer_t answer;
    apr_status_t rv;
    int guess;

    if (attempt->passes) {
        return listen_embed(call, body, err);
    }
    rv = attempt->provider->kind->dialect->embed->answer_decode(
        &answer, body, attempt->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (answer.vectors->nelts != call->embed->inputs->nelts) {
        return refuse_vectors(call, answer.vectors->nelts, err);
    }
    guess = answer.usage.prompt < 0;
    if (guess) {
        answer.usage.prompt = llmgw_embed_estimate(call->embed);
        answer.usage.total = answer.usage.prompt;
    }
    answer.model = answer.model.len ? answer.model : call->model;
    rv = call->dialect->embed->answer_encode(out, &answer, call->embed);
    if (rv == APR_SUCCESS) {
        llmgw_usage_set(&call->meter.usage, &answer.usage);
        if (guess) {
            mark_estimated(call);
        }
    }
    return rv;
}

apr_status_t llmgw_op_take_answer(llmgw_call_t *call, llmgw_str_t body,
                                  llmgw_buf_t *out, llmgw_str_t *answer,
                                  llmgw_err_t *err)
{
    apr_status_t rv = call->surface.op == LLMGW_OP_COUNT
        ? take_count(call, body, out, err) : take_embed(call, body, out, err);

    *answer = call->attempt->passes ? body : llmgw_buf_str(out);
    if (rv == APR_SUCCESS || err->status != APR_SUCCESS) {
        return rv;
    }
    if (rv == LLMGW_ETOOBIG) {
        return llmgw_err_set(err, call->pool, LLMGW_EUPTOOBIG, NULL,
                             "The provider's answer is too large.");
    }
    return llmgw_err_set(err, call->pool, LLMGW_EUPBODY, NULL,
                         "The provider's answer cannot be understood.");
}
