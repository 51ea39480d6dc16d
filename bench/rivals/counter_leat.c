/* Leat's counter: one writer, relaxed. */
#define _GNU_SOURCE
#include "bench.h"

#include <leat/metrics.h>
#include <stdlib.h>

struct job {
    struct leat_counter value;
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
    uint64_t before = leat_counter_get(&job->value);
    for (uint64_t i = 0; i < n; i++)
        leat_counter_add(&job->value, 1);
    return leat_counter_get(&job->value) - before;
}

const struct bench_subject bench_counter_leat = {
    .name = "leat", .setup = setup, .run = run, .fini = free};
