/* json.h: reading and writing JSON without losing a byte of it */
#ifndef LLMGW_JSON_H
#define LLMGW_JSON_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_pools.h>
#include "llmgw/buf.h"
#include "llmgw/str.h"

/*
 * Reading: one strict grammar (RFC 8259; well-formed UTF-8, no NUL byte, no
 * byte order mark, nothing after the value) in two forms.
 *
 * llmgw_json_scan() checks a whole text and reports where the members of the
 * top-level object lie; it builds nothing. It is what a body that passes
 * through unchanged costs.
 *
 * llmgw_json_parse() makes a flat index over the text: each value is a node
 * that points at its own bytes in the source. Numbers, escapes, spacing and
 * the order of members therefore survive: raw() of a node is the very text
 * that came in. Names stand twice in an object only where the text has them
 * twice; lookup finds the first and `duplicate` reports the fact.
 *
 * Both run the same scanner, so they cannot disagree about a text.
 */

typedef enum llmgw_json_type_e {
    LLMGW_JSON_NULL,
    LLMGW_JSON_FALSE,
    LLMGW_JSON_TRUE,
    LLMGW_JSON_NUMBER,
    LLMGW_JSON_STRING,
    LLMGW_JSON_ARRAY,
    LLMGW_JSON_OBJECT
} llmgw_json_type_e;

/** Bounds on what is read. A zero field means the default beside it. */
typedef struct llmgw_json_limits_t {
    apr_size_t bytes_max;       /* 64 MiB; at most 2^31 - 1 */
    unsigned int depth_max;     /* 128 containers within each other; at most
                                 * 1024 */
    unsigned int nodes_max;     /* 8 million values and names (parse only) */
} llmgw_json_limits_t;

/** Where and why a text was refused. */
typedef struct llmgw_json_error_t {
    apr_size_t offset;          /* byte offset of the fault */
    const char *reason;         /* constant text: "unexpected character" */
} llmgw_json_error_t;

/** One member of the top-level object, as byte ranges of the text. */
typedef struct llmgw_json_member_t {
    llmgw_str_t name;           /* raw, within the quotes */
    llmgw_str_t value;          /* raw, quotes included */
    llmgw_json_type_e type;
    int escaped;                /* the name has a backslash in it */
    int value_escaped;          /* so has the (string) value */
} llmgw_json_member_t;

/**
 * Called for each member of the top-level object, in order.
 * @return APR_SUCCESS to go on; anything else ends the scan with that status
 */
typedef apr_status_t (*llmgw_json_member_fn)(void *ctx,
                                             const llmgw_json_member_t *m);

/**
 * Check a text; report the members when its value is an object.
 * @param limits NULL for the defaults
 * @param type set to the type of the top-level value; may be NULL
 * @param err set on LLMGW_EJSON; may be NULL
 * @return APR_SUCCESS; LLMGW_EJSON; LLMGW_ETOOBIG when a bound was reached
 *         (err says which); or what fn returned
 */
apr_status_t llmgw_json_scan(const char *text, apr_size_t len,
                             const llmgw_json_limits_t *limits,
                             llmgw_json_member_fn fn, void *ctx,
                             llmgw_json_type_e *type,
                             llmgw_json_error_t *err);

/**
 * The same for the elements of a text that is an array; their names are never
 * given.
 */
apr_status_t llmgw_json_scan_array(const char *text, apr_size_t len,
                                   const llmgw_json_limits_t *limits,
                                   llmgw_json_member_fn fn, void *ctx,
                                   llmgw_json_type_e *type,
                                   llmgw_json_error_t *err);

/** Non-zero when a member of an object has this name, escaped ("mod\u0065l")
 * or not. */
int llmgw_json_member_is(const llmgw_json_member_t *m, const char *name);

/**
 * A value within a parsed text. A node's children follow it directly; an
 * object's are name, value, name, value, ...
 */
typedef struct llmgw_json_t {
    const char *text;           /* its first byte (a string's: the quote) */
    unsigned int len;           /* bytes in the source, quotes included */
    unsigned int span;          /* nodes of its subtree, itself included */
    unsigned int count;         /* elements of an array, members of an object */
    unsigned char type;         /* llmgw_json_type_e */
    unsigned char escaped;      /* a string with a backslash in it */
    unsigned char duplicate;    /* an object with a name that stands twice */
} llmgw_json_t;

/** Holds the nodes; use it again and again, for a stream's events say. */
typedef struct llmgw_json_doc_t llmgw_json_doc_t;

/**
 * Create a document holder. Its memory grows to the largest text seen and is
 * released with pool p; parsing allocates nothing from the pool.
 * @param limits copied; NULL for the defaults
 */
llmgw_json_doc_t *llmgw_json_doc_create(apr_pool_t *p,
                                        const llmgw_json_limits_t *limits);

/**
 * Parse a text. The nodes point into it: it must stay as it is for as long as
 * they are used, and they are gone at the next parse with the same holder.
 * @param root set to the top-level value on success
 * @param err set on failure; may be NULL
 * @return APR_SUCCESS, LLMGW_EJSON, LLMGW_ETOOBIG, APR_ENOMEM
 */
apr_status_t llmgw_json_parse(llmgw_json_doc_t *doc, const char *text,
                              apr_size_t len, const llmgw_json_t **root,
                              llmgw_json_error_t *err);

