/* OpenBLAS with the kernels that it picks itself, one thread. It is opened when the bench runs:
 * its variables must be set before, and no other group should have its threads. */
#define _GNU_SOURCE
#include "gemm_job.h"

#include <leat/frame.h>

#include <dlfcn.h>
#include <stdlib.h>

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

static sgemm *multiply_f32;
static dgemm *multiply_f64;
static sgemv *multiply_column_f32;
static dgemv *multiply_column_f64;

static void multiply_column(const struct gemm_job *job)
{
    int n = (int)job->n, turned = job->turned ? TURNED : AS_IT_IS;
    if (job->kind == LEAT_F32)
        multiply_column_f32(ROW_MAJOR, turned, n, n, 1, job->a, n, job->b, 1, 0, job->c, 1);
    else
        multiply_column_f64(ROW_MAJOR, turned, n, n, 1, job->a, n, job->b, 1, 0, job->c, 1);
}

static void multiply(const struct gemm_job *job)
{
    int n = (int)job->n, cols = (int)job->cols, turned = job->turned ? TURNED : AS_IT_IS;
    size_t step = (size_t)job->n * job->cols;
    for (size_t t = 0; t < job->batch; t++)
        if (job->kind == LEAT_F32)
            multiply_f32(ROW_MAJOR, turned, AS_IT_IS, n, cols, n, 1, (float *)job->a + t * step, n,
                         (float *)job->b + t * step, cols, 0, (float *)job->c + t * step, cols);
        else
            multiply_f64(ROW_MAJOR, turned, AS_IT_IS, n, cols, n, 1, (double *)job->a + t * step, n,
                         (double *)job->b + t * step, cols, 0, (double *)job->c + t * step, cols);
}

static void *setup(const struct bench_load *load, const char **why)
{
    unsetenv("OPENBLAS_CORETYPE");
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library != NULL) {
        *(void **)&multiply_f32 = dlsym(library, "cblas_sgemm");
        *(void **)&multiply_f64 = dlsym(library, "cblas_dgemm");
        *(void **)&multiply_column_f32 = dlsym(library, "cblas_sgemv");
        *(void **)&multiply_column_f64 = dlsym(library, "cblas_dgemv");
    }
    if (multiply_f32 == NULL || multiply_f64 == NULL || multiply_column_f32 == NULL ||
        multiply_column_f64 == NULL) {
        *why = "install libopenblas-dev";
        return NULL;
    }
    return gemm_setup(load, load->columns == 1 ? multiply_column : multiply);
}

const struct bench_subject bench_gemm_openblas = {"OpenBLAS", setup, gemm_run, gemm_error,
                                                  gemm_fini, NULL};
