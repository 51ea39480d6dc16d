/* The lanes of a 128-bit register of f64 joined; wider registers are halved down to it. */
#ifndef LEAT_SIMD_TOTAL128_H
#define LEAT_SIMD_TOTAL128_H

LEAT_INLINE double v_total128(simde__m128d a)
{
    return simde_mm_cvtsd_f64(simde_mm_add_sd(a, simde_mm_unpackhi_pd(a, a)));
}

#endif
