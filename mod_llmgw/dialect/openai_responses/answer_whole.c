/* answer_whole.c: writing the response object, and a whole answer */
#include <string.h>
#include "openai_responses.h"

/* ---- what the answer is ------------------------------------------------- */

void llmgw_openai_responses_put_top(llmgw_json_writer_t *w,
                                    const llmgw_answer_t *answer,
                                    const llmgw_answer_opts_t *opts)
{
    llmgw_str_t model = answer->model.len ? answer->model : opts->model;

    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "id");
    if (answer->id.len > 5 && memcmp(answer->id.p, "resp_", 5) == 0) {
        llmgw_json_str(w, answer->id);
    }
    else {
        llmgw_json_raw_out(w, LLMGW_STR_LIT("\"resp_"));
        llmgw_json_put_escaped(w->out, opts->id);
        llmgw_buf_putc(w->out, '"');
    }
    llmgw_json_key(w, "object");
    llmgw_json_strz(w, "response");
    llmgw_json_key(w, "created_at");
    llmgw_json_int_out(w, answer->created_sec > 0 ? answer->created_sec
                                                  : opts->now_sec);
    llmgw_json_key(w, "model");
    llmgw_json_str(w, model.p ? model : LLMGW_STR_LIT(""));
}

/* ---- what the request said ---------------------------------------------- */

/* A number of the request's, or what stands where it said none. */
static void put_number(llmgw_json_writer_t *w, const char *name,
                       llmgw_str_t given, const char *otherwise)
{
    llmgw_json_key(w, name);
    llmgw_json_raw_out(w, given.p ? given : llmgw_str_of(otherwise));
}

static void put_echo(llmgw_json_writer_t *w, const llmgw_request_t *req,
                     const char *name, const char *otherwise)
{
    const llmgw_extra_t *echo;
    llmgw_str_t raw = llmgw_str_of(otherwise);
    int i;

    for (i = 0; req->echoed && i < req->echoed->nelts; i++) {
        echo = &APR_ARRAY_IDX(req->echoed, i, llmgw_extra_t);
        if (llmgw_str_is(echo->name, name)) {
            raw = echo->value;
            break;
        }
    }
    llmgw_json_key(w, name);
    llmgw_json_raw_out(w, raw);
}

static void put_flag(llmgw_json_writer_t *w, const char *name, int flag)
{
    llmgw_json_key(w, name);
    if (flag < 0) {
        llmgw_json_null(w);
    }
    else {
        llmgw_json_bool_out(w, flag);
    }
}

static void put_function(llmgw_json_writer_t *w, const llmgw_tool_t *tool)
{
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, "function");
    llmgw_json_key(w, "name");
    llmgw_json_str(w, tool->name);
    llmgw_json_key(w, "description");
    llmgw_json_str(w, tool->description);
    llmgw_json_key(w, "parameters");
    llmgw_json_raw_out(w, tool->parameters);
    put_flag(w, "strict", tool->strict);
    llmgw_json_end(w, '}');
}

/* A namespace is one definition; functions have all their members. */
static void put_tools(llmgw_json_writer_t *w, const llmgw_request_t *req)
{
    const llmgw_tool_t *tool;
    const char *before = NULL;
    int i;

    llmgw_json_key(w, "tools");
    llmgw_json_begin(w, '[');
    for (i = 0; i < req->tools->nelts; i++) {
        tool = &APR_ARRAY_IDX(req->tools, i, llmgw_tool_t);
        if (tool->type == LLMGW_TOOL_FUNCTION && !tool->space.p) {
            put_function(w, tool);
        }
        else if (tool->raw.p != before) {
            llmgw_json_raw_out(w, tool->raw);
        }
        before = tool->raw.p;
    }
    llmgw_json_end(w, ']');
}

