/* provider.c: a provider as configured: LLMProvider */
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <httpd.h>
#include <http_core.h>
#include "log.h"
#include "provider.h"

/* ---- options ----------------------------------------------------------- */

typedef const char *(*option_fn)(llmgw_provider_t *provider, cmd_parms *cmd,
                                 const char *value);

static const char *option_key(llmgw_provider_t *provider, cmd_parms *cmd,
                              const char *value)
{
    if (!provider->kind->auth_header) {
        return apr_psprintf(cmd->pool, "a provider of kind %s takes no key",
                            provider->kind->name);
    }
    APR_ARRAY_PUSH(provider->key_specs, const char *) = value;
    return NULL;
}

const char *llmgw_provider_parse_header(apr_array_header_t *headers,
                                        cmd_parms *cmd, const char *value)
{
    llmgw_header_t *h;
    const char *colon = strchr(value, ':');
    const char *name = colon ? apr_pstrmemdup(cmd->pool, value, colon - value)
                             : "";

    if (!*name || *ap_scan_http_token(name)) {
        return apr_psprintf(cmd->pool, "header=%s is not of the form "
                            "\"header=Name: value\"", value);
    }
    for (colon++; apr_isspace(*colon); colon++) {
    }
    if (*ap_scan_http_field_content(colon)) {
        return apr_psprintf(cmd->pool, "the value of header %s holds a "
                            "character that a header cannot carry", name);
    }
    h = apr_array_push(headers);
    h->name = name;
    h->value = colon;
    return NULL;
}

static const char *option_header(llmgw_provider_t *provider, cmd_parms *cmd,
                                 const char *value)
{
    return llmgw_provider_parse_header(provider->headers, cmd, value);
}

static const char *option_models(llmgw_provider_t *provider, cmd_parms *cmd,
                                 const char *value)
{
    char *last, *word;

    for (word = apr_strtok(apr_pstrdup(cmd->pool, value), ",", &last); word;
         word = apr_strtok(NULL, ",", &last)) {
        APR_ARRAY_PUSH(provider->models, const char *) = word;
    }
    return provider->models->nelts ? NULL
           : "models= names no model: give names or globs, comma between";
}

/* A word that goes into a URL: no character that would change its meaning. */
static const char *check_word(cmd_parms *cmd, const char *name,
                              const char *value)
{
    const char *c;

    for (c = value; *c; c++) {
        if (!apr_isalnum(*c) && !strchr("-._~", *c)) {
            return apr_psprintf(cmd->pool, "%s=\"%s\" may hold letters, "
                                "digits, '-', '.', '_' and '~' only", name,
                                value);
        }
    }
    return *value ? NULL : apr_psprintf(cmd->pool, "%s= is empty", name);
}

static const char *option_api_version(llmgw_provider_t *provider,
                                      cmd_parms *cmd, const char *value)
{
    provider->api_version = value;
    return check_word(cmd, "api-version", value);
}

static const char *option_deployment(llmgw_provider_t *provider,
                                     cmd_parms *cmd, const char *value)
{
    provider->deployment = value;
    return check_word(cmd, "deployment", value);
}

static const char *option_connections(llmgw_provider_t *provider,
                                      cmd_parms *cmd, const char *value)
{
    double n;
    const char *err = llmgw_config_parse_number(cmd->pool, "max-connections",
                                                value, 1, 65535, &n);

    provider->connections_max = err ? 0 : (int)n;
    return err;
}

/* Does a line of the file begin a certificate? */
static int holds_certificate(const char *path, apr_pool_t *p)
{
    ap_configfile_t *file;
    char line[MAX_STRING_LEN];
    int found = 0;

    if (ap_pcfg_openfile(&file, p, path) != APR_SUCCESS) {
        return 0;
    }
    while (!found && ap_cfg_getline(line, sizeof(line), file)
                     == APR_SUCCESS) {
        found = !strncmp(line, "-----BEGIN ", 11)
                && strstr(line, "CERTIFICATE-----") != NULL;
    }
    ap_cfg_closefile(file);
    return found;
}

static const char *option_ca(llmgw_provider_t *provider, cmd_parms *cmd,
                             const char *value)
{
    apr_finfo_t info;

    provider->ca_file = ap_server_root_relative(cmd->pool, value);
    if (!provider->ca_file
        || apr_stat(&info, provider->ca_file, APR_FINFO_TYPE, cmd->temp_pool)
           || info.filetype != APR_REG) {
        return apr_psprintf(cmd->pool, "ca=%s: there is no such file", value);
    }
    return holds_certificate(provider->ca_file, cmd->temp_pool) ? NULL
           : apr_psprintf(cmd->pool, "ca=%s: the file holds no certificate in "
                          "PEM form", value);
}

