/* rename.c: naming another model where a body names one beside the URL */
#include <string.h>
#include "gemini.h"

typedef struct renaming_t {
    llmgw_str_t name;           /* raw: "\"models/NAME\"" */
    llmgw_buf_t *out;
    const char *copied;         /* everything before it is in out */
} renaming_t;

static void replace(renaming_t *rn, llmgw_str_t old)
{
    llmgw_buf_append(rn->out, rn->copied, (apr_size_t)(old.p - rn->copied));
    llmgw_buf_put(rn->out, rn->name);
    rn->copied = old.p + old.len;
}

static apr_status_t take_model(void *ctx, const llmgw_json_member_t *m)
{
    if (llmgw_json_member_is(m, "model")) {
        replace(ctx, m->value);
    }
    return APR_SUCCESS;
}

/* A request within the body. */
static apr_status_t take_request(void *ctx, const llmgw_json_member_t *m)
{
    return llmgw_json_scan(m->value.p, m->value.len, NULL, take_model, ctx,
                           NULL, NULL);
}

static apr_status_t take_member(void *ctx, const llmgw_json_member_t *m)
{
    if (llmgw_json_member_is(m, "generateContentRequest")
        || llmgw_json_member_is(m, "generate_content_request")) {
        return take_request(ctx, m);
    }
    if (llmgw_json_member_is(m, "requests")) {
        return llmgw_raw_elements(m->value, take_request, ctx);
    }
    return take_model(ctx, m);
}

llmgw_str_t llmgw_gemini_resource(llmgw_str_t model, apr_pool_t *p)
{
    llmgw_buf_t *out;

    if (model.len > 7 && memcmp(model.p, "models/", 7) == 0) {
        return model;
    }
    out = llmgw_buf_create(p, model.len + 8);
    llmgw_buf_puts(out, "models/");
    llmgw_buf_put(out, model);
    return llmgw_buf_str(out);
}

apr_status_t llmgw_gemini_rename(llmgw_str_t *body, llmgw_str_t model,
                                 apr_pool_t *p)
{
    static const llmgw_json_limits_t widest = { 0x7fffffff, 0, 0 };
    llmgw_buf_t *name = llmgw_buf_create(p, 6 * model.len + 64);
    renaming_t rn;
    apr_status_t rv;

    llmgw_json_put_string(name, llmgw_gemini_resource(model, p));
    rn.name = llmgw_buf_str(name);
    rn.out = llmgw_buf_create(p, APR_SIZE_MAX / 2);
    rn.copied = body->p;
    rv = llmgw_json_scan(body->p, body->len, &widest, take_member, &rn, NULL,
                         NULL);
    llmgw_buf_append(rn.out, rn.copied,
                     (apr_size_t)(body->p + body->len - rn.copied));
    rv = rv == APR_SUCCESS ? rn.out->failed : rv;
    if (rv == APR_SUCCESS) {
        *body = llmgw_buf_str(rn.out);
    }
    return rv;
}
