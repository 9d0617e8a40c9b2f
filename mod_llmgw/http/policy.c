/* policy.c: what an administrator wants done about providers in trouble */
#include <apr_strings.h>
#include <httpd.h>
#include "policy.h"

#define TIME(type, name, member) \
    { name, LLMGW_OPTION_TIME, offsetof(type, member), 0, 0 }
#define PERCENT(type, name, member, min) \
    { name, LLMGW_OPTION_PERCENT, offsetof(type, member), min, 100 }
#define WORD(type, name, member) \
    { name, LLMGW_OPTION_WORD, offsetof(type, member), 0, 0 }
#define COUNT(type, name, member, min, max) \
    { name, LLMGW_OPTION_COUNT, offsetof(type, member), min, max }
#define OFF(type) \
    { "off", LLMGW_OPTION_OFF, offsetof(type, off), 0, 0 }
#define END \
    { NULL, LLMGW_OPTION_WORD, 0, 0, 0 }

const llmgw_options_t llmgw_policy_timeouts = {
    TIME(llmgw_timeouts_t, "connect", connect_usec),
    TIME(llmgw_timeouts_t, "first", first_usec),
    TIME(llmgw_timeouts_t, "idle", idle_usec),
    TIME(llmgw_timeouts_t, "total", total_usec),
    { "heartbeat", LLMGW_OPTION_TIME_OFF,
      offsetof(llmgw_timeouts_t, heartbeat_usec), 0, 0 },
    END
};

const llmgw_options_t llmgw_policy_retry = {
    COUNT(llmgw_retry_t, "attempts", attempts, 1, 100),
    WORD(llmgw_retry_t, "on", on),
    TIME(llmgw_retry_t, "backoff", backoff_usec),
    TIME(llmgw_retry_t, "max-backoff", backoff_max_usec),
    TIME(llmgw_retry_t, "total", total_usec),
    PERCENT(llmgw_retry_t, "budget", budget_percent, 0),
    END
};

const llmgw_options_t llmgw_policy_breaker_conf = {
    OFF(llmgw_breaker_conf_t),
    PERCENT(llmgw_breaker_conf_t, "ratio", percent, 1),
    COUNT(llmgw_breaker_conf_t, "min", min, 1, LLMGW_BREAKER_MIN_MAX),
    TIME(llmgw_breaker_conf_t, "window", window_usec),
    TIME(llmgw_breaker_conf_t, "open", open_usec),
    COUNT(llmgw_breaker_conf_t, "probes", probes, 1, LLMGW_BREAKER_PROBES_MAX),
    TIME(llmgw_breaker_conf_t, "slow", slow_usec),
    PERCENT(llmgw_breaker_conf_t, "slow-ratio", slow_percent, 1),
    END
};

const llmgw_options_t llmgw_policy_health_check = {
    OFF(llmgw_health_check_t),
    TIME(llmgw_health_check_t, "interval", interval_usec),
    TIME(llmgw_health_check_t, "timeout", timeout_usec),
    WORD(llmgw_health_check_t, "path", path),
    END
};

const llmgw_options_t llmgw_policy_detach_conf = {
    { "on or off", LLMGW_OPTION_SWITCH, offsetof(llmgw_detach_conf_t, on), 0,
      0 },
    COUNT(llmgw_detach_conf_t, "threads", threads, 1, 64),
    COUNT(llmgw_detach_conf_t, "max", max, 1, 1000000),
    WORD(llmgw_detach_conf_t, "full", full),
    { "spin", LLMGW_OPTION_TIME_OFF, offsetof(llmgw_detach_conf_t, spin_usec),
      0, 0 },
    END
};

const char *llmgw_policy_check_retry(cmd_parms *cmd,
                                     const llmgw_retry_t *retry)
{
    llmgw_retry_set_t ignored;

    return retry->on ? llmgw_retry_parse(cmd->pool, "LLMRetry on=", retry->on,
                                         &ignored) : NULL;
}

const char *llmgw_policy_check_health(cmd_parms *cmd,
                                      const llmgw_health_check_t *check)
{
    return check->path && *check->path != '/'
           ? apr_psprintf(cmd->pool, "LLMHealthCheck path=: \"%s\" does not "
                          "begin with a slash", check->path) : NULL;
}

/* Relay threads are the process's, whatever the host of a call. */
const char *llmgw_policy_check_detach(cmd_parms *cmd,
                                      const llmgw_detach_conf_t *detach)
{
    if (detach->full && strcmp(detach->full, "stay")
        && strcmp(detach->full, "refuse")) {
        return apr_psprintf(cmd->pool, "LLMDetach full=: \"%s\" is neither "
                            "stay nor refuse", detach->full);
    }
    if (cmd->server->is_virtual && (detach->threads >= 0
                                    || detach->max >= 0)) {
        return "LLMDetach threads= and max= are of the whole server: give them "
               "outside of <VirtualHost>";
    }
    return NULL;
}
