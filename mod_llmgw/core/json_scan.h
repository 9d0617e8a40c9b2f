/* json_scan.h: the one JSON grammar, as a stream of tokens (core only) */
#ifndef LLMGW_CORE_JSON_SCAN_H
#define LLMGW_CORE_JSON_SCAN_H

#include "llmgw/json.h"

/** Containers within each other that a scanner can keep track of. */
#define JSON_DEPTH_CAP 1024

typedef enum json_token_e {
    JSON_TOKEN_SCALAR,          /* a value that is no container */
    JSON_TOKEN_OPEN,            /* of an array or object */
    JSON_TOKEN_CLOSE,
    JSON_TOKEN_NAME,            /* of a member; its value follows */
    JSON_TOKEN_END              /* the text is complete */
} json_token_e;

typedef struct json_token_t {
    json_token_e kind;
    llmgw_json_type_e type;     /* of the value, also for OPEN and CLOSE */
    const char *text;           /* CLOSE: the bracket */
    apr_size_t len;
    unsigned int depth;         /* containers around the value or name */
    int escaped;                /* a string or name with a backslash in it */
} json_token_t;

typedef enum json_expect_e {
    JSON_EXPECT_VALUE,
    JSON_EXPECT_ELEMENT,        /* just after '[': a value or the end */
    JSON_EXPECT_MEMBER,         /* just after '{': a name or the end */
    JSON_EXPECT_NEXT            /* after a value: a comma or the end */
} json_expect_e;

typedef struct llmgw_json_scanner_t {
    const char *text;
    const char *p;              /* next byte, or the one at fault */
    const char *end;
    const char *reason;         /* set on failure */
    json_expect_e expect;
    unsigned int depth;
    unsigned int depth_max;
    apr_uint64_t objects[JSON_DEPTH_CAP / 64];  /* bit: an object, no array */
} llmgw_json_scanner_t;

/** Start on a text. @return APR_SUCCESS, LLMGW_ETOOBIG (reason is set) */
apr_status_t llmgw_json_scanner_init(llmgw_json_scanner_t *s,
                                     const char *text, apr_size_t len,
                                     const llmgw_json_limits_t *limits);

/**
 * Read the next token; nothing may be read after END or a failure.
 * @return APR_SUCCESS, LLMGW_EJSON, LLMGW_ETOOBIG (reason is set)
 */
apr_status_t llmgw_json_scanner_next(llmgw_json_scanner_t *s,
                                     json_token_t *t);

/** Tell where and why a scanner stopped; err may be NULL. */
void llmgw_json_scanner_explain(const llmgw_json_scanner_t *s,
                                llmgw_json_error_t *err);

#endif /* LLMGW_CORE_JSON_SCAN_H */
