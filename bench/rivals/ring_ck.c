/* ConcurrencyKit's ring, one producer and one consumer; it has no batch calls. */
#define _GNU_SOURCE
#include "bench.h"

#include <ck_ring.h>
#include <stdlib.h>

struct ring {
    ck_ring_t ring;
    ck_ring_buffer_t *slots;
};

static struct ring *ring_make(uint32_t slots)
{
    struct ring *r = bench_memory(sizeof *r);
    r->slots = bench_memory(slots * sizeof *r->slots);
    ck_ring_init(&r->ring, slots);
    return r;
}

static void ring_drop(struct ring *r)
{
    free(r->slots);
    free(r);
}

LEAT_INLINE bool ring_put(struct ring *r, uint64_t value)
{
    return ck_ring_enqueue_spsc(&r->ring, r->slots, (void *)(uintptr_t)value);
}

LEAT_INLINE uint64_t ring_get(struct ring *r)
{
    void *value;
    return ck_ring_dequeue_spsc(&r->ring, r->slots, &value) ? (uint64_t)(uintptr_t)value : 0;
}

LEAT_INLINE uint32_t ring_put_n(struct ring *r, uint64_t first, uint32_t n)
{
    uint32_t k = 0;
    while (k < n && ring_put(r, first + k))
        k++;
    return k;
}

LEAT_INLINE uint32_t ring_get_n(struct ring *r, uint32_t n, uint64_t *sum)
{
    uint32_t k = 0;
    for (uint64_t value; k < n && (value = ring_get(r)) != 0; k++)
        *sum += value;
    return k;
}

#include "ring_loops.h"

const struct bench_subject bench_ring_ck = {
    .name = "ck_ring", .setup = ring_setup, .run = ring_run, .fini = ring_fini};
