/* json.c: an index over a JSON text, and what is read through it */
#include <stdlib.h>
#include <string.h>
#include "llmgw/error.h"
#include "llmgw/json.h"
#include "json_scan.h"
#include "json_text.h"

#define NODES_MAX_DEFAULT (8u * 1000 * 1000)
#define NODES_FIRST 64
#define NO_PARENT 0xffffffffu
/* Up to this many members, each name is compared with each. */
#define PAIRS_MAX 12

struct llmgw_json_doc_t {
    llmgw_json_limits_t limits;
    llmgw_json_t *nodes;
    unsigned int count;
    unsigned int cap;
    unsigned int open;              /* innermost open container */
    const llmgw_json_t **names;     /* for finding duplicates */
    unsigned int names_cap;
};

/* ---- strings ------------------------------------------------------------ */

/* Walks the characters of a string node in runs of bytes. */
typedef struct reader_t {
    const char *p;
    const char *end;
    char decoded[4];
} reader_t;

static reader_t read_from(const llmgw_json_t *v)
{
    reader_t r = { .p = v->text + 1, .end = v->text + v->len - 1 };

    return r;
}

/* The next run of bytes; empty at the end. */
static llmgw_str_t read_run(reader_t *r)
{
    llmgw_str_t run = llmgw_str_make(r->p, (apr_size_t)(r->end - r->p));
    const char *escape = run.len ? memchr(r->p, '\\', run.len) : NULL;
    unsigned int n;

    if (!escape) {
        r->p = r->end;
    }
    else if (escape > r->p) {
        run.len = (apr_size_t)(escape - r->p);
        r->p = escape;
    }
    else {
        r->p = llmgw_json_unescape(escape, r->end, r->decoded, &n);
        run = llmgw_str_make(r->decoded, n);
    }
    return run;
}

/* Without escapes a string is its own source. */
static llmgw_str_t get_source(const llmgw_json_t *v)
{
    return llmgw_str_make(v->text + 1, v->len - 2);
}

llmgw_str_t llmgw_json_string(const llmgw_json_t *v, apr_pool_t *p)
{
    llmgw_str_t run;
    reader_t r;
    char *out;
    apr_size_t len = 0;

    if (!llmgw_json_is(v, LLMGW_JSON_STRING)) {
        return LLMGW_STR_NULL;
    }
    if (!v->escaped) {
        return get_source(v);
    }
    out = apr_palloc(p, v->len);    /* an escape is longer than its meaning */
    r = read_from(v);
    while ((run = read_run(&r)).len) {
        memcpy(out + len, run.p, run.len);
        len += run.len;
    }
    out[len] = '\0';
    return llmgw_str_make(out, len);
}

llmgw_str_t llmgw_json_string_buf(const llmgw_json_t *v, llmgw_buf_t *scratch)
{
    apr_size_t start = scratch->len;
    llmgw_str_t run;
    reader_t r;

    if (!llmgw_json_is(v, LLMGW_JSON_STRING) || scratch->failed) {
        return LLMGW_STR_NULL;
    }
    if (!v->escaped) {
        return get_source(v);
    }
    r = read_from(v);
    while ((run = read_run(&r)).len) {
        if (llmgw_buf_put(scratch, run) != APR_SUCCESS) {
            return LLMGW_STR_NULL;
        }
    }
    return llmgw_str_make(scratch->data + start, scratch->len - start);
}

int llmgw_json_string_is(const llmgw_json_t *v, const char *z)
{
    llmgw_str_t run, rest = llmgw_str_of(z);
    reader_t r;

    if (!llmgw_json_is(v, LLMGW_JSON_STRING)) {
        return 0;
    }
    if (!v->escaped) {
        return llmgw_str_eq(get_source(v), rest);
    }
    r = read_from(v);
    while ((run = read_run(&r)).len) {
        if (run.len > rest.len || memcmp(run.p, rest.p, run.len) != 0) {
            return 0;
        }
        rest.p += run.len;
        rest.len -= run.len;
    }
    return rest.len == 0;
}

int llmgw_json_member_is(const llmgw_json_member_t *m, const char *name)
{
    llmgw_json_t v = { .text = m->name.p - 1,
                       .len = (unsigned int)m->name.len + 2,
                       .type = LLMGW_JSON_STRING,
                       .escaped = (unsigned char)m->escaped };

    return llmgw_json_string_is(&v, name);
}

