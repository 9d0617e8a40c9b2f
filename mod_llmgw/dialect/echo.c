/* echo.c: the built-in provider that answers with the user's own words */
#include <string.h>
#include <apr_strings.h>
#include "common.h"
#include "llmgw/echo.h"

/* A tool to call, and its arguments as they stand in the text. */
typedef struct echo_call_t {
    llmgw_str_t name;
    llmgw_str_t args;
} echo_call_t;

struct llmgw_echo_t {
    llmgw_request_t *req;
    apr_pool_t *p;
    const char *id;
    llmgw_str_t text;           /* what is said back */
    apr_size_t at;              /* how much of it has been */
    apr_int64_t tokens;         /* how many have been sent */
    apr_int64_t tokens_max;     /* -1: no bound */
    apr_array_header_t *calls;  /* of echo_call_t; NULL: text is answered */
    int ncalled;
    int is_started;
    apr_int64_t prompt_tokens;
    apr_int64_t now_sec;
    llmgw_encoder_t *encoder;
    llmgw_buf_t *wire;          /* what the encoder writes */
};

/* ---- words -------------------------------------------------------------- */

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word with the white space before it; empty if only that is left. */
static llmgw_str_t next_word(llmgw_str_t text, apr_size_t *at)
{
    apr_size_t start = *at, i = *at;

    while (i < text.len && is_space(text.p[i])) {
        i++;
    }
    if (i == text.len) {
        return llmgw_str_make(text.p + start, 0);
    }
    while (i < text.len && !is_space(text.p[i])) {
        i++;
    }
    *at = i;
    return llmgw_str_make(text.p + start, i - start);
}

static apr_int64_t count_words(llmgw_str_t text)
{
    apr_size_t at = 0;
    apr_int64_t n = 0;

    while (next_word(text, &at).len) {
        n++;
    }
    return n;
}

/* Between texts that do not belong together. */
static void put_space(llmgw_buf_t *out)
{
    if (out->len) {
        llmgw_buf_putc(out, ' ');
    }
}

/* The texts of some parts, those of tool results within them too. */
static void gather_text(llmgw_buf_t *out, const apr_array_header_t *parts)
{
    const llmgw_part_t *part;
    int i;

    for (i = 0; parts && i < parts->nelts; i++) {
        part = &APR_ARRAY_IDX(parts, i, llmgw_part_t);
        if (part->type == LLMGW_PART_TEXT) {
            llmgw_buf_put(out, part->text);
        }
        else if (part->type == LLMGW_PART_TOOL_RESULT) {
            if (i > 0) {
                put_space(out);
            }
            gather_text(out, part->parts);
        }
    }
}

static const llmgw_message_t *get_message(const llmgw_request_t *req, int i)
{
    return &APR_ARRAY_IDX(req->messages, i, llmgw_message_t);
}

static llmgw_str_t text_of(const llmgw_request_t *req, int from, int to,
                           apr_pool_t *p)
{
    llmgw_buf_t *out = llmgw_buf_create(p, APR_INT32_MAX);
    int i;

    for (i = from; i <= to; i++) {
        put_space(out);
        gather_text(out, get_message(req, i)->parts);
    }
    return llmgw_buf_str(out);
}

/* What to answer: the tool results at the end, or the last user message. */
static llmgw_str_t find_answer(const llmgw_request_t *req, int *is_user,
                               apr_pool_t *p)
{
    int last = req->messages->nelts - 1, i = last;

    *is_user = 0;
    while (i >= 0 && get_message(req, i)->role == LLMGW_ROLE_TOOL) {
        i--;
    }
    if (i < last) {
        return text_of(req, i + 1, last, p);
    }
    while (i >= 0 && get_message(req, i)->role != LLMGW_ROLE_USER) {
        i--;
    }
    *is_user = i == last && i >= 0;
    return i >= 0 ? text_of(req, i, i, p) : LLMGW_STR_LIT("");
}

/* ---- tools -------------------------------------------------------------- */

static int is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* Where a name ends that stands in the text as a word; 0 if it does not. */
static apr_size_t find_name(llmgw_str_t text, llmgw_str_t name)
{
    apr_size_t i, end;

    for (i = 0; name.len && i + name.len <= text.len; i++) {
        end = i + name.len;
        if (memcmp(text.p + i, name.p, name.len) == 0
            && (i == 0 || !is_name_byte(text.p[i - 1]))
            && (end == text.len || text.p[end] == '.'
                || !is_name_byte(text.p[end]))) {
            return end;
        }
    }
    return 0;
}

