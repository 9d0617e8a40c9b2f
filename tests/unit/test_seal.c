/* test_seal.c: signatures go back to the provider that made them, to no other */
#include "requests.h"
#include "../../mod_llmgw/dialect/anthropic/anthropic.h"
#include "../../mod_llmgw/dialect/seal.h"

#define TEXT_SIGNATURE "sig/+ of=\"the\" thought\xc3\xa9"
#define CALL_SIGNATURE "c2lnbmVkIGNhbGw="
#define OPAQUE "EmwKAhgBEgy3va3pzix/LafPsn4a"

/* ---- seals --------------------------------------------------------------- */

static llmgw_str_t seal(const llmgw_dialect_t *maker, llmgw_str_t bytes)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);

    llmgw_buf_puts(out, "before");
    unit_assert_ok(llmgw_seal_put(out, maker, bytes));
    ck_assert(memcmp(out->data, "before", 6) == 0);
    llmgw_buf_consume(out, 6);
    return llmgw_buf_str(out);
}

START_TEST(test_open)
{
    static const char text[] = "Any bytes: \"\\ \xc3\xa9\n";
    const llmgw_dialect_t *maker;
    llmgw_str_t bytes, sealed, body;
    unsigned int i;
    size_t len;

    for (i = 0; (maker = llmgw_dialect_get(i)) != NULL; i++) {
        for (len = 0; len < 11; len++) {
            bytes = llmgw_str_make(text, len);
            sealed = seal(maker, bytes);
            ck_assert_uint_eq(sealed.len % 4, 0);
            body = llmgw_str_of(apr_psprintf(unit_pool, "{\"s\":\"%.*s\"}",
                                             LLMGW_STR_ARG(sealed)));
            ck_assert(llmgw_request_is_sealed(body));
            ck_assert_ptr_eq(llmgw_seal_open(&sealed, unit_pool), maker);
            unit_assert_same(sealed, bytes);
        }
    }
}
END_TEST

/* base64 of "llmgw:", and of what may follow it */
#define HEAD "bGxtZ3c6"

/* What is no seal stays as it is. */
START_TEST(test_other)
{
    static const char *const others[] = {
        "", "a", "c2ln", HEAD, HEAD "YW50aHJvcGlj", HEAD "bm9ib2R5OmFi",
        HEAD "YW50aHJvcGlj=", HEAD "YW50aHJvcGljOmF*", HEAD "=YW5",
        HEAD "YW50aHJvcGljOv8=", "x" HEAD "YW50aHJvcGljOmFi"
    };
    llmgw_str_t s;
    size_t i;

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        s = llmgw_str_of(others[i]);
        ck_assert_msg(llmgw_seal_open(&s, unit_pool) == NULL, "%s",
                      others[i]);
        unit_assert_str(s, others[i]);
    }
    ck_assert(!llmgw_request_is_sealed(LLMGW_STR_NULL));
    ck_assert(!llmgw_request_is_sealed(LLMGW_STR_LIT("Zebras, ZZZZ, bGxtZ3c")));
    ck_assert(llmgw_request_is_sealed(LLMGW_STR_LIT("bGxtZbGxtZ3c6")));
}
END_TEST

/* ---- the way there and back ----------------------------------------------- */

static void emit(llmgw_encoder_t *enc, llmgw_event_e type, const char *text)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = type;
    ev.text = llmgw_str_of(text);
    ev.stop = LLMGW_STOP_TOOL;
    if (type == LLMGW_EV_TOOL_START) {
        ev.id = LLMGW_STR_LIT("call_1");
        ev.name = LLMGW_STR_LIT("f");
    }
    unit_assert_ok(llmgw_encoder_event(enc, &ev));
}

/* An answer of one provider, as a client of another dialect reads it. */
static const llmgw_answer_t *answer_of(const llmgw_dialect_t *maker,
                                       const llmgw_dialect_t *client,
                                       int stream)
{
    llmgw_answer_opts_t opts = answer_opts(stream);
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_encoder_t *enc;
    decoded_t got;

    opts.maker = maker;
    enc = llmgw_encoder_create(unit_pool, client, &opts, out, 1 << 20);
    emit(enc, LLMGW_EV_START, NULL);
    emit(enc, LLMGW_EV_REASONING, "I think.");
    emit(enc, LLMGW_EV_SIGNATURE, TEXT_SIGNATURE);
    emit(enc, LLMGW_EV_REDACTED, OPAQUE);
    emit(enc, LLMGW_EV_TOOL_START, CALL_SIGNATURE);
    emit(enc, LLMGW_EV_TOOL_ARGS, "{}");
    emit(enc, LLMGW_EV_TOOL_END, NULL);
    emit(enc, LLMGW_EV_STOP, NULL);
    unit_assert_ok(llmgw_encoder_finish(enc));
    got = decode(client, stream, llmgw_buf_str(out));
    unit_assert_ok(got.status);
    return got.answer;
}

