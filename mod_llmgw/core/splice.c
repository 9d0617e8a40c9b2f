/* splice.c: changing a few top-level members of a JSON text, nothing else */
#include <apr_tables.h>
#include "llmgw/error.h"
#include "llmgw/json.h"
#include "llmgw/splice.h"

/* Progress through the text: everything before `copied` has become pieces. */
typedef struct splicer_t {
    const llmgw_splice_t *changes;
    int nchanges;
    unsigned char *seen;          /* by change: its member has stood */
    apr_array_header_t *pieces;
    apr_pool_t *pool;
    const char *end;
    const char *copied;
    const char *cut, *cut_end;    /* members to leave out; NULL: none */
    const char *kept_end;         /* end of the last one kept; NULL: none */
} splicer_t;

static void put_piece(splicer_t *sp, llmgw_str_t piece)
{
    if (piece.len) {
        APR_ARRAY_PUSH(sp->pieces, llmgw_str_t) = piece;
    }
}

static void copy_until(splicer_t *sp, const char *to)
{
    put_piece(sp, llmgw_str_make(sp->copied, (apr_size_t)(to - sp->copied)));
    sp->copied = to;
}

/* Leave the member out, with the comma before it if one is kept before it. */
static void cut_member(splicer_t *sp, const char *name, const char *value_end)
{
    if (!sp->cut) {
        sp->cut = sp->kept_end ? sp->kept_end : name;
    }
    sp->cut_end = value_end;
}

/* A member is kept: whatever was cut before it ends here. */
static void keep_member(splicer_t *sp, const char *name,
                        const char *value_end)
{
    if (sp->cut) {
        copy_until(sp, sp->cut);
        sp->copied = sp->kept_end ? sp->cut_end : name;
        sp->cut = NULL;
    }
    sp->kept_end = value_end;
}

static int find_change(const splicer_t *sp, const llmgw_json_member_t *m)
{
    int i;

    for (i = 0; i < sp->nchanges; i++) {
        if (llmgw_json_member_is(m, sp->changes[i].name)) {
            return i;
        }
    }
    return -1;
}

static apr_status_t take_member(void *ctx, const llmgw_json_member_t *m)
{
    splicer_t *sp = ctx;
    const char *name = m->name.p - 1;
    const char *value_end = m->value.p + m->value.len;
    int i = find_change(sp, m);

    if (i >= 0 && (sp->seen[i] || !sp->changes[i].value.p)) {
        cut_member(sp, name, value_end);
    }
    else {
        keep_member(sp, name, value_end);
        if (i >= 0) {
            copy_until(sp, m->value.p);
            put_piece(sp, sp->changes[i].value);
            sp->copied = value_end;
        }
    }
    if (i >= 0) {
        sp->seen[i] = 1;
    }
    return APR_SUCCESS;
}

/* The name as it is written, with the comma and colon around it. */
static llmgw_str_t make_key(splicer_t *sp, const char *name, int comma)
{
    llmgw_buf_t *b = llmgw_buf_create(sp->pool, strlen(name) * 6 + 8);

    llmgw_buf_puts(b, comma ? "," : "");
    llmgw_json_put_string(b, llmgw_str_of(name));
    llmgw_buf_putc(b, ':');
    return llmgw_buf_str(b);
}

/* Add the members that did not stand in the text, where p is. */
static void add_absent(splicer_t *sp)
{
    int i, comma = sp->kept_end != NULL;

    for (i = 0; i < sp->nchanges; i++) {
        if (!sp->seen[i] && sp->changes[i].value.p) {
            put_piece(sp, make_key(sp, sp->changes[i].name, comma));
            put_piece(sp, sp->changes[i].value);
            comma = 1;
        }
    }
}

static void finish_object(splicer_t *sp)
{
    if (sp->kept_end) {
        copy_until(sp, sp->kept_end);
        add_absent(sp);
    }
    else {
        copy_until(sp, (const char *)memchr(sp->copied, '{', (apr_size_t)
                                            (sp->end - sp->copied)) + 1);
        add_absent(sp);
        if (sp->cut) {
            copy_until(sp, sp->cut);
        }
    }
    if (sp->cut) {
        sp->copied = sp->cut_end;
    }
    copy_until(sp, sp->end);
}

apr_status_t llmgw_splice_make(const char *text, apr_size_t len,
                               const llmgw_splice_t *changes, int nchanges,
                               llmgw_str_t **pieces, int *npieces,
                               apr_pool_t *p)
{
    /* Whatever bounds the caller had, the text was within them. */
    static const llmgw_json_limits_t widest = { 0x7fffffff, 0xffffffffu, 0 };
    splicer_t sp = { .changes = changes, .nchanges = nchanges, .pool = p,
                     .copied = text, .end = text + len };
    llmgw_json_type_e type;

    sp.seen = apr_pcalloc(p, (apr_size_t)nchanges + 1);
    sp.pieces = apr_array_make(p, 2 * nchanges + 4, sizeof(llmgw_str_t));
    if (llmgw_json_scan(text, len, &widest, take_member, &sp, &type, NULL)
        != APR_SUCCESS || type != LLMGW_JSON_OBJECT) {
        return LLMGW_EJSON;
    }
    finish_object(&sp);
    *pieces = (llmgw_str_t *)sp.pieces->elts;
    *npieces = sp.pieces->nelts;
    return APR_SUCCESS;
}

llmgw_str_t llmgw_splice_join(const llmgw_str_t *pieces, int npieces,
                              apr_pool_t *p)
{
    apr_size_t len = 0;
    char *all, *at;
    int i;

    if (npieces == 1) {
        return pieces[0];
    }
    for (i = 0; i < npieces; i++) {
        len += pieces[i].len;
    }
    at = all = apr_palloc(p, len + 1);
    for (i = 0; i < npieces; i++) {
        memcpy(at, pieces[i].p, pieces[i].len);
        at += pieces[i].len;
    }
    return llmgw_str_make(all, len);
}
