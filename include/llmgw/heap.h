/* heap.h: timers, the one that is due first on top */
#ifndef LLMGW_HEAP_H
#define LLMGW_HEAP_H

#include <apr.h>
#include <apr_time.h>

/**
 * A timer, part of whatever waits. All zero is one that is in no heap. Fields
 * are for reading.
 */
typedef struct llmgw_timer_t {
    apr_time_t at;              /* when it is due */
    apr_size_t place;           /* in the heap, from 1; 0: in none */
} llmgw_timer_t;

/** A binary heap of timers, which belong to others. All zero is an empty one.
 * Not for several threads at once. */
typedef struct llmgw_heap_t {
    llmgw_timer_t **timers;     /* [0] is not used; malloc'd */
    apr_size_t n;
    apr_size_t room;
} llmgw_heap_t;

/**
 * Put a timer in, or move it.
 * @return APR_SUCCESS, or APR_ENOMEM: then it is as it was
 */
apr_status_t llmgw_heap_put(llmgw_heap_t *heap, llmgw_timer_t *timer,
                            apr_time_t at);

/** Take a timer out; nothing happens if it is in no heap. */
void llmgw_heap_remove(llmgw_heap_t *heap, llmgw_timer_t *timer);

/** The one that is due first, NULL if there is none. It stays. */
llmgw_timer_t *llmgw_heap_first(const llmgw_heap_t *heap);

/** Free what the heap holds itself. */
void llmgw_heap_free(llmgw_heap_t *heap);

#endif /* LLMGW_HEAP_H */
