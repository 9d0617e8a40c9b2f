/* request.c: reading and writing requests, whatever their dialect */
#include <apr_strings.h>
#include "seal.h"

/* ---- reading ------------------------------------------------------------ */

/* The field of a part that only its maker can read; NULL: it has none. */
static llmgw_str_t *get_sealed(llmgw_part_t *part)
{
    llmgw_str_t *s = part->type == LLMGW_PART_REDACTED ? &part->data
                                                       : &part->signature;

    return s->len ? s : NULL;
}

/* What no seal is on was made by a provider of the client's own dialect. */
void llmgw_request_open(llmgw_request_t *req, apr_pool_t *p)
{
    const llmgw_message_t *m;
    llmgw_part_t *part;
    llmgw_str_t *sealed;
    int i, j;

    for (i = 0; i < req->messages->nelts; i++) {
        m = &APR_ARRAY_IDX(req->messages, i, llmgw_message_t);
        for (j = 0; j < m->parts->nelts; j++) {
            part = &APR_ARRAY_IDX(m->parts, j, llmgw_part_t);
            sealed = get_sealed(part);
            part->maker = sealed ? llmgw_seal_open(sealed, p) : NULL;
            if (sealed && !part->maker) {
                part->maker = req->dialect;
            }
        }
    }
}

/* ---- writing ------------------------------------------------------------ */

static int is_foreign(const llmgw_part_t *part, const llmgw_dialect_t *dialect)
{
    return part->maker && part->maker != dialect;
}

/* The parts of a message without what another provider made. */
static apr_array_header_t *copy_parts(const llmgw_message_t *m,
                                      const llmgw_dialect_t *dialect,
                                      apr_pool_t *p)
{
    apr_array_header_t *parts = apr_array_make(p, m->parts->nelts,
                                               sizeof(llmgw_part_t));
    llmgw_part_t part;
    int j;

    for (j = 0; j < m->parts->nelts; j++) {
        part = APR_ARRAY_IDX(m->parts, j, llmgw_part_t);
        if (is_foreign(&part, dialect)) {
            part.signature = LLMGW_STR_NULL;
            part.raw = LLMGW_STR_NULL;
        }
        if (!is_foreign(&part, dialect)
            || (part.type != LLMGW_PART_REDACTED
                && (part.type != LLMGW_PART_REASONING || part.text.len))) {
            APR_ARRAY_PUSH(parts, llmgw_part_t) = part;
        }
    }
    return parts;
}

static int has_foreign(const llmgw_message_t *m,
                       const llmgw_dialect_t *dialect)
{
    int j;

    for (j = 0; j < m->parts->nelts; j++) {
        if (is_foreign(&APR_ARRAY_IDX(m->parts, j, llmgw_part_t), dialect)) {
            return 1;
        }
    }
    return 0;
}

const llmgw_request_t *llmgw_request_for(const llmgw_request_t *req,
                                         const llmgw_dialect_t *dialect,
                                         apr_pool_t *p)
{
    llmgw_request_t *copy = apr_pmemdup(p, req, sizeof(*req));
    llmgw_message_t m;
    int i, changes = 0;

    copy->messages = apr_array_make(p, req->messages->nelts,
                                    sizeof(llmgw_message_t));
    for (i = 0; i < req->messages->nelts; i++) {
        m = APR_ARRAY_IDX(req->messages, i, llmgw_message_t);
        if (has_foreign(&m, dialect)) {
            m.parts = copy_parts(&m, dialect, p);
            changes++;
            if (!m.parts->nelts) {
                continue;
            }
        }
        APR_ARRAY_PUSH(copy->messages, llmgw_message_t) = m;
    }
    return changes ? copy : req;
}
