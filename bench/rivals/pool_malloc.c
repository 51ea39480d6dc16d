/* The process's own malloc and free. */
#define _GNU_SOURCE
#include "pool_job.h"

struct pool {
    size_t bytes;
};

static struct pool *pool_make(const struct bench_load *load, const char **why)
{
    (void)why;
    struct pool *pool = bench_memory(sizeof *pool);
    pool->bytes = load->bytes;
    return pool;
}

static void pool_drop(struct pool *pool) { free(pool); }

LEAT_INLINE void *pool_take(struct pool *pool, uint32_t thread)
{
    (void)thread;
    void *object = malloc(pool->bytes);
    bench_escape(object);
    return object;
}

LEAT_INLINE void pool_put(struct pool *pool, uint32_t thread, void *object)
{
    (void)pool;
    (void)thread;
    free(object);
}

#include "pool_plain.h"

#include "pool_loops.h"

const struct bench_subject bench_pool_malloc = {
    .name = "malloc + free", .setup = pool_setup, .run = pool_run, .fini = pool_fini};
