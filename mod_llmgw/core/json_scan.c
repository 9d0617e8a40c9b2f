/* json_scan.c: the one JSON grammar (RFC 8259), and scanning a whole text */
#include <string.h>
#include "llmgw/error.h"
#include "json_scan.h"
#include "json_text.h"
#include "utf8.h"

#define BYTES_MAX_DEFAULT ((apr_size_t)64 << 20)
#define BYTES_MAX_CAP ((apr_size_t)0x7fffffff)
#define DEPTH_MAX_DEFAULT 128

typedef llmgw_json_scanner_t scanner_t;

static apr_status_t refuse(scanner_t *s, const char *reason)
{
    s->reason = reason;
    return LLMGW_EJSON;
}

static apr_status_t exceed(scanner_t *s, const char *reason)
{
    s->reason = reason;
    return LLMGW_ETOOBIG;
}

/* Refuse what stands at p, or its absence. */
static apr_status_t refuse_here(scanner_t *s)
{
    return refuse(s, s->p < s->end ? "unexpected character"
                                   : "unexpected end of text");
}

static void skip_space(scanner_t *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t'
                             || *s->p == '\r')) {
        s->p++;
    }
}

static int is_digit(const scanner_t *s)
{
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static int is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')
        || (c >= 'A' && c <= 'F');
}

/* ---- scalars ------------------------------------------------------------ */

static apr_status_t read_word(scanner_t *s, const char *word)
{
    for (; *word; word++, s->p++) {
        if (s->p == s->end || *s->p != *word) {
            return refuse_here(s);
        }
    }
    return APR_SUCCESS;
}

/* One digit or more. */
static apr_status_t read_digits(scanner_t *s)
{
    if (!is_digit(s)) {
        return refuse_here(s);
    }
    while (is_digit(s)) {
        s->p++;
    }
    return APR_SUCCESS;
}

static apr_status_t read_exponent(scanner_t *s)
{
    s->p++;
    if (s->p < s->end && (*s->p == '+' || *s->p == '-')) {
        s->p++;
    }
    return read_digits(s);
}

static apr_status_t read_number(scanner_t *s)
{
    apr_status_t rv;

    if (*s->p == '-') {
        s->p++;
    }
    if (s->p < s->end && *s->p == '0') {
        s->p++;
    }
    else if ((rv = read_digits(s)) != APR_SUCCESS) {
        return rv;
    }
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if ((rv = read_digits(s)) != APR_SUCCESS) {
            return rv;
        }
    }
    if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
        return read_exponent(s);
    }
    return APR_SUCCESS;
}

/* p is at the backslash. */
static apr_status_t read_escape(scanner_t *s)
{
    int i;

    s->p++;
    if (s->p == s->end) {
        return refuse_here(s);
    }
    if (*s->p == 'u') {
        for (i = 0; i < 4; i++) {
            s->p++;
            if (s->p == s->end || !is_hex(*s->p)) {
                return refuse(s, "\\u without four hexadecimal digits");
            }
        }
    }
    else if (!*s->p || !strchr("\"\\/bfnrt", *s->p)) {
        return refuse(s, "unknown escape in a string");
    }
    s->p++;
    return APR_SUCCESS;
}

/* p is at a byte that is not plain, nor the closing quote. */
static apr_status_t read_special(scanner_t *s, int *escaped)
{
    unsigned int n;

    if (*s->p == '\\') {
        *escaped = 1;
        return read_escape(s);
    }
    if ((unsigned char)*s->p < 0x20) {
        return refuse(s, "control character in a string");
    }
    n = utf8_sequence(s->p, s->end);
    if (!n) {
        return refuse(s, "malformed UTF-8 in a string");
    }
    s->p += n;
    return APR_SUCCESS;
}

