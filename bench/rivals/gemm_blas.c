/* Libraries behind CBLAS, one thread: OpenBLAS with the kernels that it picks itself, with those of
 * SkylakeX where it picks others, and BLIS with its widest. They are opened when the bench runs:
 * their variables must be set before, they have functions of the same names, and no other group
 * should have their threads. */
#define _GNU_SOURCE
#include "gemm_job.h"
#include "opened.h"

#include <leat/frame.h>
#include <leat/simd.h>

#include <stdlib.h>
#include <string.h>

enum { ROW_MAJOR = 101, AS_IT_IS = 111, TURNED = 112 }; /* as CBLAS numbers them */

typedef void sgemm(int order, int a_turned, int b_turned, int m, int n, int k, float alpha,
                   const float *a, int a_row, const float *b, int b_row, float beta, float *c,
                   int c_row);
typedef void dgemm(int order, int a_turned, int b_turned, int m, int n, int k, double alpha,
                   const double *a, int a_row, const double *b, int b_row, double beta, double *c,
                   int c_row);

typedef void sgemv(int order, int turned, int m, int n, float alpha, const float *a, int a_row,
                   const float *x, int x_step, float beta, float *y, int y_step);
typedef void dgemv(int order, int turned, int m, int n, double alpha, const double *a, int a_row,
                   const double *x, int x_step, double beta, double *y, int y_step);

struct blas {
    void *library;
    sgemm *sgemm;
    dgemm *dgemm;
    sgemv *sgemv;
    dgemv *dgemv;
};

static void multiply_column(const struct gemm_job *job)
{
    const struct blas *blas = job->kernels;
    int n = (int)job->n, turned = job->turned ? TURNED : AS_IT_IS;
    if (job->kind == LEAT_F32)
        blas->sgemv(ROW_MAJOR, turned, n, n, 1, job->a, n, job->b, 1, 0, job->c, 1);
    else
        blas->dgemv(ROW_MAJOR, turned, n, n, 1, job->a, n, job->b, 1, 0, job->c, 1);
}

static void multiply(const struct gemm_job *job)
{
    const struct blas *blas = job->kernels;
    int n = (int)job->n, cols = (int)job->cols, turned = job->turned ? TURNED : AS_IT_IS;
    size_t step = (size_t)job->n * job->cols;
    for (size_t t = 0; t < job->batch; t++)
        if (job->kind == LEAT_F32)
            blas->sgemm(ROW_MAJOR, turned, AS_IT_IS, n, cols, n, 1, (float *)job->a + t * step, n,
                        (float *)job->b + t * step, cols, 0, (float *)job->c + t * step, cols);
        else
            blas->dgemm(ROW_MAJOR, turned, AS_IT_IS, n, cols, n, 1, (double *)job->a + t * step, n,
                        (double *)job->b + t * step, cols, 0, (double *)job->c + t * step, cols);
}

/* Once for each library: what is opened stays. */
static bool found(struct blas *blas, void *library)
{
    const struct opened_name names[] = {{"cblas_sgemm", &blas->sgemm},
                                        {"cblas_dgemm", &blas->dgemm},
                                        {"cblas_sgemv", &blas->sgemv},
                                        {"cblas_dgemv", &blas->dgemv},
                                        {NULL, NULL}};
    blas->library = library;
    return opened_all(library, names);
}

static void *setup(const struct bench_load *load, struct blas *blas)
{
    struct gemm_job *job = gemm_setup(load, load->columns == 1 ? multiply_column : multiply);
    job->kernels = blas;
    return job;
}

static struct blas openblas, skylakex, blis;

static void *setup_openblas(const struct bench_load *load, const char **why)
{
    unsetenv("OPENBLAS_CORETYPE");
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    *why = "install libopenblas-dev";
    if (openblas.library == NULL && !found(&openblas, opened("libopenblas.so.0")))
        return NULL;
    return setup(load, &openblas);
}

/* A second copy, in a namespace of its own: the variable is read once, when a copy is opened. */
static void *setup_skylakex(const struct bench_load *load, const char **why)
{
    if (openblas.library == NULL) {
        *why = "install libopenblas-dev";
        return NULL;
    }
    char *(*picked)(void);
    *(void **)&picked = dlsym(openblas.library, "openblas_get_corename");
    if (picked != NULL && strcmp(picked(), "SkylakeX") == 0) {
        *why = "these are the kernels that OpenBLAS picked above";
        return NULL;
    }
    *why = "no second copy of it";
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 1);
    if (skylakex.library == NULL &&
        !found(&skylakex, dlmopen(LM_ID_NEWLM, "libopenblas.so.0", RTLD_NOW | RTLD_LOCAL)))
        return NULL;
    return setup(load, &skylakex);
}

/* It knows processors by name, and takes Haswell's kernels on those that are newer than it. */
static void *setup_blis(const struct bench_load *load, const char **why)
{
    setenv("BLIS_NUM_THREADS", "1", 1);
    if (leat_isa_best() == LEAT_ISA_V4)
        setenv("BLIS_ARCH_TYPE", "skx", 1);
    *why = "install libblis-dev";
    if (blis.library == NULL && !found(&blis, opened("libblis.so.4")))
        return NULL;
    return setup(load, &blis);
}

#define SUBJECT(id, name)                                                                        \
    const struct bench_subject bench_gemm_##id = {name, setup_##id, gemm_run, gemm_error,        \
                                                  gemm_fini, NULL};
SUBJECT(openblas, "OpenBLAS")
SUBJECT(skylakex, "OpenBLAS, SkylakeX")
SUBJECT(blis, "BLIS")
