/* Leat's sparse products by the widest table that runs: a vector by slices, what else by rows. */
#define _GNU_SOURCE
#include "sparse_job.h"

#include <leat/frame.h>

#include <stdlib.h>

struct own {
    const struct leat_sparse *kernels;
    struct leat_sliced sliced;
    struct leat_csr c;
    void *sliced_memory, *c_memory, *workspace;
    size_t c_bytes, workspace_bytes;
    bool by_rows;
};

static void times_dense(struct sparse_job *job, const struct own *own)
{
    struct leat_matrix x = leat_matrix_rows(job->x, job->n, job->cols, job->cols);
    struct leat_matrix y = leat_matrix_rows(job->y, job->n, job->cols, job->cols);
    int code = job->cols == 1 && !own->by_rows
                   ? leat_sliced_times(own->kernels, &own->sliced, &x, &y, NULL)
                   : leat_csr_times(own->kernels, &job->a, false, &x, &y, NULL, 0, NULL);
    if (code != 0)
        abort();
}

/* Both phases, anew each time. */
static void times_sparse(struct sparse_job *job, struct own *own)
{
    struct leat_csr *c = &own->c;
    if (leat_csr_product_start(own->kernels, &job->a, &job->b, c->start, own->workspace,
                               own->workspace_bytes, NULL))
        abort();
    c->entries = c->start[c->rows];
    if (leat_csr_product(own->kernels, c, &job->a, &job->b, own->workspace, own->workspace_bytes,
                         NULL))
        abort();
    job->entries = c->entries;
}

static void multiply(struct sparse_job *job)
{
    if (job->cols == 0)
        times_sparse(job, job->own);
    else
        times_dense(job, job->own);
}

static void drop(struct sparse_job *job)
{
    struct own *own = job->own;
    free(own->sliced_memory);
    free(own->c_memory);
    free(own->workspace);
    free(own);
}

static struct sparse_job *make(const struct bench_load *load)
{
    struct sparse_job *job = sparse_setup(load, multiply);
    struct own *own = bench_memory(sizeof *own);
    size_t bytes = leat_sliced_bytes(&job->a);
    job->own = own;
    job->drop = drop;
    own->kernels = leat_sparse_kernels(leat_isa_best(), job->kind);
    own->sliced_memory = bench_memory(bytes);
    if (leat_sliced_make(&own->sliced, &job->a, own->sliced_memory, bytes, NULL))
        abort();
    uint64_t most = job->cols == 0 ? (uint64_t)job->n * job->n : 0;
    own->c_bytes = leat_csr_bytes(job->kind, job->n, job->n, most);
    own->c_memory = bench_memory(own->c_bytes);
    if (leat_csr_lay(&own->c, job->kind, job->n, job->n, most, own->c_memory, own->c_bytes, NULL))
        abort();
    own->workspace_bytes = leat_csr_product_bytes(&job->a, &job->b);
    own->workspace = bench_memory(own->workspace_bytes);
    return job;
}

static void *setup(const struct bench_load *load, const char **why)
{
    (void)why;
    return make(load);
}

static void *setup_rows(const struct bench_load *load, const char **why)
{
    (void)why;
    struct sparse_job *job = make(load);
    ((struct own *)job->own)->by_rows = true;
    return job;
}

const struct bench_subject bench_sparse_leat = {"leat", setup, sparse_run, sparse_error,
                                                sparse_fini, NULL};
const struct bench_subject bench_sparse_leat_rows = {"leat, by rows", setup_rows, sparse_run,
                                                     sparse_error, sparse_fini, NULL};
