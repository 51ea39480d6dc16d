/* The vocabulary in 256-bit registers: AVX2 and FMA. */
#ifndef LEAT_SIMD_V256_H
#define LEAT_SIMD_V256_H

#define V_PREFIX simde_mm256_
#define VBYTES 32
#include "simd/real.h"

#include <simde/x86/avx2.h>
#include <simde/x86/fma.h>

#include "simd/total128.h"

#if LEAT_REAL == 32
typedef simde__m256 vreal;
LEAT_INLINE simde__m256i v_bits(vreal a) { return simde_mm256_castps_si256(a); }
LEAT_INLINE vreal v_of_bits(simde__m256i a) { return simde_mm256_castsi256_ps(a); }
LEAT_INLINE simde__m256i v_set_bits(bits b) { return simde_mm256_set1_epi32((int32_t)b); }
#else
typedef simde__m256d vreal;
LEAT_INLINE simde__m256i v_bits(vreal a) { return simde_mm256_castpd_si256(a); }
LEAT_INLINE vreal v_of_bits(simde__m256i a) { return simde_mm256_castsi256_pd(a); }
LEAT_INLINE simde__m256i v_set_bits(bits b) { return simde_mm256_set1_epi64x((int64_t)b); }
#endif
typedef simde__m256i vint;
typedef simde__m256d vwide;
typedef vreal vmask; /* all ones or all zeros in each lane */

LEAT_INLINE vwide v_wide_set(double x) { return simde_mm256_set1_pd(x); }
LEAT_INLINE vwide v_wide_add(vwide a, vwide b) { return simde_mm256_add_pd(a, b); }
LEAT_INLINE vwide v_wide_mul(vwide a, vwide b) { return simde_mm256_mul_pd(a, b); }
LEAT_INLINE double v_total_lanes(vwide a)
{
    return v_total128(simde_mm_add_pd(simde_mm256_castpd256_pd128(a),
                                      simde_mm256_extractf128_pd(a, 1)));
}

#if LEAT_REAL == 32
#define VWIDES 2 /* wide registers that hold the lanes of one */
LEAT_INLINE void v_widen(vwide out[VWIDES], vreal a)
{
    out[0] = simde_mm256_cvtps_pd(simde_mm256_castps256_ps128(a));
    out[1] = simde_mm256_cvtps_pd(simde_mm256_extractf128_ps(a, 1));
}
#else
#define VWIDES 1
LEAT_INLINE void v_widen(vwide out[VWIDES], vreal a) { out[0] = a; }
#endif

#define VLANES (VBYTES / (int)sizeof(real))
#define VPIECE (16 / (int)sizeof(real)) /* samples in a piece of 16 bytes */
#if LEAT_REAL == 32
#define VLOG 3 /* of the lanes */
#else
#define VLOG 2
#endif
#define VTERMS 8 /* accumulators of one sum, and of two, that registers hold at once */
#define VGROUP 4

LEAT_INLINE vreal v_load(const real *p) { return VR(loadu)(p); }
LEAT_INLINE void v_store(real *p, vreal a) { VR(storeu)(p, a); }

/* The first n lanes, 0 <= n <= VLANES: a window into ones followed by zeros. */
LEAT_INLINE vint v_first(int n)
{
    static const bits edge[2 * 8] = {
        (bits)-1, (bits)-1, (bits)-1, (bits)-1, (bits)-1, (bits)-1, (bits)-1, (bits)-1,
    };
    return simde_mm256_loadu_si256((const simde__m256i *)(const void *)(edge + 8 - n));
}

LEAT_INLINE vreal v_select(vmask m, vreal yes, vreal no) { return VR(blendv)(no, yes, m); }

LEAT_INLINE vreal v_load_n(const real *p, int n, vreal rest)
{
    vint m = v_first(n);
    return v_select(v_of_bits(m), VR(maskload)(p, m), rest);
}

LEAT_INLINE vreal v_keep(int n, vreal first, vreal rest)
{
    return v_select(v_of_bits(v_first(n)), first, rest);
}

/* Lane by lane: as fast as the instruction or faster where it was measured. */
LEAT_INLINE vreal v_gather(const real *p, const uint32_t *at)
{
#if LEAT_REAL == 32
    return simde_mm256_setr_ps(p[at[0]], p[at[1]], p[at[2]], p[at[3]], p[at[4]], p[at[5]],
                               p[at[6]], p[at[7]]);
#else
    return simde_mm256_setr_pd(p[at[0]], p[at[1]], p[at[2]], p[at[3]]);
#endif
}

LEAT_INLINE void v_store_n(real *p, int n, vreal a) { VR(maskstore)(p, v_first(n), a); }

LEAT_INLINE vmask v_lt(vreal a, vreal b) { return VR(cmp)(a, b, SIMDE_CMP_LT_OQ); }
LEAT_INLINE vmask v_le(vreal a, vreal b) { return VR(cmp)(a, b, SIMDE_CMP_LE_OQ); }
LEAT_INLINE vmask v_both(vmask a, vmask b) { return VR(and)(a, b); }
LEAT_INLINE bool v_all(vmask m) { return VR(movemask)(m) == (1 << VLANES) - 1; }

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

