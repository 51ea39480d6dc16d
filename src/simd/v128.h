/* The vocabulary in 128-bit registers: SSE2 on x86-64, NEON on aarch64 (through SIMDe). */
#ifndef LEAT_SIMD_V128_H
#define LEAT_SIMD_V128_H

#define V_PREFIX simde_mm_
#define VBYTES 16
#include "simd/real.h"

#include <simde/x86/sse2.h>

#include "simd/total128.h"

#if LEAT_REAL == 32
typedef simde__m128 vreal;
LEAT_INLINE simde__m128i v_bits(vreal a) { return simde_mm_castps_si128(a); }
LEAT_INLINE vreal v_of_bits(simde__m128i a) { return simde_mm_castsi128_ps(a); }
LEAT_INLINE simde__m128i v_set_bits(bits b) { return simde_mm_set1_epi32((int32_t)b); }
#else
typedef simde__m128d vreal;
LEAT_INLINE simde__m128i v_bits(vreal a) { return simde_mm_castpd_si128(a); }
LEAT_INLINE vreal v_of_bits(simde__m128i a) { return simde_mm_castsi128_pd(a); }
LEAT_INLINE simde__m128i v_set_bits(bits b) { return simde_mm_set1_epi64x((int64_t)b); }
#endif
typedef simde__m128i vint;
typedef simde__m128d vwide;
typedef vreal vmask; /* all ones or all zeros in each lane */

#define VLANES (VBYTES / (int)sizeof(real))
#define VPIECE (16 / (int)sizeof(real)) /* samples in a piece of 16 bytes */
#if LEAT_REAL == 32
#define VLOG 2 /* of the lanes */
#else
#define VLOG 1
#endif
#define VTERMS 4 /* accumulators of one sum, and of two, that registers hold at once */
#define VGROUP 4

LEAT_INLINE vreal v_load(const real *p) { return VR(loadu)(p); }
LEAT_INLINE void v_store(real *p, vreal a) { VR(storeu)(p, a); }

LEAT_INLINE vreal v_load_n(const real *p, int n, vreal rest)
{
    real lane[VLANES];
    VR(storeu)(lane, rest);
    for (int i = 0; i < n; i++)
        lane[i] = p[i];
    return VR(loadu)(lane);
}

LEAT_INLINE vreal v_gather(const real *p, const uint32_t *at)
{
    real lane[VLANES];
    for (int i = 0; i < VLANES; i++)
        lane[i] = p[at[i]];
    return VR(loadu)(lane);
}

LEAT_INLINE vreal v_keep(int n, vreal first, vreal rest)
{
    real lane[VLANES];
    VR(storeu)(lane, first);
    return v_load_n(lane, n, rest);
}

LEAT_INLINE void v_store_n(real *p, int n, vreal a)
{
    real lane[VLANES];
    VR(storeu)(lane, a);
    for (int i = 0; i < VLANES; i++) /* a bound that the compiler sees */
        if (i < n)
            p[i] = lane[i];
}

LEAT_INLINE vmask v_lt(vreal a, vreal b) { return VR(cmplt)(a, b); }
LEAT_INLINE vmask v_le(vreal a, vreal b) { return VR(cmple)(a, b); }
LEAT_INLINE vmask v_both(vmask a, vmask b) { return VR(and)(a, b); }
LEAT_INLINE bool v_all(vmask m) { return VR(movemask)(m) == (1 << VLANES) - 1; }

LEAT_INLINE vreal v_select(vmask m, vreal yes, vreal no)
{
    return VR(or)(VR(and)(m, yes), VR(andnot)(m, no));
}

#if defined(__SSE2__)
LEAT_INLINE vreal v_min(vreal a, vreal b) { return VR(min)(a, b); }
LEAT_INLINE vreal v_max(vreal a, vreal b) { return VR(max)(a, b); }
#else
/* The Arm instructions treat NaN in a way of their own. */
LEAT_INLINE vreal v_min(vreal a, vreal b) { return v_select(v_lt(a, b), a, b); }
LEAT_INLINE vreal v_max(vreal a, vreal b) { return v_select(v_lt(b, a), a, b); }
#endif

