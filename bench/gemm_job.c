#define _GNU_SOURCE
#include "gemm_job.h"

#include <leat/frame.h>

#include <math.h>
#include <stdlib.h>

#define JUDGED 64u /* elements that are compared with sums */

__extension__ typedef __float128 quad;

static double get(const struct gemm_job *job, const void *matrix, size_t at)
{
    return job->kind == LEAT_F32 ? (double)((const float *)matrix)[at]
                                 : ((const double *)matrix)[at];
}

static void fill(const struct gemm_job *job, void *matrix, uint32_t cols, uint64_t x)
{
    for (size_t i = 0; i < (size_t)job->batch * job->n * cols; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double uniform = (double)(x >> 11) * 0x1p-53 - 0.5;
        if (job->kind == LEAT_F32)
            ((float *)matrix)[i] = (float)uniform;
        else
            ((double *)matrix)[i] = uniform;
    }
}

struct gemm_job *gemm_setup(const struct bench_load *load,
                            void (*multiply)(const struct gemm_job *job))
{
    struct gemm_job *job = bench_memory(sizeof *job);
    uint32_t n = load->samples, kind = load->bytes == sizeof(double) ? LEAT_F64 : LEAT_F32;
    uint32_t cols = load->columns != 0 ? load->columns : n;
    uint32_t batch = load->batch != 0 ? load->batch : 1;
    size_t column = (size_t)batch * n * leat_kind_bytes(kind);
    *job = (struct gemm_job){.multiply = multiply, .n = n, .cols = cols, .kind = kind,
                             .batch = batch, .turned = load->turned != 0,
                             .a = bench_memory(column * n), .b = bench_memory(column * cols),
                             .c = bench_memory(column * cols)};
    fill(job, job->a, n, 88172645463325252u);
    fill(job, job->b, cols, 6364136223846793005u);
    return job;
}

/* Elements, rounded so coarsely that every right answer gives the same. */
uint64_t gemm_run(void *self, uint32_t thread, uint64_t n)
{
    (void)thread;
    const struct gemm_job *job = self;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        job->multiply(job);
        double c = get(job, job->c, i * 7 % job->n * job->cols + i * 13 % job->cols);
        sum += (uint64_t)(c > 0.001);
    }
    return sum;
}

double gemm_error(void *self)
{
    const struct gemm_job *job = self;
    double error = 0.0, size = 0.0;
    job->multiply(job);
    for (uint32_t e = 0; e < JUDGED; e++) {
        size_t n = job->n, i = e * 7919u % job->n, j = e * 104729u % job->cols;
        quad sum = 0;
        for (size_t p = 0; p < n; p++)
            sum += (quad)get(job, job->a, job->turned ? p * n + i : i * n + p) *
                   get(job, job->b, p * job->cols + j);
        error = fmax(error, fabs((double)(sum - get(job, job->c, i * job->cols + j))));
        size = fmax(size, fabs((double)sum));
    }
    return error / size;
}

void gemm_fini(void *self)
{
    struct gemm_job *job = self;
    free(job->a);
    free(job->b);
    free(job->c);
    free(job->workspace);
    free(job);
}
