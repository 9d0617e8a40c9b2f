/* fuzz_gemini_answer.c: generateContent's answers, in any split, and on as chat
 * completions; written as they came from, they are read the same */
#include "answers.h"

static int has_refusal(const llmgw_answer_t *a)
{
    const llmgw_choice_t *c;
    int i, j;

    for (i = 0; i < a->choices->nelts; i++) {
        c = APR_ARRAY_IDX(a->choices, i, llmgw_choice_t *);
        for (j = 0; j < c->blocks->nelts; j++) {
            if (APR_ARRAY_IDX(c->blocks, j, llmgw_block_t *)->type
                == LLMGW_EV_REFUSAL) {
                return 1;       /* becomes a text */
            }
        }
    }
    return 0;
}

/* Line ends between the tokens of arguments are spaces in a stream. */
static llmgw_str_t flatten(llmgw_str_t s)
{
    char *data = (char *)s.p;
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        data[i] = data[i] == '\n' || data[i] == '\r' ? ' ' : data[i];
    }
    return s;
}

static void round_trip(const llmgw_answer_t *answer, int way, apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, FUZZ_BYTES_MAX);
    llmgw_answer_opts_t opts;
    llmgw_encoder_t *enc;
    fuzz_answer_t back;

    memset(&opts, 0, sizeof(opts));
    opts.stream = way > 0;
    opts.array_framing = way == 2;
    opts.id = LLMGW_STR_LIT("token");
    enc = llmgw_encoder_create(p, &llmgw_dialect_gemini, &opts, out,
                               FUZZ_BYTES_MAX);
    FUZZ_CHECK(llmgw_answer_replay(answer, llmgw_encoder_event, enc)
               == APR_SUCCESS);
    FUZZ_CHECK(llmgw_encoder_finish(enc) == APR_SUCCESS);
    fuzz_decode(&back, &llmgw_dialect_gemini, way == 1,
                (const uint8_t *)out->data, out->len, 0, p);
    FUZZ_CHECK(back.status == APR_SUCCESS);
    FUZZ_CHECK(back.answer->has_error == answer->has_error);
    if (!answer->has_error && !has_refusal(answer)) {
        FUZZ_CHECK(llmgw_str_eq(flatten(fuzz_substance(answer, p)),
                                flatten(fuzz_substance(back.answer, p))));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p = fuzz_pool();
    fuzz_answer_t first;
    int way;

    if (size > 0) {
        fuzz_decode(&first, &llmgw_dialect_gemini, data[0] == 's', data + 1,
                    size - 1, 0, p);
        for (way = 0; way < 3; way++) {
            if (first.status == APR_SUCCESS && first.started) {
                round_trip(first.answer, way, p);
            }
        }
    }
    apr_pool_destroy(p);
    return fuzz_answer(&llmgw_dialect_gemini, data, size);
}
