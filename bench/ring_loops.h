/* The loops of the ring rows, compiled into each ring's own file.
 *
 * The file has defined before: struct ring, ring_make(slots), ring_drop(ring), and
 *   bool ring_put(ring, value)                one value, never 0; false = full
 *   uint64_t ring_get(ring)                   one value; 0 = empty
 *   uint32_t ring_put_n(ring, first, n)       first, first + 1, ... as many as fit of n, written in
 *                                             place where the ring can; how many
 *   uint32_t ring_get_n(ring, n, &sum)        up to n, added to *sum, read in place where it can
 * Thread 0 produces 1, 2, 3, ... and thread 1 adds up; or thread 1 sends back what it gets. Both
 * wait by a pause, whichever ring it is; a round trip waits without.
 */
#ifndef LEAT_BENCH_RING_LOOPS_H
#define LEAT_BENCH_RING_LOOPS_H

#include "bench.h"

#include <stdlib.h>

struct ring_pair {
    struct ring *there, *back;
    uint32_t burst;
};

static void *ring_setup(const struct bench_load *load, const char **why)
{
    struct ring_pair *pair = (struct ring_pair *)bench_memory(sizeof *pair);
    pair->there = ring_make(load->slots);
    pair->back = ring_make(load->slots);
    pair->burst = load->burst;
    if (pair->there != NULL && pair->back != NULL)
        return pair;
    *why = "the ring cannot be made";
    return NULL;
}

static void ring_fini(void *self)
{
    struct ring_pair *pair = (struct ring_pair *)self;
    ring_drop(pair->there);
    ring_drop(pair->back);
    free(pair);
}

static uint64_t ring_singles(struct ring *ring, uint32_t thread, uint64_t n)
{
    uint64_t sum = 0;
    if (thread == 0) {
        for (uint64_t i = 1; i <= n; i++)
            while (!ring_put(ring, i))
                leat_pause();
        return 0;
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value;
        while ((value = ring_get(ring)) == 0)
            leat_pause();
        sum += value;
    }
    return sum;
}

static uint64_t ring_bursts(struct ring *ring, uint32_t burst, uint32_t thread, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t done = 0; done < n;) {
        uint32_t most = n - done < burst ? (uint32_t)(n - done) : burst;
        uint32_t k = thread == 0 ? ring_put_n(ring, done + 1, most)
                                 : ring_get_n(ring, most, &sum);
        if (k == 0)
            leat_pause();
        done += k;
    }
    return sum;
}

static uint64_t ring_trips(struct ring_pair *pair, uint32_t thread, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 1; i <= n; i++) {
        uint64_t value = i;
        if (thread == 1)
            while ((value = ring_get(pair->there)) == 0)
                ;
        while (!ring_put(thread == 0 ? pair->there : pair->back, value))
            ;
        if (thread == 0)
            while ((value = ring_get(pair->back)) == 0)
                ;
        sum += value;
    }
    return sum;
}

static uint64_t ring_run(void *self, uint32_t thread, uint64_t n)
{
    struct ring_pair *pair = (struct ring_pair *)self;
    if (pair->burst == 0)
        return ring_trips(pair, thread, n);
    if (pair->burst == 1)
        return ring_singles(pair->there, thread, n);
    return ring_bursts(pair->there, pair->burst, thread, n);
}

#endif
