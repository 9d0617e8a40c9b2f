/* rawpath.c: paths and queries that pass to a provider as they are */
#include "llmgw/error.h"
#include "llmgw/rawpath.h"

/* ---- paths -------------------------------------------------------------- */

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "v1", "v1beta", "v1alpha2" */
static int is_version(llmgw_str_t s)
{
    static const char *const stages[] = { "alpha", "beta" };
    apr_size_t i = 1, j, n;

    if (s.len < 2 || s.p[0] != 'v' || !is_digit(s.p[1])) {
        return 0;
    }
    while (i < s.len && is_digit(s.p[i])) {
        i++;
    }
    for (j = 0; j < sizeof(stages) / sizeof(stages[0]); j++) {
        n = strlen(stages[j]);
        if (s.len - i >= n && memcmp(s.p + i, stages[j], n) == 0) {
            i += n;
            break;
        }
    }
    while (i < s.len && is_digit(s.p[i])) {
        i++;
    }
    return i == s.len;
}

/* The segment that begins at p, up to the next slash. */
static llmgw_str_t get_segment(const char *p, const char *end)
{
    const char *slash = memchr(p, '/', (apr_size_t)(end - p));

    return llmgw_str_make(p, (apr_size_t)((slash ? slash : end) - p));
}

static int is_plain(unsigned char c)
{
    return c >= 0x80 || is_digit((char)c)
           || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || (c && strchr(" -._~:@,=+!$'()*&", c));
}

static int is_dots(llmgw_str_t s)
{
    apr_size_t i = 0;

    while (i < s.len && s.p[i] == '.') {
        i++;
    }
    return i == s.len;
}

/* What is wrong with the path below the version; NULL: nothing. */
static const char *check_rest(llmgw_str_t rest)
{
    const char *end = rest.p + rest.len, *p = rest.p;
    llmgw_str_t segment;

    do {
        segment = get_segment(p, end);
        if (is_dots(segment)) {         /* an empty one, too */
            return "holds an empty segment or one of dots";
        }
        for (p = segment.p; p < segment.p + segment.len; p++) {
            if (!is_plain((unsigned char)*p)) {
                return "holds a character that may not be in it";
            }
        }
    } while (p++ < end);
    return llmgw_str_utf8_check(rest.p, rest.len) == rest.len
           ? NULL : "is not UTF-8";
}

apr_status_t llmgw_rawpath_parse(llmgw_rawpath_t *out, const char *path,
                                 const char **why)
{
    const char *end = path + strlen(path), *p = path;
    llmgw_str_t segment = LLMGW_STR_LIT("");

    memset(out, 0, sizeof(*out));
    while (p < end && !is_version(segment)) {
        out->is_upload = llmgw_str_is(segment, "upload");
        p += *p == '/';
        segment = get_segment(p, end);
        p += segment.len;
    }
    if (!is_version(segment) || end - p < 2) {
        return LLMGW_EPATH;
    }
    end -= end[-1] == '/';
    out->version = segment;
    out->rest = llmgw_str_make(p + 1, (apr_size_t)(end - p) - 1);
    *why = check_rest(out->rest);
    return *why ? LLMGW_EINVAL : APR_SUCCESS;
}

llmgw_rawpath_e llmgw_rawpath_kind(llmgw_str_t rest)
{
    static const struct {
        const char *pattern;
        llmgw_rawpath_e kind;
    } kinds[] = {
        { "completions", LLMGW_RAWPATH_MODEL },
        { "embeddings", LLMGW_RAWPATH_MODEL },
        { "moderations", LLMGW_RAWPATH_MODEL },
        { "rerank", LLMGW_RAWPATH_MODEL },
        { "images/*", LLMGW_RAWPATH_MODEL },
        { "audio/*", LLMGW_RAWPATH_MODEL },
        { "models/*", LLMGW_RAWPATH_MODEL },
        { "files", LLMGW_RAWPATH_UPLOAD },
        { "files/*", LLMGW_RAWPATH_UPLOAD },
        { "uploads", LLMGW_RAWPATH_UPLOAD },
        { "uploads/*", LLMGW_RAWPATH_UPLOAD },
        { "messages/batches", LLMGW_RAWPATH_UPLOAD },
        { "messages/batches/*", LLMGW_RAWPATH_UPLOAD },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (llmgw_str_glob(kinds[i].pattern, rest)) {
            return kinds[i].kind;
        }
    }
    return LLMGW_RAWPATH_OTHER;
}

