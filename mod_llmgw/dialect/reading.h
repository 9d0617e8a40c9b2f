/* reading.h: what the dialects have in common in reading a request */
#ifndef LLMGW_DIALECT_READING_H
#define LLMGW_DIALECT_READING_H

#include <stddef.h>
#include <apr_hash.h>
#include "common.h"

/** Where reading is: a chain up to the top of the body. */
typedef struct llmgw_place_t {
    const struct llmgw_place_t *up;     /* NULL: it is a member of the body */
    const char *name;           /* of a member */
    int index;                  /* in it; -1: it is no list */
} llmgw_place_t;

/** How members and numbers are spelled where there is more than one way. */
typedef struct llmgw_spelling_t {
    /** A member by the name that the dialect's tables have. */
    const llmgw_json_t *(*lookup)(const llmgw_json_t *obj, const char *name);
    /** A member's name as the dialect's tables have it. */
    llmgw_str_t (*name)(llmgw_str_t given, apr_pool_t *p);
    /** The raw number that v is; 0: it is none. */
    int (*number)(const llmgw_json_t *v, llmgw_str_t *raw);
} llmgw_spelling_t;

/** What reading a request works with. */
typedef struct llmgw_reading_t {
    llmgw_request_t *req;
    apr_pool_t *p;
    llmgw_err_t *err;
    const llmgw_place_t *place; /* NULL: at the top */
    const llmgw_spelling_t *spelling;
    apr_hash_t *calls;          /* by id: what its result must know of a call,
                                 * see llmgw_reading_add_call() */
    int ncalls;                 /* those that got an id from us */
    void *own;                  /* the dialect's */
} llmgw_reading_t;

/** Start reading a body. LLMGW_EINVAL where it is no object. */
apr_status_t llmgw_reading_begin(llmgw_reading_t *r, const llmgw_json_t *body,
                                 const llmgw_dialect_t *dialect,
                                 apr_pool_t *p, llmgw_err_t *err);

/**
 * What follows from several members together: the model's name, a choice among
 * no tools, usage of no stream. LLMGW_EMISSING without a model.
 * @param address NULL: the URL says nothing
 */
apr_status_t llmgw_reading_settle(llmgw_reading_t *r,
                                  const llmgw_address_t *address);

/* ---- errors that say where ---------------------------------------------- */

/** Fail with LLMGW_EINVAL (expected: "a string"), naming field of where we are;
 * field NULL: the place itself. */
apr_status_t llmgw_reading_invalid(llmgw_reading_t *r, const char *field,
                                   const char *expected);

/** Fail with LLMGW_EMISSING. */
apr_status_t llmgw_reading_missing(llmgw_reading_t *r, const char *field);

/** Fail with LLMGW_EUNSUPPORTED and this message. */
apr_status_t llmgw_reading_refuse(llmgw_reading_t *r, const char *field,
                                  const char *message);

/* ---- values ------------------------------------------------------------- */

/** An optional string member; null counts as absent. LLMGW_EINVAL. */
apr_status_t llmgw_reading_string(llmgw_reading_t *r, const llmgw_json_t *obj,
                                  const char *field, llmgw_str_t *out);

/** One that must be there; it may be empty. LLMGW_EMISSING. */
apr_status_t llmgw_reading_required(llmgw_reading_t *r,
                                    const llmgw_json_t *obj,
                                    const char *field, llmgw_str_t *out);

/** One that must be there and not be empty. LLMGW_EMISSING. */
apr_status_t llmgw_reading_filled(llmgw_reading_t *r, const llmgw_json_t *obj,
                                  const char *field, llmgw_str_t *out);

/** v, the value of `field`, as a raw number that is whole and not negative. */
apr_status_t llmgw_reading_count(llmgw_reading_t *r, const llmgw_json_t *v,
                                 const char *field, llmgw_str_t *out);

/** v, the value of `field`, as a list of strings. */
apr_status_t llmgw_reading_strings(llmgw_reading_t *r, const llmgw_json_t *v,
                                   const char *field,
                                   apr_array_header_t **out);

/* ---- lists and objects -------------------------------------------------- */

