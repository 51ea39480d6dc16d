/* The sample of a randomised SVD: A times a structured random matrix, and times a normal one that
 * is there already. */
#define _GNU_SOURCE
#include "gemm_job.h"

#include <leat/factor.h>

#include <stdlib.h>

static void structured(const struct gemm_job *job)
{
    struct leat_matrix a = leat_matrix_rows(job->a, job->n, job->n, job->n);
    struct leat_matrix c = leat_matrix_rows(job->c, job->n, job->cols, job->cols);
    if (leat_srft(job->kernels, &a, 1, &c, job->workspace, job->workspace_bytes, NULL))
        abort();
}

static void normal(const struct gemm_job *job)
{
    struct leat_matrix a = leat_matrix_rows(job->a, job->n, job->n, job->n);
    struct leat_matrix b = leat_matrix_rows(job->b, job->n, job->cols, job->cols);
    struct leat_matrix c = leat_matrix_rows(job->c, job->n, job->cols, job->cols);
    if (leat_gemm(job->kernels, 1, &a, &b, 0, &c, job->workspace, job->workspace_bytes, NULL))
        abort();
}

static void *setup(const struct bench_load *load, void (*sample)(const struct gemm_job *job))
{
    struct gemm_job *job = gemm_setup(load, sample);
    const struct leat_linalg *kernels = leat_linalg_kernels(leat_isa_best(), job->kind);
    job->kernels = kernels;
    job->workspace_bytes = sample == structured
                               ? leat_srft_bytes(kernels, job->n, job->cols)
                               : leat_gemm_bytes(kernels, job->n, job->cols, job->n);
    job->workspace = bench_memory(job->workspace_bytes);
    return job;
}

static void *setup_structured(const struct bench_load *load, const char **why)
{
    (void)why;
    return setup(load, structured);
}

static void *setup_normal(const struct bench_load *load, const char **why)
{
    (void)why;
    return setup(load, normal);
}

/* Samples have no element in common: what is counted is how many there were. */
static uint64_t run(void *self, uint32_t thread, uint64_t n)
{
    (void)gemm_run(self, thread, n);
    return n;
}

const struct bench_subject bench_sample_structured = {"structured", setup_structured, run, NULL,
                                                      gemm_fini, NULL};
const struct bench_subject bench_sample_normal = {"normal", setup_normal, run, NULL, gemm_fini,
                                                  NULL};
