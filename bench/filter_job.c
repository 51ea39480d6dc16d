#define _GNU_SOURCE
#include "filter_job.h"

#include <math.h>
#include <stdlib.h>

__extension__ typedef __float128 quad;

struct filter_job {
    const struct filter_functions *functions;
    void *filter;
    float *h, *line, *out;
    uint32_t taps, n;
};

static float uniform(uint64_t *x) /* [-0.5, 0.5) */
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return (float)(*x >> 40) * 0x1p-24f - 0.5f;
}

void *filter_fastest(const struct filter_functions *functions,
                     void *(*of)(const float *h, uint32_t taps, uint32_t n, uint32_t length),
                     const float *h, uint32_t taps, uint32_t n, uint32_t first, uint32_t last)
{
    void *best = NULL;
    uint64_t best_ns = UINT64_MAX;
    float *line = bench_memory((taps + n) * sizeof(float));
    float *out = bench_memory(n * sizeof(float));
    for (uint32_t length = first; length <= last; length *= 2) {
        void *filter = of(h, taps, n, length);
        uint64_t ns = UINT64_MAX;
        for (int i = 0; i < 20; i++) {
            uint64_t begin = leat_clock_ns();
            functions->run(filter, out, line + taps - 1);
            uint64_t took = leat_clock_ns() - begin;
            ns = took < ns ? took : ns;
        }
        bool better = ns < best_ns;
        if (best != NULL)
            functions->fini(better ? best : filter);
        best = better ? filter : best;
        best_ns = better ? ns : best_ns;
    }
    free(line);
    free(out);
    return best;
}

void *filter_setup(const struct bench_load *load, const struct filter_functions *functions)
{
    struct filter_job *job = bench_memory(sizeof *job);
    uint64_t x = 88172645463325252u;
    uint32_t taps = load->taps, n = load->samples;
    *job = (struct filter_job){functions, NULL, bench_memory(taps * sizeof(float)),
                               bench_memory((taps + n) * sizeof(float)),
                               bench_memory(n * sizeof(float)), taps, n};
    for (uint32_t k = 0; k < taps; k++)
        job->h[k] = uniform(&x);
    for (uint32_t i = 0; i < taps - 1 + n; i++)
        job->line[i] = uniform(&x);
    job->filter = functions->make(job->h, taps, n);
    return job;
}

uint64_t filter_run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    const struct filter_job *job = self;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        job->functions->run(job->filter, job->out, job->line + job->taps - 1);
        sum += job->out[i * 7 % job->n] > 0.01f; /* so coarse that every right answer agrees */
    }
    return sum;
}

double filter_error(void *self)
{
    const struct filter_job *job = self;
    double worst = 0.0, h = 0.0, x = 0.0;
    job->functions->run(job->filter, job->out, job->line + job->taps - 1);
    for (uint32_t k = 0; k < job->taps; k++)
        h += (double)job->h[k] * (double)job->h[k];
    for (uint32_t i = 0; i < job->n; i++)
        x += (double)job->line[i] * (double)job->line[i];
    for (uint32_t i = 0; i < job->n; i += 37) {
        quad sum = 0;
        for (uint32_t k = 0; k < job->taps; k++)
            sum += (quad)job->h[k] * (quad)job->line[job->taps - 1 + i - k];
        double error = fabs((double)((quad)job->out[i] - sum));
        worst = error > worst ? error : worst;
    }
    return worst / sqrt(h * x);
}

void filter_fini(void *self)
{
    struct filter_job *job = self;
    job->functions->fini(job->filter);
    free(job->h);
    free(job->line);
    free(job->out);
    free(job);
}
