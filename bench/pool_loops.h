/* The loops of the pool rows, compiled into each pool's own file.
 *
 * The file has defined before: struct pool, pool_make(load), pool_drop(pool), and
 *   bool pool_claim(pool, thread, object)          one object; false = none to be had
 *   uint64_t *pool_at(pool, token)                 the object's bytes, from its token alone
 *   void pool_release(pool, thread, token)
 *   uint32_t pool_claim_n(pool, thread, objects, n)
 *   void pool_release_n(pool, thread, objects, n)
 * Every object is written after it is claimed and read before it is released. In the rows where the
 * other thread releases, tokens go over one and the same ring, whichever pool it is.
 */
#ifndef LEAT_BENCH_POOL_LOOPS_H
#define LEAT_BENCH_POOL_LOOPS_H

#define POOL_BURST_MAX 64u

static void *pool_setup(const struct bench_load *load, const char **why)
{
    struct pool_job *job = bench_memory(sizeof *job);
    size_t bytes = leat_ring_bytes(1024);
    job->pool = pool_make(load, why);
    job->load = *load;
    if (job->pool != NULL &&
        leat_ring_init(&job->ring, 1024, bench_memory(bytes), bytes, NULL) == LEAT_OK)
        return job;
    free(job);
    return NULL;
}

static void pool_fini(void *self)
{
    struct pool_job *job = self;
    pool_drop(job->pool);
    free(job->ring);
    free(job);
}

static uint64_t pool_pairs(struct pool *pool, uint32_t thread, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct pool_object object;
        while (!pool_claim(pool, thread, &object))
            leat_pause();
        *object.at = i;
        bench_escape(object.at);
        sum += *object.at;
        pool_release(pool, thread, object.token);
    }
    return sum;
}

static uint64_t pool_bursts(struct pool *pool, uint32_t burst, uint32_t thread, uint64_t n)
{
    uint64_t sum = 0;
    struct pool_object objects[POOL_BURST_MAX];
    for (uint64_t done = 0; done < n;) {
        uint32_t most = n - done < burst ? (uint32_t)(n - done) : burst;
        uint32_t k = pool_claim_n(pool, thread, objects, most);
        for (uint32_t i = 0; i < k; i++)
            *objects[i].at = done + i;
        bench_escape(objects);
        for (uint32_t i = 0; i < k; i++)
            sum += *objects[i].at;
        pool_release_n(pool, thread, objects, k);
        done += k;
    }
    return sum;
}

static uint64_t pool_handed(struct pool_job *job, uint32_t thread, uint64_t n)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct pool_object object;
        if (thread == 0) {
            while (!pool_claim(job->pool, 0, &object))
                leat_pause();
            *object.at = i;
            while (!leat_ring_push(job->ring, object.token))
                leat_pause();
        } else {
            while ((object.token = leat_ring_pop(job->ring)) == 0)
                leat_pause();
            sum += *pool_at(job->pool, object.token);
            pool_release(job->pool, 1, object.token);
        }
    }
    return sum;
}

static uint64_t pool_run(void *self, uint32_t thread, uint64_t n)
{
    struct pool_job *job = self;
    if (job->load.handed != 0)
        return pool_handed(job, thread, n);
    if (job->load.burst == 1)
        return pool_pairs(job->pool, thread, n);
    return pool_bursts(job->pool, job->load.burst, thread, n);
}

#endif
