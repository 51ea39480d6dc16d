/* VOLK, with the kernels that it picks without a profile. What it has is a logarithm to base 2. */
#define _GNU_SOURCE
#include "stats_job.h"

#include <volk/volk.h>

static void moments(const float *x, size_t n, double *mean, double *variance)
{
    float deviation, m;
    volk_32f_stddev_and_mean_32f_x2(&deviation, &m, x, (unsigned)n);
    *mean = (double)m;
    *variance = (double)deviation * (double)deviation;
}

static void zscore(float *row, size_t n)
{
    float deviation, m;
    volk_32f_stddev_and_mean_32f_x2(&deviation, &m, row, (unsigned)n);
    volk_32f_s32f_add_32f(row, row, -m, (unsigned)n);
    volk_32f_s32f_multiply_32f(row, row, 1 / deviation, (unsigned)n);
}

static void exp_row(float *out, const float *in, size_t n)
{
    volk_32f_exp_32f(out, in, (unsigned)n);
}

static void log_row(float *out, const float *in, size_t n)
{
    volk_32f_log2_32f(out, in, (unsigned)n);
    volk_32f_s32f_multiply_32f(out, out, 0x1.62e43p-1f, (unsigned)n);
}

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct stats_functions functions = {.moments = moments, .zscore = zscore,
                                                     .exp = exp_row, .log = log_row};
    (void)why;
    return stats_setup(load, &functions);
}

const struct bench_subject bench_stats_volk = {"VOLK", setup, stats_run, stats_error, stats_fini,
                                               stats_ready};
