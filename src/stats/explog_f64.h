/* Constants of exp and log in f64. */
#ifndef LEAT_STATS_EXPLOG_F64_H
#define LEAT_STATS_EXPLOG_F64_H

#define EXP_HIGH 710.0 /* above log(2^1024): overflows */
#define EXP_LOW -746.0 /* below log(2^-1075): 0 */
#define LOG2_E 0x1.71547652b82fep+0
#define LN2_HIGH 0x1.62e42fefa38p-1 /* 42 bits: a multiple below 2^11 is exact */
#define LN2_LOW 0x1.ef35793c7673p-45
#define ROOT_HALF 0x1.6a09e667f3bcdp-1

/* (exp(r) - 1 - r) / r² on |r| <= log(2) / 2 */
static const real exp_terms[] = {
    0x1p-1,
    0x1.555555555555cp-3,
    0x1.555555555555ep-5,
    0x1.111111110ebb2p-7,
    0x1.6c16c16c1356fp-10,
    0x1.a01a01b3bb34ep-13,
    0x1.a01a01b45ab88p-16,
    0x1.71ddef93a5bd9p-19,
    0x1.27e4bf293d562p-22,
    0x1.af6ccd10026d8p-26,
    0x1.1f9df6bb96984p-29,
};

/* (2 atanh(s) / s - 2) / s² in s² <= 0.0295 */
static const real log_terms[] = {
    0x1.5555555555592p-1, 0x1.999999997fd38p-2, 0x1.24924941f8c7ep-2, 0x1.c71c5202b91e8p-3,
    0x1.7466405abd067p-3, 0x1.39a1935140021p-3, 0x1.2f07049fbfbe3p-3,
};

/* log(1 + f) + low: with s = f / (2 + f), log(1 + f) = f - (f²/2 - s (f²/2 + R(s²))). */
LEAT_INLINE vreal log_near(vreal f, vreal low)
{
    vreal s = v_div(f, v_add(v_set((real)2), f));
    vreal z = v_mul(s, s);
    vreal tail = v_mul(z, v_polynomial(z, log_terms, sizeof log_terms / sizeof *log_terms));
    vreal half = v_mul(v_mul(v_set((real)0.5), f), f);
    return v_sub(f, v_sub(half, v_fma(s, v_add(half, tail), low)));
}

#endif
