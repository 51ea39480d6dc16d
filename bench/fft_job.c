#define _GNU_SOURCE
#include "fft_job.h"

#include <math.h>
#include <stdlib.h>

#define JUDGED 32u        /* bins that are compared with sums, at most */
#define SUMMED (1u << 23) /* terms of all sums, at most */
#define TURNED 64u        /* terms from one cosine to the next */

__extension__ typedef __float128 quad;

struct fft_job {
    const struct fft_functions *functions;
    void *plan;
    float *re, *im;
    uint32_t n, bins;
};

static float uniform(uint64_t *x) /* [-0.5, 0.5) */
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return (float)(*x >> 40) * 0x1p-24f - 0.5f;
}

void *fft_setup(const struct bench_load *load, const struct fft_functions *functions)
{
    struct fft_job *job = bench_memory(sizeof *job);
    uint64_t x = 88172645463325252u;
    uint32_t n = load->samples;
    *job = (struct fft_job){functions, NULL, bench_memory(n * sizeof(float)),
                            bench_memory(n * sizeof(float)), n, load->real ? n / 2 + 1 : n};
    for (uint32_t t = 0; t < n; t++) {
        job->re[t] = uniform(&x);
        job->im[t] = load->real ? 0.0f : uniform(&x);
    }
    job->plan = functions->plan(n, job->re, load->real ? NULL : job->im);
    return job;
}

/* Parts of results, rounded so coarsely that every right answer gives the same. */
uint64_t fft_run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    const struct fft_job *job = self;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        double re, im;
        job->functions->transform(job->plan);
        job->functions->bin(job->plan, (uint32_t)(i * 7 % job->bins), &re, &im);
        sum += (uint64_t)(re > 0.0) + (uint64_t)(im > 0.01);
    }
    return sum;
}

/* The bins that the samples have; kept, for all subjects of a row ask for the same. */
struct judged {
    uint32_t n, bins, count;
    quad re[JUDGED], im[JUDGED];
};

/* A root of unity is turned on from term to term, and found anew now and then. */
static void sum_bin(const struct fft_job *job, uint32_t k, quad *re, quad *im)
{
    const long double circle = -2 * M_PIl / job->n;
    quad step_re = (quad)cosl(circle * k), step_im = (quad)sinl(circle * k), wr = 1, wi = 0;
    for (uint32_t t = 0; t < job->n; t++) {
        if (t % TURNED == 0) {
            long double turn = circle * (long double)((uint64_t)k * t % job->n);
            wr = (quad)cosl(turn), wi = (quad)sinl(turn);
        }
        *re += job->re[t] * wr - job->im[t] * wi;
        *im += job->re[t] * wi + job->im[t] * wr;
        quad next = wr * step_re - wi * step_im;
        wi = wr * step_im + wi * step_re;
        wr = next;
    }
}

static const struct judged *judged_of(const struct fft_job *job)
{
    static struct judged judged;
    if (judged.n == job->n && judged.bins == job->bins)
        return &judged;
    judged = (struct judged){.n = job->n, .bins = job->bins};
    judged.count = SUMMED / job->n < JUDGED ? SUMMED / job->n : JUDGED;
    for (uint32_t j = 0; j < judged.count; j++)
        sum_bin(job, (uint32_t)((uint64_t)j * job->bins / judged.count), &judged.re[j],
                &judged.im[j]);
    return &judged;
}

double fft_error(void *self)
{
    const struct fft_job *job = self;
    const struct judged *want = judged_of(job);
    double error = 0.0, norm = 0.0;
    job->functions->transform(job->plan);
    for (uint32_t j = 0; j < want->count; j++) {
        double re, im;
        uint32_t k = (uint32_t)((uint64_t)j * job->bins / want->count);
        job->functions->bin(job->plan, k, &re, &im);
        error += (double)((re - want->re[j]) * (re - want->re[j]) +
                          (im - want->im[j]) * (im - want->im[j]));
        norm += (double)(want->re[j] * want->re[j] + want->im[j] * want->im[j]);
    }
    return sqrt(error / norm);
}

void fft_fini(void *self)
{
    struct fft_job *job = self;
    job->functions->fini(job->plan);
    free(job->re);
    free(job->im);
    free(job);
}
