/* As many multiply-adds as a product has, without any memory: what the core can do at most. Its
 * answer is the one that it was set up with. */
#define _GNU_SOURCE
#include "peak.h"

#include <leat/frame.h>
#include <leat/simd.h>

#include <string.h>

static void multiply(const struct gemm_job *job)
{
    uint64_t products = (uint64_t)job->batch * job->n * job->n * job->cols;
    bool narrow = job->kind == LEAT_F32;
    if (leat_isa_best() == LEAT_ISA_V4)
        (narrow ? peak_v4_f32 : peak_v4_f64)(products);
    else
        (narrow ? peak_v3_f32 : peak_v3_f64)(products);
}

static void *setup(const struct bench_load *load, const char **why)
{
    if (leat_isa_best() == LEAT_ISA_BASE) {
        *why = "no multiply-add here";
        return NULL;
    }
    struct gemm_job *done = bench_gemm_leat.setup(load, why);
    struct gemm_job *job = gemm_setup(load, multiply);
    done->multiply(done);
    memcpy(job->c, done->c,
           (size_t)job->batch * job->n * job->cols * leat_kind_bytes(job->kind));
    gemm_fini(done);
    return job;
}

const struct bench_subject bench_gemm_peak = {"multiply-adds alone", setup, gemm_run, NULL,
                                              gemm_fini, NULL};
