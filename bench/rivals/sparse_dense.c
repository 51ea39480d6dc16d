/* The same product by all elements, and by what leat_sparse_pays says; how dear it is to count what
 * is not 0. */
#define _GNU_SOURCE
#include "sparse_job.h"

#include <leat/frame.h>
#include <leat/linalg.h>
#include <leat/stats.h>

#include <stdlib.h>

struct own {
    const struct leat_linalg *dense;
    const struct leat_sparse *sparse;
    const struct leat_stats *stats;
    void *matrix; /* [n x n], turned: columns of A side by side */
    void *workspace;
    size_t workspace_bytes;
};

static void by_elements(struct sparse_job *job)
{
    const struct own *own = job->own;
    struct leat_matrix turned = leat_matrix_rows(own->matrix, job->n, job->n, job->n);
    struct leat_matrix a = leat_matrix_transposed(&turned);
    struct leat_matrix x = leat_matrix_rows(job->x, job->n, job->cols, job->cols);
    struct leat_matrix y = leat_matrix_rows(job->y, job->n, job->cols, job->cols);
    if (leat_gemm(own->dense, 1, &a, &x, 0, &y, own->workspace, own->workspace_bytes, NULL))
        abort();
}

static void by_entries(struct sparse_job *job)
{
    const struct own *own = job->own;
    struct leat_matrix x = leat_matrix_rows(job->x, job->n, job->cols, job->cols);
    struct leat_matrix y = leat_matrix_rows(job->y, job->n, job->cols, job->cols);
    if (leat_csr_times(own->sparse, &job->a, false, &x, &y, NULL, 0, NULL))
        abort();
}

static void by_count(struct sparse_job *job)
{
    const struct own *own = job->own;
    struct leat_matrix a = leat_matrix_rows(own->matrix, job->n, job->n, job->n);
    if (leat_sparse_count(own->sparse, &a, &job->entries, NULL))
        abort();
}

/* Another read of all elements, as fast as one is here: their sum. */
static void by_reading(struct sparse_job *job)
{
    const struct own *own = job->own;
    double sum = 0;
    for (uint32_t i = 0; i < job->n; i++)
        sum += own->stats->sum((const char *)own->matrix +
                                   (size_t)i * job->n * leat_kind_bytes(job->kind), job->n);
    bench_escape(&sum);
    job->entries = job->a.entries;
}

static void drop(struct sparse_job *job)
{
    struct own *own = job->own;
    free(own->matrix);
    free(own->workspace);
    free(own);
}

static struct sparse_job *make(const struct bench_load *load,
                               void (*multiply)(struct sparse_job *job))
{
    struct sparse_job *job = sparse_setup(load, multiply);
    struct own *own = bench_memory(sizeof *own);
    size_t width = leat_kind_bytes(job->kind);
    own->dense = leat_linalg_kernels(leat_isa_best(), job->kind);
    own->sparse = leat_sparse_kernels(leat_isa_best(), job->kind);
    own->stats = leat_stats_kernels(leat_isa_best(), job->kind);
    own->workspace_bytes = leat_gemm_bytes(own->dense, job->n, job->cols, job->n);
    own->workspace = bench_memory(own->workspace_bytes);
    own->matrix = bench_memory((size_t)job->n * job->n * width);
    for (uint32_t i = 0; i < job->n; i++)
        for (uint64_t e = job->a.start[i]; e < job->a.start[i + 1]; e++)
            __builtin_memcpy((char *)own->matrix + ((size_t)job->a.col[e] * job->n + i) * width,
                             (const char *)job->a.value + e * width, width);
    job->own = own;
    job->drop = drop;
    return job;
}

static void *setup_auto(const struct bench_load *load, const char **why)
{
    (void)why;
    struct sparse_job *job = make(load, by_elements);
    if (leat_sparse_pays(job->kind, job->n, job->n, job->a.entries, job->cols))
        job->multiply = by_entries;
    return job;
}

static void *setup_dense(const struct bench_load *load, const char **why)
{
    (void)why;
    return make(load, by_elements);
}

static void *setup_entries(const struct bench_load *load, const char **why)
{
    (void)why;
    return make(load, by_entries);
}

static void *setup_count(const struct bench_load *load, const char **why)
{
    (void)why;
    return make(load, by_count);
}

static void *setup_read(const struct bench_load *load, const char **why)
{
    (void)why;
    return make(load, by_reading);
}

#define SUBJECT(id, name, setup)                                                                 \
    const struct bench_subject bench_##id = {name, setup, sparse_run, sparse_error, sparse_fini, \
                                             NULL}
SUBJECT(sparse_auto, "leat, as it chooses", setup_auto);
SUBJECT(sparse_by_elements, "leat, by all elements", setup_dense);
SUBJECT(sparse_by_entries, "leat, by entries", setup_entries);
SUBJECT(sparse_count, "leat, counting", setup_count);
SUBJECT(sparse_read, "a read: their sum", setup_read);
