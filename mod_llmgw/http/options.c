/* options.c: arguments of the form name=value, by a table */
#include <apr_strings.h>
#include <httpd.h>
#include "config.h"
#include "options.h"

#define MEMBER(base, option, type) \
    (*(type *)(void *)((char *)(base) + (option)->offset))
#define CONST_MEMBER(base, option, type) \
    (*(const type *)(const void *)((const char *)(base) + (option)->offset))

void llmgw_options_unset(const llmgw_option_t *options, void *out)
{
    for (; options->name; options++) {
        switch (options->type) {
        case LLMGW_OPTION_TIME:
        case LLMGW_OPTION_TIME_OFF:
            MEMBER(out, options, apr_interval_time_t) = -1;
            break;
        case LLMGW_OPTION_COUNT:
        case LLMGW_OPTION_PERCENT:
        case LLMGW_OPTION_OFF:
        case LLMGW_OPTION_SWITCH:
            MEMBER(out, options, int) = -1;
            break;
        case LLMGW_OPTION_WORD:
            MEMBER(out, options, const char *) = NULL;
            break;
        }
    }
}

static int is_set(const llmgw_option_t *option, const void *from)
{
    switch (option->type) {
    case LLMGW_OPTION_TIME:
    case LLMGW_OPTION_TIME_OFF:
        return CONST_MEMBER(from, option, apr_interval_time_t) >= 0;
    case LLMGW_OPTION_COUNT:
    case LLMGW_OPTION_PERCENT:
    case LLMGW_OPTION_OFF:
    case LLMGW_OPTION_SWITCH:
        return CONST_MEMBER(from, option, int) >= 0;
    default:
        return CONST_MEMBER(from, option, char *) != NULL;
    }
}

static void copy(const llmgw_option_t *option, void *out, const void *from)
{
    switch (option->type) {
    case LLMGW_OPTION_TIME:
    case LLMGW_OPTION_TIME_OFF:
        MEMBER(out, option, apr_interval_time_t)
            = CONST_MEMBER(from, option, apr_interval_time_t);
        break;
    case LLMGW_OPTION_COUNT:
    case LLMGW_OPTION_PERCENT:
    case LLMGW_OPTION_OFF:
    case LLMGW_OPTION_SWITCH:
        MEMBER(out, option, int) = CONST_MEMBER(from, option, int);
        break;
    case LLMGW_OPTION_WORD:
        MEMBER(out, option, const char *)
            = CONST_MEMBER(from, option, char *);
        break;
    }
}

void llmgw_options_merge(const llmgw_option_t *options, void *out,
                         const void *base, const void *add)
{
    for (; options->name; options++) {
        copy(options, out, is_set(options, add) ? add : base);
    }
}

/* A whole number, with a percent sign where it is a percentage. */
static const char *parse_count(apr_pool_t *p, const llmgw_option_t *option,
                               const char *name, const char *value, int *out)
{
    const char *sign = option->type == LLMGW_OPTION_PERCENT ? "%" : "";
    char *end;
    apr_int64_t n = apr_strtoi64(value, &end, 10);

    if (end == value || strcmp(end, sign) || n < option->min
        || n > option->max) {
        return apr_psprintf(p, "%s: \"%s\" is out of range: give a %s between "
                            "%d%s and %d%s", name, value,
                            *sign ? "percentage" : "whole number",
                            option->min, sign, option->max, sign);
    }
    *out = (int)n;
    return NULL;
}

static const char *parse_value(const llmgw_option_t *option, void *out,
                               apr_pool_t *p, const char *name,
                               const char *value)
{
    switch (option->type) {
    case LLMGW_OPTION_TIME_OFF:
        if (!ap_cstr_casecmp(value, "off")) {
            MEMBER(out, option, apr_interval_time_t) = 0;
            return NULL;
        }
        /* fall through */
    case LLMGW_OPTION_TIME:
        return llmgw_config_parse_time(p, name, value,
                                       &MEMBER(out, option,
                                               apr_interval_time_t));
    case LLMGW_OPTION_COUNT:
    case LLMGW_OPTION_PERCENT:
        return parse_count(p, option, name, value, &MEMBER(out, option, int));
    default:
        MEMBER(out, option, const char *) = value;
        return *value ? NULL : apr_psprintf(p, "%s: the value is empty", name);
    }
}

static int is_word(const llmgw_option_t *option)
{
    return option->type == LLMGW_OPTION_OFF
           || option->type == LLMGW_OPTION_SWITCH;
}

/* "connect=, first= and idle="; words, where there are any, come first. */
static const char *names(const llmgw_option_t *options, apr_pool_t *p)
{
    const char *all = "", *comma = "";

    for (; options->name; options++) {
        all = apr_pstrcat(p, all, comma, options->name,
                          is_word(options) ? "" : "=", NULL);
        comma = options[1].name && !options[2].name ? " and " : ", ";
    }
    return all;
}

int llmgw_options_know(const llmgw_option_t *options, const char *name)
{
    while (options->name && strcmp(options->name, name)) {
        options++;
    }
    return options->name != NULL;
}

const char *llmgw_options_parse(const llmgw_option_t *options, void *out,
                                cmd_parms *cmd, const char *word)
{
    const char *eq = strchr(word, '=');
    const llmgw_option_t *at;
    int on = !ap_cstr_casecmp(word, "on");

    if (options->type == LLMGW_OPTION_SWITCH
        && (on || !ap_cstr_casecmp(word, "off"))) {
        MEMBER(out, options, int) = on;
        return NULL;
    }
    for (at = options; eq && at->name; at++) {
        if (!is_word(at)
            && strlen(at->name) == (apr_size_t)(eq - word)
            && !strncmp(at->name, word, eq - word)) {
            return parse_value(at, out, cmd->pool,
                               apr_pstrcat(cmd->pool, cmd->cmd->name, " ",
                                           at->name, "=", NULL), eq + 1);
        }
    }
    return apr_psprintf(cmd->pool, "%s: \"%s\" is not one of %s",
                        cmd->cmd->name, word, names(options, cmd->pool));
}

const char *llmgw_options_parse_all(const llmgw_option_t *options, void *out,
                                    cmd_parms *cmd, int argc,
                                    char *const argv[])
{
    const char *err = NULL;
    int i;

    if (options->type == LLMGW_OPTION_OFF) {
        int off = argc == 1 && !ap_cstr_casecmp(argv[0], "off");

        MEMBER(out, options, int) = off;
        if (off) {
            return NULL;
        }
    }
    if (argc == 0) {
        return apr_psprintf(cmd->pool, "%s takes at least one of %s",
                            cmd->cmd->name, names(options, cmd->pool));
    }
    for (i = 0; i < argc && !err; i++) {
        err = llmgw_options_parse(options, out, cmd, argv[i]);
    }
    return err;
}
