/* A histogram by name and labels: asked for once, then recorded through its address. Each thread
 * has its own, as the registry's labels say. The second subject asks the registry each time. */
#define _GNU_SOURCE
#include "metric_data.h"

#include <leat/registry.h>
#include <stdlib.h>

struct writer {
    struct leat_histogram histograms[METRIC_KEYS];
    struct leat_histogram *found[METRIC_KEYS];
    char labels[METRIC_KEYS][48];
};

struct job {
    struct writer writers[2];
    struct leat_registry *registry;
    void *storage;
    uint64_t values[METRIC_VALUES];
};

static bool enter(struct job *job, uint32_t thread, uint32_t k)
{
    struct writer *w = &job->writers[thread];
    metric_label(w->labels[k], sizeof w->labels[k], k, thread);
    if (leat_registry_add_histogram(job->registry, "latency", w->labels[k], &w->histograms[k],
                                    NULL) != LEAT_OK)
        return false;
    w->found[k] = leat_registry_find_histogram(job->registry, "latency", w->labels[k]);
    return w->found[k] != NULL;
}

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    struct job *job = bench_memory(sizeof *job);
    struct leat_registry_options options = {sizeof options, 2 * METRIC_KEYS};
    size_t bytes = leat_registry_bytes(&options);
    bool well = true;
    job->storage = bench_memory(bytes);
    metric_fill(job->values);
    *why = "the registry cannot be made";
    if (leat_registry_init(&job->registry, job->storage, bytes, &options, NULL) != LEAT_OK)
        return NULL;
    for (uint32_t i = 0; i < 2 * METRIC_KEYS; i++)
        well = well && enter(job, i / METRIC_KEYS, i % METRIC_KEYS);
    return well ? job : NULL;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    struct writer *w = &job->writers[thread];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = job->values[i % METRIC_VALUES];
        leat_histogram_record(w->found[i % METRIC_KEYS], value);
        sum += value;
    }
    return sum;
}

static uint64_t run_asking(void *self, uint32_t thread, uint64_t n)
{
    struct job *job = self;
    struct writer *w = &job->writers[thread];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t value = job->values[i % METRIC_VALUES];
        struct leat_histogram *found = leat_registry_find_histogram(job->registry, "latency",
                                                                    w->labels[i % METRIC_KEYS]);
        leat_histogram_record(found, value);
        sum += value;
    }
    return sum;
}

static void fini(void *self)
{
    struct job *job = self;
    leat_registry_fini(job->registry);
    free(job->storage);
    free(job);
}

const struct bench_subject bench_keyed_leat = {
    .name = "leat", .setup = setup, .run = run, .fini = fini};
const struct bench_subject bench_keyed_leat_asking = {
    .name = "leat, find each time", .setup = setup, .run = run_asking, .fini = fini};
