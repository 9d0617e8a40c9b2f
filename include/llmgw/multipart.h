/* multipart.h: the fields of a form: multipart/form-data */
#ifndef LLMGW_MULTIPART_H
#define LLMGW_MULTIPART_H

#include <apr.h>
#include <apr_errno.h>
#include "llmgw/str.h"

/** Bounds. A zero field means the default beside it. */
typedef struct llmgw_multipart_limits_t {
    unsigned int parts_max;     /* 1000 */
    unsigned int fields_max;    /* 16 header fields of a part */
    apr_size_t head_bytes_max;  /* 8 KiB: the header fields of a part */
} llmgw_multipart_limits_t;

/** A part of a form, as byte ranges of the body. */
typedef struct llmgw_multipart_part_t {
    llmgw_str_t name;           /* of the field, within its quotes */
    llmgw_str_t filename;       /* likewise; never given without */
    llmgw_str_t value;
} llmgw_multipart_part_t;

/** Called for each part, in order.
 * @return APR_SUCCESS to go on; anything else ends the scan with that status */
typedef apr_status_t (*llmgw_multipart_part_fn)(
    void *ctx, const llmgw_multipart_part_t *part);

/** Is this Content-Type multipart/form-data? NULL is not. */
int llmgw_multipart_is(const char *content_type);

/**
 * The boundary in a Content-Type of multipart/form-data (RFC 2046, 5.1.1).
 * @param boundary set on success; points into content_type
 * @return APR_SUCCESS; LLMGW_EBODY: none, more than one, or none that RFC 2046
 *         allows
 */
apr_status_t llmgw_multipart_boundary(const char *content_type,
                                      llmgw_str_t *boundary);

/**
 * Check a whole body (RFC 7578) and report its parts. Strict, so that no
 * server reads another form out of the same bytes: nothing before the first
 * boundary and only line ends after the last, CRLF alone as line end, one
 * Content-Disposition a part, "form-data" with one name without escapes, no
 * quote escaped anywhere, no folded lines, no encoded values.
 * @param limits NULL for the defaults
 * @param why set on failure to constant text: "a part without a name"
 * @return APR_SUCCESS; LLMGW_EBODY; or what fn returned
 */
apr_status_t llmgw_multipart_scan(llmgw_str_t body, llmgw_str_t boundary,
                                  const llmgw_multipart_limits_t *limits,
                                  llmgw_multipart_part_fn fn, void *ctx,
                                  const char **why);

#endif /* LLMGW_MULTIPART_H */
