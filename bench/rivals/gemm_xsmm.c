/* LIBXSMM: kernels of one shape, made when they are asked for. Column after column as it sees
 * them, so C' = B' A'. */
#define _GNU_SOURCE
#include "gemm_job.h"

#include <leat/frame.h>

#include <libxsmm.h>

static libxsmm_smmfunction multiply_f32;
static libxsmm_dmmfunction multiply_f64;

static void multiply(const struct gemm_job *job)
{
    size_t step = (size_t)job->n * job->n;
    for (size_t t = 0; t < job->batch; t++)
        if (job->kind == LEAT_F32)
            multiply_f32((float *)job->b + t * step, (float *)job->a + t * step,
                         (float *)job->c + t * step);
        else
            multiply_f64((double *)job->b + t * step, (double *)job->a + t * step,
                         (double *)job->c + t * step);
}

static void *setup(const struct bench_load *load, const char **why)
{
    int n = (int)load->samples, flags = LIBXSMM_GEMM_FLAG_NONE;
    const float one = 1, zero = 0;
    const double one_f64 = 1, zero_f64 = 0;
    if (load->bytes == sizeof(float))
        multiply_f32 = libxsmm_smmdispatch(n, n, n, NULL, NULL, NULL, &one, &zero, &flags, NULL);
    else
        multiply_f64 = libxsmm_dmmdispatch(n, n, n, NULL, NULL, NULL, &one_f64, &zero_f64, &flags,
                                           NULL);
    if (load->bytes == sizeof(float) ? multiply_f32 == NULL : multiply_f64 == NULL) {
        *why = "it makes no code here";
        return NULL;
    }
    return gemm_setup(load, multiply);
}

const struct bench_subject bench_gemm_xsmm = {"LIBXSMM", setup, gemm_run, gemm_error, gemm_fini,
                                              NULL};
