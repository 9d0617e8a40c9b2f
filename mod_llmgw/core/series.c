/* series.c: metrics by labels, in a table that cannot grow */
#include <string.h>
#include "llmgw/hash.h"
#include "llmgw/series.h"

/* ---- labels: padded with zeros, a NUL after each at least ---------------- */

#define LABEL_WORDS 23
#define LABEL_BYTES (LABEL_WORDS * 8)

static const struct {
    apr_size_t at;
    apr_size_t len;
} places[] = {
    [LLMGW_SERIES_ROUTE] = { 0, 48 },
    [LLMGW_SERIES_PROVIDER] = { 48, 32 },
    [LLMGW_SERIES_MODEL] = { 80, 64 },
    [LLMGW_SERIES_CODE] = { 144, 8 },
    [LLMGW_SERIES_CLASS] = { 152, 32 }
};

typedef union labels_t {
    char bytes[LABEL_BYTES];
    apr_uint64_t words[LABEL_WORDS];
} labels_t;

/* Cut before the character that does not fit. */
static apr_size_t cut(llmgw_str_t s, apr_size_t len_max)
{
    apr_size_t len = s.len;

    if (len > len_max) {
        len = len_max;
        while (len > 0 && (s.p[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    return len;
}

static void set_labels(labels_t *labels, const llmgw_series_key_t *key)
{
    int i;

    memset(labels, 0, sizeof(*labels));
    for (i = 0; i < LLMGW_SERIES__LABELS; i++) {
        llmgw_str_t s = key->values[i];
        apr_size_t len = cut(s, places[i].len - 1);

        if (len) {
            memcpy(labels->bytes + places[i].at, s.p, len);
        }
    }
}

static apr_uint64_t hash_labels(const labels_t *labels)
{
    apr_uint64_t h = LABEL_WORDS;
    int i;

    for (i = 0; i < LABEL_WORDS; i++) {
        h = llmgw_hash_mix(h ^ labels->words[i])
            + APR_UINT64_C(0x9e3779b97f4a7c15);
    }
    return h;
}

/* ---- entries ------------------------------------------------------------- */

/* state: 0 free, else the labels' hash but for the last two bits: 1 taken, 3
 * its labels are written as well. Who finds it taken writes the same labels
 * again, as the one who took it may have died over it. */
#define TAKEN 1
#define WRITTEN 3

typedef struct entry_t {
    llmgw_word_t state;
    llmgw_word_t labels[LABEL_WORDS];
    /* the figures follow */
} entry_t;

/* The head: this number, room, bytes of an entry, entries in use. With
 * another layout comes another number. */
#define LAYOUT APR_UINT64_C(0x4C4C4D4757010001)
#define HEAD_WORDS 8
#define USED_AT 3

/* So many places are looked at: a table that is nearly full is not slow. */
#define PROBES 16

apr_size_t llmgw_series_bytes(apr_uint32_t room, apr_size_t figures_bytes)
{
    return HEAD_WORDS * sizeof(llmgw_word_t)
           + (room + (apr_size_t)1) * (sizeof(entry_t) + figures_bytes);
}

apr_status_t llmgw_series_attach(llmgw_series_t *series, void *mem,
                                 apr_uint32_t room, apr_size_t figures_bytes)
{
    const apr_uint64_t head[USED_AT] = { LAYOUT, room,
                                         sizeof(entry_t) + figures_bytes };
    llmgw_word_t *words = mem;

    if (!llmgw_word_begin(words, head, USED_AT)) {
        return APR_EINVAL;
    }
    series->head = words;
    series->entries = (char *)(words + HEAD_WORDS);
    series->room = room;
    series->entry_bytes = sizeof(entry_t) + figures_bytes;
    return APR_SUCCESS;
}

/* The one of "other" is the first; the table begins behind it. */
static entry_t *get_entry(const llmgw_series_t *series, apr_uint32_t i)
{
    return (entry_t *)(series->entries + i * series->entry_bytes);
}

static void write_labels(const llmgw_series_t *series, entry_t *e,
                         const labels_t *labels, apr_uint64_t hash)
{
    apr_uint64_t seen = hash | TAKEN;
    int i;

    for (i = 0; i < LABEL_WORDS; i++) {
        llmgw_word_set(&e->labels[i], labels->words[i]);
    }
    if (llmgw_word_cas(&e->state, &seen, hash | WRITTEN)) {
        llmgw_word_add(&series->head[USED_AT], 1);
    }
}

static int has_labels(const entry_t *e, const labels_t *labels)
{
    int i;

    for (i = 0; i < LABEL_WORDS; i++) {
        if (llmgw_word_get(&e->labels[i]) != labels->words[i]) {
            return 0;
        }
    }
    return 1;
}

/* Is this entry the labels', or can it become so? */
static int take(const llmgw_series_t *series, entry_t *e,
                const labels_t *labels, apr_uint64_t hash)
{
    apr_uint64_t seen = llmgw_word_get(&e->state);

    if (seen == 0 && llmgw_word_cas(&e->state, &seen, hash | TAKEN)) {
        seen = hash | TAKEN;
    }
    if (seen == (hash | TAKEN)) {
        write_labels(series, e, labels, hash);
        return 1;
    }
    return seen == (hash | WRITTEN) && has_labels(e, labels);
}

void *llmgw_series_get(const llmgw_series_t *series,
                       const llmgw_series_key_t *key)
{
    labels_t labels;
    apr_uint64_t hash;
    apr_uint32_t i;

    set_labels(&labels, key);
    hash = hash_labels(&labels) & ~(apr_uint64_t)WRITTEN;
    for (i = 0; i < PROBES && i < series->room; i++) {
        entry_t *e = get_entry(series, 1 + (apr_uint32_t)(((hash >> 2) + i)
                                                          % series->room));

        if (take(series, e, &labels, hash)) {
            return e + 1;
        }
    }
    return get_entry(series, 0) + 1;
}

void *llmgw_series_each(const llmgw_series_t *series, apr_uint32_t *at,
                        llmgw_series_key_t *key)
{
    entry_t *e;
    int i;

    while (*at <= series->room) {
        apr_uint32_t n = (*at)++;

        e = get_entry(series, n);
        if (n == 0 || (llmgw_word_get(&e->state) & WRITTEN) == WRITTEN) {
            for (i = 0; i < LLMGW_SERIES__LABELS; i++) {
                key->values[i] = llmgw_str_of(n ? (const char *)e->labels
                                              + places[i].at : "other");
            }
            return e + 1;
        }
    }
    return NULL;
}

apr_uint64_t llmgw_series_used(const llmgw_series_t *series)
{
    return llmgw_word_get(&series->head[USED_AT]);
}
