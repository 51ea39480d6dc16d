// boost::lockfree::spsc_queue; its batch calls copy.
#include "bench.h"

#include <boost/lockfree/spsc_queue.hpp>

struct ring {
    explicit ring(uint32_t slots) : queue(slots) {}
    boost::lockfree::spsc_queue<uint64_t> queue;
};

static struct ring *ring_make(uint32_t slots) { return new ring(slots); }
static void ring_drop(struct ring *r) { delete r; }

LEAT_INLINE bool ring_put(struct ring *r, uint64_t value) { return r->queue.push(value); }

LEAT_INLINE uint64_t ring_get(struct ring *r)
{
    uint64_t value;
    return r->queue.pop(value) ? value : 0;
}

LEAT_INLINE uint32_t ring_put_n(struct ring *r, uint64_t first, uint32_t n)
{
    uint64_t values[64];
    n = n < 64 ? n : 64;
    for (uint32_t i = 0; i < n; i++)
        values[i] = first + i;
    return static_cast<uint32_t>(r->queue.push(values, n));
}

LEAT_INLINE uint32_t ring_get_n(struct ring *r, uint32_t n, uint64_t *sum)
{
    uint64_t values[64];
    n = static_cast<uint32_t>(r->queue.pop(values, n < 64 ? n : 64));
    for (uint32_t i = 0; i < n; i++)
        *sum += values[i];
    return n;
}

#include "ring_loops.h"

extern "C" const struct bench_subject bench_ring_boost;
const struct bench_subject bench_ring_boost = {"boost spsc_queue", ring_setup, ring_run, nullptr,
                                               ring_fini, nullptr};
