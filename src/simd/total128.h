/* The lanes of a 128-bit register joined by halving; wider registers are halved down to it. */
#ifndef LEAT_SIMD_TOTAL128_H
#define LEAT_SIMD_TOTAL128_H

#if LEAT_REAL == 32
LEAT_INLINE float v_total128(simde__m128 a)
{
    a = simde_mm_add_ps(a, simde_mm_movehl_ps(a, a));
    return simde_mm_cvtss_f32(simde_mm_add_ss(a, simde_mm_shuffle_ps(a, a, 1)));
}
#else
LEAT_INLINE double v_total128(simde__m128d a)
{
    return simde_mm_cvtsd_f64(simde_mm_add_sd(a, simde_mm_unpackhi_pd(a, a)));
}
#endif

#endif
