/* changes.c: what a target changes in the body it is sent */
#include <apr_strings.h>
#include "llmgw/json.h"
#include "llmgw/changes.h"

const llmgw_splice_t *llmgw_changes_lookup(const apr_array_header_t *changes,
                                           const char *member)
{
    int i;

    for (i = 0; i < changes->nelts; i++) {
        const llmgw_splice_t *change = &APR_ARRAY_IDX(changes, i,
                                                      llmgw_splice_t);

        if (!strcmp(change->name, member)) {
            return change;
        }
    }
    return NULL;
}

/* value never given: the member is removed. */
static const char *add_change(apr_array_header_t *changes, const char *member,
                              llmgw_str_t value, apr_pool_t *p)
{
    llmgw_splice_t *change;

    if (!*member) {
        return "a member's name is empty";
    }
    if (llmgw_changes_lookup(changes, member)) {
        return apr_psprintf(p, "the member \"%s\" is set or dropped already",
                            member);
    }
    change = apr_array_push(changes);
    change->name = member;
    change->value = value;
    return NULL;
}

static const char *as_string(llmgw_str_t *out, const char *value,
                             apr_pool_t *p)
{
    llmgw_str_t text = llmgw_str_of(value);
    llmgw_buf_t *b;

    if (llmgw_str_utf8_check(text.p, text.len) != text.len) {
        return apr_psprintf(p, "\"%s\" is not UTF-8", value);
    }
    b = llmgw_buf_create(p, 6 * text.len + 3);
    llmgw_json_put_string(b, text);
    *out = llmgw_buf_str(b);
    return NULL;
}

const char *llmgw_changes_set(apr_array_header_t *changes, const char *member,
                              const char *value, apr_pool_t *p)
{
    llmgw_json_error_t why = { 0, NULL };
    llmgw_str_t json = llmgw_str_of(value);
    const char *err = NULL;

    if (!*value) {
        return "there is no value: an empty string is \"\", and drop= removes "
               "a member";
    }
    if (llmgw_json_scan(value, json.len, NULL, NULL, NULL, NULL, &why)
        != APR_SUCCESS) {
        if (strchr("\"[{", *value)) {
            return apr_psprintf(p, "%s is not JSON: %s at byte %"
                                APR_SIZE_T_FMT "; within quotes, write \\\" "
                                "for a quote", value, why.reason, why.offset);
        }
        err = as_string(&json, value, p);
    }
    return err ? err : add_change(changes, member, json, p);
}

const char *llmgw_changes_drop(apr_array_header_t *changes,
                               const char *members, apr_pool_t *p)
{
    const char *err = NULL;

    do {
        apr_size_t n = strcspn(members, ",");
        llmgw_str_t name = llmgw_str_trim(llmgw_str_make(members, n));

        err = add_change(changes, llmgw_str_dupz(p, name), LLMGW_STR_NULL, p);
        members += n;
    } while (!err && *members++);
    return err;
}
