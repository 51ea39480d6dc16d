#define _GNU_SOURCE
#include "factor_job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t place(const struct factor_job *job, uint32_t i, uint32_t j)
{
    return job->by_columns ? (size_t)j * job->m + i : (size_t)i * job->n + j;
}

static double uniform(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return (double)(*x >> 11) * 0x1p-53 - 0.5;
}

/* Noise, and for singular values some directions that stand out of it; symmetric for Cholesky. */
static void fill(struct factor_job *job)
{
    uint64_t x = 88172645463325252u;
    for (uint32_t i = 0; i < job->m; i++)
        for (uint32_t j = 0; j < job->n; j++) {
            double noise = uniform(&x), wave = 0;
            for (uint32_t p = 1; p <= FACTOR_RANK && job->kind == BENCH_RSVD; p++)
                wave += cos(0.001 * p * i + p) * cos(0.002 * p * j) / p;
            job->given[place(job, i, j)] = noise + wave;
        }
    for (uint32_t i = 0; i < job->n && job->kind == BENCH_CHOLESKY; i++) {
        job->given[place(job, i, i)] = job->n;
        for (uint32_t j = 0; j < i; j++)
            job->given[place(job, j, i)] = job->given[place(job, i, j)];
    }
}

struct factor_job *factor_setup(const struct bench_load *load, bool by_columns,
                                void (*factor)(struct factor_job *job))
{
    struct factor_job *job = bench_memory(sizeof *job);
    uint32_t n = load->samples, m = load->factor == BENCH_RSVD ? 2 * n : n;
    size_t bytes = (size_t)m * n * sizeof(double);
    *job = (struct factor_job){.factor = factor, .kind = load->factor, .m = m, .n = n,
                               .by_columns = by_columns, .given = bench_memory(bytes),
                               .a = bench_memory(bytes),
                               .sigma = bench_memory(FACTOR_SAMPLE * sizeof(double))};
    fill(job);
    memcpy(job->a, job->given, bytes);
    return job;
}

uint64_t factor_run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    struct factor_job *job = self;
    for (uint64_t i = 0; i < n; i++) {
        if (job->kind != BENCH_RSVD)
            memcpy(job->a, job->given, (size_t)job->m * job->n * sizeof *job->a);
        job->factor(job);
    }
    return n;
}

/* Sums of squares of what belongs to index i of the factor and of A. */
static double off_norm(const struct factor_job *job, uint32_t i)
{
    long double is = 0, was = 0;
    for (uint32_t p = 0; p <= i; p++) {
        double x = job->kind == BENCH_QR ? job->a[place(job, p, i)] : job->a[place(job, i, p)];
        is += (long double)x * x;
    }
    for (uint32_t p = 0; p < job->m && job->kind == BENCH_QR; p++)
        was += (long double)job->given[place(job, p, i)] * job->given[place(job, p, i)];
    if (job->kind == BENCH_CHOLESKY)
        was = job->given[place(job, i, i)];
    return fabs((double)((is - was) / was));
}

double factor_error(void *self)
{
    struct factor_job *job = self;
    double error = 0;
    (void)factor_run(job, 0, 1);
    if (job->kind == BENCH_RSVD) {
        long double all = 0, held = 0;
        for (size_t i = 0; i < (size_t)job->m * job->n; i++)
            all += (long double)job->given[i] * job->given[i];
        for (uint32_t i = 0; i < FACTOR_RANK; i++)
            held += (long double)job->sigma[i] * job->sigma[i];
        return sqrt((double)((all - held) / all));
    }
    for (uint32_t i = 0; i < job->n; i++)
        error = fmax(error, off_norm(job, i));
    return error;
}

void factor_fini(void *self)
{
    struct factor_job *job = self;
    for (size_t i = 0; i < sizeof job->memory / sizeof *job->memory; i++)
        free(job->memory[i]);
    free(job->given);
    free(job->a);
    free(job->sigma);
    free(job);
}
