/* rawpath.h: paths and queries that pass to a provider as they are */
#ifndef LLMGW_RAWPATH_H
#define LLMGW_RAWPATH_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include "llmgw/str.h"

/** What lies below an API's version in a path. Strings point into the path. */
typedef struct llmgw_rawpath_t {
    llmgw_str_t version;        /* "v1", "v1beta" */
    llmgw_str_t rest;           /* "files/file-1/content": no slash at either
                                 * end */
    int is_upload;              /* "upload" stands before the version, as
                                 * Google's API has it for the bytes of files */
} llmgw_rawpath_t;

/** How the body of a POST to a path is treated. */
typedef enum llmgw_rawpath_e {
    LLMGW_RAWPATH_OTHER,        /* read whole if it may name a model */
    LLMGW_RAWPATH_MODEL,        /* names a model; keeps nothing at the
                                 * provider */
    LLMGW_RAWPATH_UPLOAD        /* names none and may be large: never held */
} llmgw_rawpath_e;

/**
 * Find the version, the first segment like "v1" or "v1beta", and what lies
 * below. That must be plain: no empty segment, none of dots alone, well-formed
 * UTF-8, and no character by which any server could take it for another path
 * (percent, backslash, semicolon, controls, and all others RFC 3986 knows no
 * use for in a path).
 * @param path percent-decoded, without query
 * @param why set on LLMGW_EINVAL: constant text, "holds ..."
 * @return APR_SUCCESS; LLMGW_EPATH: no version, or nothing below it;
 *         LLMGW_EINVAL
 */
apr_status_t llmgw_rawpath_parse(llmgw_rawpath_t *out, const char *path,
                                 const char **why);

/** What kind of path it is: "images/edits" is LLMGW_RAWPATH_MODEL. */
llmgw_rawpath_e llmgw_rawpath_kind(llmgw_str_t rest);

/** Percent-encode what was parsed, where a path must have it so. */
const char *llmgw_rawpath_escape(llmgw_str_t rest, apr_pool_t *p);

/**
 * A client's query as a provider gets it: unchanged, but for parameters that
 * may be a credential ("key", "access_token", ...), however they are written,
 * and for those that stand in the provider's own.
 * @param args without "?"; may be NULL
 * @param own the provider's, likewise
 * @return without "?"; empty when nothing is left
 */
const char *llmgw_rawpath_query(const char *args, const char *own,
                                apr_pool_t *p);

#endif /* LLMGW_RAWPATH_H */
