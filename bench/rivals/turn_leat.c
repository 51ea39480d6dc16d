/* Leat's transpose in place. */
#define _GNU_SOURCE
#include "turn_job.h"

#include <leat/frame.h>
#include <leat/linalg.h>

static void *setup(const struct bench_load *load, const char **why)
{
    (void)why;
    struct turn_job *job = turn_setup(load);
    job->kernels = leat_linalg_kernels(leat_isa_best(), LEAT_F32);
    return job;
}

static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct turn_job *job = self;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        struct leat_matrix m = leat_matrix_rows(job->a, job->n, job->n, job->n);
        if (leat_matrix_transpose(job->kernels, &m, NULL, 0, NULL))
            abort();
        sum += turn_look(job);
    }
    return sum;
}

static void fini(void *self) { turn_fini(self); }

const struct bench_subject bench_turn_leat = {"leat", setup, run, NULL, fini, NULL};
