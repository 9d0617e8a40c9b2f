/* log.h: log ids, one form for all messages */
#ifndef LLMGW_HTTP_LOG_H
#define LLMGW_HTTP_LOG_H

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>

APLOG_USE_MODULE(llmgw);

/**
 * The id that begins a message of level debug and above. Each stands once in
 * the sources and in docs/log-ids.txt, and is never used again.
 */
#define LLMGW_ID(id) id ": "

/** On a parameter that httpd hands over and a function has no use for. */
#define LLMGW_UNUSED __attribute__((unused))

#endif /* LLMGW_HTTP_LOG_H */
