/* request_config.c: writing generationConfig */
#include <string.h>
#include "gemini.h"

/* The object opens with its first member. */
static void open_config(gemini_writing_t *wr, int *n)
{
    if ((*n)++ == 0) {
        llmgw_json_key(&wr->w, "generationConfig");
        llmgw_json_begin(&wr->w, '{');
    }
}

static void opt_raw(gemini_writing_t *wr, int *n, const char *name,
                    llmgw_str_t raw)
{
    if (raw.p) {
        open_config(wr, n);
        llmgw_json_opt_raw(&wr->w, name, raw);
    }
}

/* ---- sampling ----------------------------------------------------------- */

static void write_stop(gemini_writing_t *wr, int *n)
{
    const apr_array_header_t *stop = wr->req->stop;
    int i;

    if (!stop || !stop->nelts) {
        return;
    }
    open_config(wr, n);
    llmgw_json_key(&wr->w, "stopSequences");
    llmgw_json_begin(&wr->w, '[');
    for (i = 0; i < stop->nelts; i++) {
        llmgw_json_str(&wr->w, APR_ARRAY_IDX(stop, i, llmgw_str_t));
    }
    llmgw_json_end(&wr->w, ']');
}

static void write_sampling(gemini_writing_t *wr, int *n)
{
    const llmgw_request_t *req = wr->req;

    opt_raw(wr, n, "temperature", req->temperature);
    opt_raw(wr, n, "topP", req->top_p);
    opt_raw(wr, n, "topK", req->top_k);
    opt_raw(wr, n, "candidateCount", req->n);
    opt_raw(wr, n, "maxOutputTokens", req->max_tokens);
    write_stop(wr, n);
    opt_raw(wr, n, "seed", req->seed);
    opt_raw(wr, n, "presencePenalty", req->presence_penalty);
    opt_raw(wr, n, "frequencyPenalty", req->frequency_penalty);
    if (req->logprobs == 1) {
        opt_raw(wr, n, "responseLogprobs", LLMGW_STR_LIT("true"));
        opt_raw(wr, n, "logprobs", req->top_logprobs);
    }
}

/* ---- format ------------------------------------------------------------- */

/* Older models take a format or functions, not both. */
static int is_barred(const gemini_writing_t *wr)
{
    int i;

    if (wr->model->flags & GEMINI_TOOLS_JSON) {
        return 0;
    }
    for (i = 0; i < wr->req->tools->nelts; i++) {
        if (APR_ARRAY_IDX(wr->req->tools, i, llmgw_tool_t).type
            == LLMGW_TOOL_FUNCTION) {
            return wr->req->choice != LLMGW_CHOICE_NONE;
        }
    }
    return 0;
}

static apr_status_t write_format(gemini_writing_t *wr, int *n)
{
    llmgw_str_t schema;
    apr_status_t rv;

    if (wr->req->format != LLMGW_FORMAT_JSON_OBJECT
        && wr->req->format != LLMGW_FORMAT_JSON_SCHEMA) {
        return APR_SUCCESS;
    }
    if (is_barred(wr)) {
        return llmgw_gemini_cannot(wr, 0, "response_format");
    }
    opt_raw(wr, n, "responseMimeType", LLMGW_STR_LIT("\"application/json\""));
    rv = llmgw_gemini_schema_write(&schema, wr->req->schema, wr->p);
    opt_raw(wr, n, "responseSchema", schema);
    return rv;
}

/* ---- thinking ----------------------------------------------------------- */

/* Words of effort, as tokens; 0 stands for the most the model has. */
static const struct {
    const char *word;
    apr_int64_t budget;
    const char *level;
} efforts[] = {
    { "minimal", 512, "minimal" },
    { "low", 1024, "low" },
    { "medium", 8192, "medium" },
    { "high", 24576, "high" },
    { "xhigh", 0, "high" },
    { "max", 0, "high" }
};

static int find_effort(llmgw_str_t word)
{
    apr_size_t i;

    for (i = 0; i < sizeof(efforts) / sizeof(efforts[0]); i++) {
        if (llmgw_str_is_nocase(word, efforts[i].word)) {
            return (int)i;
        }
    }
    return 2;                   /* a word not known: medium */
}

static int is_off(const llmgw_request_t *req)
{
    return req->reasoning_off || llmgw_str_is(req->effort, "none");
}

static apr_int64_t clamp(const gemini_model_t *model, apr_int64_t budget)
{
    if (budget > model->budget_max) {
        return model->budget_max;
    }
    return budget < model->budget_min ? model->budget_min : budget;
}