static void put_text(llmgw_json_writer_t *w, const llmgw_request_t *req)
{
    static const char *const types[] = {
        [LLMGW_FORMAT_UNSET] = "text",
        [LLMGW_FORMAT_TEXT] = "text",
        [LLMGW_FORMAT_JSON_OBJECT] = "json_object",
        [LLMGW_FORMAT_JSON_SCHEMA] = "json_schema"
    };

    llmgw_json_key(w, "text");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "format");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "type");
    llmgw_json_strz(w, types[req->format]);
    if (req->format == LLMGW_FORMAT_JSON_SCHEMA) {
        llmgw_json_key(w, "name");
        llmgw_json_str(w, req->schema_name.p ? req->schema_name
                                             : LLMGW_STR_LIT("response"));
        llmgw_json_key(w, "description");
        llmgw_json_str(w, req->schema_description);
        llmgw_json_key(w, "schema");
        llmgw_json_raw_out(w, req->schema);
        llmgw_json_key(w, "strict");
        llmgw_json_bool_out(w, req->schema_strict == 1);
    }
    llmgw_json_end(w, '}');
    llmgw_json_opt_str(w, "verbosity", req->verbosity);
    llmgw_json_end(w, '}');
}

static void put_reasoning(llmgw_json_writer_t *w, const llmgw_request_t *req)
{
    llmgw_json_key(w, "reasoning");
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "effort");
    llmgw_json_str(w, req->effort);
    llmgw_json_key(w, "summary");
    llmgw_json_str(w, req->reasoning_summary);
    llmgw_json_end(w, '}');
}

/* Of a request that was never read, or came in another dialect: nothing. */
static const llmgw_request_t *get_request(const llmgw_answer_opts_t *opts,
                                          llmgw_request_t *none)
{
    if (opts->request
        && opts->request->dialect == &llmgw_dialect_openai_responses) {
        return opts->request;
    }
    memset(none, 0, sizeof(*none));
    none->parallel_tools = none->schema_strict = -1;
    return none;
}

/* There is always a list of tools, of none if need be. */
static void put_tool_settings(llmgw_json_writer_t *w,
                              const llmgw_request_t *req)
{
    put_echo(w, req, "tool_choice", "\"auto\"");
    if (req->tools) {
        put_tools(w, req);
    }
    else {
        llmgw_json_opt_raw(w, "tools", LLMGW_STR_LIT("[]"));
    }
    llmgw_json_key(w, "parallel_tool_calls");
    llmgw_json_bool_out(w, req->parallel_tools != 0);
    put_echo(w, req, "max_tool_calls", "null");
}

void llmgw_openai_responses_put_settings(llmgw_json_writer_t *w,
                                         const llmgw_answer_opts_t *opts)
{
    llmgw_request_t none;
    const llmgw_request_t *req = get_request(opts, &none);

    llmgw_json_opt_raw(w, "background", LLMGW_STR_LIT("false"));
    put_echo(w, req, "instructions", "null");
    put_tool_settings(w, req);
    put_number(w, "max_output_tokens", req->max_tokens, "null");
    put_number(w, "temperature", req->temperature, "1.0");
    put_number(w, "top_p", req->top_p, "1.0");
    put_number(w, "top_logprobs", req->top_logprobs, "0");
    put_number(w, "presence_penalty", req->presence_penalty, "0.0");
    put_number(w, "frequency_penalty", req->frequency_penalty, "0.0");
    put_text(w, req);
    put_reasoning(w, req);
    put_echo(w, req, "truncation", "\"disabled\"");
    llmgw_json_opt_raw(w, "previous_response_id", LLMGW_STR_LIT("null"));
    llmgw_json_opt_raw(w, "store", LLMGW_STR_LIT("false"));
    llmgw_json_key(w, "service_tier");
    llmgw_json_str(w, req->service_tier.p ? req->service_tier
                                          : LLMGW_STR_LIT("default"));
    put_number(w, "metadata", req->metadata, "{}");
    llmgw_json_opt_str(w, "user", req->user);
    put_echo(w, req, "safety_identifier", "null");
    llmgw_json_key(w, "prompt_cache_key");
    llmgw_json_str(w, req->prompt_cache_key);
}

/* ---- what became of it -------------------------------------------------- */

