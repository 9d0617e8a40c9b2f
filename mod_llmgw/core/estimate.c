/* estimate.c: about how many tokens a prompt has, without a tokenizer */
#include "llmgw/estimate.h"

/* ---- texts -------------------------------------------------------------- */

/* Weights are thousandths of a token. */
typedef enum class_e {
    IS_SPACE,                   /* and tabs, line ends */
    IS_WORD,                    /* Latin letters */
    IS_DIGIT,
    IS_MARK,                    /* other ASCII */
    IS_WIDE,                    /* Han, Kana: a character is most of a token */
    IS_HANGUL,
    IS_OTHER                    /* other scripts, symbols, bytes of none */
} class_e;

/* A run of characters of one class: its first one, and each one. */
static const struct {
    int first;
    int each;
} weights[] = {
    [IS_SPACE] = { 900, 0 },
    [IS_WORD] = { 550, 100 },   /* at least 1000, see end_run() */
    [IS_DIGIT] = { 550, 340 },
    [IS_MARK] = { 500, 300 },
    [IS_WIDE] = { 0, 820 },
    [IS_HANGUL] = { 0, 900 },
    [IS_OTHER] = { 200, 370 }
};

/* Beside that, for each letter with an accent or the like: words that have one
 * are mostly not in the tables whole. */
#define ACCENTED_LETTER 650

typedef struct count_t {
    apr_int64_t milli;          /* thousandths of a token so far */
    class_e run;
    apr_size_t len;             /* characters of the run */
    int is_lower;               /* the last one was a small letter */
    int has_line_end;           /* a run of space has one */
} count_t;

static class_e get_ascii_class(unsigned int c)
{
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
        return IS_SPACE;
    }
    if (c >= '0' && c <= '9') {
        return IS_DIGIT;
    }
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? IS_WORD
                                                            : IS_MARK;
}

static class_e get_class(unsigned int c)
{
    if (c < 0x80) {
        return get_ascii_class(c);
    }
    if (c >= 0xC0 && c < 0x250) {
        return IS_WORD;
    }
    if ((c >= 0x1100 && c < 0x1200) || (c >= 0xAC00 && c < 0xD7B0)) {
        return IS_HANGUL;
    }
    if ((c >= 0x2E80 && c < 0xA000) || (c >= 0xF900 && c < 0xFB00)
        || (c >= 0xFF00 && c < 0xFFF0) || (c >= 0x20000 && c < 0x32000)) {
        return IS_WIDE;
    }
    return IS_OTHER;
}

/* A space by itself is part of the word after it. */
static void end_run(count_t *n)
{
    int first = weights[n->run].first, each = weights[n->run].each;
    apr_int64_t w = first + each * (apr_int64_t)n->len;

    if (n->len == 0
        || (n->run == IS_SPACE && n->len == 1 && !n->has_line_end)) {
        w = 0;
    }
    else if (n->run == IS_WORD && w < 1000) {
        w = 1000;
    }
    n->milli += w;
    n->len = 0;
    n->has_line_end = 0;
}

static void take_char(count_t *n, unsigned int c)
{
    class_e run = get_class(c);
    int is_hump = run == IS_WORD && n->is_lower && c >= 'A' && c <= 'Z';

    if (run != n->run || is_hump) {
        end_run(n);
        n->run = run;
    }
    n->len++;
    n->milli += run == IS_WORD && c >= 0x80 ? ACCENTED_LETTER : 0;
    n->is_lower = c >= 'a' && c <= 'z';
    n->has_line_end |= c == '\n';
}

/* Bytes of the character that begins with c, 1 also for what begins none. */
static apr_size_t get_width(unsigned char c)
{
    return c < 0xC2 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 1;
}

static unsigned int get_char(const unsigned char *p, apr_size_t width)
{
    static const unsigned int masks[] = { 0, 0xFF, 0x1F, 0x0F, 0x07 };
    unsigned int c = p[0] & masks[width];
    apr_size_t i;

    for (i = 1; i < width; i++) {
        c = c << 6 | (p[i] & 0x3F);
    }
    return c;
}

static apr_int64_t count_text(llmgw_str_t text)
{
    count_t n = { 0, IS_SPACE, 0, 0, 0 };
    apr_size_t i = 0, width;
    const unsigned char *p = (const unsigned char *)text.p;

    while (i < text.len) {
        width = get_width(p[i]);
        if (width > text.len - i) {
            width = 1;
        }
        take_char(&n, get_char(p + i, width));
        i += width;
    }
    end_run(&n);
    return n.milli;
}

