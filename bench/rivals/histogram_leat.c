/* Leat's histogram, one for each thread, reached by a pointer as one from a registry is. */
#define _GNU_SOURCE
#include "metric_data.h"

#include <leat/metrics.h>
#include <stdlib.h>

struct job {
    LEAT_ALIGNED(LEAT_APART) struct leat_histogram histograms[2];
    uint64_t values[METRIC_VALUES];
    struct leat_histogram *of[2];
};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    struct job *job = bench_memory(sizeof *job);
    metric_fill(job->values);
    for (uint32_t i = 0; i < 2; i++)
        job->of[i] = &job->histograms[i];
    return job;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    struct leat_histogram *histogram = job->of[thread];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = job->values[i % METRIC_VALUES];
        sum += value;
        leat_histogram_record(histogram, value);
    }
    return sum;
}

const struct bench_subject bench_histogram_leat = {
    .name = "leat", .setup = setup, .run = run, .fini = free};