#if LEAT_REAL == 32
#define V_LOW_PIECES(a, b) simde_mm256_insertf128_ps(a, simde_mm256_castps256_ps128(b), 1)
#define V_HIGH_PIECES(a, b) simde_mm256_permute2f128_ps(a, b, 0x31)
LEAT_INLINE vreal v_after(vreal a, vreal b, int k)
{
    vreal middle = simde_mm256_permute2f128_ps(a, b, 0x21);
    if (k == 4)
        return middle;
    if (k == 2)
        return simde_mm256_shuffle_ps(middle, b, 0x4e);
    return simde_mm256_castsi256_ps(simde_mm256_alignr_epi8(
        simde_mm256_castps_si256(b), simde_mm256_castps_si256(middle), 12));
}
LEAT_INLINE vreal v_reverse(vreal a)
{
    return simde_mm256_permute_ps(simde_mm256_permute2f128_ps(a, a, 1), 0x1b);
}
LEAT_INLINE void v_store_piece(real *p, vreal a, int piece)
{
    simde_mm_storeu_ps(p, piece == 0 ? simde_mm256_castps256_ps128(a)
                                     : simde_mm256_extractf128_ps(a, 1));
}
LEAT_INLINE vreal v_load_pieces(const real *p, size_t step)
{
    return simde_mm256_insertf128_ps(simde_mm256_castps128_ps256(simde_mm_loadu_ps(p)),
                                     simde_mm_loadu_ps(p + step), 1);
}
#else
#define V_LOW_PIECES(a, b) simde_mm256_insertf128_pd(a, simde_mm256_castpd256_pd128(b), 1)
#define V_HIGH_PIECES(a, b) simde_mm256_permute2f128_pd(a, b, 0x31)
LEAT_INLINE vreal v_after(vreal a, vreal b, int k)
{
    vreal middle = simde_mm256_permute2f128_pd(a, b, 0x21);
    return k == 2 ? middle : simde_mm256_shuffle_pd(middle, b, 0x5);
}
LEAT_INLINE vreal v_reverse(vreal a) { return simde_mm256_permute4x64_pd(a, 0x1b); }
LEAT_INLINE void v_store_piece(real *p, vreal a, int piece)
{
    simde_mm_storeu_pd(p, piece == 0 ? simde_mm256_castpd256_pd128(a)
                                     : simde_mm256_extractf128_pd(a, 1));
}
LEAT_INLINE vreal v_load_pieces(const real *p, size_t step)
{
    return simde_mm256_insertf128_pd(simde_mm256_castpd128_pd256(simde_mm_loadu_pd(p)),
                                     simde_mm_loadu_pd(p + step), 1);
}
#endif

#if LEAT_REAL == 32
LEAT_INLINE vreal v_to_parts(vreal a)
{
    return simde_mm256_permutevar8x32_ps(a, simde_mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
LEAT_INLINE vreal v_of_parts(vreal a)
{
    return simde_mm256_permutevar8x32_ps(a, simde_mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
}
LEAT_INLINE vreal v_parts_before(vreal a, vreal rest, int n)
{
    vint i = v_bits(a), across = v_bits(simde_mm256_permute2f128_ps(a, rest, 0x03));
    return v_of_bits(n == 1   ? simde_mm256_alignr_epi8(i, across, 12)
                     : n == 2 ? simde_mm256_alignr_epi8(i, across, 8)
                              : across);
}
#else
LEAT_INLINE vreal v_to_parts(vreal a) { return simde_mm256_permute4x64_pd(a, 0xd8); }
LEAT_INLINE vreal v_of_parts(vreal a) { return v_to_parts(a); }
LEAT_INLINE vreal v_parts_before(vreal a, vreal rest, int n)
{
    vint across = v_bits(simde_mm256_permute2f128_pd(a, rest, 0x03));
    return v_of_bits(n == 1 ? simde_mm256_alignr_epi8(v_bits(a), across, 8) : across);
}
#endif

LEAT_INLINE void v_turn_across(vreal out[2], const vreal v[2])
{
    out[0] = V_LOW_PIECES(v[0], v[1]);
    out[1] = V_HIGH_PIECES(v[0], v[1]);
}

/* Low pieces side by side, and high ones. */
LEAT_INLINE void v_store_pieces(real *out, const vreal v[VPIECE])
{
    _Pragma("GCC unroll 16")
    for (int k = 0; k < VPIECE; k += 2) {
        VR(storeu)(out + k * VPIECE, V_LOW_PIECES(v[k], v[k + 1]));
        VR(storeu)(out + (VPIECE + k) * VPIECE, V_HIGH_PIECES(v[k], v[k + 1]));
    }
}

LEAT_INLINE vreal v_also_add(vreal sum, vreal x)
{
    return VR(fmadd)(x, VR(set1)((real)1), sum);
}

LEAT_INLINE vint v_int_and(vint a, vint b) { return simde_mm256_and_si256(a, b); }
LEAT_INLINE vint v_int_or(vint a, vint b) { return simde_mm256_or_si256(a, b); }

#include "simd/vector.h"

#endif
