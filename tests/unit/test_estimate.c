/* test_estimate.c: counting tokens without a tokenizer */
#include "unit.h"
#include "llmgw/estimate.h"

/*
 * The counts are those of OpenAI's o200k_base (gpt-tokenizer 4.0.0) and of
 * Anthropic's for Claude 2 (@anthropic-ai/tokenizer 0.0.4), taken once.
 */
static const struct {
    const char *name;
    int o200k;
    int claude;
    int is_near_both;           /* else it is to their mean */
    const char *text;
} samples[] = {
    { "english", 93, 93, 1,
      "The gateway stands between the programs that ask and the provi"
      "ders that answer. It reads each request once, decides where it"
      " should go, and sends it on in the words that the provider und"
      "erstands. When a provider is slow or fails before it has said "
      "anything, another one is tried; once the first words have reac"
      "hed the client, nothing can be taken back. Most of the time no"
      "body notices that it is there, which is exactly how its users "
      "want it to be." },
    { "chat", 60, 64, 1,
      "Hi! I'm trying to plan a weekend trip to the coast with two ki"
      "ds, and I don't want to spend more than about 400 euros. Could"
      " you suggest three places that aren't too crowded in May? It'd"
      " be great if there's a beach nearby, and we'd rather take the "
      "train than drive." },
    { "c_code", 153, 185, 1,
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
    { "python_code", 108, 117, 1,
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
    { "json", 62, 61, 1,
      "{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"stri"
      "ng\",\"description\":\"The name of the city\"},\"unit\":{\"typ"
      "e\":\"string\",\"enum\":[\"celsius\",\"fahrenheit\"]},\"days\""
      ":{\"type\":\"integer\",\"minimum\":1,\"maximum\":14}},\"requir"
      "ed\":[\"city\"],\"additionalProperties\":false}" },
    { "chinese", 81, 103, 1,
      "网关位于提问的程序和回答的供应商之间。它只读取每个请求一次，决"
      "定应该把它送到哪里，然后用供应商能够理解的语言转发。如果某个供"
      "应商反应很慢，或者在说出任何内容之前就失败了，就会尝试另一个；"
      "一旦客户端收到了第一个字，就不能再收回。" },
    { "japanese", 85, 123, 1,
      "ゲートウェイは、質問するプログラムと答えるプロバイダーの間に立"
      "っています。それぞれの要求を一度だけ読み、どこへ送るべきかを決"
      "め、プロバイダーが理解できる言葉で転送します。最初の言葉がクラ"
      "イアントに届いたら、もう取り消すことはできません。" },
    { "korean", 63, 120, 0,
      "게이트웨이는 질문하는 프로그램과 대답하는 공급자 사이에 있습니"
      "다. 각 요청을 한 번만 읽고 어디로 보낼지 결정한 다음 공급자가 "
      "이해하는 말로 전달합니다. 첫 번째 단어가 클라이언트에 도착하면"
      " 더 이상 되돌릴 수 없습니다." },
    { "russian", 62, 124, 0,
      "Шлюз стоит между программами, которые спрашивают, и поставщика"
      "ми, которые отвечают. Он читает каждый запрос один раз, решает"
      ", куда его отправить, и передаёт дальше на понятном поставщику"
      " языке. Если поставщик отвечает слишком медленно, пробуется др"
      "угой." },
    { "german", 59, 86, 0,
      "Das Gateway steht zwischen den Programmen, die fragen, und den"
      " Anbietern, die antworten. Es liest jede Anfrage einmal, entsc"
      "heidet, wohin sie gehen soll, und gibt sie in der Sprache weit"
      "er, die der Anbieter versteht. Wenn ein Anbieter zu langsam is"
      "t, wird ein anderer versucht." },
    { "numbers", 122, 103, 1,
      "2024-11-05 08:15:42 10.0.0.17 GET 200 5312 0.048\n"
      "2024-11-05 08:15:43 10.0.0.21 POST 503 187 12.904\n"
      "2024-11-05 08:15:47 10.0.0.17 GET 304 0 0.003\n"
      "2024-11-05 08:15:59 10.0.0.35 GET 200 48211 0.221\n" }
};

static int is_near(apr_int64_t got, apr_int64_t want)
{
    return got * 4 >= want * 3 && got * 4 <= want * 5;
}

START_TEST(test_samples)
{
    apr_int64_t got;
    size_t i;

    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        got = llmgw_estimate_text(llmgw_str_of(samples[i].text));
        ck_assert_msg(is_near(got, (samples[i].o200k + samples[i].claude) / 2)
                      && (!samples[i].is_near_both
                          || (is_near(got, samples[i].o200k)
                              && is_near(got, samples[i].claude))),
                      "%s: %d, not %d or %d", samples[i].name, (int)got,
                      samples[i].o200k, samples[i].claude);
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

UNIT_MAIN("estimate", test_samples, test_odd_texts, test_request)