/* Order of two strings by their bytes; the one that goes on comes later. */
static int compare_bytes(llmgw_str_t a, llmgw_str_t b)
{
    int order = memcmp(a.p, b.p, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* The same order, of what strings with escapes mean. */
static int compare_escaped(const llmgw_json_t *a, const llmgw_json_t *b)
{
    reader_t ra = read_from(a), rb = read_from(b);
    llmgw_str_t x = read_run(&ra), y = read_run(&rb);
    apr_size_t n;
    int order;

    while (x.len && y.len) {
        n = x.len < y.len ? x.len : y.len;
        order = memcmp(x.p, y.p, n);
        if (order) {
            return order;
        }
        x.p += n;
        x.len -= n;
        y.p += n;
        y.len -= n;
        if (!x.len) {
            x = read_run(&ra);
        }
        if (!y.len) {
            y = read_run(&rb);
        }
    }
    return x.len ? 1 : y.len ? -1 : 0;
}

static int compare_strings(const llmgw_json_t *a, const llmgw_json_t *b)
{
    return a->escaped || b->escaped
         ? compare_escaped(a, b)
         : compare_bytes(get_source(a), get_source(b));
}

/* ---- parsing ------------------------------------------------------------ */

static apr_status_t release_memory(void *data)
{
    llmgw_json_doc_t *doc = data;

    free(doc->nodes);
    free(doc->names);
    return APR_SUCCESS;
}

llmgw_json_doc_t *llmgw_json_doc_create(apr_pool_t *p,
                                        const llmgw_json_limits_t *limits)
{
    llmgw_json_doc_t *doc = apr_pcalloc(p, sizeof(*doc));

    if (limits) {
        doc->limits = *limits;
    }
    if (!doc->limits.nodes_max) {
        doc->limits.nodes_max = NODES_MAX_DEFAULT;
    }
    apr_pool_cleanup_register(p, doc, release_memory, apr_pool_cleanup_null);
    return doc;
}

static apr_status_t grow_nodes(llmgw_json_doc_t *doc, llmgw_json_scanner_t *s)
{
    apr_size_t cap = doc->cap ? (apr_size_t)doc->cap * 2 : NODES_FIRST;
    llmgw_json_t *nodes;

    if (doc->count == doc->limits.nodes_max) {
        s->reason = "too many values";
        return LLMGW_ETOOBIG;
    }
    if (cap > doc->limits.nodes_max) {
        cap = doc->limits.nodes_max;
    }
    nodes = realloc(doc->nodes, cap * sizeof(*nodes));
    if (!nodes) {
        s->reason = "out of memory";
        return APR_ENOMEM;
    }
    doc->nodes = nodes;
    doc->cap = (unsigned int)cap;
    return APR_SUCCESS;
}

/* While a container is open, its span holds the index of the one around it. */
static void add_node(llmgw_json_doc_t *doc, const json_token_t *t)
{
    llmgw_json_t *node = &doc->nodes[doc->count];

    node->text = t->text;
    node->len = (unsigned int)t->len;
    node->span = 1;
    node->count = 0;
    node->type = (unsigned char)t->type;
    node->escaped = (unsigned char)t->escaped;
    node->duplicate = 0;
    if (t->kind != JSON_TOKEN_NAME && doc->open != NO_PARENT) {
        doc->nodes[doc->open].count++;
    }
    if (t->kind == JSON_TOKEN_OPEN) {
        node->span = doc->open;
        doc->open = doc->count;
    }
    doc->count++;
}

static int compare_names(const void *a, const void *b)
{
    return compare_strings(*(const llmgw_json_t *const *)a,
                           *(const llmgw_json_t *const *)b);
}

/* Gather the names of an object in doc->names. */
static apr_status_t gather_names(llmgw_json_doc_t *doc,
                                 const llmgw_json_t *obj)
{
    const llmgw_json_t *name, *value = NULL;
    const llmgw_json_t **names;
    unsigned int n = 0;

    if (doc->names_cap < obj->count) {
        names = realloc(doc->names, obj->count * sizeof(*names));
        if (!names) {
            return APR_ENOMEM;
        }
        doc->names = names;
        doc->names_cap = obj->count;
    }
    while ((name = llmgw_json_member(obj, value, &value)) != NULL) {
        doc->names[n++] = name;
    }
    return APR_SUCCESS;
}

/* Sorting keeps objects with very many members cheap, whatever their names:
 * a hash table could be made to collide. */
static int has_equal_neighbours(const llmgw_json_t **names, unsigned int n)
{
    unsigned int i;

    qsort(names, n, sizeof(*names), compare_names);
    for (i = 1; i < n; i++) {
        if (compare_strings(names[i - 1], names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static int has_equal_pair(const llmgw_json_t **names, unsigned int n)
{
    unsigned int i, j;

    for (i = 1; i < n; i++) {
        for (j = 0; j < i; j++) {
            if (compare_strings(names[i], names[j]) == 0) {
                return 1;
            }
        }
    }
    return 0;
}

static apr_status_t close_node(llmgw_json_doc_t *doc, const json_token_t *t)
{
    llmgw_json_t *node = &doc->nodes[doc->open];
    apr_status_t rv;

    node->len = (unsigned int)(t->text + t->len - node->text);
    doc->open = node->span;
    node->span = (unsigned int)(doc->nodes + doc->count - node);
    if (node->type != LLMGW_JSON_OBJECT || node->count < 2) {
        return APR_SUCCESS;
    }
    rv = gather_names(doc, node);
    if (rv == APR_SUCCESS) {
        node->duplicate = node->count <= PAIRS_MAX
                        ? (unsigned char)has_equal_pair(doc->names,
                                                        node->count)
                        : (unsigned char)has_equal_neighbours(doc->names,
                                                              node->count);
    }
    return rv;
}

static apr_status_t take_token(llmgw_json_doc_t *doc, llmgw_json_scanner_t *s,
                               const json_token_t *t)
{
    apr_status_t rv = APR_SUCCESS;

    if (t->kind == JSON_TOKEN_CLOSE) {
        return close_node(doc, t);
    }
    if (doc->count == doc->cap) {
        rv = grow_nodes(doc, s);
    }
    if (rv == APR_SUCCESS) {
        add_node(doc, t);
    }
    return rv;
}

apr_status_t llmgw_json_parse(llmgw_json_doc_t *doc, const char *text,
                              apr_size_t len, const llmgw_json_t **root,
                              llmgw_json_error_t *err)
{
    llmgw_json_scanner_t s;
    json_token_t t;
    apr_status_t rv = llmgw_json_scanner_init(&s, text, len, &doc->limits);

    doc->count = 0;
    doc->open = NO_PARENT;
    while (rv == APR_SUCCESS) {
        rv = llmgw_json_scanner_next(&s, &t);
        if (rv == APR_SUCCESS && t.kind == JSON_TOKEN_END) {
            *root = doc->nodes;
            return APR_SUCCESS;
        }
        if (rv == APR_SUCCESS) {
            rv = take_token(doc, &s, &t);
        }
    }
    llmgw_json_scanner_explain(&s, err);
    return rv;
}

/* ---- walking ------------------------------------------------------------ */

const llmgw_json_t *llmgw_json_each(const llmgw_json_t *arr,
                                    const llmgw_json_t *prev)
{
    const llmgw_json_t *v;

    if (!llmgw_json_is(arr, LLMGW_JSON_ARRAY)) {
        return NULL;
    }
    v = prev ? prev + prev->span : arr + 1;
    return v < arr + arr->span ? v : NULL;
}

const llmgw_json_t *llmgw_json_member(const llmgw_json_t *obj,
                                      const llmgw_json_t *prev,
                                      const llmgw_json_t **value)
{
    const llmgw_json_t *name;

    if (!llmgw_json_is(obj, LLMGW_JSON_OBJECT)) {
        return NULL;
    }
    name = prev ? prev + prev->span : obj + 1;
    if (name >= obj + obj->span) {
        return NULL;
    }
    *value = name + 1;
    return name;
}

const llmgw_json_t *llmgw_json_lookup(const llmgw_json_t *obj,
                                      const char *name)
{
    apr_size_t len = strlen(name);
    const llmgw_json_t *k, *end;

    if (!llmgw_json_is(obj, LLMGW_JSON_OBJECT)) {
        return NULL;
    }
    end = obj + obj->span;
    for (k = obj + 1; k < end; k += 1 + k[1].span) {
        if (k->escaped ? llmgw_json_string_is(k, name)
            : k->len == len + 2 && memcmp(k->text + 1, name, len) == 0) {
            return k + 1;
        }
    }
    return NULL;
}

const llmgw_json_t *llmgw_json_lookup_type(const llmgw_json_t *obj,
                                           const char *name,
                                           llmgw_json_type_e type)
{
    const llmgw_json_t *v = llmgw_json_lookup(obj, name);

    return llmgw_json_is(v, type) ? v : NULL;
}

int llmgw_json_bool(const llmgw_json_t *v, int fallback)
{
    if (llmgw_json_is(v, LLMGW_JSON_TRUE)) {
        return 1;
    }
    return llmgw_json_is(v, LLMGW_JSON_FALSE) ? 0 : fallback;
}
