/* Leat's counter, adding the values that the histograms record: what a record costs beyond it. */
#define _GNU_SOURCE
#include "metric_data.h"

#include <leat/metrics.h>
#include <stdlib.h>

struct job {
    struct leat_counter value;
    uint64_t values[METRIC_VALUES];
};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    struct job *job = bench_memory(sizeof *job);
    metric_fill(job->values);
    return job;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct job *job = self;
    uint64_t before = leat_counter_get(&job->value);
    for (uint64_t i = 0; i < n; i++)
        leat_counter_add(&job->value, job->values[i % METRIC_VALUES]);
    return leat_counter_get(&job->value) - before;
}

const struct bench_subject bench_counter_leat_values = {
    .name = "leat's counter", .setup = setup, .run = run, .fini = free};
