/* echo_embed.c: vectors that the built-in provider makes of texts */
#include <math.h>
#include <string.h>
#include "common.h"
#include "llmgw/echo.h"

#define DIMENSIONS_DEFAULT 8
#define DIMENSIONS_MAX 4096

/* Numbers in one answer. */
#define NUMBERS_MAX (1 << 20)

/* Numbers that a word changes: an odd number, so that no word is nothing. */
#define WORD_NUMBERS 3

/* FNV-1a, 32 bits, of a word in small letters. */
static apr_uint32_t hash_word(const char *p, apr_size_t len)
{
    apr_uint32_t h = 2166136261u;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)p[i];

        c = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
        h = (h ^ c) * 16777619u;
    }
    return h;
}

static void add_word(double *vector, apr_int64_t dimensions,
                     apr_uint32_t hash)
{
    int i;

    for (i = 0; i < WORD_NUMBERS; i++) {
        hash = hash * 1664525u + 1013904223u;
        vector[(hash >> 9) % dimensions] += hash >> 31 ? 1 : -1;
    }
}

/* Letters, digits, and what is not ASCII. */
static apr_size_t word_length(llmgw_str_t s)
{
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        char c = s.p[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80)) {
            break;
        }
    }
    return i;
}

/* Add the words of a text. @return how many there were */
static apr_int64_t add_words(double *vector, apr_int64_t dimensions,
                             llmgw_str_t s)
{
    apr_int64_t words = 0;
    apr_size_t n;

    while (s.len) {
        n = word_length(s);
        if (n) {
            add_word(vector, dimensions, hash_word(s.p, n));
            words++;
        }
        else {
            n = 1;
        }
        s = llmgw_str_make(s.p + n, s.len - n);
    }
    return words;
}

static void put_vector(llmgw_buf_t *out, const double *vector,
                       apr_int64_t dimensions)
{
    double sum = 0;
    apr_int64_t i;

    for (i = 0; i < dimensions; i++) {
        sum += vector[i] * vector[i];
    }
    llmgw_buf_putc(out, '[');
    for (i = 0; i < dimensions; i++) {
        llmgw_buf_printf(out, "%s%.6f", i ? "," : "",
                         sum > 0 ? vector[i] / sqrt(sum) : !i);
    }
    llmgw_buf_putc(out, ']');
}

/* Vectors for all inputs. */
static void make_vectors(llmgw_embed_answer_t *answer,
                         const llmgw_embed_request_t *req,
                         apr_int64_t dimensions, apr_pool_t *p)
{
    double *vector = apr_palloc(p, (apr_size_t)dimensions * sizeof(*vector));
    const llmgw_embed_input_t *input;
    llmgw_embed_vector_t *made;
    llmgw_buf_t *text;
    int i;

    answer->usage.prompt = 0;
    for (i = 0; i < req->inputs->nelts; i++) {
        input = &APR_ARRAY_IDX(req->inputs, i, llmgw_embed_input_t);
        text = llmgw_buf_create(p, (apr_size_t)dimensions * 16 + 2);
        memset(vector, 0, (apr_size_t)dimensions * sizeof(*vector));
        answer->usage.prompt += add_words(vector, dimensions, input->text.p
                                          ? input->text : input->tokens);
        put_vector(text, vector, dimensions);
        made = apr_array_push(answer->vectors);
        made->numbers = llmgw_buf_str(text);
        made->base64 = LLMGW_STR_NULL;
    }
    answer->usage.total = answer->usage.prompt;
}

static apr_status_t read_request(llmgw_embed_request_t **req,
                                 llmgw_str_t *model, llmgw_str_t body,
                                 apr_pool_t *p, llmgw_err_t *err)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(p, NULL);
    const llmgw_json_t *root;

    if (llmgw_json_parse(doc, body.p, body.len, &root, NULL) != APR_SUCCESS
        || root->type != LLMGW_JSON_OBJECT) {
        return llmgw_err_set(err, p, LLMGW_EJSON, NULL,
                             "The body is no JSON object.");
    }
    *model = llmgw_json_string(llmgw_json_lookup(root, "model"), p);
    return llmgw_dialect_openai_chat.embed->request_decode(req, root, 0, p,
                                                           err);
}

static apr_status_t check_size(const llmgw_embed_request_t *req,
                               apr_int64_t dimensions, apr_pool_t *p,
                               llmgw_err_t *err)
{
    if (dimensions > DIMENSIONS_MAX) {
        return llmgw_err_set(err, p, LLMGW_EINVAL, "dimensions",
                             "'dimensions' must be at most %d.",
                             DIMENSIONS_MAX);
    }
    if (dimensions * req->inputs->nelts > NUMBERS_MAX) {
        return llmgw_err_set(err, p, LLMGW_EINVAL, "input",
                             "The echo provider makes at most %d numbers at a "
                             "time.", NUMBERS_MAX);
    }
    return APR_SUCCESS;
}

apr_status_t llmgw_echo_embed(llmgw_buf_t *out, const char *body,
                              apr_size_t len, apr_pool_t *p, llmgw_err_t *err)
{
    llmgw_embed_answer_t answer = { .usage = LLMGW_USAGE_INIT };
    llmgw_embed_request_t *req;
    apr_int64_t dimensions;
    apr_status_t rv = read_request(&req, &answer.model,
                                   llmgw_str_make(body, len), p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    dimensions = llmgw_raw_int(req->dimensions, DIMENSIONS_DEFAULT);
    rv = check_size(req, dimensions, p, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    answer.vectors = apr_array_make(p, req->inputs->nelts,
                                    sizeof(llmgw_embed_vector_t));
    make_vectors(&answer, req, dimensions, p);
    return llmgw_dialect_openai_chat.embed->answer_encode(out, &answer, req);
}
