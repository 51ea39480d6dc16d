/* The job of the stats rows: f32 rows, four of them in turn, so that no result can be kept.
 *
 * Subjects give a table of functions, called once for a row of samples; the loops and the check are
 * stats_job.c's. */
#ifndef LEAT_BENCH_STATS_JOB_H
#define LEAT_BENCH_STATS_JOB_H

#include "bench.h"

LEAT_BEGIN

struct stats_functions {
    void (*moments)(const float *x, size_t n, double *mean, double *variance); /* population */
    void (*zscore)(float *row, size_t n);
    void (*exp)(float *out, const float *in, size_t n);
    void (*log)(float *out, const float *in, size_t n);
    void (*moments_wide)(const float *x, size_t n, double *mean, double *variance);
    /* Of a stream, row after row, that begins where it says so: variance of the last BENCH_WINDOW,
     * mean with a weight of BENCH_ALPHA for the newest. */
    void (*rolling)(float *out, const float *in, size_t n, bool begins);
    void (*ewma)(float *out, const float *in, size_t n, bool begins);
};

#define BENCH_WINDOW 64
#define BENCH_ALPHA 0.125

void *stats_setup(const struct bench_load *load, const struct stats_functions *functions);
/* Rows for a while, untimed: registers of 512 bits wake slowly, and not for who comes first. */
void stats_ready(void *self, uint64_t n);
uint64_t stats_run(void *self, uint32_t thread, uint64_t n);
/* The larger of the relative errors of mean and variance, over the four rows, against sums in
 * __float128; of rolling variances, weighted means, exp and log the largest, likewise. */
double stats_error(void *self);
void stats_fini(void *self);

LEAT_END

#endif
