/* A free list in a ConcurrencyKit ring that many threads may use. */
#define _GNU_SOURCE
#include "pool_job.h"

#include <ck_ring.h>

#define OBJECTS 4096u

struct pool {
    ck_ring_t ring;
    ck_ring_buffer_t slots[2 * OBJECTS];
    char *objects;
};

static struct pool *pool_make(const struct bench_load *load, const char **why)
{
    (void)why;
    struct pool *pool = bench_memory(sizeof *pool);
    size_t stride = leat_round_up(load->bytes, LEAT_LINE);
    pool->objects = bench_memory(OBJECTS * stride);
    ck_ring_init(&pool->ring, 2 * OBJECTS);
    for (uint32_t i = 0; i < OBJECTS; i++)
        (void)ck_ring_enqueue_mpmc(&pool->ring, pool->slots, pool->objects + i * stride);
    return pool;
}

static void pool_drop(struct pool *pool)
{
    free(pool->objects);
    free(pool);
}

LEAT_INLINE void *pool_take(struct pool *pool, uint32_t thread)
{
    (void)thread;
    void *object;
    return ck_ring_dequeue_mpmc(&pool->ring, pool->slots, &object) ? object : NULL;
}

LEAT_INLINE void pool_put(struct pool *pool, uint32_t thread, void *object)
{
    (void)thread;
    while (!ck_ring_enqueue_mpmc(&pool->ring, pool->slots, object))
        leat_pause();
}

#include "pool_plain.h"

#include "pool_loops.h"

const struct bench_subject bench_pool_ck_ring = {
    .name = "ck_ring free list", .setup = pool_setup, .run = pool_run, .fini = pool_fini};