static void add_block(apr_array_header_t *parts, const llmgw_block_t *b)
{
    llmgw_part_e type = b->type == LLMGW_EV_TOOL_START ? LLMGW_PART_TOOL_CALL
        : b->type == LLMGW_EV_REDACTED ? LLMGW_PART_REDACTED
        : LLMGW_PART_REASONING;
    llmgw_part_t *part = llmgw_parts_add(parts, type);

    part->text = part->arguments = part->data = llmgw_buf_str(b->text);
    part->id = LLMGW_STR_LIT("call_1");
    part->name = b->name;
    if (b->signature) {
        part->signature = llmgw_buf_str(b->signature);
    }
}

/* Anthropic's clients have a call's signature in its id, which they give back
 * as it came; a request for Anthropic itself is never written so. */
static llmgw_str_t put_ids(llmgw_str_t body, llmgw_str_t signature)
{
    static const char was[] = "\"call_1";
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    const char *at = body.p, *next;

    while ((next = strstr(at, was)) != NULL) {
        llmgw_buf_append(out, at, (apr_size_t)(next - at) + sizeof(was) - 1);
        llmgw_anthropic_put_signature(out, signature);
        at = next + sizeof(was) - 1;
    }
    llmgw_buf_puts(out, at);
    return llmgw_buf_str(out);
}

/* The next request of the client: what it was answered is in its history. */
static llmgw_request_t *next_request(const llmgw_dialect_t *client,
                                     const llmgw_answer_t *answer)
{
    const llmgw_address_t address = { LLMGW_STR_LIT("m"), 0 };
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    const llmgw_choice_t *c = APR_ARRAY_IDX(answer->choices, 0,
                                            llmgw_choice_t *);
    llmgw_request_t *req = llmgw_request_create(unit_pool);
    llmgw_err_t err = LLMGW_ERR_INIT;
    const llmgw_json_t *root;
    llmgw_message_t *m;
    llmgw_part_t *part;
    llmgw_str_t body, signature = LLMGW_STR_NULL;
    const llmgw_block_t *block;
    int i;

    req->dialect = client;
    req->model = LLMGW_STR_LIT("m");
    m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_USER);
    llmgw_parts_add(m->parts, LLMGW_PART_TEXT)->text = LLMGW_STR_LIT("hi");
    m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_ASSISTANT);
    for (i = 0; i < c->blocks->nelts; i++) {
        block = APR_ARRAY_IDX(c->blocks, i, llmgw_block_t *);
        add_block(m->parts, block);
        if (block->type == LLMGW_EV_TOOL_START) {
            signature = llmgw_buf_str(block->signature);
        }
    }
    m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_TOOL);
    part = llmgw_parts_add(m->parts, LLMGW_PART_TOOL_RESULT);
    part->id = LLMGW_STR_LIT("call_1");
    part->name = LLMGW_STR_LIT("f");
    part->parts = apr_array_make(unit_pool, 1, sizeof(llmgw_part_t));
    body = write_request(client, req, LLMGW_UNSUPPORTED_DROP,
                         LLMGW_QUIRK_REASONING);
    if (client == &llmgw_dialect_anthropic) {
        body = put_ids(body, signature);
    }
    unit_assert_ok(llmgw_json_parse(doc, body.p, body.len, &root, NULL));
    unit_assert_ok(client->request_decode(&req, root, &address, unit_pool,
                                          &err));
    llmgw_request_open(req, unit_pool);
    return req;
}

static const char *write_for(const llmgw_dialect_t *to,
                             const llmgw_request_t *req)
{
    llmgw_buf_t *out = llmgw_buf_create(unit_pool, 1 << 20);
    llmgw_err_t err = LLMGW_ERR_INIT;
    llmgw_encode_t how;

    memset(&how, 0, sizeof(how));
    how.model = LLMGW_STR_LIT("gemini-3-pro");
    how.quirks = LLMGW_QUIRK_REASONING;
    how.unsupported = LLMGW_UNSUPPORTED_DROP;
    how.dropped = apr_array_make(unit_pool, 4, sizeof(char *));
    unit_assert_ok(to->request_encode(out, llmgw_request_for(req, to,
                                                             unit_pool),
                                      &how, unit_pool, &err));
    return out->data;
}

