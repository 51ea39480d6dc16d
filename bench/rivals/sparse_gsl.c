/* GSL: f64, rows compressed, by a vector. Its products with dense matrices do not exist, those with
 * sparse ones leave columns unsorted. */
#define _GNU_SOURCE
#include "opened.h"
#include "sparse_job.h"

#include <gsl/gsl_spblas.h>
#include <stdlib.h>

static struct {
    __typeof__(gsl_spmatrix_alloc_nzmax) *alloc;
    __typeof__(gsl_spmatrix_set) *set;
    __typeof__(gsl_spmatrix_compress) *compress;
    __typeof__(gsl_spmatrix_free) *free;
    __typeof__(gsl_vector_view_array) *view;
    __typeof__(gsl_spblas_dgemv) *dgemv;
} gsl;

static void multiply(struct sparse_job *job)
{
    gsl_vector_view x = gsl.view(job->x, job->n), y = gsl.view(job->y, job->n);
    gsl.dgemv(CblasNoTrans, 1, job->own, &x.vector, 0, &y.vector);
}

static void drop(struct sparse_job *job) { gsl.free(job->own); }

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct opened_name names[] = {{"gsl_spmatrix_alloc_nzmax", &gsl.alloc},
                                               {"gsl_spmatrix_set", &gsl.set},
                                               {"gsl_spmatrix_compress", &gsl.compress},
                                               {"gsl_spmatrix_free", &gsl.free},
                                               {"gsl_vector_view_array", &gsl.view},
                                               {"gsl_spblas_dgemv", &gsl.dgemv},
                                               {NULL, NULL}};
    *why = "install libgsl-dev";
    if (!opened_all(opened("libgsl.so.27"), names))
        return NULL;
    struct sparse_job *job = sparse_setup(load, multiply);
    gsl_spmatrix *m = gsl.alloc(job->n, job->n, job->a.entries, GSL_SPMATRIX_COO);
    if (m == NULL)
        abort();
    for (uint32_t i = 0; i < job->n; i++)
        for (uint64_t e = job->a.start[i]; e < job->a.start[i + 1]; e++)
            gsl.set(m, i, job->a.col[e], ((const double *)job->a.value)[e]);
    job->own = gsl.compress(m, GSL_SPMATRIX_CSR);
    gsl.free(m);
    if (job->own == NULL)
        abort();
    job->drop = drop;
    return job;
}

const struct bench_subject bench_sparse_gsl = {"GSL", setup, sparse_run, sparse_error,
                                               sparse_fini, NULL};
