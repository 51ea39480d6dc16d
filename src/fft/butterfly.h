/* Transforms of a few points in registers: y[k] = sum over t of x[t] e^(-2 pi i k t / r).
 *
 * Lanes are independent, so a row of vectors is so many transforms side by side. r is known where
 * these are expanded.
 */
#ifndef LEAT_FFT_BUTTERFLY_H
#define LEAT_FFT_BUTTERFLY_H

#include "fft/plan.h"
#include "simd/vector.h"

typedef struct {
    vreal re, im;
} vcplx;

LEAT_INLINE vcplx c_add(vcplx a, vcplx b)
{
    return (vcplx){v_add(a.re, b.re), v_add(a.im, b.im)};
}
LEAT_INLINE vcplx c_sub(vcplx a, vcplx b)
{
    return (vcplx){v_sub(a.re, b.re), v_sub(a.im, b.im)};
}
/* a - i b and a + i b */
LEAT_INLINE vcplx c_sub_i(vcplx a, vcplx b)
{
    return (vcplx){v_add(a.re, b.im), v_sub(a.im, b.re)};
}
LEAT_INLINE vcplx c_add_i(vcplx a, vcplx b)
{
    return (vcplx){v_sub(a.re, b.im), v_add(a.im, b.re)};
}

LEAT_INLINE vcplx c_mul(vcplx a, vcplx w)
{
    return (vcplx){v_fms(a.re, w.re, v_mul(a.im, w.im)), v_fma(a.re, w.im, v_mul(a.im, w.re))};
}

LEAT_INLINE void dft_2(vcplx *x)
{
    vcplx a = x[0];
    x[0] = c_add(a, x[1]);
    x[1] = c_sub(a, x[1]);
}

LEAT_INLINE void dft_4(vcplx *x)
{
    vcplx a = c_add(x[0], x[2]), b = c_sub(x[0], x[2]);
    vcplx c = c_add(x[1], x[3]), d = c_sub(x[1], x[3]);
    x[0] = c_add(a, c);
    x[1] = c_sub_i(b, d);
    x[2] = c_sub(a, c);
    x[3] = c_add_i(b, d);
}

LEAT_INLINE void dft_8(vcplx *x)
{
    const vreal root = v_set((real)0.70710678118654752440); /* sqrt(1/2) */
    vcplx even[4] = {x[0], x[2], x[4], x[6]};
    vcplx odd[4] = {x[1], x[3], x[5], x[7]};
    dft_4(even);
    dft_4(odd);
    x[0] = c_add(even[0], odd[0]);
    x[4] = c_sub(even[0], odd[0]);
    x[2] = c_sub_i(even[2], odd[2]);
    x[6] = c_add_i(even[2], odd[2]);
    /* (1 - i) and (-1 - i) times sqrt(1/2): the root goes into the last sum */
    vreal plus = v_add(odd[1].re, odd[1].im), minus = v_sub(odd[1].im, odd[1].re);
    x[1] = (vcplx){v_fma(root, plus, even[1].re), v_fma(root, minus, even[1].im)};
    x[5] = (vcplx){v_fnma(root, plus, even[1].re), v_fnma(root, minus, even[1].im)};
    plus = v_add(odd[3].re, odd[3].im), minus = v_sub(odd[3].im, odd[3].re);
    x[3] = (vcplx){v_fma(root, minus, even[3].re), v_fnma(root, plus, even[3].im)};
    x[7] = (vcplx){v_fnma(root, minus, even[3].re), v_fma(root, plus, even[3].im)};
}

/* Where cosine and sine of turn / r, 0 < turn < r, stand in a table of the first half turn. */
LEAT_INLINE int fold(int turn, int r) { return (turn > r / 2 ? r - turn : turn) - 1; }

/* An odd prime, by sums and differences of the points that mirror each other. */
LEAT_INLINE void dft_odd(vcplx *x, int r)
{
    static const real cosines[3][3] = {
        {(real)-0.5},
        {(real)0.30901699437494742410, (real)-0.80901699437494742410},
        {(real)0.62348980185873353053, (real)-0.22252093395631440429,
         (real)-0.90096886790241912624},
    };
    static const real sines[3][3] = {
        {(real)0.86602540378443864676},
        {(real)0.95105651629515357212, (real)0.58778525229247312917},
        {(real)0.78183148246802980871, (real)0.97492791218182360702,
         (real)0.43388373911755812048},
    };
    vcplx sum[3], difference[3], total = x[0];
    _Pragma("GCC unroll 16")
    for (int t = 0; t < r / 2; t++) {
        sum[t] = c_add(x[t + 1], x[r - 1 - t]);
        difference[t] = c_sub(x[t + 1], x[r - 1 - t]);
        total = c_add(total, sum[t]);
    }
    vcplx first = x[0];
    x[0] = total;
    _Pragma("GCC unroll 16")
    for (int k = 1; k <= r / 2; k++) {
        vcplx even = first;
        _Pragma("GCC unroll 16")
        for (int t = 0; t < r / 2; t++) {
            vreal c = v_set(cosines[r / 2 - 1][fold(k * (t + 1) % r, r)]);
            even = (vcplx){v_fma(c, sum[t].re, even.re), v_fma(c, sum[t].im, even.im)};
        }
        vcplx y = even, mirror = even; /* less and plus i times the sum of sines */
        _Pragma("GCC unroll 16")
        for (int t = 0; t < r / 2; t++) {
            int turn = k * (t + 1) % r;
            vreal s = v_set(sines[r / 2 - 1][fold(turn, r)]);
            vcplx d = difference[t];
            vcplx less = {v_fma(s, d.im, y.re), v_fnma(s, d.re, y.im)};
            vcplx plus = {v_fnma(s, d.im, mirror.re), v_fma(s, d.re, mirror.im)};
            if (turn > r / 2) { /* the sine is negative */
                less = (vcplx){v_fnma(s, d.im, y.re), v_fma(s, d.re, y.im)};
                plus = (vcplx){v_fma(s, d.im, mirror.re), v_fnma(s, d.re, mirror.im)};
            }
            y = less;
            mirror = plus;
        }
        x[k] = y;
        x[r - k] = mirror;
    }
}

LEAT_INLINE void dft(vcplx *x, int r)
{
    if (r == 2)
        dft_2(x);
    else if (r == 4)
        dft_4(x);
    else if (r == 8)
        dft_8(x);
    else
        dft_odd(x, r);
}

#endif
