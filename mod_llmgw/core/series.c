/* series.c: metrics by labels, in a table that cannot grow */
#include <string.h>
#include "llmgw/hash.h"
#include "llmgw/series.h"

/* ---- labels: padded with zeros, a NUL after each at least ---------------- */

#define LABEL_BYTES_MAX 512

/* A combination as an entry has it. Only words that hold a part of a value or
 * its NUL are set: what follows is zero in every entry. */
typedef struct labels_t {
    struct {
        int at;
        int n;
    } parts[LLMGW_SERIES_LABELS_MAX];   /* words of each label */
    union {
        char bytes[LABEL_BYTES_MAX];
        apr_uint64_t words[LABEL_BYTES_MAX / 8];
    } u;
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

static int count_words(const llmgw_series_kind_t *kind)
{
    apr_size_t bytes = 0;
    int i;

    for (i = 0; i < kind->n; i++) {
        bytes += kind->labels[i].bytes;
    }
    return (int)(bytes / 8);
}

static void set_labels(labels_t *labels, const llmgw_series_t *series,
                       const llmgw_series_key_t *key)
{
    int i, at = 0;

    for (i = 0; i < series->kind->n; i++) {
        llmgw_str_t s = key->values[i];
        apr_size_t room = series->kind->labels[i].bytes;
        apr_size_t len = cut(s, room - 1);
        int n = (int)(len / 8) + 1;

        labels->parts[i].at = at;
        labels->parts[i].n = n;
        labels->u.words[at + n - 1] = 0;
        if (len) {
            memcpy(labels->u.bytes + 8 * at, s.p, len);
        }
        at += (int)(room / 8);
    }
}

static apr_uint64_t hash_labels(const labels_t *labels, int n)
{
    apr_uint64_t h = (apr_uint64_t)n;
    int i, j;

    for (i = 0; i < n; i++) {
        const apr_uint64_t *words = labels->u.words + labels->parts[i].at;

        for (j = 0; j < labels->parts[i].n; j++) {
            h = llmgw_hash_mix(h ^ words[j])
                + APR_UINT64_C(0x9e3779b97f4a7c15);
        }
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
    llmgw_word_t labels[];      /* the figures follow */
} entry_t;

/* The head: this number, room, bytes of an entry, digest of the labels, entries
 * in use. With another layout comes another number. */
#define LAYOUT APR_UINT64_C(0x4C4C4D4757010002)
#define HEAD_WORDS 8
#define USED_AT 4

/* So many places are looked at: a table that is nearly full is not slow. */
#define PROBES 16

static apr_size_t entry_bytes(const llmgw_series_kind_t *kind)
{
    return sizeof(entry_t) + (apr_size_t)count_words(kind) * 8
           + kind->figures_bytes;
}

apr_size_t llmgw_series_bytes(const llmgw_series_kind_t *kind,
                              apr_uint32_t room)
{
    return HEAD_WORDS * sizeof(llmgw_word_t)
           + (room + (apr_size_t)1) * entry_bytes(kind);
}

static apr_uint64_t kind_digest(const llmgw_series_kind_t *kind)
{
    apr_uint64_t digest = 0;
    int i;

    for (i = 0; i < kind->n; i++) {
        digest = llmgw_hash_add(digest, llmgw_str_of(kind->labels[i].name));
        digest = llmgw_hash_mix(digest + kind->labels[i].bytes);
    }
    return digest;
}

apr_status_t llmgw_series_attach(llmgw_series_t *series,
                                 const llmgw_series_kind_t *kind, void *mem,
                                 apr_uint32_t room)
{
    const apr_uint64_t head[USED_AT] = { LAYOUT, room, entry_bytes(kind),
                                         kind_digest(kind) };
    llmgw_word_t *words = mem;

    if (!llmgw_word_begin(words, head, USED_AT)) {
        return APR_EINVAL;
    }
    series->kind = kind;
    series->head = words;
    series->entries = (char *)(words + HEAD_WORDS);
    series->room = room;
    series->label_words = count_words(kind);
    series->entry_bytes = entry_bytes(kind);
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
    int i, j;

    for (i = 0; i < series->kind->n; i++) {
        int at = labels->parts[i].at;

        for (j = at; j < at + labels->parts[i].n; j++) {
            llmgw_word_set(&e->labels[j], labels->u.words[j]);
        }
    }
    if (llmgw_word_cas(&e->state, &seen, hash | WRITTEN)) {
        llmgw_word_add(&series->head[USED_AT], 1);
    }
}

static void *figures_of(const llmgw_series_t *series, entry_t *e)
{
    return e->labels + series->label_words;
}

static int has_labels(const llmgw_series_t *series, const entry_t *e,
                      const labels_t *labels)
{
    int i, j;

    for (i = 0; i < series->kind->n; i++) {
        int at = labels->parts[i].at;

        for (j = at; j < at + labels->parts[i].n; j++) {
            if (llmgw_word_get(&e->labels[j]) != labels->u.words[j]) {
                return 0;
            }
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
    return seen == (hash | WRITTEN) && has_labels(series, e, labels);
}

void *llmgw_series_get(const llmgw_series_t *series,
                       const llmgw_series_key_t *key)
{
    labels_t labels;
    apr_uint64_t hash;
    apr_uint32_t i;

    set_labels(&labels, series, key);
    hash = hash_labels(&labels, series->kind->n) & ~(apr_uint64_t)WRITTEN;
    for (i = 0; i < PROBES && i < series->room; i++) {
        entry_t *e = get_entry(series, 1 + (apr_uint32_t)(((hash >> 2) + i)
                                                          % series->room));

        if (take(series, e, &labels, hash)) {
            return figures_of(series, e);
        }
    }
    return figures_of(series, get_entry(series, 0));
}

static void read_labels(const llmgw_series_t *series, const entry_t *e,
                        llmgw_series_key_t *key)
{
    const char *at = (const char *)e->labels;
    int i;

    for (i = 0; i < series->kind->n; i++) {
        key->values[i] = llmgw_str_of(e == get_entry(series, 0)
                                      ? "other" : at);
        at += series->kind->labels[i].bytes;
    }
}

void *llmgw_series_each(const llmgw_series_t *series, apr_uint32_t *at,
                        llmgw_series_key_t *key)
{
    while (*at <= series->room) {
        apr_uint32_t n = (*at)++;
        entry_t *e = get_entry(series, n);

        if (n == 0 || (llmgw_word_get(&e->state) & WRITTEN) == WRITTEN) {
            read_labels(series, e, key);
            return figures_of(series, e);
        }
    }
    return NULL;
}

apr_uint64_t llmgw_series_used(const llmgw_series_t *series)
{
    return llmgw_word_get(&series->head[USED_AT]);
}
