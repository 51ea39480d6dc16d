/* Constants of exp and log in f32. */
#ifndef LEAT_STATS_EXPLOG_F32_H
#define LEAT_STATS_EXPLOG_F32_H

#define EXP_HIGH 89.0f  /* above log(2^128): overflows */
#define EXP_LOW -104.0f /* below log(2^-150): 0 */
#define LOG2_E 0x1.715476p+0f
#define LN2_HIGH 0x1.62e4p-1f /* 15 bits: a multiple below 2^9 is exact */
#define LN2_LOW 0x1.7f7d1cp-20f
#define ROOT_HALF 0x1.6a09e6p-1f

/* (exp(r) - 1 - r) / r² on |r| <= log(2) / 2 */
static const real exp_terms[] = {
    0x1p-1f, 0x1.55548ep-3f, 0x1.55545ep-5f, 0x1.123b54p-7f, 0x1.6db3fcp-10f,
};

/* (log(1 + f) - f + f²/2) / f³ in sqrt(1/2) <= 1 + f <= sqrt(2): its even and odd terms */
static const real log_even[] = { 0x1.555554p-2f, 0x1.99a008p-3f, 0x1.22da24p-3f, 0x1.055b4p-3f };
static const real log_odd[] = {
    -0x1.000226p-2f, -0x1.547244p-3f, -0x1.0d8544p-3f, -0x1.38b514p-4f,
};

/* log(1 + f) + low. No division: one takes longer than all of this. */
LEAT_INLINE vreal log_near(vreal f, vreal low)
{
    vreal z = v_mul(f, f);
    vreal odd = v_polynomial(z, log_odd, sizeof log_odd / sizeof *log_odd);
    vreal even = v_polynomial(z, log_even, sizeof log_even / sizeof *log_even);
    vreal q = v_fma(v_fma(odd, f, even), f, v_set((real)-0.5));
    return v_add(f, v_fma(z, q, low));
}

#endif
