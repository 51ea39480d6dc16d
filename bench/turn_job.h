/* The job of the transpose rows: a square of f32, row after row, turned where it lies. */
#ifndef LEAT_BENCH_TURN_JOB_H
#define LEAT_BENCH_TURN_JOB_H

#include "bench.h"

#include <stdlib.h>

struct turn_job {
    float *a;
    const void *kernels;
    uint32_t n;
};

LEAT_INLINE struct turn_job *turn_setup(const struct bench_load *load)
{
    struct turn_job *job = (struct turn_job *)bench_memory(sizeof *job);
    job->n = load->samples;
    job->a = (float *)bench_memory((size_t)job->n * job->n * sizeof *job->a);
    for (size_t i = 0; i < (size_t)job->n * job->n; i++)
        job->a[i] = (float)(i % 8191);
    return job;
}

/* An element off the diagonal after each turn: which one it is changes with the turns. */
LEAT_INLINE uint64_t turn_look(const struct turn_job *job)
{
    return (uint64_t)job->a[job->n / 2];
}

LEAT_INLINE void turn_fini(void *self)
{
    struct turn_job *job = (struct turn_job *)self;
    free(job->a);
    free(job);
}

#endif
