/* SLEEF: functions that are at most 1 unit in the last place off, in the widest registers here. */
#define _GNU_SOURCE
#include "stats_job.h"

#include <sleef.h>
#include <string.h>

#if defined __AVX512F__
#define LANES 16
#define LOAD _mm512_loadu_ps
#define STORE _mm512_storeu_ps
#define EXP Sleef_expf16_u10
#define LOG Sleef_logf16_u10
#elif defined __AVX__
#define LANES 8
#define LOAD _mm256_loadu_ps
#define STORE _mm256_storeu_ps
#define EXP Sleef_expf8_u10
#define LOG Sleef_logf8_u10
#elif defined __SSE2__
#define LANES 4
#define LOAD _mm_loadu_ps
#define STORE _mm_storeu_ps
#define EXP Sleef_expf4_u10
#define LOG Sleef_logf4_u10
#else
#define LANES 1
#define LOAD(p) (*(p))
#define STORE(p, x) (*(p) = (x))
#define EXP Sleef_expf_u10
#define LOG Sleef_logf_u10
#endif

#define MAP(name, function)                                                                      \
    static void name(float *out, const float *in, size_t n)                                      \
    {                                                                                            \
        size_t i = 0;                                                                            \
        for (; i + LANES <= n; i += LANES)                                                       \
            STORE(out + i, function(LOAD(in + i)));                                              \
        float last[LANES] = {0};                                                                 \
        memcpy(last, in + i, (n - i) * sizeof *last);                                            \
        if (i < n)                                                                               \
            STORE(last, function(LOAD(last)));                                                   \
        memcpy(out + i, last, (n - i) * sizeof *last);                                           \
    }

MAP(exp_row, EXP)
MAP(log_row, LOG)

static void *setup(const struct bench_load *load, const char **why)
{
    static const struct stats_functions functions = {.exp = exp_row, .log = log_row};
    (void)why;
    return stats_setup(load, &functions);
}

const struct bench_subject bench_stats_sleef = {"SLEEF", setup, stats_run, stats_error,
                                                stats_fini, stats_ready};
