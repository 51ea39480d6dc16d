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

LEAT_INLINE vreal op_exp(vreal x, const vreal *unused)
{
    (void)unused;
    const vreal whole = v_set(V_WHOLE);
    x = v_min(v_set(EXP_HIGH), v_max(v_set(EXP_LOW), x)); /* a NaN stays */
    vreal k = v_sub(v_add(v_mul(x, v_set(LOG2_E)), whole), whole);
    vreal r = v_fma(k, v_set(-LN2_HIGH), x);
    r = v_fma(k, v_set(-LN2_LOW), r);
    vreal q = v_polynomial(r, exp_terms, sizeof exp_terms / sizeof *exp_terms);
    vreal y = v_add(v_set((real)1), v_fma(v_mul(r, r), q, r));
    return v_scale(y, k);
}

/* log(x) + c for x > 0 and a small c: x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2). */
LEAT_INLINE vreal log_positive(vreal x, vreal c)
{
    vreal k, f = v_sub(v_split(x, ROOT_HALF, &k), v_set((real)1));
    return v_fma(k, v_set(LN2_HIGH), log_near(f, v_fma(k, v_set(LN2_LOW), c)));
}

LEAT_INLINE vreal op_log(vreal x, const vreal *unused)
{
    (void)unused;
    return log_positive(x, v_zero());
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
    return log_positive(x, c);
}

static void exponential(void *out, const void *in, size_t n) { v_map(out, in, n, op_exp, NULL); }
static void logarithm(void *out, const void *in, size_t n) { v_map(out, in, n, op_log, NULL); }

#endif
