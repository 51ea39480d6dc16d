/* For pools whose objects are known by their address and that have no calls for many at once. The
 * file has defined void *pool_take(pool, thread) and pool_put(pool, thread, void *). */
#ifndef LEAT_BENCH_POOL_PLAIN_H
#define LEAT_BENCH_POOL_PLAIN_H

LEAT_INLINE bool pool_claim(struct pool *pool, uint32_t thread, struct pool_object *object)
{
    object->at = pool_take(pool, thread);
    object->token = (uintptr_t)object->at;
    return object->at != NULL;
}

LEAT_INLINE uint64_t *pool_at(struct pool *pool, uint64_t token)
{
    (void)pool;
    return (uint64_t *)(uintptr_t)token;
}

LEAT_INLINE void pool_release(struct pool *pool, uint32_t thread, uint64_t token)
{
    pool_put(pool, thread, (void *)(uintptr_t)token);
}

LEAT_INLINE uint32_t pool_claim_n(struct pool *pool, uint32_t thread, struct pool_object *objects,
                                  uint32_t n)
{
    uint32_t k = 0;
    while (k < n && pool_claim(pool, thread, &objects[k]))
        k++;
    return k;
}

LEAT_INLINE void pool_release_n(struct pool *pool, uint32_t thread,
                                const struct pool_object *objects, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        pool_release(pool, thread, objects[i].token);
}

#endif
