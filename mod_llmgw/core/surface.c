/* surface.c: which API a request speaks, by its URL and method */
#include "llmgw/surface.h"

typedef struct suffix_t {
    const char *path;
    llmgw_surface_e surface;
    const char *dialect;
    const char *methods;
} suffix_t;

static const suffix_t suffixes[] = {
    { "/chat/completions", LLMGW_SURFACE_CHAT, "openai_chat", "POST" },
    { "/models", LLMGW_SURFACE_MODELS, "openai_chat", "GET" },
};

/* A model's id may itself hold slashes: the first "/models/" parts them. */
static int parse_model(llmgw_surface_t *out, const char *path)
{
    const char *at = strstr(path, "/models/");

    if (!at || !at[8]) {
        return 0;
    }
    out->surface = LLMGW_SURFACE_MODEL;
    out->dialect = "openai_chat";
    out->methods = "GET";
    out->id = llmgw_str_of(at + 8);
    return 1;
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
            return;
        }
    }
    parse_model(out, path);
}