static const char *option_verify(llmgw_provider_t *provider, cmd_parms *cmd,
                                 const char *value)
{
    if (ap_cstr_casecmp(value, "on") && ap_cstr_casecmp(value, "off")) {
        return apr_psprintf(cmd->pool, "tls-verify=\"%s\" is neither on nor "
                            "off", value);
    }
    provider->tls_verify = !ap_cstr_casecmp(value, "on");
    return NULL;
}

static const char *parse_echo_time(llmgw_provider_t *provider, cmd_parms *cmd,
                                   const char *name, const char *value,
                                   apr_interval_time_t *out)
{
    if (provider->kind->needs_url) {
        return apr_psprintf(cmd->pool, "%s is for the built-in kind echo",
                            name);
    }
    return llmgw_config_parse_time(cmd->pool, name, value, out);
}

static const char *option_delay(llmgw_provider_t *provider, cmd_parms *cmd,
                                const char *value)
{
    return parse_echo_time(provider, cmd, "delay=", value,
                           &provider->echo_delay_usec);
}

static const char *option_interval(llmgw_provider_t *provider, cmd_parms *cmd,
                                   const char *value)
{
    return parse_echo_time(provider, cmd, "interval=", value,
                           &provider->echo_interval_usec);
}

static const struct {
    const char *name;
    option_fn set;
} options[] = {
    { "key", option_key },
    { "header", option_header },
    { "models", option_models },
    { "api-version", option_api_version },
    { "deployment", option_deployment },
    { "max-connections", option_connections },
    { "ca", option_ca },
    { "tls-verify", option_verify },
    { "delay", option_delay },
    { "interval", option_interval },
};

static const char *parse_option(llmgw_provider_t *provider, cmd_parms *cmd,
                                const char *word)
{
    const char *eq = strchr(word, '=');
    unsigned int i;

    if (!strcmp(word, "optional")) {
        provider->optional = 1;
        return NULL;
    }
    for (i = 0; eq && i < sizeof(options) / sizeof(options[0]); i++) {
        if (strlen(options[i].name) == (apr_size_t)(eq - word)
            && !strncmp(options[i].name, word, eq - word)) {
            return options[i].set(provider, cmd, eq + 1);
        }
    }
    /* A long word by itself is not repeated: it may be a key without key=. */
    return apr_psprintf(cmd->pool, "%.*s is no option: there are key=, "
                        "header=, models=, api-version=, deployment=, "
                        "max-connections=, ca=, tls-verify=, delay=, "
                        "interval= and optional",
                        eq ? (int)(eq - word + 1) : 20,
                        eq || strlen(word) < 16 ? word
                        : "a word without a '='");
}

/* ---- the URL ----------------------------------------------------------- */

static const char *parse_url(llmgw_provider_t *provider, cmd_parms *cmd,
                             const char *url)
{
    apr_uri_t uri;
    apr_size_t len;
    char *path;

    if (apr_uri_parse(cmd->pool, url, &uri) != APR_SUCCESS || !uri.scheme
        || (strcmp(uri.scheme, "http") && strcmp(uri.scheme, "https"))
        || !uri.hostname || !*uri.hostname || url[strcspn(url, " \t\"<>")]
        || (uri.port_str && (atoi(uri.port_str) < 1
                             || atoi(uri.port_str) > 65535))) {
        return apr_psprintf(cmd->pool, "\"%s\" is no URL: give "
                            "https://HOST[:PORT][/PATH] or http://...", url);
    }
    if (uri.query || uri.fragment || uri.user || uri.password) {
        return "the URL may have neither user, query nor fragment; keys go "
               "into key=, api-version into api-version=";
    }
    path = uri.path ? uri.path : (char *)"";
    for (len = strlen(path); len && path[len - 1] == '/'; len--) {
    }
    provider->base_path = apr_pstrmemdup(cmd->pool, path, len);
    provider->is_tls = !strcmp(uri.scheme, "https");
    provider->host = uri.port_str && uri.port
                         && uri.port != apr_uri_port_of_scheme(uri.scheme)
                     ? apr_psprintf(cmd->pool, "%s:%d", uri.hostname,
                                    (int)uri.port)
                     : uri.hostname;
    if (strchr(uri.hostname, ':')) {            /* IPv6: brackets were cut */
        provider->host = uri.hostinfo;
    }
    provider->url = apr_pstrcat(cmd->pool, uri.scheme, "://", provider->host,
                                provider->base_path, NULL);
    return NULL;
}