/* Encode all but printable ASCII; a space and '#' as well. */
static char *escape_to(char *to, llmgw_str_t s)
{
    static const char hex[] = "0123456789ABCDEF";
    apr_size_t i;

    for (i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c > ' ' && c < 0x7f && c != '#') {
            *to++ = (char)c;
            continue;
        }
        *to++ = '%';
        *to++ = hex[c >> 4];
        *to++ = hex[c & 15];
    }
    return to;
}

const char *llmgw_rawpath_escape(llmgw_str_t rest, apr_pool_t *p)
{
    char *out = apr_palloc(p, 3 * rest.len + 1);

    *escape_to(out, rest) = '\0';
    return out;
}

/* ---- queries ------------------------------------------------------------ */

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character at *s, decoded and in lower case; *s is set behind it. */
static char next_char(const char **s, const char *end)
{
    char c = *(*s)++;

    if (c == '%' && end - *s >= 2 && hex_value((*s)[0]) >= 0
        && hex_value((*s)[1]) >= 0) {
        c = (char)(hex_value((*s)[0]) << 4 | hex_value((*s)[1]));
        *s += 2;
    }
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The names of two parameters are the same, encoded or not. */
static int same_name(llmgw_str_t a, llmgw_str_t b)
{
    const char *s = a.p, *t = b.p;

    while (s < a.p + a.len && t < b.p + b.len) {
        if (next_char(&s, a.p + a.len) != next_char(&t, b.p + b.len)) {
            return 0;
        }
    }
    return s == a.p + a.len && t == b.p + b.len;
}

/* A parameter of a query, from its name up to the separator. */
static llmgw_str_t get_param(const char *query)
{
    return llmgw_str_make(query, strcspn(query, "&;"));
}

static llmgw_str_t get_name(llmgw_str_t param)
{
    const char *eq = memchr(param.p, '=', param.len);

    return llmgw_str_make(param.p,
                          eq ? (apr_size_t)(eq - param.p) : param.len);
}

static int may_be_credential(llmgw_str_t name)
{
    static const char *const names[] = {
        "key", "api_key", "api-key", "apikey", "access_token", "oauth_token",
        "subscription-key", "token", "authorization"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (same_name(name, llmgw_str_of(names[i]))) {
            return 1;
        }
    }
    return 0;
}

static int stands_in(llmgw_str_t name, const char *query)
{
    while (query && *query) {
        llmgw_str_t param = get_param(query);

        if (same_name(name, get_name(param))) {
            return 1;
        }
        query = param.p + param.len;
        query += *query != '\0';
    }
    return 0;
}

const char *llmgw_rawpath_query(const char *args, const char *own,
                                apr_pool_t *p)
{
    char *out = apr_palloc(p, args ? 3 * strlen(args) + 1 : 1), *to = out;
    char before = '\0';          /* the separator before this parameter */
    int kept = 0;

    while (args) {
        llmgw_str_t param = get_param(args);
        llmgw_str_t name = get_name(param);

        if (!may_be_credential(name) && !stands_in(name, own)) {
            if (kept++) {
                *to++ = before;
            }
            to = escape_to(to, param);
        }
        before = param.p[param.len];
        args = before ? param.p + param.len + 1 : NULL;
    }
    *to = '\0';
    return out;
}