static apr_int64_t get_tokens(apr_int64_t milli)
{
    return (milli + 999) / 1000;
}

apr_int64_t llmgw_estimate_text(llmgw_str_t text)
{
    return get_tokens(count_text(text));
}

/* ---- requests ----------------------------------------------------------- */

/* What surrounds things, in thousandths: role and delimiters of a message; the
 * frame of a call, a result, a tool. OpenAI's cookbook has 3 a message and 7 to
 * 12 a function. */
#define START_MILLI 3000        /* the answer's own start */
#define MESSAGE_MILLI 4000
#define CALL_MILLI 8000
#define TOOL_MILLI 8000

/* An image of about a megapixel: Anthropic has width * height / 750, OpenAI
 * 85 + 170 for each 512 pixels squared. */
#define IMAGE_MILLI 1000000

/* A page of a document, text and picture: 1500 to 3000 by Anthropic's
 * documentation. A page of a PDF has some 50 KB. */
#define PAGE_MILLI 2000000
#define PAGE_BYTES (50 * 1024)

/* Sounds and films by their size: at 128 kbit/s 32 tokens a second. */
#define MEDIA_BYTES_TOKEN 500

static apr_int64_t count_parts(const apr_array_header_t *parts);

static apr_int64_t count_document(const llmgw_part_t *part)
{
    apr_int64_t milli = count_text(part->filename)
        + count_text(part->context) + count_text(part->text);

    if (part->text.p) {
        return milli;
    }
    return milli + PAGE_MILLI * (1 + (apr_int64_t)(part->data.len * 3 / 4
                                                   / PAGE_BYTES));
}

static apr_int64_t count_part(const llmgw_part_t *part)
{
    switch (part->type) {
    case LLMGW_PART_IMAGE:
        return IMAGE_MILLI;
    case LLMGW_PART_DOCUMENT:
        return count_document(part);
    case LLMGW_PART_AUDIO:
    case LLMGW_PART_VIDEO:
        return 1000 + 1000 * (apr_int64_t)(part->data.len * 3 / 4
                                           / MEDIA_BYTES_TOKEN);
    case LLMGW_PART_TOOL_CALL:
        return CALL_MILLI + count_text(part->name)
            + count_text(part->arguments);
    case LLMGW_PART_TOOL_RESULT:
        return CALL_MILLI + count_parts(part->parts);
    case LLMGW_PART_BUILTIN:
        return count_text(part->raw);
    case LLMGW_PART_REDACTED:
        return 1000 * (apr_int64_t)(part->data.len / 4);
    case LLMGW_PART_TEXT:
    case LLMGW_PART_REASONING:
    case LLMGW_PART_REFUSAL:
        break;
    }
    return count_text(part->text);
}

static apr_int64_t count_parts(const apr_array_header_t *parts)
{
    apr_int64_t milli = 0;
    int i;

    for (i = 0; parts && i < parts->nelts; i++) {
        milli += count_part(&APR_ARRAY_IDX(parts, i, llmgw_part_t));
    }
    return milli;
}

/* Providers show a schema to the model in fewer words than JSON has. */
static apr_int64_t count_schema(llmgw_str_t schema)
{
    return count_text(schema) * 3 / 4;
}

static apr_int64_t count_tool(const llmgw_tool_t *tool)
{
    if (tool->type == LLMGW_TOOL_BUILTIN) {
        return TOOL_MILLI + count_text(tool->raw);
    }
    return TOOL_MILLI + count_text(tool->name) + count_text(tool->description)
        + count_schema(tool->parameters) + count_text(tool->format);
}

apr_int64_t llmgw_estimate_tokens(const llmgw_request_t *req)
{
    apr_int64_t milli = START_MILLI + count_schema(req->schema);
    const llmgw_message_t *m;
    int i;

    for (i = 0; i < req->messages->nelts; i++) {
        m = &APR_ARRAY_IDX(req->messages, i, llmgw_message_t);
        milli += MESSAGE_MILLI + count_text(m->name) + count_parts(m->parts);
    }
    for (i = 0; i < req->tools->nelts; i++) {
        milli += count_tool(&APR_ARRAY_IDX(req->tools, i, llmgw_tool_t));
    }
    return get_tokens(milli);
}
