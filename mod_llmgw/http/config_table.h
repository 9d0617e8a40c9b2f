/* config_table.h: every directive, once */
#ifndef LLMGW_HTTP_CONFIG_TABLE_H
#define LLMGW_HTTP_CONFIG_TABLE_H

/*
 * X(member, "Directive", type, arguments, place, help)
 *
 * From this one table come the members of llmgw_config_t, their defaults, their
 * merge and the server's command table. A type T stands for a C type
 * llmgw_T_t and the functions set_T, unset_T and merge_T in config.c; arguments
 * is the AP_INIT_ macro; place is SERVER (server and virtual host) or ROUTE
 * (these, and within <LLMRoute>).
 */
#define LLMGW_DIRECTIVES(X) \
    X(providers, "LLMProvider", providers, AP_INIT_TAKE_ARGV, SERVER, \
      "NAME KIND URL [key=value ...]: a provider of models") \
    X(routes, "LLMRoute", routes, AP_INIT_TAKE_ARGV, SERVER, \
      "GLOB PROVIDER[/MODEL] ...: targets for a model, in the order to try") \
    X(auto_route, "LLMAutoRoute", flag, AP_INIT_TAKE1, SERVER, \
      "on|off: send models without a route to the provider that fits") \
    X(allow, "LLMAllow", allow, AP_INIT_TAKE1, ROUTE, \
      "EXPR: an expression that is true for those who may use the models") \
    X(timeout, "LLMTimeout", timeouts, AP_INIT_TAKE_ARGV, ROUTE, \
      "connect=5s first=60s idle=60s total=10min: how long to wait; " \
      "heartbeat=15s: how often to assure a client that waits") \
    X(method, "LLMBalance", method, AP_INIT_TAKE1, ROUTE, \
      "weighted|latency|busy|cost|prefix: how a target of a tier is chosen") \
    X(retry, "LLMRetry", retry, AP_INIT_TAKE_ARGV, ROUTE, \
      "attempts=3 on=CLASS,... backoff=250ms max-backoff=8s total=TIME " \
      "budget=20%: when and how often to try again") \
    X(breaker, "LLMBreaker", breaker_conf, AP_INIT_TAKE_ARGV, ROUTE, \
      "off, or ratio=20% min=10 window=30s open=10s probes=5 slow=TIME " \
      "slow-ratio=50%: when to leave a failing target alone") \
    X(health_check, "LLMHealthCheck", health_check, AP_INIT_TAKE_ARGV, ROUTE, \
      "off, or interval=30s path=/models timeout=5s: ask targets how they " \
      "are") \
    X(detach, "LLMDetach", detach_conf, AP_INIT_TAKE_ARGV, SERVER, \
      "on|off threads=1 max=N full=stay|refuse spin=2ms: let calls wait " \
      "without a thread") \
    X(request_body, "LLMRequestBody", size, AP_INIT_TAKE1, ROUTE, \
      "SIZE: the largest request body taken, after decompression") \
    X(response_body, "LLMResponseBody", size, AP_INIT_TAKE1, ROUTE, \
      "SIZE: the largest answer taken from a provider") \
    X(unsupported, "LLMUnsupported", unsupported, AP_INIT_TAKE1, ROUTE, \
      "drop|reject: what to do with what a provider cannot express")

#endif /* LLMGW_HTTP_CONFIG_TABLE_H */
