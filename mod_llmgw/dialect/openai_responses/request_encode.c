/* request_encode.c: writing a Responses request */
#include "openai_responses.h"

/* ---- sampling ----------------------------------------------------------- */

/* The least number of tokens OpenAI takes; clients of others ask for one to
 * see whether a model answers. */
#define TOKENS_MIN 16

static apr_status_t write_tokens(openai_writing_t *wr)
{
    llmgw_str_t tokens = wr->req->max_tokens;

    if (!llmgw_openai_is_own(wr)
        && llmgw_raw_int(tokens, TOKENS_MIN) < TOKENS_MIN) {
        llmgw_json_key(&wr->w, "max_output_tokens");
        llmgw_json_int_out(&wr->w, TOKENS_MIN);
        return llmgw_openai_cannot(wr, 1, "max_tokens");
    }
    llmgw_json_opt_raw(&wr->w, "max_output_tokens", tokens);
    return APR_SUCCESS;
}

static apr_status_t write_limits(openai_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    llmgw_json_writer_t *w = &wr->w;
    apr_status_t rv;

    if (wr->how->stream) {
        llmgw_json_key(w, "stream");
        llmgw_json_bool_out(w, 1);
    }
    rv = write_tokens(wr);
    llmgw_json_opt_raw(w, "temperature", req->temperature);
    llmgw_json_opt_raw(w, "top_p", req->top_p);
    if (req->logprobs == 1) {
        llmgw_json_opt_raw(w, "top_logprobs", req->top_logprobs);
    }
    if (llmgw_openai_is_own(wr)) {    /* Open Responses has them */
        llmgw_json_opt_raw(w, "presence_penalty", req->presence_penalty);
        llmgw_json_opt_raw(w, "frequency_penalty", req->frequency_penalty);
    }
    return rv;
}

/* What Responses has no member for: some of it changes what is answered. */
static apr_status_t check_sampling(openai_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    int own = llmgw_openai_is_own(wr);
    const struct {
        const char *name;
        int is_hint;
        int is_there;
    } all[] = {
        { "n", 0, llmgw_raw_int(req->n, 1) != 1 },
        { "stop", 0, req->stop && req->stop->nelts },
        { "top_k", 1, req->top_k.p != NULL },
        { "seed", 1, req->seed.p != NULL },
        { "presence_penalty", 1, !own && req->presence_penalty.p },
        { "frequency_penalty", 1, !own && req->frequency_penalty.p },
        { "safety_settings", 1, req->safety_settings.p != NULL }
    };
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]) && rv == APR_SUCCESS; i++) {
        if (all[i].is_there) {
            rv = llmgw_openai_cannot(wr, all[i].is_hint, "%s",
                                               all[i].name);
        }
    }
    return rv;
}

/* ---- format and reasoning ----------------------------------------------- */

static void write_format(openai_writing_t *wr)
{
    static const char *const types[] = {
        [LLMGW_FORMAT_UNSET] = "text",
        [LLMGW_FORMAT_TEXT] = "text",
        [LLMGW_FORMAT_JSON_OBJECT] = "json_object",
        [LLMGW_FORMAT_JSON_SCHEMA] = "json_schema"
    };
    const llmgw_request_t *req = wr->req;
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_key(w, "format");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, types[req->format]);
    if (req->format == LLMGW_FORMAT_JSON_SCHEMA) {
        llmgw_json_key(w, "name");
        llmgw_json_str(w, req->schema_name.len
                       ? llmgw_tool_name_legal(req->schema_name, wr->p)
                       : LLMGW_STR_LIT("response"));
        llmgw_json_opt_str(w, "description", req->schema_description);
        llmgw_json_key(w, "schema");
        llmgw_json_raw_out(w, req->schema.p ? req->schema
                                            : LLMGW_STR_LIT("{}"));
        llmgw_openai_opt_flag(w, "strict", req->schema_strict);
    }
    llmgw_json_end(w, '}');
}

