/* secrets.c: where a provider's keys come from: key=env:, file:, exec: */
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <httpd.h>
#include <http_core.h>
#include "log.h"
#include "provider.h"

#define KEY_BYTES_MAX 16384

/* The first line of a text, without white space around it. */
static char *take_line(char *text)
{
    char *end;

    while (apr_isspace(*text)) {
        text++;
    }
    for (end = text; *end && *end != '\n' && *end != '\r'; end++) {
    }
    while (end > text && apr_isspace(end[-1])) {
        end--;
    }
    *end = '\0';
    return text;
}

static const char *read_all(apr_file_t *f, char **key, apr_pool_t *p)
{
    char *text = apr_pcalloc(p, KEY_BYTES_MAX + 1);
    apr_size_t len = 0;
    apr_status_t rv = apr_file_read_full(f, text, KEY_BYTES_MAX, &len);

    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
        return apr_psprintf(p, "cannot be read: %pm", &rv);
    }
    *key = take_line(text);
    return NULL;
}

/* file:PATH; others may neither read nor write it. */
static const char *load_file(char **key, const char *path, apr_pool_t *p)
{
    const char *file = ap_server_root_relative(p, path);
    apr_finfo_t info;
    apr_file_t *f;
    apr_status_t rv;
    const char *err;

    rv = file ? apr_file_open(&f, file, APR_FOPEN_READ, APR_OS_DEFAULT, p)
              : APR_EBADPATH;
    if (rv != APR_SUCCESS) {
        return apr_psprintf(p, "the file cannot be opened: %pm", &rv);
    }
    rv = apr_file_info_get(&info, APR_FINFO_PROT | APR_FINFO_TYPE, f);
    if (rv == APR_SUCCESS && info.filetype == APR_REG
        && (info.protection & (APR_WREAD | APR_WWRITE))) {
        err = apr_psprintf(p, "every user of this machine can read or write "
                           "the file (mode %03x): chmod 600 it",
                           info.protection & 0xfff);
    }
    else {
        err = read_all(f, key, p);
    }
    apr_file_close(f);
    return err;
}

/* exec:COMMAND; runs as the user who starts the server, the first line of
 * what it prints is the key. */
static const char *load_exec(char **key, const char *command, apr_pool_t *p)
{
    apr_procattr_t *attr;
    apr_proc_t proc;
    apr_status_t rv;
    apr_exit_why_e why;
    char **argv;
    const char *err;
    int code;

    if (apr_tokenize_to_argv(command, &argv, p) != APR_SUCCESS || !argv[0]) {
        return "exec: names no command";
    }
    if ((rv = apr_procattr_create(&attr, p)) != APR_SUCCESS
        || (rv = apr_procattr_io_set(attr, APR_NO_PIPE, APR_FULL_BLOCK,
                                     APR_NO_PIPE)) != APR_SUCCESS
        || (rv = apr_procattr_cmdtype_set(attr, APR_PROGRAM_ENV))
           != APR_SUCCESS
        || (rv = apr_proc_create(&proc, argv[0], (const char *const *)argv,
                                 NULL, attr, p)) != APR_SUCCESS) {
        return apr_psprintf(p, "the command cannot be run: %pm", &rv);
    }
    err = read_all(proc.out, key, p);
    apr_file_close(proc.out);
    apr_proc_wait(&proc, &code, &why, APR_WAIT);
    if (!err && (!APR_PROC_CHECK_EXIT(why) || code != 0)) {
        err = apr_psprintf(p, "the command failed (status %d)", code);
    }
    return err;
}

/* Can the command be run? It is not run yet. */
static const char *check_exec(const char *command, apr_pool_t *p)
{
    apr_finfo_t info;
    char **argv;

    if (apr_tokenize_to_argv(command, &argv, p) != APR_SUCCESS || !argv[0]) {
        return "exec: names no command";
    }
    if (strchr(argv[0], '/')
        && (apr_stat(&info, argv[0], APR_FINFO_TYPE, p) != APR_SUCCESS
            || info.filetype != APR_REG)) {
        return "there is no such command";
    }
    return NULL;
}

/* Load one key. *key stays NULL for an exec: that is not to run now. */
static const char *load_key(char **key, const llmgw_provider_t *provider,
                            const char *spec, int run, apr_pool_t *p)
{
    *key = NULL;
    if (!strncmp(spec, "env:", 4)) {
        const char *value = getenv(spec + 4);

        *key = value ? take_line(apr_pstrdup(p, value)) : NULL;
        return *key ? NULL : "the environment variable is not set";
    }
    if (!strncmp(spec, "file:", 5)) {
        return load_file(key, spec + 5, p);
    }
    if (!strncmp(spec, "exec:", 5)) {
        return run ? load_exec(key, spec + 5, p)
                   : check_exec(spec + 5, p);
    }
    if (run) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, provider->server,
                     LLMGW_ID("LLMGW0001")
                     "provider %s (%s): the key stands in the configuration "
                     "itself, where backups and colleagues see it; use "
                     "key=file:PATH, key=env:NAME or key=exec:COMMAND",
                     provider->name, provider->where);
    }
    *key = take_line(apr_pstrdup(p, spec));
    return NULL;
}

/* How a key is spoken of; a literal one is not repeated. */
static const char *spec_name(const char *spec)
{
    return !strncmp(spec, "env:", 4) || !strncmp(spec, "file:", 5)
           || !strncmp(spec, "exec:", 5) ? spec : "...";
}

static const char *check_key(const char *key)
{
    if (!*key) {
        return "the key is empty";
    }
    return *ap_scan_http_field_content(key)
           ? "the key holds a character that a header cannot carry" : NULL;
}

/* Leave out an optional provider that has no key. */
static void disable(llmgw_provider_t *provider, int run)
{
    provider->disabled = 1;
    if (run) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, provider->server,
                     LLMGW_ID("LLMGW0002") "provider %s (%s) is optional and "
                     "has no key: it is left out", provider->name,
                     provider->where);
    }
}

/* Try one key=. *later: it is an exec: that is not to run now. */
static const char *add_key(llmgw_provider_t *provider, const char *spec,
                           int run, int *later, apr_pool_t *p)
{
    char *key;
    const char *err = load_key(&key, provider, spec, run, p);

    if (!err && key) {
        err = check_key(key);
    }
    if (err) {
        return apr_psprintf(p, "LLMProvider %s (%s): key=%s: %s",
                            provider->name, provider->where, spec_name(spec),
                            err);
    }
    if (key) {
        APR_ARRAY_PUSH(provider->keys, const char *) = key;
    }
    else {
        *later = 1;
    }
    return NULL;
}

const char *llmgw_provider_load_keys(llmgw_provider_t *provider, int run,
                                     apr_pool_t *p)
{
    int needed = provider->kind->auth_header && !provider->kind->key_optional;
    int i, later = 0;

    apr_array_clear(provider->keys);
    for (i = 0; i < provider->key_specs->nelts; i++) {
        const char *spec = APR_ARRAY_IDX(provider->key_specs, i, char *);
        const char *err = add_key(provider, spec, run, &later, p);

        if (err && !provider->optional) {
            return err;
        }
        needed |= err != NULL;
    }
    if (!needed || later || provider->keys->nelts) {
        return NULL;
    }
    if (provider->optional) {
        disable(provider, run);
        return NULL;
    }
    return apr_psprintf(p, "LLMProvider %s (%s): a provider of kind %s needs "
                        "a key: add key=env:NAME, key=file:PATH or "
                        "key=exec:COMMAND", provider->name, provider->where,
                        provider->kind->name);
}
