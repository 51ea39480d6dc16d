/* Eigen, compiled for the widest instruction set that runs here. */
#define _GNU_SOURCE
#include "eigen_sets.h"

#include <leat/simd.h>

static void *setup_one(const struct bench_load *load, const char **why)
{
    const struct stats_functions *sets[LEAT_ISAS] = {&eigen_one_pass_base, &eigen_one_pass_v3,
                                                     &eigen_one_pass_v4};
    (void)why;
    return stats_setup(load, sets[leat_isa_best()]);
}

static void *setup_two(const struct bench_load *load, const char **why)
{
    const struct stats_functions *sets[LEAT_ISAS] = {&eigen_two_pass_base, &eigen_two_pass_v3,
                                                     &eigen_two_pass_v4};
    (void)why;
    return stats_setup(load, sets[leat_isa_best()]);
}

const struct bench_subject bench_stats_eigen = {"Eigen", setup_one, stats_run, stats_error,
                                                stats_fini, stats_ready};
const struct bench_subject bench_stats_eigen_two_pass = {"Eigen, two passes", setup_two, stats_run,
                                                         stats_error, stats_fini, stats_ready};
