#define _GNU_SOURCE
#include "stats_job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 4u

__extension__ typedef __float128 quad;

struct stats_job {
    const struct stats_functions *functions;
    uint32_t samples;
    enum bench_kernel kernel;
    float *rows[ROWS], *out;
};

static double uniform(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return (double)(*x >> 11) * 0x1p-53;
}

/* The sum of twelve uniforms is normal enough: mean 0, deviation 1. */
static double normal(uint64_t *x)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++)
        sum += uniform(x);
    return sum;
}

static float sample_of(enum bench_kernel kernel, uint32_t row, uint64_t *x)
{
    switch (kernel) {
    case BENCH_EXP: return (float)(uniform(x) * 16.0 - 8.0);
    case BENCH_LOG: return (float)(1e-3 + uniform(x) * 1e3);
    case BENCH_ROLLING: return (float)((row % 2 == 0 ? 0.0 : 1e5) + normal(x));
    case BENCH_MOMENTS:
    case BENCH_MOMENTS_WIDE:
    case BENCH_EWMA:
    case BENCH_ZSCORE: break;
    }
    return (float)(10016.0 + 32.0 * row + 100.0 * normal(x));
}

void *stats_setup(const struct bench_load *load, const struct stats_functions *functions)
{
    struct stats_job *job = bench_memory(sizeof *job);
    uint64_t x = 88172645463325252u;
    *job = (struct stats_job){functions, load->samples, load->kernel, {NULL}, NULL};
    job->out = bench_memory(load->samples * sizeof(float));
    for (uint32_t r = 0; r < ROWS; r++) {
        job->rows[r] = bench_memory(load->samples * sizeof(float));
        for (uint32_t i = 0; i < load->samples; i++)
            job->rows[r][i] = sample_of(load->kernel, r, &x);
    }
    if (load->kernel == BENCH_ROLLING) /* that what has left a window may not be felt */
        job->rows[0][load->samples / 2] = 1e6f;
    return job;
}

/* Mean and variance of a row, not a sample each. */
static bool of_row(enum bench_kernel kernel)
{
    return kernel == BENCH_MOMENTS || kernel == BENCH_MOMENTS_WIDE;
}

static void row_moments(const struct stats_job *job, const float *row, double *mean,
                        double *variance)
{
    (job->kernel == BENCH_MOMENTS ? job->functions->moments : job->functions->moments_wide)(
        row, job->samples, mean, variance);
}

static void row_samples(const struct stats_job *job, const float *row, bool begins)
{
    const struct stats_functions *f = job->functions;
    switch (job->kernel) {
    case BENCH_MOMENTS:
    case BENCH_MOMENTS_WIDE:
    case BENCH_ZSCORE: break;
    case BENCH_ROLLING: f->rolling(job->out, row, job->samples, begins); break;
    case BENCH_EWMA: f->ewma(job->out, row, job->samples, begins); break;
    case BENCH_EXP: f->exp(job->out, row, job->samples); break;
    case BENCH_LOG: f->log(job->out, row, job->samples); break;
    }
}

/* Part of a result, rounded so coarsely that every right answer gives the same; cheap, for every
 * subject pays for it. */
static uint64_t digest(const struct stats_job *job, uint64_t i, double mean)
{
    if (of_row(job->kernel))
        return (uint64_t)(mean * 0x1p-5 + 0.5);
    uint64_t at = i * 7 % job->samples;
    switch (job->kernel) {
    case BENCH_MOMENTS:
    case BENCH_MOMENTS_WIDE: break;
    case BENCH_ROLLING: return job->out[at] >= 0.0f;
    case BENCH_EWMA: return job->out[at] > 5000.0f;
    case BENCH_ZSCORE: return job->rows[i % ROWS][at] > 0.0f;
    case BENCH_EXP: return (uint64_t)(job->out[at] * 0.125f);
    case BENCH_LOG: return (uint64_t)((job->out[at] + 16.0f) * 8.0f);
    }
    return 0;
}

uint64_t stats_run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct stats_job *job = self;
    uint64_t sum = 0;
    double mean = 0.0, variance = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        float *row = job->rows[i % ROWS];
        if (of_row(job->kernel))
            row_moments(job, row, &mean, &variance);
        else if (job->kernel == BENCH_ZSCORE)
            job->functions->zscore(row, job->samples);
        else
            row_samples(job, row, i == 0);
        sum += digest(job, i, mean) + (uint64_t)(variance < 0.0);
    }
    return sum;
}

void stats_ready(void *self, uint64_t n)
{
    (void)n;
    for (uint64_t begin = leat_clock_ns(); leat_clock_ns() - begin < 100000;)
        (void)stats_run(self, 0, ROWS);
}

static double row_error(const struct stats_job *job, const float *row)
{
    quad sum = 0, square = 0, n = job->samples;
    double mean, variance;
    for (uint32_t i = 0; i < job->samples; i++)
        sum += (quad)row[i];
    for (uint32_t i = 0; i < job->samples; i++)
        square += ((quad)row[i] - sum / n) * ((quad)row[i] - sum / n);
    row_moments(job, row, &mean, &variance);
    double of_mean = fabs((double)(((quad)mean - sum / n) / (sum / n)));
    double of_variance = fabs((double)(((quad)variance - square / n) / (square / n)));
    return of_mean > of_variance ? of_mean : of_variance;
}

/* What sample i of a stream has to be. */
static quad exact_rolling(const float *row, uint32_t i)
{
    uint32_t from = i + 1 > BENCH_WINDOW ? i + 1 - BENCH_WINDOW : 0;
    quad sum = 0, square = 0, n = i + 1 - from;
    for (uint32_t k = from; k <= i; k++)
        sum += (quad)row[k];
    for (uint32_t k = from; k <= i; k++)
        square += ((quad)row[k] - sum / n) * ((quad)row[k] - sum / n);
    return square / n;
}

static double stream_error(const struct stats_job *job, const float *row)
{
    double worst = 0.0;
    quad value = (quad)row[0];
    row_samples(job, row, true);
    for (uint32_t i = 1; i < job->samples; i++) {
        value += (quad)BENCH_ALPHA * ((quad)row[i] - value);
        quad want = job->kernel == BENCH_EWMA ? value : exact_rolling(row, i);
        double error = fabs((double)(((quad)job->out[i] - want) / want));
        worst = error > worst ? error : worst;
    }
    return worst;
}

static double each_error(const struct stats_job *job, const float *row)
{
    double worst = 0.0;
    row_samples(job, row, true);
    for (uint32_t i = 0; i < job->samples; i++) {
        long double x = (long double)row[i], want = job->kernel == BENCH_EXP ? expl(x) : logl(x);
        double error = fabs((double)(((long double)job->out[i] - want) / want));
        worst = error > worst ? error : worst;
    }
    return worst;
}

double stats_error(void *self)
{
    const struct stats_job *job = self;
    double worst = 0.0;
    if (job->kernel == BENCH_ZSCORE)
        return -1.0;
    bool each = job->kernel == BENCH_EXP || job->kernel == BENCH_LOG;
    for (uint32_t r = 0; r < ROWS; r++) {
        double error = (of_row(job->kernel) ? row_error
                        : each              ? each_error
                                            : stream_error)(job, job->rows[r]);
        worst = error > worst ? error : worst;
    }
    return worst;
}

void stats_fini(void *self)
{
    struct stats_job *job = self;
    for (uint32_t r = 0; r < ROWS; r++)
        free(job->rows[r]);
    free(job->out);
    free(job);
}
