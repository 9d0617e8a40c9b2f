/* provider.c: the kinds of providers, as data */
#include <string.h>
#include <apr_strings.h>
#include "llmgw/provider.h"

/* The api-version Azure is asked for where the configuration names none. */
#define AZURE_API_VERSION "2024-10-21"

/* ---- paths -------------------------------------------------------------- */

static int ends_with(const char *text, const char *end)
{
    apr_size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Percent-encode all but unreserved characters (RFC 3986, 2.3). */
static const char *escape(apr_pool_t *p, llmgw_str_t s)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";
    char *out = apr_palloc(p, 3 * s.len + 1), *to = out;
    unsigned char c;
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        c = (unsigned char)s.p[i];
        if (c && strchr(plain, c)) {
            *to++ = (char)c;
            continue;
        }
        *to++ = '%';
        *to++ = hex[c >> 4];
        *to++ = hex[c & 15];
    }
    *to = '\0';
    return out;
}

static const char *const openai_ops[] = {
    [LLMGW_OP_CHAT] = "/chat/completions",
    [LLMGW_OP_MODELS] = "/models",
    [LLMGW_OP_EMBED] = "/embeddings"
};

/* A raw call keeps its own path; any other takes its operation's. */
static const char *op_path(const llmgw_op_t *op, const char *const *ops,
                           const char *base_path, apr_pool_t *p)
{
    if (op->op == LLMGW_OP_RAW) {
        return apr_pstrcat(p, base_path, "/", op->rest, NULL);
    }
    return apr_pstrcat(p, base_path, ops[op->op], NULL);
}

static const char *openai_path(const llmgw_op_t *op, const char *base_path,
                               apr_pool_t *p)
{
    return op_path(op, openai_ops, base_path, p);
}

static const char *responses_path(const llmgw_op_t *op, const char *base_path,
                                  apr_pool_t *p)
{
    static const char *const ops[] = {
        [LLMGW_OP_CHAT] = "/responses",
        [LLMGW_OP_MODELS] = "/models",
        [LLMGW_OP_COUNT] = "/responses/input_tokens",
        [LLMGW_OP_EMBED] = "/embeddings"
    };

    return op_path(op, ops, base_path, p);
}

static const char *anthropic_path(const llmgw_op_t *op, const char *base_path,
                                  apr_pool_t *p)
{
    static const char *const ops[] = {
        [LLMGW_OP_CHAT] = "/messages",
        [LLMGW_OP_MODELS] = "/models",
        [LLMGW_OP_COUNT] = "/messages/count_tokens"
    };

    return op_path(op, ops, base_path, p);
}

static const char *gemini_verb(const llmgw_op_t *op)
{
    switch (op->op) {
    case LLMGW_OP_RAW:
        return op->rest;
    case LLMGW_OP_COUNT:
        return ":countTokens";
    case LLMGW_OP_EMBED:
        return op->batch ? ":batchEmbedContents" : ":embedContent";
    default:
        return op->stream ? ":streamGenerateContent?alt=sse"
                          : ":generateContent";
    }
}

static const char *gemini_path(const llmgw_op_t *op, const char *base_path,
                               apr_pool_t *p)
{
    llmgw_str_t model = op->model;

    if (op->op == LLMGW_OP_RAW && *op->rest != ':') {
        return op_path(op, NULL, base_path, p);
    }
    if (op->op == LLMGW_OP_MODELS) {
        return apr_pstrcat(p, base_path, "/models", NULL);
    }
    if (model.len > 7 && memcmp(model.p, "models/", 7) == 0) {
        model = llmgw_str_make(model.p + 7, model.len - 7);
    }
    return apr_pstrcat(p, base_path, "/models/", escape(p, model),
                       gemini_verb(op), NULL);
}

/* The newer API needs no version and no deployment in its path. */
static const char *azure_v1_path(const llmgw_op_t *op, const char *base_path,
                                 apr_pool_t *p)
{
    const char *path = openai_path(op, base_path, p);

    if (!op->api_version) {
        return path;
    }
    return apr_pstrcat(p, path, "?api-version=",
                       escape(p, llmgw_str_of(op->api_version)), NULL);
}

/* What is asked of a model is asked of its deployment. */
static const char *azure_deployment(const llmgw_op_t *op, apr_pool_t *p)
{
    if (op->op == LLMGW_OP_MODELS
        || (!op->model.len && !(op->model.p && op->deployment))) {
        return "";
    }
    return apr_pstrcat(p, "/deployments/",
                       escape(p, op->deployment ? llmgw_str_of(op->deployment)
                                                : op->model), NULL);
}