/* The JSON object at the start of a text, white space before it aside. */
static llmgw_str_t find_object(llmgw_str_t text)
{
    apr_size_t i = 0, start;
    int depth = 0, quoted = 0;
    llmgw_str_t raw;

    while (i < text.len && is_space(text.p[i])) {
        i++;
    }
    start = i;
    for (; i < text.len && (depth || i == start); i++) {
        char c = text.p[i];

        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        }
        else {
            quoted = c == '"';
            depth += (c == '{') - (c == '}');
        }
    }
    i = i < text.len ? i : text.len;
    raw = llmgw_str_make(text.p + start, i - start);
    return llmgw_raw_is_object(raw) ? raw : LLMGW_STR_LIT("{}");
}

static void add_call(llmgw_echo_t *echo, const llmgw_tool_t *tool,
                     apr_size_t end)
{
    echo_call_t call;
    llmgw_str_t rest = llmgw_str_make(echo->text.p + end,
                                      echo->text.len - end);

    call.name = tool->name;
    call.args = end ? find_object(rest) : LLMGW_STR_LIT("{}");
    if (!echo->calls) {
        echo->calls = apr_array_make(echo->p, 2, sizeof(call));
    }
    APR_ARRAY_PUSH(echo->calls, echo_call_t) = call;
}

static int is_wanted(const llmgw_request_t *req, const llmgw_tool_t *tool)
{
    if (req->choice == LLMGW_CHOICE_NAMED) {
        return llmgw_str_eq(tool->name, req->choice_name);
    }
    return tool->type == LLMGW_TOOL_FUNCTION
        && llmgw_tool_is_allowed(req, tool->name);
}

static void find_calls(llmgw_echo_t *echo)
{
    const llmgw_request_t *req = echo->req;
    const llmgw_tool_t *tool, *first = NULL;
    apr_size_t end;
    int i;

    if (req->choice == LLMGW_CHOICE_NONE) {
        return;
    }
    for (i = 0; i < req->tools->nelts; i++) {
        tool = &APR_ARRAY_IDX(req->tools, i, llmgw_tool_t);
        if (!is_wanted(req, tool)) {
            continue;
        }
        first = first ? first : tool;
        end = find_name(echo->text, tool->name);
        if (end && !(echo->calls && req->parallel_tools == 0)) {
            add_call(echo, tool, end);
        }
    }
    if (!echo->calls && first && (req->choice == LLMGW_CHOICE_REQUIRED
                                  || req->choice == LLMGW_CHOICE_NAMED)) {
        add_call(echo, first, 0);
    }
}

/* ---- making it ---------------------------------------------------------- */

static apr_status_t read_request(llmgw_echo_t *echo, const char *body,
                                 apr_size_t len, llmgw_err_t *err)
{
    llmgw_json_doc_t *doc = llmgw_json_doc_create(echo->p, NULL);
    llmgw_json_error_t why = { 0, "" };
    const llmgw_json_t *root;
    apr_status_t rv = llmgw_json_parse(doc, body, len, &root, &why);

    if (rv != APR_SUCCESS) {
        return llmgw_err_set(err, echo->p, LLMGW_EJSON, NULL,
                             "The body is not JSON: %s at byte %"
                             APR_SIZE_T_FMT ".", why.reason, why.offset);
    }
    return llmgw_dialect_openai_chat.request_decode(&echo->req, root, NULL,
                                                    echo->p, err);
}

static void open_encoder(llmgw_echo_t *echo)
{
    llmgw_answer_opts_t opts;

    memset(&opts, 0, sizeof(opts));
    opts.stream = echo->req->stream;
    opts.include_usage = echo->req->include_usage;
    opts.model = echo->req->model;
    opts.id = llmgw_str_of(echo->id);
    opts.now_sec = echo->now_sec;
    opts.request = echo->req;
    echo->wire = llmgw_buf_create(echo->p, APR_INT32_MAX);
    echo->encoder = llmgw_encoder_create(echo->p, &llmgw_dialect_openai_chat,
                                         &opts, echo->wire, APR_INT32_MAX);
}