/** First member of that name; NULL if none, or if obj is NULL or no object. */
const llmgw_json_t *llmgw_json_lookup(const llmgw_json_t *obj,
                                      const char *name);

/** As lookup, but a member of another type counts as absent. */
const llmgw_json_t *llmgw_json_lookup_type(const llmgw_json_t *obj,
                                           const char *name,
                                           llmgw_json_type_e type);

/**
 * Walk an array: first element, or the one after prev; NULL at the end (and
 * for anything that is no array). O(1) each.
 *     for (v = llmgw_json_each(arr, NULL); v; v = llmgw_json_each(arr, v))
 */
const llmgw_json_t *llmgw_json_each(const llmgw_json_t *arr,
                                    const llmgw_json_t *prev);

/**
 * Walk an object's members: returns the name's node; *value is its value.
 *     for (k = llmgw_json_member(obj, NULL, &v); k;
 *          k = llmgw_json_member(obj, v, &v))
 * @param prev the value returned before, NULL to start
 */
const llmgw_json_t *llmgw_json_member(const llmgw_json_t *obj,
                                      const llmgw_json_t *prev,
                                      const llmgw_json_t **value);

/** Non-zero when v (may be NULL) is of that type. */
static inline int llmgw_json_is(const llmgw_json_t *v, llmgw_json_type_e type)
{
    return v && v->type == type;
}

/** The very bytes of a value in its source; never given for NULL. */
static inline llmgw_str_t llmgw_json_raw(const llmgw_json_t *v)
{
    return v ? llmgw_str_make(v->text, v->len) : LLMGW_STR_NULL;
}

/**
 * A string's characters, unescaped. Without escapes the result points into
 * the source; with them it is a copy in pool p. A lone surrogate escape gives
 * U+FFFD. Never given when v is NULL or no string.
 */
llmgw_str_t llmgw_json_string(const llmgw_json_t *v, apr_pool_t *p);

/**
 * As llmgw_json_string(), but unescapes by appending to a buffer, so that a
 * stream's events need no pool. The result is valid until either changes; on a
 * failed buffer it is never given.
 */
llmgw_str_t llmgw_json_string_buf(const llmgw_json_t *v, llmgw_buf_t *scratch);

/** Non-zero when v is a string of just these characters. */
int llmgw_json_string_is(const llmgw_json_t *v, const char *z);

/**
 * A number as an integer, if it is written as one and fits.
 * @return APR_SUCCESS; LLMGW_EINVAL when v is NULL, no number, has a fraction
 *         other than zero, or lies outside apr_int64_t
 */
apr_status_t llmgw_json_int(const llmgw_json_t *v, apr_int64_t *out);

/** A number as a double. @return APR_SUCCESS, LLMGW_EINVAL (also overflow) */
apr_status_t llmgw_json_double(const llmgw_json_t *v, double *out);

/** true -> 1, false -> 0, anything else -> fallback. */
int llmgw_json_bool(const llmgw_json_t *v, int fallback);

/* ---- writing ----------------------------------------------------------- */

/**
 * Append a string with its quotes. Control characters, the quote and the
 * backslash are escaped; other UTF-8 goes as it is, and a byte that is not
 * UTF-8 becomes U+FFFD. Status as llmgw_buf_append().
 */
apr_status_t llmgw_json_put_string(llmgw_buf_t *b, llmgw_str_t s);

/** As put_string, without the quotes: for a string written in pieces. */
apr_status_t llmgw_json_put_escaped(llmgw_buf_t *b, llmgw_str_t s);

/**
 * A small writer that knows where commas go. Start with LLMGW_JSON_WRITER.
 * Nesting is at most 64 deep. Status sticks in the buffer (see buf.h).
 *     llmgw_json_begin(&w, '{'); llmgw_json_key(&w, "id");
 *     llmgw_json_str(&w, id); llmgw_json_end(&w, '}');
 */
typedef struct llmgw_json_writer_t {
    llmgw_buf_t *out;
    apr_uint64_t comma;         /* bit n: a comma is due at depth n */
    unsigned int depth;
    int after_key;
} llmgw_json_writer_t;

#define LLMGW_JSON_WRITER(buf) { (buf), 0, 0, 0 }

void llmgw_json_begin(llmgw_json_writer_t *w, char open);   /* '{' or '[' */
void llmgw_json_end(llmgw_json_writer_t *w, char close);    /* '}' or ']' */
void llmgw_json_key(llmgw_json_writer_t *w, const char *name);
void llmgw_json_key_str(llmgw_json_writer_t *w, llmgw_str_t name);
void llmgw_json_str(llmgw_json_writer_t *w, llmgw_str_t s); /* null if never given */
void llmgw_json_strz(llmgw_json_writer_t *w, const char *z);
void llmgw_json_int_out(llmgw_json_writer_t *w, apr_int64_t n);
void llmgw_json_bool_out(llmgw_json_writer_t *w, int truth);
void llmgw_json_null(llmgw_json_writer_t *w);

/** Write a JSON text as it is; null if never given. The caller vouches for it. */
void llmgw_json_raw_out(llmgw_json_writer_t *w, llmgw_str_t raw);

/* Member shorthands: key and value; nothing at all if the value is not given. */
void llmgw_json_opt_str(llmgw_json_writer_t *w, const char *name, llmgw_str_t s);
void llmgw_json_opt_raw(llmgw_json_writer_t *w, const char *name, llmgw_str_t raw);

#endif /* LLMGW_JSON_H */
