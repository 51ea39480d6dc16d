/* 512-bit vocabulary on processors that have it: the words that SIMDe lacks are instructions, and
 * some that vector.h makes of others. */
#ifndef LEAT_SIMD_V512_NATIVE_H
#define LEAT_SIMD_V512_NATIVE_H

#include "simd/v512.h"

#define V_NATIVE(name) V_GLUE(_mm512_, name, V_REAL)

LEAT_INLINE vreal v_load_n(const real *p, int n, vreal rest)
{
    return V_NATIVE(mask_loadu)(rest, v_first(n), p);
}

LEAT_INLINE void v_store_n(real *p, int n, vreal a) { V_NATIVE(mask_storeu)(p, v_first(n), a); }

LEAT_INLINE vreal v_load_half(const real *p)
{
#if LEAT_REAL == 32
    return _mm512_zextps256_ps512(_mm256_loadu_ps(p));
#else
    return _mm512_zextpd256_pd512(_mm256_loadu_pd(p));
#endif
}

LEAT_INLINE void v_store_half(real *p, vreal a)
{
#if LEAT_REAL == 32
    _mm256_storeu_ps(p, _mm512_castps512_ps256(a));
#else
    _mm256_storeu_pd(p, _mm512_castpd512_pd256(a));
#endif
}

/* Said to the letter, and in this order: compilers otherwise move half of many sums to other
 * registers and back, and put those of one chain side by side. */
#if LEAT_REAL == 32
#define V_FMA_INTO "vfmadd231ps %2, %1, %0"
#define V_FMA_SPREAD "vfmadd231ps %2%{1to16%}, %1, %0"
#else
#define V_FMA_INTO "vfmadd231pd %2, %1, %0"
#define V_FMA_SPREAD "vfmadd231pd %2%{1to8%}, %1, %0"
#endif

LEAT_INLINE void v_fma_into(vreal *sum, vreal a, vreal b)
{
    __asm__ volatile(V_FMA_INTO : "+v"(*sum) : "v"(a), "v"(b));
}

LEAT_INLINE void v_fma_spread(vreal *sum, vreal a, const real *b)
{
    __asm__ volatile(V_FMA_SPREAD : "+v"(*sum) : "v"(a), "m"(*b));
}

LEAT_INLINE vreal v_spread(vreal a, const real *p, int k)
{
    (void)p;
    return V_NATIVE(permutexvar)(v_set_bits((bits)k), a);
}

/* Through memory: where much is shuffled, that port has no time for broadcasts. */
LEAT_INLINE vreal v_set_from(const real *p)
{
    vreal a;
#if LEAT_REAL == 32
    __asm__("vbroadcastss %1, %0" : "=v"(a) : "m"(*p));
#else
    __asm__("vbroadcastsd %1, %0" : "=v"(a) : "m"(*p));
#endif
    return a;
}

LEAT_INLINE double v_last(vreal a)
{
    real lane[VLANES];
    double last;
    v_store(lane, a);
#if LEAT_REAL == 32
    __asm__("vxorps %0, %0, %0\n\tvcvtss2sd %1, %0, %0" : "=&v"(last) : "m"(lane[VLANES - 1]));
#else
    last = lane[VLANES - 1];
#endif
    return last;
}

LEAT_INLINE vreal v_gather(const real *p, const uint32_t *at)
{
#if LEAT_REAL == 32
    return _mm512_i32gather_ps(_mm512_loadu_si512(at), p, sizeof(real));
#else
    return _mm512_i32gather_pd(_mm256_loadu_si256((const __m256i *)(const void *)at), p,
                               sizeof(real));
#endif
}

#if LEAT_REAL == 32
LEAT_INLINE void v_widen(vwide out[VWIDES], vreal a)
{
    __m256d high = _mm512_extractf64x4_pd(_mm512_castps_pd(a), 1);
    out[0] = _mm512_cvtps_pd(_mm512_castps512_ps256(a));
    out[1] = _mm512_cvtps_pd(_mm256_castpd_ps(high));
}
#endif

LEAT_INLINE vreal v_scale(vreal a, vreal k) { return V_NATIVE(scalef)(a, k); }

LEAT_INLINE vreal v_split(vreal x, real least, vreal *k)
{
    vreal e = V_NATIVE(getexp)(x), m = V_NATIVE(getmant)(x, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_nan);
    vmask high = v_le(VR(set1)(2 * least), m);
    *k = V_NATIVE(mask_add)(e, high, e, VR(set1)(1));
    return V_NATIVE(mask_mul)(m, high, m, VR(set1)((real)0.5));
}

#include "simd/vector.h"

#endif
