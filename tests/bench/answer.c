/* answer.c: read an answer off the wire, and judge it
 *
 * Meant to take little of the machine that it measures: text is looked at by
 * memchr, only tokens byte by byte.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "answer.h"

enum { HEAD, SIZE, DATA, DATA_END, TRAILER, BODY, CLOSE, OVER, BROKEN };

void answer_init(answer_t *answer, uint64_t id)
{
    memset(answer, 0, offsetof(answer_t, head));
    answer->id = id;
    answer->phase = HEAD;
}

int answer_has_begun(const answer_t *answer)
{
    return answer->phase != HEAD || answer->head_len > 0;
}

/* ---- text ---------------------------------------------------------------- */

/* A number and what follows it. */
static int read_number(const char **at, char stop, uint64_t *n)
{
    char *end;

    if (!isdigit((unsigned char)**at)) {
        return -1;
    }
    *n = strtoull(*at, &end, 10);
    *at = end + 1;
    return *end == stop ? 0 : -1;
}

/* "~ID.SEQ.NS;" */
static void judge_token(answer_t *a, int64_t now)
{
    const char *at = a->token + 1;
    uint64_t id, seq, ns;

    if (read_number(&at, '.', &id) || read_number(&at, '.', &seq)
        || read_number(&at, ';', &ns) || id != a->id || seq != a->seq
        || a->seq == a->tokens || ns > (uint64_t)now) {
        a->is_wrong = 1;
        return;
    }
    a->seq++;
    if (ns && a->delays) {
        samples_add(a->delays, now - (int64_t)ns);
    }
}

static size_t take_token(answer_t *a, const char *data, size_t len,
                         int64_t now)
{
    size_t i;

    for (i = 0; i < len && a->token_len < ANSWER_TOKEN_MAX - 1; i++) {
        a->token[a->token_len++] = data[i];
        if (data[i] == ';') {
            a->token[a->token_len] = '\0';
            judge_token(a, now);
            a->token_len = 0;
            return i + 1;
        }
    }
    a->is_wrong |= i < len;             /* no token is that long */
    return len;
}

/* The last bytes, wherever they were split. */
static void keep_tail(answer_t *a, const char *data, size_t len)
{
    size_t kept;

    if (len > ANSWER_TAIL_MAX) {
        data += len - ANSWER_TAIL_MAX;
        len = ANSWER_TAIL_MAX;
    }
    kept = ANSWER_TAIL_MAX - len < a->tail_len ? ANSWER_TAIL_MAX - len
                                               : a->tail_len;
    memmove(a->tail, a->tail + a->tail_len - kept, kept);
    memcpy(a->tail + kept, data, len);
    a->tail_len = kept + len;
}

static void take_text(answer_t *a, const char *data, size_t len, int64_t now)
{
    keep_tail(a, data, len);
    while (len && !a->is_wrong) {
        size_t n = len;

        if (a->token_len) {
            n = take_token(a, data, len, now);
        }
        else {
            const char *token = memchr(data, '~', len);

            if (token) {
                a->token[0] = '~';
                a->token_len = 1;
                n = (size_t)(token - data) + 1;
            }
        }
        data += n;
        len -= n;
    }
}

/* ---- HTTP ---------------------------------------------------------------- */

static const char *find_field(const char *head, const char *name)
{
    const char *field = strcasestr(head, name);

    return field ? field + strlen(name) : NULL;
}

static void read_fields(answer_t *a)
{
    const char *length = find_field(a->head, "\r\ncontent-length:");
    const char *coding = find_field(a->head, "\r\ntransfer-encoding:");
    const char *conn = find_field(a->head, "\r\nconnection:");

    a->status = atoi(a->head + 9);
    a->keeps_alive = !conn || strncasecmp(conn + strspn(conn, " "), "close", 5);
    if (coding) {
        a->is_chunked = 1;
        a->phase = SIZE;
    }
    else if (length) {
        a->left = strtoull(length, NULL, 10);
        a->phase = a->left ? BODY : OVER;
    }
    else {
        a->keeps_alive = 0;
        a->phase = CLOSE;
    }
}

/* @return how many of the bytes belong to the head */
static size_t take_head(answer_t *a, const char *data, size_t len)
{
    size_t had = a->head_len, room = ANSWER_HEAD_MAX - 1 - had;
    size_t n = len < room ? len : room;
    const char *end;

    memcpy(a->head + had, data, n);
    a->head_len += n;
    end = memmem(a->head, a->head_len, "\r\n\r\n", 4);
    if (!end) {
        a->phase = n < len ? BROKEN : HEAD;
        return len;
    }
    a->head_len = (size_t)(end + 4 - a->head);
    a->head[a->head_len] = '\0';
    read_fields(a);
    return a->head_len - had;
}

/* Around chunks: a size or nothing, CR, LF. */
static void take_line_byte(answer_t *a, char byte)
{
    if (a->phase == SIZE && !a->is_cr && isxdigit((unsigned char)byte)) {
        a->left = a->left * 16 + (uint64_t)(isdigit((unsigned char)byte)
            ? byte - '0' : tolower((unsigned char)byte) - 'a' + 10);
    }
    else if (byte == '\r' && !a->is_cr) {
        a->is_cr = 1;
    }
    else if (byte != '\n' || !a->is_cr) {
        a->phase = BROKEN;
    }
    else {
        a->is_cr = 0;
        a->phase = a->phase == SIZE ? (a->left ? DATA : TRAILER)
                   : a->phase == DATA_END ? SIZE : OVER;
    }
}

static size_t take_body(answer_t *a, const char *data, size_t len, int64_t now)
{
    size_t n = a->phase == CLOSE || len < a->left ? len : (size_t)a->left;

    take_text(a, data, n, now);
    if (a->phase != CLOSE) {
        a->left -= n;
        if (!a->left) {
            a->phase = a->phase == DATA ? DATA_END : OVER;
        }
    }
    return n;
}

static size_t take(answer_t *a, const char *data, size_t len, int64_t now)
{
    switch (a->phase) {
    case HEAD:
        return take_head(a, data, len);
    case DATA:
    case BODY:
    case CLOSE:
        return take_body(a, data, len, now);
    default:
        take_line_byte(a, *data);
        return 1;
    }
}

/* ---- judgement ----------------------------------------------------------- */

static answer_e judge(const answer_t *a)
{
    if (a->phase == BROKEN) {
        return ANSWER_WRONG;
    }
    if (a->status != 200) {
        return ANSWER_ERROR;
    }
    if (a->is_wrong) {
        return ANSWER_WRONG;
    }
    return a->seq < a->tokens
           || (a->end && !memmem(a->tail, a->tail_len, a->end, strlen(a->end)))
           ? ANSWER_SHORT : ANSWER_GOOD;
}

answer_e answer_feed(answer_t *a, const char *data, size_t len, int64_t now)
{
    while (len && a->phase < OVER) {
        size_t n = take(a, data, len, now);

        data += n;
        len -= n;
    }
    if (len) {
        return ANSWER_WRONG;            /* more than there was to say */
    }
    return a->phase < OVER && !(a->is_wrong && a->status == 200)
           ? ANSWER_MORE : judge(a);
}

answer_e answer_cut(const answer_t *a)
{
    return a->phase == CLOSE ? judge(a)
           : a->is_wrong ? ANSWER_WRONG : ANSWER_SHORT;
}
