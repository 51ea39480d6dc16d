/* DPDK's ring in plain memory, one producer and one consumer: bursts by the zero-copy calls, single
 * values by the plain ones. It holds one value less than it has slots. */
#define _GNU_SOURCE
#define ALLOW_EXPERIMENTAL_API /* the zero-copy calls are marked so in some releases */
#include "bench.h"

#include <rte_ring.h>
#include <rte_ring_peek_zc.h>
#include <stdlib.h>

#define ring rte_ring

static struct ring *ring_make(uint32_t slots)
{
    ssize_t bytes = rte_ring_get_memsize(slots);
    struct ring *r = bytes > 0 ? bench_memory((size_t)bytes) : NULL;
    if (r == NULL || rte_ring_init(r, "bench", slots, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0)
        return NULL;
    return r;
}

static void ring_drop(struct ring *r) { free(r); }

LEAT_INLINE bool ring_put(struct ring *r, uint64_t value)
{
    return rte_ring_sp_enqueue(r, (void *)(uintptr_t)value) == 0;
}

LEAT_INLINE uint64_t ring_get(struct ring *r)
{
    void *value;
    return rte_ring_sc_dequeue(r, &value) == 0 ? (uint64_t)(uintptr_t)value : 0;
}

LEAT_INLINE uint32_t ring_put_n(struct ring *r, uint64_t first, uint32_t n)
{
    struct rte_ring_zc_data span;
    n = rte_ring_enqueue_zc_burst_start(r, n, &span, NULL);
    if (n == 0)
        return 0;
    uint64_t *one = span.ptr1, *two = span.ptr2;
    uint32_t straight = n < span.n1 ? n : span.n1;
    for (uint32_t i = 0; i < straight; i++)
        one[i] = first + i;
    for (uint32_t i = straight; i < n; i++)
        two[i - straight] = first + i;
    rte_ring_enqueue_zc_finish(r, n);
    return n;
}

LEAT_INLINE uint32_t ring_get_n(struct ring *r, uint32_t n, uint64_t *sum)
{
    struct rte_ring_zc_data span;
    n = rte_ring_dequeue_zc_burst_start(r, n, &span, NULL);
    if (n == 0)
        return 0;
    const uint64_t *one = span.ptr1, *two = span.ptr2;
    uint32_t straight = n < span.n1 ? n : span.n1;
    for (uint32_t i = 0; i < straight; i++)
        *sum += one[i];
    for (uint32_t i = straight; i < n; i++)
        *sum += two[i - straight];
    rte_ring_dequeue_zc_finish(r, n);
    return n;
}

#include "ring_loops.h"

const struct bench_subject bench_ring_rte = {
    .name = "rte_ring", .setup = ring_setup, .run = ring_run, .fini = ring_fini};