#if defined(__SSE2__) && LEAT_REAL == 32
#define V_SQUARE /* has a way of its own */
/* s = p + c rounded, made p + c rounded to odd: where s is not exact and its last bit is 0, it is
 * the neighbour on the side of what was lost. The TwoSum of Knuth says what was. */
LEAT_INLINE simde__m128d v_to_odd(simde__m128d s, simde__m128d p, simde__m128d c)
{
    const simde__m128d sign = simde_mm_set1_pd(-0.0), of_c = simde_mm_sub_pd(s, p);
    simde__m128d lost = simde_mm_add_pd(simde_mm_sub_pd(p, simde_mm_sub_pd(s, of_c)),
                                        simde_mm_sub_pd(c, of_c));
    simde__m128i inexact = simde_mm_castpd_si128(simde_mm_cmplt_pd(
        simde_mm_setzero_pd(), simde_mm_andnot_pd(sign, lost)));
    /* All ones, which is -1, where s is too far from 0. */
    simde__m128i far = simde_mm_srai_epi32(simde_mm_shuffle_epi32(
        simde_mm_castpd_si128(simde_mm_xor_pd(s, lost)), 0xf5), 31);
    far = simde_mm_and_si128(far, inexact);
    simde__m128i near = simde_mm_add_epi64(simde_mm_castpd_si128(s), far);
    return simde_mm_castsi128_pd(simde_mm_or_si128(near, simde_mm_srli_epi64(inexact, 63)));
}

/* One rounding without an instruction for it: in f64, where the product is exact, the sum is
 * rounded to 53 bits and then to 24. That is as one rounding unless the 53 lie half way between two
 * numbers of 24 bits, or of fewer where they are denormal. Then the last 28 are 0, and the sum is
 * rounded to odd first, which is never half way (Boldo, Melquiond 2008). */
LEAT_INLINE vreal v_fma_here(vreal a, vreal b, vreal c)
{
    const simde__m128d c_low = simde_mm_cvtps_pd(c);
    const simde__m128d c_high = simde_mm_cvtps_pd(simde_mm_movehl_ps(c, c));
    simde__m128d p_low = simde_mm_mul_pd(simde_mm_cvtps_pd(a), simde_mm_cvtps_pd(b));
    simde__m128d p_high = simde_mm_mul_pd(simde_mm_cvtps_pd(simde_mm_movehl_ps(a, a)),
                                          simde_mm_cvtps_pd(simde_mm_movehl_ps(b, b)));
    simde__m128d low = simde_mm_add_pd(p_low, c_low), high = simde_mm_add_pd(p_high, c_high);
    simde__m128i last = v_bits(simde_mm_shuffle_ps(simde_mm_castpd_ps(low),
                                                   simde_mm_castpd_ps(high), 0x88));
    if (LEAT_UNLIKELY(simde_mm_movemask_epi8(simde_mm_cmpeq_epi32(
            simde_mm_slli_epi32(last, 4), simde_mm_setzero_si128())) != 0)) {
        low = v_to_odd(low, p_low, c_low);
        high = v_to_odd(high, p_high, c_high);
    }
    return simde_mm_movelh_ps(simde_mm_cvtpd_ps(low), simde_mm_cvtpd_ps(high));
}

/* Kernels call it so often that it stands in one place, or they take minutes to compile. */
static __attribute__((noinline, unused)) vreal v_fma(vreal a, vreal b, vreal c)
{
    return v_fma_here(a, b, c);
}
LEAT_INLINE vreal v_add_square(vreal sum, vreal x) { return v_fma_here(x, x, sum); }
#else
/* One rounding. Where there is no instruction for it the compiler calls fma() for each lane: so
 * many calls are kept in one place, or kernels take minutes to compile. */
#if defined(__SSE2__)
static __attribute__((noinline, unused)) vreal v_fma(vreal a, vreal b, vreal c)
#else
LEAT_INLINE vreal v_fma(vreal a, vreal b, vreal c)
#endif
{
    real x[VLANES], y[VLANES], z[VLANES];
    VR(storeu)(x, a);
    VR(storeu)(y, b);
    VR(storeu)(z, c);
    for (int i = 0; i < VLANES; i++)
        z[i] = real_fma(x[i], y[i], z[i]);
    return VR(loadu)(z);
}

