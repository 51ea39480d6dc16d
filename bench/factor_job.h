/* The job of the factor rows: the leading singular values of a tall matrix by a random sample, the
 * QR or the Cholesky factor of a square one; and what each subject does of it. */
#ifndef LEAT_BENCH_FACTOR_JOB_H
#define LEAT_BENCH_FACTOR_JOB_H

#include "bench.h"

LEAT_BEGIN

enum { FACTOR_RANK = 10, FACTOR_SAMPLE = 20, FACTOR_POWERS = 2 };

struct factor_job {
    void (*factor)(struct factor_job *job); /* of a, which it may overwrite */
    enum bench_factor kind;
    uint32_t m, n;
    bool by_columns;   /* elements of a column lie side by side, else those of a row */
    double *given, *a; /* [m x n]; a is copied from it before each factoring that overwrites it */
    double *sigma;     /* [FACTOR_SAMPLE] */
    const void *own;
    void *memory[4];   /* freed at the end */
    size_t bytes;      /* of memory[0] */
};

/* [2 samples x samples] for singular values, else [samples x samples]; f64. */
struct factor_job *factor_setup(const struct bench_load *load, bool by_columns,
                                void (*factor)(struct factor_job *job));
uint64_t factor_run(void *self, uint32_t thread, uint64_t n);
/* Singular values: the part of A, by its norm, that they leave out. QR, Cholesky: how far norms of
 * columns of R, or rows of L, are from what A says, relative. */
double factor_error(void *self);
void factor_fini(void *self);

LEAT_END

#endif