static llmgw_str_t find_signature(const llmgw_request_t *req,
                                  llmgw_part_e type,
                                  const llmgw_dialect_t **maker)
{
    const llmgw_message_t *m;
    const llmgw_part_t *part;
    int i, j;

    for (i = 0; i < req->messages->nelts; i++) {
        m = &APR_ARRAY_IDX(req->messages, i, llmgw_message_t);
        for (j = 0; j < m->parts->nelts; j++) {
            part = &APR_ARRAY_IDX(m->parts, j, llmgw_part_t);
            if (part->type == type && part->maker) {
                *maker = part->maker;
                return type == LLMGW_PART_REDACTED ? part->data
                                                   : part->signature;
            }
        }
    }
    return LLMGW_STR_NULL;
}

static void check_way(const llmgw_dialect_t *maker,
                      const llmgw_dialect_t *client, int stream)
{
    static const struct {
        llmgw_part_e type;
        const char *bytes;
    } all[] = {
        { LLMGW_PART_REASONING, TEXT_SIGNATURE },
        { LLMGW_PART_REDACTED, OPAQUE },
        { LLMGW_PART_TOOL_CALL, CALL_SIGNATURE }
    };
    const llmgw_request_t *req = next_request(
        client, answer_of(maker, client, stream));
    const llmgw_dialect_t *to, *whose = NULL;
    const char *out;
    unsigned int i;

    for (i = 0; i < 3; i++) {
        if (all[i].type == LLMGW_PART_REDACTED
            && client == &llmgw_dialect_gemini) {
            continue;           /* there is none in what Gemini itself takes */
        }
        ck_assert_msg(llmgw_str_is(find_signature(req, all[i].type, &whose),
                                   all[i].bytes), "%s by way of %s: %u",
                      maker->name, client->name, i);
        ck_assert_msg(whose == maker, "%s by way of %s: %u", maker->name,
                      client->name, i);
    }
    for (i = 0; (to = llmgw_dialect_get(i)) != NULL; i++) {
        out = write_for(to, req);
        assert_lacks(out, HEAD);
        if (to != maker) {
            assert_lacks(out, "the\\\" thought");
            assert_lacks(out, OPAQUE);
            assert_lacks(out, CALL_SIGNATURE);
        }
        else {
            assert_has(out, "sig/+ of=\\\"the\\\" thought\xc3\xa9");
        }
    }
}

/* From each maker through each client's dialect: the maker gets its bytes, the
 * others nothing. */
START_TEST(test_there_and_back)
{
    const llmgw_dialect_t *maker, *client;
    unsigned int i, j;

    for (i = 0; (maker = llmgw_dialect_get(i)) != NULL; i++) {
        for (j = 0; (client = llmgw_dialect_get(j)) != NULL; j++) {
            check_way(maker, client, 0);
            check_way(maker, client, 1);
        }
    }
}
END_TEST

/* A turn of nothing but what others made is left out; what is said stays. */
START_TEST(test_left_out)
{
    llmgw_request_t *req = llmgw_request_create(unit_pool);
    llmgw_message_t *m;
    llmgw_part_t *part;
    const char *out;

    req->dialect = &llmgw_dialect_openai_chat;
    m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_USER);
    llmgw_parts_add(m->parts, LLMGW_PART_TEXT)->text = LLMGW_STR_LIT("hi");
    m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_ASSISTANT);
    part = llmgw_parts_add(m->parts, LLMGW_PART_REDACTED);
    part->data = LLMGW_STR_LIT(OPAQUE);
    part->maker = &llmgw_dialect_anthropic;
    m = llmgw_request_add_message(req, unit_pool, LLMGW_ROLE_ASSISTANT);
    part = llmgw_parts_add(m->parts, LLMGW_PART_REASONING);
    part->text = LLMGW_STR_LIT("I think.");
    part->signature = LLMGW_STR_LIT(CALL_SIGNATURE);
    part->maker = &llmgw_dialect_anthropic;
    llmgw_parts_add(m->parts, LLMGW_PART_TEXT)->text = LLMGW_STR_LIT("ho");
    out = write_for(&llmgw_dialect_openai_chat, req);
    assert_has(out, "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":"
               "\"assistant\",\"content\":\"ho\",\"reasoning_content\":"
               "\"I think.\"");
    assert_lacks(out, CALL_SIGNATURE);
    out = write_for(&llmgw_dialect_anthropic, req);
    assert_has(out, "\"data\":\"" OPAQUE "\"");
    assert_has(out, "\"signature\":\"" CALL_SIGNATURE "\"");
}
END_TEST

UNIT_MAIN("seal", test_open, test_other, test_there_and_back, test_left_out)