static const char *azure_path(const llmgw_op_t *op, const char *base_path,
                              apr_pool_t *p)
{
    const char *version = op->api_version ? op->api_version
                                          : AZURE_API_VERSION;
    const char *root = ends_with(base_path, "/openai") ? "" : "/openai";

    if (ends_with(base_path, "/openai/v1")) {
        return azure_v1_path(op, base_path, p);
    }
    root = apr_pstrcat(p, base_path, root, azure_deployment(op, p), NULL);
    return apr_pstrcat(p, openai_path(op, root, p), "?api-version=",
                       escape(p, llmgw_str_of(version)), NULL);
}

/* ---- headers and models ------------------------------------------------- */

static const char *const none[] = { NULL };

static const char *const openai_request_headers[] = {
    "OpenAI-Beta", "X-Client-Request-Id", NULL
};

static const char *const openai_answer_headers[] = {
    "x-ratelimit-*", "openai-processing-ms", "openai-version",
    "retry-after", "retry-after-ms", "x-should-retry", NULL
};

static const char *const azure_answer_headers[] = {
    "x-ratelimit-*", "openai-processing-ms", "apim-request-id",
    "x-ms-region", "x-ms-deployment-name", "retry-after", "retry-after-ms",
    "x-should-retry", NULL
};

static const char *const anthropic_request_headers[] = {
    "anthropic-beta", NULL
};

static const char *const anthropic_answer_headers[] = {
    "anthropic-ratelimit-*", "request-id", "retry-after", "retry-after-ms",
    "x-should-retry", NULL
};

static const char *const gemini_answer_headers[] = {
    "server-timing", "x-gemini-service-tier", "retry-after", NULL
};

static const char *const openai_models[] = {
    "gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "text-embedding-*", NULL
};

static const char *const responses_models[] = {
    "gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "codex-*", NULL
};

static const char *const anthropic_models[] = { "claude-*", NULL };

static const char *const gemini_models[] = { "gemini-*", NULL };

static const char *const echo_models[] = { "echo", "echo-*", NULL };

/* ---- kinds -------------------------------------------------------------- */

static const llmgw_provider_kind_t kinds[] = {
    {
        .name = "openai",
        .system = "openai",
        .dialect = &llmgw_dialect_openai_chat,
        .auth_header = "Authorization",
        .auth_prefix = "Bearer ",
        .key_optional = 1,
        .needs_url = 1,
        .request_headers = openai_request_headers,
        .answer_headers = openai_answer_headers,
        .models = openai_models,
        .path = openai_path
    },
    {
        .name = "openai-responses",
        .dialect = &llmgw_dialect_openai_responses,
        .auth_header = "Authorization",
        .auth_prefix = "Bearer ",
        .key_optional = 1,
        .needs_url = 1,
        .request_headers = openai_request_headers,
        .answer_headers = openai_answer_headers,
        .models = responses_models,
        .quirks = LLMGW_QUIRK_NO_STREAM_OPTIONS,
        .path = responses_path
    },
    {
        .name = "azure",
        .system = "azure.ai.openai",
        .dialect = &llmgw_dialect_openai_chat,
        .auth_header = "api-key",
        .auth_prefix = "",
        .needs_url = 1,
        .request_headers = none,
        .answer_headers = azure_answer_headers,
        .models = openai_models,
        .auto_first = 1,
        .path = azure_path
    },
    {
        .name = "anthropic",
        .system = "anthropic",
        .dialect = &llmgw_dialect_anthropic,
        .auth_header = "x-api-key",
        .auth_prefix = "",
        .needs_url = 1,
        .version_header = "anthropic-version",
        .version_default = "2023-06-01",
        .request_headers = anthropic_request_headers,
        .answer_headers = anthropic_answer_headers,
        .models = anthropic_models,
        .path = anthropic_path
    },
    {
        .name = "gemini",
        .system = "gcp.gemini",
        .dialect = &llmgw_dialect_gemini,
        .auth_header = "x-goog-api-key",
        .auth_prefix = "",
        .needs_url = 1,
        .request_headers = none,
        .answer_headers = gemini_answer_headers,
        .models = gemini_models,
        .path = gemini_path
    },
    {
        .name = "echo",
        .system = "echo",
        .dialect = &llmgw_dialect_openai_chat,
        .auth_prefix = "",
        .key_optional = 1,
        .request_headers = none,
        .answer_headers = none,
        .models = echo_models,
        .path = openai_path
    }
};

#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

const llmgw_provider_kind_t *llmgw_provider_kind_lookup(const char *name)
{
    apr_size_t i;

    for (i = 0; name && i < NKINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

const char *llmgw_provider_kind_names(apr_pool_t *p)
{
    const char *names = kinds[0].name;
    apr_size_t i;

    for (i = 1; i < NKINDS; i++) {
        names = apr_pstrcat(p, names, ", ", kinds[i].name, NULL);
    }
    return names;
}

const char *llmgw_provider_path(const llmgw_provider_kind_t *kind,
                                const llmgw_op_t *op, const char *base_path,
                                apr_pool_t *p)
{
    return kind->path(op, base_path, p);
}
