/* Multiply-adds that touch no memory, as many at once as hide their latency, in the widest
 * registers that the flags of the including file allow. */
#ifndef LEAT_BENCH_PEAK_H
#define LEAT_BENCH_PEAK_H

#include "gemm_job.h"

LEAT_BEGIN

void peak_v3_f32(uint64_t products);
void peak_v3_f64(uint64_t products);
void peak_v4_f32(uint64_t products);
void peak_v4_f64(uint64_t products);

LEAT_END

#if defined(__AVX512F__)
#define PEAK_BYTES 64
#else
#define PEAK_BYTES 32
#endif
#define PEAK_SUMS 12

#define PEAK_OF(real, name)                                                                   \
    void name(uint64_t products)                                                              \
    {                                                                                         \
        typedef real vector __attribute__((vector_size(PEAK_BYTES)));                         \
        vector sum[PEAK_SUMS], x = {0}, y = {0};                                              \
        __asm__ volatile("" : "+x"(x), "+x"(y));                                              \
        _Pragma("GCC unroll 16") for (int i = 0; i < PEAK_SUMS; i++) sum[i] = x;              \
        for (uint64_t n = products / (PEAK_SUMS * PEAK_BYTES / sizeof(real)) + 1; n > 0; n--) \
            _Pragma("GCC unroll 16") for (int i = 0; i < PEAK_SUMS; i++)                      \
            {                                                                                 \
                sum[i] = x * y + sum[i];                                                      \
                __asm__ volatile("" : "+x"(sum[i]));                                          \
            }                                                                                 \
    }

#endif
