/* Leat's kernels: the widest table that runs here, and each by itself. */
#define _GNU_SOURCE
#include "stats_job.h"

#include <leat/stats.h>

#include <stdlib.h>
#include <string.h>

/* The bench's functions have no room for a table: one set of them for each. */
static const struct leat_stats *table(enum leat_isa isa)
{
    return leat_isa_usable(isa) ? leat_stats_kernels(isa, LEAT_F32) : NULL;
}

static void moments(const struct leat_stats *k, const float *x, size_t n, double *mean,
                    double *variance)
{
    struct leat_moments m;
    k->moments(x, n, &m);
    *mean = m.mean;
    *variance = leat_moments_variance(&m, 0);
}

static void wide(const struct leat_stats *k, const float *x, size_t n, double *mean,
                 double *variance)
{
    struct leat_moments m;
    k->moments_wide(x, n, &m);
    *mean = m.mean;
    *variance = leat_moments_variance(&m, 0);
}

/* In place, so the samples are copied first. */
static void rolling(const struct leat_stats *k, float *out, const float *in, size_t n, bool begins)
{
    static _Alignas(64) char state[sizeof(struct leat_rolling) + BENCH_WINDOW * 48];
    struct leat_rolling *rolling = (struct leat_rolling *)(void *)state;
    if (leat_rolling_bytes(BENCH_WINDOW) > sizeof state ||
        (begins && leat_rolling_init(rolling, BENCH_WINDOW, LEAT_OUT_VARIANCE, 0)))
        abort();
    memcpy(out, in, n * sizeof *out);
    k->rolling(out, n, rolling);
}

static void ewma(const struct leat_stats *k, float *out, const float *in, size_t n, bool begins)
{
    static struct leat_ewma state;
    if (begins && leat_ewma_init(&state, BENCH_ALPHA))
        abort();
    memcpy(out, in, n * sizeof *out);
    k->ewma(out, n, &state);
}

static const struct leat_stats *base, *v3, *v4;

static void moments_base(const float *x, size_t n, double *mean, double *variance)
{
    moments(base, x, n, mean, variance);
}
static void zscore_base(float *row, size_t n) { base->zscore(row, n); }
static void exp_base(float *out, const float *in, size_t n) { base->exp(out, in, n); }
static void log_base(float *out, const float *in, size_t n) { base->log(out, in, n); }
static void wide_base(const float *x, size_t n, double *mean, double *variance)
{
    wide(base, x, n, mean, variance);
}
static void rolling_base(float *out, const float *in, size_t n, bool begins)
{
    rolling(base, out, in, n, begins);
}
static void ewma_base(float *out, const float *in, size_t n, bool begins)
{
    ewma(base, out, in, n, begins);
}

static void moments_v3(const float *x, size_t n, double *mean, double *variance)
{
    moments(v3, x, n, mean, variance);
}
static void zscore_v3(float *row, size_t n) { v3->zscore(row, n); }
static void exp_v3(float *out, const float *in, size_t n) { v3->exp(out, in, n); }
static void log_v3(float *out, const float *in, size_t n) { v3->log(out, in, n); }
static void wide_v3(const float *x, size_t n, double *mean, double *variance)
{
    wide(v3, x, n, mean, variance);
}
static void rolling_v3(float *out, const float *in, size_t n, bool begins)
{
    rolling(v3, out, in, n, begins);
}
static void ewma_v3(float *out, const float *in, size_t n, bool begins)
{
    ewma(v3, out, in, n, begins);
}

static void moments_v4(const float *x, size_t n, double *mean, double *variance)
{
    moments(v4, x, n, mean, variance);
}
static void zscore_v4(float *row, size_t n) { v4->zscore(row, n); }
static void exp_v4(float *out, const float *in, size_t n) { v4->exp(out, in, n); }
static void log_v4(float *out, const float *in, size_t n) { v4->log(out, in, n); }
static void wide_v4(const float *x, size_t n, double *mean, double *variance)
{
    wide(v4, x, n, mean, variance);
}
static void rolling_v4(float *out, const float *in, size_t n, bool begins)
{
    rolling(v4, out, in, n, begins);
}
static void ewma_v4(float *out, const float *in, size_t n, bool begins)
{
    ewma(v4, out, in, n, begins);
}

static const struct stats_functions functions[LEAT_ISAS] = {
    {moments_base, zscore_base, exp_base, log_base, wide_base, rolling_base, ewma_base},
    {moments_v3, zscore_v3, exp_v3, log_v3, wide_v3, rolling_v3, ewma_v3},
    {moments_v4, zscore_v4, exp_v4, log_v4, wide_v4, rolling_v4, ewma_v4},
};

static void *setup(enum leat_isa isa, const struct bench_load *load, const char **why)
{
    base = table(LEAT_ISA_BASE);
    v3 = table(LEAT_ISA_V3);
    v4 = table(LEAT_ISA_V4);
    *why = "not on this processor";
    return table(isa) != NULL ? stats_setup(load, &functions[isa]) : NULL;
}

static void *setup_best(const struct bench_load *load, const char **why)
{
    return setup(leat_isa_best(), load, why);
}
static void *setup_base(const struct bench_load *load, const char **why)
{
    return setup(LEAT_ISA_BASE, load, why);
}
static void *setup_v3(const struct bench_load *load, const char **why)
{
    return setup(LEAT_ISA_V3, load, why);
}
static void *setup_v4(const struct bench_load *load, const char **why)
{
    return setup(LEAT_ISA_V4, load, why);
}

const struct bench_subject bench_stats_leat = {"leat, widest", setup_best, stats_run, stats_error,
                                               stats_fini, stats_ready};
const struct bench_subject bench_stats_leat_base = {"leat base", setup_base, stats_run, stats_error,
                                                    stats_fini, stats_ready};
const struct bench_subject bench_stats_leat_v3 = {"leat v3", setup_v3, stats_run, stats_error,
                                                  stats_fini, stats_ready};
const struct bench_subject bench_stats_leat_v4 = {"leat v4", setup_v4, stats_run, stats_error,
                                                  stats_fini, stats_ready};
