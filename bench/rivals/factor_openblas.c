/* The same by OpenBLAS and its LAPACK, one thread, columns side by side as they want them. Opened
 * when the bench runs, as for products. The randomised SVD is the one of Leat, call by call. */
#define _GNU_SOURCE
#include "factor_job.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef void gemm(const char *a_turned, const char *b_turned, const int *m, const int *n,
                  const int *k, const double *alpha, const double *a, const int *a_col,
                  const double *b, const int *b_col, const double *beta, double *c,
                  const int *c_col);
typedef void geqrf(const int *m, const int *n, double *a, const int *a_col, double *tau,
                   double *work, const int *work_n, int *info);
typedef void orgqr(const int *m, const int *n, const int *k, double *a, const int *a_col,
                   const double *tau, double *work, const int *work_n, int *info);
typedef void potrf(const char *half, const int *n, double *a, const int *a_col, int *info);
typedef void gesvd(const char *u_job, const char *v_job, const int *m, const int *n, double *a,
                   const int *a_col, double *s, double *u, const int *u_col, double *v,
                   const int *v_col, double *work, const int *work_n, int *info);

static struct {
    gemm *gemm;
    geqrf *geqrf;
    orgqr *orgqr;
    potrf *potrf;
    gesvd *gesvd;
} blas;

#define WORK_N 262144

static void times(const struct factor_job *job, bool transposed, const double *x, double *y)
{
    const int m = (int)job->m, n = (int)job->n, l = FACTOR_SAMPLE;
    const double one = 1, zero = 0;
    blas.gemm(transposed ? "T" : "N", "N", transposed ? &n : &m, &l, transposed ? &m : &n, &one,
              job->a, &m, x, transposed ? &m : &n, &zero, y, transposed ? &n : &m);
}

static void orthonormal(const struct factor_job *job, int rows, double *x)
{
    int l = FACTOR_SAMPLE, work_n = WORK_N, info;
    double tau[FACTOR_SAMPLE];
    blas.geqrf(&rows, &l, x, &rows, tau, job->memory[0], &work_n, &info);
    blas.orgqr(&rows, &l, &l, x, &rows, tau, job->memory[0], &work_n, &info);
}

static void sample(struct factor_job *job)
{
    const int n = (int)job->n, m = (int)job->m, l = FACTOR_SAMPLE, k = FACTOR_RANK;
    int work_n = WORK_N, info;
    double *x = job->memory[1], *y = job->memory[2], turns[FACTOR_SAMPLE * FACTOR_SAMPLE];
    const double one = 1, zero = 0;
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
    blas.gesvd("O", "S", &n, &l, x, &n, job->sigma, NULL, &n, turns, &l, job->memory[0], &work_n,
               &info); /* x becomes V */
    double *u = (double *)job->memory[3] + (size_t)n * FACTOR_SAMPLE;
    blas.gemm("N", "T", &m, &k, &l, &one, y, &m, turns, &l, &zero, u, &m);
}

static void factor(struct factor_job *job)
{
    const int n = (int)job->n;
    int work_n = WORK_N, info = 0;
    if (job->kind == BENCH_QR)
        blas.geqrf(&n, &n, job->a, &n, job->memory[1], job->memory[0], &work_n, &info);
    else if (job->kind == BENCH_CHOLESKY)
        blas.potrf("L", &n, job->a, &n, &info);
    else
        sample(job);
    if (info != 0)
        abort();
}

static void *setup(const struct bench_load *load, const char **why)
{
    unsetenv("OPENBLAS_CORETYPE");
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_GLOBAL);
    void *lapack = dlopen("liblapack.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL || lapack == NULL) {
        *why = "install libopenblas-dev";
        return NULL;
    }
    *(void **)&blas.gemm = dlsym(library, "dgemm_");
    *(void **)&blas.geqrf = dlsym(lapack, "dgeqrf_");
    *(void **)&blas.orgqr = dlsym(lapack, "dorgqr_");
    *(void **)&blas.potrf = dlsym(lapack, "dpotrf_");
    *(void **)&blas.gesvd = dlsym(lapack, "dgesvd_");
    if (!blas.gemm || !blas.geqrf || !blas.orgqr || !blas.potrf || !blas.gesvd) {
        *why = "this OpenBLAS has no LAPACK";
        return NULL;
    }
    struct factor_job *job = factor_setup(load, true, factor);
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

const struct bench_subject bench_factor_openblas = {"OpenBLAS", setup, factor_run, factor_error,
                                                    factor_fini, NULL};
