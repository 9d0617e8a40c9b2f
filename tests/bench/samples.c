/* samples.c: every time that was measured, for exact percentiles */
#include <stdio.h>
#include <stdlib.h>
#include "samples.h"

void samples_add(samples_t *samples, int64_t ns)
{
    if (samples->count == samples->size) {
        samples->size = samples->size ? samples->size * 2 : 65536;
        samples->ns = realloc(samples->ns, samples->size * sizeof(int64_t));
        if (!samples->ns) {
            perror("samples");
            exit(1);
        }
    }
    samples->ns[samples->count++] = ns;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The smallest one that so many of a thousand do not exceed. */
static double at(const samples_t *samples, size_t permille)
{
    size_t rank = (samples->count * permille + 999) / 1000;

    return samples->count ? (double)samples->ns[rank ? rank - 1 : 0] / 1e3 : 0;
}

void samples_print(const char *name, samples_t *samples)
{
    if (samples->count) {
        qsort(samples->ns, samples->count, sizeof(*samples->ns), compare);
    }
    printf("\"%s\":{\"count\":%zu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,"
           "\"max\":%.1f}", name, samples->count, at(samples, 500),
           at(samples, 990), at(samples, 999), at(samples, 1000));
}
