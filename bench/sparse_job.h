/* The job of the sparse rows: a random sparse matrix times a vector, a dense matrix of 64 columns,
 * or another like it, and what each subject does of it. */
#ifndef LEAT_BENCH_SPARSE_JOB_H
#define LEAT_BENCH_SPARSE_JOB_H

#include "bench.h"

#include <leat/sparse.h>

LEAT_BEGIN

struct sparse_job {
    void (*multiply)(struct sparse_job *job);
    uint32_t n, kind, cols;  /* LEAT_F32 or LEAT_F64; columns of X and Y, 0: C = A B */
    struct leat_csr a, b;    /* [n x n] */
    void *x, *y;             /* [n x cols], rows */
    uint64_t entries;        /* of C */
    void *own;               /* the subject's */
    void (*fetch)(struct sparse_job *job); /* puts Y where it belongs; NULL: there it is */
    void (*drop)(struct sparse_job *job);
    void *memory[2];
};

/* Matrices of samples x samples whose elements are there at random, `filled` in a million; f64
 * where the load's object has 8 bytes. */
struct sparse_job *sparse_setup(const struct bench_load *load,
                                void (*multiply)(struct sparse_job *job));
uint64_t sparse_run(void *self, uint32_t thread, uint64_t n);
/* Of some elements of Y, in the largest norm, against sums in __float128. C: 0. */
double sparse_error(void *self);
void sparse_fini(void *self);

LEAT_END

#endif