apr_status_t llmgw_echo_create(llmgw_echo_t **out, const char *body,
                               apr_size_t len, const char *id,
                               apr_int64_t now_sec, apr_pool_t *p,
                               llmgw_err_t *err)
{
    llmgw_echo_t *echo = apr_pcalloc(p, sizeof(*echo));
    apr_status_t rv;
    int is_user;

    echo->p = p;
    echo->id = apr_pstrdup(p, id);
    echo->now_sec = now_sec;
    rv = read_request(echo, body, len, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    echo->text = find_answer(echo->req, &is_user, p);
    echo->tokens_max = llmgw_raw_int(echo->req->max_tokens, -1);
    echo->prompt_tokens = count_words(text_of(
        echo->req, 0, echo->req->messages->nelts - 1, p));
    if (is_user) {
        find_calls(echo);
    }
    open_encoder(echo);
    *out = echo;
    return APR_SUCCESS;
}

int llmgw_echo_streams(const llmgw_echo_t *echo)
{
    return echo->req->stream;
}

/* ---- saying it ---------------------------------------------------------- */

static apr_status_t emit(llmgw_echo_t *echo, llmgw_event_t *ev)
{
    return llmgw_encoder_event(echo->encoder, ev);
}

static apr_status_t send_start(llmgw_echo_t *echo)
{
    llmgw_event_t ev;

    if (echo->is_started) {
        return APR_SUCCESS;
    }
    echo->is_started = 1;
    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_START;
    ev.model = echo->req->model;
    ev.created_sec = echo->now_sec;
    return emit(echo, &ev);
}

static apr_status_t send_call(llmgw_echo_t *echo)
{
    const echo_call_t *call = &APR_ARRAY_IDX(echo->calls, echo->ncalled,
                                             echo_call_t);
    llmgw_event_t ev;
    apr_status_t rv;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_TOOL_START;
    ev.index = echo->ncalled++;
    ev.name = call->name;
    rv = emit(echo, &ev);
    ev.type = LLMGW_EV_TOOL_ARGS;
    ev.text = call->args;
    rv = rv == APR_SUCCESS ? emit(echo, &ev) : rv;
    ev.type = LLMGW_EV_TOOL_END;
    ev.text = LLMGW_STR_NULL;
    echo->tokens++;
    return rv == APR_SUCCESS ? emit(echo, &ev) : rv;
}

static apr_status_t send_word(llmgw_echo_t *echo)
{
    llmgw_event_t ev;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_TEXT;
    ev.text = next_word(echo->text, &echo->at);
    if (!ev.text.len) {
        return APR_SUCCESS;
    }
    echo->tokens++;
    return emit(echo, &ev);
}

/* Is there another word or call after the one just sent? */
static int is_done(const llmgw_echo_t *echo)
{
    apr_size_t at = echo->at;

    if (echo->calls) {
        return echo->ncalled == echo->calls->nelts;
    }
    return next_word(echo->text, &at).len == 0;
}

static int is_cut(const llmgw_echo_t *echo)
{
    return !echo->calls && echo->tokens_max >= 0
        && echo->tokens >= echo->tokens_max;
}

static apr_status_t send_end(llmgw_echo_t *echo)
{
    llmgw_usage_t usage = LLMGW_USAGE_INIT;
    llmgw_event_t ev;
    apr_status_t rv;

    memset(&ev, 0, sizeof(ev));
    ev.type = LLMGW_EV_STOP;
    ev.stop = echo->calls ? LLMGW_STOP_TOOL
        : is_done(echo) ? LLMGW_STOP_END : LLMGW_STOP_LENGTH;
    rv = emit(echo, &ev);
    usage.prompt = echo->prompt_tokens;
    usage.completion = echo->tokens;
    usage.total = usage.prompt + usage.completion;
    ev.type = LLMGW_EV_USAGE;
    ev.usage = &usage;
    if (rv == APR_SUCCESS) {
        rv = emit(echo, &ev);
    }
    return rv == APR_SUCCESS ? llmgw_encoder_finish(echo->encoder) : rv;
}

apr_status_t llmgw_echo_next(llmgw_echo_t *echo, llmgw_buf_t *out)
{
    apr_status_t rv = send_start(echo);
    int last;

    if (rv == APR_SUCCESS && !is_cut(echo)) {
        rv = echo->calls ? send_call(echo) : send_word(echo);
    }
    last = is_done(echo) || is_cut(echo);
    if (rv == APR_SUCCESS && last) {
        rv = send_end(echo);
    }
    if (rv == APR_SUCCESS) {
        rv = llmgw_buf_put(out, llmgw_buf_str(echo->wire));
    }
    llmgw_buf_clear(echo->wire);
    return rv == APR_SUCCESS && last ? APR_EOF : rv;
}
