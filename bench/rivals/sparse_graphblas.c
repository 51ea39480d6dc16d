/* SuiteSparse:GraphBLAS, one thread. Vectors and dense matrices are full ones of its own; C is made
 * anew, finished and sorted each time. */
#define _GNU_SOURCE
#include "sparse_job.h"

#include <leat/frame.h>

#include <GraphBLAS.h>
#include <stdlib.h>

struct own {
    GrB_Matrix a, b, x, y;
    GrB_Vector u, v;
    GrB_Type type;
    GrB_Semiring semiring;
};

static void must(GrB_Info info)
{
    if (info != GrB_SUCCESS)
        abort();
}

static void multiply(struct sparse_job *job)
{
    struct own *own = job->own;
    if (job->cols == 0) {
        GrB_Matrix c;
        GrB_Index entries;
        must(GrB_Matrix_new(&c, own->type, job->n, job->n));
        must(GrB_mxm(c, NULL, NULL, own->semiring, own->a, own->b, NULL));
        must(GrB_Matrix_wait(c, GrB_MATERIALIZE));
        must(GrB_Matrix_nvals(&entries, c));
        job->entries = entries;
        GrB_Matrix_free(&c);
    } else if (job->cols == 1) {
        must(GrB_mxv(own->v, NULL, NULL, own->semiring, own->a, own->u, NULL));
        must(GrB_Vector_wait(own->v, GrB_MATERIALIZE));
    } else {
        must(GrB_mxm(own->y, NULL, NULL, own->semiring, own->a, own->x, NULL));
        must(GrB_Matrix_wait(own->y, GrB_MATERIALIZE));
    }
}

static void set(struct sparse_job *job, size_t at, double value)
{
    if (job->kind == LEAT_F32)
        ((float *)job->y)[at] = (float)value;
    else
        ((double *)job->y)[at] = value;
}

static double get(const struct sparse_job *job, const void *values, size_t at)
{
    return job->kind == LEAT_F32 ? (double)((const float *)values)[at]
                                 : ((const double *)values)[at];
}

/* Element by element: it is not timed. Those that are not stored are 0. */
static void fetch(struct sparse_job *job)
{
    const struct own *own = job->own;
    for (GrB_Index i = 0; i < job->n; i++)
        for (GrB_Index j = 0; j < job->cols; j++) {
            double value = 0;
            if (job->cols == 1)
                (void)GrB_Vector_extractElement_FP64(&value, own->v, i);
            else
                (void)GrB_Matrix_extractElement_FP64(&value, own->y, i, j);
            set(job, i * job->cols + j, value);
        }
}

static void drop(struct sparse_job *job)
{
    struct own *own = job->own;
    GrB_Matrix_free(&own->a);
    GrB_Matrix_free(&own->b);
    GrB_Matrix_free(&own->x);
    GrB_Matrix_free(&own->y);
    GrB_Vector_free(&own->u);
    GrB_Vector_free(&own->v);
    free(own);
}

static GrB_Matrix copy(const struct sparse_job *job, GrB_Type type, const struct leat_csr *m)
{
    GrB_Matrix to;
    must(GrB_Matrix_new(&to, type, m->rows, m->cols));
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint64_t e = m->start[i]; e < m->start[i + 1]; e++)
            must(GrB_Matrix_setElement_FP64(to, get(job, m->value, e), i, m->col[e]));
    must(GrB_Matrix_wait(to, GrB_MATERIALIZE));
    return to;
}

static void copy_dense(const struct sparse_job *job, struct own *own)
{
    for (GrB_Index i = 0; i < job->n; i++)
        for (GrB_Index j = 0; j < job->cols; j++) {
            double value = get(job, job->x, i * job->cols + j);
            must(job->cols == 1 ? GrB_Vector_setElement_FP64(own->u, value, i)
                                : GrB_Matrix_setElement_FP64(own->x, value, i, j));
        }
    must(GrB_Vector_wait(own->u, GrB_MATERIALIZE));
    must(GrB_Matrix_wait(own->x, GrB_MATERIALIZE));
}

static void *setup(const struct bench_load *load, const char **why)
{
    static bool begun;
    if (!begun && GrB_init(GrB_NONBLOCKING) != GrB_SUCCESS) {
        *why = "it does not start";
        return NULL;
    }
    begun = true;
    must(GxB_Global_Option_set(GxB_GLOBAL_NTHREADS, 1));
    struct sparse_job *job = sparse_setup(load, multiply);
    struct own *own = bench_memory(sizeof *own);
    bool narrow = job->kind == LEAT_F32;
    own->type = narrow ? GrB_FP32 : GrB_FP64;
    own->semiring = narrow ? GrB_PLUS_TIMES_SEMIRING_FP32 : GrB_PLUS_TIMES_SEMIRING_FP64;
    own->a = copy(job, own->type, &job->a);
    own->b = copy(job, own->type, &job->b);
    GrB_Index cols = job->cols == 0 ? 1 : job->cols;
    must(GrB_Matrix_new(&own->x, own->type, job->n, cols));
    must(GrB_Matrix_new(&own->y, own->type, job->n, cols));
    must(GrB_Vector_new(&own->u, own->type, job->n));
    must(GrB_Vector_new(&own->v, own->type, job->n));
    copy_dense(job, own);
    job->own = own;
    job->fetch = fetch;
    job->drop = drop;
    return job;
}

const struct bench_subject bench_sparse_graphblas = {"GraphBLAS", setup, sparse_run, sparse_error,
                                                     sparse_fini, NULL};
