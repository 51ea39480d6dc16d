/* The job of the matrix rows: C = A B, A square, row after row, and what each subject does. */
#ifndef LEAT_BENCH_GEMM_JOB_H
#define LEAT_BENCH_GEMM_JOB_H

#include "bench.h"

LEAT_BEGIN

struct gemm_job {
    void (*multiply)(const struct gemm_job *job);
    uint32_t n, cols, kind; /* B and C [n x cols]; LEAT_F32 or LEAT_F64 */
    uint32_t batch;         /* so many of each, one behind the other */
    bool turned;            /* A is what lies transposed in a */
    void *a, *b, *c;
    const void *kernels;
    uint32_t levels; /* of Strassen's recursion */
    void *workspace;
    size_t workspace_bytes;
};

/* Matrices of samples x samples numbers in [-0.5, 0.5), B and C of as many columns and all as often
 * as the load says; f64 where its object has 8 bytes. */
struct gemm_job *gemm_setup(const struct bench_load *load,
                            void (*multiply)(const struct gemm_job *job));
uint64_t gemm_run(void *self, uint32_t thread, uint64_t n);
/* Of C, in the largest norm, over some of its elements, against sums in __float128. */
double gemm_error(void *self);
void gemm_fini(void *self);

extern const struct bench_subject bench_gemm_leat;

LEAT_END

#endif
