/* Leat's factors by the widest table that runs. */
#define _GNU_SOURCE
#include "factor_job.h"

#include <leat/factor.h>
#include <leat/frame.h>

#include <stdlib.h>

static const struct leat_rsvd_how options = {sizeof options, FACTOR_RANK,
                                             FACTOR_SAMPLE - FACTOR_RANK, FACTOR_POWERS, 0, 1,
                                             LEAT_TEST_NORMAL};

static void factor(struct factor_job *job)
{
    struct leat_matrix a = leat_matrix_rows(job->a, job->m, job->n, job->n);
    struct leat_matrix t = leat_matrix_rows(job->memory[1], LEAT_QR_PANEL, job->n, job->n);
    struct leat_matrix u = leat_matrix_rows(job->memory[2], job->m, FACTOR_RANK, FACTOR_RANK);
    struct leat_matrix v = leat_matrix_rows(job->memory[3], job->n, FACTOR_RANK, FACTOR_RANK);
    void *room = job->memory[0];
    int status =
        job->kind == BENCH_QR         ? leat_qr(job->own, &a, &t, room, job->bytes, NULL)
        : job->kind == BENCH_CHOLESKY ? leat_cholesky(job->own, LEAT_LOWER, &a, room, job->bytes,
                                                        NULL)
                                        : leat_rsvd_dense(job->own, &a, &options, &u, job->sigma,
                                                          &v, NULL, room, job->bytes, NULL);
    if (status != LEAT_OK)
        abort();
}

static void *setup(const struct bench_load *load, const char **why)
{
    (void)why;
    struct factor_job *job = factor_setup(load, false, factor);
    const struct leat_linalg *k = leat_linalg_kernels(leat_isa_best(), LEAT_F64);
    job->own = k;
    job->bytes = job->kind == BENCH_QR         ? leat_qr_bytes(k, job->m, job->n)
                 : job->kind == BENCH_CHOLESKY ? leat_cholesky_bytes(k, job->n)
                                                 : leat_rsvd_bytes(k, job->m, job->n, &options);
    job->memory[0] = bench_memory(job->bytes);
    job->memory[1] = bench_memory((size_t)LEAT_QR_PANEL * job->n * sizeof(double));
    job->memory[2] = bench_memory((size_t)job->m * FACTOR_RANK * sizeof(double));
    job->memory[3] = bench_memory((size_t)job->n * FACTOR_RANK * sizeof(double));
    return job;
}

const struct bench_subject bench_factor_leat = {"leat", setup, factor_run, factor_error,
                                                factor_fini, NULL};
