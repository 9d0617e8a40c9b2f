/* fuzz_embed_answer.c: any answer to a request for embeddings is refused, or
 * read and written in each form as JSON; from numbers to base64 and back twice
 * nothing changes */
#include "fuzz.h"
#include "llmgw/embed.h"
#include "llmgw/vector.h"

#define BYTES_MAX (1 << 26)

static int is_json(const llmgw_buf_t *text)
{
    return llmgw_json_scan(text->data, text->len, NULL, NULL, NULL, NULL, NULL)
        == APR_SUCCESS;
}

/* In a form; NULL when a number has no place in it. */
static llmgw_buf_t *write_answer(const llmgw_embed_t *to,
                                 const llmgw_embed_answer_t *answer,
                                 int is_base64, int is_batch, apr_pool_t *p)
{
    llmgw_embed_request_t req = { .is_base64 = is_base64,
                                  .is_batch = is_batch };
    llmgw_buf_t *out = llmgw_buf_create(p, BYTES_MAX);
    apr_status_t rv = to->answer_encode(out, answer, &req);

    FUZZ_CHECK(rv == APR_SUCCESS || rv == LLMGW_EINVAL);
    if (rv != APR_SUCCESS) {
        return NULL;
    }
    FUZZ_CHECK(is_json(out));
    return out;
}

static int read_answer(const llmgw_embed_t *from, llmgw_embed_answer_t *out,
                       llmgw_str_t body, apr_pool_t *p)
{
    llmgw_err_t err = LLMGW_ERR_INIT, other = LLMGW_ERR_INIT;
    llmgw_usage_t usage;
    apr_status_t rv = from->answer_decode(out, body, p, &err);
    apr_status_t listened = from->usage_decode(&usage, body, p, &other);

    FUZZ_CHECK(rv == err.status);
    FUZZ_CHECK(rv == APR_SUCCESS || llmgw_status_get(rv)->status == rv);
    FUZZ_CHECK(rv != APR_SUCCESS || listened == APR_SUCCESS);
    return rv == APR_SUCCESS;
}

/* As base64, and as what that is as numbers: from then on it is the same. */
static void check_base64(const llmgw_embed_answer_t *answer, apr_pool_t *p)
{
    const llmgw_embed_t *openai = llmgw_dialect_openai_chat.embed;
    llmgw_buf_t *first = write_answer(openai, answer, 1, 0, p), *numbers;
    llmgw_embed_answer_t again;

    if (!first) {
        return;
    }
    FUZZ_CHECK(read_answer(openai, &again, llmgw_buf_str(first), p));
    FUZZ_CHECK(again.vectors->nelts == answer->vectors->nelts);
    numbers = write_answer(openai, &again, 0, 0, p);
    if (!numbers) {
        return;                 /* it came as base64, of no numbers */
    }
    FUZZ_CHECK(read_answer(openai, &again, llmgw_buf_str(numbers), p));
    numbers = write_answer(openai, &again, 1, 0, p);
    FUZZ_CHECK(numbers);
    if (!APR_ARRAY_IDX(answer->vectors, 0, llmgw_embed_vector_t).base64.p) {
        FUZZ_CHECK(llmgw_str_eq(llmgw_buf_str(first),
                                llmgw_buf_str(numbers)));
    }
}

static void check_answer(const llmgw_embed_t *from, llmgw_str_t body,
                         apr_pool_t *p)
{
    const llmgw_embed_t *gemini = llmgw_dialect_gemini.embed;
    llmgw_embed_answer_t answer;

    if (!read_answer(from, &answer, body, p) || !answer.vectors->nelts) {
        return;
    }
    write_answer(gemini, &answer, 0, 0, p);
    write_answer(gemini, &answer, 0, 1, p);
    check_base64(&answer, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    llmgw_str_t body = llmgw_str_make((const char *)data, size);

    check_answer(llmgw_dialect_openai_chat.embed, body, p);
    check_answer(llmgw_dialect_gemini.embed, body, p);
    llmgw_vector_decode(llmgw_buf_create(p, BYTES_MAX), body);
    apr_pool_destroy(p);
    return 0;
}
