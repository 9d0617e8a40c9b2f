/* answer.h: read an answer off the wire, and judge it */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>
#include <stdint.h>
#include "samples.h"

#define ANSWER_HEAD_MAX 4096
#define ANSWER_TOKEN_MAX 64
#define ANSWER_TAIL_MAX 64

typedef enum answer_e {
    ANSWER_MORE,                /* it is not over */
    ANSWER_GOOD,                /* over, and as expected to the letter */
    ANSWER_ERROR,               /* over, with another status than 200 */
    ANSWER_SHORT,               /* over too early, tokens or end missing */
    ANSWER_WRONG                /* what it says is not what was to be said */
} answer_e;

/** An answer being read. Its text has to be "~ID.SEQ.NS;" for each SEQ from 0,
 * with anything but "~" between them. NS is the monotonic time of writing, or
 * 0 when nobody knew it. */
typedef struct answer_t {
    uint64_t id;
    unsigned int tokens;        /* expected */
    const char *end;            /* what stands near the end; NULL: nothing */
    samples_t *delays;          /* NS to arrival; may be NULL */
    /* so far */
    unsigned int seq;
    int status;
    int keeps_alive;
    int phase;
    int is_chunked;
    int is_cr;                  /* in a line around chunks */
    int is_wrong;
    uint64_t left;              /* of the body or of the chunk */
    size_t head_len;
    size_t token_len;
    size_t tail_len;
    char head[ANSWER_HEAD_MAX];
    char token[ANSWER_TOKEN_MAX];
    char tail[ANSWER_TAIL_MAX];
} answer_t;

/** Begin. The other members above "so far" are the caller's to set after. */
void answer_init(answer_t *answer, uint64_t id);

/** Take what has been read.
 * @param now monotonic nanoseconds, when it was read
 * @return the judgement once it is over */
answer_e answer_feed(answer_t *answer, const char *data, size_t len,
                     int64_t now);

/** The connection is at its end: the judgement. */
answer_e answer_cut(const answer_t *answer);

/** Has any of it come? */
int answer_has_begun(const answer_t *answer);

#endif
