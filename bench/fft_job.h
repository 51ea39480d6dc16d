/* The job of the fft rows: one transform of one row after the other.
 *
 * Subjects hold their own rows, in the layout that they like; the loop and the check are
 * fft_job.c's.
 */
#ifndef LEAT_BENCH_FFT_JOB_H
#define LEAT_BENCH_FFT_JOB_H

#include "bench.h"

LEAT_BEGIN

struct fft_functions {
    /* Plans a forward transform of n samples and takes them over; im is NULL for real ones.
     * They are f32, whatever the transform is of. */
    void *(*plan)(uint32_t n, const float *re, const float *im);
    void (*transform)(void *plan);
    void (*bin)(const void *plan, uint32_t k, double *re, double *im);
    void (*fini)(void *plan);
};

void *fft_setup(const struct bench_load *load, const struct fft_functions *functions);
uint64_t fft_run(void *self, uint32_t thread, uint64_t n);
/* Relative, in the L2 norm, over some of the bins, against sums in __float128. */
double fft_error(void *self);
void fft_fini(void *self);

LEAT_END

#endif
