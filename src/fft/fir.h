/* Direct convolution of a row with taps. */
#ifndef LEAT_FFT_FIR_H
#define LEAT_FFT_FIR_H

#include "fft/complex.h"

#define FIR_REGISTERS 8 /* of outputs at a time: the joins of one do not wait for another's */

/* Each output is its own sum, in the order of the taps, so how many are made at a time does not
 * show in the bits. */
LEAT_INLINE void fir_block(real *out, const real *x, const real *h, size_t taps, int registers)
{
    vreal sum[FIR_REGISTERS];
    _Pragma("GCC unroll 8")
    for (int j = 0; j < registers; j++)
        sum[j] = v_zero();
    for (size_t k = 0; k < taps; k++) {
        const vreal tap = v_set(h[k]);
        _Pragma("GCC unroll 8")
        for (int j = 0; j < registers; j++)
            sum[j] = v_fma(tap, v_load(x - k + j * VLANES), sum[j]);
    }
    _Pragma("GCC unroll 8")
    for (int j = 0; j < registers; j++)
        v_store(out + j * VLANES, sum[j]);
}

static void fir(void *to, const void *from, size_t n, const void *taps, size_t taps_n)
{
    real *out = to;
    const real *x = from, *h = taps;
    size_t i = 0;
    for (; i + FIR_REGISTERS * VLANES <= n; i += FIR_REGISTERS * VLANES)
        fir_block(out + i, x + i, h, taps_n, FIR_REGISTERS);
    for (; i + VLANES <= n; i += VLANES)
        fir_block(out + i, x + i, h, taps_n, 1);
    if (i < n) {
        vreal sum = v_zero();
        int tail = (int)(n - i);
        for (size_t k = 0; k < taps_n; k++)
            sum = v_fma(v_set(h[k]), v_load_n(x + i - k, tail, v_zero()), sum);
        v_store_n(out + i, tail, sum);
    }
}

static void turn(void *re, void *im, const void *by_re, const void *by_im, size_t n)
{
    struct planes z = {re, im};
    struct planes by = {(real *)(uintptr_t)by_re, (real *)(uintptr_t)by_im}; /* read alone */
    turn_row(z, z, by, n);
}

#endif
