/* For allocators of a library that replaces malloc in whatever links it: it is opened beside the
 * program's own, its symbols kept to itself, and asked for by address. The file has defined
 * POOL_LIBRARY, POOL_MALLOC, POOL_FREE and POOL_PACKAGE. */
#ifndef LEAT_BENCH_POOL_LIBRARY_H
#define LEAT_BENCH_POOL_LIBRARY_H

#include "pool_job.h"

#include <dlfcn.h>
#include <string.h>

struct pool {
    void *(*take)(size_t bytes);
    void (*put)(void *object);
    size_t bytes;
};

/* The library stays open: threads hold its memory until they end. */
static struct pool *pool_make(const struct bench_load *load, const char **why)
{
    struct pool *pool = bench_memory(sizeof *pool);
    void *library = dlopen(POOL_LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    void *take = library != NULL ? dlsym(library, POOL_MALLOC) : NULL;
    void *put = library != NULL ? dlsym(library, POOL_FREE) : NULL;
    *why = "install " POOL_PACKAGE;
    if (take == NULL || put == NULL) {
        free(pool);
        return NULL;
    }
    memcpy(&pool->take, &take, sizeof take);
    memcpy(&pool->put, &put, sizeof put);
    pool->bytes = load->bytes;
    return pool;
}

static void pool_drop(struct pool *pool) { free(pool); }

LEAT_INLINE void *pool_take(struct pool *pool, uint32_t thread)
{
    (void)thread;
    return pool->take(pool->bytes);
}

LEAT_INLINE void pool_put(struct pool *pool, uint32_t thread, void *object)
{
    (void)thread;
    pool->put(object);
}

#include "pool_plain.h"

#include "pool_loops.h"

#endif
