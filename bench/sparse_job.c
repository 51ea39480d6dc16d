#define _GNU_SOURCE
#include "sparse_job.h"

#include <leat/frame.h>

#include <math.h>
#include <stdlib.h>

#define JUDGED 64u /* elements that are compared with sums */

__extension__ typedef __float128 quad;

static double next_uniform(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return (double)(*x >> 11) * 0x1p-53;
}

static double get(uint32_t kind, const void *values, size_t at)
{
    return kind == LEAT_F32 ? (double)((const float *)values)[at] : ((const double *)values)[at];
}

static void set(uint32_t kind, void *values, size_t at, double value)
{
    if (kind == LEAT_F32)
        ((float *)values)[at] = (float)value;
    else
        ((double *)values)[at] = value;
}

static struct leat_csr random_matrix(const struct sparse_job *job, uint32_t filled, uint64_t seed,
                                     void **memory)
{
    uint64_t x = seed, entries = 0;
    for (size_t i = 0; i < (size_t)job->n * job->n; i++)
        entries += next_uniform(&x) * 1e6 < filled;
    size_t bytes = leat_csr_bytes(job->kind, job->n, job->n, entries);
    struct leat_csr m;
    *memory = bench_memory(bytes);
    if (leat_csr_lay(&m, job->kind, job->n, job->n, entries, *memory, bytes, NULL))
        abort();
    x = seed;
    entries = 0;
    for (uint32_t i = 0; i < job->n; i++) {
        for (uint32_t j = 0; j < job->n; j++)
            if (next_uniform(&x) * 1e6 < filled) {
                m.col[entries] = j;
                set(job->kind, m.value, entries, (double)(entries * 7919 % 1021) / 512 - 0.99);
                entries++;
            }
        m.start[i + 1] = entries;
    }
    return m;
}

struct sparse_job *sparse_setup(const struct bench_load *load,
                                void (*multiply)(struct sparse_job *job))
{
    struct sparse_job *job = bench_memory(sizeof *job);
    uint64_t x = 88172645463325252u;
    job->multiply = multiply;
    job->n = load->samples;
    job->kind = load->bytes == sizeof(double) ? LEAT_F64 : LEAT_F32;
    job->cols = load->other == BENCH_LIKE ? 0 : load->other == BENCH_COLUMNS ? 64 : 1;
    job->a = random_matrix(job, load->filled, 6364136223846793005u, &job->memory[0]);
    job->b = random_matrix(job, load->filled, 1442695040888963407u, &job->memory[1]);
    size_t elements = (size_t)job->n * job->cols;
    job->x = bench_memory(elements * sizeof(double) + 1);
    job->y = bench_memory(elements * sizeof(double) + 1);
    for (size_t i = 0; i < elements; i++)
        set(job->kind, job->x, i, next_uniform(&x) - 0.5);
    return job;
}

/* What every right answer agrees in: how many entries, signs. Of some elements: a round may be one
 * product, and this is timed with it. */
uint64_t sparse_run(void *self, uint32_t thread, uint64_t n)
{
    struct sparse_job *job = self;
    (void)thread;
    for (uint64_t i = 0; i < n; i++)
        job->multiply(job);
    if (job->fetch != NULL)
        job->fetch(job);
    uint64_t sum = job->entries;
    for (size_t i = 0; i < (size_t)job->n * job->cols; i += 101)
        sum += get(job->kind, job->y, i) > 0.001;
    return sum;
}

double sparse_error(void *self)
{
    struct sparse_job *job = self;
    double error = 0.0, size = 0.0;
    job->multiply(job);
    if (job->fetch != NULL)
        job->fetch(job);
    for (uint32_t k = 0; k < JUDGED && job->cols != 0; k++) {
        uint32_t i = k * 7919u % job->n, j = k * 31u % job->cols;
        quad sum = 0;
        for (uint64_t e = job->a.start[i]; e < job->a.start[i + 1]; e++)
            sum += (quad)get(job->kind, job->a.value, e) *
                   get(job->kind, job->x, (size_t)job->a.col[e] * job->cols + j);
        double y = get(job->kind, job->y, (size_t)i * job->cols + j);
        error = fmax(error, fabs((double)(sum - y)));
        size = fmax(size, fabs((double)sum));
    }
    return size == 0 ? 0 : error / size;
}

void sparse_fini(void *self)
{
    struct sparse_job *job = self;
    if (job->drop != NULL)
        job->drop(job);
    free(job->memory[0]);
    free(job->memory[1]);
    free(job->x);
    free(job->y);
    free(job);
}
