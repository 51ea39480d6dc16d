/* The angle of complex numbers, without libm: the same bits on every machine.
 *
 * Of |re| and |im| the lesser over the greater, q, lies in [0, 1]; above tan(pi / 8) the angle is
 * counted from pi / 4, where q is (low - high) / (low + high). So |q| <= tan(pi / 8), and the angle
 * is k pi / 4 and more or less atan(q). The polynomial is minimax (Remez, 70 digits), its
 * coefficients rounded to the kind; docs/NUMERICS.md states its error.
 */
#ifndef LEAT_FFT_PHASE_H
#define LEAT_FFT_PHASE_H

#include "simd/vector.h"

#define TAN_EIGHTH ((real)0x1.a827999fcef32p-2) /* of a circle's half */

/* pi / 4 in two parts; four times the first is exact. Then (atan(q) / q - 1) / q² in q². */
#if LEAT_REAL == 32
#define QUARTER_HIGH 0x1.921fb8p-1f
#define QUARTER_LOW -0x1.5dde98p-24f
static const real atan_terms[] = {
    -0x1.55554ap-2f, 0x1.9991aep-3f, -0x1.23b6bcp-3f, 0x1.b20234p-4f, -0x1.f25656p-5f,
};
#else
#define QUARTER_HIGH 0x1.921fb54442d18p-1
#define QUARTER_LOW 0x1.1a62633145c07p-55
static const real atan_terms[] = {
    -0x1.555555555553dp-2, 0x1.99999999958ebp-3,  -0x1.24924922b1232p-3, 0x1.c71c70e7a37f0p-4,
    -0x1.745cf90b3fdf0p-4, 0x1.3b111c6726c74p-4,  -0x1.10ebddbb6583dp-4, 0x1.df116913cd2cdp-5,
    -0x1.9cdc2d945105bp-5, 0x1.37ed503096d40p-5,  -0x1.259d697d306fap-6,
};
#endif

/* Two lengths, none NaN, as two finite ones of the same ratio whose sum is finite and greater than
 * 0: infinities count as 1 beside 1 or 0, two zeros as 0 beside 1. */
LEAT_INLINE void tame(vreal *low, vreal *high)
{
    const vreal one = v_set((real)1), zero = v_zero(), infinity = v_set(REAL_INFINITY);
    vmask endless = v_le(infinity, *high);
    *low = v_select(endless, v_select(v_le(infinity, *low), one, zero), *low);
    *high = v_select(v_le(*high, zero), one, v_select(endless, one, *high));
    vmask huge = v_le(v_set(real_power2(REAL_BIAS - 1)), *high);
    vreal less = v_select(huge, v_set((real)0.25), one);
    *low = v_mul(*low, less);
    *high = v_mul(*high, less);
}

LEAT_INLINE vreal op_phase(vreal re, vreal im)
{
    const vreal one = v_set((real)1), zero = v_zero();
    const vint sign = v_set_bits((bits)1 << (sizeof(real) * 8 - 1));
    vreal x = v_abs(re), y = v_abs(im), low = v_min(x, y), high = v_max(x, y);
    tame(&low, &high);
    vmask steep = v_lt(v_mul(high, v_set(TAN_EIGHTH)), low);
    vreal q = v_div(v_select(steep, v_sub(low, high), low),
                    v_select(steep, v_add(low, high), high));
    vreal z = v_mul(q, q), k = v_select(steep, one, zero);
    vreal angle = v_fma(v_mul(q, z),
                        v_polynomial(z, atan_terms, sizeof atan_terms / sizeof *atan_terms), q);
    vmask turned = v_lt(x, y); /* counted from the other axis */
    k = v_select(turned, v_sub(v_set((real)2), k), k);
    angle = v_select(turned, v_sub(zero, angle), angle);
    vreal side = v_of_bits(v_int_or(v_int_and(v_bits(re), sign), v_bits(one)));
    vmask behind = v_lt(side, zero);
    k = v_select(behind, v_sub(v_set((real)4), k), k);
    angle = v_select(behind, v_sub(zero, angle), angle);
    angle = v_fma(k, v_set(QUARTER_HIGH), v_fma(k, v_set(QUARTER_LOW), angle));
    angle = v_of_bits(v_int_or(v_bits(angle), v_int_and(v_bits(im), sign)));
    return v_select(v_both(v_le(re, re), v_le(im, im)), angle, v_set(REAL_NAN));
}

#endif
