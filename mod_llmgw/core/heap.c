/* heap.c: timers, the one that is due first on top */
#include <stdlib.h>
#include <apr_errno.h>
#include "llmgw/heap.h"

#define ROOM_FIRST 64

static void set_place(llmgw_heap_t *heap, apr_size_t place,
                      llmgw_timer_t *timer)
{
    heap->timers[place] = timer;
    timer->place = place;
}

static void move_up(llmgw_heap_t *heap, llmgw_timer_t *timer)
{
    apr_size_t place = timer->place;

    while (place > 1 && heap->timers[place / 2]->at > timer->at) {
        set_place(heap, place, heap->timers[place / 2]);
        place /= 2;
    }
    set_place(heap, place, timer);
}

static void move_down(llmgw_heap_t *heap, llmgw_timer_t *timer)
{
    apr_size_t place = timer->place, child;

    while ((child = 2 * place) <= heap->n) {
        if (child < heap->n
            && heap->timers[child + 1]->at < heap->timers[child]->at) {
            child++;
        }
        if (heap->timers[child]->at >= timer->at) {
            break;
        }
        set_place(heap, place, heap->timers[child]);
        place = child;
    }
    set_place(heap, place, timer);
}

static apr_status_t make_room(llmgw_heap_t *heap)
{
    apr_size_t room = heap->room ? heap->room * 2 : ROOM_FIRST;
    llmgw_timer_t **timers;

    if (heap->n + 1 < heap->room) {
        return APR_SUCCESS;
    }
    timers = realloc(heap->timers, room * sizeof(*timers));
    if (!timers) {
        return APR_ENOMEM;
    }
    heap->timers = timers;
    heap->room = room;
    return APR_SUCCESS;
}

apr_status_t llmgw_heap_put(llmgw_heap_t *heap, llmgw_timer_t *timer,
                            apr_time_t at)
{
    apr_status_t rv;

    if (!timer->place) {
        rv = make_room(heap);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        set_place(heap, ++heap->n, timer);
    }
    timer->at = at;
    move_up(heap, timer);
    move_down(heap, timer);
    return APR_SUCCESS;
}

void llmgw_heap_remove(llmgw_heap_t *heap, llmgw_timer_t *timer)
{
    apr_size_t place = timer->place;
    llmgw_timer_t *last;

    if (!place) {
        return;
    }
    timer->place = 0;
    last = heap->timers[heap->n--];
    if (last != timer) {
        set_place(heap, place, last);
        move_up(heap, last);
        move_down(heap, last);
    }
}

llmgw_timer_t *llmgw_heap_first(const llmgw_heap_t *heap)
{
    return heap->n ? heap->timers[1] : NULL;
}

void llmgw_heap_free(llmgw_heap_t *heap)
{
    free(heap->timers);
    heap->timers = NULL;
    heap->n = heap->room = 0;
}
