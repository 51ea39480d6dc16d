/* The job of the filter rows: a row of f32, behind what it follows, convolved with taps. */
#ifndef LEAT_BENCH_FILTER_JOB_H
#define LEAT_BENCH_FILTER_JOB_H

#include "bench.h"

LEAT_BEGIN

struct filter_functions {
    /* Takes h[0, taps) over for rows of n samples. */
    void *(*make)(const float *h, uint32_t taps, uint32_t n);
    /* out[0, n); x stands behind taps - 1 samples. */
    void (*run)(void *self, float *out, const float *x);
    void (*fini)(void *self);
};

/* The fastest here of the filters that `of` makes for the lengths first, 2 first, … last. */
void *filter_fastest(const struct filter_functions *functions,
                     void *(*of)(const float *h, uint32_t taps, uint32_t n, uint32_t length),
                     const float *h, uint32_t taps, uint32_t n, uint32_t first, uint32_t last);

void *filter_setup(const struct bench_load *load, const struct filter_functions *functions);
uint64_t filter_run(void *self, uint32_t thread, uint64_t n);
/* The largest over the row, as a part of |h| |x|, against sums in __float128. */
double filter_error(void *self);
void filter_fini(void *self);

LEAT_END

#endif
