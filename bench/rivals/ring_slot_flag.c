/* A slot that is its own flag: 0 is free, anything else is a value, and neither side ever looks at
 * the other's position (Giacomoni, Moseley, Vachharajani: FastForward, 2008). Singles only. */
#define _GNU_SOURCE
#include "bench.h"

#include <stdlib.h>

struct ring {
    leat_atomic_u64 *slots;
    uint64_t mask;
    LEAT_ALIGNED(LEAT_APART) uint64_t tail;
    LEAT_ALIGNED(LEAT_APART) uint64_t head;
};

static struct ring *ring_make(uint32_t slots)
{
    struct ring *r = bench_memory(sizeof *r);
    r->slots = bench_memory(slots * sizeof *r->slots);
    r->mask = slots - 1;
    return r;
}

static void ring_drop(struct ring *r)
{
    free(r->slots);
    free(r);
}

LEAT_INLINE bool ring_put(struct ring *r, uint64_t value)
{
    leat_atomic_u64 *slot = &r->slots[r->tail & r->mask];
    if (leat_load_acquire(slot) != 0) /* pairs with ring_get: the slot was read */
        return false;
    leat_store_release(slot, value); /* pairs with ring_get: what the value names */
    r->tail++;
    return true;
}

LEAT_INLINE uint64_t ring_get(struct ring *r)
{
    leat_atomic_u64 *slot = &r->slots[r->head & r->mask];
    uint64_t value = leat_load_acquire(slot); /* pairs with ring_put: what the value names */
    if (value != 0) {
        leat_store_release(slot, UINT64_C(0)); /* pairs with ring_put: the slot was read */
        r->head++;
    }
    return value;
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

const struct bench_subject bench_ring_slot_flag = {
    .name = "slot is its flag", .setup = ring_setup, .run = ring_run, .fini = ring_fini};
