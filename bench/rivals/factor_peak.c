/* As many multiply-adds as the six products of the randomised SVD have, without any memory. */
#define _GNU_SOURCE
#include "factor_job.h"
#include "peak.h"

#include <leat/simd.h>

static void factor(struct factor_job *job)
{
    uint64_t products = (uint64_t)job->m * job->n * FACTOR_SAMPLE * (2 + 2 * FACTOR_POWERS);
    (leat_isa_best() == LEAT_ISA_V4 ? peak_v4_f64 : peak_v3_f64)(products);
}

static void *setup(const struct bench_load *load, const char **why)
{
    if (leat_isa_best() == LEAT_ISA_BASE) {
        *why = "no multiply-add here";
        return NULL;
    }
    return factor_setup(load, false, factor);
}

const struct bench_subject bench_factor_peak = {"multiply-adds alone", setup, factor_run, NULL,
                                                factor_fini, NULL};