/* -1: as much as the model sees fit. */
static apr_int64_t get_budget(const gemini_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    apr_int64_t budget = llmgw_raw_int(req->reasoning_budget, -1);

    if (is_off(req)) {
        return wr->model->budget_min;
    }
    if (budget < 0 && req->effort.len) {
        budget = efforts[find_effort(req->effort)].budget;
        budget = budget ? budget : wr->model->budget_max;
    }
    return budget < 0 ? -1 : clamp(wr->model, budget);
}

static const char *get_level(const gemini_writing_t *wr)
{
    const llmgw_request_t *req = wr->req;
    apr_int64_t budget = llmgw_raw_int(req->reasoning_budget, -1);
    const char *level = NULL;

    if (is_off(req)) {
        level = "minimal";
    }
    else if (req->effort.len) {
        level = efforts[find_effort(req->effort)].level;
    }
    else if (budget >= 0) {
        level = budget <= 4096 ? "low" : budget <= 12288 ? "medium" : "high";
    }
    if (level && *level == 'm') {
        if (strcmp(level, "minimal") == 0
            && !(wr->model->flags & GEMINI_MINIMAL)) {
            return "low";
        }
        if (strcmp(level, "medium") == 0
            && !(wr->model->flags & GEMINI_MEDIUM)) {
            return "high";
        }
    }
    return level;
}

/* Who speaks Gemini asks for thoughts by name; others want them with effort. */
static int wants_thoughts(const gemini_writing_t *wr)
{
    return !is_off(wr->req)
        && (wr->req->reasoning_summary.len || !llmgw_gemini_is_own(wr));
}

static void put_amount(gemini_writing_t *wr)
{
    llmgw_json_writer_t *w = &wr->w;

    if (wr->model->thinking == GEMINI_THINKS_BY_LEVEL) {
        llmgw_json_opt_str(w, "thinkingLevel", llmgw_str_of(get_level(wr)));
    }
    else if (is_off(wr->req) || wr->req->effort.len
             || wr->req->reasoning_adaptive || wr->req->reasoning_budget.p) {
        llmgw_json_key(w, "thinkingBudget");
        llmgw_json_int_out(w, get_budget(wr));
    }
}

static apr_status_t write_thinking(gemini_writing_t *wr, int *n)
{
    const llmgw_request_t *req = wr->req;
    llmgw_json_writer_t *w = &wr->w;

    if (!is_off(req) && !req->effort.len && !req->reasoning_adaptive
        && !req->reasoning_budget.p && !req->reasoning_summary.len) {
        return APR_SUCCESS;
    }
    if (wr->model->thinking == GEMINI_THINKS_NOT) {
        return is_off(req) ? APR_SUCCESS
                           : llmgw_gemini_cannot(wr, 1, "reasoning_effort");
    }
    open_config(wr, n);
    llmgw_json_key(w, "thinkingConfig");
    llmgw_json_begin(w, '{');
    put_amount(wr);
    if (wants_thoughts(wr)) {
        llmgw_json_key(w, "includeThoughts");
        llmgw_json_bool_out(w, 1);
    }
    llmgw_json_end(w, '}');
    return APR_SUCCESS;
}

/* ---- what else was in it ------------------------------------------------ */

/* The object opens with its first member. */
void llmgw_gemini_write_inner(gemini_writing_t *wr, const char *inside, int *n)
{
    const apr_size_t len = strlen(inside);
    const llmgw_extra_t *extra;
    int i;

    for (i = 0; i < wr->req->extras->nelts && llmgw_gemini_is_own(wr); i++) {
        extra = &APR_ARRAY_IDX(wr->req->extras, i, llmgw_extra_t);
        if (extra->name.len <= len + 1 || extra->name.p[len] != '.'
            || memcmp(extra->name.p, inside, len) != 0) {
            continue;
        }
        if ((*n)++ == 0) {
            llmgw_json_key(&wr->w, inside);
            llmgw_json_begin(&wr->w, '{');
        }
        llmgw_json_key_str(&wr->w, llmgw_str_make(
            extra->name.p + len + 1, extra->name.len - len - 1));
        llmgw_json_raw_out(&wr->w, extra->value);
    }
}

apr_status_t llmgw_gemini_write_config(gemini_writing_t *wr)
{
    apr_status_t rv;
    int n = 0;

    write_sampling(wr, &n);
    rv = write_format(wr, &n);
    if (rv == APR_SUCCESS) {
        rv = write_thinking(wr, &n);
    }
    llmgw_gemini_write_inner(wr, "generationConfig", &n);
    if (n) {
        llmgw_json_end(&wr->w, '}');
    }
    return rv;
}