/* ---- the directive ----------------------------------------------------- */

static const char *check_name(cmd_parms *cmd, const char *name)
{
    const char *c;

    for (c = name; *c; c++) {
        if (!apr_isalnum(*c) && !strchr("-._", *c)) {
            return apr_psprintf(cmd->pool, "LLMProvider: the name \"%s\" may "
                                "hold letters, digits, '-', '.' and '_' only",
                                name);
        }
    }
    if (!*name || strlen(name) > 64) {
        return "LLMProvider: a name has 1 to 64 characters";
    }
    if (llmgw_config_provider(llmgw_config_get(cmd->server), name,
                              strlen(name))) {
        return apr_psprintf(cmd->pool, "LLMProvider %s: there is a provider "
                            "of that name already", name);
    }
    return NULL;
}

static llmgw_provider_t *create_provider(cmd_parms *cmd, const char *name,
                                         const llmgw_provider_kind_t *kind)
{
    llmgw_provider_t *provider = apr_pcalloc(cmd->pool, sizeof(*provider));

    provider->name = name;
    provider->kind = kind;
    provider->server = cmd->server;
    provider->tls_verify = 1;
    provider->base_path = "";
    provider->where = apr_psprintf(cmd->pool, "%s:%d",
                                   cmd->directive->filename,
                                   cmd->directive->line_num);
    provider->key_specs = apr_array_make(cmd->pool, 1, sizeof(char *));
    provider->keys = apr_array_make(cmd->pool, 1, sizeof(char *));
    provider->headers = apr_array_make(cmd->pool, 1, sizeof(llmgw_header_t));
    provider->models = apr_array_make(cmd->pool, 1, sizeof(char *));
    provider->self = llmgw_target_create(cmd->pool);
    provider->self->provider = name;
    provider->self->provider_data = provider;
    return provider;
}

/* Take the URL argument, if this kind has one. Sets how many were taken. */
static const char *take_url(llmgw_provider_t *provider, cmd_parms *cmd,
                            int argc, char *const argv[], int *taken)
{
    *taken = 2;
    if (!provider->kind->needs_url) {
        *taken += argc > 2 && !strcmp(argv[2], "-");
        return NULL;
    }
    if (argc < 3) {
        return "the URL is missing";
    }
    *taken = 3;
    return parse_url(provider, cmd, argv[2]);
}

static void default_models(llmgw_provider_t *provider)
{
    const char *const *m = provider->kind->models;

    for (; m && *m && provider->models->nelts < 64; m++) {
        APR_ARRAY_PUSH(provider->models, const char *) = *m;
    }
}

const char *llmgw_provider_parse(cmd_parms *cmd, int argc, char *const argv[])
{
    const llmgw_provider_kind_t *kind;
    llmgw_provider_t *provider;
    const char *err;
    int i;

    if (argc < 2) {
        return "LLMProvider takes NAME KIND URL [key=value ...]";
    }
    err = check_name(cmd, argv[0]);
    if (err) {
        return err;
    }
    kind = llmgw_provider_kind_lookup(argv[1]);
    if (!kind) {
        return apr_psprintf(cmd->pool, "LLMProvider %s: \"%s\" is no kind of "
                            "provider; there are %s", argv[0], argv[1],
                            llmgw_provider_kind_names(cmd->pool));
    }
    provider = create_provider(cmd, argv[0], kind);
    err = take_url(provider, cmd, argc, argv, &i);
    for (; i < argc && !err; i++) {
        err = parse_option(provider, cmd, argv[i]);
    }
    if (err) {
        return apr_psprintf(cmd->pool, "LLMProvider %s: %s", argv[0], err);
    }
    if (provider->models->nelts == 0) {
        default_models(provider);
    }
    APR_ARRAY_PUSH(llmgw_config_get(cmd->server)->providers,
                   llmgw_provider_t *) = provider;
    return NULL;
}

const char *llmgw_provider_each(server_rec *servers, llmgw_provider_fn fn,
                                void *ctx)
{
    const char *err = NULL;
    server_rec *s;
    int i;

    for (s = servers; s && !err; s = s->next) {
        const apr_array_header_t *list = llmgw_config_get(s)->providers;

        for (i = 0; i < list->nelts && !err; i++) {
            llmgw_provider_t *provider = APR_ARRAY_IDX(list, i,
                                                       llmgw_provider_t *);

            if (provider->server == s) {        /* else inherited */
                err = fn(provider, ctx);
            }
        }
    }
    return err;
}
