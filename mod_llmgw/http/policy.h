/* policy.h: what an administrator wants done about providers in trouble */
#ifndef LLMGW_HTTP_POLICY_H
#define LLMGW_HTTP_POLICY_H

#include <httpd.h>
#include <http_config.h>
#include "llmgw/breaker.h"
#include "llmgw/retry.h"
#include "options.h"

/* Settings of LLMTimeout, LLMRetry, LLMBreaker, LLMHealthCheck and LLMDetach.
 * A negative number or NULL means not set. */

typedef struct llmgw_timeouts_t {
    apr_interval_time_t connect_usec;
    apr_interval_time_t first_usec;
    apr_interval_time_t idle_usec;
    apr_interval_time_t total_usec;
    apr_interval_time_t heartbeat_usec; /* 0: none */
} llmgw_timeouts_t;

typedef struct llmgw_retry_t {
    int attempts;               /* over all targets of a call */
    const char *on;             /* as written */
    llmgw_retry_set_t on_set;   /* of an effective configuration: what it says */
    apr_interval_time_t backoff_usec;
    apr_interval_time_t backoff_max_usec;
    apr_interval_time_t total_usec;     /* no attempt begins after */
    int budget_percent;         /* retries, of first attempts */
} llmgw_retry_t;

typedef struct llmgw_health_check_t {
    int off;
    apr_interval_time_t interval_usec;
    apr_interval_time_t timeout_usec;
    const char *path;           /* below the provider's base path */
} llmgw_health_check_t;

typedef struct llmgw_detach_conf_t {
    int on;
    int threads;                /* relay threads of a child */
    int max;                    /* calls of a child that wait so; -1: as many
                                 * as it may have descriptors for */
    const char *full;           /* as written: stay or refuse */
    int refuse;                 /* of an effective configuration: what to do
                                 * when there are as many */
    apr_interval_time_t spin_usec;  /* a call keeps its thread so long */
} llmgw_detach_conf_t;

/* How each is read; for the types of config_table.h. */
extern const llmgw_options_t llmgw_policy_timeouts;
extern const llmgw_options_t llmgw_policy_retry;
extern const llmgw_options_t llmgw_policy_breaker_conf;
extern const llmgw_options_t llmgw_policy_health_check;
extern const llmgw_options_t llmgw_policy_detach_conf;

/* What a table cannot check. Error text or NULL. */
const char *llmgw_policy_check_retry(cmd_parms *cmd,
                                     const llmgw_retry_t *retry);
const char *llmgw_policy_check_health(cmd_parms *cmd,
                                      const llmgw_health_check_t *check);

const char *llmgw_policy_check_detach(cmd_parms *cmd,
                                      const llmgw_detach_conf_t *detach);

#endif /* LLMGW_HTTP_POLICY_H */
