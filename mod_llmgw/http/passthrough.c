/* passthrough.c: LLMPassThrough: which paths pass to a provider as they are */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "config.h"
#include "log.h"
#include "passthrough.h"

/* Settings of a directory, the server's own among them. */
typedef struct passthrough_t {
    apr_array_header_t *patterns;   /* of const char *; NULL: not set */
} passthrough_t;

/* What every client library of a dialect asks for, and nothing that changes
 * more than what it made itself. */
static const char *const openai_default[] = {
    "completions", "moderations", "images/*", "audio/*", "rerank", "batches",
    "batches/*", "files", "files/*", "uploads", "uploads/*", NULL
};

static const char *const anthropic_default[] = {
    "messages/batches", "messages/batches/*", "files", "files/*", NULL
};

static const char *const gemini_default[] = {
    "files", "files/*", "batches", "batches/*", "cachedContents",
    "cachedContents/*", NULL
};

void *llmgw_passthrough_create(apr_pool_t *p, char *dir LLMGW_UNUSED)
{
    return apr_pcalloc(p, sizeof(passthrough_t));
}

void *llmgw_passthrough_merge(apr_pool_t *p LLMGW_UNUSED, void *base,
                              void *add)
{
    return ((passthrough_t *)add)->patterns ? add : base;
}

static const char *check_pattern(cmd_parms *cmd, const char *pattern)
{
    const char *name = cmd->cmd->name;

    if (!ap_cstr_casecmp(pattern, "off") || !ap_cstr_casecmp(pattern, "all")) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" stands alone", name,
                            pattern);
    }
    if (*pattern == '/' || !*pattern) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no pattern: give what "
                            "lies below the version, \"files/*\" for "
                            "/v1/files/...", name, pattern);
    }
    return NULL;
}

const char *llmgw_passthrough_set(cmd_parms *cmd, void *dir, int argc,
                                  char *const argv[])
{
    passthrough_t *conf = dir;
    const char *err = ap_check_cmd_context(cmd, NOT_IN_LIMIT);
    int i;

    if (err) {
        return err;
    }
    if (llmgw_config_get(cmd->server)->open_route) {
        return "LLMPassThrough may not stand within <LLMRoute>: it is about "
               "paths, not about models";
    }
    if (argc == 0) {
        return "LLMPassThrough takes off, all, or patterns of paths";
    }
    conf->patterns = apr_array_make(cmd->pool, argc, sizeof(char *));
    if (argc == 1 && !ap_cstr_casecmp(argv[0], "off")) {
        return NULL;
    }
    if (argc == 1 && !ap_cstr_casecmp(argv[0], "all")) {
        APR_ARRAY_PUSH(conf->patterns, const char *) = "*";
        return NULL;
    }
    for (i = 0; i < argc && !err; i++) {
        err = check_pattern(cmd, argv[i]);
        APR_ARRAY_PUSH(conf->patterns, const char *) = argv[i];
    }
    return err;
}

static int matches_default(const llmgw_dialect_t *dialect, llmgw_str_t rest)
{
    const char *const *pattern
        = dialect == &llmgw_dialect_anthropic ? anthropic_default
          : dialect == &llmgw_dialect_gemini ? gemini_default
          : openai_default;

    for (; *pattern; pattern++) {
        if (llmgw_str_glob(*pattern, rest)) {
            return 1;
        }
    }
    return 0;
}

int llmgw_passthrough_allows(const request_rec *r,
                             const llmgw_dialect_t *dialect, llmgw_str_t rest)
{
    const passthrough_t *conf = ap_get_module_config(r->per_dir_config,
                                                     &llmgw_module);
    int i;

    if (!conf->patterns) {
        return matches_default(dialect, rest);
    }
    for (i = 0; i < conf->patterns->nelts; i++) {
        if (llmgw_str_glob(APR_ARRAY_IDX(conf->patterns, i, char *), rest)) {
            return 1;
        }
    }
    return 0;
}
