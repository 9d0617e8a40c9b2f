/* override.c: what is particular to the calls of one target */
#include <apr_strings.h>
#include <httpd.h>
#include <http_core.h>
#include "llmgw/changes.h"
#include "override.h"
#include "provider.h"

const llmgw_override_t *llmgw_override_get(const llmgw_target_t *t)
{
    return t->override;
}

static llmgw_override_t *make_override(llmgw_target_t *t, apr_pool_t *p)
{
    llmgw_override_t *o = t->override;

    if (!o) {
        t->override = o = apr_pcalloc(p, sizeof(*o));
        llmgw_options_unset(llmgw_policy_timeouts, &o->timeout);
        llmgw_options_unset(llmgw_policy_breaker_conf, &o->breaker);
        o->headers = apr_array_make(p, 1, sizeof(llmgw_header_t));
        o->changes = apr_array_make(p, 1, sizeof(llmgw_splice_t));
    }
    return o;
}

/* ---- options ----------------------------------------------------------- */

/* Members the gateway itself writes: which model, whether streamed, the
 * prompt. */
static int is_own(const char *member)
{
    const llmgw_dialect_t *dialect;
    unsigned int i;

    if (!strcmp(member, "model") || !strcmp(member, "stream")) {
        return 1;
    }
    for (i = 0; (dialect = llmgw_dialect_get(i)) != NULL; i++) {
        if (!strcmp(member, dialect->prompt_member)) {
            return 1;
        }
    }
    return 0;
}

static const char *check_changes(const apr_array_header_t *changes,
                                 apr_pool_t *p)
{
    int i;

    for (i = 0; i < changes->nelts; i++) {
        const char *name = APR_ARRAY_IDX(changes, i, llmgw_splice_t).name;

        if (is_own(name)) {
            return apr_psprintf(p, "the member \"%s\" is the gateway's and "
                                "the client's to write, not a target's", name);
        }
    }
    return NULL;
}

static const char *parse_changes(llmgw_override_t *o, cmd_parms *cmd,
                                 const char *name, const char *value)
{
    apr_pool_t *p = cmd->pool;
    const char *err = *name == 's'
                      ? llmgw_changes_set(o->changes, name + 4, value, p)
                      : llmgw_changes_drop(o->changes, value, p);

    if (!err) {
        err = check_changes(o->changes, p);
    }
    return err ? apr_psprintf(p, "%s %s=: %s", cmd->cmd->name, name, err)
           : NULL;
}

/* breaker=off, or breaker.NAME=VALUE with an option of LLMBreaker. */
static const char *parse_breaker(llmgw_override_t *o, cmd_parms *cmd,
                                 const char *name, const char *value)
{
    const char *err;

    o->has_breaker = 1;
    if (name[7] == '.') {
        o->breaker.off = 0;
        err = llmgw_options_parse(llmgw_policy_breaker_conf, &o->breaker, cmd,
                                  apr_pstrcat(cmd->pool, name + 8, "=", value,
                                              NULL));
        return err ? apr_psprintf(cmd->pool, "%s=: %s", name, err) : NULL;
    }
    o->breaker.off = 1;
    return !ap_cstr_casecmp(value, "off") ? NULL
           : apr_psprintf(cmd->pool, "%s breaker=: \"%s\" is not off; write "
                          "breaker.ratio=20%% and the like for settings",
                          cmd->cmd->name, value);
}

const char *llmgw_override_parse(llmgw_target_t *t, cmd_parms *cmd,
                                 const char *name, const char *value,
                                 int *known)
{
    llmgw_override_t *o = make_override(t, cmd->pool);
    const char *err;

    *known = 1;
    if (llmgw_options_know(llmgw_policy_timeouts, name)) {
        return llmgw_options_parse(llmgw_policy_timeouts, &o->timeout, cmd,
                                   apr_pstrcat(cmd->pool, name, "=", value,
                                               NULL));
    }
    if (!strcmp(name, "breaker") || !strncmp(name, "breaker.", 8)) {
        return parse_breaker(o, cmd, name, value);
    }
    if (!strcmp(name, "header")) {
        err = llmgw_provider_parse_header(o->headers, cmd, value);
        return err ? apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", err, NULL)
               : NULL;
    }
    if (!strcmp(name, "drop") || !strncmp(name, "set.", 4)) {
        return parse_changes(o, cmd, name, value);
    }
    *known = 0;
    return NULL;
}

/* ---- for an attempt ---------------------------------------------------- */

void llmgw_override_timeout(llmgw_timeouts_t *out, const llmgw_target_t *t,
                            const llmgw_timeouts_t *base)
{
    const llmgw_override_t *o = llmgw_override_get(t);

    if (o) {
        llmgw_options_merge(llmgw_policy_timeouts, out, base, &o->timeout);
    }
    else {
        *out = *base;
    }
}

const llmgw_breaker_conf_t *llmgw_override_breaker(
    const llmgw_target_t *t, const llmgw_breaker_conf_t *base,
    apr_pool_t *p)
{
    const llmgw_override_t *o = llmgw_override_get(t);
    llmgw_breaker_conf_t *own;

    if (!o || !o->has_breaker) {
        return base;
    }
    own = apr_pmemdup(p, base, sizeof(*base));
    llmgw_options_merge(llmgw_policy_breaker_conf, own, base, &o->breaker);
    return own;
}
