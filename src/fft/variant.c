/* The kernels of the room for one instruction set and kind, and the one table that they are.
 * Compiled by leat_kernel_matrix: LEAT_REAL, LEAT_ISA, LEAT_TABLE and a width of the vocabulary are
 * given before this text begins.
 */
#include "fft/fir.h"
#include "fft/phase.h"
#include "fft/side.h"

LEAT_INLINE vreal norm(vreal re, vreal im) { return v_add(v_mul(re, re), v_mul(im, im)); }
LEAT_INLINE vreal op_power(vreal re, vreal im) { return norm(re, im); }
LEAT_INLINE vreal op_magnitude(vreal re, vreal im) { return v_sqrt(norm(re, im)); }
LEAT_INLINE vreal op_multiply(vreal x, vreal y) { return v_mul(x, y); }

LEAT_INLINE void map_2(real *out, const real *x, const real *y, size_t n,
                       vreal (*op)(vreal x, vreal y))
{
    size_t i = 0;
    for (; i + (size_t)VLANES <= n; i += (size_t)VLANES)
        v_store(out + i, op(v_load(x + i), v_load(y + i)));
    if (i < n) {
        int tail = (int)(n - i);
        v_store_n(out + i, tail, op(v_load_n(x + i, tail, v_zero()),
                                    v_load_n(y + i, tail, v_zero())));
    }
}

static void magnitude(void *out, const void *re, const void *im, size_t n)
{
    map_2(out, re, im, n, op_magnitude);
}

static void power(void *out, const void *re, const void *im, size_t n)
{
    map_2(out, re, im, n, op_power);
}

static void phase(void *out, const void *re, const void *im, size_t n)
{
    map_2(out, re, im, n, op_phase);
}

static void multiply(void *out, const void *x, const void *y, size_t n)
{
    map_2(out, x, y, n, op_multiply);
}

extern const struct leat_fft LEAT_TABLE;
const struct leat_fft LEAT_TABLE = {
    .isa = LEAT_ISA,
    .kind = REAL_KIND,
    .forward = forward,
    .inverse = inverse,
    .real_forward = real_forward,
    .real_inverse = real_inverse,
    .magnitude = magnitude,
    .power = power,
    .multiply = multiply,
    .turn = turn,
    .fir = fir,
    .phase = phase,
    .batch = batch,
};
