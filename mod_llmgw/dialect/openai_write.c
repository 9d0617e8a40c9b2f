/* openai_write.c: writing requests, as OpenAI's dialects have it in common */
#include <stdarg.h>
#include <string.h>
#include <apr_strings.h>
#include "openai.h"

/* ---- the whole ---------------------------------------------------------- */

apr_status_t llmgw_openai_write(const llmgw_dialect_t *dialect,
                                llmgw_openai_write_fn write_members,
                                llmgw_buf_t *out, const llmgw_request_t *req,
                                llmgw_encode_t *how, apr_pool_t *p,
                                llmgw_err_t *err)
{
    openai_writing_t wr = { LLMGW_JSON_WRITER(out), dialect, req, how, p, err,
                            NULL };
    apr_status_t rv;

    wr.custom = apr_hash_make(p);
    llmgw_json_begin(&wr.w, '{');
    rv = write_members(&wr);
    llmgw_json_end(&wr.w, '}');
    if (rv == APR_SUCCESS && out->failed != APR_SUCCESS) {
        rv = llmgw_err_set(err, p, out->failed, NULL,
                           "The request is too large.");
    }
    return rv;
}

apr_status_t llmgw_openai_cannot(openai_writing_t *wr, int is_hint,
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

int llmgw_openai_is_own(const openai_writing_t *wr)
{
    return wr->req->dialect == wr->dialect;
}

/* ---- members ------------------------------------------------------------ */

void llmgw_openai_opt_flag(llmgw_json_writer_t *w, const char *name, int flag)
{
    if (flag >= 0) {
        llmgw_json_key(w, name);
        llmgw_json_bool_out(w, flag);
    }
}

llmgw_str_t llmgw_openai_effort(const llmgw_request_t *req)
{
    apr_int64_t budget = llmgw_raw_int(req->reasoning_budget, -1);

    if (llmgw_str_is(req->effort, "max")) {
        return LLMGW_STR_LIT("high");
    }
    if (req->effort.p || req->reasoning_off || budget < 0) {
        return req->effort;
    }
    return budget <= 4096 ? LLMGW_STR_LIT("low")
        : budget <= 12288 ? LLMGW_STR_LIT("medium") : LLMGW_STR_LIT("high");
}

static int is_tier(llmgw_str_t tier)
{
    static const char *const known[] = { "auto", "default", "flex", "scale",
                                         "priority" };
    apr_size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (llmgw_str_is(tier, known[i])) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t write_tier(openai_writing_t *wr)
{
    llmgw_str_t tier = wr->req->service_tier;
    int own = llmgw_openai_is_own(wr);

    if (!own && llmgw_str_is(tier, "standard_only")) {
        tier = LLMGW_STR_LIT("default");
    }
    if (own || is_tier(tier)) {
        llmgw_json_opt_str(&wr->w, "service_tier", tier);
        return APR_SUCCESS;
    }
    return tier.p ? llmgw_openai_cannot(wr, 1, "service_tier") : APR_SUCCESS;
}

/* The longest "user" that OpenAI takes; clients of others send longer ones. */
#define USER_MAX 64

apr_status_t llmgw_openai_write_account(openai_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    apr_status_t rv;

    llmgw_json_opt_str(&wr->w, "user", llmgw_openai_is_own(wr)
                       || req->user.len <= USER_MAX ? req->user
                       : llmgw_name_legal(req->user, USER_MAX, wr->p));
    llmgw_json_opt_raw(&wr->w, "metadata", req->metadata);
    rv = write_tier(wr);
    llmgw_json_opt_str(&wr->w, "prompt_cache_key", req->prompt_cache_key);
    return rv;
}

apr_status_t llmgw_openai_write_extras(openai_writing_t *wr)
{
    const llmgw_extra_t *extra;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < wr->req->extras->nelts && rv == APR_SUCCESS; i++) {
        extra = &APR_ARRAY_IDX(wr->req->extras, i, llmgw_extra_t);
        if (llmgw_openai_is_own(wr)) {
            llmgw_json_key_str(&wr->w, extra->name);
            llmgw_json_raw_out(&wr->w, extra->value);
        }
        else {
            rv = llmgw_openai_cannot(wr, !extra->is_meaning, "%.*s",
                                     LLMGW_STR_ARG(extra->name));
        }
    }
    return rv;
}

/* ---- parts -------------------------------------------------------------- */

apr_status_t llmgw_openai_check_marks(openai_writing_t *wr,
                                      const llmgw_part_t *part)
{
    apr_status_t rv = APR_SUCCESS;

    if (part->cache_control.p) {
        rv = llmgw_openai_cannot(wr, 1, "cache_control");
    }
    if (rv == APR_SUCCESS && part->annotations.p && !llmgw_openai_is_own(wr)) {
        rv = llmgw_openai_cannot(wr, 1, "citations");
    }
    return rv;
}

void llmgw_openai_write_about(llmgw_json_writer_t *w, const llmgw_part_t *part,
                              void (*write_text)(llmgw_json_writer_t *w,
                                                 llmgw_str_t text))
{
    if (part->text.p && part->filename.len) {
        write_text(w, part->filename);
    }
    if (part->context.len) {
        write_text(w, part->context);
    }
}

/* ---- tools -------------------------------------------------------------- */

int llmgw_openai_is_custom(const llmgw_request_t *req, llmgw_str_t name)
{
    const llmgw_tool_t *tool;
    int i;

    for (i = 0; i < req->tools->nelts; i++) {
        tool = &APR_ARRAY_IDX(req->tools, i, llmgw_tool_t);
        if (llmgw_str_eq(tool->name, name)) {
            return tool->type == LLMGW_TOOL_CUSTOM;
        }
    }
    return 0;
}

/* A built-in tool of another provider's. */
static int is_foreign(const openai_writing_t *wr, const llmgw_tool_t *tool)
{
    return tool->type == LLMGW_TOOL_BUILTIN && !llmgw_openai_is_own(wr);
}

/* Report what OpenAI cannot take. @param kept set to the number that stay */
static apr_status_t check_tools(openai_writing_t *wr, int *kept)
{
    const llmgw_tool_t *tool;
    apr_status_t rv = APR_SUCCESS;
    int i;

    *kept = 0;
    for (i = 0; i < wr->req->tools->nelts && rv == APR_SUCCESS; i++) {
        tool = &APR_ARRAY_IDX(wr->req->tools, i, llmgw_tool_t);
        if (is_foreign(wr, tool)) {
            rv = llmgw_openai_cannot(wr, 0, "tools[%d]", i);
            continue;
        }
        ++*kept;
        if (tool->cache_control.p) {
            rv = llmgw_openai_cannot(wr, 1, "cache_control");
        }
    }
    return rv;
}

/* Was the tool that must be called left out? */
static int is_choice_gone(const openai_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    const llmgw_tool_t *tool;
    int i;

    if (req->choice != LLMGW_CHOICE_NAMED || llmgw_openai_is_own(wr)) {
        return 0;
    }
    for (i = 0; i < req->tools->nelts; i++) {
        tool = &APR_ARRAY_IDX(req->tools, i, llmgw_tool_t);
        if (!is_foreign(wr, tool)
            && llmgw_str_eq(tool->name, req->choice_name)) {
            return 0;
        }
    }
    return 1;
}

const char *llmgw_openai_choice_word(llmgw_choice_e choice)
{
    return choice == LLMGW_CHOICE_NONE ? "none"
        : choice == LLMGW_CHOICE_REQUIRED ? "required" : "auto";
}

/* What may be called: one, some, or as a word says. */
static void write_choice(openai_writing_t *wr,
                         const llmgw_openai_tool_fns_t *fns)
{
    const llmgw_request_t *req = wr->req;

    if ((req->choice == LLMGW_CHOICE_UNSET && !req->allowed_tools)
        || is_choice_gone(wr)) {
        return;
    }
    llmgw_json_key(&wr->w, "tool_choice");
    if (req->choice == LLMGW_CHOICE_NAMED) {
        fns->write_named(wr, req->choice_name);
    }
    else if (req->allowed_tools && req->choice != LLMGW_CHOICE_NONE) {
        fns->write_allowed(wr);
    }
    else {
        llmgw_json_strz(&wr->w, llmgw_openai_choice_word(req->choice));
    }
}

apr_status_t llmgw_openai_write_tools(openai_writing_t *wr,
                                      const llmgw_openai_tool_fns_t *fns)
{
    llmgw_json_writer_t *w = &wr->w;
    apr_status_t rv;
    int i, kept;

    rv = check_tools(wr, &kept);
    if (rv != APR_SUCCESS || kept == 0) {
        return rv;
    }
    llmgw_json_key(w, "tools");
    llmgw_json_begin(w, '[');
    for (i = 0; i < wr->req->tools->nelts; i++) {
        if (!is_foreign(wr, &APR_ARRAY_IDX(wr->req->tools, i,
                                           llmgw_tool_t))) {
            fns->write_tool(wr, i);
        }
    }
    llmgw_json_end(w, ']');
    if (!fns->write_raw_choice || !fns->write_raw_choice(wr)) {
        write_choice(wr, fns);
    }
    llmgw_openai_opt_flag(w, "parallel_tool_calls", wr->req->parallel_tools);
    return APR_SUCCESS;
}
