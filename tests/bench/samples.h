/* samples.h: every time that was measured, for exact percentiles */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

typedef struct samples_t {
    int64_t *ns;
    size_t count;
    size_t size;
} samples_t;

void samples_add(samples_t *samples, int64_t ns);

/** Print '"NAME":{"count":N,"p50":...,"max":...}' in microseconds. */
void samples_print(const char *name, samples_t *samples);

#endif
