/* promtext.h: metrics in Prometheus' text format */
#ifndef LLMGW_PROMTEXT_H
#define LLMGW_PROMTEXT_H

#include "llmgw/buf.h"
#include "llmgw/hist.h"
#include "llmgw/str.h"

/** The format's media type (version 0.0.4 of the text format). */
#define LLMGW_PROMTEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/** A label; one whose value is empty is left out, as it means the same. */
typedef struct llmgw_label_t {
    const char *name;
    llmgw_str_t value;          /* any bytes: what is not UTF-8 becomes ? */
} llmgw_label_t;

/**
 * A writer. The samples of one family have to follow one another: the format
 * wants them together. A failure to append sticks to the buffer, see buf.h.
 */
typedef struct llmgw_promtext_t {
    llmgw_buf_t *out;
    const char *family;         /* the one being written */
} llmgw_promtext_t;

void llmgw_promtext_init(llmgw_promtext_t *w, llmgw_buf_t *out);

/**
 * Begin a family: its HELP and TYPE lines, once, however often it is begun in
 * a row.
 * @param name a constant; so are type ("counter", "gauge", "histogram") and
 *     help
 */
void llmgw_promtext_family(llmgw_promtext_t *w, const char *name,
                           const char *type, const char *help);

/** A sample of the family: a whole number. */
void llmgw_promtext_count(llmgw_promtext_t *w, const llmgw_label_t *labels,
                          int n, apr_uint64_t value);

/** A sample of the family: any number, also infinite or none. */
void llmgw_promtext_number(llmgw_promtext_t *w, const llmgw_label_t *labels,
                           int n, double value);

/**
 * A histogram, as a family of its kind's name: its buckets with le=, its sum
 * and its count. Begins the family.
 */
void llmgw_promtext_hist(llmgw_promtext_t *w, const llmgw_label_t *labels,
                         int n, llmgw_hist_e kind, const llmgw_hist_t *h);

#endif /* LLMGW_PROMTEXT_H */
