/* The vocabulary in 512-bit registers: AVX-512 F, BW, DQ, VL and FMA.
 *
 * Not included alone: v512_native.h and v512_portable.h add the words that SIMDe lacks, the first
 * for processors that have the set, the second so that this text can be tested where they do not.
 */
#ifndef LEAT_SIMD_V512_H
#define LEAT_SIMD_V512_H

#define V_PREFIX simde_mm512_
#define VBYTES 64
#include "simd/real.h"

#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>

#include "simd/total128.h"

#if LEAT_REAL == 32
typedef simde__m512 vreal;
typedef simde__mmask16 vmask; /* one bit a lane */
#define V_MASK _ps_mask
LEAT_INLINE simde__m512i v_bits(vreal a) { return simde_mm512_castps_si512(a); }
LEAT_INLINE vreal v_of_bits(simde__m512i a) { return simde_mm512_castsi512_ps(a); }
LEAT_INLINE simde__m512i v_set_bits(bits b) { return simde_mm512_set1_epi32((int32_t)b); }
#else
typedef simde__m512d vreal;
typedef simde__mmask8 vmask;
#define V_MASK _pd_mask
LEAT_INLINE simde__m512i v_bits(vreal a) { return simde_mm512_castpd_si512(a); }
LEAT_INLINE vreal v_of_bits(simde__m512i a) { return simde_mm512_castsi512_pd(a); }
LEAT_INLINE simde__m512i v_set_bits(bits b) { return simde_mm512_set1_epi64((int64_t)b); }
#endif
typedef simde__m512i vint;
typedef simde__m512d vwide;

LEAT_INLINE vwide v_wide_set(double x) { return simde_mm512_set1_pd(x); }
LEAT_INLINE vwide v_wide_add(vwide a, vwide b) { return simde_mm512_add_pd(a, b); }
LEAT_INLINE vwide v_wide_mul(vwide a, vwide b) { return simde_mm512_mul_pd(a, b); }
LEAT_INLINE double v_total_lanes(vwide a)
{
    simde__m256d half = simde_mm256_add_pd(simde_mm512_castpd512_pd256(a),
                                           simde_mm512_extractf64x4_pd(a, 1));
    return v_total128(simde_mm_add_pd(simde_mm256_castpd256_pd128(half),
                                      simde_mm256_extractf128_pd(half, 1)));
}
#if LEAT_REAL == 32
#define VWIDES 2 /* wide registers that hold the lanes of one */
#else
#define VWIDES 1
LEAT_INLINE void v_widen(vwide out[VWIDES], vreal a) { out[0] = a; }
#endif

#define VLANES (VBYTES / (int)sizeof(real))
#define VPIECE (16 / (int)sizeof(real)) /* samples in a piece of 16 bytes */
#if LEAT_REAL == 32
#define VLOG 4 /* of the lanes */
#else
#define VLOG 3
#endif
#define VTERMS 4 /* accumulators of one sum, and of two, that registers hold at once */
#define VGROUP 4

LEAT_INLINE vreal v_load(const real *p) { return VR(loadu)(p); }
LEAT_INLINE void v_store(real *p, vreal a) { VR(storeu)(p, a); }

/* The first n lanes, 0 <= n <= VLANES. */
LEAT_INLINE vmask v_first(int n) { return (vmask)((UINT32_C(1) << n) - 1); }

LEAT_INLINE vmask v_lt(vreal a, vreal b)
{
    return V_GLUE(V_PREFIX, cmp, V_MASK)(a, b, SIMDE_CMP_LT_OQ);
}
LEAT_INLINE vmask v_le(vreal a, vreal b)
{
    return V_GLUE(V_PREFIX, cmp, V_MASK)(a, b, SIMDE_CMP_LE_OQ);
}
LEAT_INLINE vmask v_both(vmask a, vmask b) { return (vmask)(a & b); }
LEAT_INLINE bool v_all(vmask m) { return m == (vmask)-1; }
LEAT_INLINE vreal v_select(vmask m, vreal yes, vreal no) { return VR(mask_blend)(m, no, yes); }

LEAT_INLINE vreal v_keep(int n, vreal first, vreal rest)
{
    return v_select(v_first(n), first, rest);
}

LEAT_INLINE vreal v_min(vreal a, vreal b) { return VR(min)(a, b); }
LEAT_INLINE vreal v_max(vreal a, vreal b) { return VR(max)(a, b); }

LEAT_INLINE vreal v_fma(vreal a, vreal b, vreal c) { return VR(fmadd)(a, b, c); }

#define V_TWICE /* is an instruction, as 2 a is exact */
#if LEAT_REAL == 32
#define V_TIMES
LEAT_INLINE vreal v_times_add(vreal a, vreal k, vreal b) { return VR(fmadd)(a, k, b); }
#endif
LEAT_INLINE vreal v_twice_add(vreal a, vreal b) { return VR(fmadd)(a, VR(set1)((real)2), b); }

LEAT_INLINE vreal v_fnma(vreal a, vreal b, vreal c) { return VR(fnmadd)(a, b, c); }
LEAT_INLINE vreal v_fms(vreal a, vreal b, vreal c) { return VR(fmsub)(a, b, c); }

/* Lanes by their numbers, those of b behind those of a. The numbers are read from a table: of
 * SIMDe's set_epi32 a compiler makes an instruction for each of them. */
LEAT_INLINE vreal v_of_both(vreal a, vreal b, const bits which[VLANES])
{
    return V_GLUE(V_PREFIX, permutex2var, V_REAL)(a, simde_mm512_loadu_si512(which), b);
}

