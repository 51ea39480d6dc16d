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

/* (2 atanh(s) / s - 2) / s² in s² <= 0.0295 */
static const real log_terms[] = {
    0x1.555554p-1f, 0x1.999a7ap-2f, 0x1.2438cep-2f, 0x1.e2f7d6p-3f,
};

#endif
