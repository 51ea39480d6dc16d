/* Leat's ring: spans written and read in place. */
#define _GNU_SOURCE
#include "bench.h"

#include <leat/ring.h>

#include <stdlib.h>

#define ring leat_ring

static struct ring *ring_make(uint32_t slots)
{
    struct ring *r = NULL;
    size_t bytes = leat_ring_bytes(slots);
    return leat_ring_init(&r, slots, bench_memory(bytes), bytes, NULL) == LEAT_OK ? r : NULL;
}

static void ring_drop(struct ring *r) { free(r); }

LEAT_INLINE bool ring_put(struct ring *r, uint64_t value) { return leat_ring_push(r, value); }
LEAT_INLINE uint64_t ring_get(struct ring *r) { return leat_ring_pop(r); }

LEAT_INLINE uint32_t ring_put_n(struct ring *r, uint64_t first, uint32_t n)
{
    leat_guarded_u64 *span;
    n = leat_ring_reserve(r, n, &span);
    for (uint32_t i = 0; i < n; i++)
        leat_guarded_set(&span[i], first + i);
    if (n != 0)
        leat_ring_publish(r, n);
    return n;
}

LEAT_INLINE uint32_t ring_get_n(struct ring *r, uint32_t n, uint64_t *sum)
{
    const leat_guarded_u64 *span;
    n = leat_ring_take(r, n, &span);
    for (uint32_t i = 0; i < n; i++)
        *sum += leat_guarded_get(&span[i]);
    if (n != 0)
        leat_ring_retire(r, n);
    return n;
}

#include "ring_loops.h"

const struct bench_subject bench_ring_leat = {
    .name = "leat", .setup = ring_setup, .run = ring_run, .fini = ring_fini};
