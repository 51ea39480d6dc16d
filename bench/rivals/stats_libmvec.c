/* glibc's vector mathematics, as its users have it: a loop over expf or logf that the compiler
 * turns into calls of libmvec. */
#define _GNU_SOURCE
#include "stats_job.h"

#include <math.h>

static void exp_loop(float *restrict out, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = expf(in[i]);
}

static void log_loop(float *restrict out, const float *restrict in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = logf(in[i]);
}

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct stats_functions functions = {.exp = exp_loop, .log = log_loop};
    (void)why;
    return stats_setup(load, &functions);
}

const struct bench_subject bench_stats_libmvec = {"libmvec", setup, stats_run, stats_error,
                                                  stats_fini, stats_ready};
