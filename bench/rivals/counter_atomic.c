/* An atomic add on a line of its own. */
#define _GNU_SOURCE
#include "bench.h"

#include <stdlib.h>

struct job {
    LEAT_ALIGNED(LEAT_APART) leat_atomic_u64 value;
};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    struct job *job = bench_memory(sizeof *job);
    return job;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct job *job = self;
    uint64_t before = leat_load_relaxed(&job->value);
    for (uint64_t i = 0; i < n; i++)
        (void)leat_add_relaxed(&job->value, UINT64_C(1));
    return leat_load_relaxed(&job->value) - before;
}

const struct bench_subject bench_counter_atomic = {
    .name = "atomic add", .setup = setup, .run = run, .fini = free};
