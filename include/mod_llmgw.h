/* mod_llmgw.h: what other modules and configurations may rely on */
#ifndef MOD_LLMGW_H
#define MOD_LLMGW_H

#define LLMGW_VERSION "0.1.0"

/*
 * Request notes, for LogFormat (%{llmgw-model}n), for other modules and for
 * ap_expr. A note that does not apply to a request is absent.
 */
#define LLMGW_NOTE_REQUEST_ID        "llmgw-request-id"
#define LLMGW_NOTE_MODEL             "llmgw-model"      /* asked for */
#define LLMGW_NOTE_ROUTE             "llmgw-route"      /* its pattern */
#define LLMGW_NOTE_PROVIDER          "llmgw-provider"   /* that answered */
#define LLMGW_NOTE_TARGET            "llmgw-target"     /* PROVIDER/MODEL */
#define LLMGW_NOTE_ATTEMPTS          "llmgw-attempts"
#define LLMGW_NOTE_STREAM            "llmgw-stream"     /* 1 or 0 */
#define LLMGW_NOTE_PROMPT_TOKENS     "llmgw-prompt-tokens"
#define LLMGW_NOTE_COMPLETION_TOKENS "llmgw-completion-tokens"
#define LLMGW_NOTE_CACHED_TOKENS     "llmgw-cached-tokens"
#define LLMGW_NOTE_REASONING_TOKENS  "llmgw-reasoning-tokens"
#define LLMGW_NOTE_COST              "llmgw-cost"       /* "0.0045" */
#define LLMGW_NOTE_ESTIMATED         "llmgw-estimated"  /* 1: tokens were */
#define LLMGW_NOTE_STOP              "llmgw-stop"       /* "end", "length" */
#define LLMGW_NOTE_TTFT_MS           "llmgw-ttft-ms"    /* to first token */
#define LLMGW_NOTE_UPSTREAM_MS       "llmgw-upstream-ms"
#define LLMGW_NOTE_OVERHEAD_US       "llmgw-overhead-us"
#define LLMGW_NOTE_ERROR             "llmgw-error"      /* code of an error */

#endif /* MOD_LLMGW_H */