/** Read an element, or an object. @param ctx as given with the function */
typedef apr_status_t (*llmgw_reading_fn)(llmgw_reading_t *r,
                                         const llmgw_json_t *v, void *ctx);

/** Read each element of a list, which is the value of `field`, until one
 * fails. NULL or no list: nothing is read. */
apr_status_t llmgw_reading_each(llmgw_reading_t *r, const char *field,
                                const llmgw_json_t *list, llmgw_reading_fn fn,
                                void *ctx);

/** Read an object, which is the value of `field`; LLMGW_EINVAL if it is none. */
apr_status_t llmgw_reading_object(llmgw_reading_t *r, const char *field,
                                  const llmgw_json_t *v, llmgw_reading_fn fn,
                                  void *ctx);

/* ---- members by table --------------------------------------------------- */

typedef enum llmgw_member_e {
    LLMGW_MEMBER_NUMBER,        /* raw */
    LLMGW_MEMBER_COUNT,         /* raw, a whole number, not negative */
    LLMGW_MEMBER_STRING,
    LLMGW_MEMBER_FLAG,          /* 1 or 0 */
    LLMGW_MEMBER_OBJECT,        /* raw */
    LLMGW_MEMBER_ARRAY,         /* raw */
    LLMGW_MEMBER_READ,          /* by a function */
    LLMGW_MEMBER_DONE,          /* read before, or of no matter here */
    LLMGW_MEMBER_MEANING        /* an extra without which the answer is
                                 * another: no hint */
} llmgw_member_e;

/** A member of an object and where it goes. */
typedef struct llmgw_member_t {
    const char *name;
    llmgw_member_e kind;
    apr_size_t offset;          /* in llmgw_request_t */
    apr_status_t (*read)(llmgw_reading_t *r, const llmgw_json_t *v);
} llmgw_member_t;

#define LLMGW_MEMBER(kind, name, field) \
    { name, LLMGW_MEMBER_##kind, offsetof(llmgw_request_t, field), NULL }
#define LLMGW_MEMBER_BY(name, fn) { name, LLMGW_MEMBER_READ, 0, fn }
#define LLMGW_MEMBER_AS(kind, name) { name, LLMGW_MEMBER_##kind, 0, NULL }

/** Read all members of an object by a table of n; those it does not have are
 * extras, and null is as good as nothing. */
apr_status_t llmgw_reading_members(llmgw_reading_t *r,
                                   const llmgw_json_t *obj,
                                   const llmgw_member_t *members, int n);

/** The two last arguments of llmgw_reading_members(). */
#define LLMGW_MEMBERS(table) (table), (int)(sizeof(table) / sizeof((table)[0]))

/** Keep a member of where we are that has no place of its own: an extra, whose
 * name is its path ("output_config.task_budget").
 * @param is_meaning see llmgw_extra_t */
void llmgw_reading_extra(llmgw_reading_t *r, llmgw_str_t name,
                         const llmgw_json_t *value, int is_meaning);

/* ---- messages, calls, tools --------------------------------------------- */

/** Append a message, whose number is that of the element of the outermost list
 * that is being read; -1 outside of lists. */
llmgw_message_t *llmgw_reading_add_message(llmgw_reading_t *r,
                                           llmgw_role_e role);

/** Remember and find the name of the tool that a call's result answers to;
 * never given if there was no such call. */
void llmgw_reading_add_call(llmgw_reading_t *r, llmgw_str_t id,
                            llmgw_str_t name);
llmgw_str_t llmgw_reading_find_call(const llmgw_reading_t *r, llmgw_str_t id);

/** More tools than any provider takes; bounds what looking them up costs. */
#define LLMGW_TOOLS_MAX 4096

/** Read each tool of a list of at most LLMGW_TOOLS_MAX; at most so many may
 * come out of it. */
apr_status_t llmgw_reading_tools(llmgw_reading_t *r, const char *field,
                                 const llmgw_json_t *list,
                                 llmgw_reading_fn read);

/** Append a tool; raw is its definition. */
llmgw_tool_t *llmgw_reading_add_tool(llmgw_reading_t *r, llmgw_tool_e type,
                                     const llmgw_json_t *raw);

#endif /* LLMGW_DIALECT_READING_H */
