/* librsb, one thread, its recursive form with the blocks that it picks itself. */
#define _GNU_SOURCE
#include "sparse_job.h"

#include <leat/frame.h>

#include <rsb.h>
#include <stdlib.h>

struct own {
    struct rsb_mtx_t *a, *b;
};

static void must(rsb_err_t code)
{
    if (code != RSB_ERR_NO_ERROR)
        abort();
}

static void multiply(struct sparse_job *job)
{
    static const float one_f32 = 1, none_f32 = 0;
    static const double one_f64 = 1, none_f64 = 0;
    const struct own *own = job->own;
    const void *one = job->kind == LEAT_F32 ? (const void *)&one_f32 : &one_f64;
    const void *none = job->kind == LEAT_F32 ? (const void *)&none_f32 : &none_f64;
    rsb_coo_idx_t cols = (rsb_coo_idx_t)job->cols;
    if (job->cols == 1) {
        must(rsb_spmv(RSB_TRANSPOSITION_N, one, own->a, job->x, 1, none, job->y, 1));
    } else {
        must(rsb_spmm(RSB_TRANSPOSITION_N, one, own->a, cols, RSB_FLAG_WANT_ROW_MAJOR_ORDER, job->x,
                      cols, none, job->y, cols));
    }
}

static void drop(struct sparse_job *job)
{
    struct own *own = job->own;
    rsb_mtx_free(own->a);
    free(own);
}

static struct rsb_mtx_t *copy(const struct leat_csr *m)
{
    rsb_err_t code;
    rsb_coo_idx_t *row = bench_memory((m->entries + 1) * sizeof *row);
    for (uint32_t i = 0; i < m->rows; i++)
        for (uint64_t e = m->start[i]; e < m->start[i + 1]; e++)
            row[e] = (rsb_coo_idx_t)i;
    rsb_type_t type = m->kind == LEAT_F32 ? RSB_NUMERICAL_TYPE_FLOAT : RSB_NUMERICAL_TYPE_DOUBLE;
    struct rsb_mtx_t *to = rsb_mtx_alloc_from_coo_const(
        m->value, row, (rsb_coo_idx_t *)(void *)m->col, (rsb_nnz_idx_t)m->entries, type,
        (rsb_coo_idx_t)m->rows, (rsb_coo_idx_t)m->cols, 0, 0, RSB_FLAG_DEFAULT_RSB_MATRIX_FLAGS,
        &code);
    free(row);
    must(code);
    return to;
}

static void *setup(const struct bench_load *load, const char **why)
{
    static bool begun;
    setenv("RSB_NUM_THREADS", "1", 1);
    setenv("OMP_NUM_THREADS", "1", 1);
    if (load->other == BENCH_LIKE) {
        *why = "its sums of products are not in the row";
        return NULL;
    }
    if (!begun && rsb_lib_init(RSB_NULL_INIT_OPTIONS) != RSB_ERR_NO_ERROR) {
        *why = "it does not start";
        return NULL;
    }
    begun = true;
    struct sparse_job *job = sparse_setup(load, multiply);
    struct own *own = bench_memory(sizeof *own);
    own->a = copy(&job->a);
    job->own = own;
    job->drop = drop;
    return job;
}

const struct bench_subject bench_sparse_rsb = {"librsb", setup, sparse_run, sparse_error,
                                               sparse_fini, NULL};
