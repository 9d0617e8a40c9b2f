/* read_config.c: reading generationConfig */
#include <stddef.h>
#include <string.h>
#include "gemini.h"

typedef apr_status_t (*read_fn)(gemini_reading_t *r, const llmgw_json_t *v);

/* ---- numbers ------------------------------------------------------------ */

/* A number, or the string of one, as protobuf has it. */
static int read_number(const llmgw_json_t *v, llmgw_str_t *out)
{
    llmgw_json_type_e type;

    *out = llmgw_json_raw(v);
    if (v->type == LLMGW_JSON_STRING && !v->escaped && v->len > 2) {
        *out = llmgw_str_make(v->text + 1, v->len - 2);
        return llmgw_json_scan(out->p, out->len, NULL, NULL, NULL, &type,
                               NULL) == APR_SUCCESS
            && type == LLMGW_JSON_NUMBER;
    }
    return v->type == LLMGW_JSON_NUMBER;
}

/* ---- stop, format, thinking --------------------------------------------- */

static apr_status_t read_stop(gemini_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *s;

    if (v->type != LLMGW_JSON_ARRAY) {
        return llmgw_gemini_invalid(r, "stopSequences", "an array of strings");
    }
    r->req->stop = apr_array_make(r->p, 4, sizeof(llmgw_str_t));
    for (s = llmgw_json_each(v, NULL); s; s = llmgw_json_each(v, s)) {
        if (s->type != LLMGW_JSON_STRING) {
            return llmgw_gemini_invalid(r, "stopSequences",
                                        "an array of strings");
        }
        APR_ARRAY_PUSH(r->req->stop, llmgw_str_t) = llmgw_json_string(s, r->p);
    }
    return APR_SUCCESS;
}

static apr_status_t read_candidates(gemini_reading_t *r, const llmgw_json_t *v)
{
    llmgw_str_t raw;
    apr_int64_t n;

    if (!read_number(v, &raw)) {
        return llmgw_gemini_invalid(r, "candidateCount", "a number");
    }
    n = llmgw_raw_int(raw, 0);
    if (n < 1 || n > 128) {
        return llmgw_gemini_invalid(r, "candidateCount",
                                    "a whole number, 1 to 128");
    }
    r->req->n = raw;
    return APR_SUCCESS;
}

static apr_status_t read_type(gemini_reading_t *r, const llmgw_json_t *v)
{
    if (llmgw_json_string_is(v, "application/json")) {
        if (r->req->format == LLMGW_FORMAT_UNSET) {
            r->req->format = LLMGW_FORMAT_JSON_OBJECT;
        }
        return APR_SUCCESS;
    }
    if (llmgw_json_string_is(v, "text/plain")) {
        return APR_SUCCESS;
    }
    llmgw_gemini_add_extra(r, "generationConfig",
                           LLMGW_STR_LIT("responseMimeType"), v, 1);
    return APR_SUCCESS;
}

static apr_status_t read_schema(gemini_reading_t *r, const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_gemini_invalid(r, "responseSchema", "an object");
    }
    r->req->format = LLMGW_FORMAT_JSON_SCHEMA;
    return llmgw_gemini_schema_read(&r->req->schema, llmgw_json_raw(v), r->p);
}

static apr_status_t read_json_schema(gemini_reading_t *r,
                                     const llmgw_json_t *v)
{
    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_gemini_invalid(r, "responseJsonSchema", "an object");
    }
    r->req->format = LLMGW_FORMAT_JSON_SCHEMA;
    r->req->schema = llmgw_json_raw(v);
    return APR_SUCCESS;
}

/* 0 turns thinking off, -1 leaves it to the model. */
static apr_status_t read_budget(gemini_reading_t *r, const llmgw_json_t *v)
{
    llmgw_str_t raw;
    apr_int64_t n;

    if (!read_number(v, &raw)) {
        return llmgw_gemini_invalid(r, "thinkingConfig.thinkingBudget",
                                    "a number");
    }
    n = llmgw_raw_int(raw, -1);
    if (n > 0) {
        r->req->reasoning_budget = raw;
    }
    r->req->reasoning_off = n == 0;
    r->req->reasoning_adaptive = n < 0;
    return APR_SUCCESS;
}

