/* DPDK's mempool with a cache of 32 for each thread, as Leat's magazines exchange 32 at once. Its
 * environment is started once, without huge pages, devices or files, and stays. */
#define _GNU_SOURCE
#define ALLOW_EXPERIMENTAL_API /* a foreign thread that wants a cache has to register */
#include <rte_eal.h>
#include <rte_lcore.h>
#include <rte_mempool.h>
#include <sched.h>

#define pool rte_mempool /* the loops speak of struct pool */
#include "pool_job.h"

static bool environment(void)
{
    static int state; /* 0 not tried, 1 there, -1 refused */
    char core[32];
    char *arguments[] = {"leat_bench",    "--no-huge",     "--no-pci", "--no-shconf",
                         "--no-telemetry", "--log-level=1", "-m",       "128",
                         core};
    snprintf(core, sizeof core, "--lcores=0@%d", sched_getcpu());
    if (state == 0)
        state = rte_eal_init((int)(sizeof arguments / sizeof arguments[0]), arguments) < 0 ? -1 : 1;
    return state == 1;
}

static struct pool *pool_make(const struct bench_load *load, const char **why)
{
    *why = "DPDK's environment does not start";
    return environment() ? rte_mempool_create("bench", 4095, (unsigned)load->bytes, 32, 0, NULL,
                                              NULL, NULL, NULL, SOCKET_ID_ANY, 0)
                         : NULL;
}

static void pool_drop(struct pool *p) { rte_mempool_free(p); }

LEAT_INLINE uint64_t *pool_at(struct pool *p, uint64_t token)
{
    (void)p;
    return (uint64_t *)(uintptr_t)token;
}

LEAT_INLINE bool pool_claim(struct pool *p, uint32_t thread, struct pool_object *object)
{
    (void)thread;
    void *taken;
    if (rte_mempool_get(p, &taken) != 0)
        return false;
    *object = (struct pool_object){taken, (uintptr_t)taken};
    return true;
}

LEAT_INLINE void pool_release(struct pool *p, uint32_t thread, uint64_t token)
{
    (void)thread;
    rte_mempool_put(p, (void *)(uintptr_t)token);
}

LEAT_INLINE uint32_t pool_claim_n(struct pool *p, uint32_t thread, struct pool_object *objects,
                                  uint32_t n)
{
    (void)thread;
    void *taken[64];
    if (rte_mempool_get_bulk(p, taken, n < 64 ? n : 64) != 0)
        return 0;
    for (uint32_t i = 0; i < n; i++)
        objects[i] = (struct pool_object){taken[i], (uintptr_t)taken[i]};
    return n;
}

LEAT_INLINE void pool_release_n(struct pool *p, uint32_t thread,
                                const struct pool_object *objects, uint32_t n)
{
    (void)thread;
    void *back[64];
    for (uint32_t i = 0; i < n; i++)
        back[i] = objects[i].at;
    rte_mempool_put_bulk(p, back, n);
}

#include "pool_loops.h"

static uint64_t registered_run(void *self, uint32_t thread, uint64_t n)
{
    if (rte_lcore_id() == LCORE_ID_ANY)
        (void)rte_thread_register();
    return pool_run(self, thread, n);
}

const struct bench_subject bench_pool_rte = {
    .name = "rte_mempool", .setup = pool_setup, .run = registered_run, .fini = pool_fini};
