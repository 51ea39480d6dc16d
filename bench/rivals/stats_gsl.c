/* GSL's mean and variance, one after the other: both loops of long double. */
#define _GNU_SOURCE
#include "opened.h"
#include "stats_job.h"

static double (*mean_of)(const float *x, size_t step, size_t n);
static double (*variance_of)(const float *x, size_t step, size_t n, double mean);

static void moments(const float *x, size_t n, double *mean, double *variance)
{
    *mean = mean_of(x, 1, n);
    *variance = variance_of(x, 1, n, *mean);
}

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct stats_functions functions = {.moments = moments, .moments_wide = moments};
    static const struct opened_name names[] = {
        {"gsl_stats_float_mean", &mean_of},
        {"gsl_stats_float_variance_with_fixed_mean", &variance_of},
        {NULL, NULL},
    };
    *why = "install libgsl-dev";
    return opened_all(opened("libgsl.so.27"), names) ? stats_setup(load, &functions) : NULL;
}

const struct bench_subject bench_stats_gsl = {"GSL", setup, stats_run, stats_error, stats_fini,
                                              stats_ready};
