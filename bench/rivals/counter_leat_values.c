/* Leat's counter, adding the values that the histograms record: what a record costs beyond it. */
#define _GNU_SOURCE
#include "metric_data.h"

#include <leat/metrics.h>
#include <stdlib.h>

struct place {
    struct leat_counter value;
    uint64_t values[METRIC_VALUES];
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
        job->places[i] = bench_memory(sizeof *job->places[i]);
        metric_fill(job->places[i]->values);
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
    (void)thread;
    struct job *job = self;
    struct place *place = job->places[job->at];
    uint64_t before = leat_counter_get(&place->value);
    for (uint64_t i = 0; i < n; i++)
        leat_counter_add(&place->value, place->values[i % METRIC_VALUES]);
    return leat_counter_get(&place->value) - before;
}

static void fini(void *self)
{
    struct job *job = self;
    for (uint32_t i = 0; i < METRIC_PLACES; i++)
        free(job->places[i]);
    free(job);
}

const struct bench_subject bench_counter_leat_values = {
    .name = "leat's counter", .setup = setup, .run = run, .fini = fini, .ready = ready};
