/* The usual way: a number behind a mutex. */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>

struct job {
    pthread_mutex_t mutex;
    uint64_t value;
};

static void *setup(const struct bench_load *load, const char **why)
{
    (void)load;
    (void)why;
    struct job *job = bench_memory(sizeof *job);
    pthread_mutex_init(&job->mutex, NULL);
    return job;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct job *job = self;
    uint64_t before = job->value;
    for (uint64_t i = 0; i < n; i++) {
        pthread_mutex_lock(&job->mutex);
        job->value++;
        pthread_mutex_unlock(&job->mutex);
    }
    return job->value - before;
}

const struct bench_subject bench_counter_mutex = {
    .name = "mutex", .setup = setup, .run = run, .fini = free};
