/* surface.c: which API a request speaks, by its URL and method */
#include "llmgw/surface.h"

typedef struct suffix_t {
    const char *path;
    llmgw_surface_e surface;
    const char *dialect;
    const char *methods;
    llmgw_op_e op;
} suffix_t;

static const suffix_t suffixes[] = {
    { "/chat/completions", LLMGW_SURFACE_CHAT, "openai_chat", "POST",
      LLMGW_OP_CHAT },
    { "/messages", LLMGW_SURFACE_CHAT, "anthropic", "POST", LLMGW_OP_CHAT },
    { "/messages/count_tokens", LLMGW_SURFACE_CHAT, "anthropic", "POST",
      LLMGW_OP_COUNT },
    { "/responses", LLMGW_SURFACE_CHAT, "openai_responses", "POST",
      LLMGW_OP_CHAT },
    { "/responses/input_tokens", LLMGW_SURFACE_CHAT, "openai_responses",
      "POST", LLMGW_OP_COUNT },
    { "/embeddings", LLMGW_SURFACE_CHAT, "openai_chat", "POST",
      LLMGW_OP_EMBED },
    { "/models", LLMGW_SURFACE_MODELS, "openai_chat", "GET",
      LLMGW_OP_MODELS },
};

/* What Gemini's API does with a model: .../models/{model}:VERB. */
static const struct {
    const char *verb;
    llmgw_op_e op;
    int streams;
    int batch;
} verbs[] = {
    { ":generateContent", LLMGW_OP_CHAT, 0, 0 },
    { ":streamGenerateContent", LLMGW_OP_CHAT, 1, 0 },
    { ":countTokens", LLMGW_OP_COUNT, 0, 0 },
    { ":embedContent", LLMGW_OP_EMBED, 0, 0 },
    { ":batchEmbedContents", LLMGW_OP_EMBED, 0, 1 },
};

static int parse_verb(llmgw_surface_t *out, llmgw_str_t id)
{
    apr_size_t i;

    for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        apr_size_t n = strlen(verbs[i].verb);

        if (id.len > n
            && memcmp(id.p + id.len - n, verbs[i].verb, n) == 0) {
            out->surface = LLMGW_SURFACE_CHAT;
            out->dialect = "gemini";
            out->methods = "POST";
            out->id = llmgw_str_make(id.p, id.len - n);
            out->op = verbs[i].op;
            out->streams = verbs[i].streams;
            out->batch = verbs[i].batch;
            return 1;
        }
    }
    return 0;
}

/* Does a path have one of the versions that only Gemini's API has before it? */
static int is_gemini(const char *path, const char *at)
{
    static const char *const versions[] = { "/v1beta", "/v1alpha" };
    apr_size_t i, n, len = (apr_size_t)(at - path);

    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        n = strlen(versions[i]);
        if (len >= n && memcmp(at - n, versions[i], n) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A model's id may itself hold slashes: the first "/models/" parts them. */
static void parse_model(llmgw_surface_t *out, const char *path)
{
    const char *at = strstr(path, "/models/");

    if (!at || !at[8] || parse_verb(out, llmgw_str_of(at + 8))) {
        return;
    }
    out->surface = LLMGW_SURFACE_MODEL;
    out->dialect = is_gemini(path, at) ? "gemini" : "openai_chat";
    out->methods = "GET";
    out->op = LLMGW_OP_MODELS;
    out->id = llmgw_str_of(at + 8);
}

/* What may be done with a stored response: .../responses/{id}PATH. */
static const struct {
    const char *path;
    const char *methods;
} stored[] = {
    { "", "GET, DELETE" },
    { "/input_items", "GET" },
    { "/cancel", "POST" },
};

/* The ids of responses begin with "resp"; other names are not theirs. */
static int parse_response(llmgw_surface_t *out, const char *path,
                          apr_size_t len)
{
    const char *id = strstr(path, "/responses/resp"), *end;
    apr_size_t i, rest;

    if (!id) {
        return 0;
    }
    id += 11;
    end = memchr(id, '/', (apr_size_t)(path + len - id));
    end = end ? end : path + len;
    rest = (apr_size_t)(path + len - end);
    for (i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
        if (strlen(stored[i].path) == rest
            && memcmp(end, stored[i].path, rest) == 0) {
            out->surface = LLMGW_SURFACE_RESPONSE;
            out->dialect = "openai_responses";
            out->methods = stored[i].methods;
            out->id = llmgw_str_make(id, (apr_size_t)(end - id));
            return 1;
        }
    }
    return 0;
}

void llmgw_surface_parse(llmgw_surface_t *out, const char *path)
{
    apr_size_t len = strlen(path), i;

    memset(out, 0, sizeof(*out));
    out->dialect = "openai_chat";
    if (len > 1 && path[len - 1] == '/') {
        len--;
    }
    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        const suffix_t *s = &suffixes[i];
        apr_size_t n = strlen(s->path);

        if (len >= n && memcmp(path + len - n, s->path, n) == 0) {
            out->surface = s->surface;
            out->dialect = s->dialect;
            out->methods = s->methods;
            out->op = s->op;
            if (s->op == LLMGW_OP_MODELS && is_gemini(path, path + len - n)) {
                out->dialect = "gemini";
            }
            return;
        }
    }
    if (!parse_response(out, path, len)) {
        parse_model(out, path);
    }
}
