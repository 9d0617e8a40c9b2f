/* series.h: metrics by labels, in a table that cannot grow */
#ifndef LLMGW_SERIES_H
#define LLMGW_SERIES_H

#include <apr.h>
#include <apr_errno.h>
#include "llmgw/str.h"
#include "llmgw/word.h"

/*
 * Who calls and what they ask for is not ours to bound, but memory and the
 * page of metrics are: the table has room for so many combinations of labels,
 * and whatever comes after goes to one that is labelled "other". It lies in
 * shared memory, holds no pointers, and all zero is an empty one. Any thread of
 * any process may look up and read at the same time; nothing waits, and
 * nothing is ever removed.
 */

#define LLMGW_SERIES_LABELS_MAX 6

/** What a table counts by, and how much it counts for each. Constant. */
typedef struct llmgw_series_kind_t {
    int n;                      /* labels */
    struct {
        const char *name;
        apr_size_t bytes;       /* of its longest value and a NUL, a multiple
                                 * of 8; longer values are cut, at a
                                 * character. 512 at most for all labels */
    } labels[LLMGW_SERIES_LABELS_MAX];
    apr_size_t figures_bytes;   /* of words and histograms for each
                                 * combination; a multiple of 8 */
} llmgw_series_kind_t;

/** Values by label; the strings are the caller's. */
typedef struct llmgw_series_key_t {
    llmgw_str_t values[LLMGW_SERIES_LABELS_MAX];
} llmgw_series_key_t;

/** A process's view of the table; plain memory. */
typedef struct llmgw_series_t {
    const llmgw_series_kind_t *kind;
    llmgw_word_t *head;
    char *entries;
    apr_uint32_t room;
    int label_words;
    apr_size_t entry_bytes;
} llmgw_series_t;

/**
 * Bytes that a table takes.
 * @param room combinations of labels, besides "other"; at least 1
 */
apr_size_t llmgw_series_bytes(const llmgw_series_kind_t *kind,
                              apr_uint32_t room);

/**
 * Look at a block as a table.
 * @param kind has to outlive the view, as has mem
 * @param mem llmgw_series_bytes() bytes, aligned to 8, all zero or a table of
 *     the same labels, figures and room
 * @return APR_SUCCESS; APR_EINVAL when it is a table of others
 */
apr_status_t llmgw_series_attach(llmgw_series_t *series,
                                 const llmgw_series_kind_t *kind, void *mem,
                                 apr_uint32_t room);

/**
 * The figures of these labels: all zero when they are new. Those of "other"
 * when there is no room.
 */
void *llmgw_series_get(const llmgw_series_t *series,
                       const llmgw_series_key_t *key);

/**
 * The figures of each combination there is, "other" first.
 * @param at 0 for the first; changed
 * @param key its labels; they live as long as the table
 * @return NULL at the end
 */
void *llmgw_series_each(const llmgw_series_t *series, apr_uint32_t *at,
                        llmgw_series_key_t *key);

/** How many combinations there are, besides "other". */
apr_uint64_t llmgw_series_used(const llmgw_series_t *series);

#endif /* LLMGW_SERIES_H */