static void write_text(openai_writing_t *wr)
{
    if (wr->req->format == LLMGW_FORMAT_UNSET && !wr->req->verbosity.p) {
        return;
    }
    llmgw_json_key(&wr->w, "text");
    llmgw_json_begin(&wr->w, '{');
    if (wr->req->format != LLMGW_FORMAT_UNSET) {
        write_format(wr);
    }
    llmgw_json_opt_str(&wr->w, "verbosity", wr->req->verbosity);
    llmgw_json_end(&wr->w, '}');
}

static void write_reasoning(openai_writing_t *wr)
{
    llmgw_str_t effort = llmgw_openai_effort(wr->req);

    if (!effort.p && !wr->req->reasoning_summary.p) {
        return;
    }
    llmgw_json_key(&wr->w, "reasoning");
    llmgw_json_begin(&wr->w, '{');
    llmgw_json_opt_str(&wr->w, "effort", effort);
    llmgw_json_opt_str(&wr->w, "summary", wr->req->reasoning_summary);
    llmgw_json_end(&wr->w, '}');
}

/* Models that reason without being asked to. */
static int is_reasoner(llmgw_str_t model)
{
    static const char *const names[] = { "o1*", "o3*", "o4*", "gpt-5*",
                                         "codex-*" };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (llmgw_str_glob(names[i], model)) {
            return !llmgw_str_glob("*-chat*", model);
        }
    }
    return 0;
}

/* Does the model reason, as far as the request tells? Others refuse to be
 * asked for what they thought. */
static int is_reasoning(const openai_writing_t *wr)
{
    llmgw_str_t effort = llmgw_openai_effort(wr->req);

    return effort.len ? !llmgw_str_is(effort, "none")
                      : is_reasoner(wr->how->model);
}

/* Nothing is stored there, so reasoning has to come back as it is. */
static void write_include(openai_writing_t *wr)
{
    llmgw_json_writer_t *w = &wr->w;
    int reasons = is_reasoning(wr);

    if (llmgw_openai_is_own(wr)) {
        llmgw_json_opt_raw(w, "include", wr->req->include);
        return;
    }
    if (!reasons && wr->req->logprobs != 1) {
        return;
    }
    llmgw_json_key(w, "include");
    llmgw_json_begin(w, '[');
    if (reasons) {
        llmgw_json_strz(w, "reasoning.encrypted_content");
    }
    if (wr->req->logprobs == 1) {
        llmgw_json_strz(w, "message.output_text.logprobs");
    }
    llmgw_json_end(w, ']');
}

/* ---- the rest ----------------------------------------------------------- */

static apr_status_t write_members(openai_writing_t *wr)
{
    apr_status_t rv;

    llmgw_json_key(&wr->w, "model");
    llmgw_json_str(&wr->w, wr->how->model);
    rv = llmgw_openai_responses_write_input(wr);
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_responses_write_tools(wr);
    }
    if (rv == APR_SUCCESS && !wr->how->counting) {
        rv = check_sampling(wr);
    }
    if (rv == APR_SUCCESS && !wr->how->counting) {
        rv = write_limits(wr);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    write_text(wr);
    write_reasoning(wr);
    if (wr->how->counting) {            /* the counter takes no more */
        return APR_SUCCESS;
    }
    write_include(wr);
    rv = llmgw_openai_write_account(wr);
    /* Elsewhere nothing is stored that nobody asked to be. */
    llmgw_json_key(&wr->w, "store");
    llmgw_json_bool_out(&wr->w, wr->req->store == 1);
    return rv == APR_SUCCESS ? llmgw_openai_write_extras(wr) : rv;
}

apr_status_t llmgw_openai_responses_request_encode(
    llmgw_buf_t *out, const llmgw_request_t *req, llmgw_encode_t *how,
    apr_pool_t *p, llmgw_err_t *err)
{
    return llmgw_openai_write(&llmgw_dialect_openai_responses, write_members,
                              out, req, how, p, err);
}
