/* The usual way: Welford's loop, and the C library's functions one sample at a time. */
#define _GNU_SOURCE
#include "stats_job.h"

#include <math.h>

static void welford(const float *x, size_t n, double *mean, double *variance)
{
    double m = 0.0, m2 = 0.0;
    for (size_t i = 0; i < n; i++) {
        double delta = (double)x[i] - m;
        m += delta / (double)(i + 1);
        m2 += delta * ((double)x[i] - m);
    }
    *mean = m;
    *variance = m2 / (double)n;
}

static void zscore(float *row, size_t n)
{
    double mean, variance;
    welford(row, n, &mean, &variance);
    double deviation = sqrt(variance);
    for (size_t i = 0; i < n; i++)
        row[i] = (float)(((double)row[i] - mean) / deviation);
}

static void exp_each(float *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = expf(in[i]);
}

static void log_each(float *out, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = logf(in[i]);
}

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct stats_functions functions = {welford, zscore, exp_each, log_each};
    (void)why;
    return stats_setup(load, &functions);
}

const struct bench_subject bench_stats_scalar = {"scalar loop", setup, stats_run, stats_error,
                                                 stats_fini, stats_ready};
