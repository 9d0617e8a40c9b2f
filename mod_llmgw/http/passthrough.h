/* passthrough.h: LLMPassThrough: which paths pass to a provider as they are */
#ifndef LLMGW_HTTP_PASSTHROUGH_H
#define LLMGW_HTTP_PASSTHROUGH_H

#include <httpd.h>
#include <http_config.h>
#include "llmgw/dialect.h"

/** Create and merge what a server, virtual host or <Location> says. */
void *llmgw_passthrough_create(apr_pool_t *p, char *dir);
void *llmgw_passthrough_merge(apr_pool_t *p, void *base, void *add);

/** LLMPassThrough off|all|PATTERN ... @return error text or NULL */
const char *llmgw_passthrough_set(cmd_parms *cmd, void *dir, int argc,
                                  char *const argv[]);

/**
 * May this path pass?
 * @param dialect the caller's; each has its own default
 * @param rest what lies below the version: "files/file-1"
 */
int llmgw_passthrough_allows(const request_rec *r,
                             const llmgw_dialect_t *dialect, llmgw_str_t rest);

#endif /* LLMGW_HTTP_PASSTHROUGH_H */