/* Clients count on figures at a good end, if only of nothing. */
static void put_usage(llmgw_json_writer_t *w, const llmgw_usage_t *u,
                      int is_over)
{
    llmgw_json_key(w, "usage");
    if (!is_over && u->prompt < 0 && u->completion < 0 && u->total < 0) {
        llmgw_json_null(w);
        return;
    }
    llmgw_json_begin(w, '{');
    llmgw_openai_put_tokens(w, "input_tokens", u->prompt);
    llmgw_json_key(w, "input_tokens_details");
    llmgw_json_begin(w, '{');
    llmgw_openai_put_tokens(w, "cached_tokens", u->cache_read);
    llmgw_openai_put_tokens(w, "cache_write_tokens", u->cache_write);
    llmgw_json_end(w, '}');
    llmgw_openai_put_tokens(w, "output_tokens", u->completion);
    llmgw_json_key(w, "output_tokens_details");
    llmgw_json_begin(w, '{');
    llmgw_openai_put_tokens(w, "reasoning_tokens", u->reasoning);
    llmgw_json_end(w, '}');
    llmgw_openai_put_tokens(w, "total_tokens", llmgw_usage_total(u));
    llmgw_json_end(w, '}');
}

static void put_output(llmgw_json_writer_t *w,
                       const openai_responses_view_t *view)
{
    int i, n = llmgw_openai_responses_nblocks(view);

    llmgw_json_key(w, "output");
    llmgw_json_begin(w, '[');
    for (i = 0; i < n; i++) {
        if (llmgw_openai_responses_kind(llmgw_openai_responses_block(view, i))
            != OPENAI_RESPONSES_NOTHING
            && !llmgw_openai_responses_continues(view, i)) {
            llmgw_openai_responses_put_item(
                w, view, i, llmgw_openai_responses_item_status(view, i));
        }
    }
    llmgw_json_end(w, ']');
}

/* Responses has few words for what went wrong with an answer. */
static void put_error(llmgw_json_writer_t *w, const llmgw_answer_t *answer)
{
    const llmgw_err_t *err = &answer->error;

    llmgw_json_key(w, "error");
    if (!answer->has_error) {
        llmgw_json_null(w);
        return;
    }
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "code");
    llmgw_json_strz(w, err->kind == LLMGW_ERRKIND_RATE_LIMIT
                    ? "rate_limit_exceeded"
                    : err->kind == LLMGW_ERRKIND_INVALID_REQUEST
                    ? "invalid_prompt" : "server_error");
    llmgw_json_key(w, "message");
    llmgw_json_strz(w, llmgw_error_text(err));
    llmgw_json_end(w, '}');
}

static void put_incomplete(llmgw_json_writer_t *w,
                           const openai_responses_view_t *view,
                           const char *status)
{
    const llmgw_choice_t *c;

    llmgw_json_key(w, "incomplete_details");
    if (strcmp(status, "incomplete") != 0) {
        llmgw_json_null(w);
        return;
    }
    c = APR_ARRAY_IDX(view->answer->choices, 0, llmgw_choice_t *);
    llmgw_json_begin(w, '{');
    llmgw_json_key(w, "reason");
    llmgw_json_strz(w, c->stop == LLMGW_STOP_LENGTH
                    || c->stop == LLMGW_STOP_CONTEXT ? "max_output_tokens"
                                                     : "content_filter");
    llmgw_json_end(w, '}');
}

void llmgw_openai_responses_put_state(llmgw_json_writer_t *w,
                                      const openai_responses_view_t *view,
                                      const char *status)
{
    const char *word = status ? status : llmgw_openai_responses_status(view);

    llmgw_json_key(w, "status");
    llmgw_json_strz(w, word);
    llmgw_json_key(w, "completed_at");
    llmgw_json_null(w);
    put_error(w, view->answer);
    put_incomplete(w, view, word);
    put_output(w, view);
    put_usage(w, &view->answer->usage,
              strcmp(word, "completed") == 0
              || strcmp(word, "incomplete") == 0);
}

apr_status_t llmgw_openai_responses_encode_whole(
    llmgw_buf_t *out, const llmgw_answer_t *answer,
    const llmgw_answer_opts_t *opts)
{
    openai_responses_view_t view = { answer, opts, APR_SIZE_MAX };
    llmgw_json_writer_t w = LLMGW_JSON_WRITER(out);

    llmgw_openai_responses_put_top(&w, answer, opts);
    llmgw_openai_responses_put_state(&w, &view, NULL);
    llmgw_openai_responses_put_settings(&w, opts);
    llmgw_json_end(&w, '}');
    return out->failed;
}
