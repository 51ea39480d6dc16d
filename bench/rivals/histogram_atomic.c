/* The same buckets, shared by atomic adds. */
#define _GNU_SOURCE
#include "metric_data.h"

#include <leat/metrics.h>
#include <stdlib.h>

struct job {
    leat_atomic_u64 max, buckets[LEAT_HISTOGRAM_BUCKETS];
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
    (void)thread; /* both share one */
    uint64_t sum = 0;
    struct job *job = self;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = job->values[i % METRIC_VALUES];
        sum += value;
        (void)leat_add_relaxed(&job->buckets[leat_histogram_bucket(value)], UINT64_C(1));
        uint64_t max = leat_load_relaxed(&job->max);
        while (value > max && !leat_cas_acq_rel(&job->max, &max, value))
            ;
    }
    return sum;
}

const struct bench_subject bench_histogram_atomic = {
    .name = "atomic adds", .setup = setup, .run = run, .fini = free};
