/* mock_text.h: what the bench's provider says */
#ifndef MOCK_TEXT_H
#define MOCK_TEXT_H

#include <stddef.h>
#include <stdint.h>

/** Enough for any one piece of an answer. */
#define MOCK_PIECE_MAX 2048

/** What a request asks for, by its model's name: "bench" and any of -tN (stream
 * N tokens), -rN (so many a second; without it all at once) and -dN (wait N
 * milliseconds first). */
typedef struct mock_ask_t {
    unsigned int tokens;        /* 0: a whole answer */
    unsigned int per_sec;
    unsigned int delay_ms;
    int is_anthropic;           /* by the path */
    int wants_usage;
    char id[24];                /* digits: the client's mark, "0" for none */
} mock_ask_t;

/** Monotonic time in nanoseconds. */
int64_t mock_now(void);

/** Read a request: text, with a NUL behind it, and where its body begins. What
 * matters of the body has to be in its beginning. */
void mock_ask_parse(mock_ask_t *ask, const char *head, const char *body);

/** Write a piece of an answer, HTTP's framing included.
 * @param out MOCK_PIECE_MAX bytes
 * @return its length */
size_t mock_say_whole(char *out, const mock_ask_t *ask);
size_t mock_say_start(char *out, const mock_ask_t *ask);
size_t mock_say_token(char *out, const mock_ask_t *ask, unsigned int seq);
size_t mock_say_end(char *out, const mock_ask_t *ask);

#endif