#endif

/* c - a * b and a * b - c, one rounding too. */
LEAT_INLINE vreal v_fnma(vreal a, vreal b, vreal c)
{
    return v_fma(VR(xor)(a, VR(set1)((real)-0.0)), b, c);
}
LEAT_INLINE vreal v_fms(vreal a, vreal b, vreal c)
{
    return v_fma(a, b, VR(xor)(c, VR(set1)((real)-0.0)));
}

/* The pieces of 16 bytes that a register is made of: the one here is all of it. */
LEAT_INLINE void v_store_piece(real *p, vreal a, int piece)
{
    (void)piece;
    VR(storeu)(p, a);
}
LEAT_INLINE vreal v_load_pieces(const real *p, size_t step) { return (void)step, VR(loadu)(p); }

LEAT_INLINE vreal v_to_parts(vreal a) { return a; }
LEAT_INLINE vreal v_of_parts(vreal a) { return a; }
LEAT_INLINE vreal v_parts_before(vreal a, vreal rest, int n)
{
#if LEAT_REAL == 32
    return n == 1 ? simde_mm_shuffle_ps(simde_mm_shuffle_ps(rest, a, 0x0f), a, 0x98)
                  : simde_mm_shuffle_ps(rest, a, 0x4e);
#else
    return (void)n, simde_mm_shuffle_pd(rest, a, 1);
#endif
}

/* Piece j of out[i] = piece i of v[j]. */
LEAT_INLINE void v_turn_across(vreal out[1], const vreal v[1]) { out[0] = v[0]; }

/* Piece j of v[k] to out + (j VPIECE + k) VPIECE. */
LEAT_INLINE void v_store_pieces(real *out, const vreal v[VPIECE])
{
    _Pragma("GCC unroll 16")
    for (int k = 0; k < VPIECE; k++)
        VR(storeu)(out + k * VPIECE, v[k]);
}

LEAT_INLINE vreal v_also_add(vreal sum, vreal x) { return VR(add)(sum, x); }
LEAT_INLINE double v_total_lanes(vwide a) { return v_total128(a); }
LEAT_INLINE vwide v_wide_set(double x) { return simde_mm_set1_pd(x); }
LEAT_INLINE vwide v_wide_add(vwide a, vwide b) { return simde_mm_add_pd(a, b); }
LEAT_INLINE vwide v_wide_mul(vwide a, vwide b) { return simde_mm_mul_pd(a, b); }
#if LEAT_REAL == 32
LEAT_INLINE vreal v_after(vreal a, vreal b, int k)
{
    if (k == 2)
        return simde_mm_shuffle_ps(a, b, 0x4e);
    return simde_mm_shuffle_ps(simde_mm_shuffle_ps(a, b, 0x0f), b, 0x98);
}
LEAT_INLINE vreal v_reverse(vreal a) { return simde_mm_shuffle_ps(a, a, 0x1b); }
#define VWIDES 2 /* wide registers that hold the lanes of one */
LEAT_INLINE void v_widen(vwide out[VWIDES], vreal a)
{
    out[0] = simde_mm_cvtps_pd(a);
    out[1] = simde_mm_cvtps_pd(simde_mm_movehl_ps(a, a));
}
#else
LEAT_INLINE vreal v_after(vreal a, vreal b, int k)
{
    (void)k; /* is 1 */
    return simde_mm_shuffle_pd(a, b, 1);
}
LEAT_INLINE vreal v_reverse(vreal a) { return simde_mm_shuffle_pd(a, a, 1); }
#define VWIDES 1
LEAT_INLINE void v_widen(vwide out[VWIDES], vreal a) { out[0] = a; }
#endif

LEAT_INLINE vint v_int_and(vint a, vint b) { return simde_mm_and_si128(a, b); }
LEAT_INLINE vint v_int_or(vint a, vint b) { return simde_mm_or_si128(a, b); }

#include "simd/vector.h"

#endif
