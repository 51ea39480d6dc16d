/* Leat's histogram, one for each thread, reached by a pointer as one from a registry is. */
#define _GNU_SOURCE
#include "metric_data.h"

#include <leat/metrics.h>
#include <stdlib.h>

struct place {
    LEAT_ALIGNED(LEAT_APART) struct leat_histogram histograms[2];
    uint64_t values[METRIC_VALUES];
    struct leat_histogram *of[2];
};

struct job {
    struct place *places[METRIC_PLACES];
    uint32_t at;
};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    struct job *job = bench_memory(sizeof *job);
    for (uint32_t i = 0; i < METRIC_PLACES; i++) {
        struct place *place = job->places[i] = bench_memory(sizeof *place);
        metric_fill(place->values);
        for (uint32_t k = 0; k < 2; k++)
            place->of[k] = &place->histograms[k];
    }
    return job;
}

static void ready(void *self, uint64_t n)
{
    (void)n;
    struct job *job = self;
    job->at = (job->at + 1) % METRIC_PLACES;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    struct place *place = job->places[job->at];
    struct leat_histogram *histogram = place->of[thread];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = place->values[i % METRIC_VALUES];
        sum += value;
        leat_histogram_record(histogram, value);
    }
    return sum;
}

static void fini(void *self)
{
    struct job *job = self;
    for (uint32_t i = 0; i < METRIC_PLACES; i++)
        free(job->places[i]);
    free(job);
}

const struct bench_subject bench_histogram_leat = {
    .name = "leat", .setup = setup, .run = run, .fini = fini, .ready = ready};