/* p is at the opening quote. */
static apr_status_t read_string(scanner_t *s, int *escaped)
{
    apr_status_t rv;

    s->p++;
    for (;;) {
        s->p = skip_json_plain(s->p, s->end);
        if (s->p == s->end) {
            return refuse(s, "unterminated string");
        }
        if (*s->p == '"') {
            s->p++;
            return APR_SUCCESS;
        }
        rv = read_special(s, escaped);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
}

static apr_status_t read_scalar(scanner_t *s, json_token_t *t)
{
    switch (*s->p) {
    case '"':
        t->type = LLMGW_JSON_STRING;
        return read_string(s, &t->escaped);
    case 't':
        t->type = LLMGW_JSON_TRUE;
        return read_word(s, "true");
    case 'f':
        t->type = LLMGW_JSON_FALSE;
        return read_word(s, "false");
    case 'n':
        t->type = LLMGW_JSON_NULL;
        return read_word(s, "null");
    default:
        t->type = LLMGW_JSON_NUMBER;
        return read_number(s);
    }
}

/* ---- structure ---------------------------------------------------------- */

/* The innermost open container is an object. */
static int is_in_object(const scanner_t *s)
{
    unsigned int at = s->depth - 1;

    return (s->objects[at / 64] >> (at % 64)) & 1;
}

static apr_status_t open_container(scanner_t *s, json_token_t *t)
{
    apr_uint64_t bit = APR_UINT64_C(1) << (s->depth % 64);
    apr_uint64_t *word = &s->objects[s->depth / 64];

    if (s->depth == s->depth_max) {
        return exceed(s, "nested too deeply");
    }
    t->kind = JSON_TOKEN_OPEN;
    if (*s->p == '{') {
        t->type = LLMGW_JSON_OBJECT;
        s->expect = JSON_EXPECT_MEMBER;
        *word |= bit;
    }
    else {
        t->type = LLMGW_JSON_ARRAY;
        s->expect = JSON_EXPECT_ELEMENT;
        *word &= ~bit;
    }
    s->p++;
    s->depth++;
    return APR_SUCCESS;
}

static apr_status_t read_value(scanner_t *s, json_token_t *t)
{
    if (s->p == s->end) {
        return refuse_here(s);
    }
    if (*s->p == '{' || *s->p == '[') {
        return open_container(s, t);
    }
    t->kind = JSON_TOKEN_SCALAR;
    s->expect = JSON_EXPECT_NEXT;
    return read_scalar(s, t);
}

/* A name with its colon; the token's length is set here, as it ends before. */
static apr_status_t read_name(scanner_t *s, json_token_t *t)
{
    apr_status_t rv;

    if (s->p == s->end || *s->p != '"') {
        return refuse_here(s);
    }
    rv = read_string(s, &t->escaped);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    t->kind = JSON_TOKEN_NAME;
    t->type = LLMGW_JSON_STRING;
    t->len = (apr_size_t)(s->p - t->text);
    skip_space(s);
    if (s->p == s->end || *s->p != ':') {
        return refuse_here(s);
    }
    s->p++;
    s->expect = JSON_EXPECT_VALUE;
    return APR_SUCCESS;
}

static void close_container(scanner_t *s, json_token_t *t)
{
    t->kind = JSON_TOKEN_CLOSE;
    t->type = *s->p == '}' ? LLMGW_JSON_OBJECT : LLMGW_JSON_ARRAY;
    s->p++;
    s->depth--;
    t->depth = s->depth;
    s->expect = JSON_EXPECT_NEXT;
}

/* p is at the byte that closes the innermost container. */
static int is_at_close(const scanner_t *s)
{
    return s->p < s->end && *s->p == (is_in_object(s) ? '}' : ']');
}

/* After a value: the end of its container, of the text, or the next value. */
static apr_status_t read_next(scanner_t *s, json_token_t *t)
{
    if (s->depth == 0) {
        t->kind = JSON_TOKEN_END;
        return s->p == s->end ? APR_SUCCESS
                              : refuse(s, "text after the value");
    }
    if (is_at_close(s)) {
        close_container(s, t);
        return APR_SUCCESS;
    }
    if (s->p == s->end || *s->p != ',') {
        return refuse_here(s);
    }
    s->p++;
    skip_space(s);
    t->text = s->p;
    return is_in_object(s) ? read_name(s, t) : read_value(s, t);
}

apr_status_t llmgw_json_scanner_next(scanner_t *s, json_token_t *t)
{
    apr_status_t rv = APR_SUCCESS;

    skip_space(s);
    t->text = s->p;
    t->len = 0;
    t->depth = s->depth;
    t->escaped = 0;
    if (s->expect == JSON_EXPECT_NEXT) {
        rv = read_next(s, t);
    }
    else if (s->expect == JSON_EXPECT_VALUE) {
        rv = read_value(s, t);
    }
    else if (is_at_close(s)) {
        close_container(s, t);
    }
    else if (s->expect == JSON_EXPECT_MEMBER) {
        rv = read_name(s, t);
    }
    else {
        rv = read_value(s, t);
    }
    if (rv == APR_SUCCESS && t->len == 0) {
        t->len = (apr_size_t)(s->p - t->text);
    }
    return rv;
}

apr_status_t llmgw_json_scanner_init(scanner_t *s, const char *text,
                                     apr_size_t len,
                                     const llmgw_json_limits_t *limits)
{
    static const llmgw_json_limits_t none = { 0, 0, 0 };
    apr_size_t bytes_max;

    limits = limits ? limits : &none;
    bytes_max = limits->bytes_max ? limits->bytes_max : BYTES_MAX_DEFAULT;
    s->text = s->p = text;
    s->end = text + len;
    s->reason = NULL;
    s->expect = JSON_EXPECT_VALUE;
    s->depth = 0;
    s->depth_max = limits->depth_max ? limits->depth_max : DEPTH_MAX_DEFAULT;
    if (s->depth_max > JSON_DEPTH_CAP) {
        s->depth_max = JSON_DEPTH_CAP;
    }
    if (len > bytes_max || len > BYTES_MAX_CAP) {
        return exceed(s, "longer than the limit");
    }
    return APR_SUCCESS;
}

void llmgw_json_scanner_explain(const scanner_t *s, llmgw_json_error_t *err)
{
    if (err) {
        err->offset = (apr_size_t)(s->p - s->text);
        err->reason = s->reason;
    }
}

/* ---- a whole text ------------------------------------------------------- */

/* The member or element being read. */
typedef struct member_state_t {
    llmgw_json_member_t m;
    llmgw_json_type_e of;       /* objects or arrays: what is reported */
    llmgw_json_member_fn fn;
    void *ctx;
} member_state_t;

/* A token just below the top-level value: gather a member, report it. */
static apr_status_t take_token(member_state_t *st, const json_token_t *t)
{
    llmgw_json_member_t *m = &st->m;

    if (t->kind == JSON_TOKEN_NAME) {
        m->name = llmgw_str_make(t->text + 1, t->len - 2);
        m->escaped = t->escaped;
        return APR_SUCCESS;
    }
    if (t->kind != JSON_TOKEN_CLOSE) {
        m->value.p = t->text;
        m->type = t->type;
        m->value_escaped = t->escaped;
    }
    if (t->kind == JSON_TOKEN_OPEN) {
        return APR_SUCCESS;
    }
    m->value.len = (apr_size_t)(t->text + t->len - m->value.p);
    return st->fn(st->ctx, m);
}

static apr_status_t scan_text(const char *text, apr_size_t len,
                              const llmgw_json_limits_t *limits,
                              member_state_t *st, llmgw_json_type_e *type,
                              llmgw_json_error_t *err)
{
    llmgw_json_type_e top = LLMGW_JSON_NULL;
    llmgw_json_scanner_t s;
    json_token_t t;
    apr_status_t rv = llmgw_json_scanner_init(&s, text, len, limits);

    while (rv == APR_SUCCESS) {
        rv = llmgw_json_scanner_next(&s, &t);
        if (rv != APR_SUCCESS || t.kind == JSON_TOKEN_END) {
            break;
        }
        if (t.depth == 0 && t.kind != JSON_TOKEN_CLOSE) {
            top = t.type;
        }
        if (t.depth == 1 && top == st->of && st->fn) {
            rv = take_token(st, &t);
        }
    }
    if (rv == APR_SUCCESS && type) {
        *type = top;
    }
    if (s.reason) {
        llmgw_json_scanner_explain(&s, err);
    }
    return rv;
}

apr_status_t llmgw_json_scan(const char *text, apr_size_t len,
                             const llmgw_json_limits_t *limits,
                             llmgw_json_member_fn fn, void *ctx,
                             llmgw_json_type_e *type, llmgw_json_error_t *err)
{
    member_state_t st = { .of = LLMGW_JSON_OBJECT, .fn = fn, .ctx = ctx };

    return scan_text(text, len, limits, &st, type, err);
}

apr_status_t llmgw_json_scan_array(const char *text, apr_size_t len,
                                   const llmgw_json_limits_t *limits,
                                   llmgw_json_member_fn fn, void *ctx,
                                   llmgw_json_type_e *type,
                                   llmgw_json_error_t *err)
{
    member_state_t st = { .of = LLMGW_JSON_ARRAY, .fn = fn, .ctx = ctx };

    return scan_text(text, len, limits, &st, type, err);
}
