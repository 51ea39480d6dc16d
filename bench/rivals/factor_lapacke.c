/* The same by LAPACKE on the LAPACK and BLAS that OpenBLAS brings, one thread, columns side by side
 * as they want them. Opened when the bench runs, as for products. The randomised SVD is the one of
 * Leat, call by call. */
#define _GNU_SOURCE
#include "factor_job.h"
#include "opened.h"

#include <stdlib.h>
#include <string.h>

enum { BY_COLUMNS = 102, AS_IT_IS = 111, TURNED = 112 }; /* as CBLAS numbers them */

struct lapack {
    void (*gemm)(int order, int a_turned, int b_turned, int m, int n, int k, double alpha,
                 const double *a, int a_col, const double *b, int b_col, double beta, double *c,
                 int c_col);
    int (*geqrf)(int order, int m, int n, double *a, int a_col, double *tau, double *work,
                 int work_n);
    int (*orgqr)(int order, int m, int n, int k, double *a, int a_col, const double *tau,
                 double *work, int work_n);
    int (*potrf)(int order, char half, int n, double *a, int a_col);
    int (*gesvd)(int order, char u_job, char v_job, int m, int n, double *a, int a_col, double *s,
                 double *u, int u_col, double *v, int v_col, double *work, int work_n);
};

#define WORK_N 262144

static void times(const struct factor_job *job, bool transposed, const double *x, double *y)
{
    const int m = (int)job->m, n = (int)job->n, rows = transposed ? n : m;
    const struct lapack *lapack = job->own;
    lapack->gemm(BY_COLUMNS, transposed ? TURNED : AS_IT_IS, AS_IT_IS, rows, FACTOR_SAMPLE,
                 m + n - rows, 1, job->a, m, x, m + n - rows, 0, y, rows);
}

static void orthonormal(const struct factor_job *job, int rows, double *x)
{
    const struct lapack *lapack = job->own;
    double tau[FACTOR_SAMPLE], *work = job->memory[0];
    lapack->geqrf(BY_COLUMNS, rows, FACTOR_SAMPLE, x, rows, tau, work, WORK_N);
    lapack->orgqr(BY_COLUMNS, rows, FACTOR_SAMPLE, FACTOR_SAMPLE, x, rows, tau, work, WORK_N);
}

static void sample(struct factor_job *job)
{
    const int n = (int)job->n, m = (int)job->m, l = FACTOR_SAMPLE, k = FACTOR_RANK;
    const struct lapack *lapack = job->own;
    double *x = job->memory[1], *y = job->memory[2], turns[FACTOR_SAMPLE * FACTOR_SAMPLE];
    memcpy(x, job->memory[3], (size_t)n * FACTOR_SAMPLE * sizeof *x);
    times(job, false, x, y);
    orthonormal(job, m, y);
    for (int i = 0; i < FACTOR_POWERS; i++) {
        times(job, true, y, x);
        orthonormal(job, n, x);
        times(job, false, x, y);
        orthonormal(job, m, y);
    }
    times(job, true, y, x);
    lapack->gesvd(BY_COLUMNS, 'O', 'S', n, l, x, n, job->sigma, NULL, n, turns, l, job->memory[0],
                  WORK_N); /* x becomes V */
    double *u = (double *)job->memory[3] + (size_t)n * FACTOR_SAMPLE;
    lapack->gemm(BY_COLUMNS, AS_IT_IS, TURNED, m, k, l, 1, y, m, turns, l, 0, u, m);
}

static void factor(struct factor_job *job)
{
    const int n = (int)job->n;
    const struct lapack *lapack = job->own;
    int info = 0;
    if (job->kind == BENCH_QR)
        info = lapack->geqrf(BY_COLUMNS, n, n, job->a, n, job->memory[1], job->memory[0], WORK_N);
    else if (job->kind == BENCH_CHOLESKY)
        info = lapack->potrf(BY_COLUMNS, 'L', n, job->a, n);
    else
        sample(job);
    if (info != 0)
        abort();
}

static void *setup(const struct bench_load *load, const char **why)
{
    static struct lapack lapack;
    static const struct opened_name names[] = {{"cblas_dgemm", &lapack.gemm},
                                               {"LAPACKE_dgeqrf_work", &lapack.geqrf},
                                               {"LAPACKE_dorgqr_work", &lapack.orgqr},
                                               {"LAPACKE_dpotrf_work", &lapack.potrf},
                                               {"LAPACKE_dgesvd_work", &lapack.gesvd},
                                               {NULL, NULL}};
    unsetenv("OPENBLAS_CORETYPE");
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    *why = "install libopenblas-dev liblapacke-dev";
    if (!opened_all(opened("liblapacke.so.3"), names))
        return NULL;
    struct factor_job *job = factor_setup(load, true, factor);
    job->own = &lapack;
    size_t bytes = (size_t)job->m * FACTOR_SAMPLE * sizeof(double);
    job->memory[0] = bench_memory(WORK_N * sizeof(double));
    for (int i = 1; i < 4; i++)
        job->memory[i] = bench_memory(bytes);
    uint64_t x = 1; /* a sample whose numbers are not asked for, as good as any */
    for (uint32_t i = 0; i < job->n * FACTOR_SAMPLE; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        ((double *)job->memory[3])[i] = (double)(int64_t)x;
    }
    return job;
}

const struct bench_subject bench_factor_lapacke = {"LAPACKE, OpenBLAS", setup, factor_run,
                                                   factor_error, factor_fini, NULL};
