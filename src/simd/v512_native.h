/* 512-bit vocabulary on processors that have it: the words that SIMDe lacks are instructions. */
#ifndef LEAT_SIMD_V512_NATIVE_H
#define LEAT_SIMD_V512_NATIVE_H

#include "simd/v512.h"

#define V_NATIVE(name) V_GLUE(_mm512_, name, V_REAL)

LEAT_INLINE vreal v_load_n(const real *p, int n, vreal rest)
{
    return V_NATIVE(mask_loadu)(rest, v_first(n), p);
}

LEAT_INLINE void v_store_n(real *p, int n, vreal a) { V_NATIVE(mask_storeu)(p, v_first(n), a); }

LEAT_INLINE vreal v_gather(const real *p, const uint32_t *at)
{
#if LEAT_REAL == 32
    return _mm512_i32gather_ps(_mm512_loadu_si512(at), p, sizeof(real));
#else
    return _mm512_i32gather_pd(_mm256_loadu_si256((const __m256i *)(const void *)at), p,
                               sizeof(real));
#endif
}

#include "simd/vector.h"

#endif
