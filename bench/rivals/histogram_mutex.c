/* The usual way: the same buckets, plain numbers, a mutex around them. */
#define _GNU_SOURCE
#include "metric_data.h"

#include <leat/metrics.h>
#include <pthread.h>
#include <stdlib.h>

struct job {
    pthread_mutex_t mutex;
    uint64_t max, buckets[LEAT_HISTOGRAM_BUCKETS];
    uint64_t values[METRIC_VALUES];
};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    struct job *job = bench_memory(sizeof *job);
    pthread_mutex_init(&job->mutex, NULL);
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
        pthread_mutex_lock(&job->mutex);
        job->buckets[leat_histogram_bucket(value)]++;
        job->max = value > job->max ? value : job->max;
        pthread_mutex_unlock(&job->mutex);
    }
    return sum;
}

const struct bench_subject bench_histogram_mutex = {
    .name = "mutex", .setup = setup, .run = run, .fini = free};
