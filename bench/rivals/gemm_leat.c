/* Leat's matrix product by the widest table that runs, and by Strassen's recursion. */
#define _GNU_SOURCE
#include "gemm_job.h"

#include <leat/linalg.h>

#include <stdlib.h>

static void multiply(const struct gemm_job *job)
{
    struct leat_matrix a = leat_matrix_rows(job->a, job->n, job->n, job->n);
    struct leat_matrix b = leat_matrix_rows(job->b, job->n, job->cols, job->cols);
    struct leat_matrix c = leat_matrix_rows(job->c, job->n, job->cols, job->cols);
    if (job->turned)
        a = leat_matrix_transposed(&a);
    if (job->cols == 1) {
        if (leat_gemv(job->kernels, 1, &a, &b, 0, &c, job->workspace, job->workspace_bytes,
                      NULL))
            abort();
        return;
    }
    int64_t step = (int64_t)job->n * job->cols;
    if (job->batch > 1) {
        if (leat_gemm_batch(job->kernels, 1, &a, step, &b, step, 0, &c, step, job->batch,
                            job->workspace, job->workspace_bytes, NULL))
            abort();
        return;
    }
    if (leat_gemm_strassen(job->kernels, job->levels, 1, &a, &b, 0, &c, job->workspace,
                           job->workspace_bytes, NULL))
        abort();
}

static void *setup_levels(const struct bench_load *load, uint32_t levels)
{
    struct gemm_job *job = gemm_setup(load, multiply);
    const struct leat_linalg *kernels = leat_linalg_kernels(leat_isa_best(), job->kind);
    job->kernels = kernels;
    job->levels = levels;
    job->workspace_bytes = job->cols == 1
                               ? leat_gemv_bytes(kernels, job->n, job->n)
                               : leat_gemm_strassen_bytes(kernels, job->n, job->cols, job->n,
                                                          levels);
    job->workspace = bench_memory(job->workspace_bytes);
    return job;
}

#define SETUP(levels)                                                                        \
    static void *setup_##levels(const struct bench_load *load, const char **why)             \
    {                                                                                        \
        (void)why;                                                                           \
        return setup_levels(load, levels);                                                   \
    }
SETUP(0)
SETUP(1)
SETUP(2)

const struct bench_subject bench_gemm_leat = {"leat", setup_0, gemm_run, gemm_error, gemm_fini,
                                              NULL};
const struct bench_subject bench_gemm_strassen_1 = {"leat, 1 level of Strassen", setup_1, gemm_run,
                                                    gemm_error, gemm_fini, NULL};
const struct bench_subject bench_gemm_strassen_2 = {"leat, 2 levels of Strassen", setup_2,
                                                    gemm_run, gemm_error, gemm_fini, NULL};
