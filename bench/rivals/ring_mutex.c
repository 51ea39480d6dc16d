/* The usual way: an array, two positions and a mutex around them. */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>

struct ring {
    pthread_mutex_t mutex;
    uint64_t *slots, head, tail;
    uint32_t capacity;
};

static struct ring *ring_make(uint32_t slots)
{
    struct ring *r = bench_memory(sizeof *r);
    r->slots = bench_memory(slots * sizeof *r->slots);
    r->capacity = slots;
    pthread_mutex_init(&r->mutex, NULL);
    return r;
}

static void ring_drop(struct ring *r)
{
    pthread_mutex_destroy(&r->mutex);
    free(r->slots);
    free(r);
}

static uint32_t ring_put_n(struct ring *r, uint64_t first, uint32_t n)
{
    uint32_t k = 0;
    pthread_mutex_lock(&r->mutex);
    for (; k < n && r->tail - r->head < r->capacity; k++)
        r->slots[r->tail++ & (r->capacity - 1)] = first + k;
    pthread_mutex_unlock(&r->mutex);
    return k;
}

static uint32_t ring_get_n(struct ring *r, uint32_t n, uint64_t *sum)
{
    uint32_t k = 0;
    pthread_mutex_lock(&r->mutex);
    for (; k < n && r->tail != r->head; k++)
        *sum += r->slots[r->head++ & (r->capacity - 1)];
    pthread_mutex_unlock(&r->mutex);
    return k;
}

static bool ring_put(struct ring *r, uint64_t value) { return ring_put_n(r, value, 1) != 0; }

static uint64_t ring_get(struct ring *r)
{
    uint64_t value = 0;
    (void)ring_get_n(r, 1, &value);
    return value;
}

#include "ring_loops.h"

const struct bench_subject bench_ring_mutex = {
    .name = "mutex ring", .setup = ring_setup, .run = ring_run, .fini = ring_fini};