/* Parts stay in the order of pieces: what stands before them is gathered anyhow. */
LEAT_INLINE vreal v_to_parts(vreal pieces) { return pieces; }
LEAT_INLINE vreal v_of_parts(vreal parts) { return parts; }
LEAT_INLINE vreal v_parts_before(vreal a, vreal rest, int n)
{
#if LEAT_REAL == 32
    static const bits from[4][VLANES] = {
        {31, 12, 13, 14, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
        {27, 8, 9, 10, 31, 12, 13, 14, 0, 1, 2, 3, 4, 5, 6, 7},
        {19, 0, 1, 2, 23, 4, 5, 6, 27, 8, 9, 10, 31, 12, 13, 14},
        {18, 19, 0, 1, 22, 23, 4, 5, 26, 27, 8, 9, 30, 31, 12, 13},
    };
#else
    static const bits from[3][VLANES] = {
        {15, 6, 0, 1, 2, 3, 4, 5},
        {13, 4, 15, 6, 0, 1, 2, 3},
        {9, 0, 11, 2, 13, 4, 15, 6},
    };
#endif
    return v_of_both(a, rest, from[n == 8 ? 3 : n / 2]);
}

LEAT_INLINE vreal v_after(vreal a, vreal b, int k)
{
#if LEAT_REAL == 32
    static const bits moved[4][VLANES] = {
        {15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30},
        {14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29},
        {12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27},
        {8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23}};
#else
    static const bits moved[3][VLANES] = {{7, 8, 9, 10, 11, 12, 13, 14},
                                          {6, 7, 8, 9, 10, 11, 12, 13},
                                          {4, 5, 6, 7, 8, 9, 10, 11}};
#endif
    return v_of_both(a, b, moved[k == 1 ? 0 : k == 2 ? 1 : k == 4 ? 2 : VLOG - 1]);
}

LEAT_INLINE vreal v_reverse(vreal a)
{
#if LEAT_REAL == 32
    static const bits back[VLANES] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
#else
    static const bits back[VLANES] = {7, 6, 5, 4, 3, 2, 1, 0};
#endif
    return V_GLUE(V_PREFIX, permutexvar, V_REAL)(simde_mm512_loadu_si512(back), a);
}

#if LEAT_REAL == 32
LEAT_INLINE void v_store_piece(real *p, vreal a, int piece)
{
    simde_mm_storeu_ps(p, piece == 0   ? simde_mm512_extractf32x4_ps(a, 0)
                          : piece == 1 ? simde_mm512_extractf32x4_ps(a, 1)
                          : piece == 2 ? simde_mm512_extractf32x4_ps(a, 2)
                                       : simde_mm512_extractf32x4_ps(a, 3));
}
#else
LEAT_INLINE void v_store_piece(real *p, vreal a, int piece)
{
    simde__m256d half = piece < 2 ? simde_mm512_castpd512_pd256(a)
                                  : simde_mm512_extractf64x4_pd(a, 1);
    simde_mm_storeu_pd(p, piece % 2 == 0 ? simde_mm256_castpd256_pd128(half)
                                         : simde_mm256_extractf128_pd(half, 1));
}
#endif
#if LEAT_REAL == 32
#define V_PIECES_OF(a, b, which) simde_mm512_shuffle_f32x4(a, b, which)
#else
#define V_PIECES_OF(a, b, which) simde_mm512_shuffle_f64x2(a, b, which)
#endif

LEAT_INLINE void v_turn_across(vreal out[4], const vreal v[4])
{
    vreal a = V_PIECES_OF(v[0], v[1], 0x44), b = V_PIECES_OF(v[2], v[3], 0x44);
    vreal c = V_PIECES_OF(v[0], v[1], 0xee), d = V_PIECES_OF(v[2], v[3], 0xee);
    out[0] = V_PIECES_OF(a, b, 0x88);
    out[1] = V_PIECES_OF(a, b, 0xdd);
    out[2] = V_PIECES_OF(c, d, 0x88);
    out[3] = V_PIECES_OF(c, d, 0xdd);
}

LEAT_INLINE void v_store_pieces(real *out, const vreal v[VPIECE])
{
    _Pragma("GCC unroll 16")
    for (int i = 0; i < 4 * VPIECE; i++)
        v_store_piece(out + i * VPIECE, v[i % VPIECE], i / VPIECE);
}

LEAT_INLINE void v_load_2(const real *p, vreal *even, vreal *odd)
{
#if LEAT_REAL == 32
    static const bits half[2][VLANES] = {
        {0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30},
        {1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31}};
#else
    static const bits half[2][VLANES] = {{0, 2, 4, 6, 8, 10, 12, 14},
                                         {1, 3, 5, 7, 9, 11, 13, 15}};
#endif
    vreal a = v_load(p), b = v_load(p + VLANES);
    *even = v_of_both(a, b, half[0]);
    *odd = v_of_both(a, b, half[1]);
}

LEAT_INLINE void v_store_2(real *p, vreal even, vreal odd)
{
#if LEAT_REAL == 32
    static const bits half[2][VLANES] = {
        {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23},
        {8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31}};
#else
    static const bits half[2][VLANES] = {{0, 8, 1, 9, 2, 10, 3, 11},
                                         {4, 12, 5, 13, 6, 14, 7, 15}};
#endif
    v_store(p, v_of_both(even, odd, half[0]));
    v_store(p + VLANES, v_of_both(even, odd, half[1]));
}

LEAT_INLINE vreal v_also_add(vreal sum, vreal x) { return VR(add)(sum, x); }

LEAT_INLINE vint v_int_and(vint a, vint b) { return simde_mm512_and_si512(a, b); }
LEAT_INLINE vint v_int_or(vint a, vint b) { return simde_mm512_or_si512(a, b); }

#endif