static llmgw_str_t get_effort(llmgw_str_t level)
{
    static const char *const words[] = { "minimal", "low", "medium", "high" };
    apr_size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (llmgw_str_is_nocase(level, words[i])) {
            return llmgw_str_of(words[i]);
        }
    }
    return LLMGW_STR_NULL;
}

static apr_status_t read_thinking(gemini_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *budget = llmgw_gemini_lookup(v, "thinkingBudget");
    llmgw_str_t level = LLMGW_STR_NULL;
    apr_status_t rv = APR_SUCCESS;

    if (v->type != LLMGW_JSON_OBJECT) {
        return llmgw_gemini_invalid(r, "thinkingConfig", "an object");
    }
    if (budget && budget->type != LLMGW_JSON_NULL) {
        rv = read_budget(r, budget);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_gemini_read_string(r, v, "thinkingLevel", &level);
    }
    r->req->effort = get_effort(level);
    if (llmgw_json_bool(llmgw_gemini_lookup(v, "includeThoughts"), 0)) {
        r->req->reasoning_summary = LLMGW_STR_LIT("auto");
    }
    return rv;
}

/* Text is what there is anyway. */
static apr_status_t read_modalities(gemini_reading_t *r, const llmgw_json_t *v)
{
    const llmgw_json_t *first = llmgw_json_each(v, NULL);

    if (!first || v->count != 1 || !llmgw_json_string_is(first, "TEXT")) {
        llmgw_gemini_add_extra(r, "generationConfig",
                               LLMGW_STR_LIT("responseModalities"), v,
                               first != NULL);
    }
    return APR_SUCCESS;
}

/* ---- the table ---------------------------------------------------------- */

typedef struct member_t {
    const char *name;
    apr_size_t offset;          /* of a number in llmgw_request_t */
    read_fn read;               /* NULL: it is a number */
} member_t;

#define NUMBER(name, field) { name, offsetof(llmgw_request_t, field), NULL }

static const member_t members[] = {
    NUMBER("temperature", temperature),
    NUMBER("topP", top_p),
    NUMBER("topK", top_k),
    NUMBER("maxOutputTokens", max_tokens),
    NUMBER("seed", seed),
    NUMBER("presencePenalty", presence_penalty),
    NUMBER("frequencyPenalty", frequency_penalty),
    NUMBER("logprobs", top_logprobs),
    { "candidateCount", 0, read_candidates },
    { "stopSequences", 0, read_stop },
    { "responseMimeType", 0, read_type },
    { "responseSchema", 0, read_schema },
    { "responseJsonSchema", 0, read_json_schema },
    { "responseModalities", 0, read_modalities },
    { "thinkingConfig", 0, read_thinking }
};

static apr_status_t read_member(gemini_reading_t *r, llmgw_str_t name,
                                const llmgw_json_t *v)
{
    llmgw_str_t camel = llmgw_gemini_camel(name, r->p);
    const member_t *m;
    apr_size_t i;

    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        m = &members[i];
        if (!llmgw_str_is(camel, m->name)) {
            continue;
        }
        if (m->read) {
            return m->read(r, v);
        }
        return read_number(v, (llmgw_str_t *)((char *)r->req + m->offset))
            ? APR_SUCCESS : llmgw_gemini_invalid(r, m->name, "a number");
    }
    if (llmgw_str_is(camel, "responseLogprobs")) {
        r->req->logprobs = llmgw_json_bool(v, -1);
        return APR_SUCCESS;
    }
    llmgw_gemini_add_extra(r, "generationConfig", camel, v,
                           llmgw_str_is(camel, "speechConfig"));
    return APR_SUCCESS;
}

apr_status_t llmgw_gemini_read_config(gemini_reading_t *r,
                                      const llmgw_json_t *config)
{
    const llmgw_json_t *name, *v;
    apr_status_t rv = APR_SUCCESS;

    r->list = "generationConfig";
    r->i = -1;
    if (config->type != LLMGW_JSON_OBJECT) {
        rv = llmgw_gemini_invalid(r, NULL, "an object");
    }
    for (name = llmgw_json_member(config, NULL, &v);
         name && rv == APR_SUCCESS;
         name = llmgw_json_member(config, v, &v)) {
        if (v->type != LLMGW_JSON_NULL) {
            rv = read_member(r, llmgw_json_string(name, r->p), v);
        }
    }
    r->list = NULL;
    r->i = 0;
    return rv;
}
