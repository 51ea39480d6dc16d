/* exp, log and the logarithm of a ratio, without libm: the same bits on every machine.
 *
 * Polynomials are minimax (Remez, 200 bits) on the reduced range, their coefficients rounded to the
 * kind; docs/NUMERICS.md states ranges and errors. Integers travel in the low bits of a real that
 * was shifted to where its last place is 1.
 */
#ifndef LEAT_STATS_EXPLOG_H
#define LEAT_STATS_EXPLOG_H

#include "simd/vector.h"

#if LEAT_REAL == 32
#include "stats/explog_f32.h"
#else
#include "stats/explog_f64.h"
#endif

/* Adding this leaves the nearest integer in the low bits; taking it away leaves it as a real. */
#define WHOLE ((real)1.5 * (real)((bits)1 << REAL_MANTISSA))

/* 2^k for the integer k in the low bits of k + WHOLE, where that is a normal number. */
LEAT_INLINE vreal power2(vreal shifted)
{
    vint exponent = v_to_exponent(v_bits(shifted));
    return v_of_bits(v_int_add(exponent, v_set_bits(real_bits((real)1))));
}

LEAT_INLINE vreal op_exp(vreal x, const vreal *unused)
{
    (void)unused;
    const vreal whole = v_set(WHOLE);
    x = v_min(v_set(EXP_HIGH), v_max(v_set(EXP_LOW), x)); /* a NaN stays */
    vreal k = v_sub(v_add(v_mul(x, v_set(LOG2_E)), whole), whole);
    vreal r = v_fma(k, v_set(-LN2_HIGH), x);
    r = v_fma(k, v_set(-LN2_LOW), r);
    vreal q = v_polynomial(r, exp_terms, sizeof exp_terms / sizeof *exp_terms);
    vreal y = v_add(v_set((real)1), v_fma(v_mul(r, r), q, r));
    /* 2^k in two steps, so that the result may overflow or be denormal and is rounded there. */
    vreal half = v_add(v_mul(k, v_set((real)0.5)), whole);
    vreal other = v_add(v_sub(k, v_sub(half, whole)), whole);
    return v_mul(v_mul(y, power2(half)), power2(other));
}

/* log(x) + c for x > 0 and a small c. x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), and with
 * s = f / (2 + f): log(1 + f) = f - (f²/2 - s (f²/2 + R(s²))). */
LEAT_INLINE vreal log_positive(vreal x, vreal c)
{
    const bits one = real_bits((real)1), root = real_bits(ROOT_HALF);
    const vreal tiny = v_set(real_power2(1 - REAL_BIAS));
    vmask small = v_lt(x, tiny);
    x = v_select(small, v_mul(x, v_set(real_power2(REAL_MANTISSA + 1))), x);
    vint i = v_int_add(v_bits(x), v_set_bits(one - root));
    /* The biased exponent under the exponent of 2^mantissa reads as that number plus itself. */
    const real unit = real_power2(REAL_MANTISSA);
    vreal k = v_of_bits(v_int_or(v_from_exponent(i), v_set_bits(real_bits(unit))));
    k = v_sub(k, v_set(unit + (real)REAL_BIAS));
    k = v_sub(k, v_select(small, v_set((real)(REAL_MANTISSA + 1)), v_zero()));
    vint m = v_int_and(i, v_set_bits(((bits)1 << REAL_MANTISSA) - 1));
    vreal f = v_sub(v_of_bits(v_int_add(m, v_set_bits(root))), v_set((real)1));
    vreal s = v_div(f, v_add(v_set((real)2), f));
    vreal z = v_mul(s, s);
    vreal tail = v_mul(z, v_polynomial(z, log_terms, sizeof log_terms / sizeof *log_terms));
    vreal half = v_mul(v_mul(v_set((real)0.5), f), f);
    vreal low = v_fma(k, v_set(LN2_LOW), c);
    low = v_fma(s, v_add(half, tail), low);
    return v_fma(k, v_set(LN2_HIGH), v_sub(f, v_sub(half, low)));
}

/* What log is where log_positive does not hold: 0 gives -Inf, +Inf itself, NaN and below 0 NaN. */
LEAT_INLINE vreal log_edges(vreal x, vreal result)
{
    const vreal zero = v_zero(), infinity = v_set(REAL_INFINITY);
    result = v_select(v_le(infinity, x), infinity, result);
    result = v_select(v_le(x, zero), v_set(-REAL_INFINITY), result);
    return v_select(v_le(zero, x), result, v_set(REAL_NAN));
}

LEAT_INLINE vreal op_log(vreal x, const vreal *unused)
{
    (void)unused;
    return log_edges(x, log_positive(x, v_zero()));
}

/* log(b / a). Where the ratio is in [1/2, 2], b - a is exact and log(1 + t), t = (b - a) / a, keeps
 * what the rounding of the ratio would lose. */
LEAT_INLINE vreal log_ratio(vreal a, vreal b)
{
    const vreal one = v_set((real)1);
    vreal ratio = v_div(b, a);
    vreal t = v_div(v_sub(b, a), a);
    vreal u = v_add(one, t);
    vmask near = v_both(v_le(v_set((real)0.5), ratio), v_le(ratio, v_set((real)2)));
    vreal x = v_select(near, u, ratio);
    vreal c = v_select(near, v_div(v_sub(t, v_sub(u, one)), u), v_zero());
    return log_edges(x, log_positive(x, c));
}

static void exponential(void *out, const void *in, size_t n) { v_map(out, in, n, op_exp, NULL); }
static void logarithm(void *out, const void *in, size_t n) { v_map(out, in, n, op_log, NULL); }

#endif
