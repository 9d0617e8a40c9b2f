/* request_encode.c: writing a chat completions request */
#include "openai_chat.h"

/* ---- sampling ----------------------------------------------------------- */

/* Stop sequences: other providers take more of them than OpenAI. */
#define STOP_MAX 4

static apr_status_t write_stop(openai_writing_t *wr)
{
    const apr_array_header_t *stop = wr->req->stop;
    int i, n = stop ? stop->nelts : 0;

    if (n == 0) {
        return APR_SUCCESS;
    }
    if (!llmgw_openai_is_own(wr) && n > STOP_MAX) {
        n = STOP_MAX;
    }
    llmgw_json_key(&wr->w, "stop");
    llmgw_json_begin(&wr->w, '[');
    for (i = 0; i < n; i++) {
        llmgw_json_str(&wr->w, APR_ARRAY_IDX(stop, i, llmgw_str_t));
    }
    llmgw_json_end(&wr->w, ']');
    return n < stop->nelts ? llmgw_openai_cannot(wr, 1, "stop")
                           : APR_SUCCESS;
}

static apr_status_t write_limits(openai_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    llmgw_json_writer_t *w = &wr->w;
    apr_status_t rv;

    llmgw_json_opt_raw(w, wr->how->quirks & LLMGW_QUIRK_MAX_TOKENS
                       ? "max_tokens" : "max_completion_tokens",
                       req->max_tokens);
    llmgw_json_opt_raw(w, "temperature", req->temperature);
    llmgw_json_opt_raw(w, "top_p", req->top_p);
    llmgw_json_opt_raw(w, "n", req->n);
    rv = write_stop(wr);
    llmgw_json_opt_raw(w, "seed", req->seed);
    llmgw_json_opt_raw(w, "presence_penalty", req->presence_penalty);
    llmgw_json_opt_raw(w, "frequency_penalty", req->frequency_penalty);
    llmgw_openai_opt_flag(w, "logprobs", req->logprobs);
    llmgw_json_opt_raw(w, "top_logprobs", req->top_logprobs);
    return rv;
}

/* ---- format and reasoning ----------------------------------------------- */

static void write_schema(openai_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    llmgw_json_writer_t *w = &wr->w;

    llmgw_json_key(w, "json_schema");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "name");
    llmgw_json_str(w, req->schema_name.len
                   ? llmgw_tool_name_legal(req->schema_name, wr->p)
                   : LLMGW_STR_LIT("response"));
    llmgw_json_opt_str(w, "description", req->schema_description);
    llmgw_json_opt_raw(w, "schema", req->schema);
    llmgw_openai_opt_flag(w, "strict", req->schema_strict);
    llmgw_json_end(w, '}');
}

static void write_format(openai_writing_t *wr)
{
    static const char *const types[] = {
        [LLMGW_FORMAT_TEXT] = "text",
        [LLMGW_FORMAT_JSON_OBJECT] = "json_object",
        [LLMGW_FORMAT_JSON_SCHEMA] = "json_schema"
    };
    llmgw_json_writer_t *w = &wr->w;

    if (wr->req->format == LLMGW_FORMAT_UNSET) {
        return;
    }
    llmgw_json_key(w, "response_format");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, types[wr->req->format]);
    if (wr->req->format == LLMGW_FORMAT_JSON_SCHEMA) {
        write_schema(wr);
    }
    llmgw_json_end(w, '}');
}

/* ---- the rest ----------------------------------------------------------- */

static void write_stream(openai_writing_t *wr)
{
    if (!wr->how->stream) {
        return;
    }
    llmgw_json_key(&wr->w, "stream");
    llmgw_json_bool_out(&wr->w, 1);
    if (!(wr->how->quirks & LLMGW_QUIRK_NO_STREAM_OPTIONS)) {
        llmgw_json_opt_raw(&wr->w, "stream_options",
                           LLMGW_STR_LIT("{\"include_usage\":true}"));
    }
}

/* Hints OpenAI has no member for. */
static apr_status_t check_hints(openai_writing_t *wr)
{
    apr_status_t rv = APR_SUCCESS;

    if (wr->req->top_k.p) {
        rv = llmgw_openai_cannot(wr, 1, "top_k");
    }
    if (rv == APR_SUCCESS && wr->req->safety_settings.p) {
        rv = llmgw_openai_cannot(wr, 1, "safety_settings");
    }
    return rv;
}

static apr_status_t write_members(openai_writing_t *wr)
{
    apr_status_t rv;

    llmgw_json_key(&wr->w, "model");
    llmgw_json_str(&wr->w, wr->how->model);
    rv = llmgw_openai_chat_write_messages(wr);
    if (rv == APR_SUCCESS) {
        rv = llmgw_openai_chat_write_tools(wr);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    write_stream(wr);
    rv = write_limits(wr);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    write_format(wr);
    llmgw_json_opt_str(&wr->w, "reasoning_effort",
                       llmgw_openai_effort(wr->req));
    llmgw_json_opt_str(&wr->w, "verbosity", wr->req->verbosity);
    rv = llmgw_openai_write_account(wr);
    llmgw_openai_opt_flag(&wr->w, "store", wr->req->store);
    if (rv == APR_SUCCESS) {
        rv = check_hints(wr);
    }
    return rv == APR_SUCCESS ? llmgw_openai_write_extras(wr) : rv;
}

apr_status_t llmgw_openai_chat_request_encode(llmgw_buf_t *out,
                                              const llmgw_request_t *req,
                                              llmgw_encode_t *how,
                                              apr_pool_t *p, llmgw_err_t *err)
{
    return llmgw_openai_write(&llmgw_dialect_openai_chat, write_members, out,
                              req, how, p, err);
}
