/* load_options.h: what the load generator is told to do */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include <stddef.h>
#include "conn.h"

#define TARGETS_MAX 4
#define MODELS_MAX 32

typedef enum mode_e {
    MODE_CLOSED,
    MODE_RATE,
    MODE_STREAMS,
    MODE_CHURN
} mode_e;

typedef struct model_t {
    const char *name;
    unsigned int tokens;        /* -tN of the name; 0: a whole answer */
} model_t;

typedef struct load_options_t {
    mode_e mode;
    const char *mode_name;
    unsigned int connections;
    double seconds;             /* closed, rate, churn */
    double rate;                /* requests a second */
    double spread;              /* seconds over which streams begin */
    size_t body_bytes;          /* of nothing, in each request */
    long leave_percent;
    long leave_within;          /* nanoseconds after which they have left */
    int is_echo;                /* the provider repeats the user's words */
    int is_anthropic;           /* by the path */
    char headers[1024];         /* of each request, with CRLF */
    target_t targets[TARGETS_MAX];
    unsigned int targets_count;
    model_t models[MODELS_MAX];
    unsigned int models_count;
} load_options_t;

/** Read the command line; a wrong one is told, and ends the program. */
void load_options_read(load_options_t *options, int argc, char **argv);

#endif
