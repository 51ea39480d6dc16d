/* The usual way: Welford's loop, and the C library's functions one sample at a time. */
#define _GNU_SOURCE
#include "stats_job.h"

#include <math.h>
#include <string.h>

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

/* Running sums: what comes in is added, what goes out is taken away. */
static void rolling(float *out, const float *in, size_t n, bool begins)
{
    static double sum, square;
    static float past[BENCH_WINDOW];
    if (begins)
        sum = square = 0.0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)in[i], count = BENCH_WINDOW;
        sum += x;
        square += x * x;
        if (begins && i < BENCH_WINDOW) {
            count = (double)(i + 1);
        } else {
            double old = (double)(i < BENCH_WINDOW ? past[i] : in[i - BENCH_WINDOW]);
            sum -= old;
            square -= old * old;
        }
        double mean = sum / count;
        out[i] = (float)(square / count - mean * mean);
    }
    memcpy(past, in + n - BENCH_WINDOW, sizeof past);
}

static void ewma(float *out, const float *in, size_t n, bool begins)
{
    static double value;
    if (begins)
        value = (double)in[0];
    for (size_t i = 0; i < n; i++) {
        value += BENCH_ALPHA * ((double)in[i] - value);
        out[i] = (float)value;
    }
}

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct stats_functions functions = {
        .moments = welford, .zscore = zscore, .exp = exp_each, .log = log_each,
        .moments_wide = welford, .rolling = rolling, .ewma = ewma};
    (void)why;
    return stats_setup(load, &functions);
}

const struct bench_subject bench_stats_scalar = {"scalar loop", setup, stats_run, stats_error,
                                                 stats_fini, stats_ready};
